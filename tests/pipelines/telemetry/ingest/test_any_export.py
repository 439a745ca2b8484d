"""Exports drawn at random come back as they were, or are refused: never stored as something else."""

import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, note, settings

from pipelines.errors import IngestError
from tests.pipelines.telemetry.ingest.drawn import Drawn, drawn_exports
from tests.pipelines.telemetry.ingest.kit import ingested

pytestmark = pytest.mark.medium
BY_HAND = os.environ.get(
    "COLDAISLE_DRAWN_EXPORTS"
)  # thousands of others; the tests' own are the same every time
EXAMPLES = int(BY_HAND or 60)


@settings(
    max_examples=EXAMPLES, derandomize=not BY_HAND, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(drawn=drawn_exports())
def test_a_drawn_export_comes_back_equal_or_is_refused(tmp_path_factory, drawn):
    folder = tmp_path_factory.mktemp("drawn")
    path = drawn.write(folder)
    note(f"{drawn}\n{path.read_bytes()[:600]!r}")
    try:
        table, report, _ = ingested(folder, drawn.site(), path)
    except IngestError as refused:
        _refused_for_a_reason(drawn, path.name, str(refused))
        return
    _is_the_truth(drawn, table, sum(report.quarantined.values()))


def _is_the_truth(drawn: Drawn, table: pd.DataFrame, quarantined: int) -> None:
    """Every value that is there is right; those that are not there are accounted for."""
    missing = 0
    for name in drawn.machines:
        stored = table[f"chiller_kw:{name.lower()}"].reindex(drawn.truth.index)
        there = stored.notna()
        missing += int((~there).sum())
        np.testing.assert_allclose(stored[there], drawn.truth[name][there], rtol=2e-4, atol=2e-3)
        outside = table.index.difference(drawn.truth.index)
        assert table.loc[outside, f"chiller_kw:{name.lower()}"].isna().all()
    # An hour that a clock shows twice is set aside whole; a counter's neighbours go with it.
    assert missing <= 2 * quarantined + 2 * len(drawn.machines)


def _refused_for_a_reason(drawn: Drawn, name: str, message: str) -> None:
    assert name in message
    if "can be a thousand or a fraction" in message:
        assert drawn.decimal == "," or drawn.thousands
        return
    raise AssertionError(f"refused without need: {message}")
