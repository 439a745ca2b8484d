"""Never worse: judges control against the site's rule, regime by regime, and gives back what is shown to be worse."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from models.guard.evidence import LEAST, Worse, worse
from models.guard.state import KEPT, GuardState, Interval, Options, Regime

# A test that counts from the beginning takes as long to see a loss as there was a gain before: another begins every so
# many blocks (a week of 6 h), and they share alpha.
BEGINS_EVERY = 28


@dataclass(frozen=True)
class Standing:
    """A regime, for a person. worse: against the rule; None where hours under control or at the rule are too few."""

    regime: str
    worse: Worse | None
    under_h: float
    at_rule_h: float
    since: datetime | None
    back_until: datetime | None


def judged(options: Options, state: GuardState, interval: Interval) -> tuple[GuardState, tuple[str, ...]]:
    """The guard one settled interval later, and notices of what it gave back. Never raises.

    Intervals that are not numbers are ignored. Those at the rule tell the model's error; those under control while a
    regime is given back (the plant is still on its way) tell nothing.
    """
    try:
        return _judged(options, state, interval)
    except (
        ArithmeticError,
        TypeError,
        ValueError,
    ):  # a value of a type, or a time without a zone, not foreseen above
        return state, ()


def goes_back(state: GuardState, regime: str, at: datetime) -> bool:
    """Whether the plant is run at the site's rule in this regime now. Never raises."""
    try:
        return regime in state.regimes and state.regimes[regime].is_back(at)
    except TypeError:  # no label, or a time without a zone
        return False


def standings(options: Options, state: GuardState, at: datetime) -> list[Standing]:
    """Every regime with its evidence at a time, for a page or a report."""
    return [
        Standing(
            regime=name,
            worse=next((found for _, found in _tests(options, each)), None),
            under_h=each.controlled.seen * options.block_h,
            at_rule_h=each.at_rule.seen * options.block_h,
            since=each.since,
            back_until=each.back_until if each.is_back(at) else None,
        )
        for name, each in state.regimes.items()
    ]


def _judged(options: Options, state: GuardState, now: Interval) -> tuple[GuardState, tuple[str, ...]]:
    if not now.usable:
        return state, ()
    before = state.regimes.get(now.regime, Regime())
    if not now.at_rule and before.is_back(now.at):
        return state, ()
    after = _observed(options, before, now)
    notices: tuple[str, ...] = ()
    if after.controlled.seen > before.controlled.seen or after.at_rule.seen > before.at_rule.seen:
        after, notices = _tested(options, after, now)
    return replace(state, regimes={**state.regimes, now.regime: after}), notices


def _observed(options: Options, regime: Regime, now: Interval) -> Regime:
    difference_kw = now.measured_kw - now.rule_kw
    hours = min(regime.usual_h, KEPT * options.block_h)
    regime = replace(
        regime,
        usual_kw=(regime.usual_kw * hours + now.rule_kw * now.hours) / (hours + now.hours),
        usual_h=hours + now.hours,
    )
    if now.at_rule:
        return replace(regime, at_rule=regime.at_rule.after(difference_kw, now.hours, options.block_h))
    controlled = regime.controlled.after(difference_kw, now.hours, options.block_h)
    return replace(regime, controlled=controlled, since=regime.since or now.at)


def _tested(options: Options, regime: Regime, now: Interval) -> tuple[Regime, tuple[str, ...]]:
    for blocks, found in _tests(options, regime):
        if found.low_kw > 0.0:
            back = regime.given_back(now.at, options.back)
            return back, (_notice(options, now, regime, back, blocks * options.block_h, found),)
    return regime, ()


def _tests(options: Options, regime: Regime) -> Iterator[tuple[int, Worse]]:
    """Numbers of blocks under control and what each test, begun so many blocks ago, finds; the longest first.

    The test numbered j = 1, 2, ... has alpha / (j (j + 1)): together alpha, however long it goes on.
    """
    kw, at_rule = np.array(regime.controlled.kw), np.array(regime.at_rule.kw)
    dropped = regime.controlled.seen - len(kw)
    for number, begins in enumerate(range(0, regime.controlled.seen - LEAST + 1, BEGINS_EVERY), start=1):
        if begins < dropped:
            continue
        alpha = options.alpha / (number * (number + 1))
        scale_kw = options.tuned_share * regime.usual_kw
        found = worse(kw[begins - dropped :], at_rule, scale_kw=scale_kw, alpha=alpha)
        if found is not None:
            yield regime.controlled.seen - begins, found


def _notice(options: Options, now: Interval, before: Regime, back: Regime, hours: float, found: Worse) -> str:
    share = f" ({found.kw / before.usual_kw:.0%})" if before.usual_kw > 0.0 else ""
    until = f"{back.back_until:%Y-%m-%d %H:%M}" if back.back_until else "it is shown better"
    return (
        f"{now.regime}: {found.kw:.3g} kW{share} worse than the site's own rule, between {found.low_kw:.3g} and "
        f"{found.high_kw:.3g} kW, over {hours:.0f} h of control (declared error {options.alpha:.0%}): "
        f"back to the rule until {until}"
    )
