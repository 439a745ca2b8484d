"""What a recommendation says: the moves, what they are expected to save, and why, or why to hold."""

from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, field_validator, model_validator


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Move(_Frozen):
    """One setpoint: where it stands and where it should go, in the canonical `unit` of its quantity."""

    tag: str
    quantity: str
    unit: str
    present: float
    proposed: float


class Estimate(_Frozen):
    """What a model expects of the plant under given setpoints.

    figure: PUE, or kW per kW of cooling where the site has no IT meter (see `Recommendation.figure_name`).
    cooling_kw: power of the cooling plant.
    facility_kw: what is minimised, the servers' fans included where IT power is metered.
    it_power_kw, rack_inlet_c: None where the site does not measure them.
    """

    figure: float
    cooling_kw: float
    facility_kw: float
    it_power_kw: float | None = None
    rack_inlet_c: float | None = None


class SecondOpinion(_Frozen):
    """The simulator's second opinion on the same moves."""

    agrees: bool
    present: Estimate
    proposed: Estimate
    note: str


class Recommendation(_Frozen):
    """Setpoints to change at `at`, or to hold, and the reason in words.

    saving_kw: present minus proposed facility power, and its 90 % interval; None for a hold.
    binding: what keeps each move from going further. precedent: the most similar hour of the record, in words.
    hold_if: what would make it a hold. rollback: how to go back.
    twin: None where the site has no twin. model_version: None where no model had a say.
    """

    site: str
    at: AwareDatetime
    action: Literal["change", "hold"]
    reason: str
    figure_name: str
    moves: list[Move] = []
    present: Estimate | None = None
    proposed: Estimate | None = None
    saving_kw: float | None = None
    saving_low_kw: float | None = None
    saving_high_kw: float | None = None
    binding: list[str] = []
    precedent: str | None = None
    hold_if: list[str] = []
    rollback: str | None = None
    twin: SecondOpinion | None = None
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
            raise ValueError(f"a hold has no moves, found {len(self.moves)}; say change or drop the moves")
        if self.action == "change" and not self.moves:
            raise ValueError("a change has at least one move, found none; say hold and why")
        if self.action == "change" and (self.present is None or self.proposed is None):
            raise ValueError("a change states what is expected before and after; give present and proposed")
        return self
