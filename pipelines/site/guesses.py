"""What of a site file is still a guess: values with a comment `# guess` beside them, as `coldaisle site new` writes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AbstractTable, AoT, Item

from pipelines.errors import SiteError

MARK = "guess"


@dataclass(frozen=True)
class OpenGuess:
    """A value that nobody has confirmed: where it stands (`setpoints[0].min`), what it is, and why it was guessed."""

    where: str
    value: str
    why: str

    def __str__(self) -> str:
        return f"{self.where} = {self.value}" + (f" ({self.why})" if self.why else "")


def mark(why: str = "") -> str:
    """The comment that marks a guess: `guess` or `guess: why`, without the #."""
    return f"{MARK}: {why}" if why else MARK


def open_guesses(path: Path) -> list[OpenGuess]:
    """The guesses that still stand in a site file, in its order; deleting the mark confirms one.

    Raises SiteError where the file cannot be read or is not TOML.
    """
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as cause:  # tomlkit's ParseError is a ValueError
        raise SiteError(f"site file {path} cannot be read: {cause}; mend it") from cause
    return list(_guesses(document, ""))


def _guesses(table: Any, where: str) -> Iterator[OpenGuess]:
    for key, item in table.items():
        name = f"{where}.{key}" if where else str(key)
        if isinstance(item, AoT):
            for index, each in enumerate(item):
                yield from _guesses(each, f"{name}[{index}]")
        elif isinstance(item, AbstractTable):
            yield from _guesses(item, name)
        elif isinstance(item, Item) and (why := _why(item.trivia.comment)) is not None:
            yield OpenGuess(name, item.as_string(), why)


def _why(comment: str) -> str | None:
    text = comment.lstrip("# ").strip()
    if text == MARK:
        return ""
    return text.removeprefix(f"{MARK}:").strip() if text.startswith(f"{MARK}:") else None
