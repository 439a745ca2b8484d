"""Exports drawn at random whose truth is known: power of some machines, written in one of the ways that people have."""

import csv
import gzip
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from pipelines.site.file import Site
from tests.pipelines.telemetry.ingest.kit import site_of

STEP_MINUTES = 15
FORMATS = (
    None, "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d-%b-%y %I:%M:%S %p", "%Y/%m/%d %H:%M",
    "%Y%m%d %H%M%S", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns", "excel",
)  # fmt: skip
ZONES = ("UTC", "Etc/GMT-8", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Adelaide")
STARTS = (
    "2025-01-07 00:00",
    "2025-07-01 13:00",
    "2025-03-09 00:00",
    "2025-03-30 00:00",
    "2025-10-26 00:00",
    "2025-11-02 00:00",
)
SUFFIXES = {"Z": "Z", " UTC": " UTC", "offset": "offset"}


@dataclass(frozen=True)
class Drawn:
    """How the truth is written. truth: kW, a row per quarter of an hour (UTC), a column per machine."""

    truth: pd.DataFrame
    layout: str  # wide, identity, long, two names
    form: str | None
    zone: str
    stamp_end: str  # "", "Z", " UTC" or "offset"
    split_date: bool
    decimal: str
    thousands: str
    unit: str
    unit_in_cell: bool
    reading: str  # instant, interval, counter
    delimiter: str
    encoding: str
    preamble: tuple[str, ...]
    units_row: bool
    trailing: bool
    container: str  # csv, gz, zip, xlsx, jsonl, parquet
    newest_first: bool

    @property
    def machines(self) -> list[str]:
        return [str(name) for name in self.truth]

    def site(self) -> Site:
        """The site file that an engineer who knows the export would write."""
        source: dict[str, Any] = {
            "name": "historian",
            "files": ["*"],
            "time_column": "Time",
            "time_zone": self.zone,
        }
        if self.form:
            source["time_format"] = self.form
        if self.split_date:
            source |= {"date_column": "Date"}
        if self.decimal == "," and self.container in ("csv", "gz", "zip"):
            source["decimal"] = ","
        tags = {name: f"{name} Power" for name in self.machines}
        if self.layout == "identity":
            source["identity_columns"] = ["Machine"]
            tags = {name: f"{name}/Power" for name in self.machines}
        elif self.layout == "long":
            source |= {"layout": "long", "tag_column": "Tag", "value_column": "Value"}
        elif self.layout == "two names":
            source |= {"layout": "long", "tag_column": ["Machine", "Field"], "value_column": "Value"}
            tags = {name: f"{name}/Power" for name in self.machines}
        unit = {"counter": "kWh", "interval": "kWh"}.get(self.reading, self.unit)
        points = [
            {"tag": tags[name], "source": "historian", "quantity": "chiller_kw", "equipment": name.lower(),
             "unit": unit, "reading": self.reading}
            for name in self.machines
        ]  # fmt: skip
        return site_of(*points, sources=[source], interval_minutes=STEP_MINUTES)

    def values(self) -> pd.DataFrame:
        """What the meters show."""
        hours = STEP_MINUTES / 60
        if self.reading == "interval":
            return self.truth * hours
        if self.reading == "counter":
            start = pd.DataFrame(12_345.0, index=[self.truth.index[0]], columns=self.truth.columns)
            later = 12_345.0 + (self.truth * hours).cumsum()
            later.index = later.index + pd.Timedelta(minutes=STEP_MINUTES)
            return pd.concat([start, later])
        return self.truth * {"kW": 1.0, "W": 1000.0, "MW": 0.001}[self.unit]

    def write(self, folder: Path) -> Path:
        rows = self._rows()
        name = f"export.{ {'gz': 'csv.gz', 'zip': 'zip'}.get(self.container, self.container) }"
        path = folder / name
        if self.container == "xlsx":
            pd.DataFrame(rows[1:], columns=rows[0]).to_excel(path, index=False)
        elif self.container == "jsonl":
            lines = [json.dumps(dict(zip(rows[0], row, strict=True))) for row in rows[1:]]
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        elif self.container == "parquet":
            pd.DataFrame(rows[1:], columns=rows[0]).to_parquet(path)
        else:
            data = self._text(rows).encode(self.encoding)
            if self.container == "gz":
                path.write_bytes(gzip.compress(data))
            elif self.container == "zip":
                with zipfile.ZipFile(path, "w") as archive:
                    archive.writestr("inside.csv", data)
            else:
                path.write_bytes(data)
        return path

    def _rows(self) -> list[list[Any]]:
        values = self.values()
        head = ["Date", "Time"] if self.split_date else ["Time"]
        order = list(range(len(values)))
        if self.newest_first:
            order.reverse()
        stamps = [self._stamp(at) for at in values.index]
        cells = values.to_numpy()
        show = self._shown
        if self.layout == "wide":
            rows = [[*stamps[i], *(show(value) for value in cells[i])] for i in order]
            return [[*head, *(f"{name} Power" for name in self.machines)], *rows]
        rows = []
        for i in order:
            for k, name in enumerate(self.machines):
                own = {"identity": [name], "long": [f"{name} Power"], "two names": [name, "Power"]}[
                    self.layout
                ]
                rows.append([*stamps[i], *own, show(cells[i][k])])
        names = {
            "identity": ["Machine", "Power"],
            "long": ["Tag", "Value"],
            "two names": ["Machine", "Field", "Value"],
        }
        return [[*head, *names[self.layout]], *rows]

    def _text(self, rows: list[list[Any]]) -> str:
        out = io.StringIO()
        for line in self.preamble:
            out.write(line + "\n")
        writer = csv.writer(out, delimiter=self.delimiter, lineterminator="\n")
        end = [""] if self.trailing else []
        writer.writerow([*rows[0], *end])
        if self.units_row:
            unit = {"counter": "kWh", "interval": "kWh"}.get(self.reading, self.unit)
            words = {"Date", "Time", "Machine", "Tag", "Field"}
            writer.writerow([*("" if name in words else unit for name in rows[0]), *end])
        for row in rows[1:]:
            writer.writerow([*row, *end])
        return out.getvalue()

    def _stamp(self, at: pd.Timestamp) -> list[str]:
        local = at.tz_convert(self.zone)
        if self.form in ("epoch_s", "epoch_ms", "epoch_us", "epoch_ns"):
            factor = {"epoch_s": 10**9, "epoch_ms": 10**6, "epoch_us": 10**3, "epoch_ns": 1}[self.form]
            return [str(at.as_unit("ns").value // factor)]
        if self.form == "excel":
            days = (local.tz_localize(None) - pd.Timestamp("1899-12-30")) / pd.Timedelta(days=1)
            return [repr(round(days, 8))]
        if self.stamp_end:
            shown = at if self.stamp_end in ("Z", " UTC") else local
            end = {"Z": "Z", " UTC": " UTC"}.get(self.stamp_end, f"{local:%z}"[:3] + ":" + f"{local:%z}"[3:])
            return [f"{shown:%Y-%m-%d %H:%M:%S}{end}"]
        form = self.form or "%Y-%m-%d %H:%M"
        if self.split_date:
            date, time = form.split(" ", 1)
            return [f"{local:{date}}", f"{local:{time}}"]
        return [f"{local:{form}}"]

    def _shown(self, value: float) -> Any:
        if self.container == "parquet":
            return float(value)
        if self.container in ("xlsx", "jsonl"):
            return round(float(value), 6)
        text = f"{value:,.7f}".replace(",", "T").replace(".", self.decimal).replace("T", self.thousands)
        return f"{text} {self.unit}" if self.unit_in_cell else text


@st.composite
def drawn_exports(draw: st.DrawFn) -> Drawn:
    """Exports of one or several machines over half a day."""
    machines = [f"CH{k + 1}" for k in range(draw(st.integers(1, 3)))]
    start = pd.Timestamp(draw(st.sampled_from(STARTS)), tz="UTC")
    index = pd.date_range(start, periods=draw(st.integers(12, 60)), freq=f"{STEP_MINUTES}min")
    scale = draw(st.sampled_from((40.0, 900.0, 4_000.0)))
    random = np.random.default_rng(draw(st.integers(0, 2**20)))
    truth = pd.DataFrame(
        {name: (scale * random.uniform(0.3, 1.5, len(index))).round(3) for name in machines}, index=index
    )
    container = draw(st.sampled_from(("csv", "csv", "csv", "gz", "zip", "xlsx", "jsonl", "parquet")))
    is_text = container in ("csv", "gz", "zip")
    form = draw(st.sampled_from(FORMATS))
    zoned = form is None and draw(st.booleans())
    reading = draw(st.sampled_from(("instant", "instant", "interval", "counter")))
    decimal = draw(st.sampled_from((".", ","))) if is_text else "."
    thousands = draw(st.sampled_from(("", "." if decimal == "," else ",", " ", "'")))
    return Drawn(
        truth=truth,
        layout=draw(st.sampled_from(("wide", "identity", "long", "two names"))),
        form=form,
        zone=draw(st.sampled_from(ZONES)),
        stamp_end=draw(st.sampled_from(tuple(SUFFIXES))) if zoned else "",
        split_date=not zoned and form in (None, *FORMATS[1:6]) and draw(st.booleans()),
        decimal=decimal,
        thousands=thousands if is_text else "",
        unit=draw(st.sampled_from(("kW", "W", "MW"))),
        unit_in_cell=is_text and reading == "instant" and draw(st.booleans()),
        reading=reading,
        delimiter=draw(st.sampled_from((",", ";", "\t", "|"))),
        encoding=draw(st.sampled_from(("utf-8", "utf-8-sig", "cp1252", "utf-16"))),
        preamble=draw(
            st.sampled_from(((), ("Plant A",), ("Trend report", "", "From: 2025-01-01 00:00, all points")))
        ),
        units_row=is_text and draw(st.booleans()),
        trailing=is_text and draw(st.booleans()),
        container=container,
        newest_first=draw(st.booleans()),
    )
