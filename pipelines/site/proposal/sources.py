"""Exports grouped into sources, each with its clock and the guesses for its points."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.errors import IngestError
from pipelines.site.proposal.answers import Answers
from pipelines.site.proposal.clock import Clock, guess_clock, parse
from pipelines.site.proposal.recognition import Column, Guess, Told, recognise
from pipelines.site.proposal.recognition.spelling import unit_of_text
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
    columns: list[Column] = field(default_factory=list)
    guesses: list[Guess] = field(default_factory=list)


def propose_sources(samples: list[Sample]) -> list[ProposedSource]:
    """One source for all exports with the same columns, without guesses yet.

    Raises IngestError where times cannot be read.
    """
    by_columns: dict[tuple[str, ...], list[Sample]] = {}
    for sample in samples:
        by_columns.setdefault(tuple(map(str, sample.rows.columns)), []).append(sample)
    sources: list[ProposedSource] = []
    for alike in by_columns.values():
        sources.append(_source(alike, {source.name for source in sources}))
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
        replace(source, guesses=[guess for guess in guesses if guess.source == source.name])
        for source in sources
    ]


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
    name = _free(undated(sample.path), taken)
    patterns = list(dict.fromkeys(_pattern(one.path) for one in alike))
    return ProposedSource(name, patterns, sample, clock, _columns(name, sample, clock))


def _columns(name: str, sample: Sample, clock: Clock) -> list[Column]:
    long = sample.tag_column is not None
    columns, shared = [], None
    for tag, rows in sample.readings().items():
        # All tags of a wide export have their readings at the same times.
        times = _times(rows["stamp"], clock) if shared is None or long else shared
        shared = times
        values = pd.to_numeric(rows["value"], errors="coerce").to_numpy(dtype=float)
        change_only = long and _irregular(rows["stamp"], clock)
        columns.append(Column(tag, _unit_row(rows), values, times, change_only, name))
    return columns


def _times(stamps: pd.Series, clock: Clock) -> np.ndarray:
    parsed = parse(stamps, clock.time_format)
    return (parsed.dt.tz_convert("UTC").dt.tz_localize(None) if parsed.dt.tz is not None else parsed).to_numpy()


def _unit_row(rows: pd.DataFrame) -> str | None:
    """The unit that stands under a tag in a second row of the header, which has no time."""
    if rows.empty or str(rows["stamp"].iloc[0]).strip():
        return None
    text = str(rows["value"].iloc[0]).strip()
    return text if text and unit_of_text(text) is not None else None


def _irregular(stamps: pd.Series, clock: Clock) -> bool:
    steps = parse(stamps, clock.time_format).dropna().diff().dropna()
    return len(steps) > 2 and steps.value_counts(normalize=True).iloc[0] < SMALLEST_REGULAR_SHARE


def _free(name: str, taken: set[str]) -> str:
    return next(candidate for candidate in _numbered(name) if candidate not in taken)


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in range(2, 10_000))


def _pattern(path: Path) -> str:
    # What ends in a date or a number today ends in another one tomorrow.
    return re.sub(r"\d+([_\-. ]?\d+)*$", "*", path.stem) + path.suffix
