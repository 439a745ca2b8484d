"""A period of a site's telemetry as the hours that baselines are made of."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from models.savings.hours import WEEK_HOURS, Hours
from pipelines.savings.periods import Period
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import contradictory, plant_table
from pipelines.telemetry.store import Store

LEAST_OF_HOUR = 0.5  # of an hour's intervals that must be known


@dataclass(frozen=True)
class Record:
    """A period by hours. plant: plant quantities, mean of each hour, a row per hour of the period, NaN where unknown.

    contradictory: intervals left out because facility power was below IT plus cooling power.
    """

    period: Period
    plant: pd.DataFrame
    contradictory: int

    @property
    def index(self) -> pd.DatetimeIndex:
        """Start of each hour, UTC."""
        return pd.DatetimeIndex(self.plant.index)

    def column(self, name: str) -> np.ndarray:
        """A plant quantity (n,), NaN throughout where the site does not measure it."""
        if name not in self.plant:
            return np.full(len(self.plant), np.nan)
        return self.plant[name].to_numpy(float)

    def columns_of(self, quantity: str) -> list[str]:
        """Columns of a quantity: itself, and those of single equipment that stand apart."""
        return [str(name) for name in self.plant if str(name).split(":", 1)[0] == quantity]

    def hours(self, site: Site, target: str) -> Hours:
        """Hours of a target (plant quantity) with the site's load and weather."""
        return Hours(
            hour=self.index.as_unit("s").asi8 // 3600,
            week_hour=hour_of_week(self.index, site.local_zone),
            power_kw=self.column(target),
            load_kw=self.column("it_kw" if site.meters.it else "load_kw"),
            drybulb_c=self.column("outdoor_drybulb_c"),
            wetbulb_c=self.column("outdoor_wetbulb_c"),
        )


def read_record(site: Site, store: Store, period: Period) -> Record:
    """The hours of a period. Raises StoreError without telemetry."""
    return record_of(site, store.read(period.start, period.end), period)


def record_of(site: Site, table: pd.DataFrame, period: Period) -> Record:
    """The hours of a period; table: the interval table of that time, or of more."""
    table = period.cut(table)
    plant = plant_table(site, table)
    wrong = contradictory(plant)
    powers = [name for name in ("facility_kw", "overhead_kw", "cooling_kw", "figure") if name in plant]
    plant.loc[wrong, powers] = np.nan
    return Record(period, hourly(plant, period, site.interval), int(wrong.sum()))


def hourly(plant: pd.DataFrame, period: Period, interval: timedelta) -> pd.DataFrame:
    """Means of whole hours of a period; NaN where under half of an hour's intervals are known."""
    hours = pd.date_range(period.start.floor("h"), period.end.ceil("h"), freq="1h", inclusive="left")
    grouped = plant.groupby(pd.DatetimeIndex(plant.index).floor("h"))
    expected = max(1, round(timedelta(hours=1) / interval))
    means, counts = grouped.mean(), grouped.count()
    return means.where(counts >= LEAST_OF_HOUR * expected).reindex(hours).rename_axis("time")


def hour_of_week(times: pd.DatetimeIndex, zone: str) -> np.ndarray:
    """Hour of the week (n,), 0 is Monday's first, in a zone: it moves with summer time, as people do."""
    local = times.tz_convert(zone)
    return (local.dayofweek * 24 + local.hour).to_numpy() % WEEK_HOURS


def target_of(site: Site, record: Record) -> tuple[str, str]:
    """What is baselined (a plant quantity), and its boundary in words.

    The cooling meters where they are read (IPMVP option B: meters of one plant drift less than the difference of the
    facility's and the IT meters), else all that is not IT (option C).
    """
    if np.isfinite(record.column("cooling_kw")).mean() >= LEAST_OF_HOUR:
        return "cooling_kw", "cooling meters (IPMVP option B)"
    return "overhead_kw", "facility less IT (IPMVP option C)"
