import numpy as np
import pytest

from models.efficiency.stacking import PARTS, described, shares_of

ALL = np.ones(3, bool)


@pytest.fixture
def measured():
    return np.random.default_rng(0).normal(size=2_000)


def parts_with_errors(measured, *sizes):
    """What parts with independent errors of these sizes predict."""
    random = np.random.default_rng(1)
    return np.stack([measured + size * random.normal(size=len(measured)) for size in sizes])


def test_a_part_that_is_much_better_is_served_alone(measured):
    assert list(shares_of(measured, parts_with_errors(measured, 5, 5, 0.1), ALL)) == [0, 0, 1]


def test_parts_with_errors_of_their_own_are_better_together(measured):
    parts = parts_with_errors(measured, 1, 1, 1)
    shares = shares_of(measured, parts, ALL)
    assert shares.sum() == pytest.approx(1.0)
    assert (shares > 0.1).all()
    assert np.abs(measured - shares @ parts).mean() < 0.7 * np.abs(measured - parts[0]).mean()


def test_among_equals_the_simplest_is_served(measured):
    same = np.tile(measured + 0.3, (3, 1))
    assert described(shares_of(measured, same, ALL)) == PARTS[0]


def test_a_part_that_is_not_there_has_no_share(measured):
    parts = parts_with_errors(measured, 1, 1, 0)
    shares = shares_of(measured, parts, np.array([True, True, False]))
    assert shares[2] == 0
    assert shares.sum() == pytest.approx(1.0)


def test_shares_are_said_in_words_the_largest_first():
    assert described(np.array([0.25, 0, 0.75])) == "75% network, 25% response lines"
