"""A site's forecaster of the next hours: mixed candidates for each target and lead, with 90 % intervals."""

from dataclasses import dataclass

import numpy as np

from models.horizon.candidates import Part, forecasts
from models.horizon.features import Basis, basis
from models.horizon.intervals import RECENT_H, ends
from models.horizon.recent import is_worse
from models.horizon.record import DAY_H, Array, Record
from models.horizon.series import earlier


@dataclass(frozen=True)
class Mixture:
    """One target at l leads: candidates, their weights (l, p), and the best simple candidate (l,) to fall back on.

    errors (l, e): of time left out, measured less forecast, padded with NaN. peak (e,): the same of the highest hourly
    mean of a day, less the highest forecast for it; all NaN where it was never seen.
    """

    part: Part
    weights: Array
    fallback: Array
    errors: Array
    peak: Array

    def told(self, of: Basis, lead_min: float, rows: Array) -> Array:
        """The mixture's forecast at rows (r,), then every candidate's: (1 + p, r)."""
        candidates = forecasts(self.part, of, lead_min, rows)
        return np.concatenate([[self.part.between(self.weights, lead_min) @ candidates], candidates])


@dataclass(frozen=True)
class Horizon:
    """Everything that is registered: the mixture of each target, and the readings that its features are made of."""

    names: tuple[str, ...]
    mixtures: dict[str, Mixture]
    version: str = ""

    @property
    def leads_min(self) -> tuple[float, ...]:
        """The leads that were learned; those between them are asked of their neighbours."""
        return next(iter(self.mixtures.values())).part.leads_min


@dataclass(frozen=True)
class Forecast:
    """One target at rows (r,) and leads (l,): mean, lower and upper end of the 90 % interval, (l, r) each.

    candidates (l, p, r): what each candidate alone would say.
    """

    mean: Array
    lower: Array
    upper: Array
    candidates: Array


def forecast(
    horizon: Horizon,
    record: Record,
    target: str,
    rows: Array,
    leads_min: tuple[float, ...],
    *,
    fresh_from: int,
) -> Forecast:
    """Forecasts made at rows (r,), increasing, each from what was known then; NaN where the target was not read.

    fresh_from: the first row that the horizon has not learned from. How its forecasts since then went decides whether
    the mixture or the best simple candidate is served, and widens or narrows the interval; once a day.
    Raises ValueError where the record lacks what the horizon is made of.
    """
    lacking = sorted(set(horizon.names) ^ set(record.readings))
    if lacking or target not in horizon.mixtures:
        raise ValueError(
            f"the record must hold exactly what was learned from; it differs in {lacking or target}"
        )
    of, mixture = basis(record, target), horizon.mixtures[target]
    told = [_at_lead(mixture, of, lead, np.asarray(rows), fresh_from) for lead in leads_min]
    mean, lower, upper = (np.stack([one[part] for one in told]) for part in range(3))
    return Forecast(mean, lower, upper, np.stack([one[3] for one in told]))


def _at_lead(
    mixture: Mixture, of: Basis, lead_min: float, rows: Array, fresh_from: int
) -> tuple[Array, Array, Array, Array]:
    """Mean, lower, upper (r,) and candidates (p, r)."""
    record = of.record
    hour, day, lead = (record.rows_in(hours) for hours in (1.0, DAY_H, lead_min / 60.0))
    oldest = max(fresh_from, int(rows[0]) - record.rows_in(RECENT_H), 0)
    asked = np.unique(np.concatenate([np.arange(oldest, int(rows[-1]) + 1, hour), rows]))
    told = mixture.told(of, lead_min, asked)
    measured = earlier(of.measured, -lead)[asked]
    mean, lower, upper = (np.full(len(rows), np.nan) for _ in range(3))
    place = np.searchsorted(asked, rows)
    fallback = int(mixture.fallback[mixture.part.neighbours(lead_min)[0]])
    for number in np.unique((rows - rows[0]) // day):
        today = (rows - rows[0]) // day == number
        now = int(rows[today][0])
        known = (asked >= fresh_from) & (asked + lead <= now) & (asked >= now - record.rows_in(RECENT_H))
        known &= np.isfinite(measured)
        errors = measured[known] - told[:, known]
        worse = is_worse(np.abs(errors[0]), np.abs(errors[1 + fallback]), asked[known] // day)
        served = 1 + fallback if worse else 0
        mean[today] = told[served, place[today]]
        low, high = _ends(mixture, lead_min, errors[served])
        lower[today], upper[today] = mean[today] + low, mean[today] + high
    return mean, lower, upper, told[1:, place]


def _ends(mixture: Mixture, lead_min: float, recent: Array) -> tuple[float, float]:
    below, above, way = mixture.part.neighbours(lead_min)
    pair = [ends(np.concatenate([mixture.errors[lead], recent])) for lead in (below, above)]
    if way == 0.0 or not np.isfinite(pair).all():
        return pair[0]
    low, high = (1.0 - way) * np.array(pair[0]) + way * np.array(pair[1])
    return float(low), float(high)
