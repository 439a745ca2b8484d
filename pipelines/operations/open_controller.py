"""The controller of a site and home, whatever is wrong with its model."""

import logging
from collections.abc import Callable

from pipelines.config import Settings
from pipelines.control.controller import Controller
from pipelines.control.orders import Orders
from pipelines.errors import ColdaisleError
from pipelines.learning.cascade.bundle import load_control
from pipelines.learning.twin.bundle import find_twin
from pipelines.site.file import Site

log = logging.getLogger(__name__)


def open_controller(
    site: Site, settings: Settings, orders: Callable[[], Orders] = Orders
) -> tuple[Controller, str]:
    """A controller that has decided nothing yet, and its model's version or why it has none."""
    try:
        cascade, version = load_control(site, settings)
    except ColdaisleError as error:
        log.warning("%s; the site's own rule it is", error)
        return Controller(site, None, why_none=str(error), orders=orders), str(error)
    try:
        twin = find_twin(site, settings)
    except ColdaisleError as error:
        log.warning("%s; without a second opinion, then", error)
        twin = None
    return Controller(site, cascade, twin=twin, orders=orders), version
