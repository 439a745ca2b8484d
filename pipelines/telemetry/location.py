"""From where telemetry is kept to the storage of one site, and to the sites that are there."""

from pathlib import Path

from pipelines.config import RemoteFolder
from pipelines.telemetry.object_storage import ObjectStorage, sites_in
from pipelines.telemetry.storage import MANIFEST, FolderStorage, Storage


def storage_of(root: Path | str | RemoteFolder, site_name: str) -> Storage:
    """Where the store of a site lies. Raises StoreError for an object store of a kind that is not known."""
    if isinstance(root, RemoteFolder):
        return ObjectStorage(root, site_name)
    return FolderStorage(Path(root) / site_name)


def stored_sites(root: Path | RemoteFolder) -> list[str]:
    """Names of the sites that have telemetry. Raises StoreError where an object store does not answer."""
    if isinstance(root, RemoteFolder):
        return sites_in(root)
    return sorted(path.parent.name for path in root.glob(f"*/{MANIFEST}"))
