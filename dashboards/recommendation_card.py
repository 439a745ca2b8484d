"""One recommendation as a card: moves, what they are expected to save, why, and the operator's answer."""

import pandas as pd
import streamlit as st

from pipelines.control.recommendation import Recommendation, SecondOpinion
from pipelines.operations.ledger import Ledger, Recorded

ESTIMATES = {
    "cooling_kw": ("Cooling power", "{:,.1f} kW"),
    "facility_kw": ("Power minimised", "{:,.1f} kW"),
    "it_power_kw": ("IT power", "{:,.1f} kW"),
    "rack_inlet_c": ("Rack inlet", "{:.1f} °C"),
}


def show_recommendation(ledger: Ledger, recorded: Recorded) -> None:
    """Lay out the card and the form below it; answers go to the ledger."""
    recommendation = recorded.recommendation
    with st.container(border=True):
        _headline(recommendation)
        st.text(recommendation.reason)
        if recommendation.moves:
            st.table(moves_table(recommendation), border="horizontal")
        if recommendation.present and recommendation.proposed:
            st.table(estimates_table(recommendation), border="horizontal")
        _justification(recommendation)
        if recommendation.twin:
            _second_opinion(recommendation.twin)
        if recommendation.model_version:
            st.caption(f"Model: {recommendation.model_version}")
    _answers(ledger, recorded)


def moves_table(recommendation: Recommendation) -> pd.DataFrame:
    """A row per setpoint: from and to, with the unit."""
    rows = {
        move.tag: {"from": _reading(move.present, move.unit), "to": _reading(move.proposed, move.unit)}
        for move in recommendation.moves
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("setpoint")


def estimates_table(recommendation: Recommendation) -> pd.DataFrame:
    """A row per expected figure, present and proposed, without those that the site does not measure."""
    present, proposed = recommendation.present, recommendation.proposed
    assert present is not None
    assert proposed is not None
    rows = {recommendation.figure_name: (f"{present.figure:.3f}", f"{proposed.figure:.3f}")}
    for field, (label, form) in ESTIMATES.items():
        pair = (getattr(present, field), getattr(proposed, field))
        if None not in pair:
            rows[label] = (form.format(pair[0]), form.format(pair[1]))
    return pd.DataFrame.from_dict(rows, orient="index", columns=["present", "proposed"]).rename_axis(
        "expected"
    )


def _reading(value: float, unit: str) -> str:
    return f"{value:g} {unit.replace('degC', '°C')}".strip()


def _headline(recommendation: Recommendation) -> None:
    if recommendation.action == "hold":
        st.markdown("**Hold**")
    elif recommendation.saving_kw is None:
        st.markdown("**Change setpoints**")
    else:
        st.metric("Expected saving", f"{recommendation.saving_kw:,.1f} kW")
        if recommendation.saving_low_kw is not None and recommendation.saving_high_kw is not None:
            claim = "" if recommendation.proven else "; it covers zero, so no saving is claimed"
            low, high = recommendation.saving_low_kw, recommendation.saving_high_kw
            st.caption(f"90 % interval {low:,.1f} to {high:,.1f} kW{claim}")
    st.caption(f"For {recommendation.at:%Y-%m-%d %H:%M} UTC")


def _justification(recommendation: Recommendation) -> None:
    said = {
        "What stops it": "; ".join(recommendation.binding),
        "Precedent": recommendation.precedent,
        "Hold if": "; ".join(recommendation.hold_if),
        "Rollback": recommendation.rollback,
    }
    for label, words in said.items():
        if words:
            st.caption(f"{label}: {words}")


def _second_opinion(twin: SecondOpinion) -> None:
    saving_kw = twin.present.facility_kw - twin.proposed.facility_kw
    verdict = "agrees" if twin.agrees else "disagrees"
    show = st.success if twin.agrees else st.warning
    show(f"The simulator {verdict} ({saving_kw:+,.1f} kW saved): {twin.note}")


def _answers(ledger: Ledger, recorded: Recorded) -> None:
    for answer in ledger.answers(recorded.id):
        verb = "Accepted" if answer.accepted else "Rejected"
        note = f": {answer.note}" if answer.note else ""
        st.text(f"{verb} by {answer.by} at {answer.at:%Y-%m-%d %H:%M} UTC{note}")
    if recorded.recommendation.action == "hold":
        return
    with st.form(f"answer-{recorded.id}", clear_on_submit=True):
        by = st.text_input("Your name")
        note = st.text_input("Note (optional)")
        accept, reject = st.columns(2)
        accepted = accept.form_submit_button("Accept", type="primary", width="stretch")
        rejected = reject.form_submit_button("Reject", width="stretch")
    if accepted or rejected:
        ledger.answer(recorded.id, accepted=accepted, by=by, note=note)
        st.rerun()
