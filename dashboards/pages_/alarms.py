"""Page "Alarms": what asks for attention, who has seen it, and what went by itself."""

import pandas as pd
import streamlit as st

from dashboards.console import Console
from dashboards.orders import allowed, give, why
from pipelines.operations.alarms import Alarm, acknowledge

REFRESH_S = 5
SHOWN = 100


def show(console: Console) -> None:
    """Lay out the page."""
    st.title("Alarms")
    _alarms(console)


@st.fragment(run_every=REFRESH_S)
def _alarms(console: Console) -> None:
    status = console.status()
    if status.why_no_ledger:
        st.error(f"The ledger does not answer, so alarms are not known: {status.why_no_ledger}")
        return
    listed = [alarm for alarm in status.alarms if alarm.listed]
    if not listed:
        st.success("No alarm asks for attention.", icon=None)
    waiting = [alarm for alarm in listed if alarm.acknowledged is None]
    may = not waiting or allowed(console, "operator")
    reason = why("alarm why", "What was found (optional)") if waiting and may else ""
    for alarm in listed:
        _one(console, alarm, reason, may=may)
    past = [alarm for alarm in status.alarms if not alarm.listed][:SHOWN]
    if past:
        st.subheader("Over")
        st.dataframe(past_table(console, past), hide_index=True, alt="Alarms that are over and acknowledged")


def _one(console: Console, alarm: Alarm, reason: str, *, may: bool) -> None:
    left, right = st.columns([5, 1], vertical_alignment="center")
    text = f"{alarm.severity}, {alarm.source}, since {console.formats.clock(alarm.at)}: {alarm.text}"
    if alarm.over_at:
        text += f" (over since {console.formats.clock(alarm.over_at)})"
    message = left.error if alarm.severity == "critical" and alarm.over_at is None else left.warning
    message(text)
    if alarm.acknowledged:
        right.caption(f"seen by {alarm.acknowledged.by}")
    elif may and right.button("Acknowledge", key=f"acknowledge {alarm.id}", width="stretch"):
        given = give(
            console,
            lambda: acknowledge(console.operations, alarm.id, by=console.person, why=reason or "seen"),
            f"alarm {alarm.id} is acknowledged",
        )
        if given:
            st.rerun()


def past_table(console: Console, past: list[Alarm]) -> pd.DataFrame:
    """Alarms that need nothing any more."""
    return pd.DataFrame(
        [
            {
                "alarm": alarm.id,
                "since": console.formats.time(alarm.at),
                "over": console.formats.time(alarm.over_at),
                "of": alarm.source,
                "what": alarm.text,
                "seen by": f"{alarm.acknowledged.by}: {alarm.acknowledged.why}" if alarm.acknowledged else "",
            }
            for alarm in past
        ]
    )
