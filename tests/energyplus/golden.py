"""Golden tables, and the figure that a comparison with them is judged by."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array

FOLDER = Path(__file__).resolve().parents[1] / "golden"
LIMIT_PERCENT = 5.0


def golden(name: str) -> tuple[pd.DataFrame, dict[str, Array]]:
    """The table, and its columns as JAX arrays."""
    table = pd.read_csv(FOLDER / f"{name}.csv", comment="#")
    return table, {str(column): jnp.asarray(table[column].to_numpy(float)) for column in table}


def cv_rmse_percent(ours: Array | np.ndarray, theirs: Array | np.ndarray) -> float:
    """Root mean square difference over the mean of theirs, %: ASHRAE Guideline 14, without its n - p."""
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    assert len(theirs) > 100
    figure = float(100 * np.sqrt(np.mean((ours - theirs) ** 2)) / np.mean(theirs))
    print(f"CV(RMSE) {figure:.2f} %")
    return figure
