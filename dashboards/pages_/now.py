"""Page "Now": the figure measured and predicted, power by part, rack inlets, weather, trends of any point."""

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from dashboards import charts
from dashboards.cards import Card, show_cards
from dashboards.console import Console
from dashboards.formats import Formats
from dashboards.frames import cached_frame, cached_hourly
from pipelines.site.quantities import QUANTITIES

REFRESH_S = 15
PERIODS = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "30 days": timedelta(days=30),
    "year": timedelta(days=366),
}
FINE = timedelta(days=8)  # as recorded; longer periods are hourly means
MOST_TRENDS = 8
WEATHER = (("outdoor_drybulb_c", "Drybulb"), ("outdoor_wetbulb_c", "Wetbulb"))


def show(console: Console) -> None:
    """Lay out the page."""
    st.title(console.described.title)
    _live(console)
    st.subheader("Trends")
    _trends(console)


@st.fragment(run_every=REFRESH_S)
def _live(console: Console) -> None:
    latest = console.tables.read("now")
    if latest is None or not latest["points"]:
        nothing_prepared(console)
        return
    _figures(console, latest)
    chart, side = st.columns([3, 2], gap="large")
    with chart:
        _figure(console, latest)
        _ahead(console)
    with side:
        _parts(console, latest)
        _inlets(console, latest)


def nothing_prepared(console: Console) -> None:
    """What to do where a page has no table to read."""
    st.info("There is nothing to show yet. Ingest telemetry, or prepare the tables of the pages:")
    st.code(
        f"coldaisle ingest --site {console.name} FILE...\ncoldaisle prepare --site {console.name}",
        language="bash",
    )


def _figures(console: Console, latest: dict[str, Any]) -> None:
    plant, formats, name = latest["plant"], console.formats, latest["figure_name"]
    expected = (console.tables.read("prediction") or {}).get("latest") or {}
    envelope = console.described.envelope
    edges = (formats.celsius(each, 0) for each in (envelope.rack_inlet_min_c, envelope.rack_inlet_max_c))
    warmest = _value(plant, "rack_inlet_c")
    allowed = "not metered" if warmest is None else "allowed {} to {}".format(*edges)
    drybulb = f"drybulb {formats.celsius(_value(plant, 'outdoor_drybulb_c'))}"
    figures = [
        Card(
            formats.figure_title(name),
            formats.figure(_value(plant, "figure"), name),
            _expected(formats, expected, name),
        )
    ]
    if console.described.meters.facility or console.described.meters.it:
        figures.append(Card("Facility", formats.kw(_value(plant, "facility_kw"))))
    if console.described.meters.it:
        figures.append(Card("IT", formats.kw(_value(plant, "it_kw"))))
    else:
        load = formats.value(_value(plant, "load_kw"), "kW", "cooling_load_kw")
        figures.append(Card("Heat removed", load, "no IT meter at this site"))
    show_cards(
        [
            *figures,
            Card("Cooling", formats.kw(_value(plant, "cooling_kw"))),
            Card("Warmest rack inlet", formats.celsius(warmest), allowed),
            Card("Outdoors, wetbulb", formats.celsius(_value(plant, "outdoor_wetbulb_c")), drybulb),
        ]
    )  # fmt: skip
    at = max((datetime.fromisoformat(one["at"]) for one in latest["points"].values()), default=None)
    if at:
        st.caption(f"Latest readings, {formats.time(at)}. Boundary: {console.described.meters.boundary}.")


def _expected(formats: Formats, expected: dict[str, Any], name: str | None) -> str:
    if expected.get("predicted") is None:
        return "no prediction"
    values = (formats.figure(expected[each], name) for each in ("predicted", "lower", "upper"))
    text = "predicted {}, 90 % interval {} to {}".format(*values)
    return text if expected.get("in_support", True) else f"{text}; beyond the record"


def _figure(console: Console, latest: dict[str, Any]) -> None:
    period = PERIODS[
        st.segmented_control("Period", list(PERIODS), default="week", key="figure period") or "week"
    ]
    measured = plant_between(console, ["figure"], period)
    if measured.empty or not measured["figure"].notna().any():
        st.info("The figure cannot be computed from this telemetry; page Data says which meter is missing.")
        return
    table = measured.rename(columns={"figure": "measured"})
    predicted = cached_frame(console, "predicted")
    prediction = console.tables.read("prediction") or {}
    if predicted is not None and not prediction.get("why_not"):
        values = predicted[["predicted", "lower", "upper"]]
        values = values if period <= FINE else values.resample("1h").mean()
        table = table.join(values, how="left")
    name = latest["figure_name"]
    shown = table.apply(lambda column: column.map(lambda value: console.formats.figure_value(value, name)))
    st.plotly_chart(
        charts.figure_over_time(shown, console.formats.figure_title(name), zone(console), console.formats.separators),
        key="figure", alt=f"{name} over the last {period.days} days, measured and predicted",
    )  # fmt: skip
    if prediction.get("why_not"):
        st.caption(f"No prediction: {prediction['why_not']}")


def _ahead(console: Console) -> None:
    forecast = console.tables.read("forecast") or {
        "why_not": "none is prepared; coldaisle serve or prepare makes one"
    }
    st.subheader("Next 24 hours")
    if forecast.get("why_not"):
        st.caption(f"No forecast: {forecast['why_not']}")
        return
    known_at = pd.Timestamp(forecast["known_at"])
    if console.status().at - known_at > timedelta(hours=24):
        st.caption(
            f"The last forecast was made from telemetry to {console.formats.time(known_at)}; it has passed."
        )
        return
    name = "cooling_kw" if forecast["targets"].get("cooling_kw", {}).get("leads") else "figure"
    if forecast["targets"][name]["leads"]:
        st.plotly_chart(
            charts.forecast_over_time(forecast["targets"][name], known_at, zone(console), console.formats.separators),
            key="ahead", alt="Forecast of the next 24 hours with its 90 % interval",
        )  # fmt: skip
    peak = forecast.get("peak")
    if peak:
        values = tuple(console.formats.number(peak[each], 0) for each in ("mean", "lower", "upper"))
        st.caption(
            f"Highest hour of {peak['title']}: {values[0]} {peak['unit']}, 90 % interval {values[1]} to {values[2]}, "
            f"around {console.formats.clock(datetime.fromisoformat(peak['around']))}"
        )


def _parts(console: Console, latest: dict[str, Any]) -> None:
    parts = {
        words(name): latest["plant"][name]["value"] for name in latest["parts"] if name in latest["plant"]
    }
    if not parts:
        return
    st.subheader("Power by part")
    st.plotly_chart(
        charts.parts_bar(parts, console.formats.separators), key="parts",
        alt="; ".join(f"{name} {value:.0f} kW" for name, value in parts.items()),
    )  # fmt: skip


def _inlets(console: Console, latest: dict[str, Any]) -> None:
    st.subheader("Rack inlets")
    formats, envelope = console.formats, console.described.envelope
    rows = [
        row | {"label": row["tag"], "value": formats.shown(latest["points"][row["column"]]["value"], "degC")}
        for row in latest["inlets"]
        if row["column"] in latest["points"]
    ]
    if not rows:
        st.caption("This site meters no rack inlet.")
        return
    low, high = (
        formats.shown(each, "degC") for each in (envelope.rack_inlet_min_c, envelope.rack_inlet_max_c)
    )
    placed = [row for row in rows if row["position"]]
    warmest = max(rows, key=lambda row: row["value"])
    unit = formats.unit("degC")
    draw, drawn = (charts.inlet_map, placed) if placed else (charts.inlet_bars, rows)
    chart = draw(drawn, low, high, unit, formats.separators)
    where = f" in {warmest['hall']}" if warmest["hall"] else ""
    text = f"Warmest: {warmest['label']}{where}, {formats.number(warmest['value'])} {unit}"
    st.plotly_chart(chart, key="inlets", alt=text)
    st.caption(_course(console, latest))
    st.caption(
        f"{text}, {formats.number(high - warmest['value'])} {'°F' if formats.fahrenheit else 'K'} "
        "below the highest allowed"
    )


COURSES = (
    ("rack_inlet_c", "The warmest inlet"),
    ("supply_air_c", "supply air"),
    ("supply_air_sp_c", "its setpoint"),
    ("chw_supply_c", "chilled water"),
)


def _course(console: Console, latest: dict[str, Any]) -> str:
    """Why an inlet is where it is, as far as readings tell: what air and water did in the last hour."""
    known = [(name, words) for name, words in COURSES if name in latest["plant"]]
    table = plant_between(console, [name for name, _ in known], timedelta(days=1))
    hour = table[table.index > table.index[-1] - timedelta(hours=1)] if len(table) else table
    told = []
    for name, words in known:
        values = hour[name].dropna()
        if len(values) > 1:
            change = float(values.iloc[-1] - values.iloc[0])
            sign = "+" if change >= 0.05 else "−" if change <= -0.05 else "±"
            value = console.formats.celsius(float(values.iloc[-1]))
            told.append(f"{words} {value} ({sign}{console.formats.kelvin(abs(change))} in an hour)")
    return "; ".join(told)


def _trends(console: Console) -> None:
    site, formats = console.described, console.formats
    names = {point.column: f"{point.tag}" for point in site.points}
    usual = [column for column in usual_columns(console) if column in names]
    asked = st.query_params.get("day", "")
    if asked != st.session_state.get("trend asked", ""):  # the address names another day
        st.session_state["trend asked"], st.session_state["trend day"] = asked, _day(asked)
    st.session_state.setdefault("trend day", None)
    left, right = st.columns([3, 1])
    chosen = left.multiselect(
        "Points", list(names), default=usual, format_func=lambda column: names[column], key="trend points",
        max_selections=MOST_TRENDS, placeholder="choose points",
    )  # fmt: skip
    around = right.date_input("Day (empty: the latest)", key="trend day", format="YYYY-MM-DD")
    period = PERIODS[
        st.segmented_control("Length", list(PERIODS), default="day", key="trend period") or "day"
    ]
    if not chosen:
        st.info("Choose points to see their course.")
        return
    table = _points_between(console, chosen, period, around if isinstance(around, date) else None)
    if table.empty:
        st.info("There are no readings in this time; choose another day.")
        return
    units = {point.column: (QUANTITIES[point.quantity].unit, point.quantity) for point in site.points}
    shown = pd.DataFrame(
        {name: table[name].map(lambda v, n=name: formats.shown(v, *units[n])) for name in chosen}
    )
    titles = {name: f"{names[name]}, {formats.unit(*units[name]) or 'on/off or share'}" for name in chosen}
    st.plotly_chart(
        charts.trends(shown, titles, zone(console), formats.separators), key="trends",
        alt="Course of " + ", ".join(titles.values()),
    )  # fmt: skip
    st.download_button(
        "Download (CSV)", shown.tz_convert(zone(console)).to_csv().encode(), file_name=f"{console.name}-trends.csv",
        mime="text/csv", on_click="ignore",
    )  # fmt: skip


def usual_columns(console: Console) -> list[str]:
    """Points that are shown until others are chosen: the warmest of the air and the setpoints' temperatures."""
    site = console.described
    setpoints = [site.by_tag[setpoint.tag].column for setpoint in site.setpoints]
    inlets = [point.column for point in site.points if point.quantity == "rack_inlet_c"]
    return [*inlets[:2], *setpoints[:2]] or [point.column for point in site.points[:2]]


def plant_between(console: Console, columns: list[str], period: timedelta) -> pd.DataFrame:
    """Plant quantities of the last `period` of telemetry, as recorded or hourly."""
    end = _end(console)
    if end is None:
        return pd.DataFrame(columns=columns)
    if period <= FINE:
        frame = cached_frame(console, "recent_plant", tuple(columns))
        frame = pd.DataFrame(columns=columns) if frame is None else frame.reindex(columns=columns)
        return frame[frame.index >= end - period] if len(frame) else frame
    return cached_hourly(console, "plant", tuple(columns), end - period, end)


def _points_between(
    console: Console, columns: list[str], period: timedelta, day: date | None
) -> pd.DataFrame:
    end = _end(console)
    if end is None:
        return pd.DataFrame(columns=columns)
    if day is not None:
        end = pd.Timestamp(day, tz=zone(console)).tz_convert("UTC") + max(period, timedelta(days=1))
    start = end - max(period, timedelta(days=1))
    recent = cached_frame(console, "recent", tuple(columns)) if period <= FINE else None
    if recent is not None and len(recent) and start >= recent.index[0]:
        return recent[(recent.index >= start) & (recent.index < end)].reindex(columns=columns)
    return cached_hourly(console, "hourly", tuple(columns), start, end)


def _end(console: Console) -> pd.Timestamp | None:
    telemetry = console.tables.read("telemetry") or {}
    return pd.Timestamp(telemetry["end"]) if telemetry.get("end") else None


def zone(console: Console) -> str:
    """The site's time zone, by name."""
    return console.formats.zone.key


def words(name: str) -> str:
    """A quantity of power in words: `chw_pump_kw` is chw pump."""
    return name.removesuffix("_kw").removesuffix("_power").replace("_", " ")


def _value(plant: dict[str, Any], name: str) -> float | None:
    return plant[name]["value"] if name in plant else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
