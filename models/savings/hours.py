"""The hours that a baseline is fitted to, and those that it is asked about."""

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

Array = np.ndarray
WEEK_HOURS = 168


@dataclass(frozen=True)
class Hours:
    """n hours in time order, gaps allowed; NaN is unknown.

    hour (n,): hours since 1970-01-01 00:00 UTC, whole numbers. week_hour (n,): hour of the week in the site's time,
    0 to 167. power_kw (n,): mean power of what is metered. load_kw (n,): what drives it beside the weather (IT power,
    or the thermal load); NaN throughout where a site has neither. drybulb_c, wetbulb_c (n,): outdoor air.
    """

    hour: Array
    week_hour: Array
    power_kw: Array
    load_kw: Array
    drybulb_c: Array
    wetbulb_c: Array

    def __len__(self) -> int:
        return len(self.hour)

    def where(self, keep: Array) -> Self:
        """The hours for which `keep` (n,) is true."""
        return replace(self, **{field.name: getattr(self, field.name)[keep] for field in fields(self)})

    def with_load(self, load_kw: Array) -> Self:
        """The same hours under another load (n,)."""
        return replace(self, load_kw=load_kw)

    @property
    def has_load(self) -> bool:
        """Whether the load is known in any hour."""
        return bool(np.isfinite(self.load_kw).any())

    def air(self, weather: str) -> Array:
        """Outdoor temperature (n,), °C: `drybulb` or `wetbulb`."""
        return self.wetbulb_c if weather == "wetbulb" else self.drybulb_c

    def known(self, weather: tuple[str, ...]) -> Array:
        """Whether power, load (where the site has one) and this weather are known; bool (n,)."""
        known = np.isfinite(self.power_kw)
        if self.has_load:
            known &= np.isfinite(self.load_kw)
        for name in weather:
            known &= np.isfinite(self.air(name))
        return known


def joined(first: Hours, second: Hours) -> Hours:
    """Both, one after the other."""
    return Hours(
        **{
            field.name: np.concatenate([getattr(first, field.name), getattr(second, field.name)])
            for field in fields(Hours)
        }
    )
