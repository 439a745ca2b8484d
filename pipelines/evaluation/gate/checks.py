"""The checks of the gate, each a row: what was asked, what was found, whether it is met."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from models.evaluate import coverage_interval, paired_difference
from pipelines.evaluation.gate.evidence import FEWEST_ROWS, Evidence
from pipelines.evaluation.gate.rehearsal import DAYS, Rehearsal
from pipelines.evaluation.gate.signs import Sign
from pipelines.learning.charges import CHALLENGER, CHAMPION
from pipelines.learning.publish import TIE

MOST_MB = 200.0  # of a version's files
MOST_SECONDS = 60.0  # to predict the time judged
FEWEST_DAYS = 4  # blocks of the bootstrap
MOST_BIAS = 0.10  # ASHRAE Guideline 14-2014, 4.2.11: hourly data, of the mean
COVERED = (0.80, 0.97)  # of 90 % intervals: beyond, on some days' telemetry, they do not say what they claim


class Check(NamedTuple):
    """A check. met: None where it could not be made, or decides nothing."""

    name: str
    found: str
    asked: str
    met: bool | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return self._asdict()


class Compared(NamedTuple):
    """Errors of both on the same rows: better, equal or worse, and the check that says it."""

    standing: str
    check: Check
    rows: int


def compared(ours: Evidence, theirs: Evidence) -> Compared:
    """The challenger's errors beside the champion's on rows that both have, by a paired bootstrap of days."""
    both = pd.DataFrame({"ours": ours.error, "theirs": theirs.error}).dropna()
    days = pd.DatetimeIndex(both.index).floor("D").asi8
    name, asked = "error on the same time", f"lower by over {TIE:.0%} and beyond the interval of days"
    if len(both) < FEWEST_ROWS or len(np.unique(days)) < FEWEST_DAYS:
        found = f"{len(both)} rows on {len(np.unique(days))} days, {FEWEST_ROWS} on {FEWEST_DAYS} are needed"
        return Compared("too few", Check(name, found, asked, None), len(both))
    mean, low, high = paired_difference(both["ours"].to_numpy(), both["theirs"].to_numpy(), days)
    level = float(both["theirs"].mean())
    share = mean / level if level > 0.0 else 0.0
    found = (
        f"{both['ours'].mean():.4g} against {level:.4g} {ours.unit}: {share:+.1%}, "
        f"90 % interval {low / level:+.1%} to {high / level:+.1%}, {len(both)} rows"
    )
    standing = "better" if high < 0.0 and share < -TIE else "worse" if low > 0.0 and share > TIE else "equal"
    return Compared(standing, Check(name, found, asked, standing == "better"), len(both))


def calibrated(ours: Evidence) -> Check:
    """Whether 90 % intervals hold what they claim; for a kind without, whether the mean is right."""
    if ours.inside is None:
        found = f"mean {ours.bias:+.1%} off"
        return Check("calibrated", found, f"within {MOST_BIAS:.0%}", bool(abs(ours.bias) <= MOST_BIAS))
    inside = ours.inside.dropna().astype(float)
    if inside.empty:
        return Check("calibrated", "no row", "", None)
    low, high = coverage_interval(inside.to_numpy(), pd.DatetimeIndex(inside.index).floor("D").asi8)
    found = f"90 % intervals hold {inside.mean():.1%} (interval {low:.1%} to {high:.1%})"
    asked = f"{COVERED[0]:.0%} to {COVERED[1]:.0%}"
    return Check("calibrated", found, asked, bool(high >= COVERED[0] and low <= COVERED[1]))


def right_signs(signs: list[Sign]) -> Check:
    """Whether no rule of physics is broken."""
    broken = [sign for sign in signs if not sign.holds]
    asked = "; ".join(sign.rule for sign in signs)
    if not signs:
        return Check("right signs", "no settled row", "", None)
    found = "; ".join(f"{sign.rule}: broken at {sign.broken:.0%}" for sign in broken) or "all hold"
    return Check("right signs", found, asked, not broken)


def declared_effects(effects: list[dict[str, Any]], most: float) -> Check:
    """Whether the effects that the site file declares hold, as training found."""
    broken = [each for each in effects if each["broken_share"] > most]
    found = "; ".join(
        f"{each['on']} of {each['of']}: broken at {each['broken_share']:.0%}" for each in broken
    )
    return Check("right signs", found or "all declared effects hold", "declared effects", not broken)


def safe(rehearsal: Rehearsal) -> Check:
    """Whether it was safe on the twin."""
    asked = "outside the envelope no longer than the champion, no more energy"
    name = f"closed loop on the twin, {DAYS} days"
    if rehearsal.why_not:
        return Check(name, f"not tried: {rehearsal.why_not}", asked, None)
    minutes, kwh = rehearsal.minutes, rehearsal.kwh
    found = (
        f"{minutes[CHALLENGER]:.0f} min outside, the champion {minutes[CHAMPION]:.0f}; "
        f"{kwh[CHALLENGER]:,.0f} kWh, the champion {kwh[CHAMPION]:,.0f}"
    )
    return Check(name, found, asked, rehearsal.safe)


def small(files: Path) -> Check:
    """Whether its files are small."""
    mb = sum(file.stat().st_size for file in files.rglob("*") if file.is_file()) / 1e6
    return Check("size", f"{mb:.1f} MB", f"at most {MOST_MB:.0f} MB", mb <= MOST_MB)


def quick(ours: Evidence) -> Check:
    """Whether it predicts quickly."""
    asked = f"at most {MOST_SECONDS:.0f} s"
    return Check("time to predict", f"{ours.seconds:.1f} s", asked, ours.seconds <= MOST_SECONDS)


def in_time(seconds: list[float], deadline_s: float) -> Check:
    """Whether its decisions in shadow came well before the deadline; the first compiles and does not count."""
    name, most = "decisions in shadow", 0.5 * deadline_s
    later = sorted(seconds[1:] if len(seconds) > 1 else seconds)
    if not later:
        return Check(name, "none is logged yet", f"95 % within {most:g} s", None)
    p95 = later[min(len(later) - 1, round(0.95 * len(later)))]
    return Check(name, f"{len(seconds)}, 95 % within {p95:.2f} s", f"within {most:g} s", p95 <= most)
