"""Which code runs: kept with models and decisions, so that a recommendation leads back to it."""

import os
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

VARIABLE = "COLDAISLE_CODE"  # set where an image is built, which has no checkout
_ROOT = Path(__file__).resolve().parent.parent


@cache
def code_version() -> str:
    """`<version>+<commit>`; the version alone where neither the environment nor a checkout says which commit."""
    try:
        number = version("coldaisle")
    except PackageNotFoundError:
        number = "0"
    commit = os.environ.get(VARIABLE, "") or _commit(_ROOT / ".git")
    return f"{number}+{commit[:12]}" if commit else number


def _commit(git: Path) -> str:
    """The commit that is checked out, read without git; empty where there is none."""
    try:
        if git.is_file():  # a worktree: the file names the folder
            git = Path(git.read_text(encoding="utf-8").removeprefix("gitdir:").strip())
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head
        return _resolved(git, head.removeprefix("ref: "))
    except OSError:
        return ""


def _resolved(git: Path, name: str) -> str:
    common = git / "commondir"
    folders = [git, git / common.read_text(encoding="utf-8").strip()] if common.exists() else [git]
    for folder in folders:
        if (folder / name).exists():
            return (folder / name).read_text(encoding="utf-8").strip()
        packed = folder / "packed-refs"
        lines = packed.read_text(encoding="utf-8").splitlines() if packed.exists() else []
        for line in lines:
            if line.endswith(f" {name}"):
                return line.split()[0]
    return ""
