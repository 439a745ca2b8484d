"""The strip on every page: how data, loop, watchdog and control are; red where something is dead or stale."""

from html import escape
from typing import Literal, NamedTuple

import streamlit as st

from dashboards.console import Console
from dashboards.formats import age
from dashboards.orders import back_to_rule
from pipelines.console.status import Status
from pipelines.operations.alive import Alive

REFRESH_S = 3
Level = Literal["good", "notice", "bad"]
# A sign beside the colour, for those who cannot tell the colours apart.
SIGNS: dict[Level, str] = {"good": "●", "notice": "▲", "bad": "■"}
COLORS: dict[str, dict[Level, str]] = {
    "light": {"good": "#0b6b4f", "notice": "#8a5a00", "bad": "#b3261e"},
    "dark": {"good": "#5fd3a8", "notice": "#f2c14e", "bad": "#ff8a80"},
}


class Chip(NamedTuple):
    """One statement of the strip."""

    label: str
    text: str
    level: Level


def show_strip(console: Console) -> None:
    """Lay out the strip with the way back to the site's rule beside it."""
    left, right = st.columns([5, 1.5], vertical_alignment="center")
    with left:
        _chips(console)
    with right:
        back_to_rule(console)


@st.fragment(run_every=REFRESH_S)
def _chips(console: Console) -> None:
    st.html(strip_html(chips(console.status()), theme()))


def theme() -> str:
    """The reader's theme."""
    return "dark" if st.context.theme.type == "dark" else "light"


def chips(status: Status) -> list[Chip]:
    """The statements about a site, in the order in which an operator asks for them."""
    if status.why_no_ledger:
        return [_data(status), _process("loop", status.loop), Chip("ledger", "does not answer", "bad")]
    waiting = status.unacknowledged
    critical = any(alarm.severity == "critical" for alarm in waiting)
    level: Level = "good" if not waiting else "bad" if critical else "notice"
    return [
        _data(status),
        _process("loop", status.loop),
        _process("watchdog", status.watchdog),
        Chip("mode", _mode(status), "notice" if status.standing.hold else "good"),
        Chip("model", status.model or "none", "good" if "/" in status.model else "notice"),
        Chip("alarms", f"{len(waiting)} not acknowledged" if waiting else "none", level),
    ]


def strip_html(shown: list[Chip], theme: str) -> str:
    """The strip as HTML."""
    colors = COLORS["dark" if theme == "dark" else "light"]
    parts = [
        f'<span style="display:inline-block;margin:0 .9rem .25rem 0;color:{colors[chip.level]};white-space:nowrap">'
        f'<span aria-hidden="true">{SIGNS[chip.level]}</span> <span style="opacity:1">{escape(chip.label)}:</span> '
        f"<strong>{escape(chip.text)}</strong></span>"
        for chip in shown
    ]
    return f'<div role="status" aria-label="State of the site" data-strip="1">{"".join(parts)}</div>'


def _data(status: Status) -> Chip:
    if status.data_end is None:
        return Chip("data", "none", "bad")
    return Chip("data", f"{age(status.data_age)} old", "good" if status.fresh else "bad")


WORDS = {
    "well": "runs",
    "busy": "deciding",
    "failing": "failing",
    "stopped": "stopped",
    "dead": "dead",
    "never": "not started",
}


def _process(label: str, one: Alive) -> Chip:
    if label == "watchdog" and one.condition == "well" and one.text:
        return Chip(label, "in charge: the site's rule", "bad")
    never = (
        one.condition == "never" and label == "watchdog"
    )  # a site without a watchdog is no fault of the day
    return Chip(label, WORDS[one.condition], "good" if one.runs else "notice" if never else "bad")


def _mode(status: Status) -> str:
    now = status.standing
    extra = ", held" if now.hold else f", {len(now.overrides)} overridden" if now.overrides else ""
    return f"{now.mode}{extra}"
