"""Page "What if": other setpoints on the site's twin, now beside then, every limit shown; shared by its address."""

from datetime import date, timedelta
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboards import charts
from dashboards.cards import Card, show_cards
from dashboards.console import Console
from dashboards.jobs import running_jobs, start_job
from dashboards.orders import allowed
from pipelines.console import jobs
from pipelines.console.jobs import Job
from pipelines.errors import ColdaisleError

# Outcomes to look at: column, title, unit, digits.
MEASURES = {
    "facility_kwh": ("Facility energy", "kWh", 0),
    "cooling_kwh": ("Cooling energy", "kWh", 0),
    "pue": ("PUE", "", 3),
    "rack_inlet_max_c": ("Warmest rack inlet", "degC", 1),
    "energy_cost": ("Energy cost", "", 0),
    "carbon_kg": ("CO2", "kg", 0),
    "water_makeup_l": ("Make-up water", "L", 0),
}
SETPOINTS = {
    "supply_air_c": ("Supply air", "degC"),
    "chw_supply_c": ("Chilled water", "degC"),
    "cw_supply_c": ("Condenser water", "degC"),
    "airflow_ratio": ("Airflow over need", ""),
    "chillers_available": ("Chillers available", ""),
    "economizer_enable": ("Economizer", "on/off"),
}
WEATHERS = {"present": "as now", "recorded": "as recorded", "epw": "a typical year (EPW)"}


def show(console: Console) -> None:
    """Lay out the page."""
    st.title("What if")
    if not console.described.setpoints:
        st.info("The site file declares no setpoints, so there is nothing to try; add [[setpoints]] to it.")
        return
    running_jobs(console, "what_if")
    done = [
        job
        for job in jobs.jobs_of(console.settings, console.name)
        if job.kind == "what_if" and job.state == "done"
    ]
    with st.expander("Run a new sweep on the twin", expanded=not done):
        _new(console)
    if not done:
        st.info(
            "No sweep has been run yet. It simulates every setpoint over its limits; then sliders move at once."
        )
        return
    _study(console, _chosen(console, done))


def _new(console: Console) -> None:
    if not allowed(console, "operator"):
        return
    weather = st.segmented_control(
        "Weather, with IT load and setpoints of the same time", list(WEATHERS), default="present",
        format_func=lambda each: WEATHERS[each], key="weather",
    )  # fmt: skip
    arguments: dict[str, Any] = {"weather": weather or "present"}
    last = _last_day(console)
    if weather == "recorded":
        period = st.date_input(
            "Days", (last - timedelta(days=6), last), format="YYYY-MM-DD", key="recorded days"
        )
        if not isinstance(period, tuple) or len(period) != 2:
            st.caption("Choose the first and the last day.")
            return
        arguments |= {"first": period[0], "last": period[1]}
    elif weather == "epw":
        arguments |= _epw(console, last)
        if "epw" not in arguments:
            return
    if st.button("Run the sweep", type="primary", key="run"):
        start_job(console, "what_if", arguments, "the sweep has started")


def _epw(console: Console, last: date) -> dict[str, Any]:
    """File, start and days of a typical year; without a file nothing."""
    from pipelines.console.epw import keep_epw, kept_epws

    uploaded = st.file_uploader("Weather file (EPW)", type="epw", key="epw file")
    if uploaded is not None and st.session_state.get("epw kept") != uploaded.file_id:
        try:
            content = uploaded.getvalue()
            keep_epw(console.settings, console.name, uploaded.name, content, by=console.person)
            st.session_state["epw kept"] = uploaded.file_id
        except (ColdaisleError, OSError) as error:
            st.error(str(error))
    kept = kept_epws(console.settings, console.name)
    if not kept:
        st.caption("Upload a weather file to run under its typical year.")
        return {}
    name = st.selectbox("File", kept, key="epw name")
    start = st.date_input("First day", date(last.year, 7, 14), format="YYYY-MM-DD", key="epw start")
    days = st.slider("Days", 1, 14, 7, key="epw days")
    return {"epw": name, "start": start, "days": days}


def _last_day(console: Console) -> date:
    telemetry = console.tables.read("telemetry") or {}
    if not telemetry.get("end"):
        return console.formats.today()
    return (pd.Timestamp(telemetry["end"]).tz_convert(console.formats.zone.key) - pd.Timedelta(days=1)).date()


def _chosen(console: Console, done: list[Job]) -> Job:
    """The study of the address, else the newest."""
    names = [job.name for job in done]
    asked = st.query_params.get("study", "")
    by_name = dict(zip(names, done, strict=True))
    if len(done) > 1:
        start = names.index(asked) if asked in names else 0
        name = st.selectbox(
            "Sweep", names, start, format_func=lambda each: _title(console, by_name[each]), key="study"
        )
    else:
        name = names[0]
    st.query_params["study"] = name
    return by_name[name]


def _title(console: Console, job: Job) -> str:
    told = console.formats.localised(job.result.get("title", ""))
    return f"{console.formats.time(job.started_at)}, by {job.by}: {told}"


def _study(console: Console, job: Job) -> None:
    result = job.result
    table = _table(str(console.settings.home / result["table"]))
    if table is None:
        st.error("The table of this sweep is gone; run it again.")
        return
    days = f"{result['days']} day{'s' if result['days'] > 1 else ''}"
    st.caption(
        f"{console.formats.localised(result['title'])}, {days}, {result['cases']:,} cases. Plant: {result['plant']}."
    )
    for note in result["notes"]:
        st.caption(console.formats.localised(note))
    axes = {name: [float(value) for value in values] for name, values in result["axes"].items()}
    chosen = _sliders(console, job.name, table, axes, result)
    now, then = (_case(table, point) for point in (result["present"], chosen))
    _beside(console, now, then, result)
    _map(console, table, axes, chosen, result)
    st.download_button(
        "Download all cases (CSV)", table.to_csv(index=False).encode(), file_name=f"{console.name}-what-if.csv",
        mime="text/csv", on_click="ignore",
    )  # fmt: skip
    st.caption("The address of this page shows the same sweep and sliders to whoever opens it.")


@st.cache_data(show_spinner=False, max_entries=8)
def _table(path: str) -> pd.DataFrame | None:
    try:
        return pd.read_parquet(path)
    except OSError:
        return None


def _sliders(
    console: Console, study: str, table: pd.DataFrame, axes: dict[str, list[float]], result: dict[str, Any]
) -> dict[str, float]:
    """The setpoints that are chosen; kept in the address."""
    best = _best(table, result)
    if best is not None and st.button("Least energy within every limit", key=f"best {study}"):
        for name in axes:
            st.session_state[f"{study} {name}"] = float(best[name])
    columns = st.columns(len(axes))
    chosen = {}
    for column, (name, values) in zip(columns, axes.items(), strict=True):
        key = f"{study} {name}"
        if key not in st.session_state:
            st.session_state[key] = _asked(name, values, result["present"][name])
        title, unit = SETPOINTS.get(name, (name, ""))
        shown = partial(_value, console, unit)
        chosen[name] = column.select_slider(title, values, format_func=shown, key=key)
        st.query_params[name] = f"{chosen[name]:g}"
    return chosen


def _asked(name: str, values: list[float], present: float) -> float:
    """The value of an axis that the address asks for, else the present one."""
    try:
        wanted = float(st.query_params.get(name, ""))
    except ValueError:
        return present
    return min(values, key=lambda value: abs(value - wanted)) if wanted == wanted else present


def _best(table: pd.DataFrame, result: dict[str, Any]) -> pd.Series | None:
    inside = table[table[result["any_limit"]] == 0.0]
    return None if inside.empty else inside.loc[inside["facility_kwh"].idxmin()]


def _case(table: pd.DataFrame, point: dict[str, float]) -> pd.Series | None:
    """The row of a case; None for combinations that are not physical."""
    there = pd.Series(True, index=table.index)
    for name, value in point.items():
        there &= (table[name] - value).abs() < 1e-6
    rows = table[there]
    return None if rows.empty else rows.iloc[0]


def _beside(console: Console, now: pd.Series | None, then: pd.Series | None, result: dict[str, Any]) -> None:
    if then is None:
        st.warning("Chilled water this warm cannot cool air this cold: there is no such case. Move a slider.")
        return
    cards = []
    tariff = console.described.tariff
    for name, (title, unit, digits) in MEASURES.items():
        if name not in then or pd.isna(then[name]):
            continue
        unit = tariff.currency if name == "energy_cost" and tariff else unit
        below = ""
        if now is not None and not pd.isna(now[name]):
            change = _change(console, now[name], then[name], unit)
            below = f"now {_shown(console, now[name], unit, digits)}{change}"
        cards.append(Card(title, _shown(console, then[name], unit, digits), below))
    show_cards(cards)
    broken = {words: then[name] for name, words in result["limits"].items() if then[name] > 0.0}
    if broken:
        text = "; ".join(f"{words} for {_minutes(minutes)}" for words, minutes in broken.items())
        st.error(f"Outside the limits: {text}.")
    else:
        st.success("Inside every limit of the envelope.", icon=None)


def _map(
    console: Console,
    table: pd.DataFrame,
    axes: dict[str, list[float]],
    chosen: dict[str, float],
    result: dict[str, Any],
) -> None:
    swept = [name for name, values in axes.items() if len(values) > 1]
    if len(swept) < 2:
        return
    left, middle, right = st.columns(3)
    across = left.selectbox("Across", swept, 0, format_func=_name, key="across")
    others = [name for name in swept if name != across]
    up = middle.selectbox("Up", others, 0, format_func=_name, key="up")
    known = [name for name in MEASURES if name in table and table[name].notna().any()]
    measure = right.selectbox("Colour", known, format_func=lambda each: MEASURES[each][0], key="measure")
    rows = table
    for name, value in chosen.items():
        if name not in (across, up):
            rows = rows[(rows[name] - value).abs() < 1e-6]
    grid = rows.pivot_table(index=up, columns=across, values=measure)
    broken = rows.pivot_table(index=up, columns=across, values=result["any_limit"]).reindex_like(grid) > 0.0
    title, unit, _ = MEASURES[measure]
    if unit == "degC":
        grid = grid.map(lambda value: console.formats.shown(value, "degC"))
    grid = grid.set_axis([_number(console, up, value) for value in grid.index], axis=0)
    grid = grid.set_axis([_number(console, across, value) for value in grid.columns], axis=1)
    marks: dict[str, tuple[float, float]] = {
        words: (_number(console, across, point[across]), _number(console, up, point[up]))
        for words, point in (("now", result["present"]), ("chosen", chosen))
    }
    st.plotly_chart(
        charts.heat_map(
            grid, _label(console, across), _label(console, up),
            f"{title}, {console.formats.unit(unit)}".rstrip(", "), broken, marks, console.formats.separators,
        ),
        key="map", alt=f"{title} over {_name(across)} and {_name(up)}; crosses mark cases that break a limit",
    )  # fmt: skip


def _name(axis: str) -> str:
    return SETPOINTS.get(axis, (axis, ""))[0]


def _label(console: Console, axis: str) -> str:
    title, unit = SETPOINTS.get(axis, (axis, ""))
    return f"{title}, {console.formats.unit(unit)}".rstrip(", ")


def _number(console: Console, axis: str, value: Any) -> float:
    return round(console.formats.shown(float(value), SETPOINTS.get(axis, ("", ""))[1]), 2)


def _value(console: Console, unit: str, value: float) -> str:
    if unit == "on/off":
        return "on" if value >= 0.5 else "off"
    return console.formats.value(value, unit, digits=1 if unit == "degC" else 2)


def _shown(console: Console, value: float, unit: str, digits: int) -> str:
    return console.formats.value(float(value), unit, digits=digits)


def _change(console: Console, now: float, then: float, unit: str) -> str:
    if unit == "degC":
        return f", {'+' if then >= now else '−'}{console.formats.kelvin(abs(then - now))}"
    share = (then - now) / now if now else 0.0
    return f", {'+' if share >= 0 else '−'}{console.formats.number(abs(100.0 * share))} %"


def _minutes(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60.0:.1f} h"
