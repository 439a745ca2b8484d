"""A guess for [[setpoints]]: limits are what the sample shows was tried, since an export states no others."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.site.proposal.recognition import Guess
from pipelines.site.quantities import QUANTITIES
from pipelines.site.setpoint_table import FASTEST_K_PER_H

CHOSEN = (
    "supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "airflow_ratio_sp", "chillers_available_sp",
    "economizer_enable",
)  # fmt: skip
BINARY = ("economizer_enable",)
SLEW_HOURS = 4.0  # the whole range takes this long at the guessed slew rate
SLOWEST = 0.1  # of a slew rate, as it is written


@dataclass(frozen=True)
class SetpointGuess:
    """Values of one [[setpoints]] table, in the canonical unit. known: False where it stands as a comment."""

    values: dict[str, str | float]
    known: bool = True


@dataclass(frozen=True)
class SetpointsGuess:
    """`moved` have limits from the sample; `unmoved` showed one value only and stand as comments."""

    moved: list[SetpointGuess]
    unmoved: list[SetpointGuess]

    @property
    def unmoved_tags(self) -> list[str]:
        """Tags whose limits a person has to say."""
        return [str(guess.values["tag"]) for guess in self.unmoved]


def guess_setpoints(guesses: Sequence[Guess]) -> SetpointsGuess:
    """Guess the setpoints among the live points; a measured temperature is never taken for one."""
    moved, unmoved = [], []
    for guess in guesses:
        if not guess.live or guess.quantity not in CHOSEN:
            continue
        if guess.quantity in BINARY:
            moved.append(SetpointGuess(_binary(guess)))
            continue
        low, middle, high = (
            _within(guess.quantity, guess.canonical(v)) for v in (guess.low, guess.middle, guess.high)
        )
        if low < high:
            moved.append(SetpointGuess(_continuous(guess.tag, low, middle, high)))
        else:
            unmoved.append(SetpointGuess({"tag": guess.tag, "default": middle}, known=False))
    return SetpointsGuess(moved, unmoved)


def _within(quantity: str, value: float) -> float:
    limits = QUANTITIES[quantity]
    return min(max(round(value, 1), limits.low), limits.high)


def _binary(guess: Guess) -> dict[str, str | float]:
    default = float(guess.middle >= 0.5)
    return {
        "tag": guess.tag,
        "kind": "binary",
        "min": 0.0,
        "max": 1.0,
        "slew_per_hour": 1.0,
        "default": default,
    }


def _continuous(tag: str, low: float, middle: float, high: float) -> dict[str, str | float]:
    slew = max(SLOWEST, round((high - low) / SLEW_HOURS, 1))
    slew = min(slew, high - low, FASTEST_K_PER_H)
    return {"tag": tag, "min": low, "max": high, "slew_per_hour": slew, "default": middle}
