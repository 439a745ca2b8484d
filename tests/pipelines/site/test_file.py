import pytest

from pipelines.config import SITE_FOLDER, Settings
from pipelines.errors import SiteError
from pipelines.site.file import find_site, load_site

GOOD = (SITE_FOLDER / "demo.toml").read_text(encoding="utf-8")


def loaded(tmp_path, text):
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    return load_site(path)


@pytest.mark.parametrize("path", sorted(SITE_FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_site_file_that_we_ship_is_valid_and_named_like_its_file(path):
    assert load_site(path).name == path.stem


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('unit = "degF"', 'unit = "furlong_per"', 'unit "furlong_per" is not known; write it as pint does'),
        ('unit = "degF"', 'unit = "kW"', 'unit "kW" cannot measure'),
        (
            'quantity = "chiller_kw"',
            'quantity = "chiler_kw"',
            'quantity "chiler_kw" is not known; choose one of',
        ),
        (
            'time_zone = "UTC"',
            'time_zone = "Mars/Olympus"',
            'time_zone "Mars/Olympus" is not in the IANA database',
        ),
        ('time_zone = "UTC"\n', "", "time_zone: Field required"),
        ("max = 26.0", "max = 17.0", "max (17.0) must exceed min (18.0); edit [[setpoints]]"),
        ("default = 20.0", "default = 40.0", "default (40.0) must lie in 18.0..26.0; edit [[setpoints]]"),
        ('it = ["it_power_kw"]', 'it = ["it_kw"]', 'meters.it: "it_kw" matches no point'),
        ('it = ["it_power_kw"]\n', "", "meters must name either it (IT power) or load (thermal load)"),
        ("pue_category = 2\n", "", "pue_category must say where IT power is measured"),
        ("interval_minutes = 15", "interval_minutes = 7", "interval_minutes (7) must divide a day"),
        ('source = "logger"', 'source = "looger"', 'source "looger" is not declared; add it to [[sources]]'),
        ('tag = "CH.KW"', 'tag = "CHWP.KW"', "point names must be unique; CHWP.KW of source historian"),
        ('reading = "counter"\n', "", 'unit "kWh" is energy; set reading = "interval" or "counter"'),
        ("[envelope]", "[envelop]", "envelop: Extra inputs are not permitted"),
        ("latitude = 39.0", "latitude = 139.0", "latitude"),
    ],
)
def test_a_fault_in_a_site_file_is_named_with_its_remedy(tmp_path, was, becomes, said):
    assert was in GOOD
    with pytest.raises(SiteError) as error:
        loaded(tmp_path, GOOD.replace(was, becomes))
    assert said in str(error.value)
    assert "site.toml" in str(error.value)


def test_a_setpoint_whose_tag_is_no_point_is_refused(tmp_path):
    head, tail = GOOD.split("[[setpoints]]", 1)
    with pytest.raises(
        SiteError, match=r"setpoint CRAH.SP is not a declared point; add it to \[\[points\]\]"
    ):
        loaded(tmp_path, head + "[[setpoints]]" + tail.replace("CRAH.SAT_SP_C", "CRAH.SP"))


def test_a_toml_error_names_the_file_and_the_line(tmp_path):
    with pytest.raises(SiteError, match=r"site\.toml is not valid TOML: .*line 1"):
        loaded(tmp_path, "name = demo")


def test_several_faults_are_named_at_once(tmp_path):
    with pytest.raises(SiteError) as error:
        loaded(
            tmp_path,
            GOOD.replace("latitude = 39.0", "latitude = 139.0").replace('name = "demo"', 'name = "De mo"'),
        )
    assert "latitude" in str(error.value)
    assert "name" in str(error.value)


def test_an_unknown_site_is_told_which_there_are(tmp_path):
    with pytest.raises(
        SiteError, match='site "nowhere" is not known; known are demo, esif, grundfos, referee, singapore'
    ):
        find_site("nowhere", Settings(home=tmp_path))


def test_a_missing_site_file_says_how_to_make_one(tmp_path):
    with pytest.raises(SiteError, match="does not exist; make one with: coldaisle site new"):
        find_site(str(tmp_path / "none.toml"), Settings(home=tmp_path))


def test_a_site_in_the_home_is_found_by_name(tmp_path):
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "mine.toml").write_text(
        GOOD.replace('name = "demo"', 'name = "mine"'), encoding="utf-8"
    )
    assert find_site("mine", Settings(home=tmp_path)).name == "mine"


def test_a_quantity_stands_for_all_its_equipment():
    site = find_site("grundfos", Settings())
    assert site.columns_of("chiller_on") == [f"chiller_on:ch{number}" for number in (1, 2, 3, 4)]
    assert site.columns_of("chiller_on:ch2") == ["chiller_on:ch2"]
