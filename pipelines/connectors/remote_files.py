"""Exports that lie elsewhere: in an object store or a remote folder, through fsspec."""

import errno
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec
from fsspec.core import url_to_fs

from pipelines.connectors.deadline import Deadline, within
from pipelines.connectors.job import CHUNK_BYTES, MOST_BYTES, Job, Piece
from pipelines.errors import SourceDownError, SourceError
from pipelines.exports import EXPORTS

WILDCARDS = "*?["
LASTING = {errno.EINVAL, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EPERM, errno.ENOSYS}
# Names of exceptions that libraries behind fsspec raise; importing all of them would be to need them.
NO_RIGHTS = (
    "NoCredentialsError",
    "AuthenticationException",
    "PartialCredentialsError",
    "TokenRetrievalError",
)


def pieces(job: Job) -> Iterator[Piece]:
    """Every export that the address matches, oldest name first; its folders below the wildcard stay."""
    files, found = within(job.source.timeout_s, lambda deadline: _listed(job))
    for path, info in sorted(found.items()):
        below = PurePosixPath(path[len(_fixed(job, files)) :])
        if below.suffix.lower() in EXPORTS and not any(part.startswith(".") for part in below.parts):
            yield Piece(str(below), partial(_download, job, files, path, info), _version(info), alone=True)


def _listed(job: Job) -> tuple[fsspec.AbstractFileSystem, dict[str, dict[str, Any]]]:
    try:
        files, path = url_to_fs(
            job.address, skip_instance_cache=True, use_listings_cache=False, **job.options
        )
        if not any(sign in path for sign in WILDCARDS):
            found = {path: files.info(path)}
            if found[path]["type"] == "directory":
                found = files.glob(f"{path.rstrip('/')}/*", detail=True)
        else:
            _refuse_missing_folder(files, path)
            found = files.glob(path, detail=True)
        return files, {name: info for name, info in found.items() if info["type"] == "file"}
    except Exception as error:
        raise _explained(error, job) from None


def _refuse_missing_folder(files: fsspec.AbstractFileSystem, path: str) -> None:
    """Raise FileNotFoundError where nothing can ever match: `glob` says nothing then.

    Object stores have no empty folders, so there only the bucket must exist.
    """
    folder = _folder_of(path)
    files.ls(folder.split("/", 1)[0] if _is_object_store(files) else folder)


def _is_object_store(files: fsspec.AbstractFileSystem) -> bool:
    protocols = {files.protocol} if isinstance(files.protocol, str) else set(files.protocol)
    return bool(protocols & {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oci", "oss"})


def _folder_of(path: str) -> str:
    first = min((path.find(sign) for sign in WILDCARDS if sign in path), default=len(path))
    return path[:first].rpartition("/")[0] or "/"


def _fixed(job: Job, files: fsspec.AbstractFileSystem) -> str:
    """What all paths begin with: the folder before the first wildcard."""
    path = files._strip_protocol(job.address)
    if any(sign in path for sign in WILDCARDS):
        return f"{_folder_of(path).rstrip('/')}/"
    if files.isdir(path):
        return f"{path.rstrip('/')}/"
    return f"{path.rpartition('/')[0]}/"


def _version(info: dict[str, Any]) -> str | None:
    """What changes when a file does; None where its file system says neither."""
    tag = info.get("ETag") or info.get("etag") or info.get("md5Hash") or info.get("content_md5")
    changed = (
        info.get("LastModified") or info.get("mtime") or info.get("last_modified") or info.get("modified")
    )
    return f"{tag}|{info.get('size')}|{changed}" if tag or changed else None


def _download(
    job: Job,
    files: fsspec.AbstractFileSystem,
    path: str,
    info: dict[str, Any],
    target: Path,
    deadline: Deadline,
) -> bool:
    name = PurePosixPath(path).name
    if (info.get("size") or 0) > MOST_BYTES:
        raise _too_large(name)
    try:
        size = 0
        with files.open(path, "rb") as source, target.open("wb") as file:
            while chunk := source.read(CHUNK_BYTES):
                deadline.check()
                size += len(chunk)
                if size > MOST_BYTES:
                    raise _too_large(name)
                file.write(chunk)
        now = files.info(path)
    except SourceError:
        raise
    except Exception as error:
        raise _explained(error, job) from None
    whole = info.get("size") in (None, size)
    if not whole or _version(now) != _version(info):
        raise SourceDownError(f"{name} is being written; it is read when it is complete")
    return size > 0


def _too_large(name: str) -> SourceError:
    return SourceError(f"{name} has more than {MOST_BYTES / 1e9:g} GB; export it in parts")


def _explained(error: Exception, job: Job) -> SourceError:
    text = job.secrets.redacted(" ".join(str(error).split()))[:300]
    match error:
        case FileNotFoundError():
            return SourceError(f"has nothing at its address ({text}); correct the address")
        case PermissionError():
            return SourceError(f"may not be read ({text}); correct its secrets, or the rights at its address")
        case ImportError():
            return SourceError(f"needs a package that is not installed ({text}); install it")
        case TimeoutError() | ConnectionError():
            return SourceDownError(f"does not answer ({text or type(error).__name__}); it is tried again")
        case OSError() if error.errno not in LASTING:
            return SourceDownError(f"does not answer ({text}); it is tried again")
    kind = type(error).__name__
    if kind in NO_RIGHTS:
        return SourceError(f"may not be read ({text}); give its secrets as options, or as AWS_ variables")
    if any(word in kind for word in ("Connection", "Connect", "Timeout", "SSHException")):
        return SourceDownError(f"does not answer ({text or kind}); it is tried again")
    return SourceError(f"cannot be read ({text or kind}); correct its address or options")
