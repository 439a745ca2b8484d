"""Compiled JAX programs, kept in the home: a command that runs again does not compile again."""

import hashlib
import os
import platform
import sys
from pathlib import Path

from pipelines.config import Settings

FOLDER = "JAX_COMPILATION_CACHE_DIR"
LEAST_COMPILE_S = "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"
MOST_BYTES = 500_000_000  # what all commands on one site need is a tenth of it


def keep_compiled(settings: Settings) -> None:
    """Let this process, and those it starts, keep what JAX compiles under `<home>/cache/jax`.

    The environment variable JAX_COMPILATION_CACHE_DIR wins where it is set; set to nothing it turns the cache off.
    Where the folder cannot be written nothing is kept. JAX itself is not imported here: most commands do not need it.
    """
    if FOLDER in os.environ:
        return
    cache = settings.home / "cache" / "jax"
    folder = cache / _processor()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        bound(cache, MOST_BYTES)
    except OSError:
        return
    os.environ[FOLDER] = str(folder.resolve())
    os.environ.setdefault(LEAST_COMPILE_S, "0")
    if "jax" in sys.modules:  # it has read the environment already
        import jax

        jax.config.update(FOLDER.lower(), os.environ[FOLDER])
        jax.config.update(LEAST_COMPILE_S.lower(), float(os.environ[LEAST_COMPILE_S]))


def bound(cache: Path, most_bytes: int) -> None:
    """Delete the oldest files under a folder until half of `most_bytes` is left, where they take more than that.

    JAX's own bound is not used: it refuses to work on a folder in which a killed process left half of an entry.
    """
    files = sorted(
        (file.stat().st_mtime, file.stat().st_size, file) for file in cache.rglob("*") if file.is_file()
    )
    total = sum(size for _, size, _ in files)
    if total <= most_bytes:
        return
    for _, size, file in files:
        if total <= most_bytes // 2:
            return
        file.unlink(missing_ok=True)
        total -= size


def _processor() -> str:
    """A name for this kind of processor: code compiled for another one may use instructions that it does not have."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        features = next(line for line in lines if line.startswith(("flags", "Features")))
    except (OSError, StopIteration):
        features = platform.processor()
    return hashlib.sha256(f"{platform.machine()} {features}".encode()).hexdigest()[:12]
