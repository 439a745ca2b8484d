import pandas as pd
import pytest

from pipelines.config import Settings
from pipelines.console.epw import keep_epw, kept_epws
from pipelines.console.what_if import run_what_if
from pipelines.errors import ScenarioError, WeatherError
from tests.dashboards.live import LiveSite
from tests.pipelines.epw_kit import write_epw


def test_weather_file_is_kept_under_a_harmless_name(tmp_path):
    settings = Settings(home=tmp_path)
    content = b"LOCATION,Somewhere\n" + b"x\n" * 20
    assert keep_epw(settings, "plant", "../../etc/ New York.EPW", content, by="Ana") == "_New_York.epw"
    assert kept_epws(settings, "plant") == ["_New_York.epw"]


@pytest.mark.parametrize("content", [b"", b"time,a\n1,2\n", b"LOCATION", b"\x00\x01"])
def test_what_is_no_weather_file_is_refused(tmp_path, content):
    settings = Settings(home=tmp_path)
    with pytest.raises(WeatherError, match="begins with LOCATION"):
        keep_epw(settings, "plant", "station.epw", content, by="Ana")
    assert kept_epws(settings, "plant") == []


@pytest.fixture(scope="module")
def live(tmp_path_factory) -> LiveSite:
    return LiveSite(tmp_path_factory.mktemp("what-if"), days=3)


def run(live, **arguments):
    told = []
    result = run_what_if(live.site, live.settings, arguments, progress=lambda text, share: told.append(share))
    assert told == sorted(told)
    table = pd.read_parquet(live.settings.home / result["table"])
    assert len(table) == result["cases"]
    assert set(result["limits"]) < set(table.columns)
    assert all(result["present"][name] in values for name, values in result["axes"].items())
    return result, table


@pytest.mark.slow
def test_present_recorded_and_typical_weather_are_swept(live, tmp_path):
    result, table = run(live, weather="present")
    assert result["days"] == 1
    assert table["facility_kwh"].gt(0.0).all()
    day = (pd.Timestamp.now(tz=live.site.local_zone) - pd.Timedelta(days=2)).date()
    recorded, _ = run(live, weather="recorded", first=day, last=day)
    assert "as recorded" in recorded["title"]
    station = write_epw(tmp_path / "station.epw", drybulb_c=lambda _: 35.0, dew_point_c=20.0)
    name = keep_epw(live.settings, live.site.name, "station.epw", station.read_bytes(), by="Ana")
    typical, hot = run(live, weather="epw", epw=name, start="2025-07-14", days=2)
    assert typical["days"] == 2
    assert hot["facility_kwh"].median() > 2.0 * table["facility_kwh"].median()  # of two days, and hot ones


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"weather": "epw", "epw": "../secrets.toml", "start": "2025-07-14"}, "is not kept"),
        ({"weather": "recorded", "first": "2026-01-02", "last": "2026-01-01"}, "1 to 31 days"),
    ],
)
def test_what_cannot_be_run_says_why(live, arguments, said):
    with pytest.raises(ScenarioError, match=said):
        run_what_if(live.site, live.settings, arguments, progress=lambda *_: None)
