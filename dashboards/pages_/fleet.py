"""Page "Fleet": every site of the home, most saving missed first, with its alarms."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.cards import Card, show_cards
from dashboards.console import Console
from dashboards.formats import age
from pipelines.console.fleet import fleet
from pipelines.errors import ColdaisleError


def show(console: Console) -> None:
    """Lay out the page."""
    st.title("Fleet")
    try:
        rows = fleet(console.settings)
    except ColdaisleError as error:
        st.error(str(error))
        return
    number = console.formats.number
    show_cards(
        [
            Card("Sites", number(len(rows), 0)),
            Card(
                "Saving missed in a week", f"{number(sum(row['missed_kwh'] or 0.0 for row in rows), 0)} kWh"
            ),
            Card("Alarms not acknowledged", number(sum(row["alarms"] for row in rows), 0)),
        ]
    )
    table = fleet_table(console, rows)
    st.caption(
        "Select a row to open the site. Missed: what recommendations that were not written would have saved."
    )
    chosen = st.dataframe(
        table, hide_index=True, on_select="rerun", selection_mode="single-row", key="fleet",
        height=min(38 + 36 * len(rows), 620),
        alt="Sites with their saving missed, alarms, mode and latest readings",
    )  # fmt: skip
    picked = chosen["selection"]["rows"]
    if picked:
        name = rows[picked[0]]["site"]
        st.session_state["site choice"] = name
        st.switch_page(st.session_state["pages"]["now"], query_params={"site": name})


def fleet_table(console: Console, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A row per site."""
    formats, now = console.formats, datetime.now(UTC)
    return pd.DataFrame(
        [
            {
                "site": row["title"],
                "missed in a week": f"{formats.number(row['missed_kwh'], 0)} kWh"
                if row["missed_kwh"] is not None
                else "–",
                "worth": f"{formats.number(row['missed_cost'], 0)} {row['currency']}"
                if row["missed_cost"] is not None
                else "–",
                "alarms": row["alarms"],
                "mode": row["mode"],
                "data": _data(row, now),
                "figure": formats.figure(row["figure"], row["figure_name"]),
                "facility": formats.kw(row["facility_kw"]),
                "cooling": formats.kw(row["cooling_kw"]),
                "warmest inlet": _inlet(console, row),
            }
            for row in rows
        ]
    )


def _data(row: dict[str, Any], now: datetime) -> str:
    if not row["prepared"]:
        return "not prepared"
    if not row["ends_at"]:
        return "none"
    passed = now - datetime.fromisoformat(row["ends_at"])
    allowed = timedelta(minutes=row["stale_after_minutes"] or 0.0)
    return f"{age(passed)} old" if passed <= allowed else f"■ {age(passed)} old"


def _inlet(console: Console, row: dict[str, Any]) -> str:
    text = console.formats.celsius(row["rack_inlet_c"])
    hot = (
        row["rack_inlet_c"] is not None
        and row["inlet_max_c"] is not None
        and row["rack_inlet_c"] > row["inlet_max_c"]
    )
    return f"■ {text}" if hot else text
