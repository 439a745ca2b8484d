"""How new exports of a source come: from the inbox, from files elsewhere, over HTTP, out of a database.

A protocol that is added has its word in `Kind`, what it needs of a site file here, and its file in
`pipelines/connectors/`.
"""

import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, model_validator

from pipelines.site.checks import SECRET_WORDS, Table, within

Kind = Literal["inbox", "files", "http", "sql"]
OF_KIND = {  # what each needs, and what it may have
    "inbox": ((), ()),
    "files": (("address",), ("options", "timeout_s")),
    "http": (("address",), ("headers", "window_hours", "lookback_hours", "timeout_s")),
    "sql": (("address", "query"), ("window_hours", "lookback_hours", "timeout_s")),
}
WINDOWED = ("http", "sql")
PLACEHOLDER = re.compile(r"\$\{(\w+)\}")  # a secret's name


class Arrival(Table):
    """How new exports of a source come; nothing here changes what a reading is.

    address: of files, an fsspec URL with wildcards (s3://bucket/plant/*.csv); of http, a URL in which {start} and {end}
        stand for the window (ISO 8601, UTC); of sql, SQLAlchemy's. ${NAME} in it, in headers and in options stands for
        a secret of that name, which never stands in the site file.
    query: of sql: SELECT with :start and :end, times as the source's time_format and time_zone write them.
    window_hours: the most that one request asks for. lookback_hours: what is asked for again, for readings that come
        late.
    timeout_s: the most that one request may take in all.
    options: of files: further ones of fsspec's file system (key, secret, endpoint_url of a bucket).
    """

    kind: Kind = "inbox"
    address: str | None = None
    query: str | None = None
    headers: dict[str, str] = {}
    options: dict[str, str | bool | int] = {}
    window_hours: Annotated[float, within(0.25, 8784, "h", "a quarter of an hour to a year")] = 24.0
    lookback_hours: float = Field(default=0.0, ge=0, le=744)
    timeout_s: Annotated[float, within(0.1, 3600, "s", "what a schedule can wait for")] = 60.0

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        needed, allowed = OF_KIND[self.kind]
        missing = [name for name in needed if not getattr(self, name)]
        if missing:
            raise ValueError(f'kind = "{self.kind}" needs {" and ".join(missing)}; add it to the source')
        others = {
            name: each
            for name, each in Arrival.model_fields.items()
            if name not in ("kind", *needed, *allowed)
        }
        foreign = sorted(name for name, each in others.items() if getattr(self, name) != each.default)
        if foreign:
            raise ValueError(
                f'{" and ".join(foreign)} of a source does not belong to kind = "{self.kind}"; delete it, or '
                "correct kind"
            )
        self._refuse_secrets()
        for check in (_check_url, _check_query, _check_folder):
            check(self)
        return self

    def _refuse_secrets(self) -> None:
        """Raise ValueError where a secret stands in the site file itself; it never says which."""
        for where, value in _with_secrets(self):
            if value and not PLACEHOLDER.search(value):
                raise ValueError(
                    f"{where} stands in the site file, which others read; write ${{NAME}} there, and keep the value in "
                    f"the environment variable NAME or in the file NAME of the folder COLDAISLE_SECRETS"
                )


def _with_secrets(arrival: Arrival) -> list[tuple[str, str]]:
    """What of a source must come from outside the site file, by what to call it."""
    found = [(f'header "{name}"', text) for name, text in arrival.headers.items() if _is_secret(name)]
    found += [(f'option "{name}"', str(value)) for name, value in arrival.options.items() if _is_secret(name)]
    if arrival.address:
        found += _in_url(arrival.address)
    return found


def _in_url(address: str) -> list[tuple[str, str]]:
    try:
        parts = urlsplit(address)
    except ValueError:
        raise ValueError("address is no URL; write e.g. https://host/path") from None
    # Up to the last @, whatever stands in a password; but a port and a path with an @ are none.
    user = re.search(r"://[^/@\s]*:(?!\d*/)(.*)@", address)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    return [
        ("a password in address", user[1] if user else ""),
        *((f'"{name}" in address', text) for name, text in pairs if _is_secret(name)),
        *(
            (f'a password of "{name}" in address', found)
            for name, text in pairs
            for found in re.findall(r"(?i)(?:pwd|password)\s*=\s*([^;]+)", text)
        ),
    ]


def _is_secret(name: str) -> bool:
    return SECRET_WORDS.search(name) is not None


def _check_url(arrival: Arrival) -> None:
    address = arrival.address or ""
    if address and not PLACEHOLDER.match(address) and "://" not in address:
        raise ValueError(
            f'address of kind = "{arrival.kind}" begins with its scheme, e.g. '
            f"{ {'http': 'https://', 'sql': 'postgresql+psycopg://'}.get(arrival.kind, 's3://') }; add it"
        )
    web = address.lower().startswith(("http://", "https://"))
    if arrival.kind == "http" and not web and not PLACEHOLDER.match(address):
        raise ValueError('address of kind = "http" begins with http:// or https://; correct it, or kind')
    if arrival.kind == "files" and web:
        raise ValueError('an address with http:// or https:// is of kind = "http"; correct kind')
    if arrival.kind == "files" and "::" in address:
        raise ValueError(
            "address is chained (::), which is not followed; give the address of the files themselves"
        )
    if arrival.kind == "http":
        unknown = set(re.findall(r"\{(\w*)\}", PLACEHOLDER.sub("", address))) - {"start", "end"}
        if unknown:
            raise ValueError(
                f"address has {{{min(unknown)}}}, and only {{start}} and {{end}} are known; a secret is ${{NAME}}"
            )


def _check_query(arrival: Arrival) -> None:
    if arrival.query is None:
        return
    missing = [name for name in (":start", ":end") if not re.search(rf"(?<!:){name}\b", arrival.query)]
    if missing:
        raise ValueError(
            f"query lacks {' and '.join(missing)}, without which every window would bring the whole table; "
            f"add e.g. WHERE time >= :start AND time < :end ORDER BY time"
        )


def _check_folder(arrival: Arrival) -> None:
    by_name = getattr(arrival, "tag_from", None) in ("file", "folder")
    if by_name and arrival.kind in WINDOWED:
        raise ValueError(
            f'tag_from cannot be file or folder with kind = "{arrival.kind}", whose files are named by their window; '
            f"give each machine a source of its own, or its name a column"
        )


def window_pattern(source: str) -> str:
    """What the names of a source's fetched windows look like, for `files`."""
    stamp = f"{'?' * 8}T{'?' * 6}Z"
    return f"{source}_{stamp}_{stamp}.*"


def with_patterns(described: Any) -> Any:
    """A source as the site file has it, its `files` with the names of what is fetched."""
    if not isinstance(described, dict) or described.get("kind", "inbox") == "inbox":
        return described
    files, kind, name = described.get("files", []), described["kind"], described.get("name")
    if kind in WINDOWED and isinstance(files, list) and isinstance(name, str):
        return described | {"files": list(dict.fromkeys([*files, window_pattern(name)]))}
    if kind == "files" and "files" not in described and isinstance(described.get("address"), str):
        return described | {"files": [described["address"].rsplit("/", 1)[-1] or "*"]}
    return described
