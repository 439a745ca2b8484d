"""A cascade in the registry: to and from the files of a run."""

import tempfile
from pathlib import Path

from mlflow import MlflowClient

from models.cascade.cascade import Cascade
from models.cascade.saving import from_bytes, to_bytes
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.charges import CHAMPION, Alias
from pipelines.learning.registry import Files, Kind, champion_files, no_model
from pipelines.site.file import Site

KIND: Kind = "cascade"
FOLDER = "cascade"
_SERVED, _HELD_OUT = "cascade.msgpack", "held_out.msgpack"  # the second never saw the weeks held out


def load_cascade(site: Site, settings: Settings, alias: Alias = CHAMPION) -> tuple[Cascade, str]:
    """The cascade to serve and its version `<name>/<number>`; alias: `champion`, or `challenger` in a trial of both.

    Raises ModelError where there is none or it cannot be read, TrackingError where MLflow does not answer.
    """
    with champion_files(site, KIND, settings, alias) as files:
        if files is None:
            raise no_model(site, KIND)
        return read_cascade(files), files.version


def read_cascade(files: Files) -> Cascade:
    """The cascade to serve from a version's files. Raises ModelError where it is missing or cannot be read."""
    try:
        return from_bytes((files.folder / _SERVED).read_bytes())
    except (OSError, ValueError) as cause:
        raise ModelError(f"{files.version} cannot be read: {cause}; run: coldaisle train") from cause


def log_cascade(client: MlflowClient, run_id: str, cascade: Cascade, held_out: Cascade | None) -> None:
    """Log a cascade, and the one that never saw the weeks held out, to a run's folder `FOLDER`."""
    with tempfile.TemporaryDirectory() as folder:
        for name, each in ((_SERVED, cascade), (_HELD_OUT, held_out)):
            if each is not None:
                (Path(folder) / name).write_bytes(to_bytes(each))
        client.log_artifacts(run_id, folder, FOLDER)


def read_held_out(files: Files) -> Cascade:
    """The cascade that never saw the weeks held out. Raises ModelError where it is missing or cannot be read."""
    try:
        return from_bytes((files.folder / _HELD_OUT).read_bytes())
    except (OSError, ValueError) as cause:
        raise ModelError(f"the present champion cannot be judged ({cause})") from cause
