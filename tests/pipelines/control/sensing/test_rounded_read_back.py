"""A device holds the multiple of its resolution near what was decided: that is neither disobeyed nor a new start."""

from datetime import timedelta

import numpy as np
import pytest

from pipelines.control.sensing.residuals import ResidualPast, disobeyed
from pipelines.site.setpoints import Settable
from tests.pipelines.control.plant import AT, controlled, defaults, row

STEP = timedelta(minutes=15)
SUPPLY = "CRAH.SAT_SP_C"


def changed(site, **options):
    """The site with these options of its supply air setpoint."""
    setpoints = [each.model_copy(update=options) if each.tag == SUPPLY else each for each in site.setpoints]
    return site.model_copy(update={"setpoints": setpoints})


@pytest.mark.parametrize(("resolution", "is_disobeyed"), [(0.5, False), (0.1, True)])
def test_what_is_read_back_within_the_resolution_is_obeyed(site, resolution, is_disobeyed):
    settable, past = Settable.of(changed(site, resolution=resolution)), ResidualPast()
    written = settable.default
    read = dict(
        zip(
            settable.names,
            (written + np.where(np.array([tag.tag == SUPPLY for tag in settable.tags]), 0.45, 0)).tolist(),
            strict=True,
        )
    )
    for quarter in range(5):
        past, notices = disobeyed(past, settable, AT + quarter * STEP, written, read)
    assert bool(notices) == is_disobeyed


@pytest.mark.parametrize("resolution", [0.0, 0.1, 0.5])
def test_steps_smaller_than_the_resolution_still_lead_to_the_goal(site, resolution):
    slow = changed(site, slew_per_hour=0.2, resolution=resolution)
    controller, held = controlled(slow, None), defaults(slow)
    goal, held = held[SUPPLY], held | {SUPPLY: held[SUPPLY] + 1.0}
    for quarter in range(22):
        held = controller.decide(row(slow, held), AT + quarter * STEP)
        assert held[SUPPLY] >= goal + 1.0 - 0.05 * (quarter + 1) - 1e-6  # on the way, no faster than 0.2 K/h
    assert held[SUPPLY] == pytest.approx(goal, abs=1e-6)
