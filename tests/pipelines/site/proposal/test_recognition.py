"""What a column is taken for: by its name, its unit, its values, and by what stands beside it."""

import numpy as np
import pytest

from pipelines.site.proposal.recognition import Column, Guess, Told, recognise
from pipelines.site.proposal.recognition.aligned import MOST_ROWS, Aligned
from pipelines.site.proposal.recognition.candidates import subjects_of

ROWS = 480
TIMES = np.datetime64("2024-05-06") + np.arange(ROWS) * np.timedelta64(30, "m")
HOURS = np.arange(ROWS) / 2.0
DAY = np.sin(2 * np.pi * (HOURS - 9.0) / 24.0)
WEEK = np.sin(2 * np.pi * HOURS / 168.0)


def column(tag: str, values: object, unit_row: str | None = None, source: str = "") -> Column:
    """A column of ten days at half-hours; two numbers are the ends of a daily swing."""
    if isinstance(values, tuple):
        low, high = values
        values = low + (high - low) * (DAY + 1.0) / 2.0
    return Column(
        tag, unit_row, np.broadcast_to(np.asarray(values, dtype=float), (ROWS,)), TIMES, source=source
    )


def recognised(*columns: Column) -> dict[str, Guess]:
    return {guess.tag: guess for guess in recognise(columns)}


def taken_for(tag: str, values: object, unit_row: str | None = None) -> tuple[str | None, str]:
    guess = recognise([column(tag, values, unit_row)])[0]
    return guess.quantity, guess.unit


@pytest.mark.parametrize(
    ("tag", "values", "quantity", "unit"),
    [
        ("NAE1/FC-1.CH-1.KW", (80, 200), "chiller_kw", "kW"),
        ("B01'Ahu01'TSu", (17, 19), "supply_air_c", "degC"),
        ("PLT.CHW.SUP-T", (44, 47), "chw_supply_c", "degF"),
        ("CRAH-1.SUP-T", (64, 68), "supply_air_c", "degF"),
        ("CT-1-VFD-SPD", (40, 95), "tower_fan_speed_frac", "%"),
        ("LCHWT", (6, 8), "chw_supply_c", "degC"),
        ("ECWT (F)", (75, 85), "cw_supply_c", "F"),
        ("[default]Plant/Chiller1/Power_kW", (80, 200), "chiller_kw", "kW"),
        ("Leaving_Chilled_Water_Temperature_Sensor", (6, 8), "chw_supply_c", "degC"),
        ("OADB", (60, 90), "outdoor_drybulb_c", "degF"),
        ("OAWB", (60, 75), "outdoor_wetbulb_c", "degF"),
        ("UPS-A-OUT-KW", (300, 400), "it_power_kw", "kW"),
        ("PDU-3-KW", (40, 60), "it_power_kw", "kW"),
        ("MSB.KW", (900, 1200), "facility_power_kw", "kW"),
        ("PCHWP-2.KW", (20, 30), "chw_pump_kw", "kW"),
        ("SCHWP-1 kW", (20, 30), "secondary_pump_kw", "kW"),
        ("Chilled Water Diff Press (psi)", (12, 15), "loop_pressure_pa", "psi"),
        ("Cold Aisle 3 Temp (degC)", (20, 24), "rack_inlet_c", "degC"),
        ("KM1_Leistung (kW)", (80, 200), "chiller_kw", "kW"),
        ("Kaltwasser Vorlauftemperatur", (6, 8), "chw_supply_c", "degC"),
        ("Rücklauftemp. Kühlturm", (28, 32), "cw_return_c", "degC"),
        ("Groupe Froid 2 Puissance (kW)", (80, 200), "chiller_kw", "kW"),
        ("Agua Helada Temp Retorno (°C)", (11, 13), "chw_return_c", "°C"),
        ("precent RLA chiller 1", (40, 90), "chiller_load_frac", "%"),
    ],
)
def test_names_of_many_systems_and_languages_are_understood(tag, values, quantity, unit):
    assert taken_for(tag, values) == (quantity, unit)


def test_unit_in_a_row_under_the_header_counts_as_written():
    found = recognised(column("Chiller Power", 100_000.0, "W"), column("Cooling Load", 500_000.0, "W"))
    assert {tag: (guess.quantity, guess.unit) for tag, guess in found.items()} == {
        "Chiller Power": ("chiller_kw", "W"),
        "Cooling Load": ("cooling_load_kw", "W"),
    }
    assert all(guess.live and guess.unit_from == "from the export" for guess in found.values())


def test_tons_are_heat_and_never_electrical_power():
    found = recognised(
        column("cooling_tower_tons", (700, 900)),
        column("chilled_water_tons", (600, 800)),
        column("chiller_kw", (250, 330)),
    )
    assert not found["cooling_tower_tons"].live
    assert "heat that is rejected" in found["cooling_tower_tons"].why
    assert (found["chilled_water_tons"].quantity, found["chilled_water_tons"].unit) == (
        "cooling_load_kw",
        "RT",
    )


@pytest.mark.parametrize("tag", ["UPS-A kVA", "Chiller 1 Apparent Power (kVA)", "MSB.KVAR"])
def test_apparent_and_reactive_power_are_left_out_and_a_power_factor_is_asked_for(tag):
    guess = recognise([column(tag, (300, 400))])[0]
    assert (guess.quantity, guess.live, guess.asks) == (None, False, "power factor")


@pytest.mark.parametrize(
    "tag",
    ["CH-1 kW/ton", "CHW Delta T", "CRAH-1.CHW-VLV", "CHWP-1.AMPS", "HALL-A.RH", "UPS-A.LOAD-PCT", "CHWST High Limit",
     "CRAH-1 Return Air Setpoint", "GEN-1.KW", "CH-1.EVAP-PRESS", "Plant COP", "UPS-A.IN-KW", "HX-1 CHW Leaving Temp"],
)  # fmt: skip
def test_what_no_quantity_stands_for_is_left_out_with_a_reason(tag):
    guess = recognise([column(tag, (20, 60))])[0]
    assert not guess.live
    assert guess.why


def test_power_without_a_unit_is_told_from_its_proportion_to_the_other_powers():
    it, loss, fan = 900.0 + 20 * DAY, 45.0 + DAY, 20.0 + DAY
    kilowatts = recognised(column("IT Power", it), column("UPS Loss", loss), column("CRAH Fan Power", fan))
    watts = recognised(
        column("IT Power", 1e3 * it), column("UPS Loss", 1e3 * loss), column("CRAH Fan Power", 1e3 * fan)
    )
    assert {guess.unit for guess in kilowatts.values()} == {"kW"}
    assert {guess.unit for guess in watts.values()} == {"W"}


def test_power_whose_unit_nothing_tells_is_asked_for_and_not_assumed():
    guess = recognise([column("IT Power", (5_000, 6_000))])[0]  # a closet in W, or a large hall in kW
    assert (guess.confidence, guess.live, guess.asks) == ("low", False, "unit")
    assert {guess.unit, *guess.other_units} == {"kW", "W"}


@pytest.mark.parametrize(("unit", "factor"), [("L/s", 1.0), ("m3/h", 3.6), ("gpm", 15.85)])
def test_flow_without_a_unit_is_told_from_the_heat_that_it_carries(unit, factor):
    load, rise = 1_000.0 + 50 * DAY, 6.0
    flow = factor * load / 4.19 / rise
    found = recognised(
        column("Cooling Load (kW)", load), column("CHWS (C)", 7.0 + 0.1 * WEEK),
        column("CHWR (C)", 7.0 + rise + 0.1 * WEEK), column("CHW Flow", flow),
    )  # fmt: skip
    assert found["CHW Flow"].unit == unit


def test_flow_whose_written_unit_carries_far_too_little_heat_is_asked_about():
    found = recognised(
        column("Cooling Load (kW)", 1_000.0 + 50 * DAY), column("CHWS (C)", 7.0), column("CHWR (C)", 13.0),
        column("CHW Flow GPM", (1_000.0 + 50 * DAY) / 4.19 / 6.0),
    )  # fmt: skip
    assert (found["CHW Flow GPM"].asks, found["CHW Flow GPM"].other_units) == ("unit", ("L/s",))


def test_a_total_beside_its_parts_is_left_out():
    a, b = 300.0 + 20 * DAY, 200.0 + 10 * WEEK
    found = recognised(
        column("PDU A Power (kW)", a), column("PDU B Power (kW)", b), column("IT Total Power (kW)", a + b + 0.3 * DAY),
        column("CH1 Power (kW)", 0.1 * a), column("CH2 Power (kW)", 0.1 * b),
        column("Chiller Total Power (kW)", 0.1 * (a + b)),
    )  # fmt: skip
    live = [tag for tag, guess in found.items() if guess.live]
    assert live == ["PDU A Power (kW)", "PDU B Power (kW)", "CH1 Power (kW)", "CH2 Power (kW)"]
    assert "counted twice" in found["Chiller Total Power (kW)"].why


def test_a_sum_that_nobody_calls_one_is_seen_over_time():
    a, b = 300.0 + 20 * DAY, 200.0 + 30 * WEEK
    found = recognised(*(column(f"PDU-{k} kW", v) for k, v in (("1", a), ("2", b), ("9", a + b))))
    assert [guess.live for guess in found.values()] == [True, True, False]


def test_ups_output_is_not_added_to_what_the_distribution_behind_it_meters():
    a, b = 300.0 + 20 * DAY, 200.0 + 30 * WEEK
    found = recognised(
        column("UPS-A-OUT-KW", 1.02 * a),
        column("UPS-B-OUT-KW", 1.02 * b),
        column("PDU-1-KW", a),
        column("PDU-2-KW", b),
    )
    assert [tag for tag, guess in found.items() if guess.live] == ["PDU-1-KW", "PDU-2-KW"]


def test_power_and_energy_of_one_machine_are_one_point():
    power = 300.0 + 20 * DAY
    found = recognised(column("CH-1 kW", power), column("CH-1 kWh", np.cumsum(power) / 2.0 + 1e6))
    assert (found["CH-1 kW"].live, found["CH-1 kWh"].live) == (True, False)


def test_energy_without_a_unit_is_asked_for():
    guess = recognise([column("Chiller 1 Energy", np.cumsum(150.0 + 20 * DAY) / 2.0 + 1e6)])[0]
    assert (guess.quantity, guess.reading) == ("chiller_kw", "counter")
    assert guess.unit == "kWh"


def test_a_command_is_left_out_where_the_state_itself_is_there():
    state = (DAY > 0).astype(float)
    found = recognised(
        column("CHWP-1.CMD", state), column("CHWP-1.STS", state), column("CHWP-1.KW", 20.0 + DAY)
    )
    assert (found["CHWP-1.STS"].live, found["CHWP-1.CMD"].live) == (True, False)


def test_idle_machines_are_known_by_their_siblings():
    found = recognised(
        column("CH1", (DAY > 0).astype(float)), column("CH2", (DAY < 0).astype(float)), column("CH3", 0.0)
    )
    assert [(guess.quantity, guess.equipment) for guess in found.values()] == [
        ("chiller_on", "ch1"), ("chiller_on", "ch2"), ("chiller_on", "ch3"),
    ]  # fmt: skip


def test_the_colder_of_two_condenser_temperatures_is_the_supply_whatever_it_is_said_to_leave():
    tower = recognised(column("LOOP/CW/LVG.degC", (22, 24)), column("LOOP/CW/ENT.degC", (27, 29)))
    chiller = recognised(column("LOOP/CW/LVG.degC", (27, 29)), column("LOOP/CW/ENT.degC", (22, 24)))
    assert [guess.quantity for guess in tower.values()] == ["cw_supply_c", "cw_return_c"]
    assert [guess.quantity for guess in chiller.values()] == ["cw_return_c", "cw_supply_c"]


def test_supply_that_is_warmer_than_return_is_not_believed():
    found = recognised(column("CHW Supply Temp (C)", (12, 13)), column("CHW Return Temp (C)", (6, 7)))
    assert not any(guess.confidence == "high" for guess in found.values())


def test_unit_of_the_weather_follows_from_humidity():
    drybulb_c = 31.0 + 4 * DAY
    wetbulb_c = 25.0 + 0.8 * DAY
    humidity = 100 * (6.112 * np.exp(17.62 * wetbulb_c / (243.12 + wetbulb_c)) - 0.669 * (drybulb_c - wetbulb_c)) / (
        6.112 * np.exp(17.62 * drybulb_c / (243.12 + drybulb_c))
    )  # fmt: skip
    found = recognised(column("OA DB", drybulb_c), column("OA WB", wetbulb_c), column("OA RH", humidity))
    assert [guess.unit for guess in found.values()] == ["degC", "degC", "%"]


def test_drive_speed_that_ends_at_the_mains_frequency_is_in_hertz():
    ends_at_50, full = (
        recognise([column("CWP-1 SPEED", (30, 50))])[0],
        recognise([column("CWP-1 SPEED", (30, 100))])[0],
    )
    assert (ends_at_50.unit, ends_at_50.full_scale, ends_at_50.confidence) == ("Hz", 50.0, "medium")
    assert (full.unit, full.full_scale) == ("%", None)


def test_a_share_of_a_total_says_nothing_new():
    chiller, pump = 150.0 + 20 * DAY, 20.0 + WEEK
    found = recognised(
        column("CH Power (kW)", chiller), column("CHWP Power (kW)", pump), column("Plant Power (kW)", chiller + pump),
        column("CH Load (%)", 100 * chiller / (chiller + pump)),
    )  # fmt: skip
    assert not found["CH Load (%)"].live


def test_an_unknown_word_keeps_a_guess_from_being_sure():
    plain, odd = recognised(
        column("CHW Supply Temp (C)", (6, 8)), column("CHW Supply Temp Qwfzk (C)", (6, 8))
    ).values()
    assert (plain.confidence, odd.confidence == "high") == ("high", False)


def test_a_setpoint_is_never_taken_for_the_temperature_itself():
    steps = np.repeat([7.0, 8.0, 9.0, 7.5], ROWS // 4)
    found = recognised(column("CHW.SUP-T", steps + 0.1 * DAY), column("CHW.SUP-T-SP", steps))
    assert [guess.quantity for guess in found.values()] == ["chw_supply_c", "chw_supply_sp_c"]


def test_what_a_person_said_is_no_longer_guessed():
    told = {"AI_4711": Told("it_power_kw", "W"), "AI_4712": Told("")}
    found = recognise([column("AI_4711", (5_000, 6_000)), column("AI_4712", (1, 2))], told)
    assert (found[0].quantity, found[0].unit, found[0].live) == ("it_power_kw", "W", True)
    assert (found[1].quantity, found[1].asks) == (None, "")


def test_no_two_live_points_share_a_column_and_equipment_is_a_slug():
    tags = [
        "Rack Inlet Temp West (C)",
        "Rack Inlet Temp East (C)",
        "Rack Inlet Temp (C)",
        "Data Hall A/Rack Inlet Temp (C)",
    ]
    found = [guess for guess in recognise([column(tag, (20, 24)) for tag in tags]) if guess.live]
    assert len({guess.column for guess in found}) == len(found) == 4
    assert all(set(guess.equipment) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for guess in found)


def test_columns_of_no_numbers_or_other_clocks_do_not_disturb():
    late = Column("CHWR (C)", None, np.full(10, 12.0), TIMES[-1] + np.arange(10) * np.timedelta64(1, "D"))
    empty = Column("CHWS (C)", None, np.full(ROWS, np.nan), TIMES)
    bare = Column("CHW Flow (L/s)", None, np.full(5, 80.0))
    assert [guess.quantity for guess in recognise([late, empty, bare])] == [
        "chw_return_c",
        None,
        "chw_flow_kg_s",
    ]


def test_a_year_of_minutes_is_compared_at_hours():
    times = np.datetime64("2024-01-01") + np.arange(0, 366 * 1440, 7) * np.timedelta64(1, "m")
    subjects = subjects_of([Column("CHWS (C)", None, np.full(len(times), 7.0), times)])
    assert len(Aligned(subjects).raw(subjects[0])) <= MOST_ROWS
