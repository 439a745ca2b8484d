"""Exports over HTTP: GET a URL for each window, streamed to disk; sign-in pages are told from exports."""

import base64
import logging
import re
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import httpx

from pipelines.connectors.deadline import Deadline
from pipelines.connectors.job import MOST_BYTES, Job, Piece
from pipelines.connectors.windows import Window, iso, window_name, windows
from pipelines.errors import SourceDownError, SourceError

MOST_REDIRECTS = 5
TRY_LATER = (408, 425, 429)  # RFC 9110, 8470, 6585
NOTHING = (204, 205)
REMEDIES = {
    401: "correct its secret, or its headers",
    403: "correct its secret, or ask for the right to read it",
    404: "correct its address",
}
_PAGE = re.compile(rb"\s*<(!doctype\s+html|html|head|body|!--)", re.IGNORECASE)


def pieces(job: Job) -> Iterator[Piece]:
    """A file for each window; one for an address that names no window."""
    wanted = (
        windows(job) if "{start}" in job.address or "{end}" in job.address else iter([(job.start, job.end)])
    )
    for window in wanted:
        yield Piece(window_name(job.source.name, window), partial(_download, job, window))


def _download(job: Job, window: Window, target: Path, deadline: Deadline) -> bool:
    address = job.address.replace("{start}", iso(window[0])).replace("{end}", iso(window[1]))
    try:
        return _saved(httpx.URL(address), job, target, deadline)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError) as error:
        raise SourceError(
            f"cannot be asked ({type(error).__name__}); correct its address or headers"
        ) from None
    except httpx.TimeoutException:
        deadline.check()
        raise SourceDownError(f"does not answer within {deadline.timeout_s:g} s; it is tried again") from None
    except httpx.HTTPError as error:
        text = job.secrets.redacted(str(error))
        if "CERTIFICATE_VERIFY_FAILED" in text:
            raise SourceError(
                f"shows a certificate that cannot be trusted ({text}); correct the address, or SSL_CERT_FILE"
            ) from None
        raise SourceDownError(
            f"does not answer ({text or type(error).__name__}); it is tried again"
        ) from None


def _saved(url: httpx.URL, job: Job, target: Path, deadline: Deadline) -> bool:
    """Whether there was content, now at `target`. Redirects go to the same host only: headers may be secrets."""
    for name in ("httpcore.http11", "httpcore.http2"):
        logging.getLogger(name).addFilter(_without_answers)
    for _ in range(MOST_REDIRECTS):
        with _transport(url) as transport:
            # Not a client's `get`: that logs the address, secrets and all.
            response = transport.handle_request(_request(url, job, deadline))
            try:
                if not response.has_redirect_location:
                    return _written(response, target, deadline)
                there = url.join(response.headers["Location"])
            finally:
                response.close()
        if (there.scheme, there.host, there.port) != (url.scheme, url.host, url.port):
            raise SourceError(
                f"redirects to {there.scheme}://{there.host}, perhaps to sign in; correct its address or headers"
            )
        url = there.copy_with(userinfo=url.userinfo)
    raise SourceError(f"redirects more than {MOST_REDIRECTS} times; correct its address")


def _without_answers(record: logging.LogRecord) -> bool:
    """Whether a line of the library's debugging log is kept: an answer's headers may quote the request's secrets."""
    return "response_headers.complete" not in record.getMessage()


def _transport(url: httpx.URL) -> httpx.HTTPTransport:
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    return httpx.HTTPTransport(proxy=None if not proxy or urllib.request.proxy_bypass(url.host) else proxy)


def _request(url: httpx.URL, job: Job, deadline: Deadline) -> httpx.Request:
    headers = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": "coldaisle"} | job.headers
    if url.userinfo and "authorization" not in {name.lower() for name in headers}:
        signed = base64.b64encode(unquote(url.userinfo.decode()).encode()).decode()
        job.secrets.know(signed)
        headers["Authorization"] = f"Basic {signed}"
    left = dict.fromkeys(("connect", "read", "write", "pool"), deadline.left_s)
    return httpx.Request("GET", url.copy_with(userinfo=b""), headers=headers, extensions={"timeout": left})


def _written(response: httpx.Response, target: Path, deadline: Deadline) -> bool:
    _refuse(response.status_code)
    if response.status_code in NOTHING:
        return False
    kind = response.headers.get("Content-Type", "")
    if "html" in kind:
        raise _sign_in()
    size = 0
    with target.open("wb") as file:
        for chunk in response.iter_bytes():
            deadline.check()
            if size == 0 and _PAGE.match(chunk.removeprefix(b"\xef\xbb\xbf")):
                raise _sign_in()
            size += len(chunk)
            if size > MOST_BYTES:
                raise SourceError(
                    f"sends more than {MOST_BYTES / 1e9:g} GB for one window; lower window_hours"
                )
            file.write(chunk)
    return size > 0


def _refuse(status: int) -> None:
    if status in TRY_LATER or status >= 500:
        raise SourceDownError(f"answers with status {status}; it is tried again")
    if not 200 <= status < 300:
        remedy = REMEDIES.get(status, "correct its address or headers")
        raise SourceError(f"answers with status {status}; {remedy}")


def _sign_in() -> SourceError:
    return SourceError(
        "answers with a web page, not with an export; it may want somebody to sign in: correct its address, headers or "
        "secret"
    )
