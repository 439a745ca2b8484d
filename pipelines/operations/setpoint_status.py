"""State of each setpoint: reading, override and whether the mode carries it out, value last written."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from pipelines.config import Settings
from pipelines.control.decision import Mode
from pipelines.errors import ColdaisleError
from pipelines.operations.gateway import Gateway, Written
from pipelines.operations.ledger import Order
from pipelines.operations.standing_orders import Standing, limits_by_tag
from pipelines.site.file import Site
from pipelines.telemetry.store import Store

SEARCHED = timedelta(days=1)  # before the end of the telemetry, for a setpoint's last reading


@dataclass(frozen=True)
class SetpointStatus:
    """One setpoint, canonical units; None where there is none.

    reading, read_at: last reading and its time. low, high: limits in force, narrowed by `narrowed`. override: ordered;
    carried_out: whether the present mode writes it. written, until: value last written and the end of its validity.
    """

    tag: str
    reading: float | None
    read_at: datetime | None
    low: float
    high: float
    narrowed: Order | None
    override: Order | None
    carried_out: bool
    written: float | None
    until: datetime | None


def setpoint_status(
    site: Site, settings: Settings, now: Standing, gateway: Gateway, at: datetime
) -> tuple[list[SetpointStatus], list[str]]:
    """State of the site's setpoints at a time, and what could not be read."""
    readings, unread = _readings(site, settings)
    written, damaged = _written(gateway, at)
    limits = limits_by_tag(site, now.orders())
    status = [
        SetpointStatus(
            tag=setpoint.tag,
            reading=readings.get(setpoint.tag, (None, None))[0],
            read_at=readings.get(setpoint.tag, (None, None))[1],
            low=limits[setpoint.tag][0],
            high=limits[setpoint.tag][1],
            narrowed=now.limits.get(setpoint.tag),
            override=now.overrides.get(setpoint.tag),
            carried_out=setpoint.tag in now.overrides and now.mode == "auto",
            written=written.values.get(setpoint.tag) if written else None,
            until=written.valid_until if written and setpoint.tag in written.values else None,
        )
        for setpoint in site.setpoints
    ]
    return status, [*unread, *damaged, *now.ignored(site)]


def present_values(status: list[SetpointStatus]) -> dict[str, float]:
    """Value of each setpoint by tag: as last written and in force, else as read; without those that have neither."""
    values = {one.tag: one.reading if one.written is None else one.written for one in status}
    return {tag: value for tag, value in values.items() if value is not None}


def override_effect(mode: Mode) -> str:
    """Effect of an override in a mode, in words."""
    return {
        "shadow": "mode shadow writes nothing: it is carried out once the mode is auto",
        "advise": "mode advise writes accepted recommendations only: it is carried out once the mode is auto",
        "auto": "it is carried out from the next decision on, at the setpoint's slew rate",
    }[mode]


def _readings(site: Site, settings: Settings) -> tuple[dict[str, tuple[float, datetime]], list[str]]:
    """Last reading of every setpoint's tag and the end of its interval."""
    store = Store(settings.store, site)
    try:
        span = store.span()
        table = store.read(start=span[1] - SEARCHED, end=span[1]) if span else pd.DataFrame()
    except (ColdaisleError, OSError) as error:
        return {}, [f"no telemetry can be read: {error}"]
    readings = {}
    for setpoint in site.setpoints:
        column = site.by_tag[setpoint.tag].column
        values = table[column].dropna() if column in table else pd.Series(dtype=float)
        if len(values):
            readings[setpoint.tag] = (
                float(values.iloc[-1]),
                (values.index[-1] + site.interval).to_pydatetime(),
            )
    return readings, []


def _written(gateway: Gateway, at: datetime) -> tuple[Written | None, list[str]]:
    """What was written and has not expired."""
    try:
        written = gateway.last()
    except (ColdaisleError, OSError) as error:
        return None, [str(error)]
    return (written if written and written.valid_until > at else None), []
