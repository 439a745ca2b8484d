"""A row of figures that wraps where the screen is narrow, so that none is cut off."""

from html import escape
from typing import NamedTuple

import streamlit as st


class Card(NamedTuple):
    """A figure with its name, and a line below it."""

    label: str
    value: str
    below: str = ""


def show_cards(cards: list[Card]) -> None:
    """Lay out cards side by side."""
    st.html(
        f'<dl style="display:flex;flex-wrap:wrap;gap:.6rem;margin:0;padding:0">{"".join(map(_html, cards))}</dl>'
    )


def _html(card: Card) -> str:
    below = f'<dd style="margin:0;font-size:.85rem">{escape(card.below)}</dd>' if card.below else ""
    return (
        '<div style="flex:1 1 7rem;border:1px solid rgba(128,128,128,.35);border-radius:.5rem;padding:.5rem .6rem">'
        f'<dt style="font-size:.85rem">{escape(card.label)}</dt>'
        f'<dd style="margin:0;font-size:1.35rem;font-weight:600;white-space:nowrap">{escape(card.value)}</dd>'
        f"{below}</div>"
    )
