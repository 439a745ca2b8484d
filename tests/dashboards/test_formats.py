from datetime import UTC, datetime, timedelta

import pytest

from dashboards.formats import Formats, age
from dashboards.preferences import Preferences, keep, preferences_of
from pipelines.config import Settings

NOON = datetime(2025, 7, 14, 16, 5, tzinfo=UTC)


def formats(zone: str = "America/New_York", **given) -> Formats:
    return Formats(Preferences(**given), zone)


@pytest.mark.parametrize(
    ("locale", "shown"),
    [
        ("en_US", "12,345.7"),
        ("de_DE", "12.345,7"),
        ("fr_FR", "12\u202f345,7"),
        ("en_IN", "12,345.7"),
        ("nonsense", "12,345.7"),
    ],
)
def test_numbers_are_written_as_the_reader_writes_them(locale, shown):
    assert formats(locale=locale).number(12345.67) == shown


def test_separators_of_plots_are_those_of_the_text():
    assert [formats(locale=each).separators for each in ("en_US", "de_DE")] == [".,", ",."]


def test_fahrenheit_is_shown_and_read_back():
    imperial = formats(temperature="°F")
    assert imperial.celsius(20.0) == "68.0 °F"
    assert imperial.kelvin(5.0) == "9.0 °F"
    assert imperial.canonical(imperial.shown(21.3, "degC"), "degC") == pytest.approx(21.3)
    assert formats().celsius(20.0) == "20.0 °C"


def test_heat_and_figure_are_shown_in_tons_and_electrical_power_is_not():
    tons = formats(cooling="tons")
    assert tons.value(351.685, "kW", "cooling_load_kw") == "100 tons"
    assert tons.kw(351.685) == "352 kW"
    assert (tons.figure(0.2, "kW per kW of cooling"), tons.figure_title("kW per kW of cooling")) == (
        "0.703",
        "kW per ton",
    )
    assert tons.figure(1.25, "PUE2") == "1.250"


def test_times_are_the_sites_and_say_so():
    assert formats().time(NOON) == "2025-07-14 12:05 EDT"
    assert formats("Asia/Singapore").time(NOON) == "2025-07-15 00:05 +08"
    text = "decision 6 is for 2025-07-14 16:05 UTC, which lies ahead"
    assert formats().localised(text) == "decision 6 is for 2025-07-14 12:05 EDT, which lies ahead"


@pytest.mark.parametrize("value", [None, float("nan")])
def test_what_is_not_known_is_a_dash(value):
    plain = formats()
    assert {
        plain.number(value),
        plain.kw(value),
        plain.celsius(value),
        plain.kelvin(value),
        plain.figure(value, "PUE"),
    } == {"–"}


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=30), "30 s"),
        (timedelta(minutes=14), "14 min"),
        (timedelta(hours=5), "5 h"),
        (timedelta(days=12), "12 days"),
        (timedelta(days=400), "13 months"),
        (timedelta(seconds=-5), "0 s"),
        (None, "–"),
    ],
)
def test_age_is_told_in_a_unit_of_which_there_are_several(passed, words):
    assert age(passed) == words


def test_preferences_are_remembered_for_each_person(tmp_path):
    settings = Settings(home=tmp_path)
    keep(settings, "Ana@example.com", Preferences(temperature="°F", site="plant"))
    assert preferences_of(settings, "ana@example.com").temperature == "°F"
    assert preferences_of(settings, "bo@example.com") == Preferences()
    (file,) = (settings.console / "preferences").iterdir()
    file.write_text('{"temperature": "K"}')
    assert preferences_of(settings, "ana@example.com") == Preferences()
