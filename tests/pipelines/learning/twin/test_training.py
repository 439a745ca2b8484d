import json

import pandas as pd
import pytest
from rich.console import Console

from models.twin import to_document
from pipelines.cli.twin import show
from pipelines.errors import ModelError
from pipelines.files import jsonable
from pipelines.learning import charges
from pipelines.learning.publish import Errors, publish
from pipelines.learning.tracking import tracking
from pipelines.learning.twin.bundle import FOLDER, champion, find_twin, load_twin, log_twin
from pipelines.learning.twin.training import train_twin
from tests.pipelines.learning.twin.conftest import QUICK
from tests.pipelines.learning_kit import stored

pytestmark = pytest.mark.slow


def test_the_twin_is_registered_as_champion_beside_the_networks(report, small_site, home):
    assert (report["model"], report["alias"]) == ("coldaisle.small.twin", "champion")
    twin = load_twin(small_site, home)
    assert twin.version == "coldaisle.small.twin/1"
    assert twin.bounds["overhead_w"].low < twin.bounds["overhead_w"].high


def test_better_chillers_than_the_nameplates_are_found(report):
    cop = next(row for row in report["parameters"] if row["name"] == "chillers.rated_cop")
    assert cop["value"] > 1.02 * cop["nameplate"]


def test_an_economizer_that_nobody_switches_on_is_reported_as_unknown(report):
    assert "economizer.ua_w_k" in report["not_pinned"]


def test_power_is_told_within_guideline_14_beside_a_regression(report):
    twin, regression = report["scores"]["left out in blocks"]
    assert (twin["model"], regression["model"]) == ("twin", "quadratic regression")
    assert twin["cv_rmse"] < 0.1
    assert abs(twin["nmbe"]) < 0.03
    assert twin["rack_inlet_rmse_k"] < 0.7
    assert report["scores"]["test"][0]["hours"] > 20


def test_the_run_holds_the_report_and_a_plot_of_measured_against_predicted(report, home):
    with tracking(home) as client:
        names = {artifact.path for artifact in client.list_artifacts(report["run_id"])}
        metrics = client.get_run(report["run_id"]).data.metrics
    assert {"report.json", "test.html", "left_out_in_blocks.html", "model"} <= names
    assert metrics["test.cv_rmse.twin"] == pytest.approx(report["scores"]["test"][0]["cv_rmse"])
    json.dumps(report["parameters"], allow_nan=False)


def test_the_command_prints_parameters_errors_and_the_regression_beside_the_twin(report):
    console = Console(record=True, width=160)
    show(jsonable(report), console)
    printed = console.export_text()
    assert "chillers.rated_cop" in printed
    assert "power_chain.ups_loss[0]" in printed
    assert "Not determined" in printed
    assert "quadratic regression" in printed
    assert "coldaisle.small.twin version 1 is champion" in printed


def test_a_damaged_twin_says_what_to_run_and_a_worse_one_stays_challenger(report, small_site, home):
    document = to_document(load_twin(small_site, home))
    document["leaves"].pop("plant.chillers.rated_cop")
    twin, worse = load_twin(small_site, home), Errors(2.0, 1.0, "twice the error")
    file = charges.present(home, small_site.name, "twin").files / "twin.json"
    good = file.read_text()
    with tracking(home) as client:
        try:
            file.write_text(json.dumps({"format": 1, "metadata": {}, "twin": document}))
            with pytest.raises(ModelError, match=r"rated_cop.*coldaisle twin"):
                champion(client, small_site, home)
        finally:
            file.write_text(good)
        log_twin(client, report["run_id"], twin, {})
        published = publish(
            client, report["run_id"], small_site, "twin", home, folder=FOLDER, judge=lambda _: worse
        )
        assert published["alias"] == "challenger"


def test_without_a_fit_there_is_none(small_site, tmp_path):
    from pipelines.config import Settings

    empty = Settings(home=tmp_path)
    assert find_twin(small_site, empty) is None
    with pytest.raises(ModelError, match="run: coldaisle twin --site small"):
        load_twin(small_site, empty)


def test_swapped_tags_are_refused_and_say_which(small_site, readings, tmp_path):
    swapped = readings.rename(columns={"CHWS": "CHWR", "CHWR": "CHWS"})
    settings = stored(tmp_path, small_site, swapped)
    with pytest.raises(ModelError, match=r'"small" is not that of a plant.*COP is negative.*swapped'):
        train_twin(small_site, settings, config=QUICK)


def test_too_short_a_record_is_refused(small_site, home):
    span = (pd.Timestamp("2025-06-01", tz="UTC"), pd.Timestamp("2025-06-01T01:00", tz="UTC"))
    with pytest.raises(ModelError, match="too little to fit a twin to"):
        train_twin(small_site, home, span=span, config=QUICK)
