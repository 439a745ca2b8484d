"""Sums of powers over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipelines.site.proposal.recognition.aligned import Aligned
from pipelines.site.proposal.recognition.candidates import Subject
from pipelines.site.proposal.recognition.relations import WELL_NAMED, chosen

PARTS = ("chiller_kw", "chw_pump_kw", "secondary_pump_kw", "cw_pump_kw", "tower_fan_kw", "crah_fan_kw")
LOSSES = ("ups_loss_kw", "pdu_loss_kw", "lighting_kw", "other_kw")
CLOSES = 0.03  # how near to 1 a sum over its total is


def sum_of(
    subjects: Sequence[Subject], quantities: tuple[str, ...], aligned: Aligned, known: bool = False
) -> pd.Series | None:
    """Sum of all points of some quantities, without doubles; None where there are none.

    known: of well-named ones only, and only if no unit of theirs is open.
    """
    found = [(s, c) for quantity in quantities for s, c in chosen(subjects, quantity) if not s.double]
    found = [(s, c) for s, c in found if not known or c.points >= WELL_NAMED]
    if not found or (known and any(c.choice.how == "open" for _, c in found)):
        return None
    return pd.concat([aligned.series(s, c) for s, c in found], axis=1).sum(axis=1, min_count=len(found))


def plus(*series: pd.Series | None) -> pd.Series | None:
    """Sum of what is there; None where nothing is."""
    there = [each for each in series if each is not None]
    return pd.concat(there, axis=1).sum(axis=1, min_count=len(there)) if there else None


def ratio(one: pd.Series, other: pd.Series) -> float:
    """Median of one over the other; NaN where they share no reading."""
    quotient = (one / other.where(other != 0)).dropna()
    return float(quotient.median()) if len(quotient) else np.nan
