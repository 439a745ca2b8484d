"""The serving loop: read, decide, verify, write, record, beat. Nothing that goes wrong ends it."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.config import Settings
from pipelines.control.orders import Orders
from pipelines.errors import ColdaisleError
from pipelines.operations.acceptance import accepted_goal
from pipelines.operations.gateway import Gateway, Receipt
from pipelines.operations.ledger import LedgerError, Operations
from pipelines.operations.open_controller import open_controller
from pipelines.operations.standing_orders import Standing, limits_by_tag, standing
from pipelines.site.file import Site
from pipelines.site.tags import setpoint_tags
from pipelines.telemetry.latest import StoreRows
from pipelines.telemetry.store import Store

log = logging.getLogger(__name__)

LEDGER_PATIENCE = timedelta(
    hours=1
)  # without a ledger nobody can order or prove anything: then the site's rule
VALID_STEPS = 2.5  # decisions for which what was written holds


@dataclass(frozen=True)
class Step:
    """What one turn of the loop came to. trouble: what went wrong on the way, in words; empty where nothing did."""

    at: datetime
    mode: str
    source: str
    reason: str
    values: dict[str, float]
    written: dict[str, float]
    refused: tuple[str, ...]
    notices: tuple[str, ...]
    trouble: tuple[str, ...]
    decision: int | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Server:
    """One site's loop. `operations` opens the ledger; it is opened anew where it was away."""

    def __init__(
        self,
        site: Site,
        settings: Settings,
        gateway: Gateway,
        *,
        every: timedelta,
        operations: Callable[[], Operations] | None = None,
    ) -> None:
        self.site, self.settings, self.gateway, self.every = site, settings, gateway, every
        self._open = operations or (lambda: Operations(settings.ledger, site.name))
        self._operations: Operations | None = None
        self.standing, self._accepted = Standing(), dict[str, float]()
        self._ledger_lost_at: datetime | None = None
        self.rows = StoreRows(site, Store(settings.store, site))
        self.controller, self.version = open_controller(site, settings, self._orders)
        self._tags = {site.setpoint_name(setpoint): tag.tag for setpoint, tag in setpoint_tags(site)}
        self._wrote = False

    def step(self, now: datetime) -> Step:
        """Decide at `now`, write what the mode allows, record it."""
        trouble: list[str] = []
        self._read_orders(now, trouble)
        row = self._read_rows(now, trouble)
        self.controller.decide(row, now)
        decision = self.controller.last
        values = {self._tags[name]: value for name, value in decision.values.items()}
        receipt = self._write(now, values, row, trouble)
        if receipt is None:
            self.controller.stood_aside()
        step = Step(
            at=now,
            mode=self.standing.mode,
            source=decision.source,
            reason=decision.reason,
            values=values,
            written=receipt.written.values if receipt else {},
            refused=receipt.refused if receipt else (),
            notices=decision.notices,
            trouble=tuple(trouble),
            decision=None,
        )
        return self._record(step)

    def _orders(self) -> Orders:
        return self.standing.orders(self._accepted)

    def _read_orders(self, now: datetime, trouble: list[str]) -> None:
        try:
            operations = self._ledger()
            self.standing = standing(operations.orders(), now)
            self._accepted = accepted_goal(operations, self.standing)
            self._ledger_lost_at, self.controller.without_model = None, ""
        except LedgerError as error:
            self._operations = None
            self._ledger_lost_at = min(self._ledger_lost_at or now, now)
            trouble.append(f"{error}; the orders known last hold")
            if now - self._ledger_lost_at > LEDGER_PATIENCE:
                self.controller.without_model = "the ledger has been away for over an hour"

    def _read_rows(self, now: datetime, trouble: list[str]) -> dict[str, Any]:
        try:
            arrived = self.rows.arrived(now)
        except (ColdaisleError, OSError) as error:
            trouble.append(f"no telemetry can be read: {error}")
            return {}
        if arrived.stale_for is not None:
            trouble.append(f"the newest telemetry is {arrived.stale_for} old")
        decided_by = arrived.newest
        for at, row in arrived.rows[: -1 if decided_by else None]:
            self.controller.remember(row, at)
        return decided_by

    def _write(
        self, now: datetime, values: dict[str, float], row: dict[str, Any], trouble: list[str]
    ) -> Receipt | None:
        writes = self.standing.mode == "auto" or bool(self._accepted)
        try:
            if not writes:
                if self._wrote or self.gateway.last() is not None:
                    self.gateway.release(at=now, reason=f"mode {self.standing.mode}")
                    self._wrote = False
                return None
            receipt = self.gateway.write(
                values,
                at=now,
                valid_for=VALID_STEPS * self.every,
                source="coldaisle",
                reason=self.controller.last.reason,
                present=self._present(row),
                limits=self._limits_now,
            )
        except (ColdaisleError, OSError) as error:
            trouble.append(f"setpoints were not written: {error}")
            return None
        self._wrote = True
        return receipt

    def _limits_now(self) -> dict[str, tuple[float, float]]:
        """Limits at the moment of writing: an operator may have changed them while the decision was made."""
        try:
            orders = standing(self._ledger().orders(), datetime.now(UTC)).orders()
        except LedgerError:
            orders = self.standing.orders()
        return limits_by_tag(self.site, orders)

    def _present(self, row: dict[str, Any]) -> dict[str, float]:
        read = {tag.tag: tag.canonical(row.get(tag.tag)) for _, tag in setpoint_tags(self.site)}
        return {tag: value for tag, value in read.items() if value == value}

    def _record(self, step: Step) -> Step:
        decision = self.controller.last
        body = step.as_dict() | {
            "goal": {self._tags[name]: value for name, value in decision.goal.items()},
            "clips": [str(clip) for clip in decision.clips],
            "model": self.version,
        }
        for name in ("at", "mode", "source", "reason", "decision"):
            del body[name]
        for text in step.trouble:
            log.warning("%s %s", step.at, text)
        try:
            number = self._ledger().add_decision(
                at=step.at,
                mode=step.mode,
                source=step.source,
                reason=step.reason,
                written=bool(step.written),
                body=body,
            )
        except LedgerError as error:
            self._operations = None
            log.error("%s the decision is in no ledger: %s", step.at, error)
            return step
        return Step(**(step.as_dict() | {"decision": number}))

    def _ledger(self) -> Operations:
        if self._operations is None:
            self._operations = self._open()
        return self._operations
