"""Exports grouped into sources, each with its clock and the guesses for its points."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from pipelines.errors import IngestError
from pipelines.site.proposal.clock import Clock, guess_clock, parse
from pipelines.site.proposal.points import Guess, guess_point
from pipelines.site.proposal.sample import Sample

# Steps of a log of changes vary; those of a sampled point seldom do.
SMALLEST_REGULAR_SHARE = 0.5


@dataclass(frozen=True)
class ProposedSource:
    """One kind of export: its file patterns, the sample it was guessed from, its clock and its points."""

    name: str
    patterns: list[str]
    sample: Sample
    clock: Clock
    guesses: list[Guess]


def propose_sources(samples: list[Sample]) -> list[ProposedSource]:
    """One source for all exports with the same columns. Raises IngestError where times cannot be read."""
    by_columns: dict[tuple[str, ...], list[Sample]] = {}
    for sample in samples:
        by_columns.setdefault(tuple(map(str, sample.rows.columns)), []).append(sample)
    sources: list[ProposedSource] = []
    for alike in by_columns.values():
        sources.append(_source(alike, {source.name for source in sources}))
    return _with_columns_of_their_own(sources)


def slug(text: str) -> str:
    """Small letters, digits and hyphens, as names in a site file are written."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def undated(path: Path) -> str:
    """A file's name without the date or number at its end."""
    return slug(re.sub(r"[\d_\- ]+$", "", path.stem)) or "export"


def _source(alike: list[Sample], taken: set[str]) -> ProposedSource:
    sample, readings = alike[0], alike[0].readings()
    fullest = max(readings.values(), key=len)
    clock = guess_clock(sample.time_column, sample.stamps, fullest["stamp"])
    if clock is None:
        raise IngestError(
            f'{sample.path}: the times in column "{sample.time_column}" (such as "{sample.stamps.iloc[0]}") '
            "are written in no way that is known; export them as ISO 8601, e.g. 2024-03-01T00:10:00"
        )
    long = sample.tag_column is not None
    guesses = [
        guess_point(tag, rows["value"], change_only=long and _irregular(rows["stamp"], clock))
        for tag, rows in readings.items()
    ]
    patterns = list(dict.fromkeys(_pattern(one.path) for one in alike))
    return ProposedSource(_free(undated(sample.path), taken), patterns, sample, clock, guesses)


def _irregular(stamps: pd.Series, clock: Clock) -> bool:
    steps = parse(stamps, clock.time_format).dropna().diff().dropna()
    return len(steps) > 2 and steps.value_counts(normalize=True).iloc[0] < SMALLEST_REGULAR_SHARE


def _with_columns_of_their_own(sources: list[ProposedSource]) -> list[ProposedSource]:
    taken: set[str] = set()
    return [
        replace(source, guesses=[_settled(guess, taken) for guess in source.guesses]) for source in sources
    ]


def _settled(guess: Guess, taken: set[str]) -> Guess:
    """The guess, with its tag for equipment where another point fills the same column already."""
    if guess.quantity is None:
        return guess
    if guess.column in taken:
        used = {column.partition(":")[2] for column in taken if column.startswith(f"{guess.quantity}:")}
        guess = replace(guess, equipment=_free(slug(guess.tag), used))
    taken.add(guess.column)
    return guess


def _free(name: str, taken: set[str]) -> str:
    return next(candidate for candidate in _numbered(name) if candidate not in taken)


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in range(2, 10_000))


def _pattern(path: Path) -> str:
    # What ends in a date or a number today ends in another one tomorrow.
    return re.sub(r"\d+([_\-. ]?\d+)*$", "*", path.stem) + path.suffix
