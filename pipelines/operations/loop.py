"""The serving loop: read, decide, verify, write, record, save the memory. No error ends it."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.config import Settings
from pipelines.control.decision import Decision
from pipelines.control.orders import Orders
from pipelines.control.recommendation import Recommendation
from pipelines.errors import ColdaisleError
from pipelines.learning import charges
from pipelines.learning.charges import CHALLENGER, CHAMPION, Alias
from pipelines.operations.acceptance import accepted_goal, writable
from pipelines.operations.alarms import AlarmBook
from pipelines.operations.alarms.alarms import Severity
from pipelines.operations.decision_body import add_decision
from pipelines.operations.gateway import Gateway, Receipt
from pipelines.operations.ledger import LedgerError, Operations, Order
from pipelines.operations.ledger.tables import OrderKind
from pipelines.operations.open_controller import open_controller, open_parameters, saved_memory, take_in
from pipelines.operations.promotion import record_charges
from pipelines.operations.recommend import explained
from pipelines.operations.shadow import Shadow
from pipelines.operations.standing_orders import Standing, limits_by_tag, standing
from pipelines.operations.trial_orders import block_in_force
from pipelines.site.file import Site
from pipelines.telemetry.latest import StoreRows, allowed_age
from pipelines.telemetry.readings import Readings
from pipelines.telemetry.store import Store

log = logging.getLogger(__name__)

LEDGER_PATIENCE = timedelta(
    hours=1
)  # without a ledger there are no orders and no record: then the site's rule
VALID_STEPS = 2.5  # decisions for which written values stay valid
NO_CONTROL: tuple[OrderKind, ...] = (
    "acknowledge",
    "adjustment",
    "refuse",
    "what_if",
)  # wait for the next turn
CRITICAL = ("telemetry", "ledger", "gateway")  # causes of trouble that leave the plant without control


class Troubles:
    """What goes wrong in a turn, by cause; the causes are those of the alarms."""

    def __init__(self) -> None:
        self.by_cause: dict[str, str] = {}

    def add(self, cause: str, text: str) -> None:
        """One more."""
        self.by_cause[cause] = text

    @property
    def texts(self) -> tuple[str, ...]:
        """In words, first to last."""
        return tuple(self.by_cause.values())


@dataclass(frozen=True)
class Step:
    """Result of one turn of the loop.

    decision: its number in the ledger, None where it was not recorded. values, goal: by setpoint tag, canonical
    units. saving_kw: expected at the goal, None where the model did not decide. trouble: what went wrong in this
    turn.
    """

    at: datetime
    mode: str
    source: str
    reason: str
    values: dict[str, float]
    goal: dict[str, float]
    saving_kw: float | None
    written: dict[str, float]
    refused: tuple[str, ...]
    notices: tuple[str, ...]
    trouble: tuple[str, ...]
    decision: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a person or JSON."""
        return asdict(self)


class Server:
    """One site's loop. `operations` opens the ledger, again after an error."""

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
        self._open = operations or (lambda: Operations.of(settings, site.name))
        self._operations: Operations | None = None
        self.standing, self._accepted = Standing(), dict[str, float]()
        self._ledger_lost_at: datetime | None = None
        self.rows = StoreRows(site, Store(settings.store, site))
        self.controller, self.version = open_controller(site, settings, self._orders)
        self._tags = {site.setpoint_name(setpoint): setpoint.tag for setpoint in site.setpoints}
        self._in_charge: Alias = CHAMPION
        self._charges = self._present()
        self._shadow = Shadow(site, settings)
        self._started = self._wrote = False
        self._read_until = 0  # number of the newest order that was read
        self._newest: Readings | None = None
        self._alarms = AlarmBook(settings, site.name, "serve")

    def step(self, now: datetime) -> Step:
        """Decide at `now`, write what the mode allows, record it."""
        trouble = Troubles()
        self._renew(trouble)
        self._read_orders(now, trouble)
        self._restore(now, trouble)
        readings = self._read_rows(now, trouble)
        before = self.controller.memory
        decision = self.controller.decide(readings, now)
        receipt = self._write(now, decision, readings, trouble)
        if receipt is None or not receipt.written.values:
            self.controller.not_written()
        step = self._record(
            Step(
                at=now,
                mode=self.standing.mode,
                source=decision.source,
                reason=decision.reason,
                values=self._by_tag(decision.values),
                goal=self._by_tag(decision.goal),
                saving_kw=decision.expected.saving_kw
                if decision.expected and decision.source == "model"
                else None,
                written=receipt.written.values if receipt else {},
                refused=receipt.refused if receipt else (),
                notices=decision.notices,
                trouble=trouble.texts,
            ),
            decision,
            trouble,
        )
        if step.decision is not None and self._operations is not None and self._in_charge == CHAMPION:
            self._shadow.follow(
                self._operations, step.decision, before, readings, now, self.controller.in_force
            )
        return step

    def _orders(self) -> Orders:
        return self.standing.orders(self._accepted)

    def _by_tag(self, values: dict[str, float]) -> dict[str, float]:
        return {self._tags[name]: value for name, value in values.items()}

    def _read_orders(self, now: datetime, trouble: Troubles) -> None:
        try:
            operations = self._ledger()
            orders = operations.orders()
            self._read_until = max((one.id for one in orders if one.kind not in NO_CONTROL), default=0)
            self.standing = standing(orders, now)
            self._accepted = accepted_goal(operations, self.standing)
            self._ledger_lost_at = None
            self.controller.without_model = self._follow_trial(orders, now, trouble)
        except LedgerError as error:
            self._operations = None
            self._ledger_lost_at = min(self._ledger_lost_at or now, now)
            trouble.add("ledger", f"{error}; the last known orders apply")
            if now - self._ledger_lost_at > LEDGER_PATIENCE:
                self.controller.without_model = "the ledger has not answered for over an hour"

    def _follow_trial(self, orders: list[Order], now: datetime, trouble: Troubles) -> str:
        """Put the arm of a trial that is under way in charge; why the model may not decide, empty where it may."""
        in_force = block_in_force(orders, now) if self.standing.mode == "auto" else None
        arm = in_force[1].arm if in_force else CHAMPION
        self._take_charge(CHALLENGER if arm == CHALLENGER else CHAMPION, trouble)
        if in_force is None or arm != "off":
            return ""
        started, block = in_force
        return f"trial {started.plan.name}: control is off until {block.end:%Y-%m-%d %H:%M} UTC"

    def _renew(self, trouble: Troubles) -> None:
        """Take the version that is in charge now: a promotion or a rollback takes effect here, without the ledger."""
        there = self._present()
        if there == self._charges and self._started:
            return
        if there != self._charges:
            before, self._charges = self.version, there
            self._load(self._in_charge, trouble)
            log.info("%s decides, %s did before", self.version, before)
        try:
            record_charges(self._ledger(), self.site, self.settings)
        except LedgerError as error:  # recorded by whoever looks next
            log.warning("who put the model in charge is not recorded yet: %s", error)

    def _take_charge(self, alias: Alias, trouble: Troubles) -> None:
        """Let the version of an alias decide, as a trial asks."""
        if alias != self._in_charge:
            self._load(alias, trouble)

    def _load(self, alias: Alias, trouble: Troubles) -> None:
        """Let the version of an alias decide; where it cannot be loaded the model that decided before goes on."""
        params, version = open_parameters(self.site, self.settings, alias)
        if params.model is None and self.controller.params.model is not None:
            instead = "the champion" if alias == CHALLENGER else self.version
            trouble.add(alias, f"the {alias} cannot decide: {version}; {instead} goes on")
            return
        self.controller.params, self.version, self._in_charge = params, version, alias

    def _present(self) -> dict[str, int | None]:
        """Numbers of the charges that the controller depends on."""
        found = {
            kind: charges.present(self.settings, self.site.name, kind, CHAMPION)
            for kind in ("cascade", "twin")
        }
        return {kind: charge.number if charge else None for kind, charge in found.items()}

    def _restore(self, now: datetime, trouble: Troubles) -> None:
        """At the first turn: restore the memory that was saved with the last decision."""
        if self._started:
            return
        try:
            memory = saved_memory(self._ledger(), now)
        except LedgerError as error:
            self._operations = None
            trouble.add("ledger", f"{error}; the controller starts without its memory")
            memory = None
        self._started = True
        if memory is not None:
            self.controller.memory = memory

    def _read_rows(self, now: datetime, trouble: Troubles) -> Readings | None:
        """Remember the rows that arrived; the row to decide on, None where none is new and recent."""
        try:
            arrived = self.rows.arrived(now)
        except (ColdaisleError, OSError) as error:
            trouble.add("telemetry", f"no telemetry can be read: {error}")
            return None
        if arrived.stale_for is not None:
            trouble.add("telemetry", f"the newest telemetry is {arrived.stale_for} old")
        newest = take_in(self.controller, arrived)
        if newest is None and self._newest is not None and now - self._newest.at <= allowed_age(self.site):
            return (
                self._newest
            )  # a turn between two rows, by an order or because turns are more frequent than rows
        self._newest = newest
        return newest

    def _write(
        self, now: datetime, decision: Decision, readings: Readings | None, trouble: Troubles
    ) -> Receipt | None:
        values = self._writable(decision, trouble)
        if values is not None and self._ended(now):
            values = None
        try:
            if values is None:
                if self._wrote or self.gateway.last() is not None:
                    self.gateway.release(at=now, reason=f"mode {self.standing.mode}")
                    self._wrote = False
                return None
            receipt = self.gateway.write(
                values,
                at=now,
                valid_for=VALID_STEPS * self.every,
                source="coldaisle",
                reason=decision.reason,
                present=self._read_back(readings),
                limits=self._limits,
            )
        except (ColdaisleError, OSError) as error:
            trouble.add("gateway", f"nothing was written: {error}")
            return None
        self._wrote = True
        return receipt

    def _writable(self, decision: Decision, trouble: Troubles) -> dict[str, float] | None:
        """Values by tag that the mode allows to write; None where nothing is to be written."""
        if self.standing.mode == "auto":
            return self._by_tag(decision.values)
        if self.standing.mode != "advise" or not self._accepted:
            return None
        step = writable(self.site, decision, self._accepted)
        if step.values is None:
            trouble.add("acceptance", step.why)
        return step.values

    def _ended(self, at: datetime) -> bool:
        """Whether a person has ended what is written while the decision was made."""
        try:
            now = standing(self._ledger().orders(), at)
        except LedgerError:
            return False
        return now.mode == "shadow" or (now.mode == "advise" and now.accepted is None and now.hold is None)

    def _limits(self) -> dict[str, tuple[float, float]]:
        """Limits at the moment of writing: an operator may have changed them while the decision was made."""
        try:
            orders = standing(self._ledger().orders(), datetime.now(UTC)).orders()
        except LedgerError:
            orders = self.standing.orders()
        return limits_by_tag(self.site, orders)

    def _read_back(self, readings: Readings | None) -> dict[str, float]:
        """Setpoints as read, by tag, canonical units."""
        values = readings.values if readings else {}
        columns = {setpoint.tag: self.site.by_tag[setpoint.tag].column for setpoint in self.site.setpoints}
        return {tag: values[column] for tag, column in columns.items() if column in values}

    def _record(self, step: Step, decision: Decision, trouble: Troubles) -> Step:
        for text in step.trouble:
            log.warning("%s %s", step.at, text)
        self._alarms.report(self._wrong(step, trouble), about="turn: ")
        try:
            operations = self._ledger()
            number = add_decision(
                operations,
                self.site,
                decision,
                step.at,
                model=self.version,
                recommendation=self._explained(step.at, decision),
                written=step.written,
                refused=step.refused,
                trouble=step.trouble,
            )
            operations.save_memory(at=step.at, decision=number, body=self.controller.memory.to_json())
        except LedgerError as error:
            self._operations = None
            log.error("%s the decision is not recorded: %s", step.at, error)
            return step
        return replace(step, decision=number)

    def _wrong(self, step: Step, trouble: Troubles) -> dict[str, tuple[Severity, str]]:
        """Alarms of a turn, by cause."""
        wrong: dict[str, tuple[Severity, str]] = {
            f"turn: {cause}": ("critical" if cause in CRITICAL else "warning", text)
            for cause, text in trouble.by_cause.items()
        }
        if step.source == "monitor":
            wrong["turn: monitor"] = ("critical", step.reason)
        elif step.source == "rule" and self.site.setpoints and not self.controller.without_model:
            wrong["turn: model"] = ("warning", step.reason)
        if step.refused:
            wrong["turn: refused"] = ("critical", "; ".join(step.refused))
        return wrong

    def was_ordered(self) -> bool:
        """Whether an order was given since the last turn; False where the ledger does not answer."""
        try:
            return self._ledger().newest_order(NO_CONTROL) != self._read_until
        except LedgerError:
            self._operations = None
            return False

    def _explained(self, at: datetime, decision: Decision) -> Recommendation | None:
        """In mode `advise` the decision as a recommendation with its evidence; None in the others."""
        if self.standing.mode != "advise":
            return None
        try:
            return explained(
                self.site, self.settings, self.controller, decision, at, self.version, self._orders(),
                rejected=self.standing.rejected,
            )  # fmt: skip
        except Exception:  # an explanation that fails must not end the turn
            log.exception("%s the decision cannot be explained", at)
            return None

    def _ledger(self) -> Operations:
        if self._operations is None:
            self._operations = self._open()
        return self._operations
