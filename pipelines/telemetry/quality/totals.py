"""A total metered beside its parts: summed with them it would count twice."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from pipelines.site.file import Site
from pipelines.site.quantities import QUANTITIES
from pipelines.telemetry.quality.finding import Finding

CLOSES = 0.02  # of the total: three meters of class 1, and their clocks
RUNS = 0.05  # of the total: a part that takes less stands still
LEAST_ROWS = 24
MOST_ROWS = 5_000  # are enough
PART = (0.8, 1.2)  # weight of a reading that is part of a total


def totals_beside_parts(site: Site, table: pd.DataFrame) -> Iterator[Finding]:
    """A total among columns that are added up: those of one quantity, and those of one list under [meters]."""
    summed = [
        (
            f"the plant's {quantity.name}",
            site.columns_of(quantity.name),
            "delete the total, or its parts, from [[points]]",
        )
        for quantity in QUANTITIES.values()
        if quantity.across == "sum" and not quantity.name.endswith("_on")
    ]
    for name in ("it", "cooling", "facility", "losses", "load"):
        columns = [column for each in getattr(site.meters, name) for column in site.columns_of(each)]
        summed.append(
            (
                f"meters.{name}",
                list(dict.fromkeys(columns)),
                f"name the parts or the total in [meters] {name}",
            )
        )
    told: set[str] = set()
    for what, columns, remedy in summed:
        for total, parts in _totals(table, columns):
            if total not in told:
                told.add(total)
                share = float((table[total] / table[parts].sum(axis=1, min_count=len(parts))).median())
                yield Finding(
                    "a total beside its parts",
                    ", ".join((total, *parts)),
                    f"{total} is the sum of {', '.join(parts)} ({share:.1%}), and {what} adds them all up",
                    remedy,
                )


def _totals(table: pd.DataFrame, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    rows = table[list(columns)].dropna()
    rows = rows.iloc[:: max(1, len(rows) // MOST_ROWS)]
    left = list(columns)
    if len(rows) < LEAST_ROWS:
        return
    for total in sorted(columns, key=lambda column: -rows[column].median()):
        parts = _parts(rows, total, [column for column in left if column != total])
        if parts:
            left.remove(total)
            yield total, parts


def _parts(rows: pd.DataFrame, total: str, others: list[str]) -> list[str]:
    """The columns that add up to one; none where they do not, or where it is one other column over again."""
    if len(others) < 2:
        return []
    x, y = rows[others].to_numpy(float), rows[total].to_numpy(float)
    candidates = [others]
    if len(rows) > 2 * len(others):
        weights = np.linalg.lstsq(x, y, rcond=None)[0]
        candidates.append([name for name, w in zip(others, weights, strict=True) if PART[0] <= w <= PART[1]])
    return next((parts for parts in candidates if len(parts) > 1 and _adds_up(rows, total, parts)), [])


def _adds_up(rows: pd.DataFrame, total: str, parts: list[str]) -> bool:
    """Whether it does where two parts run: of two alike machines each is the sum of the other and of idle ones."""
    several = ((rows[parts].gt(RUNS * rows[total], axis=0)).sum(axis=1) > 1) & (rows[total] > 0.0)
    left = ((rows[total] - rows[parts].sum(axis=1)) / rows[total])[several].abs()
    return (
        len(left) >= LEAST_ROWS
        and float(left.median()) <= CLOSES
        and float(left.quantile(0.9)) <= 3.0 * CLOSES
    )
