"""A registered plant model as MLflow loads it ("models from code"): arrays in msgpack, the rest in JSON.

MLflow runs this file when it saves or loads a model; nothing imports it. It needs coldaisle installed.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext

from models.efficiency.model import PlantModel, from_bytes


class RegisteredPlant(PythonModel):
    """Inputs of the plant table in; each target, its spread, 90 % interval and `in_support` out."""

    model: PlantModel

    def load_context(self, context: PythonModelContext) -> None:
        """Read the registered files; called by MLflow."""
        metadata = json.loads(Path(context.artifacts["metadata"]).read_text(encoding="utf-8"))
        arrays = Path(context.artifacts["served"]).read_bytes()
        self.model = from_bytes(arrays, metadata["model"], version=metadata["site"])

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Predictions for a table of inputs, one row for each; called by MLflow."""
        x = model_input[list(self.model.inputs)].to_numpy(dtype=float)
        answer = self.model.ask(x)
        columns = dict(answer.mean)
        for suffix, values in (("spread", answer.spread), ("lower", answer.lower), ("upper", answer.upper)):
            columns |= {f"{name}_{suffix}": of_target for name, of_target in values.items()}
        columns["in_support"] = answer.in_support
        return pd.DataFrame(columns, index=model_input.index)


set_model(RegisteredPlant())
