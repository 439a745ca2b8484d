"""What simulated sites teach: rows as a site's record gives them, and a base that a site's networks start from."""

from dataclasses import replace

import numpy as np
import pytest

from models.changes.base_network import COLUMNS, HIDDEN, INPUTS, MEMBERS, METERS, start_for, to_bytes
from models.changes.boosting import names_of
from models.changes.network import CONFIG, ChangeNetwork
from models.efficiency.baselines import Ratio
from models.pretraining.base import CONFIG as OF_BASE
from models.pretraining.base import trained
from models.pretraining.rows import rows_of
from models.pretraining.sites import READINGS, SETTLED_HOURS, simulated_hours

pytestmark = pytest.mark.medium

SITES, DAYS = 8, 8  # and seeds of one structure, so that one compiled program does


@pytest.fixture(scope="module")
def hours():
    return simulated_hours(0, SITES, days=DAYS)


def test_sites_differ_and_every_reading_is_there(hours):
    assert set(hours) == set(READINGS)
    assert hours["it_w"].shape == (SITES, DAYS * 24 - SETTLED_HOURS)
    assert len(np.unique(hours["it_w"].mean(axis=1).round())) == SITES
    assert np.mean([np.isfinite(series).mean() for series in hours.values()]) > 0.99
    overhead = 1.0 - hours["it_w"] / hours["facility_w"]
    assert ((overhead > 0.0) & (overhead < 0.6)).all()


def test_the_same_seed_simulates_the_same_sites(hours):
    np.testing.assert_array_equal(simulated_hours(0, SITES, days=DAYS)["chiller_w"], hours["chiller_w"])


def test_rows_are_standardised_columns_with_what_a_site_lacks_at_zero(hours):
    z, change, site = rows_of(hours, seed=0)
    assert z.shape == (len(change), len(COLUMNS))
    assert np.isfinite(z).all()
    assert set(site) == set(range(SITES))
    lacking = np.array([(z[site == number] == 0.0).all(axis=0) for number in range(SITES)])
    assert not lacking[:, COLUMNS.index("load_kw")].any()
    assert lacking[:, : len(INPUTS)].any()
    meters = [COLUMNS.index(f"{name} per load before") for name in METERS]
    assert (~lacking[:, meters]).any(axis=0).all()  # each meter is there at some site


def test_a_base_explains_changes_of_sites_that_it_has_not_seen(hours):
    z, change, site = rows_of(hours, seed=0)
    params, loss = trained(z, change, site, config=replace(OF_BASE, epochs=30, batch=64))
    nothing = np.where(np.abs(change) < 1.0, change**2 / 2.0, np.abs(change) - 0.5).mean()
    assert loss < 0.95 * nothing
    assert params["hidden"][0]["kernel"].shape == (MEMBERS, len(COLUMNS), HIDDEN[0])
    assert len(to_bytes(params)) < 200_000


def test_columns_find_their_weights_by_name_and_unknown_ones_start_without_effect():
    names = ("outdoor_wetbulb_c", "door_open", "load_kw")
    kernel = np.asarray(start_for(names)["hidden"][0]["kernel"])
    whole = np.asarray(start_for(COLUMNS)["hidden"][0]["kernel"])
    np.testing.assert_array_equal(kernel[:, 0], whole[:, COLUMNS.index("outdoor_wetbulb_c")])
    np.testing.assert_array_equal(kernel[:, 2], whole[:, COLUMNS.index("load_kw")])
    assert (kernel[:, 1] == 0.0).all()


def test_a_short_record_with_names_is_learned_better_from_the_base(hours):
    """Two days of a site: more load on the same fixed power lowers the overhead, which the base knows."""
    other = simulated_hours(3, SITES, days=DAYS)
    errors = {}
    for site in range(4):
        load, fixed = other["it_w"][site] / 1e3, other["facility_w"][site] / 1e3
        ratio = fixed / load - 1.0
        now = np.arange(24, len(load))
        inputs = np.column_stack([load, other["outdoor_wetbulb_c"][site], other["chw_supply_c"][site]])
        lags = np.column_stack([ratio[now - back] for back in (1, 2, 24)])
        names = ("load_kw", "outdoor_wetbulb_c", "chw_supply_c", *COLUMNS[2 * len(INPUTS) :][:3])
        rows = Ratio(
            inputs[now], ratio[now], load[now], ratio[now - 1], np.hstack([inputs[now - 1], lags]), names
        )
        assert set(names_of(rows)) <= set(COLUMNS)
        learned, judged = rows.where(np.arange(len(now)) < 48), rows.where(np.arange(len(now)) >= 48)
        for name, given in (("base", learned), ("cold", replace(learned, names=()))):
            model = ChangeNetwork(config=replace(CONFIG, batch=16)).fit(given)
            errors.setdefault(name, []).append(np.abs(model.predict(judged) - judged.ratio).mean())
    assert np.mean(errors["base"]) < np.mean(errors["cold"])
