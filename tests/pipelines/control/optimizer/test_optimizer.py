from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.control.optimizer.inputs import ENTER_K
from pipelines.control.optimizer.moment import OptimizerMemory
from pipelines.control.optimizer.surface_target import REST, REST_K, noted_start, to_stop_k

AT = datetime(2026, 1, 10, tzinfo=UTC)


def test_after_a_start_more_is_wanted_in_hand_for_a_while_before_chillers_stop_again():
    memory = OptimizerMemory()
    assert to_stop_k(memory, AT) == pytest.approx(ENTER_K)
    for minute, stopped in ((0, 1.0), (15, 0.0)):
        memory = noted_start(memory, {"chillers_stopped": stopped}, AT + timedelta(minutes=minute))
    start = AT + timedelta(minutes=15)
    assert to_stop_k(memory, start) == pytest.approx(ENTER_K + REST_K)
    assert to_stop_k(memory, start + REST / 2) == pytest.approx(ENTER_K + REST_K / 2)
    assert to_stop_k(memory, start + 2 * REST) == pytest.approx(ENTER_K)
    assert to_stop_k(replace(memory, started_at=None), start) == pytest.approx(ENTER_K)
