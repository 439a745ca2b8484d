"""How the points of made-up plants are recognised under the names of many vendors and countries."""

from collections import Counter

import pytest

from pipelines.site.proposal.recognition import Column, recognise
from pipelines.site.quantities import QUANTITIES
from pipelines.site.units import conversion
from tests.pipelines.site.proposal.plants import made_points, times
from tests.pipelines.site.proposal.shuffled import (
    Named,
    count,
    named_points,
    words_forgotten,
    words_of_its_own,
)
from tests.pipelines.site.proposal.styles import Style, styles

pytestmark = pytest.mark.medium

ALL = styles()
RIGHT, RIGHT_UNSEEN, RIGHT_NAMELESS = 0.85, 0.8, 0.6
# Points of one controller.
PLACES = {"rack": "hall", "it": "hall"}


def shares(counts: Counter[str]) -> float:
    return counts["right"] / (counts["right"] + counts["wrong"] + counts["asked"])


@pytest.mark.parametrize("style", ALL, ids=lambda style: style.name)
def test_points_of_a_plant_are_recognised_in_each_style_and_none_is_surely_wrong(style: Style):
    counts, missed = count(named_points(style, seed=1 + ALL.index(style) % 3))
    assert shares(counts) >= RIGHT, missed
    assert counts["surely wrong"] == 0, missed


def test_a_style_that_was_never_seen_is_still_mostly_recognised():
    total: Counter[str] = Counter()
    for style in ALL:
        with words_forgotten(words_of_its_own(style, ALL)):
            total += count(named_points(style, seed=1))[0]
    assert shares(total) >= RIGHT_UNSEEN
    assert total["surely wrong"] == 0


def test_points_whose_names_say_nothing_are_told_from_what_they_do_and_none_is_sure():
    plant = [made for made in made_points(3, extras=False) if made.measure not in ("status", "speed")]
    devices, counts = (
        list(dict.fromkeys(PLACES.get(made.device, made.device) for made in plant)),
        Counter[str](),
    )
    named = []
    for made in plant:
        box = 11 + 3 * devices.index(PLACES.get(made.device, made.device))
        counts[str(box)] += 1
        unit = {"degC": "degC", "kW": "kW", "kg/s": "L/s"}.get(QUANTITIES[made.quantity or ""].unit, "")
        unit = "%" if made.quantity == "outdoor_rh_frac" else unit
        slope, offset = conversion(unit, made.quantity or "")
        column = Column(f"N2.{box}.AI{counts[str(box)]:02d}", None, (made.values - offset) / slope, times())
        named.append(Named(column, made.quantity, unit))
    counted, missed = count(named)
    assert shares(counted) >= RIGHT_NAMELESS, missed
    assert counted["wrong"] <= 2, missed
    assert all(guess.confidence != "high" for guess in recognise([each.column for each in named]))
