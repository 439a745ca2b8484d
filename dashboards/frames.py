"""Prepared tables in memory, read again once their file was replaced."""

import pandas as pd
import streamlit as st

from dashboards.console import Console
from pipelines.config import Settings
from pipelines.console.tables import Tables
from pipelines.console.telemetry import hourly


def cached_frame(console: Console, name: str, columns: tuple[str, ...] | None = None) -> pd.DataFrame | None:
    """A table, or columns of it; None where there is none."""
    return _frame(
        str(console.settings.console),
        console.name,
        name,
        columns,
        console.tables.stamp(name),
        console.settings,
    )


def cached_hourly(
    console: Console, kind: str, columns: tuple[str, ...], start: pd.Timestamp, end: pd.Timestamp
) -> pd.DataFrame:
    """Hourly means of [start, end)."""
    stamp = console.tables.stamp("telemetry")
    return _hourly(
        str(console.settings.console), console.name, kind, columns, start, end, stamp, console.settings
    )


@st.cache_data(show_spinner=False, max_entries=64, ttl=3600)
def _frame(
    folder: str,
    site: str,
    name: str,
    columns: tuple[str, ...] | None,
    stamp: tuple[int, ...],
    _settings: Settings,
) -> pd.DataFrame | None:
    return Tables(_settings, site).read_frame(name, None if columns is None else list(columns))


@st.cache_data(show_spinner=False, max_entries=64, ttl=3600)
def _hourly(
    folder: str,
    site: str,
    kind: str,
    columns: tuple[str, ...],
    start: pd.Timestamp,
    end: pd.Timestamp,
    stamp: tuple[int, ...],
    _settings: Settings,
) -> pd.DataFrame:
    return hourly(Tables(_settings, site), kind, list(columns), start, end)
