"""Page "What if"."""

import streamlit as st

from dashboards.console import Console


def show(console: Console) -> None:
    """Lay out the page."""
    st.title("What if")
