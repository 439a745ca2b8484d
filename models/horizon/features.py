"""What each row knows of a target's next hours, as numbers for regressions."""

from dataclasses import dataclass

import numpy as np

from models.horizon.record import DAY_H, WEEK_H, Array, Record
from models.horizon.series import earlier, last_known, seasonal, trailing_mean
from models.horizon.steady import Curve

PRESENT_H = 1.0  # a reading this old still is the present one
SETPOINT_H = 6.0  # setpoints stay where they are, so an older reading of one still holds
TRENDS_H, MEANS_H = (1.0, 3.0), (3.0, DAY_H)


@dataclass(frozen=True)
class Basis:
    """What does not depend on the lead or on anything learned: common (n, c) with its names.

    measured (n,): the target as read. now (n,): its present value, NaN where it was not read for PRESENT_H.
    drivers: present values. steady_inputs (n, k): of the curve.
    """

    record: Record
    target: str
    measured: Array
    now: Array
    drivers: dict[str, Array]
    steady_inputs: Array
    common: Array
    names: tuple[str, ...]


def basis(record: Record, target: str) -> Basis:
    """The basis of one target."""
    present = {
        name: last_known(values, record.rows_in(PRESENT_H)) for name, values in record.readings.items()
    }
    held = [last_known(record.readings[name], record.rows_in(SETPOINT_H)) for name in record.setpoints]
    drivers = {name: present[name] for name in record.drivers}
    columns = {f"{name} now": values for name, values in present.items()}
    for name in dict.fromkeys((target, *record.drivers, *record.targets)):
        columns |= _trends(record, name, present[name])
    return Basis(
        record,
        target,
        record.readings[target],
        present[target],
        drivers,
        np.column_stack([*drivers.values(), *held]),
        np.column_stack(list(columns.values())),
        tuple(columns),
    )


def _trends(record: Record, name: str, values: Array) -> dict[str, Array]:
    """The present value less earlier ones and less recent means."""
    before = {"interval": 1, "day": record.rows_in(DAY_H), "week": record.rows_in(WEEK_H)}
    before |= {f"{hours:g} h": record.rows_in(hours) for hours in TRENDS_H}
    trends = {f"{name} less {label} before": values - earlier(values, rows) for label, rows in before.items()}
    means = {
        f"{name} less mean of {hours:g} h": values - trailing_mean(values, record.rows_in(hours))
        for hours in MEANS_H
    }
    return trends | means


def expected(of: Basis, lead_min: float, shares: dict[str, float]) -> dict[str, Array]:
    """Each driver's value (n,) expected `lead_min` ahead: the site's forecast as far as it reaches, else seasonal."""
    record, ahead = of.record, {}
    for name, season_h in record.drivers.items():
        now, lead = of.drivers[name], record.rows_in(lead_min / 60.0)
        ahead[name] = seasonal(now, record.rows_in(season_h), lead, shares[name])
        if name in record.recorded:
            forecast, reach_h = record.recorded[name]
            way = lead_min / 60.0 / reach_h
            if way <= 1.0:
                told = now + way * (forecast - now)
                ahead[name] = np.where(np.isfinite(told), told, ahead[name])
    return ahead


def steady_pair(of: Basis, curve: Curve, ahead: dict[str, Array]) -> tuple[Array, Array]:
    """The curve at present and at the drivers expected, with setpoints as they stand: (n,) each."""
    later = of.steady_inputs.copy()
    later[:, : len(ahead)] = np.column_stack(list(ahead.values()))
    return curve(of.steady_inputs), curve(later)


def at_lead(
    of: Basis, lead_min: float, ahead: dict[str, Array], simple: dict[str, Array], steady: tuple[Array, Array]
) -> Array:
    """Features (n, c + a) for one lead: the common ones, and what is expected at the time asked for.

    simple: forecasts (n,) of the target by the simple candidates. steady: of `steady_pair`.
    """
    record, now = of.record, of.now
    lead, day, week = (record.rows_in(hours) for hours in (lead_min / 60.0, DAY_H, WEEK_H))
    hour = record.solar_hours + lead_min / 60.0
    angle = 2.0 * np.pi * hour / DAY_H
    columns = [values - of.drivers[name] for name, values in ahead.items()]
    columns += [values - now for values in simple.values()]
    columns += [earlier(now, season - lead) - now for season in (day, week)]
    columns += [now - steady[0], steady[1] - steady[0]]
    columns += [wave(turn * angle) for turn in (1, 2) for wave in (np.sin, np.cos)]
    columns.append((hour % WEEK_H >= 5 * DAY_H).astype(float))
    return np.column_stack([of.common, *columns])
