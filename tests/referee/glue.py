"""For a judge outside the project: `make()` builds the controller of the site and home named by the environment.

COLDAISLE_SITE is a site's name or the path of its file, COLDAISLE_HOME where its telemetry and models are.
"""

import logging
import os

from pipelines.config import settings
from pipelines.control.controller import Controller
from pipelines.control.registry import load_control
from pipelines.errors import ModelError
from pipelines.site import find_site
from pipelines.twin.registry import find_twin

log = logging.getLogger(__name__)


def make() -> Controller:
    """A controller that has decided nothing yet. Without a control model it goes to the site's default setpoints."""
    home = settings()
    site = find_site(os.environ["COLDAISLE_SITE"], home)
    try:
        cascade, _ = load_control(site, home)
    except ModelError as error:
        log.warning("%s; the site's default setpoints it is", error)
        return Controller(site, None)
    try:
        twin = find_twin(site, home)
    except ModelError as error:
        log.warning("%s; without a second opinion, then", error)
        twin = None
    return Controller(site, cascade, twin=twin)
