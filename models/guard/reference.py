"""The model's error at the site's rule, from a record: what the guard starts from, and what new learning replaces."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from flax import struct

from models.guard.state import Blocks, GuardState, Options, Regime

Array = np.ndarray
Leaf = Any  # of a pytree: an array of NumPy or of JAX


@struct.dataclass
class AtRule:
    """A model's error at the rule in one regime, as it is saved with the model.

    blocks_kw (n,): means over blocks of hours of measured less expected power; usual_kw: mean expected power, over
    usual_h hours.
    """

    blocks_kw: Leaf
    usual_kw: Leaf
    usual_h: Leaf

    @staticmethod
    def of(regime: Regime) -> "AtRule":
        """What of a regime's evidence lies at the rule."""
        return AtRule(
            np.array(regime.at_rule.kw, np.float32), np.float32(regime.usual_kw), np.float32(regime.usual_h)
        )

    @property
    def regime(self) -> Regime:
        """The regime, of which nothing under control is known yet."""
        blocks_kw = tuple(np.asarray(self.blocks_kw, float).ravel().tolist())
        return Regime(
            at_rule=Blocks(blocks_kw, len(blocks_kw)),
            usual_kw=float(self.usual_kw),
            usual_h=float(self.usual_h),
        )


def references(
    regimes: Sequence[str],
    measured_kw: Array,
    rule_kw: Array,
    *,
    hours: float,
    options: Options | None = None,
) -> dict[str, Regime]:
    """Regimes (n,) of a record's settled intervals at the rule, in their order, as the guard remembers them.

    measured_kw, rule_kw (n,): measured, and expected by a model that did not learn from these rows (its errors would
    else be too small). NaN rows are left out. hours: length of an interval. Raises ValueError where lengths differ.
    """
    options = options or Options()
    measured, rule = np.asarray(measured_kw, float), np.asarray(rule_kw, float)
    if not len(regimes) == len(measured) == len(rule):
        raise ValueError(
            f"{len(regimes)} regimes, {len(measured)} measured and {len(rule)} expected powers: give one of each a row"
        )
    labels, usable = np.asarray(regimes, dtype=object), np.isfinite(measured) & np.isfinite(rule)
    found: dict[str, Regime] = {}
    for label in dict.fromkeys(regimes):
        rows = usable & (labels == label)
        blocks = Blocks()
        for difference_kw in (measured - rule)[rows]:
            blocks = blocks.after(float(difference_kw), hours, options.block_h)
        if rows.any():
            usual_kw = float(np.mean(rule[rows]))
            found[label] = Regime(at_rule=blocks, usual_kw=usual_kw, usual_h=float(rows.sum()) * hours)
    return found


def learned(state: GuardState, fresh: Mapping[str, Regime]) -> GuardState:
    """The guard after new learning. fresh: the new model's errors at the rule (`references`).

    Regimes that were given back are controlled again and their evidence begins anew, with a give-back of a day. In the
    others evidence goes on: what was measured against the old model is shifted by how much the new one's mean error
    differs. A regime without errors of the new model begins anew.
    """
    return GuardState({name: _learned(state.regimes.get(name), each) for name, each in fresh.items()})


def _learned(before: Regime | None, fresh: Regime) -> Regime:
    if before is None or before.repeats or not (before.at_rule.kw and fresh.at_rule.kw):
        return fresh
    by_kw = float(np.mean(fresh.at_rule.kw) - np.mean(before.at_rule.kw))
    return replace(fresh, controlled=before.controlled.shifted(by_kw), since=before.since)
