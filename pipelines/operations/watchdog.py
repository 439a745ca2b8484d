"""The watchdog: a process that without the control loop's heartbeats it moves the plant to the site's rule.

It imports no model and no JAX, reads no decision, and uses only its own clock. It acts only where coldaisle has
setpoints in force at the gateway, so never in mode shadow.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from models.safety.backup import backup
from models.safety.transfer import most_move, towards
from pipelines.config import Settings
from pipelines.control.orders import Orders, bounds_of
from pipelines.errors import ColdaisleError
from pipelines.operations.alarms import AlarmBook
from pipelines.operations.alive import EVERY_S, Sign
from pipelines.operations.gateway import Gateway
from pipelines.operations.heartbeat import Ear
from pipelines.operations.ledger import Operations
from pipelines.operations.standing_orders import limits_by_tag, standing
from pipelines.site.file import Site
from pipelines.site.rule import resets_of
from pipelines.site.setpoints import Settable
from pipelines.telemetry.latest import StoreRows
from pipelines.telemetry.plant_table import row_quantities
from pipelines.telemetry.store import Store

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)  # a step towards the rule
VALID_FOR = timedelta(minutes=30)


class Watchdog:
    """Watches one site."""

    def __init__(self, site: Site, settings: Settings, gateway: Gateway) -> None:
        self.site, self.settings, self.gateway = site, settings, gateway
        self.alarmed = False
        self._stepped_at: datetime | None = None
        self._orders = Orders(mode="auto")
        self._alarms = AlarmBook(settings, site.name, "watchdog")

    def look(self, silent_s: float, now: datetime) -> None:
        """Act on the time since the last heartbeat, s."""
        if silent_s <= self.site.safety.heartbeat_timeout_s:
            if self.alarmed:
                self._tell("heartbeats are back: the control loop is in charge again")
                self._alarms.report({})
            self.alarmed, self._stepped_at = False, None
            return
        if not self.alarmed:
            self.alarmed = True
            text = f"no heartbeat for {silent_s:.0f} s: to the site's own rule"
            self._tell(text)
            self._alarms.report({"heartbeat": ("critical", text)})
        if self._stepped_at is None or not timedelta(0) <= now - self._stepped_at < EVERY:
            self._stepped_at = now
            self._step(now)

    def _step(self, now: datetime) -> None:
        try:
            last = self.gateway.last()
            if last is None:
                return
            settable, orders = Settable.of(self.site), self._ordered(now)
            bounds = bounds_of(self.site, settable, orders)
            tags = [tag.tag for tag in settable.tags]
            present = np.array(
                [last.decided.get(tag, d) for tag, d in zip(tags, settable.default, strict=True)]
            )
            rule = backup(bounds, resets_of(self.site), self._known(now))
            # Overrides stay in force.
            goal = np.array([orders.overrides.get(tag, value) for tag, value in zip(tags, rule, strict=True)])
            values = towards(bounds, present, goal, most_move(bounds, (now - last.at) / timedelta(hours=1)))
            receipt = self.gateway.write(
                dict(zip(tags, values.tolist(), strict=True)),
                at=now,  # after a clock set back the first step does not move, the next ones do
                valid_for=VALID_FOR,
                source="watchdog",
                reason="no heartbeat of the control loop: the site's own rule",
                present={},
                limits=lambda: limits_by_tag(self.site, orders),
            )
            for refused in receipt.refused:
                self._tell(refused)
        except (ColdaisleError, OSError) as error:
            self._tell(f"the fall-back was not written: {error}")

    def _ordered(self, now: datetime) -> Orders:
        """Limits and overrides in force; the last known ones where the ledger does not answer."""
        try:
            in_force = standing(Operations.of(self.settings, self.site.name).orders(), now)
            self._orders = replace(in_force.orders(), mode="auto")
        except ColdaisleError as error:
            log.warning("%s; the last known orders apply", error)
        return self._orders

    def _known(self, now: datetime) -> dict[str, float]:
        """Newest readings for the rule's resets; nothing where the store does not give them."""
        if not self.site.safety.resets:
            return {}
        try:
            arrived = StoreRows(self.site, Store(self.settings.store, self.site)).arrived(now)
            return row_quantities(self.site, arrived.newest.values) if arrived.newest else {}
        except (ColdaisleError, OSError) as error:
            log.warning("the rule's readings are not known (%s): defaults", error)
            return {}

    def _tell(self, text: str) -> None:
        log.warning(text)
        try:
            Operations.of(self.settings, self.site.name).add_event("watchdog", text)
        except ColdaisleError as error:  # the watchdog works without a ledger
            log.error("not recorded: %s", error)


def watch(
    watchdog: Watchdog,
    ear: Ear,
    *,
    stop: threading.Event,
    every_s: float = 1.0,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Wait for heartbeats and check them until `stop` is set."""
    sign = Sign(watchdog.settings, watchdog.site.name, "watchdog")
    shown_at = -math.inf
    while not stop.is_set():
        ear.listen(every_s)
        watchdog.look(ear.silent_s(), clock())
        if time.monotonic() - shown_at >= EVERY_S:
            sign.show("well", "no heartbeat: the site's own rule" if watchdog.alarmed else "")
            shown_at = time.monotonic()
    sign.show("stopped", "ended in order")
