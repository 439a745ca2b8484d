import numpy as np
import pandas as pd

from benchmarks.referee import partial_dependence
from benchmarks.referee.partial_dependence import CONDITIONS, CW, slopes_of, summary


def test_without_the_referee_its_folder_is_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["partial_dependence", "--referee", str(tmp_path)])
    assert partial_dependence.main() == 2
    assert (
        f"needs the referee's engine.py in {tmp_path}; name its folder with --referee"
        in capsys.readouterr().err
    )


def test_slopes_are_compared_in_all_and_between_neighbours():
    """A model that is 1 kW per K too steep is off by 1 both ways; one that misses a bend, only between neighbours."""
    value_c = np.arange(5.0)
    plant = 3.0 * value_c
    bend = np.array([0.0, 2.0, 0.0, -2.0, 0.0])
    bend -= np.polyval(np.polyfit(value_c, bend, 1), value_c)
    table = pd.DataFrame({"setpoint": CW, "condition": "mild", "value_c": value_c, "plant": plant})
    (steep,) = summary(slopes_of(table.assign(cascade=4.0 * value_c))).to_dict("records")
    assert round(steep["plant"], 6) == 3.0
    assert round(steep["cascade"], 6) == round(steep["cascade, local"], 6) == 1.0
    (bent,) = summary(slopes_of(table.assign(cascade=plant + bend))).to_dict("records")
    assert round(bent["cascade"], 6) == 0.0
    assert bent["cascade, local"] > 1.0


def test_condenser_water_is_swept_from_what_towers_reach_within_the_setpoint_s_limits():
    for condition in CONDITIONS:
        values = condition.sweeps()[CW]
        assert values[0] < condition.drybulb_c < values[-1] <= 30.0
