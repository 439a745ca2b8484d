"""What is served when inputs are missing, machines run as never before, or the weather is new."""

import json

import numpy as np
import pandas as pd
import pytest

from models.efficiency.baselines import Ratio
from models.efficiency.intervals import Scores
from models.online.ensemble import Ensemble
from pipelines.errors import ModelError
from pipelines.learning.backtest import backtest
from pipelines.learning.efficiency.bundle import load_bundle
from pipelines.learning.efficiency.predict import measured_and_predicted, served
from pipelines.learning.efficiency.scores import MIXTURE
from pipelines.learning.efficiency.selection import Serving, others
from pipelines.learning.train import train
from pipelines.telemetry.store import Store
from tests.pipelines.learning_kit import QUICK, chiller_readings, chillers, stored, table, wandering_readings

pytestmark = pytest.mark.medium

ROWS = 1_000
LATER = 48  # rows after what was learned from


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    settings = stored(tmp_path_factory.mktemp("chillers"), chillers(), chiller_readings(ROWS))
    until = pd.Timestamp("2025-06-01", tz="UTC") + (ROWS - LATER) * pd.Timedelta(minutes=30)
    train(chillers(), settings, until=until, config=QUICK)
    return settings


@pytest.fixture(scope="module")
def bundle(home):
    return load_bundle(chillers(), home)


def readings():
    return table(chillers(), chiller_readings(ROWS))


def with_points(**of_tag):
    """The site with fields of some points changed."""
    site = chillers()
    points = [point.model_copy(update=of_tag.get(point.tag, {})) for point in site.points]
    return site.model_copy(update={"points": points})


def test_the_last_error_is_carried_once_it_is_known(bundle):
    """A meter that suddenly reads a fifth more: the next predictions follow, the one before did not know it."""
    changed = readings()
    since = changed.index[-40]
    changed.loc[changed.index >= since, ["chiller_kw:ch1", "chiller_kw:ch2"]] *= 1.2
    found = served(chillers(), bundle, changed).loc[since:]
    error = (found["measured"] - found["predicted"]).abs()
    assert error.iloc[0] > 0.02
    assert error.iloc[20:].mean() < 0.5 * error.iloc[0]


def test_no_prediction_changes_with_what_comes_later(bundle):
    changed = readings()
    changed.loc[changed.index[-10] :] *= 1.1
    before, after = served(chillers(), bundle, readings()), served(chillers(), bundle, changed)
    pd.testing.assert_frame_equal(before.iloc[:-10], after.iloc[:-10])


def test_intervals_cover_what_was_measured_after_learning(bundle):
    found = served(chillers(), bundle, readings()).iloc[-LATER:]
    assert found["measured"].between(found["lower"], found["upper"]).mean() > 0.75
    assert (found["why"] == "").mean() > 0.8


def test_a_missing_input_is_named_with_the_time_since(bundle):
    gone = readings()
    gone.loc["2025-06-10 12:00":"2025-06-10 18:00", "outdoor_wetbulb_c"] = np.nan
    row = served(chillers(), bundle, gone).loc["2025-06-10 15:00+00:00"]
    assert row["why"] == "cannot predict, because outdoor_wetbulb_c is missing since 2025-06-10 12:00 UTC"
    assert np.isnan(row["predicted"])
    assert not row["in_support"]


def test_every_missing_input_is_named(bundle):
    gone = readings().iloc[:4]
    gone[["outdoor_wetbulb_c", "chw_supply_c"]] = np.nan
    why = served(chillers(), bundle, gone)["why"].iloc[-1]
    assert "chw_supply_c has no reading in this telemetry" in why
    assert "outdoor_wetbulb_c has no reading in this telemetry" in why


@pytest.mark.parametrize("how", ["last", "median"])
def test_a_declared_stand_in_serves_for_its_hours_and_no_longer(bundle, how):
    site = with_points(WBT={"impute": how, "impute_hours": 2.0})
    gone = readings()
    start = pd.Timestamp("2025-06-10 12:00", tz="UTC")
    gone.loc[start : start + pd.Timedelta(hours=6), "outdoor_wetbulb_c"] = np.nan
    found = served(site, bundle, gone).loc[start : start + pd.Timedelta(hours=6)]
    assert list(found["imputed"]) == [True] * 4 + [False] * 9
    assert found["predicted"].notna().sum() == 4
    assert "outdoor_wetbulb_c is missing since 2025-06-10 14:00" in found["why"].iloc[-1]


def test_weather_outside_the_record_is_named_with_the_record_s_range(bundle):
    hot = readings()
    hot.loc[hot.index[-1], "outdoor_wetbulb_c"] = 35.0
    row = served(chillers(), bundle, hot).iloc[-1]
    assert not row["in_support"]
    assert row["why"].startswith("outdoor_wetbulb_c is 35, the record has 1")
    assert np.isfinite(row["predicted"])


def test_chillers_that_never_ran_together_like_this_are_named(bundle):
    """In the record the second chiller only helps the first; here it runs alone."""
    alone = readings()
    last = alone.index[-1]
    alone.loc[last, "chiller_kw:ch2"] = alone.loc[last, ["chiller_kw:ch1", "chiller_kw:ch2"]].sum()
    alone.loc[last, "chiller_kw:ch1"] = 0.0
    row = served(chillers(), bundle, alone).iloc[-1]
    assert not row["in_support"]
    assert "less than 2 h with exactly this running: chiller_kw:ch2" in row["why"]


def test_a_model_of_another_format_says_so(home):
    files = list(home.models.rglob("metadata.json"))
    kept = [file.read_text() for file in files]
    try:
        for file, text in zip(files, kept, strict=True):
            file.write_text(json.dumps(json.loads(text) | {"format": 4}))
        with pytest.raises(ModelError, match=r"its format is 4, this program reads 5.*run: coldaisle train"):
            load_bundle(chillers(), home)
    finally:
        for file, text in zip(files, kept, strict=True):
            file.write_text(text)


def test_every_model_can_be_kept_and_served_again():
    random = np.random.default_rng(0)
    x, before = random.normal(size=(300, 3)), random.normal(size=(300, 5))
    rows = Ratio(x, random.uniform(size=300), random.uniform(1, 2, 300), np.ones(300), before)
    fitted = {model.name: model.fit(rows) for model in others()}
    past = Scores(random.normal(size=90), np.ones(90), np.arange(90) % 3, np.zeros(90, bool))
    ensemble = Ensemble.of((MIXTURE, *fitted), past)
    again = Serving.from_bytes(Serving(ensemble, fitted).to_bytes())
    assert again.ensemble.models == ensemble.models
    for name, model in fitted.items():
        np.testing.assert_allclose(again.models[name].predict(rows), model.predict(rows), rtol=1e-4)


def test_where_nothing_explains_the_figure_what_is_served_is_hardly_worse_than_persistence(tmp_path):
    settings = stored(tmp_path, chillers(), wandering_readings(ROWS))
    train(chillers(), settings, config=QUICK)
    found = measured_and_predicted(chillers(), settings).iloc[-300:]
    last = found["measured"].shift(1)
    error = (found["measured"] - found["predicted"]).abs().mean()
    assert error < 1.03 * (found["measured"] - last).abs().mean()


def test_what_is_served_errs_as_the_backtest_says(home, bundle):
    """The rows differ in what was learned before them, so the two errors are alike, not equal."""
    reported = backtest(chillers(), home, config=QUICK, workers=1, hold_out="last-30-percent")
    mae = {row["model"]: row["mae_figure"] for row in reported["by_time"]}
    found = served(chillers(), bundle, Store(home.store, chillers()).read()).iloc[-LATER:]
    assert (found["measured"] - found["predicted"]).abs().mean() < 1.5 * mae["served"]
