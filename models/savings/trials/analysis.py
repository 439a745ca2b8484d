"""What a trial says: differences within its pairs, and how often the draw alone would give as much."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import statsmodels.api as sm

from models.errors import TooFewRowsError
from models.savings.choice import simplest_within_noise, weekly_errors
from models.savings.estimate import Servers
from models.savings.hours import Array, Hours, joined
from models.savings.left_out import Candidate
from models.savings.work import extra_share, response_of

LEVEL = 0.90
LEAST_PAIRS = 5  # with fewer no draw is rarer than 1 in 16
LEAST_BLOCK_SHARE = 0.5  # of a block's hours that must be known
ALL_DRAWS = 12  # pairs up to which every draw is looked at
DRAWS = 4_000
# Hours under the default before a regression of load and weather is worth fitting.
LEAST_REFERENCE_H = 24 * 21


@dataclass(frozen=True)
class Blocks:
    """Blocks of a trial: block of each hour (n,), -1 for hours that are not analysed; pair and on (b,)."""

    block: Array
    pair: Array
    on: Array


@dataclass(frozen=True)
class TrialResult:
    """What control saved in the analysed hours, kW, and in percent of what the default needed.

    half_90_kw: of the paired differences and of the servers' response; drawn_low_kw, drawn_high_kw: the savings that
    the draw itself does not reject at 10 %, widened by the servers' response; p_value: how often draws give a
    difference as large. raw_kw: without adjustment. differences_kw (pairs,): off less on. without: pairs left out, by
    reason.
    """

    saved_kw: float
    half_68_kw: float
    half_90_kw: float
    saved_share: float
    drawn_low_kw: float
    drawn_high_kw: float
    p_value: float
    raw_kw: float
    differences_kw: Array
    pairs_used: Array
    adjusted_by: str
    without: dict[str, int]

    @property
    def shown(self) -> bool:
        """Whether both intervals leave zero out on the same side."""
        low, high = self.saved_kw - self.half_90_kw, self.saved_kw + self.half_90_kw
        return (low > 0.0 and self.drawn_low_kw > 0.0) or (high < 0.0 and self.drawn_high_kw < 0.0)


def analysed(
    trial: Hours,
    blocks: Blocks,
    candidates: Sequence[Candidate],
    *,
    before: Hours | None = None,
    servers: Servers | None = None,
) -> TrialResult:
    """The difference between off and on, adjusted for load and weather, within pairs.

    trial: hours of the trial; before: hours under the default before it, which sharpen the adjustment. servers: as
    for a baseline, over before and trial. Power is compared with what a regression expects of load and weather,
    fitted to hours under the default; means of blocks are subtracted within pairs. Raises TooFewRowsError under five
    pairs.
    """
    hour_on = np.where(blocks.block >= 0, blocks.on[np.maximum(blocks.block, 0)], False)
    share, spread = _extra(trial, hour_on, blocks.block >= 0, before, servers)
    at_work = trial.with_load(trial.load_kw * (1.0 - share))
    reference = _reference(trial, hour_on, blocks.block >= 0, before)
    expected, more, adjusted_by = _expected(candidates, reference, at_work, trial, spread)
    loss = 1.0 + (servers.loss_share if servers else 0.0)
    extra = np.nan_to_num(share * trial.load_kw) * loss
    off = trial.power_kw - expected + extra
    moved = (more - expected) * -1.0 + np.nan_to_num(spread * trial.load_kw) * loss
    used, without = _pairs(blocks, off)
    if len(used) < LEAST_PAIRS:
        raise TooFewRowsError(f"{len(used)} pairs of blocks with readings, needs {LEAST_PAIRS}")
    differences = _differences(blocks, off, used)
    raw = _differences(blocks, trial.power_kw + extra, used)
    of_servers = float(_differences(blocks, moved, used).mean())
    model = sm.OLS(differences, np.ones(len(differences))).fit()
    saved = float(model.params[0])
    halves = [float(np.diff(model.conf_int(1.0 - level))[0, 0]) / 2.0 for level in (0.68, LEVEL)]
    low, high, p_value = drawn_interval(differences)
    default_kw = float(np.nanmean(trial.power_kw[(blocks.block >= 0) & ~hour_on]))
    return TrialResult(
        saved_kw=saved,
        half_68_kw=float(np.hypot(halves[0], of_servers)),
        half_90_kw=float(np.hypot(halves[1], 1.645 * of_servers)),
        saved_share=saved / default_kw,
        drawn_low_kw=saved - float(np.hypot(saved - low, 1.645 * of_servers)),
        drawn_high_kw=saved + float(np.hypot(high - saved, 1.645 * of_servers)),
        p_value=p_value,
        raw_kw=float(raw.mean()),
        differences_kw=differences,
        pairs_used=used,
        adjusted_by=adjusted_by,
        without=without,
    )


def drawn_interval(differences: Array) -> tuple[float, float, float]:
    """Savings that the draw does not reject at 10 %, low and high, and the p-value of no saving; differences
    (pairs,).

    Under a saving of s in every block, differences less s have either sign with equal chance. The interval holds
    every s for which at least a tenth of the draws give a mean as far from zero (Rosenbaum 2002, "Observational
    studies", 2.4).
    """
    pairs = len(differences)
    if pairs <= ALL_DRAWS:
        signs = np.array(list(product((-1.0, 1.0), repeat=pairs)))
    else:
        signs = np.random.default_rng(0).choice((-1.0, 1.0), (DRAWS, pairs))

    def p_of(saving: float) -> float:
        left = differences - saving
        return float(np.mean(np.abs(signs @ left) >= abs(left.sum()) - 1e-9))

    mean = float(differences.mean())
    reach = 4.0 * max(float(np.abs(differences - mean).max()), 1e-9)
    ends = []
    for direction in (-1.0, 1.0):
        inside, outside = 0.0, reach
        for _ in range(40):
            middle = (inside + outside) / 2.0
            if p_of(mean + direction * middle) >= 1.0 - LEVEL:
                inside = middle
            else:
                outside = middle
        ends.append(mean + direction * outside)
    return ends[0], ends[1], p_of(0.0)


def _extra(
    trial: Hours, hour_on: Array, usable: Array, before: Hours | None, servers: Servers | None
) -> tuple[Array, Array]:
    """Share of IT power that warm air adds in hours that are on, and its spread (n,)."""
    nothing = np.zeros(len(trial))
    if servers is None or servers.inlet_c is None or not trial.has_load:
        return nothing, nothing
    ahead = len(before) if before is not None else 0
    inlet_c = servers.inlet_c[ahead:]
    off_c = float(np.nanmean(inlet_c[usable & ~hour_on])) if (usable & ~hour_on).any() else np.nan
    on_c = float(np.nanmean(inlet_c[usable & hour_on])) if (usable & hour_on).any() else np.nan
    utilization = servers.utilization[ahead:] if servers.utilization is not None else None
    # What the draw moved: neither load nor weather has a part in it.
    by_draw_c = np.where(usable, np.where(hour_on, on_c, off_c), np.nan)
    response = response_of(trial.hour, trial.load_kw, inlet_c, utilization=utilization, supply_sp_c=by_draw_c)
    share, spread = extra_share(response, inlet_c, np.full(len(trial), off_c))
    return np.where(hour_on, np.nan_to_num(share), 0.0), np.where(hour_on, np.nan_to_num(spread), 0.0)


def _reference(trial: Hours, hour_on: Array, usable: Array, before: Hours | None) -> Hours:
    """Hours under the default: those before the trial, and those off in it."""
    own = trial.where(usable & ~hour_on)
    return own if before is None else joined(before, own)


def _expected(
    candidates: Sequence[Candidate], reference: Hours, at_work: Hours, trial: Hours, spread: Array
) -> tuple[Array, Array, str]:
    """Expected power at the work done, at more work by the response's spread, and by what; zeros without a
    regression.
    """
    fitted = []
    needed = tuple(dict.fromkeys(air for each in candidates for air in each.needs))
    known = reference.where(reference.known(needed)) if len(reference) else reference
    if len(known) >= LEAST_REFERENCE_H:
        for candidate in candidates:
            try:
                left = candidate.left_out(known)
                fitted.append((candidate, candidate.fit(known), weekly_errors(left, known)))
            except (ValueError, TooFewRowsError):
                continue
    if not fitted:
        nothing = np.zeros(len(trial))
        return nothing, nothing, "nothing: too few hours under the default"
    best = simplest_within_noise([each[2] for each in fitted], [each[0].complexity for each in fitted])
    candidate, model, _ = fitted[best]
    stronger = at_work.with_load(at_work.load_kw - spread * trial.load_kw)
    return model.predict(at_work), model.predict(stronger), candidate.name


def _pairs(blocks: Blocks, values: Array) -> tuple[Array, dict[str, int]]:
    """Pairs whose two blocks both have enough known hours, and how many are left out by reason."""
    known = np.isfinite(values) & (blocks.block >= 0)
    size = np.bincount(blocks.block[blocks.block >= 0], minlength=len(blocks.pair))
    count = np.bincount(blocks.block[known], minlength=len(blocks.pair))
    usable = (size > 0) & (count >= LEAST_BLOCK_SHARE * np.maximum(size, 1))
    numbers = np.unique(blocks.pair[blocks.pair >= 0])
    good = np.array([usable[blocks.pair == number].sum() == 2 for number in numbers], bool)
    without = {"a block lacks readings": int((~good).sum())} if (~good).any() else {}
    return numbers[good], without


def _differences(blocks: Blocks, values: Array, used: Array) -> Array:
    """Mean of the block that is off less that of the block that is on, for each pair used."""
    known = np.isfinite(values) & (blocks.block >= 0)
    count = np.bincount(blocks.block[known], minlength=len(blocks.pair))
    mean = np.bincount(blocks.block[known], values[known], len(blocks.pair)) / np.maximum(count, 1)
    of_pair = {
        int(number): (mean[(blocks.pair == number) & ~blocks.on], mean[(blocks.pair == number) & blocks.on])
        for number in used
    }
    return np.array([off[0] - on[0] for off, on in of_pair.values()])
