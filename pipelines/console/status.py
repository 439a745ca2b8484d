"""How a site is at this moment, for the strip on every page: data, loop, watchdog, mode, model, alarms."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pipelines.config import Settings
from pipelines.console.tables import Tables
from pipelines.errors import ColdaisleError
from pipelines.operations.alarms import Alarm, unacknowledged
from pipelines.operations.alarms.alarms import folded
from pipelines.operations.alive import Alive, alive
from pipelines.operations.ledger import DecisionRecord, Operations, Order
from pipelines.operations.standing_orders import Standing, standing
from pipelines.site.file import Site
from pipelines.telemetry.latest import allowed_age


@dataclass(frozen=True)
class Status:
    """A site at a time. data_end: end of the newest telemetry; None without any. fresh: recent enough to decide by.

    why_no_ledger: why the ledger does not answer, else empty; then nothing is known of orders and alarms.
    """

    at: datetime
    data_end: datetime | None
    fresh: bool
    loop: Alive
    watchdog: Alive
    standing: Standing = field(default_factory=Standing)
    orders: tuple[Order, ...] = ()
    latest: DecisionRecord | None = None
    model: str = ""
    alarms: tuple[Alarm, ...] = ()
    why_no_ledger: str = ""

    @property
    def data_age(self) -> timedelta | None:
        """Age of the newest telemetry."""
        return None if self.data_end is None else self.at - self.data_end

    @property
    def unacknowledged(self) -> list[Alarm]:
        """Alarms that nobody has acknowledged."""
        return unacknowledged(list(self.alarms))

    def why_no_accept(self) -> list[str]:
        """Why nothing may be accepted now, whatever is recommended."""
        reasons = [f"the ledger does not answer: {self.why_no_ledger}"] if self.why_no_ledger else []
        if self.data_end is None:
            reasons.append("there is no telemetry")
        elif not self.fresh:
            reasons.append("the telemetry is too old to decide by")
        if not self.loop.runs:
            reasons.append(
                f"the control loop does not run ({self.loop.condition}), so nothing would be written"
            )
        return reasons


def status_of(
    site: Site, settings: Settings, operations: Operations | None, now: datetime, why: str = ""
) -> Status:
    """A site's status. operations: None where the ledger does not answer, for the reason `why`. Never raises."""
    telemetry = Tables(settings, site.name).read("telemetry") or {}
    end = datetime.fromisoformat(telemetry["end"]) if telemetry.get("end") else None
    known = Status(
        at=now,
        data_end=end,
        fresh=end is not None and now - end <= allowed_age(site),
        loop=alive(settings, site.name, "loop", now),
        watchdog=alive(settings, site.name, "watchdog", now),
    )
    if operations is None:
        return replace(known, why_no_ledger=why)
    try:
        orders = operations.orders()
        latest = operations.latest_decision(now)
        alarms = folded(operations.alarm_rows(), orders)
    except ColdaisleError as error:
        return replace(known, why_no_ledger=str(error))
    model = latest.body.get("model") if latest else None
    return replace(
        known,
        standing=standing(orders, now),
        orders=tuple(orders),
        latest=latest,
        model=model if isinstance(model, str) else "",
        alarms=tuple(alarms),
    )
