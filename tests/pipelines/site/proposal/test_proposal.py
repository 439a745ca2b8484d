import json
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines.cli.site import app, write_new
from pipelines.config import SITE_FOLDER
from pipelines.errors import IngestError, SiteError
from pipelines.site.file import Site, load_site
from pipelines.site.proposal import propose_site, sample
from pipelines.site.proposal.clock import guess_clock
from pipelines.site.proposal.recognition import Column, Guess, recognise
from tests.places import SHARED_DATA


def export(
    folder: Path, columns: dict, name: str = "export.csv", time: str = "time (UTC)", rows: int = 200
) -> Path:
    times = pd.date_range("2024-03-01", periods=rows, freq="15min").strftime("%Y-%m-%d %H:%M")
    wave = np.sin(np.arange(rows) / 9.0)
    values = {tag: low + (high - low) * (wave + 1) / 2 for tag, (low, high) in columns.items()}
    pd.DataFrame({time: times, **values}).to_csv(folder / name, index=False)
    return folder / name


CHILLER_PLANT = {
    "CHWS_F": (44, 50),
    "CH1_kW": (80, 200),
    "CH2_kW": (80, 190),
    "Building Load (RT)": (200, 500),
}


def guess(tag: str, *values: float) -> Guess:
    readings = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(float)
    return recognise([Column(tag, None, readings)])[0]


def stamps(text: list[str]) -> pd.Series:
    return pd.Series(text)


@pytest.mark.parametrize(
    ("tag", "values", "quantity", "unit"),
    [
        ("Cooling Water Temperature (C)", (28, 31), "cw_supply_c", "C"),
        ("Outside Temperature (F)", (75, 91), "outdoor_drybulb_c", "F"),
        ("Chilled Water Rate (L/sec)", (76, 128), "chw_flow_kg_s", "L/sec"),
        ("Wind Speed (mph)", (1, 15), "wind_speed_m_s", "mph"),
        ("Pressure (in)", (29.6, 29.9), "outdoor_pressure_pa", "in"),
        ("Humidity (%)", (52, 100), "outdoor_rh_frac", "%"),
        ("Building Load (RT)", (374, 744), "cooling_load_kw", "RT"),
        ("CHWS_F", (44, 50), "chw_supply_c", "degF"),
        ("kW_CHH", (81, 317), "chiller_kw", "kW"),
        ("WBT_C", (24, 30), "outdoor_wetbulb_c", "degC"),
        ("RackInletTemp_C", (20, 24), "rack_inlet_c", "degC"),
        ("UPS Output Power (kW)", (500, 700), "it_power_kw", "kW"),
        ("Total Facility Power (kW)", (700, 900), "facility_power_kw", "kW"),
        ("chw_supply_c:loop1", (6, 8), "chw_supply_c", "degC"),
    ],
)
def test_plant_engineers_names_are_recognised(tag, values, quantity, unit):
    found = guess(tag, *values)
    assert (found.quantity, found.unit) == (quantity, unit)


def test_temperature_without_unit_is_told_from_its_values():
    assert guess("CHWS", 44, 47, 50).unit == "degF"
    assert guess("CHWS", 6, 7, 9).unit == "degC"


def test_speed_in_hertz_is_a_share_of_the_mains_frequency():
    assert guess("Hz_CT", 30, 50).full_scale == 50.0
    assert guess("Hz_CT", 30, 60).full_scale == 60.0
    assert guess("Hz_CT", 30, 60).quantity == "tower_fan_speed_frac"


def test_running_lamp_of_a_chiller_carries_its_number():
    found = guess("CH3", 0, 1, 1)
    assert (found.quantity, found.equipment) == ("chiller_on", "ch3")


@pytest.mark.parametrize("tag", ["kW_RT", "DeltaCHW", "Precent_CH", "COP"])
def test_differences_shares_and_ratios_are_left_to_a_person(tag):
    found = guess(tag, 0.5, 0.7)
    assert (found.quantity, found.live) == (None, False)
    assert any(word in found.why for word in ("difference", "share", "ratio", "efficiency"))


@pytest.mark.parametrize(
    ("tag", "values"),
    [("AI_4711", (1, 2)), ("CHWS (kW)", (6, 7)), ("CHWS (C)", (900, 950)), ("CHWS", ("n/a",))],
)
def test_what_is_not_understood_is_not_guessed(tag, values):
    assert guess(tag, *values).quantity is None


def test_energy_that_only_rises_is_a_counter_and_other_energy_is_per_interval():
    assert guess("CH1_kWh", *range(5000, 9000, 40)).reading == "counter"
    assert guess("CH1_kWh", 40, 42, 39, 45, 41).reading == "interval"


def test_sentinels_do_not_spoil_the_guess():
    assert guess("CHWS", 44, -9999, 47, -9999, 50).unit == "degF"


def test_greenwich_offset_in_the_header_becomes_a_posix_zone_of_inverted_sign():
    text = stamps(["8/18/2019 0:00", "8/18/2019 0:30", "8/18/2019 1:00"])
    clock = guess_clock("Local Time (Timezone : GMT+8h)", text, text)
    assert (clock.time_zone, clock.time_format, clock.step_minutes) == ("Etc/GMT-8", "%m/%d/%Y %H:%M", 30.0)
    local = pd.Timestamp("2019-08-18 00:00").tz_localize(clock.time_zone)
    assert local.tz_convert("UTC") == pd.Timestamp("2019-08-17 16:00", tz="UTC")


@pytest.mark.parametrize(
    ("header", "zone"),
    [
        ("Time", None),
        ("time (UTC)", "UTC"),
        ("Time GMT-05:00", "Etc/GMT+5"),
        ("t [Asia/Singapore]", "Asia/Singapore"),
        ("UTC+5:30", None),
    ],
)
def test_time_zone_is_taken_from_the_header_or_left_open(header, zone):
    text = stamps(["2024-03-01 00:00", "2024-03-01 00:10"])
    assert guess_clock(header, text, text).time_zone == zone


def test_stamps_with_their_own_offset_are_utc():
    text = stamps(["2024-03-01T00:00:00+08:00", "2024-03-01T00:10:00+08:00"])
    assert guess_clock("t", text, text).time_zone == "UTC"


def test_day_and_month_are_told_apart_by_regular_steps():
    text = pd.Series(pd.date_range("2024-03-01", "2024-03-12", freq="D").strftime("%d/%m/%Y 00:00"))
    clock = guess_clock("t", text, text)
    assert (clock.time_format, clock.ambiguous) == ("%d/%m/%Y %H:%M", False)


def test_day_and_month_that_cannot_be_told_apart_are_asked_about(tmp_path):
    text = stamps(["02/03/2024 00:00", "02/03/2024 00:10", "02/03/2024 00:20"])
    assert guess_clock("t", text, text).ambiguous


def test_proposal_of_a_chiller_plant_is_a_site_that_loads(tmp_path):
    proposal = propose_site([export(tmp_path, CHILLER_PLANT)], "plant")
    (tmp_path / "plant.toml").write_text(proposal.text)
    site = load_site(tmp_path / "plant.toml")
    assert site.columns == ["chw_supply_c", "chiller_kw:ch1", "chiller_kw:ch2", "cooling_load_kw"]
    assert (site.meters.cooling, site.meters.load) == (["chiller_kw"], ["cooling_load_kw"])
    assert (site.interval_minutes, site.sources[0].time_zone) == (15, "UTC")
    assert site.setpoints == []


def test_every_guess_is_marked(tmp_path):
    lines = propose_site([export(tmp_path, CHILLER_PLANT)]).text.splitlines()
    told = ("name", "time_column", "tag", "source")  # copied from the export, not guessed
    unmarked = [
        line for line in lines if " = " in line and "# guess" not in line and not line.startswith(told)
    ]
    assert unmarked == []


def test_unknown_columns_stand_as_comments_to_complete(tmp_path):
    proposal = propose_site([export(tmp_path, {**CHILLER_PLANT, "AI_4711": (1, 9)})])
    assert '# tag = "AI_4711"' in proposal.text.splitlines()
    assert any("AI_4711" in question for question in proposal.unfinished)
    assert "AI_4711" not in [point["tag"] for point in tomllib.loads(proposal.text)["points"]]


def test_setpoints_get_the_limits_that_the_sample_shows_in_canonical_units(tmp_path):
    columns = {**CHILLER_PLANT, "CHWS_SP_F": (44.6, 50.0), "SAT_SP_C": (20, 20)}
    proposal = propose_site([export(tmp_path, columns)])
    assert [(s.tag, s.min, s.max) for s in proposal.site.setpoints] == [("CHWS_SP_F", 7.0, 10.0)]
    assert any("never moved" in question and "SAT_SP_C" in question for question in proposal.unfinished)


def test_two_points_of_one_kind_do_not_share_a_column(tmp_path):
    columns = {**CHILLER_PLANT, "Rack Inlet Temp West (C)": (20, 24), "Rack Inlet Temp East (C)": (20, 24)}
    inlets = propose_site([export(tmp_path, columns)]).site.columns_of("rack_inlet_c")
    assert len(inlets) == 2


def test_historian_and_weather_logger_become_two_sources(tmp_path):
    historian = export(tmp_path, CHILLER_PLANT, "historian_2024-03.csv")
    april = export(tmp_path, CHILLER_PLANT, "historian_2024-04.csv")
    weather = export(
        tmp_path, {"RH [%]": (55, 86), "Temperature [°C]": (28, 37)}, "weather.csv", time="DateTime"
    )
    site = propose_site([historian, april, weather]).site
    assert [(source.name, source.files) for source in site.sources] == [
        ("historian", ["historian_*.csv"]),
        ("weather", ["weather.csv"]),
    ]
    assert site.by_tag["RH [%]"].source == "weather"


def test_long_export_with_quality_codes(tmp_path):
    wide = pd.read_csv(export(tmp_path, CHILLER_PLANT))
    long = wide.melt("time (UTC)", var_name="TagName", value_name="Value").assign(Quality="Good")
    long.to_parquet(tmp_path / "long.parquet")
    site = propose_site([tmp_path / "long.parquet"]).site
    source = site.sources[0]
    assert (source.layout, source.tag_column, source.value_column) == ("long", "TagName", "Value")
    assert (source.quality_column, source.good_quality, source.interval_minutes) == (
        "Quality",
        ["Good"],
        15.0,
    )
    assert [point.tag for point in site.points] == list(CHILLER_PLANT)
    assert {point.reading for point in site.points} == {"instant"}


def test_tag_logged_on_change_only_is_seen_by_its_irregular_times(tmp_path):
    wide = pd.read_csv(export(tmp_path, CHILLER_PLANT))
    log = wide[["time (UTC)", "CHWS_F"]].iloc[[0, 1, 4, 9, 11, 30, 37, 61, 90, 150]].melt("time (UTC)")
    rest = wide.drop(columns="CHWS_F").melt("time (UTC)")
    pd.concat([rest, log]).rename(columns={"variable": "tag"}).to_csv(tmp_path / "long.csv", index=False)
    points = propose_site([tmp_path / "long.csv"]).site.by_tag
    assert (points["CHWS_F"].reading, points["CH1_kW"].reading) == ("change", "instant")


def test_semicolons_and_a_byte_order_mark_are_read(tmp_path):
    text = export(tmp_path, CHILLER_PLANT).read_text().replace(",", ";")
    (tmp_path / "excel.csv").write_text(text, encoding="utf-8-sig")
    assert propose_site([tmp_path / "excel.csv"]).site.sources[0].time_column == "time (UTC)"


def test_tag_that_tries_to_write_toml_stays_a_tag(tmp_path):
    tag = 'CHWS "] \n evil = 1 # (F)'
    site = propose_site([export(tmp_path, {**CHILLER_PLANT, tag: (44, 50)})]).site
    assert " ".join(tag.split()) in site.by_tag


@pytest.mark.parametrize("missing", ["CH1_kW", "Building Load (RT)"])
def test_proposal_without_meters_says_what_to_fill_in(tmp_path, missing):
    columns = {tag: span for tag, span in CHILLER_PLANT.items() if not tag.startswith(missing[:2])}
    proposal = propose_site([export(tmp_path, columns)])
    assert proposal.site is None
    assert any(question.startswith("[meters]") for question in proposal.unfinished)
    tomllib.loads(proposal.text)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("time,kW_Tot\n", "no rows"),
        ("step,kW_Tot\n1,2\n2,3\n", "no column holds times"),
        ("time,kW_Tot\n2024/13/45 99:99,2\n", "no way that is known"),
    ],
)
def test_export_that_cannot_be_understood_is_refused_with_a_remedy(tmp_path, content, said):
    (tmp_path / "bad.csv").write_text(content)
    with pytest.raises(IngestError, match=rf"bad\.csv.*{said}.*export"):
        propose_site([tmp_path / "bad.csv"])


def test_damaged_parquet_is_refused(tmp_path):
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(IngestError, match=r"bad\.parquet is not readable Parquet"):
        propose_site([tmp_path / "bad.parquet"])


def test_name_that_no_site_can_have_is_refused(tmp_path):
    with pytest.raises(SiteError, match=r"e\.g\. my-plant"):
        propose_site([export(tmp_path, CHILLER_PLANT)], "My Plant")


def test_command_writes_the_file_where_the_site_is_found_by_name(tmp_path):
    run, home = CliRunner(), ["--home", str(tmp_path / "home")]
    file = export(tmp_path, CHILLER_PLANT)
    made = run.invoke(app, ["new", str(file), "--name", "plant", "--json", *home])
    assert made.exit_code == 0
    assert json.loads(made.stdout)["loads"]
    checked = run.invoke(app, ["check", "plant", "--json", *home])
    assert json.loads(checked.stdout)["figure"] == "kW per kW of cooling"


def test_without_a_heat_meter_the_load_is_flow_times_its_rise_and_is_to_be_confirmed(tmp_path):
    plant = {name: ends for name, ends in CHILLER_PLANT.items() if "Load" not in name}
    plant |= {"CHW Flow (L/s)": (20, 60), "CHWR_F": (54, 58)}
    file = export(tmp_path, plant)
    made = CliRunner().invoke(app, ["new", str(file), "--output", str(tmp_path / "plant.toml")])
    assert 'load = ["chw_flow_kg_s"]' in (tmp_path / "plant.toml").read_text()
    assert "no heat meter was recognised" in made.stdout


def test_command_says_what_is_unfinished_and_still_succeeds(tmp_path):
    file = export(tmp_path, {"CHWS_F": (44, 50)})
    made = CliRunner().invoke(app, ["new", str(file), "--output", str(tmp_path / "plant.toml")])
    assert made.exit_code == 0
    assert "neither IT power nor thermal load" in made.stdout
    assert "does not load" in made.stdout


def test_finished_work_is_not_overwritten_unless_forced(tmp_path):
    path = tmp_path / "plant.toml"
    write_new(path, "first", force=False)
    with pytest.raises(SiteError, match="--force"):
        write_new(path, "second", force=False)
    assert path.read_text() == "first"
    write_new(path, "second", force=True)
    assert path.read_text() == "second"
    assert list(tmp_path.iterdir()) == [path]


def demo_points() -> list:
    return load_site(SITE_FOLDER / "demo.toml").points


def test_demos_exports_are_mostly_recognised_as_its_site_file_has_them():
    middles = {"degC": (10, 14), "degF": (50, 57), "%": (40, 60), "": (0, 1)}
    wrong = []
    for point in demo_points():
        found = guess(point.tag, *middles.get(point.unit, (10, 14, 12)))
        if found.quantity != point.quantity:
            wrong.append((point.tag, found.quantity))
    assert len(wrong) <= 0.1 * len(demo_points()), wrong


@pytest.mark.skipif(not (SHARED_DATA / "singapore").exists(), reason="the real chiller's data is not here")
def test_real_chiller_becomes_a_usable_site():
    site = propose_site([SHARED_DATA / "singapore/HVAC Energy Data.csv"], "singapore").site
    energy = site.by_tag["Chiller Energy Consumption (kWh)"]
    assert (energy.quantity, energy.unit, energy.reading) == ("chiller_kw", "kWh", "interval")
    assert (site.meters.load, site.meters.cooling, site.setpoints) == (
        ["cooling_load_kw"],
        ["chiller_kw"],
        [],
    )
    assert (site.interval_minutes, site.sources[0].time_zone) == (30, "Etc/GMT-8")
    assert len(site.points) == 9


@pytest.mark.skipif(not (SHARED_DATA / "grundfos").exists(), reason="the real plant's data is not here")
def test_real_plant_is_recognised_as_its_site_file_has_it():
    finished = load_site(SITE_FOLDER / "grundfos.toml")
    files = sorted((SHARED_DATA / "grundfos").glob("*.csv"), reverse=True)
    proposed: Site = propose_site(files, "plant").site
    assert [len(source.files) for source in proposed.sources] == [1, 1]
    said = {point.tag: (point.quantity, point.full_scale) for point in proposed.points}
    written = {point.tag: (point.quantity, point.full_scale) for point in finished.points}
    differing = {tag: (said.get(tag), meant) for tag, meant in written.items() if said.get(tag) != meant}
    assert len(differing) <= 0.15 * len(written), differing


def test_tags_of_a_long_export_are_found_wherever_they_are_in_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sample, "SAMPLE_ROWS", 300)
    times = pd.date_range("2024-03-01", periods=200, freq="15min").strftime("%Y-%m-%d %H:%M")
    tags = ["CH1.KW", "CH2.KW", "IT.KW", "CHWS.T"]
    lines = [f"{time},{tag},{40 + k % 9}.5" for k, tag in enumerate(tags) for time in times]
    path = tmp_path / "export.csv"
    path.write_text("\n".join(["ts,tag,value", *lines]) + "\n")
    read = sample.read_sample(path)
    assert list(read.readings()) == tags
    assert {len(frame) for frame in read.readings().values()} == {100}
    proposed = propose_site([path], "plant")
    assert [each.tag for each in proposed.guesses] == tags
    assert proposed.site.sources[0].interval_minutes == 15
