"""Exports grouped into sources, each with its clock and the guesses for its points."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.errors import IngestError
from pipelines.exports.stamps import NO_TIME
from pipelines.site.proposal.answers import Answers
from pipelines.site.proposal.clock import Clock, guess_clock, times
from pipelines.site.proposal.recognition import Column, Guess, Told, recognise
from pipelines.site.proposal.sample import Sample

# Steps of a log of changes vary; those of a sampled point seldom do.
SMALLEST_REGULAR_SHARE = 0.5
MACHINES = 0.5  # of the shortest export's time that another one covers too


@dataclass(frozen=True)
class ProposedSource:
    """One kind of export: its file patterns, the sample it was guessed from, its clock and its points.

    alone: it is one machine's of several that have the same columns.
    """

    name: str
    patterns: list[str]
    sample: Sample
    clock: Clock
    columns: list[Column] = field(default_factory=list)
    guesses: list[Guess] = field(default_factory=list)
    alone: bool = False

    def own(self, guess: Guess) -> Guess:
        """The guess, of this source's machine where it has a file of its own."""
        return replace(guess, equipment=self.name) if self.alone and guess.quantity else guess


def propose_sources(samples: list[Sample]) -> list[ProposedSource]:
    """One source for all exports with the same columns, but one for each machine that has a file of its own.

    Without guesses yet.

    Raises IngestError where times cannot be read.
    """
    by_columns: dict[tuple[str, ...], list[Sample]] = {}
    for sample in samples:
        by_columns.setdefault(tuple(map(str, sample.rows.columns)), []).append(sample)
    sources: list[ProposedSource] = []
    for alike in by_columns.values():
        groups = [[one] for one in alike] if len(alike) > 1 and _are_machines(alike) else [alike]
        for group in groups:
            taken = {source.name for source in sources}
            sources.append(_source(group, taken, alone=len(groups) > 1))
    return sources


def guess_points(sources: list[ProposedSource], answers: Answers) -> list[ProposedSource]:
    """The sources with a guess for each tag: all columns of all exports looked at together."""
    columns = [column for source in sources for column in source.columns]
    told = {
        tag: Told(answers.quantities.get(tag), answers.units.get(tag))
        for tag in (*answers.quantities, *answers.units)
    }
    guesses = recognise(columns, told)
    return [
        replace(source, guesses=[source.own(guess) for guess in guesses if guess.source == source.name])
        for source in sources
    ]


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
    name = _free(slug(sample.path.stem) or "export" if alone else undated(sample.path), taken)
    patterns = [sample.path.name] if alone else list(dict.fromkeys(_pattern(one.path) for one in alike))
    return ProposedSource(name, patterns, sample, clock, _columns(name, sample, clock, readings), alone=alone)


def _columns(name: str, sample: Sample, clock: Clock, readings: dict[str, pd.DataFrame]) -> list[Column]:
    columns, shared = [], None
    for tag, rows in readings.items():
        # All tags of a wide export have their readings at the same times.
        if shared is None or sample.is_long or sample.identity_columns:
            # The smallest number stands for no time here and in NumPy.
            shared = times(rows["stamp"].tolist(), clock.time_format).astype("datetime64[us]")
        values = pd.to_numeric(rows["value"], errors="coerce").to_numpy(dtype=float)
        change_only = sample.is_long and _irregular(rows["stamp"], clock)
        columns.append(Column(tag, sample.unit_row(tag), values, shared, change_only, name))
    return columns


def _irregular(stamps: pd.Series, clock: Clock) -> bool:
    us = times(stamps.tolist(), clock.time_format)
    steps = np.diff(us[us != NO_TIME])
    return len(steps) > 2 and np.unique(steps, return_counts=True)[1].max() < SMALLEST_REGULAR_SHARE * len(
        steps
    )


def _free(name: str, taken: set[str]) -> str:
    return next(candidate for candidate in _numbered(name) if candidate not in taken)


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in range(2, 10_000))


def _pattern(path: Path) -> str:
    # What ends in a date or a number today ends in another one tomorrow.
    return re.sub(r"\d+([_\-. ]?\d+)*$", "*", path.stem) + path.suffix
