"""The `[[effects]]` tables of a site file: what an engineer knows of the plant, kept by whatever is learned of it."""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import model_validator

from models.efficiency.declared_effects import Effect
from pipelines.site.checks import Table, within
from pipelines.site.quantities import QUANTITIES

# Names that a model's targets go by, beside the meters of a site.
TARGETS = {"overhead_kw": "overhead_kw_per_kw", "cooling_kw": "cooling_kw_per_kw"}
SAME = ("it_kw", "rack_inlet_c")
NOT_OF = ("load_kw", "it_power_kw", "cooling_load_kw", "it_utilization_frac")


def per_load(meter: str) -> str:
    """Name of a meter's power per kW of load, as a model's target (`chiller_kw_per_kw`)."""
    return f"{meter}_per_kw"


Percent = Annotated[
    float, within(-100.0, 100.0, "% per K", "more would turn power negative, or double it, per K")
]


class KnownEffect(Table):
    """With `of` one unit (K) higher and all else equal, load too, `on` changes in a way that is known.

    of: a quantity that models take as input, for example cw_supply_c. on: a power meter's quantity (chiller_kw),
    or one of cooling_kw, overhead_kw, it_kw, rack_inlet_c. sign: whether it rises or falls; or
    low_percent_per_k, high_percent_per_k: by how much, in percent of `on` per unit of `of`.
    """

    of: str
    on: str
    sign: Literal["positive", "negative"] | None = None
    low_percent_per_k: Percent | None = None
    high_percent_per_k: Percent | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.of not in QUANTITIES or self.of in NOT_OF:
            reason = "effects are at equal load" if self.of in NOT_OF else "it is no known quantity"
            raise ValueError(f'of = "{self.of}": {reason}; name a temperature, setpoint or speed')
        if self.on not in (*TARGETS, *SAME) and not _is_meter(self.on):
            raise ValueError(
                f'on = "{self.on}" is no power meter; name one (chiller_kw) or {", ".join((*TARGETS, *SAME))}'
            )
        low, high = self._percent()
        if low == -np.inf and high == np.inf:
            raise ValueError(f"{self}: nothing is said; give sign, or low_percent_per_k, high_percent_per_k")
        if low >= high:
            raise ValueError(
                f"{self}: from {low:g} to {high:g} % per K leaves nothing; mend the sign or the bounds"
            )
        if self.on == "rack_inlet_c" and {low, high} - {0.0, np.inf, -np.inf}:
            raise ValueError(f"{self}: a percentage of a temperature says nothing; give its sign only")
        return self

    def __str__(self) -> str:
        return f"effect of {self.of} on {self.on}"

    def of_target(self, target: str) -> Effect:
        """The same in a model's terms: shares of the target, not percent."""
        low, high = (percent / 100.0 for percent in self._percent())
        return Effect(self.of, target, low, high)

    def _percent(self) -> tuple[float, float]:
        low = -np.inf if self.low_percent_per_k is None else self.low_percent_per_k
        high = np.inf if self.high_percent_per_k is None else self.high_percent_per_k
        if self.sign == "positive":
            low = max(low, 0.0)
        if self.sign == "negative":
            high = min(high, 0.0)
        return low, high


def effects_on(
    effects: list[KnownEffect], inputs: tuple[str, ...], targets: tuple[str, ...], same_as: dict[str, str]
) -> tuple[tuple[Effect, ...], list[str]]:
    """The effects that a model with these inputs and targets can keep, and why it cannot keep the others.

    inputs, targets: names that the model knows. same_as: further names of targets, e.g. the figure of overhead_kw.
    """
    kept: list[Effect] = []
    notes: list[str] = []
    for effect in effects:
        target = TARGETS.get(effect.on, effect.on if effect.on in SAME else per_load(effect.on))
        target = same_as.get(target, target)
        if effect.of in inputs and target in targets:
            kept.append(effect.of_target(target))
        else:
            lacking = f"{effect.of} is no input" if target in targets else f"{effect.on} is not learned"
            notes.append(f"{effect} is not kept here: {lacking}")
    return tuple(kept), notes


def _is_meter(name: str) -> bool:
    return name in QUANTITIES and QUANTITIES[name].unit == "kW" and name not in NOT_OF
