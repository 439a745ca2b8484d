"""A plant of 100 kW at the rule, seen through a model with a bias and an error that is correlated over hours."""

from datetime import UTC, datetime, timedelta

import numpy as np

from models.guard.guard import judged
from models.guard.reference import references
from models.guard.state import GuardState, Interval, Options

START = datetime(2025, 6, 1, tzinfo=UTC)
RULE_KW = 100.0


def errors_kw(rng, hours, *, scatter_kw=4.0, memory_h=4.0, bias_kw=0.0):
    """Hourly errors (hours,) of a model: first-order autoregressive about its bias."""
    keeps = np.exp(-1.0 / memory_h)
    shocks = rng.standard_normal(hours) * scatter_kw * np.sqrt(1.0 - keeps**2)
    shocks[0] = rng.standard_normal() * scatter_kw
    errors = np.empty(hours)
    last = 0.0
    for hour, shock in enumerate(shocks):
        last = errors[hour] = keeps * last + shock
    return errors + bias_kw


def known(rng, *, days=30, regimes=("mild",), **error):
    """A guard that knows the model's error at the rule from so many days of each regime."""
    fresh = {}
    for regime in regimes:
        errors = errors_kw(rng, days * 24, **error)
        fresh |= references(
            [regime] * len(errors), RULE_KW + errors, np.full(len(errors), RULE_KW), hours=1.0
        )
    return GuardState(fresh)


def run(state, measured_kw, *, regime="mild", start=START, options=None, at_rule=False):
    """Judges hours one by one; the state, and (hour, notice) of each notice."""
    options, said = options or Options(), []
    for hour, kw in enumerate(measured_kw):
        now = Interval(start + timedelta(hours=hour), 1.0, regime, float(kw), RULE_KW, at_rule)
        state, notices = judged(options, state, now)
        said += [(hour, notice) for notice in notices]
    return state, said


def first_alarm_h(seed, worse_kw, *, hours=45 * 24, days=30, control_scatter_kw=4.0, **error):
    """Hours of control until the regime is given back; None where it never is. Told every 6 h."""
    rng = np.random.default_rng(seed)
    bias_kw = rng.normal(0.0, 3.0)
    state = known(rng, days=days, bias_kw=bias_kw, **error)
    measured = errors_kw(rng, hours, bias_kw=bias_kw, **{**error, "scatter_kw": control_scatter_kw})
    kw = RULE_KW + worse_kw + measured.reshape(-1, 6).mean(axis=1)
    for number, each in enumerate(kw, start=1):
        now = Interval(START + timedelta(hours=6 * number), 6.0, "mild", float(each), RULE_KW)
        state, notices = judged(Options(), state, now)
        if notices:
            return 6 * number
    return None
