"""A horizon as named arrays and plain values, and back: what a registry keeps, without pickles."""

from dataclasses import fields
from typing import Any

import numpy as np

from models.efficiency.trees import restored
from models.horizon.candidates import Learned, Part
from models.horizon.model import Horizon, Mixture
from models.horizon.record import Array
from models.horizon.steady import Curve

_CURVE = tuple(field.name for field in fields(Curve))
_LEARNED = ("curve_share", "fill", "low", "high", "ridge", "scale", "change")
_MIXTURE = ("weights", "fallback", "errors", "peak")


def to_arrays(horizon: Horizon) -> dict[str, Array]:
    """Every array under `<target>/<part>/<name>`."""
    arrays: dict[str, Array] = {}
    for target, mixture in horizon.mixtures.items():
        arrays |= {f"{target}/{name}": getattr(mixture, name) for name in _MIXTURE}
        arrays |= {f"{target}/shares/{name}": values for name, values in mixture.part.shares.items()}
        learned = mixture.part.learned
        if learned is not None:
            arrays |= {f"{target}/learned/{name}": getattr(learned, name) for name in _LEARNED}
            arrays |= {f"{target}/curve/{name}": getattr(learned.curve, name) for name in _CURVE}
            arrays |= {f"{target}/trees/{name}": np.asarray(v) for name, v in learned.trees.plain().items()}
    return arrays


def to_metadata(horizon: Horizon) -> dict[str, Any]:
    """What is no array, as plain JSON values."""
    return {
        "names": list(horizon.names),
        "targets": list(horizon.mixtures),
        "leads_min": list(horizon.leads_min),
        "shares": list(next(iter(horizon.mixtures.values())).part.shares),
    }


def from_arrays(arrays: dict[str, Array], metadata: dict[str, Any], *, version: str = "") -> Horizon:
    """From `to_arrays` and `to_metadata`. Raises KeyError where a part is missing."""
    leads, names = tuple(metadata["leads_min"]), metadata["shares"]
    mixtures = {
        target: Mixture(
            Part(
                leads, {name: arrays[f"{target}/shares/{name}"] for name in names}, _learned(arrays, target)
            ),
            **{name: arrays[f"{target}/{name}"] for name in _MIXTURE},
        )
        for target in metadata["targets"]
    }
    return Horizon(tuple(metadata["names"]), mixtures, version)


def _learned(arrays: dict[str, Array], target: str) -> Learned | None:
    if f"{target}/learned/ridge" not in arrays:
        return None
    curve = Curve(**{name: arrays[f"{target}/curve/{name}"] for name in _CURVE})
    grown = f"{target}/trees/"
    trees = restored({name.removeprefix(grown): v for name, v in arrays.items() if name.startswith(grown)})
    return Learned(
        curve=curve, trees=trees, **{name: arrays[f"{target}/learned/{name}"] for name in _LEARNED}
    )
