"""A guess for [meters]: what the site's figure is made of, each kilowatt counted once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.site.meters import FLOW, RISE
from pipelines.site.proposal.recognition import Guess

COOLING_PARTS = (
    "chiller_kw",
    "chw_pump_kw",
    "secondary_pump_kw",
    "cw_pump_kw",
    "tower_fan_kw",
    "crah_fan_kw",
)
TOTAL = "cooling_power_kw"
LOSSES = ("ups_loss_kw", "pdu_loss_kw", "lighting_kw", "other_kw")
# ISO/IEC 30134-2 by where IT power is metered; PDU output is where most sites do.
PUE_CATEGORIES = {"ups": 1, "pdu": 2, "": 2, "hall": 3, "rack": 3, "server": 3}
CATEGORY_TEXT = "1: UPS output, 2: PDU output, 3: IT input"


@dataclass(frozen=True)
class MetersGuess:
    """`values` as [meters] has them; `missing` says what keeps them from being complete, `unsure` what to confirm."""

    values: dict[str, list[str] | int | str]
    missing: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether a figure can be made of it: cooling power, and IT power or thermal load."""
        return not self.missing


def guess_meters(guesses: Sequence[Guess], pue_category: int | None = None) -> MetersGuess:
    """Guess which of the live points make IT, cooling and facility power, or the thermal load.

    pue_category: where IT power is measured, if a person said so.
    """
    live = [guess for guess in guesses if guess.live]
    quantities = {guess.quantity for guess in live}
    values: dict[str, list[str] | int | str] = {}
    missing, unsure = [], []
    cooling = _cooling(live)
    if cooling:
        values["cooling"] = cooling
    else:
        missing.append(
            f"[meters]: no power of the cooling plant was recognised; one of {', '.join((TOTAL, *COOLING_PARTS))} is "
            "needed in cooling: complete such a point below, or export it too"
        )
    if "it_power_kw" in quantities:
        category = pue_category or min(PUE_CATEGORIES[g.level] for g in live if g.quantity == "it_power_kw")
        values |= {"it": ["it_power_kw"], "pue_category": category}
        values |= {"facility": ["facility_power_kw"]} if "facility_power_kw" in quantities else {}
        losses = [quantity for quantity in LOSSES if quantity in quantities]
        values |= {"losses": losses} if losses else {}
        if pue_category is None:
            unsure.append(
                f"[meters]: pue_category {category} is a guess; say where IT power is measured ({CATEGORY_TEXT})"
            )
    elif "cooling_load_kw" in quantities:
        values["load"] = ["cooling_load_kw"]
    elif {FLOW, *RISE} <= quantities:
        values["load"] = [FLOW]
        unsure.append(
            f"[meters]: load {FLOW}: no heat meter was recognised, so the load is flow times its rise; confirm"
        )
    else:
        missing.append(
            "[meters]: neither IT power nor thermal load was recognised; one of them is needed in it or load "
            "(it_power_kw, cooling_load_kw, or chw_flow_kg_s with chw_supply_c and chw_return_c): complete such "
            "points below, or export them too"
        )
    values["boundary"] = "whole facility" if "facility" in values else " + ".join(cooling)
    return MetersGuess(values, missing, unsure)


def _cooling(live: Sequence[Guess]) -> list[str]:
    """The total, if there is one, and the machines that it does not hold."""
    quantities = {guess.quantity for guess in live}
    totals = [guess for guess in live if guess.quantity == TOTAL]
    parts = [quantity for quantity in COOLING_PARTS if quantity in quantities]
    covered = {quantity for guess in totals for quantity in guess.covers}
    return ([TOTAL] if totals else []) + [quantity for quantity in parts if quantity not in covered]
