"""The forecasters of one target that are mixed, each for every lead."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from models.buckets import in_pads, in_steps, widened
from models.efficiency.trees import Trees, evaluate
from models.horizon.features import Basis, at_lead, expected, steady_pair
from models.horizon.record import DAY_H, WEEK_H, Array
from models.horizon.series import seasonal
from models.horizon.steady import Curve

# The simplest first: among equals it is preferred.
CANDIDATES = (
    "persistence", "seasonal-naive, day", "seasonal-naive, week", "steady curve", "ridge", "gradient boosting",
)  # fmt: skip
SIMPLE = 3  # of them need nothing learned but a share


@dataclass(frozen=True)
class Learned:
    """What a long enough record adds: regressions of the change from the present value, for k features.

    curve, curve_share (l,): the steady curve and the share of its present error that is carried. fill, low, high (k,):
    stand-ins of missing features and the range they count within. ridge (l, 1 + k). trees: of the change in units of
    scale (l,), with the lead in hours as a further feature. change (l, 2): the range of changes on record.
    """

    curve: Curve
    curve_share: Array
    fill: Array
    low: Array
    high: Array
    ridge: Array
    trees: Trees
    scale: Array
    change: Array


@dataclass(frozen=True)
class Part:
    """The candidates of one target at l leads. shares: carried by seasonal-naive, driver -> (l,); "day", "week"."""

    leads_min: tuple[float, ...]
    shares: dict[str, Array]
    learned: Learned | None

    def neighbours(self, lead_min: float) -> tuple[int, int, float]:
        """The learned leads below and above a lead, and how far it is from the one to the other (0 to 1)."""
        leads = self.leads_min
        above = int(np.searchsorted(leads, lead_min))
        if above == len(leads) or leads[above] == lead_min or above == 0:
            nearest = min(above, len(leads) - 1)
            return nearest, nearest, 0.0
        return above - 1, above, (lead_min - leads[above - 1]) / (leads[above] - leads[above - 1])

    def between(self, values: Array, lead_min: float) -> Array:
        """Values (l, ...) at a lead: of its neighbours, in proportion."""
        below, above, way = self.neighbours(lead_min)
        return values[below] if way == 0.0 else (1.0 - way) * values[below] + way * values[above]


def simple(part: Part, of: Basis, lead_min: float) -> dict[str, Array]:
    """Seasonal-naive forecasts (n,) of the target, by day and by week."""
    record = of.record
    return {
        name: seasonal(
            of.now, record.rows_in(season_h), record.rows_in(lead_min / 60.0),
            float(part.between(part.shares[name], lead_min)),
        )
        for name, season_h in (("day", DAY_H), ("week", WEEK_H))
    }  # fmt: skip


def features(part: Part, of: Basis, lead_min: float, curve: Curve) -> tuple[Array, Array, Array]:
    """Features (n, k) at a lead, missing ones NaN; the steady curve now and then, (n,) each."""
    ahead = expected(
        of, lead_min, {name: float(part.between(part.shares[name], lead_min)) for name in of.record.drivers}
    )
    steady = steady_pair(of, curve, ahead)
    return at_lead(of, lead_min, ahead, simple(part, of, lead_min), steady), *steady


def filled(learned: Learned, x: Array) -> Array:
    """Features (n, k) with stand-ins, limited to the range on record."""
    return np.clip(np.where(np.isfinite(x), x, learned.fill), learned.low, learned.high)


def forecasts(part: Part, of: Basis, lead_min: float, rows: Array) -> Array:
    """Every candidate's forecast (p, r) at rows (r,) of the basis; persistence where one is not available."""
    now = of.now[rows]
    naive = [values[rows] for values in simple(part, of, lead_min).values()]
    if part.learned is None:
        return np.stack([now, *naive, now, now, now])
    learned = part.learned
    x, steady_now, steady_then = features(part, of, lead_min, learned.curve)
    share = part.between(learned.curve_share, lead_min)
    settled = steady_then[rows] + share * (now - steady_now[rows])
    known = filled(learned, x[rows])
    low, high = part.between(learned.change, lead_min)
    weights, scale = part.between(learned.ridge, lead_min), part.between(learned.scale, lead_min)
    changes = [
        np.where(np.isfinite(settled), settled - now, 0.0),
        weights[0] + known @ weights[1:],
        scale * sums(learned.trees, with_lead(known, lead_min)),
    ]
    return np.stack([now, *naive, *(now + np.clip(change, low, high) for change in changes)])


def with_lead(x: Array, lead_min: float) -> Array:
    """Features (n, k) and the lead in hours: (n, k + 1)."""
    return np.column_stack([x, np.full(len(x), lead_min / 60.0)])


def sums(trees: Trees, x: Array) -> Array:
    """What the trees give at x (n, k): (n,)."""
    return in_pads(partial(evaluate, trees), widened(x, in_steps(x.shape[1]), axis=1))[:, 0]
