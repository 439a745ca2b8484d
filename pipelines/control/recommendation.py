"""A recommendation: the moves, what they are expected to save, and why; or why to hold."""

from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, field_validator, model_validator


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Move(_Frozen):
    """A change of one setpoint, in the canonical `unit` of its quantity: present value, next step and goal."""

    tag: str
    quantity: str
    unit: str
    present: float
    step: float
    goal: float


class Estimate(_Frozen):
    """What the model expects of the plant, once settled, under given setpoints.

    figure: PUE, or kW per kW of cooling where the site has no IT meter (see `Recommendation.figure_name`).
    cooling_kw: power of the cooling plant. facility_kw: what is minimised, the servers' fans included where IT power is
    metered. it_power_kw, rack_inlet_c: None where the site does not measure them. outside_sd: how far the setpoints lie
    beyond the record, in standard deviations; 0 inside.
    """

    figure: float
    cooling_kw: float
    facility_kw: float
    it_power_kw: float | None = None
    rack_inlet_c: float | None = None
    outside_sd: float = 0.0


class Recommendation(_Frozen):
    """A decision as a recommendation: setpoints to change at `at`, or to hold, and the reason in words.

    source, mode: of the decision. present, proposed: expected at the present setpoints and at the goal.
    saving_kw: power at the present setpoints less power at the goal, and its 90 % interval; None where the model did
    not decide or it is withheld. price_per_kwh: at that time, in the site's currency; None without a tariff. binding:
    what keeps each setpoint from going further. precedent: the most similar hour of the record that needed less, or
    that there is none; precedent_at: its start. twin: what the site's twin expects of the move. hold_if: what would
    make it a hold, none of which holds yet. rollback: how to go back. notices: what is wrong with sensors, plant or
    clock.
    """

    site: str
    at: AwareDatetime
    action: Literal["change", "hold"]
    reason: str
    source: str = "hold"
    mode: str = "shadow"
    figure_name: str
    moves: list[Move] = []
    present: Estimate | None = None
    proposed: Estimate | None = None
    saving_kw: float | None = None
    saving_low_kw: float | None = None
    saving_high_kw: float | None = None
    price_per_kwh: float | None = None
    currency: str | None = None
    binding: list[str] = []
    precedent: str | None = None
    precedent_at: AwareDatetime | None = None
    twin: str | None = None
    hold_if: list[str] = []
    rollback: str | None = None
    notices: list[str] = []
    model_version: str | None = None

    @property
    def proven(self) -> bool:
        """Whether the interval of the saving lies above zero; otherwise none is claimed."""
        return self.saving_low_kw is not None and self.saving_low_kw > 0.0

    @field_validator("at")
    @classmethod
    def _utc(cls, at: datetime) -> datetime:
        return at.astimezone(UTC)

    @model_validator(mode="after")
    def _moves_suit_action(self) -> Self:
        if self.action == "hold" and self.moves:
            raise ValueError(
                f"a hold has no moves, found {len(self.moves)}; make it a change or drop the moves"
            )
        if self.action == "change" and not self.moves:
            raise ValueError("a change has at least one move, found none; make it a hold with a reason")
        return self
