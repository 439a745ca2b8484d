"""Test of the support check: parts of the record are hidden, and rows from there must be flagged."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from models.efficiency.support import driving, fit_support, in_support, temperature_pairs
from models.evaluate import time_blocks
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.backtest import Interval, hourly
from pipelines.learning.backtest.task import Target, Task, task
from pipelines.learning.folds import folds
from pipelines.site.file import Site
from pipelines.site.quantities import QUANTITIES
from pipelines.telemetry.running import known_combinations
from pipelines.telemetry.store import Store

DRIVERS = ("load_kw", "outdoor_wetbulb_c", "outdoor_drybulb_c")
HIDDEN = 0.3  # share of a quantity's range that is hidden
BEYOND = 0.1  # share of the remaining range beyond which a row must be flagged
LEAST_ROWS = 20  # fewer rows beyond or inside are not judged
MOST_ROWS = 2_000  # drawn at random: more do not change the result


def support_report(
    site: Site, settings: Settings, *, target: Target = "figure", interval: Interval = "site"
) -> dict[str, Any]:
    """`support_check` of a site's telemetry. Raises StoreError without telemetry, ModelError with too little."""
    table = Store(settings.store, site).read()
    rows = support_check(site, task(site, hourly(site, table) if interval == "hour" else table, target))
    return {"site": site.name, "rows": rows, "summary": summary(rows)}


def support_check(site: Site, job: Task) -> list[dict[str, Any]]:
    """Recall on rows that lie beyond a record and false alarms on those inside, one row per quantity and end.

    For load, weather, each setpoint and each difference of two setpoint temperatures, the upper or lower third of its
    range is hidden from three of four weeks. What counts as beyond lies in the hidden part, more than a tenth of the
    remaining range past its end; what counts as inside lies in the fourth weeks, with every such quantity in range.
    Raises ModelError where the record has no fourth week.
    """
    fold = next(
        iter(
            folds(
                job.times,
                "every-fourth-week",
                inputs=len(job.rows.inputs),
                horizon=job.horizon.to_timedelta64(),
            )
        ),
        None,
    )
    if fold is None:
        raise ModelError(
            f'site "{site.name}" has less than four weeks to judge the support by; ingest more telemetry'
        )
    watched = _watched(site, job)
    checked = []
    for name, values in watched.items():
        for end, sign in (("above", 1.0), ("below", -1.0)):
            hidden = _hidden(sign * values)
            learned = fold.train & ~hidden.rows
            beyond = np.flatnonzero(sign * values > hidden.end)
            inside = np.flatnonzero(fold.test & _in_range(watched, learned))
            if min(len(beyond), len(inside)) >= LEAST_ROWS:
                checked.append({"quantity": name, "end": end, **_rates(job, learned, beyond, inside)})
    return checked


def summary(rows: list[dict[str, Any]]) -> str:
    """The worst of the table in words."""
    if not rows:
        return "No quantity has enough rows near the ends of its range to judge the support by."
    recall, alarms = min(row["recall"] for row in rows), max(row["false_alarms"] for row in rows)
    text = f"At least {recall:.1%} of the rows beyond are flagged, at most {alarms:.1%} of those inside"
    enough = recall >= 0.95 and alarms <= 0.05
    return text + (" (wanted: 95 % and 5 %)." if enough else "; NOT the 95 % and 5 % wanted.")


@dataclass(frozen=True)
class _Hidden:
    rows: np.ndarray
    end: float


def _watched(site: Site, job: Task) -> dict[str, np.ndarray]:
    column = {name: job.rows.x[:, number] for number, name in enumerate(job.rows.inputs)}
    chosen = [name for name in dict.fromkeys(map(site.quantity_of, site.setpoints)) if name in column]
    continuous = [name for name in chosen if QUANTITIES[name].unit]
    watched = {name: column[name] for name in (*DRIVERS, *continuous) if name in column}
    temperatures = [name for name in continuous if name.endswith("_c")]
    for one, other in combinations(temperatures, 2):
        watched[f"{one} less {other}"] = column[one] - column[other]
    return watched


def _hidden(values: np.ndarray) -> _Hidden:
    """The rows of the upper part of a range, and where rows begin that are clearly beyond what remains."""
    low, high = values.min(), values.max()
    cut = high - HIDDEN * (high - low)
    rows = values > cut
    remaining = values[~rows].max() - low
    return _Hidden(rows, float(values[~rows].max() + BEYOND * remaining))


def _in_range(watched: dict[str, np.ndarray], learned: np.ndarray) -> np.ndarray:
    inside = np.ones(len(learned), bool)
    for values in watched.values():
        inside &= (values >= values[learned].min()) & (values <= values[learned].max())
    return inside


def _rates(job: Task, learned: np.ndarray, beyond: np.ndarray, inside: np.ndarray) -> dict[str, Any]:
    x, few = job.rows.x, np.random.default_rng(0)
    support = fit_support(
        x[learned],
        time_blocks(int(learned.sum()), folds=4),
        pairs=temperature_pairs(job.rows.inputs),
        ranged=driving(job.rows.inputs),
    )

    def flagged(rows: np.ndarray) -> float:
        asked = few.permutation(rows)[:MOST_ROWS]
        seen = known_combinations(job.combinations, learned, asked, job.step.total_seconds() / 3600)
        return float((~(np.asarray(in_support(support, x[asked].astype(np.float32))) & seen)).mean())

    rates = {"rows_beyond": len(beyond), "recall": flagged(beyond)}
    return rates | {"rows_inside": len(inside), "false_alarms": flagged(inside)}
