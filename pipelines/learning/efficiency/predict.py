"""The served prediction of the site's figure: interval, whether the record covers it, or why there is none."""

from typing import Any

import numpy as np
import pandas as pd

from models.efficiency.baselines import Ratio
from models.efficiency.intervals import tercile_of
from models.efficiency.model import Answer
from models.efficiency.support import outside
from models.online.carried import OLDEST
from models.online.intervals import Rows
from pipelines.config import Settings
from pipelines.learning.efficiency.before import readings_before
from pipelines.learning.efficiency.bundle import Bundle, load_bundle
from pipelines.learning.efficiency.dataset import OVERHEAD, figure_offset
from pipelines.learning.efficiency.scores import MIXTURE
from pipelines.site.file import Site
from pipelines.telemetry.imputation import MEDIAN_OF, imputed, missing_since
from pipelines.telemetry.plant_table import plant_table, standing_still
from pipelines.telemetry.running import Combinations
from pipelines.telemetry.store import Store

COLUMNS = ("measured", "predicted", "lower", "upper", "in_support", "imputed", "why")
NOT_COVERED = "the record does not cover this combination of inputs, though each lies in its range"


def measured_and_predicted(
    site: Site, settings: Settings, start: Any = None, end: Any = None
) -> pd.DataFrame:
    """The site's figure (PUE, or kW per kW of cooling) in [start, end): index `time`, columns COLUMNS.

    Predictions are the efficiency champion's for the same instant, as `served` makes them. Raises StoreError without
    telemetry, ModelError without a model that fits the site, TrackingError where MLflow does not answer.
    """
    bundle = load_bundle(site, settings)
    since = None if start is None else min(pd.Timestamp(start), _learned_until(bundle)) - MEDIAN_OF
    rows = served(site, bundle, Store(settings.store, site).read(since, end))
    return rows if start is None else rows[rows.index >= pd.Timestamp(start)]


def served(site: Site, bundle: Bundle, table: pd.DataFrame) -> pd.DataFrame:
    """COLUMNS for every row of an interval table, from the row's inputs and what was known before it.

    predicted, lower, upper: with the last known error carried on; NaN where an input is missing and the site file
    declares no stand-in, or where the plant has no load. imputed: an input is a stand-in. why: why there is no
    prediction, or why the record does not support it; else empty.
    """
    filled, stood_in = imputed(site, table)
    plant, recorded = plant_table(site, filled), plant_table(site, table)
    model, offset = bundle.served, figure_offset(site)
    x = plant[list(model.inputs)].to_numpy(dtype=float)
    answer = model.ask(x)
    unseen = Combinations.from_dict(bundle.metadata["combinations"]).unseen(filled)
    in_support = answer.in_support & (unseen == "").to_numpy()
    rows = _rows(site, bundle, plant, recorded, x, in_support)
    each = _each(site, bundle, plant, recorded, x, answer)
    followed = bundle.serving.ensemble.follow(each, rows, site.interval.to_timedelta64())
    mean, half = followed.mean, followed.half
    missing = _missing(site, plant[list(model.inputs)], standing_still(plant))
    possible = (missing == "").to_numpy()
    return pd.DataFrame(
        {
            "measured": recorded["figure"],
            "predicted": np.where(possible, mean + offset, np.nan),
            "lower": np.where(possible, mean - half + offset, np.nan),
            "upper": np.where(possible, mean + half + offset, np.nan),
            "in_support": in_support & possible,
            "imputed": _any_input(site, model.inputs, stood_in) & possible,
            "why": missing.where(missing != "", _uncovered(bundle, x, answer, unseen)),
        },
        index=table.index,
    )


def _rows(
    site: Site, bundle: Bundle, plant: pd.DataFrame, recorded: pd.DataFrame, x: np.ndarray,
    in_support: np.ndarray,
) -> Rows:  # fmt: skip
    model = bundle.served
    load_kw = plant["load_kw"].to_numpy(dtype=float)
    return Rows(
        times=pd.DatetimeIndex(plant.index).tz_convert(None).to_numpy(),
        measured=(recorded["figure"] - figure_offset(site)).to_numpy(dtype=float),
        size=model.residual_size(x)[OVERHEAD],
        tercile=tercile_of(model.intervals, load_kw),
        in_support=in_support,
        counts=np.asarray(plant.index > _learned_until(bundle)),
    )


def _each(
    site: Site, bundle: Bundle, plant: pd.DataFrame, recorded: pd.DataFrame, x: np.ndarray, answer: Answer
) -> dict[str, np.ndarray]:
    """Every model's prediction (n,) before any error is carried on; NaN where it has none."""
    load_kw = plant["load_kw"].to_numpy(dtype=float)
    complete = np.isfinite(x).all(axis=1) & (load_kw > 0.0)
    last = (recorded["figure"].ffill(limit=int(OLDEST)).shift(1) - figure_offset(site)).to_numpy(dtype=float)
    before = readings_before(site, recorded, bundle.served.inputs).to_numpy(dtype=float)
    rows = Ratio(x, np.full(len(x), np.nan), load_kw, last, before).where(complete)
    predicted = {MIXTURE: answer.mean[OVERHEAD]}
    for name, model in bundle.serving.models.items():
        predicted[name] = np.full(len(x), np.nan)
        predicted[name][complete] = model.predict(rows)
    return predicted


def _missing(site: Site, inputs: pd.DataFrame, still: pd.Series) -> pd.Series:
    """Why a row cannot be predicted at all; empty where it can."""
    reason = pd.Series("", index=inputs.index, dtype=object)
    for name in inputs:
        absent = inputs[name].isna()
        if not absent.any():
            continue
        since = missing_since(inputs[name], site.interval)[absent]
        dated = since.notna()
        words = pd.Series(f"{name} has no reading in this telemetry", index=since.index, dtype=object)
        words[dated] = f"{name} is missing since " + since[dated].dt.strftime("%Y-%m-%d %H:%M UTC")
        reason[absent] = (reason[absent] + ", ").where(
            reason[absent] != "", "cannot predict, because "
        ) + words
    nothing = "cannot predict, because the plant's load is (almost) zero"
    return reason.where((reason != "") | ~still, nothing)


def _uncovered(bundle: Bundle, x: np.ndarray, answer: Answer, unseen: pd.Series) -> pd.Series:
    """Why the record does not support a row; empty where it does."""
    reason = unseen.copy()
    for row in np.flatnonzero(~answer.in_support & np.isfinite(x).all(axis=1)):
        beyond = outside(bundle.served.support, bundle.served.inputs, x[row]) or NOT_COVERED
        reason.iloc[int(row)] = "; ".join(filter(None, (beyond, reason.iloc[row])))
    return reason


def _any_input(site: Site, inputs: tuple[str, ...], stood_in: pd.DataFrame) -> np.ndarray:
    """Rows (n,) that use a stand-in; weather is completed from other weather, so any weather column counts."""
    names = set(inputs) | {"load_kw"}
    metered = {str(name) for name in (*site.meters.it, *site.meters.load)}
    columns = [
        column for column in stood_in
        if (quantity := str(column).split(":", 1)[0]) in names | metered or quantity.startswith("outdoor_")
    ]  # fmt: skip
    return stood_in[columns].any(axis=1).to_numpy()


def _learned_until(bundle: Bundle) -> pd.Timestamp:
    return pd.Timestamp(bundle.metadata["learned_until"])
