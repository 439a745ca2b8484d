"""The cascade's backtest: weeks held out, one run in MLflow."""

import pytest

from pipelines.errors import ModelError
from pipelines.learning.backtest.cascade import backtest_cascade
from pipelines.learning.tracking import tracking
from tests.pipelines.learning_kit import hall, hall_readings, stored

pytestmark = pytest.mark.medium


def test_the_same_table_is_printed_and_logged(tmp_path):
    settings = stored(tmp_path, hall(), hall_readings(48 * 7 * 5))
    report = backtest_cascade(hall(), settings, hold_out="every-fourth-week")
    by_model = {row["model"]: row for row in report["by_time"]}
    assert by_model["cascade"]["mae_kw"] < by_model["persistence, one hour before"]["mae_kw"]
    with tracking(settings) as client:
        run = client.get_run(report["run_id"])
    assert run.data.metrics["mae_kw.cascade"] == pytest.approx(by_model["cascade"]["mae_kw"])
    assert run.data.tags["kind"] == "cascade"


def test_walking_forward_every_week_but_the_first_is_predicted(tmp_path):
    settings = stored(tmp_path, hall(), hall_readings(48 * 7 * 4))
    report = backtest_cascade(hall(), settings, hold_out="walk-forward")
    assert report["folds"] == 3
    assert report["held_out_rows"] > 3 * 100


def test_a_short_record_is_refused_with_what_to_do(tmp_path):
    settings = stored(tmp_path, hall(), hall_readings(60))
    with pytest.raises(ModelError, match="too short a record"):
        backtest_cascade(hall(), settings)
