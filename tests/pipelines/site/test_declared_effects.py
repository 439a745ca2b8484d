import pytest
from pydantic import ValidationError

from pipelines.errors import ModelError, SiteError
from pipelines.learning.efficiency.dataset import dataset
from pipelines.learning.efficiency.training import kept, learned
from pipelines.site.declared_effects import KnownEffect, effects_on
from pipelines.site.file import load_site
from pipelines.telemetry.plant_table import plant_table
from tests.pipelines.learning_kit import (
    QUICK,
    chiller_readings,
    chillers,
    hall,
    hall_readings,
    table,
)

RISES = {"of": "cw_supply_c", "on": "chiller_kw", "sign": "positive"}


def rows_of(site):
    return dataset(site, plant_table(site, table(site, chiller_readings(300)))).rows


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"of": "cw_suply_c"}, 'of = "cw_suply_c": it is no known quantity'),
        ({"of": "cooling_load_kw"}, "effects are at equal load"),
        ({"on": "chw_supply_c"}, 'on = "chw_supply_c" is no power meter; name one (chiller_kw) or'),
        ({"sign": None}, "nothing is said; give sign, or low_percent_per_k"),
        ({"high_percent_per_k": -1.0}, "from 0 to -1 % per K leaves nothing; mend the sign or the bounds"),
        ({"sign": None, "low_percent_per_k": 5.0, "high_percent_per_k": 4.0}, "from 5 to 4 % per K"),
        ({"on": "rack_inlet_c", "low_percent_per_k": 2.0}, "a percentage of a temperature says nothing"),
        ({"sign": "up"}, "Input should be 'positive' or 'negative'"),
        ({"sing": "positive"}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_declaration_is_named_with_its_remedy(declared, said):
    with pytest.raises(ValidationError) as error:
        KnownEffect.model_validate(RISES | declared)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("effects", "said"),
    [
        ([RISES | {"on": "tower_fan_kw"}], "no point measures tower_fan_kw; add it to [[points]]"),
        ([RISES | {"of": "supply_air_sp_c"}], "no point measures supply_air_sp_c; add it to [[points]]"),
        ([RISES, RISES], "effect names must be unique; cw_supply_c on chiller_kw stands more than once"),
    ],
)
def test_a_declaration_that_does_not_fit_the_site_is_refused(effects, said):
    with pytest.raises(ValidationError) as error:
        chillers(effects=effects)
    assert said in str(error.value)


def test_the_site_file_s_table_is_read(tmp_path):
    from pipelines.config import SITE_FOLDER

    text = (SITE_FOLDER / "grundfos.toml").read_text(encoding="utf-8")
    path = tmp_path / "site.toml"
    path.write_text(text + '\n[[effects]]\nof = "cw_supply_c"\non = "chiller_kw"\nsign = "positive"\n')
    assert str(load_site(path).effects[0]) == "effect of cw_supply_c on chiller_kw"
    path.write_text(text + '\n[[effects]]\nof = "cw_supply_c"\non = "chiller_kw"\nsign = "upwards"\n')
    with pytest.raises(SiteError, match=r"effects\.0\.sign"):
        load_site(path)


def test_a_declared_meter_is_learned_on_its_own():
    effect = {"of": "chw_supply_sp_c", "on": "chiller_kw", "sign": "negative"}
    site = hall().model_copy(update={"effects": [KnownEffect.model_validate(effect)]})
    rows = dataset(site, plant_table(site, table(site, hall_readings(300)))).rows
    assert "chiller_kw_per_kw" in rows.targets
    assert [(found.of, found.target, found.high) for found in rows.effects] == [
        ("chw_supply_sp_c", "chiller_kw_per_kw", 0.0)
    ]


def test_where_chillers_are_the_whole_plant_the_figure_itself_is_bound():
    rows = rows_of(chillers(effects=[RISES]))
    assert rows.targets == ("overhead_kw_per_kw",)
    assert rows.effects[0].target == "overhead_kw_per_kw"


def test_what_a_model_cannot_keep_is_noted():
    effect = KnownEffect.model_validate(RISES | {"on": "cooling_kw"})
    found, notes = effects_on([effect], ("load_kw",), ("overhead_kw_per_kw", "cooling_kw_per_kw"), {})
    assert found == ()
    assert notes == ["effect of cw_supply_c on cooling_kw is not kept here: cw_supply_c is no input"]


def test_a_target_s_other_name_stands_for_it():
    """Where cooling is all that there is beside the load, overhead and cooling are one target."""
    effect = KnownEffect.model_validate(RISES | {"on": "cooling_kw"})
    (found,), _ = effects_on(
        [effect], ("cw_supply_c",), ("overhead_kw_per_kw",), {"cooling_kw_per_kw": "overhead_kw_per_kw"}
    )
    assert found.target == "overhead_kw_per_kw"


def test_training_reports_how_often_a_declaration_is_broken():
    site = chillers(effects=[{"of": "chw_supply_c", "on": "cooling_kw", "sign": "negative"}])
    (found,) = kept(learned(site, rows_of(site), QUICK, 0))
    assert (found["of"], found["on"]) == ("chw_supply_c", "overhead_kw_per_kw")
    assert (found["low_percent_per_k"], found["high_percent_per_k"]) == (None, 0.0)
    assert found["broken_share"] < 0.02


def test_declarations_that_exclude_each_other_name_the_site_file_s_table():
    """The plant's overhead is its cooling: one target, which cannot both rise and fall."""
    rises, falls = RISES | {"on": "cooling_kw"}, RISES | {"on": "overhead_kw", "sign": "negative"}
    site = chillers(effects=[rises | {"low_percent_per_k": 1.0}, falls])
    with pytest.raises(ModelError, match=r"effects that cannot all hold: .* edit \[\[effects\]\]"):
        learned(site, rows_of(site), QUICK, 0)
