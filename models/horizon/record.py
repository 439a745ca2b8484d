"""What a forecaster may know: readings at a regular step, and which of them drive the plant."""

from dataclasses import dataclass, field, replace

import numpy as np

Array = np.ndarray

DAY_H, WEEK_H = 24.0, 168.0
LEADS_MIN = (20, 30, 60, 120, 180, 360, 540, 720, 900, 1080, 1260, 1440)


@dataclass(frozen=True)
class Record:
    """Readings (n,) by name at a regular step, NaN where unknown; row t is known when its interval has ended.

    solar_hours (n,): local mean solar time of each row, hours since a Monday's midnight. targets: names of what is
    forecast. drivers: what moves them and is forecast itself -> the season in hours that it repeats with.
    setpoints: names of the readings that people or the controller choose. recorded: driver -> the site's own
    forecast (n,), as known at the row, and its lead in hours.
    """

    step_minutes: float
    solar_hours: Array
    readings: dict[str, Array]
    targets: tuple[str, ...]
    drivers: dict[str, float]
    setpoints: tuple[str, ...] = ()
    recorded: dict[str, tuple[Array, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError for readings of unequal length, a step that is not positive or a name without readings."""
        lengths = {len(self.solar_hours), *map(len, self.readings.values())}
        if len(lengths) > 1:
            raise ValueError(f"readings must have one length, not {sorted(lengths)}; give them at one step")
        if not self.step_minutes > 0.0:
            raise ValueError(
                f"the step must be positive, not {self.step_minutes} min; give the site's interval"
            )
        if not self.drivers:
            raise ValueError("a record needs a driver, such as load; name one")
        absent = sorted({*self.targets, *self.drivers, *self.setpoints} - set(self.readings))
        if absent:
            raise ValueError(f"{', '.join(absent)} must be among the readings; add them or leave them out")

    def __len__(self) -> int:
        """Rows."""
        return len(self.solar_hours)

    def rows_in(self, hours: float) -> int:
        """Rows in so many hours, at least one."""
        return max(1, round(hours * 60.0 / self.step_minutes))

    def cut(self, start: int, stop: int) -> "Record":
        """The rows [start, stop)."""
        rows = slice(start, stop)
        return replace(
            self,
            solar_hours=self.solar_hours[rows],
            readings={name: values[rows] for name, values in self.readings.items()},
            recorded={name: (values[rows], lead_h) for name, (values, lead_h) in self.recorded.items()},
        )


def leads_of(step_minutes: float) -> tuple[float, ...]:
    """Leads in minutes, those of LEADS_MIN that whole intervals of `step_minutes` reach.

    Where the step divides neither an hour nor is made of hours, the multiples of it that are nearest to them.
    Raises ValueError for a step over a day.
    """
    if not 0.0 < step_minutes <= LEADS_MIN[-1]:
        raise ValueError(
            f"a step of {step_minutes:g} min reaches no lead up to {LEADS_MIN[-1]} min; give a shorter one"
        )
    exact = tuple(float(lead) for lead in LEADS_MIN if lead >= step_minutes and lead % step_minutes == 0)
    if exact and (60.0 % step_minutes == 0 or step_minutes % 60.0 == 0):
        return exact
    nearest = {max(1, round(lead / step_minutes)) * step_minutes for lead in LEADS_MIN}
    return tuple(sorted(nearest))
