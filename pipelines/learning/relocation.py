"""A home may be moved: the absolute addresses that MLflow keeps are put right when it is opened elsewhere."""

import logging
import sqlite3
from contextlib import closing

from pipelines.config import Settings

log = logging.getLogger(__name__)

FOLDER = "/mlartifacts"  # with which the address of every experiment of a home ends
# Where MLflow keeps addresses below that of an experiment.
KEPT_IN = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
)


def relocate(settings: Settings) -> None:
    """Make the addresses in the home's own MLflow those of where the home lies now.

    Only where MLflow is in the home and its files lie there, too. A database that is locked or of another version is
    left as it is: the files are then reported as gone by whoever wants them.
    """
    path = settings.home / "mlflow.db"
    if settings.mlflow_uri is not None or not path.exists() or not settings.artifacts.is_dir():
        return
    here = settings.artifacts.resolve().as_uri()
    try:
        with closing(sqlite3.connect(path, timeout=10.0)) as database, database:
            for before in _elsewhere(database, here):
                _move(database, before, here)
                log.warning("the models of this home were at %s and are at %s now", before, here)
    except sqlite3.DatabaseError as error:
        log.debug("the addresses in %s are left as they are: %s", path, error)


def _elsewhere(database: sqlite3.Connection, here: str) -> list[str]:
    rows = database.execute(
        "SELECT DISTINCT artifact_location FROM experiments WHERE artifact_location LIKE ?",
        (f"file:%{FOLDER}",),
    )
    return [address for (address,) in rows if address != here]


def _move(database: sqlite3.Connection, before: str, here: str) -> None:
    for table, column in KEPT_IN:
        known = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
        if column in known:
            database.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE {column} = ? OR {column} LIKE ? || '/%'",
                (here, len(before) + 1, before, before),
            )
