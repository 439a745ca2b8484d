"""For a judge outside the project: `make()` builds the controller of the site and home named by the environment.

COLDAISLE_SITE is a site's name or the path of its file, COLDAISLE_HOME where its telemetry and models are.
"""

import os

from pipelines.config import settings
from pipelines.operations.open_controller import open_controller
from pipelines.operations.tag_controller import TagController
from pipelines.site.file import find_site


def make() -> TagController:
    """A controller that has decided nothing yet. Without a control model it goes to the site's own rule."""
    home = settings()
    controller, _ = open_controller(find_site(os.environ["COLDAISLE_SITE"], home), home)
    return TagController(controller)
