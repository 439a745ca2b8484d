"""Which equipment runs together: combinations that the record hardly knows are no ground for a prediction."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from pipelines.site.file import Site

LEAST_HOURS = 2.0  # a combination that ran for less in all was a start, a stop or a test
RUNNING_SHARE = 0.05  # of a motor's usual power: below it stands, whatever its meter's noise
_METERED = {"chiller_on": "chiller_kw", "chw_pump_on": "chw_pump_kw", "secondary_pump_on": "secondary_pump_kw",
            "cw_pump_on": "cw_pump_kw"}  # fmt: skip
_SWITCHED = (*_METERED, "tower_on", "crah_on", "economizer_on", "economizer_enable")


@dataclass(frozen=True)
class Combinations:
    """Columns of the interval table that say what runs, above which value each does, and what has run together.

    seen: states (0 or 1, or a count of units) by column, of at least LEAST_HOURS in the record.
    """

    columns: tuple[str, ...]
    above: tuple[float, ...]
    seen: frozenset[tuple[int, ...]]

    @classmethod
    def of(cls, site: Site, table: pd.DataFrame) -> Self:
        """The combinations of an interval table."""
        columns = running_columns(site)
        if not columns:
            return cls((), (), frozenset({()}))
        above = tuple(_least_running(table[column]) for column in columns)
        states = _states(table, columns, above).dropna()
        hours = states.value_counts() * (site.interval / pd.Timedelta(hours=1))
        seen = frozenset(tuple(int(value) for value in state) for state in hours.index[hours >= LEAST_HOURS])
        return cls(columns, above, seen)

    def states(self, table: pd.DataFrame) -> pd.DataFrame:
        """What runs in each row of an interval table; NaN where a reading is missing."""
        return _states(table, self.columns, self.above)

    def unseen(self, table: pd.DataFrame) -> pd.Series:
        """Why a row's combination is not known, empty where it is or where a reading is missing."""
        states = self.states(table)
        complete = states.notna().all(axis=1).to_numpy()
        rows = [tuple(row) for row in states.to_numpy()]
        reasons = [
            self._reason(row) if there and row not in self.seen else ""
            for row, there in zip(rows, complete, strict=True)
        ]
        return pd.Series(reasons, index=table.index, dtype=object)

    def _reason(self, row: tuple[float, ...]) -> str:
        parts = [
            f"{name} {value:g}" if value > 1 else name
            for name, value in zip(self.columns, row, strict=True)
            if value
        ]
        running = ", ".join(parts) or "nothing"
        return f"the record has less than {LEAST_HOURS:g} h with exactly this running: {running}"

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        seen = sorted([int(value) for value in state] for state in self.seen)
        return {"columns": list(self.columns), "above": list(self.above), "seen": seen}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """From `as_dict`. Raises KeyError where a part is missing."""
        seen = frozenset(tuple(state) for state in values["seen"])
        return cls(tuple(values["columns"]), tuple(values["above"]), seen)


def running_columns(site: Site) -> tuple[str, ...]:
    """Columns that say what runs: contacts, else the meters of chillers and pumps that have one each."""
    columns: list[str] = []
    for quantity in _SWITCHED:
        contacts = site.columns_of(quantity)
        meters = site.columns_of(_METERED[quantity]) if quantity in _METERED else []
        columns += contacts or (meters if len(meters) > 1 else [])
    return tuple(columns)


def combination_codes(site: Site, table: pd.DataFrame) -> np.ndarray:
    """A number (n,) for each row's combination, equal where the same runs; -1 where a reading is missing."""
    columns = running_columns(site)
    states = _states(table, columns, tuple(_least_running(table[column]) for column in columns))
    if not columns:
        return np.zeros(len(table), int)
    number = states.groupby(list(columns)).ngroup()  # NaN where a reading is missing
    return number.fillna(-1).to_numpy(int)


def known_combinations(codes: np.ndarray, learned: np.ndarray, asked: np.ndarray, hours: float) -> np.ndarray:
    """Whether rows `asked` have a combination that rows `learned` (bool or positions) had for LEAST_HOURS.

    codes (n,) as `combination_codes` gives them; hours: length of a row.
    """
    number, count = np.unique(codes[learned], return_counts=True)
    enough = number[count * hours >= LEAST_HOURS]
    return np.isin(codes[asked], enough) | (codes[asked] < 0)


def _least_running(readings: pd.Series) -> float:
    quantity = str(readings.name).split(":", 1)[0]
    if quantity not in _METERED.values():
        return 0.5
    usual = readings.quantile(0.95)
    return RUNNING_SHARE * float(usual) if np.isfinite(usual) and usual > 0 else np.inf


def _states(table: pd.DataFrame, columns: tuple[str, ...], above: tuple[float, ...]) -> pd.DataFrame:
    states = {}
    for column, least in zip(columns, above, strict=True):
        readings = table[column]
        metered = column.split(":", 1)[0] in _METERED.values()
        counted = (readings > least).astype(float) if metered else readings.round()
        states[column] = counted.where(readings.notna())
    return pd.DataFrame(states, index=table.index)
