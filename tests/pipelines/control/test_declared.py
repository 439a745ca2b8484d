"""What an engineer declares under [safety] in the site file, from the file to the setpoints."""

import tomllib
from pathlib import Path

import pytest

from pipelines.config import SITE_FOLDER
from pipelines.errors import SiteError
from pipelines.site import safety as safety_tables
from pipelines.site.file import Site, load_site
from tests.pipelines.control.plant import AT, STEP, controlled, day, defaults, row

pytestmark = pytest.mark.medium

SUPPLY, CHILLED, CONDENSER, SWITCH = "CRAH.SAT_SP_C", "PLANT.CHWS_SP_C", "PLANT.CWS_SP_C", "PLANT.WSE_ENABLE"
REFEREE = Path(SITE_FOLDER) / "referee.toml"


def declaring(text: str) -> Site:
    """The referee's site with more in its file."""
    return Site.model_validate(tomllib.loads(REFEREE.read_text() + text))


def documented() -> str:
    """The example at the head of the module."""
    return safety_tables.__doc__[safety_tables.__doc__.index("[safety]\n") :]


def test_documented_example_is_a_valid_site_file():
    safety = declaring(documented()).safety
    assert [each.name for each in safety.interlocks][1] == "towers do not freeze"
    assert safety.confidence.surprise_k == 2.0


def test_site_file_that_declares_nothing_changes_nothing(site):
    safety = site.safety
    assert safety.resets == safety.relations == safety.interlocks == safety.dwells == []


def test_all_that_is_declared_holds_for_a_day(cascade):
    described = declaring(documented())
    for setpoints in day(described, controlled(described, cascade))[4:]:
        assert setpoints[SUPPLY] - setpoints[CHILLED] >= 4.0 - 1e-6
        assert setpoints[CONDENSER] >= 13.0 - 1e-6  # the meter says that a chiller runs


@pytest.mark.parametrize(("chiller_kw", "condenser_c"), [(0.0, 9.0), (70.0, 13.0)])
def test_without_a_model_the_site_s_own_reset_runs_the_plant_and_interlocks_hold(chiller_kw, condenser_c):
    described = declaring(documented())
    controller, setpoints = controlled(described, None), defaults(described)
    for k in range(20):
        setpoints = controller.decide(row(described, setpoints, chiller_kw=chiller_kw), AT + k * STEP)
    assert setpoints[CONDENSER] == pytest.approx(condenser_c)  # 9 °C is the reset's at 2 °C wetbulb
    assert "site's rule" in controller.last.reason


def test_switch_stays_on_for_its_minimum_time():
    text = REFEREE.read_text().replace('kind = "binary"', 'kind = "binary"\nmin_on_minutes = 60')
    described = Site.model_validate(tomllib.loads(text))
    controller, setpoints = controlled(described, None), defaults(described)
    shown = [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]  # somebody has switched it on; the default is off
    decided = [
        controller.decide(row(described, setpoints | {SWITCH: on}), AT + k * STEP)[SWITCH]
        for k, on in enumerate(shown)
    ]
    assert decided == [0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    assert any(clip.rule == "dwell" for clip in controller.last.clips) is False


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[[safety.relations]]\nlower = "X"\nupper = "CRAH.SAT_SP_C"\nleast_k = 4',
            "X is not a declared setpoint",
        ),
        (
            '[[safety.resets]]\ntag = "PLANT.CWS_SP_C"\non = "moon"\npoints = [[0, 9]]',
            '"moon" is not measured',
        ),
        (
            '[[safety.resets]]\ntag = "PLANT.CWS_SP_C"\non = "load_kw"\npoints = [[5, 9], [1, 8]]',
            "must ascend",
        ),
        (
            '[[safety.interlocks]]\nname = "a"\nwhen = "chiller_kw"\ntag = "PLANT.CWS_SP_C"\nat_least = 9',
            "never acts",
        ),
        (
            '[[safety.interlocks]]\nname = "a"\nwhen = "chiller_kw"\nabove = 1\ntag = "PLANT.CWS_SP_C"',
            "does nothing",
        ),
        ("[safety]\nspeed = 3", "safety.speed"),
    ],
)
def test_wrong_declaration_says_rule_value_and_remedy(tmp_path, text, said):
    path = tmp_path / "site.toml"
    path.write_text(REFEREE.read_text() + text)
    with pytest.raises(SiteError, match="(?s)" + said):
        load_site(path)


def test_limits_of_auto_must_lie_inside_the_others_and_hold_the_default(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(REFEREE.read_text().replace("max = 26.0\n", "max = 26.0\nauto_max = 19.0\n"))
    with pytest.raises(SiteError, match=r"auto_min..auto_max"):
        load_site(path)
