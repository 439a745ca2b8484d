"""A column of an export as it goes into recognition, and the guess that comes out."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipelines.site.points import Reading
from pipelines.site.quantities import column_name
from pipelines.site.units import conversion

Confidence = Literal["high", "medium", "low"]


@dataclass(frozen=True, eq=False)
class Column:
    """One tag of an export and a sample of its readings.

    unit_row: its unit as a row under the header or a column of the export states it; None where there is none.
    values: numbers in time order, NaN where there is none. times: of the values (datetime64, any one clock for all
        columns), None where they are not known; then columns of equal length are taken to share their times.
    change_only: logged at irregular times, as by a log of changes.
    source: the export that it stands in; tags are unique within one.
    """

    tag: str
    unit_row: str | None
    values: np.ndarray
    times: np.ndarray | None = None
    change_only: bool = False
    source: str = ""


@dataclass(frozen=True)
class Told:
    """What a person said of a tag; the quantity "" means that it is none of ours. None where nothing was said."""

    quantity: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Guess:
    """What a tag is taken for; `quantity` is None where it was not recognised, and `why` says the reason.

    live: it stands in the proposed file as a point; else as a comment, since it is not certain enough or would be
        counted twice. asks: what a person has to say, "unit", "quantity", "power factor" or nothing.
    covers: of a total of cooling power, the quantities that it holds already. level: of IT power, where on the way to
        the servers it is metered (ups, pdu, hall, rack, server), "" where that is not said.
    unit_from: what the unit is known from; other_units: what it may be as well. told_...: a person said so.
    low, middle, high: 1st, 50th and 99th percentile of the sample, in the source's unit (NaN without values).
    """

    tag: str
    quantity: str | None
    unit: str
    equipment: str
    reading: Reading
    full_scale: float | None
    low: float
    middle: float
    high: float
    why: str
    confidence: Confidence = "low"
    live: bool = False
    asks: str = ""
    source: str = ""
    covers: tuple[str, ...] = ()
    level: str = ""
    unit_from: str = ""
    other_units: tuple[str, ...] = ()
    told_quantity: bool = False
    told_unit: bool = False

    @property
    def column(self) -> str:
        """Column of the interval table that the point would fill."""
        assert self.quantity is not None
        return column_name(self.quantity, self.equipment)

    def canonical(self, value: float) -> float:
        """A reading in the canonical unit."""
        assert self.quantity is not None
        slope, offset = conversion(self.unit, self.quantity, self.full_scale)
        return slope * value + offset
