"""One decision as a recommendation: moves, what they are expected to save, why, and the operator's answer."""

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from pipelines.control.recommendation import Recommendation
from pipelines.operations.decision_body import recommendation_in
from pipelines.operations.ledger import DecisionRecord, Operations, Order
from pipelines.operations.order_entry import order_answer, why_not_answerable
from pipelines.operations.standing_orders import ACCEPTED_FOR, Standing, standing
from pipelines.site.file import Site

ESTIMATES = {
    "cooling_kw": ("Cooling power", "{:,.1f} kW"),
    "facility_kw": ("Power minimised", "{:,.1f} kW"),
    "it_power_kw": ("IT power", "{:,.1f} kW"),
    "rack_inlet_c": ("Rack inlet", "{:.1f} °C"),
    "outside_sd": ("Beyond the record", "{:.1f} standard deviations"),
}


def show_latest_decision(operations: Operations, site: Site) -> None:
    """Show the latest decision as a recommendation, and the form to answer it where it can be answered.

    Raises LedgerError where the ledger does not answer.
    """
    at = datetime.now(UTC)
    record = operations.latest_decision(at)
    if record is None:
        st.info(f"There is no recommendation yet; run: coldaisle recommend --site {site.name}")
        return
    show_recommendation(recommendation_in(site, record), record)
    orders = operations.orders()
    show_answer(operations, site, record, orders, standing(orders, at), at)


def show_recommendation(recommendation: Recommendation, record: DecisionRecord) -> None:
    """Show the card."""
    with st.container(border=True):
        _headline(recommendation, record)
        st.text(recommendation.reason)
        if recommendation.moves:
            st.table(moves_table(recommendation), border="horizontal")
        if recommendation.present and recommendation.proposed:
            st.table(estimates_table(recommendation), border="horizontal")
        _evidence(recommendation)
        for notice in recommendation.notices:
            st.warning(notice)
        if recommendation.model_version:
            st.caption(f"Model: {recommendation.model_version}")


def show_answer(
    operations: Operations,
    site: Site,
    record: DecisionRecord,
    orders: list[Order],
    now: Standing,
    at: datetime,
) -> None:
    """Answers to a decision; the form to answer it or to withdraw an acceptance, or why there is none."""
    for order in orders:
        if order.kind in ("accept", "reject") and order.body.get("decision") == record.id:
            st.text(f"{order.kind.title()}ed by {order.by} at {order.at:%Y-%m-%d %H:%M} UTC: {order.why}")
    if now.accepted:
        number, until = now.accepted.body["decision"], now.accepted.at + ACCEPTED_FOR
        st.text(f"In force until {until:%H:%M} UTC: decision {number}, accepted by {now.accepted.by}")
        _form(operations, site, number, {"Withdraw": False})
    if now.accepted and (now.accepted.body["decision"] == record.id or record.source == "accepted"):
        return
    why_not = why_not_answerable(operations, site, record, now, at)
    if why_not:
        st.caption(f"{why_not[:1].upper()}{why_not[1:]}.")
        return
    st.markdown(
        f"**Decision {record.id}** waits for an answer. Once accepted, setpoints move to its goal at their slew rates."
    )
    _form(operations, site, record.id, {"Accept": True, "Reject": False})


def _form(operations: Operations, site: Site, number: int, answers: dict[str, bool]) -> None:
    """The form of a signed answer: a button for each answer, and whether it accepts."""
    with st.form("-".join(answers), clear_on_submit=True):
        name, reason = st.columns(2)
        by, why = name.text_input("Your name"), reason.text_input("Why")
        pressed = {
            accept: column.form_submit_button(
                label, type="primary" if accept else "secondary", width="stretch"
            )
            for column, (label, accept) in zip(st.columns(len(answers)), answers.items(), strict=True)
        }
    for accept, is_pressed in pressed.items():
        if is_pressed:
            order_answer(operations, site, number, accept=accept, by=by, why=why)
            st.rerun()


def moves_table(recommendation: Recommendation) -> pd.DataFrame:
    """A row per setpoint: present value, step now and goal, with the unit."""
    rows = {
        move.tag: {
            "from": _value(move.present, move.unit),
            "step now": _value(move.step, move.unit),
            "to": _value(move.goal, move.unit),
        }
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


def _value(value: float, unit: str) -> str:
    return f"{value:.4g} {unit.replace('degC', '°C')}".strip()


def _headline(recommendation: Recommendation, record: DecisionRecord) -> None:
    if recommendation.action == "hold":
        st.markdown("**Hold**")
    elif recommendation.saving_kw is None:
        st.markdown("**Change setpoints**")
    else:
        st.metric("Expected saving", f"{recommendation.saving_kw:,.1f} kW")
        if recommendation.saving_low_kw is not None and recommendation.saving_high_kw is not None:
            claim = "" if recommendation.proven else "; it includes zero, so no saving is claimed"
            low, high = recommendation.saving_low_kw, recommendation.saving_high_kw
            st.caption(f"90 % interval {low:,.1f} to {high:,.1f} kW{claim}")
    written = "written to the plant" if record.written else "not written"
    st.caption(
        f"Decision {record.id} for {recommendation.at:%Y-%m-%d %H:%M} UTC, mode {record.mode}, {written}"
    )


def _evidence(recommendation: Recommendation) -> None:
    evidence = {
        "What stops it": "; ".join(recommendation.binding),
        "Precedent": recommendation.precedent,
        "Hold if": "; ".join(recommendation.hold_if),
        "Rollback": recommendation.rollback,
    }
    for label, words in evidence.items():
        if words:
            st.caption(f"{label}: {words}")
