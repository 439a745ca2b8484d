"""A guess for [[setpoints]]: limits are what the sample shows was tried, since an export states no others."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.site.proposal.points import Guess

CHOSEN = (
    "supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "airflow_ratio_sp", "chillers_available_sp",
    "economizer_enable",
)  # fmt: skip
BINARY = ("economizer_enable",)
SLEW_HOURS = 4.0  # the whole range takes this long at the guessed slew rate


@dataclass(frozen=True)
class SetpointGuess:
    """Values of one [[setpoints]] table, in the canonical unit."""

    values: dict[str, str | float]


@dataclass(frozen=True)
class SetpointsGuess:
    """`moved` have limits from the sample; `unmoved` are tags that showed one value only."""

    moved: list[SetpointGuess]
    unmoved: list[str]


def guess_setpoints(guesses: Sequence[Guess]) -> SetpointsGuess:
    """Guess the setpoints among the recognised points; a measured temperature is never taken for one."""
    moved, unmoved = [], []
    for guess in guesses:
        if guess.quantity in BINARY:
            moved.append(SetpointGuess(_binary(guess)))
        elif guess.quantity in CHOSEN:
            low, middle, high = (round(guess.canonical(v), 1) for v in (guess.low, guess.middle, guess.high))
            if low < high:
                moved.append(SetpointGuess(_continuous(guess.tag, low, middle, high)))
            else:
                unmoved.append(guess.tag)
    return SetpointsGuess(moved, unmoved)


def _binary(guess: Guess) -> dict[str, str | float]:
    default = float(round(guess.middle))
    return {
        "tag": guess.tag,
        "kind": "binary",
        "min": 0.0,
        "max": 1.0,
        "slew_per_hour": 1.0,
        "default": default,
    }


def _continuous(tag: str, low: float, middle: float, high: float) -> dict[str, str | float]:
    slew = max(0.1, round((high - low) / SLEW_HOURS, 1))
    return {"tag": tag, "min": low, "max": high, "slew_per_hour": slew, "default": middle}
