"""Start of a training from the networks of an earlier model."""

import jax
import numpy as np

from models.efficiency.features import feature_names
from models.efficiency.model import PlantModel
from models.efficiency.networks import Params
from models.efficiency.rows import Rows
from models.efficiency.scaling import Scaler
from models.efficiency.training import FitConfig


def why_cold(model: PlantModel, rows: Rows, config: FitConfig) -> str | None:
    """Reason why networks for these rows cannot start from the model's; None where they can."""
    for what, theirs, ours in (
        ("inputs", model.inputs, rows.inputs),
        ("targets", model.targets, rows.targets),
    ):
        if theirs != ours:
            changed = ", ".join(sorted(set(theirs) ^ set(ours))) or "their order"
            return f"its {what} differ ({changed})"
    features = len(feature_names(rows.inputs))
    sizes, wanted = _sizes(model.heads.params), (len(rows.targets), config.members, features, *config.hidden)
    return None if sizes == wanted else f"its networks have another size ({sizes}, now {wanted})"


def carried_over(model: PlantModel, scaler: Scaler, *, unit: np.ndarray) -> Params:
    """The model's networks for another scaler and target `unit` (t,): the same functions as before."""
    heads, before = jax.tree.map(np.asarray, (model.heads, model.scaler))
    params, stretch = heads.params, scaler.scale / before.scale
    shift = (scaler.mean - before.mean) / before.scale * heads.mask  # (t, f)
    first = params["hidden"][0]
    moved = np.einsum("tf,tmfh->tmh", shift, first["kernel"])
    seen = {"kernel": first["kernel"] * stretch[:, None], "bias": first["bias"] + moved}
    ratio = np.asarray(heads.correction * heads.step / unit, np.float32)
    last = {name: leaf * ratio.reshape(-1, *(1,) * (leaf.ndim - 1)) for name, leaf in params["last"].items()}
    return {**params, "hidden": {**params["hidden"], 0: seen}, "last": last}


def _sizes(params: Params) -> tuple[int, ...]:
    """Targets, members, features and the widths of the hidden layers."""
    kernels = [layer["kernel"].shape for _, layer in sorted(params["hidden"].items())]
    return (*kernels[0][:3], *(shape[3] for shape in kernels))
