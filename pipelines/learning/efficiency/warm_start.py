"""Whether training can start from the last champion, or why it starts cold."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models.efficiency.model import PlantModel
from models.efficiency.rows import Rows
from models.efficiency.training import FitConfig
from models.efficiency.warm_start import why_cold
from pipelines.learning.efficiency.bundle import Bundle
from pipelines.learning.efficiency.dataset import Dataset

SERVED, HELD_OUT_MODEL = "served", "held_out"  # the second never sees the rows held out


@dataclass(frozen=True)
class Start:
    """Rows of the served and of the held-out model, and the models that their networks start from; None where cold.

    why: in words.
    """

    rows: dict[str, Rows]
    models: dict[str, PlantModel | None]
    why: str


def start(
    data: Dataset, held_out: np.ndarray, config: FitConfig, present: Bundle | None, *, cold: str | None = None
) -> Start:
    """How to start on `data`; the held-out model does not see `held_out` (n,). cold: a reason for a cold start."""
    kept = {SERVED: np.ones(len(data.rows), bool), HELD_OUT_MODEL: ~held_out}
    rows = {name: data.rows.where(mask) for name, mask in kept.items()}
    if present is None or cold:
        return Start(rows, dict.fromkeys(kept), f"cold: {cold or 'there is no champion yet'}")
    version = present.served.version
    reason = why_cold(present.served, data.rows, config)
    if reason is None:
        stretches = {name: _stretches(present, name, data.index[mask]) for name, mask in kept.items()}
        if all(stretches.values()):
            warm_rows = {name: replace(rows[name], stretches=stretches[name]) for name in kept}
            return Start(
                warm_rows, {SERVED: present.served, HELD_OUT_MODEL: present.held_out}, f"warm, from {version}"
            )
        reason = "the record that it was learned from has changed"
    return Start(rows, dict.fromkeys(kept), f"cold: {reason} ({version})")


def described(data: Dataset, held_out: np.ndarray, begun: Start) -> dict[str, dict]:
    """What the next warm start needs of this one: the time of the last row and the stretches, of both models."""
    ends = {SERVED: data.index[-1], HELD_OUT_MODEL: data.index[~held_out][-1]}
    return {
        name: {
            "until": end.isoformat(),
            "stretches": list(begun.rows[name].stretches or (len(begun.rows[name]),)),
        }
        for name, end in ends.items()
    }


def _stretches(present: Bundle, name: str, index: pd.DatetimeIndex) -> tuple[int, ...]:
    """Stretches of the rows at `index`, those of the last training first; none where those rows have changed."""
    last = present.metadata.get("learned", {}).get(name)
    if last is None:
        return ()
    before, earlier = int((index <= pd.Timestamp(last["until"])).sum()), tuple(last["stretches"])
    if before != sum(earlier):
        return ()
    return earlier if before == len(index) else (*earlier, len(index) - before)
