"""How files of the store are named."""

import hashlib


def content_hash(data: bytes) -> str:
    """Name of a file in the store."""
    return hashlib.sha256(data).hexdigest()[:32]
