"""A total metered beside its parts: summed with them it would count twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.site.file import Site
from pipelines.site.quantities import QUANTITIES
from pipelines.telemetry.quality.finding import Finding

CLOSES = 0.02  # of the total: three meters of class 1, and their clocks
EXACT = 0.001  # of the total: it was computed from its parts
RUNS = 0.05  # of the total: a part that takes less stands still
LEAST_ROWS = 24
FEW_ROWS = 3  # are enough of an exact sum, where its name says so or its values differ
DIFFERENT = 12  # values that an exact sum is no chance with
MOST_ROWS = 2_000  # are enough
MOST_TOTALS = 12  # the largest points of a quantity are tried
MOST_PARTS = 300  # among which parts are looked for; with more, only the sum of all others
ROWS_A_PART = 12  # are enough to tell the parts; all rows judge their sum
PART = (0.8, 1.2)  # weight of a reading that is part of a total


@dataclass(frozen=True)
class Total:
    """A column that is the sum of others. sure: exactly, in every row, and not by chance."""

    column: str
    parts: list[str]
    sure: bool


def totals_beside_parts(site: Site, table: pd.DataFrame, *, only_sure: bool = False) -> Iterator[Finding]:
    """A total among columns that are added up: those of one quantity, and those of one list under [meters].

    table: of intervals. only_sure: those that are exact.
    """
    told: set[str] = set()
    seen: set[frozenset[str]] = set()
    for what, columns, remedy in _summed(site):
        if frozenset(columns) in seen:
            continue
        seen.add(frozenset(columns))
        for total in _totals(site, table, columns):
            if total.column not in told and (total.sure or not only_sure):
                told.add(total.column)
                yield _finding(site, table, total, what, remedy)


def _summed(site: Site) -> Iterator[tuple[str, list[str], str]]:
    """What is added up, its columns, and what to do about a total among them."""
    for quantity in QUANTITIES.values():
        if quantity.across == "sum" and not quantity.name.endswith("_on"):
            remedy = "write counted = false for {tag} in [[points]], or for its parts, or delete the one or the others"
            yield f"the plant's {quantity.name}", site.columns_of(quantity.name), remedy
    for name in ("it", "cooling", "facility", "losses", "load"):
        columns = [column for each in getattr(site.meters, name) for column in site.columns_of(each)]
        yield (
            f"meters.{name}",
            list(dict.fromkeys(columns)),
            f"name the parts or the total in [meters] {name}",
        )


def _finding(site: Site, table: pd.DataFrame, total: Total, what: str, remedy: str) -> Finding:
    parts = table[total.parts].sum(axis=1, min_count=len(total.parts))
    share = float((table[total.column] / parts.where(parts > 0.0)).median())
    tags = {point.column: point.tag for point in site.points}
    return Finding(
        "a total beside its parts",
        ", ".join((total.column, *total.parts)),
        f"{tags[total.column]} is the sum of {', '.join(tags[part] for part in total.parts)} ({share:.1%}), "
        f"and {what} adds them all up",
        remedy.format(tag=tags[total.column]),
    )


def _totals(site: Site, table: pd.DataFrame, columns: Sequence[str]) -> Iterator[Total]:
    # Whose total a person wants to be counted beside its parts is no fault.
    wanted = {point.column for point in site.points if point.counted}
    rows = table[list(columns)].dropna()
    rows = rows.iloc[:: max(1, len(rows) // MOST_ROWS)]
    left = list(columns)
    if len(rows) < FEW_ROWS or len(columns) < 3:
        return
    tags = {point.column: point.tag for point in site.points}
    for column in rows.median().sort_values(ascending=False).index[:MOST_TOTALS]:
        total = _total(rows, column, [other for other in left if other != column], tags[column])
        if total and column not in wanted:
            left.remove(column)
            yield total


def _total(rows: pd.DataFrame, column: str, others: list[str], tag: str) -> Total | None:
    """The column as the sum of others; None where it is none, or where it is one other column over again."""
    if len(others) < 2:
        return None
    candidates = [others]
    if 2 * len(others) < len(rows) and len(others) <= MOST_PARTS:
        some = rows.iloc[:: max(1, len(rows) // (ROWS_A_PART * len(others)))]
        weights = np.linalg.lstsq(some[others].to_numpy(float), some[column].to_numpy(float), rcond=None)[0]
        candidates.append([name for name, w in zip(others, weights, strict=True) if PART[0] <= w <= PART[1]])
    for parts in (each for each in candidates if len(each) > 1):
        adds_up, sure = _adds_up(rows, column, parts, tag)
        if adds_up:
            return Total(column, parts, sure)
    return None


def _adds_up(rows: pd.DataFrame, total: str, parts: list[str], tag: str) -> tuple[bool, bool]:
    """Whether it does where two parts run, and for sure: of two alike machines each is the sum of the other and of
    idle ones.
    """
    several = ((rows[parts].gt(RUNS * rows[total], axis=0)).sum(axis=1) > 1) & (rows[total] > 0.0)
    left = ((rows[total] - rows[parts].sum(axis=1)) / rows[total])[several].abs()
    if len(left) < FEW_ROWS:
        return False, False
    exact = float(left.max()) <= EXACT
    sure = exact and (rows[total][several].nunique() >= DIFFERENT or _says_total(tag))
    near = float(left.median()) <= CLOSES and float(left.quantile(0.9)) <= 3.0 * CLOSES
    return sure or (near and len(left) >= LEAST_ROWS), sure


def _says_total(tag: str) -> bool:
    # The words of many languages take a second to load; few sites need them.
    from pipelines.site.proposal.recognition.terms import concepts_of, terms_of

    return "total" in concepts_of(terms_of([tag], [""])[0])
