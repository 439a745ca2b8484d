"""How vendors, sites and countries name points, as styles.toml has it."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DEVICES = (
    "utility", "hall", "ups", "chiller", "chwp", "cwp", "tower", "crah", "rack", "chw", "cw", "outdoor", "wse", "it",
    "plant",
)  # fmt: skip
MEASURES = (
    "power", "loss", "status", "speed", "supply", "return", "inlet", "flow", "drybulb", "wetbulb", "rh", "enable",
    "amps", "alarm", "valve", "delta", "pf", "heat", "hours", "outlet", "sp",
)  # fmt: skip
SETPOINT = " sp"


@dataclass(frozen=True)
class Style:
    """One way to name points.

    devices, measures: words in the order of DEVICES and MEASURES. put, join, number: how a tag is made of them.
    late: written after the lexicon. unit: where units stand ("" nowhere, "suffix", "brackets", "row" under the header).
    us: US units; power, fraction: the units of powers and of shares.
    """

    name: str
    devices: list[str]
    measures: list[str]
    put: str
    join: str = ""
    number: str = ""
    late: bool = False
    unit: str = ""
    us: bool = False
    power: str = "kW"
    fraction: str = "%"

    def tag(self, device: str, measure: str, index: str) -> str:
        """The tag of a measure (with " sp" of its setpoint) of a device, which has an index or none."""
        words = dict(zip(MEASURES, self.measures, strict=True))
        said = words[measure.removesuffix(SETPOINT)] + (words["sp"] if measure.endswith(SETPOINT) else "")
        number = f"{self.join}{self._numbered(index)}" if index else ""
        return self.put.format(d=self.devices[DEVICES.index(device)], i=number, m=said)

    def _numbered(self, index: str) -> str:
        if self.number == "lower":
            return index.lower()
        digits = {"A": "1", "B": "2", "C": "3"}.get(index, index)
        return {"1": digits, "01": digits.zfill(2)}.get(self.number, index)


@cache
def styles() -> tuple[Style, ...]:
    """Every style, those first that the lexicon was made beside."""
    table = tomllib.loads((Path(__file__).parent / "styles.toml").read_text(encoding="utf-8"))
    return tuple(Style(**style) for style in table["styles"])
