"""Page "Trials and modes": the ladder of trust with its evidence, limits and overrides, trials, the audit log."""

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, get_args

import pandas as pd
import streamlit as st

from dashboards.console import Console
from dashboards.orders import allowed, give, why
from pipelines.console.status import Status
from pipelines.errors import ColdaisleError
from pipelines.operations.audit import AuditRow, Kind, audit
from pipelines.operations.order_entry import order_limits, order_mode, order_override, order_release
from pipelines.operations.setpoint_status import SetpointStatus, override_effect, setpoint_status
from pipelines.operations.standing_orders import MODES
from pipelines.site.file import Setpoint
from pipelines.site.quantities import QUANTITIES

EXPLAINED = {
    "shadow": "coldaisle decides and records; nothing is written.",
    "advise": "coldaisle recommends; what an operator accepts is written.",
    "auto": "coldaisle writes setpoints within its limits.",
}
AUDIT_SHOWN = 100


def show(console: Console) -> None:
    """Lay out the page."""
    st.title("Trials and modes")
    if not console.described.setpoints:
        st.info("The site file declares no setpoints; add [[setpoints]] for what may be chosen.")
        return
    status = console.status()
    if status.why_no_ledger:
        st.error(f"The ledger does not answer, so nothing is known of orders: {status.why_no_ledger}")
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        _mode(console, status)
    with right:
        _evidence(console)
    _setpoints(console, status)
    _trials(console, status)
    _audit(console)


def _mode(console: Console, status: Status) -> None:
    now = status.standing
    st.metric("Mode", now.mode, border=True)
    st.caption(EXPLAINED[now.mode])
    if now.mode_order:
        one = now.mode_order
        st.caption(f"By {one.by} since {console.formats.time(one.at)}: {one.why}")
    with st.form("mode"):
        to = st.selectbox("Change to", [mode for mode in MODES if mode != now.mode])
        reason = why("mode why")
        pressed = st.form_submit_button("Change mode", type="primary", disabled=not console.may("operator"))
    if pressed and give(
        console,
        lambda: order_mode(console.operations, to, by=console.person, why=reason) and None,
        f"the mode is {to}",
    ):
        st.rerun()
    if not console.may("engineer"):
        st.caption("A higher mode needs the role engineer; a lower one, operator.")


def _evidence(console: Console) -> None:
    st.subheader("What speaks for the next mode")
    overview = console.tables.read("overview") or {}
    rows = overview.get("evidence", [])
    if not rows:
        st.caption("There is no evidence yet; it comes with the decisions of the control loop.")
        return
    words = {True: "met", False: "not yet", None: ""}
    table = pd.DataFrame(
        [
            {
                "criterion": row["criterion"],
                "is": row["value"],
                "usually asked": row["asked"],
                "": words[row["met"]],
            }
            for row in rows
        ]
    )
    st.table(table.set_index("criterion"), border="horizontal")
    st.caption("Guidance for people: the mode is theirs to choose, one step up at a time.")


def _setpoints(console: Console, status: Status) -> None:
    st.subheader("Setpoints, limits and overrides")
    known, notices = setpoint_status(
        console.described, console.settings, status.standing, console.gateway, datetime.now(UTC)
    )
    st.table(setpoint_table(console, known), border="horizontal")
    if status.standing.overrides:
        st.caption(f"Overrides: {override_effect(status.standing.mode)}.")
    for notice in notices:
        st.warning(notice)
    if not allowed(console, "operator"):
        return
    by_tag = {setpoint.tag: setpoint for setpoint in console.described.setpoints}
    tag = st.selectbox("Setpoint", list(by_tag))
    take, narrow, release = st.tabs(["Take over", "Narrow limits", "Release"])
    with take:
        _take_over(console, by_tag[tag], known)
    with narrow:
        _narrow(console, by_tag[tag])
    with release, st.form("release"):
        reason = why("release why")
        if st.form_submit_button("Release") and give(
            console,
            lambda: order_release(console.operations, console.described, tag, by=console.person, why=reason),
            f"{tag} is released",
        ):
            st.rerun()


def setpoint_table(console: Console, known: list[SetpointStatus]) -> pd.DataFrame:
    """A row per setpoint: reading, limits in force, override and whether it is carried out, last written value."""
    rows = {one.tag: _row(console, one) for one in known}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("setpoint")


def _row(console: Console, one: SetpointStatus) -> dict[str, str]:
    formats, setpoint = console.formats, _setpoint(console, one.tag)

    def value(number: float | None) -> str:
        return formats.value(
            number, *_unit(console, setpoint), digits=None if setpoint.kind == "binary" else 2
        )

    override, narrowed = one.override, one.narrowed
    return {
        "last reading": "none"
        if one.reading is None
        else f"{value(one.reading)} at {formats.clock(one.read_at)}",
        "limits": f"{value(one.low)} to {value(one.high)}"
        + (f" ({narrowed.by}: {narrowed.why})" if narrowed else ""),
        "taken over": f"{value(override.body['value'])} by {override.by}: {override.why}" if override else "",
        "until": (formats.clock(override.until) if override.until else "released") if override else "",
        "carried out": ("yes" if one.carried_out else "no") if override else "",
        "last written": ""
        if one.written is None
        else f"{value(one.written)}, valid until {formats.clock(one.until)}",
    }


def _take_over(console: Console, setpoint: Setpoint, known: list[SetpointStatus]) -> None:
    formats, unit = console.formats, _unit(console, setpoint)
    present = next((one.reading for one in known if one.tag == setpoint.tag), None)
    start = min(max(setpoint.default if present is None else present, setpoint.min), setpoint.max)
    with st.form("override"):
        left, middle, right = st.columns(3)
        value = _number(console, left, "Value", setpoint, start, f"value {setpoint.tag}")
        how = middle.radio("For how long", ["until a time", "until released"], horizontal=True)
        local = formats.local(datetime.now(UTC) + timedelta(hours=4))
        day = right.date_input("Day", local.date(), format="YYYY-MM-DD")
        clock = right.time_input(f"Until ({local.tzname()})", time(local.hour, 0), step=900)
        reason = why("override why")
        pressed = st.form_submit_button("Take over", type="primary")
    if not pressed:
        return
    until = _until(console, day, clock) if how == "until a time" else None
    canonical = formats.canonical(value, unit[0])
    words = f"{setpoint.tag} is yours at {formats.value(canonical, *unit)}"
    if give(
        console,
        lambda: order_override(
            console.operations,
            console.described,
            setpoint.tag,
            canonical,
            by=console.person,
            why=reason,
            until=until,
        ),
        f"{words} until {formats.clock(until)}" if until else f"{words} until it is released",
    ):
        st.rerun()


def _narrow(console: Console, setpoint: Setpoint) -> None:
    with st.form("limits"):
        left, right = st.columns(2)
        low = _number(console, left, "Low", setpoint, setpoint.min, f"low {setpoint.tag}")
        high = _number(console, right, "High", setpoint, setpoint.max, f"high {setpoint.tag}")
        reason = why("limits why")
        pressed = st.form_submit_button("Narrow limits")
    unit = _unit(console, setpoint)[0]
    if pressed and give(
        console,
        lambda: order_limits(
            console.operations, console.described, setpoint.tag, console.formats.canonical(low, unit),
            console.formats.canonical(high, unit), by=console.person, why=reason,
        ),
        f"limits of {setpoint.tag} are narrowed",
    ):  # fmt: skip
        st.rerun()


def _number(console: Console, where: Any, label: str, setpoint: Setpoint, value: float, key: str) -> float:
    """A number of a setpoint in the unit that is shown."""
    unit, quantity = _unit(console, setpoint)
    low, high, start = (
        console.formats.shown(each, unit, quantity) for each in (setpoint.min, setpoint.max, value)
    )
    shown = console.formats.unit(unit, quantity) or ("0 off, 1 on" if setpoint.kind == "binary" else "")
    step = 1.0 if setpoint.kind == "binary" else 0.5
    return float(where.number_input(f"{label}, {shown}".rstrip(", "), low, high, start, step=step, key=key))


def _until(console: Console, day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=console.formats.zone).astimezone(UTC)


def _setpoint(console: Console, tag: str) -> Setpoint:
    return next(setpoint for setpoint in console.described.setpoints if setpoint.tag == tag)


def _unit(console: Console, setpoint: Setpoint) -> tuple[str, str]:
    """Canonical unit and quantity."""
    quantity = console.described.quantity_of(setpoint)
    return QUANTITIES[quantity].unit, quantity


def _trials(console: Console, status: Status) -> None:
    st.subheader("Trials")
    under_way = _under_way(console, status)
    if not under_way:
        st.caption("No trial is under way. coldaisle trial plan draws one, coldaisle trial start begins it.")
        return
    for each in under_way:
        block = each.plan.block_at(status.at)
        state = f"block {block.arm} until {console.formats.clock(block.end)}" if block else "not begun"
        first, last = (console.formats.time(moment) for moment in (each.plan.start, each.plan.end))
        st.text(f"{each.plan.name}: {first} to {last}, {state}; started by {each.order.by}: {each.order.why}")
        if console.may("engineer") and st.button("Stop this trial", key=f"stop {each.order.id}"):
            stop = partial(_stop, console, each.order.id)
            if give(console, stop, f"trial {each.plan.name} is stopped"):
                st.rerun()


def _under_way(console: Console, status: Status) -> list[Any]:
    """Trials that have not ended."""
    if not any(one.kind == "trial" for one in status.orders):
        return []
    from pipelines.operations.trial_orders import trials_in  # loads statistics, which few sites need

    trials = trials_in(list(status.orders))
    return [each for each in trials if each.plan.end > pd.Timestamp(status.at)]


def _stop(console: Console, number: int) -> int:
    from pipelines.operations.trial_orders import withdraw

    return withdraw(console.operations, number, by=console.person, why="stopped on the page")


def _audit(console: Console) -> None:
    st.subheader("Audit log")
    left, right = st.columns([3, 1])
    text = left.text_input(
        "Search", key="audit text", placeholder="a name, a tag, a word of a reason, a number"
    )
    of = right.selectbox("Of", ["everything", *get_args(Kind)], key="audit kind")
    try:
        rows = audit(console.operations, text, kind=None if of == "everything" else of, limit=AUDIT_SHOWN)
    except ColdaisleError as error:
        st.error(str(error))
        return
    if not rows:
        st.caption("Nothing is on record that matches.")
        return
    st.dataframe(
        audit_table(console, rows), hide_index=True, height=360, alt="Orders, decisions, events and alarms"
    )
    st.caption(f"The newest {AUDIT_SHOWN} entries that match.")


def audit_table(console: Console, rows: list[AuditRow]) -> pd.DataFrame:
    """A row per entry, newest first."""
    return pd.DataFrame(
        [
            {
                "time": console.formats.time(row.at), "kind": row.kind, "number": row.number, "by": row.by,
                "what": console.formats.localised(row.what), "why": console.formats.localised(row.why),
            }
            for row in rows
        ]
    )  # fmt: skip
