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

[safety.confidence]                   # beyond these the site's rule decides; inf switches a bound off
surprise_k = 2.0
"""

from math import inf
from typing import Annotated, Self

from pydantic import Field, model_validator

from pipelines.site.checks import Table, within

Bound = Annotated[
    float, Field(gt=0, allow_inf_nan=True)
]  # infinite: switched off; NaN is greater than nothing


class ResetTable(Table):
    """A linear reset of a setpoint over a quantity, canonical units, flat beyond the first and the last point."""

    tag: str
    on: str
    points: list[tuple[float, float]] = Field(min_length=1)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        at = [point[0] for point in self.points]
        if sorted(set(at)) != at:
            raise ValueError(f"reset of {self.tag}: points {at} must ascend; put them in order")
        return self


class RelationTable(Table):
    """`lower` stays at least `least_k` kelvin below `upper`, both tags of temperature setpoints."""

    lower: str
    upper: str
    least_k: Annotated[float, within(0.0, 30.0, "K", "between air and water of one plant")]

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.lower == self.upper:
            raise ValueError(f"relation: {self.lower} cannot stay below itself; name two setpoints")
        return self


class InterlockTable(Table):
    """While `when` (less `less`) is above or below a limit, the setpoint `tag` keeps one; canonical units.

    See the head of this file.
    """

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
        if self.above is not None and self.below is not None and self.above <= self.below:
            raise ValueError(
                f'interlock "{self.name}" always acts: above ({self.above:g}) must exceed below ({self.below:g}); '
                "correct one of them"
            )
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(
                f'interlock "{self.name}": at_least ({self.at_least:g}) must not exceed at_most ({self.at_most:g}); '
                "correct one of them"
            )
        return self


class DwellTable(Table):
    """No switching of the on/off setpoint `tag` for `minutes` after what `after` measures started or stopped."""

    tag: str
    after: str
    running_above: float
    minutes: float = Field(gt=0, le=1440)


class ConfidenceTable(Table):
    """Bounds of the confidence gate, each positive; infinite switches one off. See models.safety.confidence."""

    spread_share: Bound = 0.5
    outside: Bound = inf
    surprise_k: Bound = 2.0
    surprise_share: Bound = inf  # costs energy, endangers nothing


class SafetyTable(Table):
    """Everything under [safety]."""

    deadline_s: Annotated[float, within(0.1, 300.0, "s", "a decision must come well before the next")] = 20.0
    heartbeat_timeout_s: Annotated[float, within(1.0, 1800.0, "s", "nobody controls the plant meanwhile")] = (
        180.0
    )
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
        return [
            *(each.on for each in self.resets),
            *(each.when for each in self.interlocks),
            *(each.less for each in self.interlocks if each.less),
            *(each.after for each in self.dwells),
        ]
