"""What the guard is told, and what it remembers: immutable values that pydantic's TypeAdapter saves and reads."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

# Blocks that count, on either side: eight weeks of a regime in blocks of 6 h. What is older is another plant.
KEPT = 224
POWER_HIGH_KW = 1e6  # ten times the largest data center: no reading of power
HOURS_LONGEST = 24.0  # of an interval
DOUBLINGS_MOST = 6  # a day becomes 64


@dataclass(frozen=True)
class Options:
    """What the guard declares.

    alpha: probability that a regime that is not worse than the rule is ever given back, for each regime.
    block_h: hours of operation in a block; what correlation remains between blocks is estimated. back: for
    how long a regime is given back first. tuned_share: of the power at the rule: the loss that the test finds
    soonest; others are found too.
    """

    alpha: float = 0.05
    block_h: float = 6.0
    back: timedelta = timedelta(days=1)
    tuned_share: float = 0.05

    def __post_init__(self) -> None:
        if not 0.0 < self.alpha <= 0.25:
            raise ValueError(f"alpha ({self.alpha:g}) must lie in 0..0.25; 0.05 is usual")
        if not 0.0 < self.block_h <= 7 * 24.0:
            raise ValueError(f"block_h ({self.block_h:g}) must lie in 0..168 h; 6 is usual")
        if not timedelta(0) < self.back <= timedelta(days=30):
            raise ValueError(f"back ({self.back}) must lie in 0..30 days; one day is usual")
        if not 0.0 < self.tuned_share <= 1.0:
            raise ValueError(f"tuned_share ({self.tuned_share:g}) must lie in 0..1; 0.05 is usual")


@dataclass(frozen=True)
class Interval:
    """One settled interval. measured_kw: metered cooling; rule_kw: expected of the same meters at the site's rule.

    hours: its length. regime: a small discrete label of weather and load, as they are whoever sets the plant. at_rule:
    whether the plant was run at the rule.
    """

    at: datetime
    hours: float
    regime: str
    measured_kw: float
    rule_kw: float
    at_rule: bool = False

    @property
    def usable(self) -> bool:
        """Whether it is evidence: powers and length are numbers that can be."""
        powers = (self.measured_kw, self.rule_kw)
        return (
            isinstance(self.regime, str)
            and 0.0 < self.hours <= HOURS_LONGEST
            and all(math.isfinite(kw) and 0.0 <= kw <= POWER_HIGH_KW for kw in powers)
        )


@dataclass(frozen=True)
class Blocks:
    """Means over blocks of hours of measured less expected power, kW, in their order, and the block under way.

    seen: blocks so far, those no longer kept as well. open_h, open_kwh: hours and energy of the block under way.
    """

    kw: tuple[float, ...] = ()
    seen: int = 0
    open_h: float = 0.0
    open_kwh: float = 0.0

    def after(self, difference_kw: float, hours: float, block_h: float) -> "Blocks":
        """The blocks one interval later."""
        open_h, open_kwh = self.open_h + hours, self.open_kwh + difference_kw * hours
        if open_h < block_h * (1.0 - 1e-9):
            return replace(self, open_h=open_h, open_kwh=open_kwh)
        return Blocks((*self.kw, round(open_kwh / open_h, 3))[-KEPT:], self.seen + 1)

    def shifted(self, by_kw: float) -> "Blocks":
        """The same plant, measured against a model whose error is so much higher."""
        return replace(
            self, kw=tuple(kw + by_kw for kw in self.kw), open_kwh=self.open_kwh + by_kw * self.open_h
        )


@dataclass(frozen=True)
class Regime:
    """Evidence in one regime.

    controlled, at_rule: blocks under control since the evidence began, and blocks at the rule. usual_kw: mean power
    expected at the rule, over usual_h hours. since: of the first interval under control. repeats: how often it was
    given back. back_from, back_until: when it was last.
    """

    controlled: Blocks = field(default_factory=Blocks)
    at_rule: Blocks = field(default_factory=Blocks)
    usual_kw: float = 0.0
    usual_h: float = 0.0
    since: datetime | None = None
    repeats: int = 0
    back_from: datetime | None = None
    back_until: datetime | None = None

    def is_back(self, at: datetime) -> bool:
        """Whether the regime is run at the rule now."""
        return (
            self.back_from is not None
            and self.back_until is not None
            and self.back_from <= at < self.back_until
        )

    def given_back(self, at: datetime, first: timedelta) -> "Regime":
        """Given back for a time that doubles with each repeat; evidence under control begins anew afterwards."""
        until = at + first * 2 ** min(self.repeats, DOUBLINGS_MOST)
        return replace(
            self, controlled=Blocks(), since=None, repeats=self.repeats + 1, back_from=at, back_until=until
        )


@dataclass(frozen=True)
class GuardState:
    """Evidence by regime."""

    regimes: Mapping[str, Regime] = field(default_factory=dict)
