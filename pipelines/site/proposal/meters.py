"""A guess for [meters]: what the site's figure is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.site.proposal.points import Guess

COOLING_PARTS = (
    "chiller_kw",
    "chw_pump_kw",
    "secondary_pump_kw",
    "cw_pump_kw",
    "tower_fan_kw",
    "crah_fan_kw",
)
LOSSES = ("ups_loss_kw", "pdu_loss_kw", "lighting_kw", "other_kw")
PUE_CATEGORY = 2  # PDU output is where most sites meter IT power


@dataclass(frozen=True)
class MetersGuess:
    """`values` as [meters] has them; `unfinished` says what keeps them from being complete."""

    values: dict[str, list[str] | int | str]
    unfinished: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether a figure can be made of it: cooling power, and IT power or thermal load."""
        return "cooling" in self.values and ("it" in self.values or "load" in self.values)


def guess_meters(guesses: Sequence[Guess]) -> MetersGuess:
    """Guess which of the recognised points make IT, cooling and facility power, or the thermal load."""
    quantities = {guess.quantity for guess in guesses}
    cooling = (
        ["cooling_power_kw"]
        if "cooling_power_kw" in quantities
        else [q for q in COOLING_PARTS if q in quantities]
    )
    values: dict[str, list[str] | int | str] = {}
    unfinished = []
    if cooling:
        values["cooling"] = cooling
    else:
        unfinished.append(
            "[meters]: no power of the cooling plant was recognised; name its points in cooling"
        )
    if "it_power_kw" in quantities:
        values |= {"it": ["it_power_kw"], "pue_category": PUE_CATEGORY}
        values |= {"facility": ["facility_power_kw"]} if "facility_power_kw" in quantities else {}
        losses = [quantity for quantity in LOSSES if quantity in quantities]
        values |= {"losses": losses} if losses else {}
        unfinished.append(
            f"[meters]: pue_category {PUE_CATEGORY} is a guess; say where IT power is measured "
            "(1: UPS output, 2: PDU output, 3: IT input)"
        )
    elif "cooling_load_kw" in quantities:
        values["load"] = ["cooling_load_kw"]
    else:
        unfinished.append(
            "[meters]: neither IT power nor thermal load was recognised; "
            "name the points that measure one of them in it or load"
        )
    values["boundary"] = "whole facility" if "facility" in values else " + ".join(cooling)
    return MetersGuess(values, unfinished)
