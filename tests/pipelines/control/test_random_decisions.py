"""Whatever rows, clocks and orders hold: no decision raises, leaves a limit or moves a setpoint too fast."""

import logging

import numpy as np
import pytest

from benchmarks.random_decisions import LENGTH, run
from models.safety import layer
from pipelines.control.setup import parameters_of

pytestmark = pytest.mark.medium


@pytest.fixture(autouse=True)
def quiet():
    """Thousands of bad values are logged; nobody reads them here."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", [1, 2])
def test_no_decision_raises_leaves_a_limit_or_moves_too_fast(site, cascade, seed):
    tally = run(10 * LENGTH, [parameters_of(site, cascade), parameters_of(site, None)], seed=seed)
    assert (tally.raised, tally.beyond_limit, tally.too_fast) == (0, 0, 0), tally.examples
    assert tally.sources["model"] > 0
    assert len(tally.sources) > 1


def test_a_controller_without_limits_is_caught(site, monkeypatch):
    monkeypatch.setattr(layer, "_limited", lambda bounds, values, situation, clips: values + 10.0)
    tally = run(LENGTH, [parameters_of(site, None)])
    assert tally.beyond_limit > 0
    assert tally.too_fast > 0


def test_a_controller_that_raises_is_caught(site, monkeypatch):
    def fails(*_):
        raise np.linalg.LinAlgError("singular")

    monkeypatch.setattr(layer, "_limited", fails)
    tally = run(LENGTH, [parameters_of(site, None)])
    assert tally.raised == tally.decisions
    assert "LinAlgError" in tally.examples["raised"]
