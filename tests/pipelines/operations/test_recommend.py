from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from models.efficiency.model import Answer
from pipelines.cli.recommend import told
from pipelines.config import Settings
from pipelines.learning.efficiency.dataset import COOLING, OVERHEAD, RACK_INLET
from pipelines.operations.recommend import decide, recommend
from pipelines.site.file import find_site

AT = pd.Timestamp("2025-10-01T12:00", tz="UTC")
PRESENT = {"supply_air_sp_c": 20.0, "chw_supply_sp_c": 10.0, "cw_supply_sp_c": 24.0, "economizer_enable": 0.0}


class FakeModel:
    """A plant whose cooling power falls by `gain` per K of warmer chilled water; the rest does nothing."""

    version = "fake/1"
    inputs = ("load_kw", "outdoor_wetbulb_c", *PRESENT)

    def __init__(self, gain=0.01, covered=lambda x: np.ones(len(x), bool), spread=0.0):
        self.gain, self.covered, self.spread_of_all = gain, covered, spread
        self.support = SimpleNamespace(
            low=np.array([400, -5, 18, 7, 10, 0]),
            high=np.array([900, 25, 26, 18, 30, 1]),
            pairs=np.zeros((0, 2), int),
        )

    def ask(self, x):
        mean = self.predict(x)
        spread = {OVERHEAD: np.full(len(x), self.spread_of_all)}
        return Answer(mean, spread, mean, mean, self.covered(x), self.distance(x))

    def predict(self, x):
        chw_c, supply_air_c = (
            x[:, self.inputs.index("chw_supply_sp_c")],
            x[:, self.inputs.index("supply_air_sp_c")],
        )
        ratio = 0.2 - self.gain * (chw_c - 10.0)
        return {OVERHEAD: ratio + 0.05, COOLING: ratio, RACK_INLET: supply_air_c + 1.0}

    def each(self, x):
        """Two networks that disagree about the effect of chilled water by a tenth."""
        return {name: np.stack([values, values * (1.1 - 0.1 * values / values[0])], axis=1)
                for name, values in self.predict(x).items()}  # fmt: skip

    def distance(self, x):
        return np.where(self.covered(x), 0.2, 2.0)


@pytest.fixture(scope="module")
def site():
    return find_site("demo", Settings()).model_copy(update={"twin": None})


def telemetry(site, **columns):
    """Six hours of a steady plant up to AT."""
    times = pd.date_range(AT - pd.Timedelta(hours=6), AT, freq="15min", inclusive="left", name="time")
    steady = PRESENT | {
        "it_power_kw": 600.0, "facility_power_kw": 760.0, "chiller_kw": 60.0, "chw_pump_kw": 5.0,
        "cw_pump_kw": 10.0, "tower_fan_kw": 2.0, "crah_fan_kw": 20.0, "outdoor_drybulb_c": 15.0,
        "outdoor_rh_frac": 0.6,
    }  # fmt: skip
    return pd.DataFrame(steady | columns, index=times).reindex(columns=site.columns)


def test_warmer_chilled_water_is_recommended_as_far_as_an_hour_s_slew_allows(site):
    made = decide(site, FakeModel(), telemetry(site), AT)
    assert made.action == "change"
    move = next(move for move in made.moves if move.tag == "PLANT.CHWS_SP_C")
    assert 11.8 <= move.proposed <= 12.0  # 2 K/h
    assert made.saving_kw == pytest.approx(0.01 * (move.proposed - 10.0) * 600.0, rel=1e-3)
    assert made.proposed.figure < made.present.figure
    assert "°C wetbulb" in made.reason


def test_a_setpoint_that_changes_nothing_stays_about_where_it_is(site):
    made = decide(site, FakeModel(), telemetry(site), AT)
    assert "economizer_enable" not in {move.quantity for move in made.moves}
    for move in made.moves:
        if move.quantity != "chw_supply_sp_c":
            assert abs(move.proposed - move.present) < 1.0


def test_a_saving_smaller_than_its_uncertainty_is_not_recommended(site):
    made = decide(site, FakeModel(gain=0.01, spread=0.05), telemetry(site), AT)
    assert made.action == "hold"
    assert made.moves == []


def test_setpoints_that_the_record_does_not_cover_are_not_recommended(site):
    chw = FakeModel.inputs.index("chw_supply_sp_c")
    made = decide(site, FakeModel(covered=lambda x: x[:, chw] <= 10.5), telemetry(site), AT)
    assert all(move.proposed <= 10.5 for move in made.moves if move.quantity == "chw_supply_sp_c")


def test_a_setpoint_that_never_varied_is_not_moved(site):
    class WithoutEconomizer(FakeModel):
        inputs = FakeModel.inputs[:-1]

    made = decide(site, WithoutEconomizer(), telemetry(site), AT)
    assert made.action == "change"
    assert "economizer_enable" not in {move.quantity for move in made.moves}


def test_a_plant_whose_setpoints_never_varied_holds(site):
    class NothingTried(FakeModel):
        inputs = ("load_kw", "outdoor_wetbulb_c")

    made = decide(site, NothingTried(), telemetry(site), AT)
    assert made.action == "hold"
    assert "no setpoint has ever varied" in made.reason


def test_setpoints_at_the_record_s_fringe_are_not_chosen(site):
    fringe = FakeModel()
    chw = FakeModel.inputs.index("chw_supply_sp_c")
    fringe.distance = lambda x: np.where(x[:, chw] > 10.5, 0.9, 0.2)  # covered, but thinly
    made = decide(site, fringe, telemetry(site), AT)
    assert all(move.proposed <= 10.5 for move in made.moves if move.quantity == "chw_supply_sp_c")


def test_tower_water_colder_than_the_wetbulb_is_never_asked_of_a_measured_temperature(tmp_path):
    site = find_site("grundfos", Settings(home=tmp_path))
    times = pd.date_range(AT - pd.Timedelta(hours=6), AT, freq="10min", inclusive="left", name="time")
    steady = {
        "cooling_load_kw": 1000.0, "cooling_power_kw": 250.0, "chw_supply_c": 7.5, "cw_supply_c": 27.0,
        "outdoor_wetbulb_c:logger": 26.0, "outdoor_drybulb_c": 30.0, "outdoor_rh_frac": 0.7,
    }  # fmt: skip
    table = pd.DataFrame(steady, index=times).reindex(columns=site.columns)

    class ColderIsBetter(FakeModel):
        inputs = ("load_kw", "outdoor_wetbulb_c", "chw_supply_c", "cw_supply_c")

        def predict(self, x):
            ratio = 0.25 + 0.02 * (x[:, 3] - 27.0)
            return {OVERHEAD: ratio, COOLING: ratio}

    made = decide(site, ColderIsBetter(), table, AT)
    assert 26.0 <= next(move.proposed for move in made.moves if move.tag == "CDLO") < 26.3


def test_a_plant_outside_the_record_holds_and_names_what_is_unfamiliar(site):
    made = decide(
        site, FakeModel(covered=lambda x: np.zeros(len(x), bool)), telemetry(site, it_power_kw=1200.0), AT
    )
    assert made.action == "hold"
    assert "load_kw is 1200, the record has 400 to 900" in made.reason


def test_a_plant_just_outside_the_record_is_led_back_into_it(site):
    chw = FakeModel.inputs.index("chw_supply_sp_c")
    made = decide(site, FakeModel(gain=-0.01, covered=lambda x: x[:, chw] >= 11.0), telemetry(site), AT)
    assert made.action == "change"
    assert "outside what was learned" in made.reason
    assert next(m for m in made.moves if m.quantity == "chw_supply_sp_c").proposed >= 11.0


def test_setpoints_that_would_overheat_the_racks_are_not_recommended(site):
    hot = telemetry(site, supply_air_sp_c=25.0)
    made = decide(site, FakeModel(), hot, AT)
    assert made.proposed.rack_inlet_c <= site.envelope.rack_inlet_max_c - 0.5


def test_stale_telemetry_holds(site):
    made = decide(site, FakeModel(), telemetry(site), AT + pd.Timedelta(hours=2))
    assert made.action == "hold"
    assert "2.0 h old" in made.reason


def test_a_last_hour_full_of_gaps_holds(site):
    table = telemetry(site)
    table.loc[table.index >= AT - pd.Timedelta(minutes=45), "it_power_kw"] = np.nan
    made = decide(site, FakeModel(), table, AT)
    assert made.action == "hold"
    assert "only 1 of the last hour's 4 intervals" in made.reason


def test_an_unknown_present_setpoint_holds(site):
    made = decide(site, FakeModel(), telemetry(site, cw_supply_sp_c=np.nan), AT)
    assert made.action == "hold"
    assert "cw_supply_sp_c is not known" in made.reason


def test_nothing_after_the_time_of_decision_is_read(site):
    table = telemetry(site)
    later = table.copy()
    later.index = later.index + pd.Timedelta(hours=6)
    later["it_power_kw"] = 10_000.0
    both = pd.concat([table, later])
    assert decide(site, FakeModel(), both, AT) == decide(site, FakeModel(), table, AT)


def test_the_same_situation_gets_the_same_recommendation(site):
    first, second = (decide(site, FakeModel(), telemetry(site), AT) for _ in range(2))
    assert first == second


def test_a_move_that_the_simulator_denies_is_held_and_the_two_views_are_shown():
    site = find_site("demo", Settings())
    others = [FakeModel.inputs.index(name) for name in ("cw_supply_sp_c", "economizer_enable")]
    # believes that colder chilled water saves power, and knows no other tower water
    wrong = FakeModel(gain=-0.02, covered=lambda x: np.abs(x[:, others] - [24.0, 0.0]).max(axis=1) < 0.5)
    made = decide(site, wrong, telemetry(site), AT)
    assert made.action == "hold"
    assert "the simulator does not confirm" in made.reason
    assert made.twin is not None
    assert made.proposed.facility_kw < made.present.facility_kw


def test_a_site_without_setpoints_holds_without_asking_a_model(tmp_path, site):
    bare = site.model_copy(update={"setpoints": []})
    made = recommend(bare, Settings(home=tmp_path))
    assert made.action == "hold"
    assert "declares no setpoints" in made.reason


def test_a_site_without_a_model_holds_and_says_how_to_get_one(tmp_path, site):
    made = recommend(site, Settings(home=tmp_path), at=AT)
    assert made.action == "hold"
    assert "coldaisle train" in made.reason


def test_the_command_says_hold_and_its_whole_reason(tmp_path, site, capsys):
    from rich.console import Console

    from pipelines.cli.recommend import show

    bare = site.model_copy(update={"setpoints": []})
    show(recommend(bare, Settings(home=tmp_path)).model_dump(mode="json"), Console(width=200))
    assert "hold, because the site file declares no setpoints; add [[setpoints]]" in capsys.readouterr().out


def test_the_command_shows_each_move_and_what_is_expected_of_it(site, capsys):
    from rich.console import Console

    from pipelines.cli.recommend import show

    show(decide(site, FakeModel(), telemetry(site), AT).model_dump(mode="json"), Console(width=200))
    printed = capsys.readouterr().out
    for word in ("PLANT.CHWS_SP_C", "PUE2", "cooling power, kW", "Expected saving", "fake/1"):
        assert word in printed


def test_a_recommendation_says_how_sure_it_is_what_stops_it_and_how_to_undo_it(site):
    made = decide(site, FakeModel(), telemetry(site), AT)
    assert made.saving_low_kw < made.saving_kw < made.saving_high_kw
    assert made.proven
    assert "PLANT.CHWS_SP_C: an hour's slew" in made.binding
    assert "PLANT.CHWS_SP_C 10" in made.rollback
    assert made.rollback.endswith("60 min at the slew rate")
    assert made.precedent.startswith("2025-")
    assert made.hold_if[0].startswith("less than")


def test_a_saving_whose_interval_covers_zero_is_not_claimed(site):
    class Doubtful(FakeModel):
        def each(self, x):
            values = self.predict(x)[OVERHEAD]
            return {OVERHEAD: np.stack([values, 2.0 * values[0] - values], axis=1)}

    made = decide(site, Doubtful(), telemetry(site), AT)
    assert made.saving_low_kw < 0.0
    assert not made.proven
    assert told(made.model_dump()).startswith("No saving is claimed")
