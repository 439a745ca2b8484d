"""Surfaces fitted within declared effects: on one meter, or on rack inlets; and a list of what is kept and what not."""

from dataclasses import dataclass, field

import numpy as np

from models.cascade.declared import (
    Kept,
    answers_to,
    broken_share,
    combined,
    felt,
    limits_on,
    refuse_if_far_off,
    slope_of,
)
from models.cascade.record import Record
from models.cascade.surface import Surface, fit_surface, values
from models.efficiency.declared_effects import Effect
from models.errors import ImpossibleEffectError

TOTALS = ("cooling_kw", "overhead_kw", "facility_power_kw")
IT, INLET = ("it_kw", "it_power_kw"), "rack_inlet_c"
SUPPLY_AIR = "supply_air_c"


@dataclass
class Declared:
    """What is declared of a plant, and what becomes of it while its surfaces are fitted.

    kept: effects as they hold in each surface; holding: those of which some surface keeps something.
    Raises ImpossibleEffectError where effects exclude each other.
    """

    effects: tuple[Effect, ...]
    kept: list[Kept] = field(default_factory=list)
    holding: set[Effect] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.effects = combined(self.effects)

    def on(self, target: str) -> tuple[Effect, ...]:
        """The effects on a target."""
        return tuple(effect for effect in self.effects if effect.target == target)

    def totals(self, meters: tuple[str, ...]) -> tuple[Effect, ...]:
        """The effects on sums of several meters."""
        return tuple(each for each in self.effects if each.target in TOTALS and each.target not in meters)

    def fit(
        self,
        record: Record,
        names: tuple[str, ...],
        target: str,
        y: np.ndarray,
        rows: np.ndarray | None = None,
        *,
        where: str,
        may_be_cubic: bool = False,
        already_of: str = "",
    ) -> Surface | None:
        """`Record.fit` within the effects on the target. where: what reports call the surface.

        already_of: quantity of which one unit changes the target by one besides the surface.
        Raises ImpossibleEffectError where no surface can keep them, or none that fits the record.
        """
        names, x, chosen = record.rows_of(names, y, rows)
        effects = tuple(
            each
            for each in self.on(target)
            if answers_to(names, each.of) or (already_of and already_of in felt(each.of))
        )
        free = fit_surface(names, x, y[chosen], may_be_cubic=may_be_cubic) if names else None
        if not effects or free is None:
            return free
        over_k = record.get("over_k")[chosen] if "cw_flow_kg_s" in names else None
        slopes = tuple(
            slope_of(each, names, x, over_k, 1.0 if already_of in felt(each.of) else 0.0) for each in effects
        )
        try:
            surface = fit_surface(
                names, x, y[chosen], may_be_cubic=may_be_cubic,
                within=lambda bare: limits_on(bare, x, slopes),
            )  # fmt: skip
        except ValueError as cause:
            raise ImpossibleEffectError(
                f"what is declared of {' and '.join(each.of for each in effects)} on {target} cannot hold: {cause}"
            ) from cause
        assert surface is not None  # the free one was found on the same rows
        error, free_error = (float(np.abs(y[chosen] - values(each, x)).mean()) for each in (surface, free))
        refuse_if_far_off(effects, where, y[chosen], error, free_error)
        self.kept += [
            Kept(slope.effect, where, broken_share(surface, x, slope), error, free_error) for slope in slopes
        ]
        self.holding |= set(effects)
        return surface

    def notes(self, meters: tuple[str, ...]) -> list[str]:
        """Why effects that no surface keeps are not kept."""
        return [
            f"effect of {effect.of} on {effect.target} is not kept by the cascade: {self._why_not(effect, meters)}"
            for effect in self.effects
            if effect not in self.holding and not _always_holds(effect)
        ]

    def _why_not(self, effect: Effect, meters: tuple[str, ...]) -> str:
        if effect.target in IT:
            return "IT power is learned to rise with the rack inlet or not to answer, whatever is declared"
        if effect.target in (*meters, *TOTALS, INLET):
            return f"nothing that it learns of {effect.target} answers to {effect.of}"
        return f"it learns nothing of {effect.target}; its meters are {', '.join(meters)}"


def _always_holds(effect: Effect) -> bool:
    """IT power is fitted not to fall with the inlet that supply air warms, and answers to nothing else."""
    rises = effect.low <= 0.0 <= effect.high if SUPPLY_AIR not in felt(effect.of) else effect.low == 0.0
    return effect.target in IT and rises and effect.high == np.inf
