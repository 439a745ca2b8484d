"""A store in an S3 bucket, or whatever speaks S3; there is no rename and no lock there.

A writer puts its files, then the manifest on the condition (If-Match) that it is still the one that was read. Who comes
second gets BusyError and starts again from the newer manifest; the files it put are collected a day later.
"""

import functools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from pipelines.config import RemoteFolder
from pipelines.errors import BusyError, StoreDownError, StoreError
from pipelines.telemetry.file_cache import FileCache
from pipelines.telemetry.storage import MANIFEST

T = TypeVar("T")

# What nobody names is younger while a writer may still commit it or a reader of an older manifest read it: a day is
# far beyond the longest task of the schedules (two hours).
UNUSED_AFTER = timedelta(days=1)
AT_ONCE = 8
ADDRESSES = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_DEFAULT_REGION",
)
MISSING, RIGHTS, CONFLICT = ("404", "NoSuchKey"), ("401", "403"), ("409", "412")


class _UnchangedError(Exception):
    """The object is the one that is known."""


class ObjectStorage:
    """A site's files below a prefix of a bucket."""

    def __init__(self, root: RemoteFolder, site_name: str) -> None:
        self._bucket, prefix = _parts(root)
        self._prefix = f"{prefix}{site_name}/"
        self._cache = FileCache(root.cache / site_name)
        self._seen: tuple[bytes, str] | None = None  # a manifest that did not change is not sent again

    def where(self, name: str = "") -> str:
        """Its address."""
        return f"s3://{self._bucket}/{self._prefix}{name}"

    def read(self, name: str) -> bytes:
        """A file's content, from the cache where it is there. Raises FileNotFoundError, StoreError."""
        data = self._cache.get(name)
        if data is None:
            data = self._get(name)[0]
            self._cache.put(name, data)
        return data

    def put(self, name: str, data: bytes) -> None:
        """Put a file, also where it is there: it is new then, and not collected. Raises StoreError."""
        self._call("put_object", name, Body=data)
        self._cache.put(name, data)

    def manifest(self) -> tuple[bytes, str] | None:
        """The manifest's content and ETag. Raises StoreError."""
        known = {"IfNoneMatch": self._seen[1]} if self._seen else {}
        try:
            self._seen = self._get(MANIFEST, **known)
        except FileNotFoundError:
            self._seen = None
        except _UnchangedError:
            pass
        return self._seen

    def stamp(self) -> int | str:
        """The manifest's ETag. Raises StoreError."""
        try:
            return self._call("head_object", MANIFEST)["ETag"]
        except FileNotFoundError:
            return 0

    def commit(self, data: bytes, state: str) -> str:
        """Replace the manifest that had this ETag. Raises BusyError, StoreError."""
        condition = {"IfMatch": state} if state else {"IfNoneMatch": "*"}
        try:
            return self._call("put_object", MANIFEST, Body=data, **condition)["ETag"]
        except (BusyError, FileNotFoundError):
            now = self.manifest()
            if now is not None and now[0] == data:  # ours: the answer was lost, and the client asked again
                return now[1]
            raise BusyError(
                f"another ingest has written {self.where()} meanwhile; run this again: nothing was changed"
            ) from None

    def collect(self, folders: tuple[str, ...], named: set[str]) -> None:
        """Remove files that are not named and older than a day. Raises StoreError."""
        unused = [name for folder in folders for name, _ in self._old(f"{folder}/") if name not in named]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._remove_old, unused))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nothing can be held: `commit` finds out."""
        yield

    def _old(self, folder: str) -> Iterator[tuple[str, datetime]]:
        more: dict[str, Any] = {}
        while True:
            page = self._call("list_objects_v2", None, Prefix=f"{self._prefix}{folder}", **more)
            for each in page.get("Contents", ()):
                if _is_old(each["LastModified"]):
                    yield each["Key"].removeprefix(self._prefix), each["LastModified"]
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _remove_old(self, name: str) -> None:
        """Remove a file, unless a writer has put it again since it was listed."""
        try:
            if _is_old(self._call("head_object", name)["LastModified"]):
                self._call("delete_object", name)
        except FileNotFoundError:
            return

    def _get(self, name: str, **known: str) -> tuple[bytes, str]:
        """Content and ETag. Raises _UnchangedError where it is what is known."""

        def get(client: Any) -> tuple[bytes, str]:
            answer = client.get_object(Bucket=self._bucket, Key=self._prefix + name, **known)
            return answer["Body"].read(), answer["ETag"]

        return _asked(get, self.where(name))

    def _call(self, method: str, name: str | None, **arguments: Any) -> Any:
        key = {} if name is None else {"Key": self._prefix + name}
        return _asked(
            lambda client: getattr(client, method)(Bucket=self._bucket, **key, **arguments),
            self.where(name or ""),
        )


def sites_in(root: RemoteFolder) -> list[str]:
    """Names of the sites below an address. Raises StoreError."""
    bucket, prefix = _parts(root)

    def listed(client: Any) -> list[str]:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
        return [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", ())]

    return sorted(name.removeprefix(prefix).rstrip("/") for name in _asked(listed, root.uri))


def _parts(root: RemoteFolder) -> tuple[str, str]:
    """Bucket and prefix."""
    parts = urlsplit(root.uri)
    if parts.scheme not in ("s3", "s3a") or not parts.hostname:
        raise StoreError(
            f"COLDAISLE_STORE_URI {root.uri} is neither a folder nor s3://bucket/prefix; correct it"
        )
    prefix = parts.path.strip("/")
    return parts.netloc, f"{prefix}/" if prefix else ""


def _is_old(changed: datetime) -> bool:
    return datetime.now(UTC) - changed > UNUSED_AFTER


@functools.lru_cache(maxsize=4)
def _client(process: int, *addresses: str | None) -> Any:
    """One for each process: a forked one must not share its parent's connections."""
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise StoreError('telemetry in an object store needs boto3; install "coldaisle[cluster]"') from None
    waits = Config(
        connect_timeout=5,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=4 * AT_ONCE,
    )
    return boto3.Session().client("s3", config=waits)


def _asked(call: Callable[[Any], T], where: str) -> T:
    """What the object store answers. Raises FileNotFoundError, BusyError, StoreError, _UnchangedError."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call(_client(os.getpid(), *(os.environ.get(name) for name in ADDRESSES)))
    except ClientError as error:
        _refused(error.response, where)
    except (BotoCoreError, OSError) as error:
        kind = type(error).__name__
        if "Credential" in kind or "Region" in kind or "Profile" in kind:
            raise StoreError(f"{where} cannot be reached ({error}); set the AWS_ variables") from None
        raise StoreDownError(f"{where} does not answer ({kind}); it is tried again") from None


def _refused(answer: dict[str, Any], where: str) -> NoReturn:
    code = str(answer.get("Error", {}).get("Code", ""))
    status = str(answer["ResponseMetadata"].get("HTTPStatusCode", ""))
    if status == "304":
        raise _UnchangedError
    if code in MISSING:
        raise FileNotFoundError(2, "no such object", where)
    if status in CONFLICT:
        raise BusyError(f"{where} was written by another meanwhile; run this again")
    if status in RIGHTS:
        raise StoreError(
            f"{where} may not be used ({code}); correct the AWS_ variables or the bucket's rights"
        )
    if status == "429" or status >= "500":
        raise StoreDownError(f"{where} does not answer ({code}); it is tried again")
    raise StoreError(f"{where} cannot be used ({code}); correct COLDAISLE_STORE_URI")
