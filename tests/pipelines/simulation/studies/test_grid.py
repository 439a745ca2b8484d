"""What may be swept: ranges include their ends, physics' impossible combinations are left out, nonsense is refused."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from pipelines.errors import ScenarioError
from pipelines.simulation.plant import nameplate_plant
from pipelines.simulation.studies.grid import (
    AUTO_CASES,
    FAULT_RANGES,
    SETPOINT_RANGES,
    automatic_axes,
    parse_axes,
    study_grid,
)
from pipelines.simulation.studies.scenario import WhatIf, read_scenario
from simulator import Faults, Setpoints
from simulator.control import physical_setpoints
from simulator.faults import physical_faults


def grid(site, axes: str = "", **fields):
    return study_grid(site, WhatIf(**fields), axes, nameplate_plant(site))


def written(folder: Path, text: str) -> Path:
    path = folder / "scenario.toml"
    path.write_text(text)
    return path


def test_a_range_includes_both_its_ends() -> None:
    axes = parse_axes("chw_supply_c=6:18:1, supply_air_c=18:27:0.5, cw_supply_c=24")
    assert len(axes["chw_supply_c"]) == 13
    assert axes["supply_air_c"][-1] == 27.0
    assert axes["cw_supply_c"].tolist() == [24.0]


def test_a_list_and_a_range_may_be_joined_and_no_value_comes_twice() -> None:
    axes = parse_axes("chw_supply_c=10.5|6|8, supply_air_c=18:22:2|20|20.5")
    assert axes["chw_supply_c"].tolist() == [6.0, 8.0, 10.5]
    assert axes["supply_air_c"].tolist() == [18.0, 20.0, 20.5, 22.0]


def test_the_automatic_sweep_covers_the_site_s_limits_and_has_the_present_values(site) -> None:
    present = {"supply_air_c": 21.3, "chw_supply_c": 10.0, "cw_supply_c": 24.0, "economizer_enable": 1.0}
    axes = automatic_axes(site, present)
    assert list(axes) == ["supply_air_c", "chw_supply_c", "cw_supply_c", "economizer_enable"]
    assert axes["supply_air_c"].tolist() == [18.0, 19.33, 21.3, 22.0, 23.33, 24.67, 26.0]
    assert axes["economizer_enable"].tolist() == [0.0, 1.0]
    for name, value in present.items():
        assert value in axes[name]
        assert np.diff(axes[name]).min() > 0
    assert np.prod([len(values) for values in axes.values()]) <= AUTO_CASES
    found = grid(site, "auto", setpoints=present)
    assert found.cases + found.left_out == 7**3 * 2


def test_a_present_value_outside_the_site_s_limits_is_swept_too(site) -> None:
    outside = {"supply_air_c": 28.0, "chw_supply_c": 10.0, "cw_supply_c": 24.0, "economizer_enable": 0.0}
    axes = automatic_axes(site, outside)
    assert axes["supply_air_c"][-2:].tolist() == [26.0, 28.0]
    assert np.prod([len(values) for values in axes.values()]) <= AUTO_CASES


def test_a_site_without_setpoints_has_no_automatic_sweep(site) -> None:
    with pytest.raises(ScenarioError, match="must declare a setpoint that the simulator has"):
        grid(site.model_copy(update={"setpoints": ()}), "auto")


def test_every_combination_is_a_case_and_seeds_are_the_slowest_axis(site) -> None:
    found = grid(site, "chw_supply_c=6:10:2,seed=3:4:1")
    inputs = found.inputs(0, found.cases)
    assert inputs["seed"].tolist() == [3, 3, 3, 4, 4, 4]
    assert inputs["chw_supply_c"].tolist() == [6, 8, 10, 6, 8, 10]


def test_what_is_not_chosen_is_the_site_s_default(site) -> None:
    inputs = grid(site, setpoints={"cw_supply_c": 22.0}, faults={"coil_fouling": 0.2}).inputs(0, 1)
    assert (inputs["supply_air_c"][0], inputs["chw_supply_c"][0], inputs["cw_supply_c"][0]) == (20, 10, 22)
    assert inputs["coil_fouling"][0] == 0.2
    assert inputs["chillers_available"][0] == 3


def test_chilled_water_warmer_than_supply_air_is_left_out_of_a_sweep(site) -> None:
    found = grid(site, "chw_supply_c=16:20:2,supply_air_c=18:20:2")
    assert (found.cases, found.left_out) == (5, 1)
    inputs = found.inputs(0, 5)
    assert (inputs["chw_supply_c"] <= inputs["supply_air_c"]).all()


def test_chilled_water_warmer_than_supply_air_is_an_error_where_nothing_else_is_left(site) -> None:
    with pytest.raises(ScenarioError, match=r"chw_supply_c \(22\) must not exceed supply_air_c \(20\)"):
        grid(site, setpoints={"chw_supply_c": 22.0})


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ("chw_supply=6:18:1", 'axis "chw_supply" is not known; choose one of seed, supply_air_c'),
        ("chw_supply_c=18:6:1", "is empty: high must be at least low"),
        ("chw_supply_c=6:18:0", "is empty"),
        ("chw_supply_c=6:18", "must read name=low:high:step"),
        ("chw_supply_c=six", "must read name=low:high:step"),
        ("chw_supply_c=6||8", "must read name=low:high:step"),
        ("chw_supply_c=6|31", "must lie in 3 to 30"),
        ("auto,chw_supply_c=6", 'axis "auto" is not known'),
        ("chw_supply_c=6:nan:1", "must read name=low:high:step"),
        ("chw_supply_c=6,chw_supply_c=7", "is given twice"),
        ("chw_supply_c=-5:6:1", "must lie in 3 to 30, what equipment can do; got -5"),
        ("supply_air_c=18:60:1", "must lie in 5 to 45"),
        ("coil_fouling=0:1:0.5", "must lie in 0 to 0.95"),
        ("chillers_available=1:2:0.5", "must be a whole number; got 1.5"),
        ("seed=0:1999:1,chw_supply_c=6:18:0.01", "at most 2,000,000 cases"),
        ("chw_supply_c=3:30:1e-9", "use a longer step"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused(site, axes: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        grid(site, axes)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"setpoints": {"supply_air_c": 60.0}}, "must lie in 5 to 45"),
        ({"setpoints": {"supply_air": 20.0}}, r"\[setpoints\] supply_air is not known"),
        ({"faults": {"coil_fouling": -0.1}}, "must lie in 0 to 0.95"),
        ({"faults": {"gremlins": 1.0}}, r"\[faults\] gremlins is not known"),
    ],
)
def test_a_scenario_outside_physics_is_refused(site, fields: dict, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        grid(site, **fields)


@pytest.mark.parametrize(
    ("kind", "held", "ranges"),
    [(Setpoints, physical_setpoints, SETPOINT_RANGES), (Faults, physical_faults, FAULT_RANGES)],
)
def test_allowed_ranges_are_those_the_simulator_holds_values_to(kind, held, ranges) -> None:
    for end in (0, 1):
        at_end = held(kind(**{name: jnp.asarray(span[end]) for name, span in ranges.items()}))
        beyond = {name: jnp.asarray(span[end] + (-3.0, 3.0)[end]) for name, span in ranges.items()}
        for name, span in ranges.items():
            assert float(getattr(at_end, name)) == pytest.approx(span[end])
            assert float(getattr(held(kind(**beyond)), name)) == pytest.approx(span[end])


def test_a_scenario_file_s_paths_are_relative_to_it(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path, 'days = 2\n[weather]\nepw = "a.epw"\n[load]\ncsv = "b.csv"\n'))
    assert scenario.weather.epw == tmp_path / "a.epw"
    assert scenario.load.csv == tmp_path / "b.csv"
    assert (scenario.days, scenario.steps) == (2, 576)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("days = 0", "days: .*greater than or equal to 1"),
        ("days = ", "not valid TOML"),
        ("step_minutes = 7", "must divide an hour"),
        ("warmup_hours = 5", "warmup_hours: .*multiple of 6"),
        ("day = 7", "day: "),
        ('[weather]\nclimate = "martian"', "not known; choose one of temperate"),
        ("[load]\nmean = 1.5", "load.mean"),
        ("[load]\nmean = 0.5\nconstant = 0.4", "generated, constant or a csv"),
        ("[weather]\ndrybulb_c = 30.0", "constant weather needs drybulb_c and wetbulb_c"),
        ("[weather]\ndrybulb_c = 20.0\nwetbulb_c = 21.0", "must not exceed drybulb_c"),
        ("[weather]\ndrybulb_c = 90.0\nwetbulb_c = 21.0", "less than or equal to 60"),
        ('[weather]\nclimate = "cold"\ncsv = "a.csv"', "climate, an epw, a csv or constant, not"),
        ('[weather]\nepw = "a.epw"\ndrybulb_c = 20.0\nwetbulb_c = 1.0', "climate, an epw, a csv or constant"),
        ("[setpoints]\nsupply_air_c = nan", "finite"),
    ],
)
def test_a_scenario_file_with_a_mistake_names_it(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        read_scenario(written(tmp_path, text))


def test_a_scenario_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        read_scenario(tmp_path / "absent.toml")


def test_a_change_of_a_scenario_is_checked_like_the_file() -> None:
    assert WhatIf().changed(days=3).days == 3
    with pytest.raises(ScenarioError, match="days"):
        WhatIf().changed(days=0)
    assert np.isclose(WhatIf(step_minutes=15).dt_s, 900.0)
