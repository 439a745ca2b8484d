"""Opens the controller of a site; errors of its model or saved memory do not prevent that."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from pipelines.config import Settings
from pipelines.control.controller import Controller
from pipelines.control.memory import Memory, MemoryFormatError
from pipelines.control.orders import Orders
from pipelines.control.setup import Parameters, parameters_of
from pipelines.errors import ColdaisleError
from pipelines.learning.cascade.bundle import load_cascade
from pipelines.learning.charges import CHAMPION, Alias
from pipelines.learning.twin.bundle import find_twin
from pipelines.operations.ledger import Operations
from pipelines.site.file import Site
from pipelines.telemetry.latest import Arrived
from pipelines.telemetry.readings import Readings

log = logging.getLogger(__name__)

NO_SETPOINTS = "the site file declares no setpoints; add [[setpoints]] for what may be chosen"
REMEMBERED = timedelta(hours=24)  # an older memory no longer describes the plant


def open_parameters(site: Site, settings: Settings, alias: Alias = CHAMPION) -> tuple[Parameters, str]:
    """Parameters of the site's control, and its model's version or why it has none."""
    if not site.setpoints:
        return parameters_of(site, None, why_none=NO_SETPOINTS), NO_SETPOINTS
    try:
        cascade, version = load_cascade(site, settings, alias)
    except ColdaisleError as error:
        log.warning("%s; the site's own rule decides", error)
        return parameters_of(site, None, why_none=str(error)), str(error)
    try:
        twin = find_twin(site, settings)
    except ColdaisleError as error:
        log.warning("%s; the controller runs without a second opinion", error)
        twin = None
    return parameters_of(site, cascade, twin=twin), version


def open_controller(
    site: Site,
    settings: Settings,
    orders: Callable[[], Orders] = Orders,
    *,
    memory: Memory | None = None,
) -> tuple[Controller, str]:
    """A controller that continues from `memory` or starts without one; and its model's version, or why it has none."""
    params, version = open_parameters(site, settings)
    return Controller(params, memory=memory, orders=orders), version


def take_in(controller: Controller, arrived: Arrived) -> Readings | None:
    """Let a controller remember the rows that arrived; the row to decide on, None where none is new and recent."""
    newest, taken_until = arrived.newest, controller.memory.newest_reading()
    for readings in arrived.rows:
        if readings is not newest and (taken_until is None or readings.at > taken_until):
            controller.remember(readings)
    return newest


def saved_memory(operations: Operations, at: datetime) -> Memory | None:
    """The memory that was saved with the last decision before `at`; None where there is none that is recent.

    Raises LedgerError where the ledger does not answer.
    """
    text = operations.load_memory()
    if text is None:
        return None
    try:
        memory = Memory.from_json(text)
    except MemoryFormatError as error:
        log.warning("%s", error)
        return None
    return memory if memory.is_recent(at, REMEMBERED) else None
