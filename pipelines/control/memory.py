"""What a controller remembers between decisions: one value, saved with each decision and restored at start."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pydantic import ConfigDict, TypeAdapter, ValidationError

from pipelines.control.optimizer.guarded import ModelMemory
from pipelines.control.sensing.sensing import SensingMemory
from pipelines.control.switches import SwitchMemory
from pipelines.errors import ColdaisleError

FORMAT = 1  # of the JSON; a memory of another format is not restored


class MemoryFormatError(ColdaisleError):
    """A saved memory that cannot be read."""


@dataclass(frozen=True)
class Memory:
    """Everything that a decision passes on to the next.

    at: of the last decision. written (k,): setpoints last written, None where what was decided was not written.
    informed_at: when the model last decided.
    """

    at: datetime | None = None
    written: tuple[float, ...] | None = None
    informed_at: datetime | None = None
    sensing: SensingMemory = field(default_factory=SensingMemory)
    switches: SwitchMemory = field(default_factory=SwitchMemory)
    model: ModelMemory = field(default_factory=ModelMemory)

    def not_written(self) -> "Memory":
        """The decision was not written: how the plant behaves is no evidence about it."""
        return replace(self, written=None, model=self.model.after(by_model=False))

    def set_back_to(self, at: datetime) -> "Memory":
        """The clock was set back: readings with later times are forgotten."""
        informed = None if self.informed_at is None else min(self.informed_at, at)
        return replace(self, informed_at=informed, sensing=self.sensing.before(at))

    def newest_reading(self) -> datetime | None:
        """Time of the newest remembered row."""
        readings = self.sensing.history.readings
        return readings[-1][0] if readings else None

    def is_recent(self, at: datetime, within: timedelta) -> bool:
        """Whether the last decision lies at most `within` before a time, and not after it."""
        return self.at is not None and timedelta(0) <= at - self.at <= within

    def to_json(self) -> str:
        """The memory as JSON."""
        return _ADAPTER.dump_json(_Saved(FORMAT, self)).decode()

    @staticmethod
    def from_json(text: str) -> "Memory":
        """A memory from `to_json`. Raises MemoryFormatError where the text is damaged or of another format."""
        try:
            saved = _ADAPTER.validate_json(text)
        except ValidationError as cause:
            first = cause.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise MemoryFormatError(
                f"the controller's memory cannot be read ({where}: {first['msg']}); it starts from the telemetry"
            ) from cause
        if saved.format != FORMAT:
            raise MemoryFormatError(
                f"the controller's memory has format {saved.format}, this program reads {FORMAT}; "
                "it starts from the telemetry"
            )
        return saved.memory


@dataclass(frozen=True)
class _Saved:
    __pydantic_config__ = ConfigDict(ser_json_inf_nan="constants", allow_inf_nan=False)

    format: int
    memory: Memory


_ADAPTER: TypeAdapter[_Saved] = TypeAdapter(_Saved)
