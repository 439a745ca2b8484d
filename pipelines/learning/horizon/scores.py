"""Errors of forecasts by target and lead, beside the simple ones."""

from typing import Any

import numpy as np

from models.horizon import CANDIDATES, Block, Horizon
from pipelines.errors import ModelError

PERSISTENCE, BOOSTING = "persistence", "gradient boosting"
NAIVE = ("seasonal-naive, day", "seasonal-naive, week")
UNITS = {"figure": "", "cooling_kw": "kW", "facility_kw": "kW", "overhead_kw": "kW", "rack_inlet_c": "°C"}


def candidate(told: np.ndarray, name: str) -> np.ndarray:
    """One candidate's forecasts of (p, ...)."""
    return told[CANDIDATES.index(name)]


def score(
    target: str, lead_min: float, measured: np.ndarray, ours: np.ndarray, told: np.ndarray
) -> dict[str, Any] | None:
    """Errors on the rows that all forecasts have, ours (n,) and the candidates' (p, n); None without such rows.

    seasonal-naive is the better of a day's and a week's, by these very rows. skill: 1 - error / persistence's.
    """
    rows = np.isfinite(measured + ours) & np.isfinite(told).all(axis=0)
    if not rows.any():
        return None
    error = ours[rows] - measured[rows]
    others = {name: candidate(told, name)[rows] - measured[rows] for name in (PERSISTENCE, *NAIVE, BOOSTING)}
    mae = {name: float(np.abs(values).mean()) for name, values in others.items()}
    still_rmse = max(float(np.sqrt(np.mean(others[PERSISTENCE] ** 2))), 1e-12)
    return {
        "target": target,
        "unit": UNITS[target],
        "lead_min": lead_min,
        "rows": int(rows.sum()),
        "mae": float(np.abs(error).mean()),
        PERSISTENCE: mae[PERSISTENCE],
        "seasonal-naive": min(mae[name] for name in NAIVE),
        BOOSTING: mae[BOOSTING],
        "skill_rmse": 1.0 - float(np.sqrt(np.mean(error**2))) / still_rmse,
        "skill_mae": 1.0 - float(np.abs(error).mean()) / max(mae[PERSISTENCE], 1e-12),
    }


def held_out_scores(horizon: Horizon, blocks: dict[str, Block]) -> list[dict[str, Any]]:
    """Scores of the horizon that was learned without the blocks, on them."""
    rows = [
        score(
            target,
            lead,
            block.measured[number],
            mixture.weights[number] @ block.told[number],
            block.told[number],
        )
        for target, mixture in horizon.mixtures.items()
        for block in (blocks[target],)
        for number, lead in enumerate(horizon.leads_min)
    ]
    return [row for row in rows if row is not None]


def relative(scores: list[dict[str, Any]]) -> float:
    """Mean over targets and leads of our error over persistence's: one number to compare horizons by."""
    ratios = [row["mae"] / max(row[PERSISTENCE], 1e-12) for row in scores]
    if not ratios:
        raise ModelError("the time held out has no rows to judge a horizon by; ingest more telemetry")
    return float(np.mean(ratios))


def verdict(scores: list[dict[str, Any]]) -> str:
    """In words: at how many targets and leads it beats the simple forecasts, and where it is worst."""
    best = [min(row[PERSISTENCE], row["seasonal-naive"]) for row in scores]
    won = sum(row["mae"] < simple for row, simple in zip(scores, best, strict=True))
    worst = max(zip(scores, best, strict=True), key=lambda pair: pair[0]["mae"] / max(pair[1], 1e-12))
    ratio = worst[0]["mae"] / max(worst[1], 1e-12) - 1.0
    return (
        f"on the time held out its error is below persistence and seasonal-naive at {won} of {len(scores)} targets and "
        f"leads; at worst {ratio:+.1%} of theirs ({worst[0]['target']}, {worst[0]['lead_min'] / 60:g} h)"
    )
