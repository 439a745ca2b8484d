"""Where things lie: the project, and data that is not part of it."""

from pathlib import Path

PROJECT = next(folder for folder in Path(__file__).resolve().parents if (folder / "pyproject.toml").exists())
# Real plants' exports, where they are at hand; tests that need them say so where they are not.
SHARED_DATA = PROJECT.parent / "shared" / "data"
