"""A control model in the registry: to and from bytes."""

from models.cascade.cascade import Cascade
from models.cascade.saving import from_bytes
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.registry import artifacts_of, never_trained
from pipelines.learning.tracking import tracking
from pipelines.site.file import Site

KIND = "control"
_FILE, _BLIND = "cascade.msgpack", "held_out.msgpack"  # the second never saw the weeks held out


def control_name(site: Site) -> str:
    """Name of a site's control model in the registry."""
    return f"coldaisle.{site.name}.{KIND}"


def load_cascade(site: Site, settings: Settings) -> tuple[Cascade, str]:
    """The control model to serve and its version. Raises ModelError where there is none or it cannot be read."""
    remedy = f"run: coldaisle train --site {site.name}"
    if never_trained(settings):
        raise ModelError(f'site "{site.name}" has no control model yet; {remedy}')
    with tracking(settings) as client, artifacts_of(client, control_name(site), settings) as found:
        if found is None:
            raise ModelError(f'site "{site.name}" has no control model yet; {remedy}')
        folder, version = found
        try:
            return from_bytes((folder / _FILE).read_bytes()), version
        except (OSError, ValueError) as cause:
            raise ModelError(f"control model {version} cannot be read: {cause}; {remedy}") from cause
