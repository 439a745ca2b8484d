"""One training job, as every kind of model takes it."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from models.efficiency.training import FitConfig
from pipelines.config import Settings
from pipelines.site.file import Site
from pipelines.telemetry.running import Combinations

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """One training: what to learn from and how."""

    site: Site
    settings: Settings
    table: pd.DataFrame
    plant: pd.DataFrame
    combinations: Combinations
    fingerprint: str
    until: pd.Timestamp | None
    seed: int
    config: FitConfig | None
    warm: bool
    say: Progress
