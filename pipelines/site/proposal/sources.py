"""Exports grouped into sources, each with its clock and the guesses for its points."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.errors import IngestError
from pipelines.exports.stamps import NO_TIME
from pipelines.site.proposal.clock import Clock, guess_clock, times
from pipelines.site.proposal.points import Guess, guess_point
from pipelines.site.proposal.sample import Sample

# Steps of a log of changes vary; those of a sampled point seldom do.
SMALLEST_REGULAR_SHARE = 0.5
MACHINES = 0.5  # of the shortest export's time that another one covers too


@dataclass(frozen=True)
class ProposedSource:
    """One kind of export: its file patterns, the sample it was guessed from, its clock and its points."""

    name: str
    patterns: list[str]
    sample: Sample
    clock: Clock
    guesses: list[Guess]


def propose_sources(samples: list[Sample]) -> list[ProposedSource]:
    """One source for all exports with the same columns, but one for each machine that has a file of its own.

    Raises IngestError where times cannot be read.
    """
    by_columns: dict[tuple[str, ...], list[Sample]] = {}
    for sample in samples:
        by_columns.setdefault(tuple(map(str, sample.rows.columns)), []).append(sample)
    sources: list[ProposedSource] = []
    for alike in by_columns.values():
        groups = [[one] for one in alike] if len(alike) > 1 and _are_machines(alike) else [alike]
        for group in groups:
            own = _source(group, {source.name for source in sources}, alone=len(groups) > 1)
            sources.append(own)
    return _with_columns_of_their_own(sources)


def _are_machines(alike: list[Sample]) -> bool:
    """Whether exports with the same columns cover the same time: parts of one record follow each other."""
    spans = [(span, sample) for sample in alike if (span := _span(sample)) is not None]
    spans.sort(key=lambda each: each[0])
    shortest = min((end - start for (start, end), _ in spans), default=0)
    return any(
        first[1] - second[0] > MACHINES * shortest and _differ(one, other)
        for (first, one), (second, other) in pairwise(spans)
    )


def _differ(one: Sample, other: Sample) -> bool:
    """Whether two exports say different things of the same times."""
    both = one.rows.assign(stamp=one.stamps).merge(other.rows.assign(stamp=other.stamps), on="stamp")
    return (
        any((both[f"{name}_x"] != both[f"{name}_y"]).mean() > MACHINES for name in one.value_columns)
        or both.empty
    )


def _span(sample: Sample) -> tuple[int, int] | None:
    clock = guess_clock(sample.time_column, sample.stamps.tolist(), sample.stamps.tolist())
    us = times(sample.stamps.tolist(), clock.time_format) if clock else np.array([NO_TIME])
    us = us[us != NO_TIME]
    return (int(us.min()), int(us.max())) if len(us) else None


def slug(text: str) -> str:
    """Small letters, digits and hyphens, as names in a site file are written."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def undated(path: Path) -> str:
    """A file's name without the date or number at its end."""
    return slug(re.sub(r"[\d_\- ]+$", "", path.stem)) or "export"


def _source(alike: list[Sample], taken: set[str], *, alone: bool) -> ProposedSource:
    sample, readings = alike[0], alike[0].readings()
    fullest = max(readings.values(), key=len)
    clock = guess_clock(sample.time_column, sample.stamps.tolist(), fullest["stamp"].tolist())
    if clock is None:
        raise IngestError(
            f'{sample.path}: the times in column "{sample.time_column}" (such as "{sample.stamps.iloc[0]}") '
            "are written in no way that is known; export them as ISO 8601, e.g. 2024-03-01T00:10:00"
        )
    long = sample.is_long
    guesses = [
        guess_point(
            tag,
            rows["value"],
            change_only=long and _irregular(rows["stamp"], clock),
            unit_row=sample.unit_row(tag),
        )
        for tag, rows in readings.items()
    ]
    patterns = [sample.path.name] if alone else list(dict.fromkeys(_pattern(one.path) for one in alike))
    name = slug(sample.path.stem) or "export" if alone else undated(sample.path)
    if alone:
        guesses = [guess if guess.quantity is None else replace(guess, equipment=name) for guess in guesses]
    return ProposedSource(_free(name, taken), patterns, sample, clock, guesses)


def _irregular(stamps: pd.Series, clock: Clock) -> bool:
    us = times(stamps.tolist(), clock.time_format)
    steps = np.diff(us[us != NO_TIME])
    return len(steps) > 2 and np.unique(steps, return_counts=True)[1].max() < SMALLEST_REGULAR_SHARE * len(
        steps
    )


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
