"""What is silently wrong in telemetry, named: which points, since when, what was seen, what to do."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pandas as pd

from pipelines.telemetry.quality.scale import FACTORS

NEAR = 1.15  # times: a ratio of two points that should agree, and one of units, as near as this suggest these units
LOOSELY_NEAR = 2.0  # times: of two points that need not agree


@dataclass(frozen=True)
class Finding:
    """One fault.

    finding: what kind of fault. columns: those it concerns, joined with ", ". start, end: None where it holds all
    along, or to the end. seen: rule and values. remedy: what a person can do.
    """

    finding: str
    columns: str
    seen: str
    remedy: str
    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None


COLUMNS = ("finding", "columns", "start", "end", "seen", "remedy")


def as_table(findings: Iterable[Finding]) -> pd.DataFrame:
    """A row per finding, COLUMNS; times are UTC, NaT where there is none."""
    table = pd.DataFrame([asdict(each) for each in findings], columns=list(COLUMNS))
    return table.assign(**{name: pd.to_datetime(table[name], utc=True) for name in ("start", "end")})


def suspected_unit(ratio: float, near: float = NEAR) -> str:
    """Words for what a ratio of two readings looks like, with a space before; nothing where it is no ratio of units.

    near: how many times the ratio of the units it may be, or the inverse.
    """
    if not ratio > 0.0 or not math.isfinite(ratio):
        return ""
    both_ways = dict(FACTORS)
    both_ways |= {1.0 / factor: f"{meaning}, the other way round" for factor, meaning in FACTORS.items()}
    times, meaning = min(both_ways.items(), key=lambda each: abs(math.log(ratio / each[0])))
    return f" (near {times:.4g}: {meaning}?)" if abs(math.log(ratio / times)) <= math.log(near) else ""
