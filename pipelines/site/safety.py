"""The `[safety]` table of a site file: the site's own rule and what an engineer declares. Nothing by default.

[safety]
heartbeat_timeout_s = 180             # silence after which the watchdog takes the plant to the site's rule
deadline_s = 20                       # longest a decision may take; then setpoints are held

[[safety.resets]]                     # the rule as backup; without one, a setpoint's default
tag = "PLANT.CWS_SP_C"
on = "outdoor_wetbulb_c"
points = [[2.0, 9.0], [20.0, 24.0]]   # linear between, flat beyond

[[safety.relations]]                  # one setpoint stays at least so far below another
lower = "PLANT.CHWS_SP_C"
upper = "CRAH.SAT_SP_C"
least_k = 4.0

[[safety.interlocks]]                 # while a quantity is beyond a limit, a setpoint keeps one
name = "condenser water not too cold for a running chiller"
when = "chiller_kw"
above = 5.0
tag = "PLANT.CWS_SP_C"
at_least = 13.0

[[safety.interlocks]]
name = "towers do not freeze"
when = "outdoor_drybulb_c"
below = 1.0
tag = "PLANT.CWS_SP_C"
at_least = 7.0

[[safety.interlocks]]
name = "economizer only with enough approach"
when = "chw_supply_sp_c"
less = "outdoor_wetbulb_c"
below = 5.0
tag = "PLANT.WSE_ENABLE"
at_most = 0

[[safety.dwells]]                     # no switching just after equipment started or stopped
tag = "PLANT.WSE_ENABLE"
after = "chiller_kw"
running_above = 5.0
minutes = 30

[safety.confidence]                   # beyond these the site's rule decides; infinite switches a bound off
surprise_k = 2.0
"""

from math import inf
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipelines.site.quantities import QUANTITIES


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ResetTable(_Strict):
    """A linear reset of a setpoint over a quantity, canonical units."""

    tag: str
    on: str
    points: list[tuple[float, float]] = Field(min_length=1)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        at = [point[0] for point in self.points]
        if sorted(set(at)) != at:
            raise ValueError(f"reset of {self.tag}: points {at} must ascend; put them in order")
        return self


class RelationTable(_Strict):
    lower: str
    upper: str
    least_k: float


class InterlockTable(_Strict):
    """See the head of this file."""

    name: str = Field(min_length=1)
    when: str
    less: str = ""
    above: float | None = None
    below: float | None = None
    tag: str
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _says_when_and_what(self) -> Self:
        if self.above is None and self.below is None:
            raise ValueError(f'interlock "{self.name}" never acts; give above or below')
        if self.at_least is None and self.at_most is None:
            raise ValueError(f'interlock "{self.name}" does nothing; give at_least or at_most')
        return self


class DwellTable(_Strict):
    tag: str
    after: str
    running_above: float
    minutes: float = Field(gt=0)


class ConfidenceTable(_Strict):
    """Bounds of the confidence gate; see models.safety.confidence.Confidence."""

    spread_share: float = Field(default=0.5, gt=0)
    outside: float = Field(default=inf, gt=0)
    surprise_k: float = Field(default=2.0, gt=0)
    surprise_share: float = Field(default=inf, gt=0)  # costs energy, endangers nothing


class SafetyTable(_Strict):
    """Everything under [safety]."""

    deadline_s: float = Field(default=20.0, gt=0)
    heartbeat_timeout_s: float = Field(default=180.0, gt=0)
    resets: list[ResetTable] = []
    relations: list[RelationTable] = []
    interlocks: list[InterlockTable] = []
    dwells: list[DwellTable] = []
    confidence: ConfidenceTable = ConfidenceTable()

    @property
    def tags(self) -> list[str]:
        """Every setpoint's tag that is named."""
        return [
            *(each.tag for each in self.resets),
            *(each.tag for each in self.interlocks),
            *(each.tag for each in self.dwells),
            *(tag for each in self.relations for tag in (each.lower, each.upper)),
        ]

    @property
    def quantities(self) -> list[str]:
        """Every quantity that is named."""
        named = [
            *(each.on for each in self.resets),
            *(each.when for each in self.interlocks),
            *(each.less for each in self.interlocks if each.less),
            *(each.after for each in self.dwells),
        ]
        return [name for name in named if name not in DERIVED]

    def check(self, setpoint_tags: set[str], quantities: set[str]) -> None:
        """Raises ValueError where something is named that the site does not have."""
        for tag in self.tags:
            if tag not in setpoint_tags:
                raise ValueError(f"safety: {tag} is not a declared setpoint; add it to [[setpoints]]")
        for name in self.quantities:
            if name not in quantities:
                known = "a point of it" if name in QUANTITIES else "a quantity that is known"
                raise ValueError(f'safety: "{name}" is not measured here; name {known}')


DERIVED = frozenset(("load_kw", "it_kw", "cooling_kw", "facility_kw", "outdoor_wetbulb_c"))
