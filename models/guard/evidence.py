"""A confidence sequence for how much more the controlled plant needs than the rule would: valid whenever it is read.

Robbins (1970, "Statistical methods related to the law of the iterated logarithm") and Howard, Ramdas, McAuliffe and
Sekhon (2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49): the
likelihood ratio of a normal mixture of means to the mean 0 starts at 1 and is never expected to rise where the mean is
0, so that it ever exceeds 1/alpha with probability alpha at most (Ville). Bias and scatter are estimated, not known:
the ratio is that of Student's t (Rouder et al. 2009, Psychonomic Bulletin & Review 16, eq. 1), with Welch's variance
and degrees of freedom. That, and the estimated correlation, make the guarantee approximate; simulations test it.
"""

import math
from dataclasses import dataclass

import numpy as np

Array = np.ndarray

LEAST = 3  # blocks on either side: fewer have no scatter and no correlation
LEAST_SCATTER = (
    0.02  # of the difference looked for: below what any power meter resolves (IEC 62053-22, class 0.2)
)
# Over simulated errors correlated for 1 to 24 h with 12 to 120 blocks at the rule: without it, alarms under no loss
# reach 7 % at a declared 5 %; with it, 4 %; with a whole error, 3 %, and correlated losses are found later.
RAISED = 0.5  # of the correlation's standard error
CORRELATED_MOST = 0.9  # beyond, blocks are so alike that their number says nothing


@dataclass(frozen=True)
class Worse:
    """What the controlled plant needs more than at the rule, kW: mean, and bounds that hold at every time alike."""

    kw: float
    low_kw: float
    high_kw: float


def worse(controlled_kw: Array, rule_kw: Array, *, scale_kw: float, alpha: float) -> Worse | None:
    """How much worse blocks under control are than blocks at the rule; None where there are too few.

    controlled_kw (n,), rule_kw (m,): means over blocks of hours of measured less expected power, in their order; those
    at the rule are the model's own error. scale_kw: difference that the test is quickest for. alpha: probability that
    the lower bound ever, over all n, lies above the true mean; of the upper bound likewise. Blocks under control count
    as scattered at least as widely as those at the rule.
    """
    n, m = len(controlled_kw), len(rule_kw)
    if min(n, m) < LEAST or scale_kw <= 0.0:
        return None
    share = independent_share((controlled_kw, rule_kw))
    n_free, m_free = n * share, m * share
    at_rule = max(float(np.var(rule_kw, ddof=1)), (LEAST_SCATTER * scale_kw) ** 2)
    parts = max(float(np.var(controlled_kw, ddof=1)), at_rule) / n_free, at_rule / m_free
    variance = sum(parts)
    mean = float(np.mean(controlled_kw) - np.mean(rule_kw))
    # Welch (1947, Biometrika 34), with the numbers of independent blocks; under one degree of freedom nothing is known.
    frees = n_free, m_free
    doubt = sum(part**2 / max(free - 1.0, 0.1) for part, free in zip(parts, frees, strict=True))
    reach = math.sqrt(variance) * _widest_t(variance**2 / doubt, scale_kw**2 / variance, alpha)
    return Worse(mean, mean - reach, mean + reach)


def _widest_t(freedom: float, spread: float, alpha: float) -> float:
    """The t at which the likelihood ratio reaches 1 / (2 alpha); infinite where no t does.

    spread: variance of the mixture over that of the mean. Either bound takes half of the ratio's errors. From
    1 / (2 alpha) = (1 + spread)**-0.5 * (a / b)**((freedom + 1) / 2), a = 1 + t**2 / freedom,
    b = 1 + t**2 / (freedom * (1 + spread)).
    """
    log_ratio = (math.log1p(spread) - 2.0 * math.log(2.0 * alpha)) / (freedom + 1.0)
    if log_ratio >= math.log1p(spread):
        return math.inf
    ratio = math.exp(log_ratio)
    return math.sqrt(freedom * (ratio - 1.0) / (1.0 - ratio / (1.0 + spread)))


def independent_share(series: tuple[Array, ...]) -> float:
    """Share of blocks that counts as independent: (1 - r) / (1 + r), of the correlation r of a block with the next.

    r is pooled over the series, each about its own mean, corrected for its downward bias (Kendall 1954, Biometrika 41)
    and raised by a part of its standard error, since r itself is uncertain where blocks are few.
    """
    pairs = products = squares = 0.0
    for values in series:
        centered = values - np.mean(values)
        products += float(centered[1:] @ centered[:-1])
        squares += float(centered @ centered) * (len(values) - 1) / len(values)
        pairs += len(values) - 1
    r = products / squares if squares > 0.0 else 0.0
    r += (1.0 + 3.0 * r) / pairs * len(series) + RAISED / math.sqrt(pairs)
    r = min(max(r, 0.0), CORRELATED_MOST)
    return (1.0 - r) / (1.0 + r)
