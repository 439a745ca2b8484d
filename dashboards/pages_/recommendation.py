"""Page "Recommendation": the controller's decision, one answer to it, and what came of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.console import Console
from dashboards.formats import Formats
from dashboards.orders import allowed, give, give_first, say_done, say_refused, why
from pipelines.console.advice import Advice, SetpointRow, advice
from pipelines.console.status import Status
from pipelines.control.recommendation import Recommendation
from pipelines.errors import ColdaisleError
from pipelines.operations.order_entry import (
    REJECTIONS,
    order_answer,
    order_hold,
    order_release_hold,
    order_withdraw_acceptance,
)
from pipelines.operations.setpoint_status import present_values, setpoint_status
from pipelines.operations.standing_orders import ACCEPTED_FOR

REFRESH_S = 4
HOLD_HOURS = [1, 2, 4, 8, 12, 24]


def show(console: Console) -> None:
    """Lay out the page."""
    st.title("Recommendation")
    if not console.described.setpoints:
        st.info(
            "The site file declares no setpoints, so there is nothing to recommend; add [[setpoints]] to it."
        )
        return
    _card(console)


@st.fragment(run_every=REFRESH_S)
def _card(console: Console) -> None:
    status = console.status()
    if status.why_no_ledger:
        st.error(f"The ledger does not answer, so nothing can be shown or ordered: {status.why_no_ledger}")
        return
    say_done()
    say_refused(console)
    key = f"shown decision {console.name}"
    try:
        # What is accepted stays in view while it is carried out; else what this person has been reading.
        accepted = status.standing.accepted
        number = accepted.body["decision"] if accepted else st.session_state.get(key)
        shown = advice(console.described, console.operations, console.tables, status, number)
        if shown is not None and shown.newer is not None and not (accepted or _being_read(shown, status)):
            shown = advice(console.described, console.operations, console.tables, status)
    except ColdaisleError as error:
        st.error(str(error))
        return
    if shown is None:
        st.info("Nothing has been decided yet. Start the control loop, or decide once:")
        st.code(
            f"coldaisle serve --site {console.name}\ncoldaisle recommend --site {console.name}",
            language="bash",
        )
        return
    st.session_state[key] = shown.record.id
    if shown.newer is not None and not accepted:
        st.warning(f"A newer decision is there ({shown.newer}). This one can no longer be answered.")
        if st.button("Show the newest decision", key="newest"):
            st.session_state.pop(key)
            st.rerun()
    left, right = st.columns([3, 2], gap="large")
    with left:
        _headline(console, shown)
    with right:
        _answer(console, shown, status)
        _hold(console, status)
    _moves(console, shown)
    left, right = st.columns([2, 3], gap="large")
    with left:
        if shown.recommendation.present and shown.recommendation.proposed:
            st.table(expected_table(shown.recommendation, console.formats), border="horizontal")
    with right:
        _evidence(console, shown.recommendation)


def _being_read(shown: Advice, status: Status) -> bool:
    """Whether a person may be reading it: it could be answered until a newer decision came, and recently."""
    asks = (
        shown.recommendation.action == "change" and shown.answer is None and status.standing.mode == "advise"
    )
    return asks and status.at <= shown.expires_at


def _headline(console: Console, shown: Advice) -> None:
    made, formats = shown.recommendation, console.formats
    st.subheader(_title(made, formats))
    if made.saving_low_kw is not None and made.saving_high_kw is not None:
        low, high = formats.kw(made.saving_low_kw, 1), formats.kw(made.saving_high_kw, 1)
        claim = "" if made.proven else "; it includes zero, so no saving is claimed"
        st.text(f"Expected, 90 % interval {low} to {high}{_cost(made, formats)}{claim}")
    if made.action == "hold" or made.source != "model":
        st.text(formats.localised(made.reason))
    st.caption(
        f"Decision {shown.record.id} for {formats.time(shown.record.at)}, mode {shown.record.mode}, by {made.source}"
        + (f"; model {made.model_version}" if made.model_version else "")
    )
    for notice in [*made.notices, *map(str, shown.record.body.get("trouble", []))]:
        st.warning(formats.localised(notice))


def _title(made: Recommendation, formats: Formats) -> str:
    if made.action == "hold":
        return "Hold"
    if made.saving_kw is None or not made.proven:
        return "Change setpoints" if made.saving_kw is None else "Change setpoints; a saving is not shown"
    text = f"Save {formats.kw(made.saving_kw, 1)}"
    if made.price_per_kwh is None:
        return text
    return f"{text}, {formats.number(made.saving_kw * made.price_per_kwh, 2)} {made.currency} an hour"


def _moves(console: Console, shown: Advice) -> None:
    moved = {move.tag for move in shown.recommendation.moves}
    rows = [row for row in shown.rows if row.tag in moved or row.written is not None]
    if rows:
        st.table(setpoint_table(rows, console.formats), border="horizontal")


def setpoint_table(rows: list[SetpointRow], formats: Formats) -> pd.DataFrame:
    """A row per setpoint: present value, step now and goal with the unit, what was written and what is read back."""

    def value(row: SetpointRow, number: float | None) -> str:
        return formats.value(number, row.unit, row.quantity, digits=2 if row.unit else None)

    table = {
        row.tag: {
            "from": value(row, row.present),
            "step now": value(row, row.step),
            "to": value(row, row.goal),
            "written": value(row, row.written),
            "read back": f"{value(row, row.reading)} at {formats.clock(row.read_at)}" if row.read_at else "–",
        }
        for row in rows
    }
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("setpoint")


def expected_table(made: Recommendation, formats: Formats) -> pd.DataFrame:
    """A row per expected figure, present and proposed, without those that the site does not measure."""
    present, proposed = made.present, made.proposed
    assert present is not None
    assert proposed is not None
    name = made.figure_name
    rows = {
        formats.figure_title(name): (
            formats.figure(present.figure, name),
            formats.figure(proposed.figure, name),
        ),
        "Cooling power": (formats.kw(present.cooling_kw, 1), formats.kw(proposed.cooling_kw, 1)),
        "Power minimised": (formats.kw(present.facility_kw, 1), formats.kw(proposed.facility_kw, 1)),
    }
    if present.it_power_kw is not None and proposed.it_power_kw is not None:
        rows["IT power"] = (formats.kw(present.it_power_kw, 1), formats.kw(proposed.it_power_kw, 1))
    if present.rack_inlet_c is not None and proposed.rack_inlet_c is not None:
        rows["Warmest rack inlet"] = (
            formats.celsius(present.rack_inlet_c),
            formats.celsius(proposed.rack_inlet_c),
        )
    rows["Beyond the record"] = tuple(f"{formats.number(each.outside_sd)} sd" for each in (present, proposed))  # type: ignore[assignment]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["at present", "at the goal"]).rename_axis(
        "expected"
    )


def _evidence(console: Console, made: Recommendation) -> None:
    for label, text in (
        ("What stops it", "; ".join(made.binding)),
        ("The twin", made.twin),
        ("It would be a hold if", "; ".join(made.hold_if)),
        ("Rollback", made.rollback),
        ("Precedent", made.precedent),
    ):
        if text:
            st.markdown(f"**{label}**")
            st.text(console.formats.localised(text))
    if made.precedent_at is not None:
        day = console.formats.local(made.precedent_at).date().isoformat()
        st.page_link(
            st.session_state["pages"]["now"], label=f"Show {day} in the trends", icon=":material/history:",
            query_params={"site": console.name, "day": day},
        )  # fmt: skip


def _cost(made: Recommendation, formats: Formats) -> str:
    if made.price_per_kwh is None or made.saving_low_kw is None or made.saving_high_kw is None:
        return ""
    low, high = (
        formats.number(kw * made.price_per_kwh, 2) for kw in (made.saving_low_kw, made.saving_high_kw)
    )
    return f", or {low} to {high} {made.currency} an hour"


def _answer(console: Console, shown: Advice, status: Status) -> None:
    st.subheader("Your answer")
    if shown.answer is not None:
        _given(console, shown)
        return
    if shown.recommendation.action == "hold":
        st.info("There is nothing to answer: setpoints stay where they are.")
        return
    if shown.why_not:
        for reason in shown.why_not:
            st.error(f"It cannot be accepted: {_local(console, shown, reason)}.")
        return
    formats = console.formats
    st.write(
        f"Waits for an answer until **{formats.clock(shown.expires_at)}**. Once accepted, setpoints move to the goal "
        f"at their slew rates, for {ACCEPTED_FOR / timedelta(hours=1):.0f} h at most."
    )
    if not allowed(console, "operator"):
        return
    why("answer why")
    given = (console, shown.record.id, shown.digest)
    accept, reject = st.columns(2)
    accept.button(
        "Accept", type="primary", width="stretch", key="accept", on_click=_order, args=(*given, True)
    )
    with reject.popover("Reject", width="stretch"):
        st.radio("Because", list(REJECTIONS), format_func=lambda each: REJECTIONS[each], key="reject reason")
        st.button("Reject it", key="reject", on_click=_order, args=(*given, False))


def _order(console: Console, number: int, digest: str, accept: bool) -> None:
    """Answer what was shown. It runs before the page is laid out again: whatever happened meanwhile, it is told."""
    code = "other" if accept else st.session_state.get("reject reason", "other")
    usual = "accepted as shown" if accept else REJECTIONS[code]
    give_first(
        lambda: order_answer(
            console.operations, console.described, number, accept=accept, by=console.person,
            why=st.session_state.get("answer why") or usual, shown=digest, reason=code,
        ),
        f"decision {number} is {'accepted' if accept else 'rejected'} by {console.seen.name}",
    )  # fmt: skip


def _local(console: Console, shown: Advice, reason: str) -> str:
    """A reason with its time in the site's zone, where it is that the decision is too old."""
    if status_expired(shown):
        return f"it expired at {console.formats.clock(shown.expires_at)}; wait for the next decision"
    return console.formats.localised(reason)


def status_expired(shown: Advice) -> bool:
    """Whether the decision could be answered, had it not expired."""
    return (
        shown.recommendation.action == "change"
        and shown.answer is None
        and datetime.now(UTC) > shown.expires_at
    )


def _given(console: Console, shown: Advice) -> None:
    """The answer, what was written and read back, and what it saved beside what was promised."""
    one, formats = shown.answer, console.formats
    assert one is not None
    how = "Accepted" if one.kind == "accept" else "Rejected"
    st.markdown(f"**{how} by {one.by}** at {formats.clock(one.at)}")
    st.text(one.why)
    if one.kind != "accept":
        st.caption("The same goal is not recommended again for four hours.")
        return
    if shown.written_at is None:
        st.info("Nothing is written yet; the control loop turns within seconds of an answer.")
    else:
        st.success(f"Written since {formats.clock(shown.written_at)}")
    _saved(console, shown.carried_out)
    if shown.in_force:
        st.caption(f"In force until {formats.clock(one.at + ACCEPTED_FOR)}.")
        if console.may("operator") and st.button("Withdraw the acceptance", key="withdraw"):
            given = give(
                console,
                lambda: order_withdraw_acceptance(
                    console.operations, shown.record.id, by=console.person, why="withdrawn on the page"
                ),
                f"the acceptance of decision {shown.record.id} is withdrawn",
            )
            if given:
                st.rerun()
    else:
        st.caption("No longer in force.")


def _saved(console: Console, carried_out: dict[str, Any] | None) -> None:
    formats = console.formats
    if not carried_out or not carried_out.get("saved"):
        st.caption("What it saves is compared with what was promised once an hour of telemetry has come in.")
        return
    saved, promised = carried_out["saved"], carried_out["promised"]
    text = "–" if promised.get("saving_kw") is None else formats.kw(promised["saving_kw"], 1)
    if saved["kw"] is None:
        st.caption(f"Promised {text} at the goal. Saved: not known, {saved['why_not']}.")
        return
    interval = f"90 % interval {formats.number(saved['low_kw'], 1)} to {formats.kw(saved['high_kw'], 1)}"
    if saved["shown"]:
        st.metric("Saved so far, mean", formats.kw(saved["kw"], 1), border=True)
        st.caption(f"{interval}; promised {text} at the goal")
    else:
        st.metric("Saved so far", "not shown", border=True)
        st.caption(f"{interval} covers zero; promised {text} at the goal")


def _hold(console: Console, status: Status) -> None:
    held = status.standing.hold
    if held is not None:
        st.subheader("Held")
        st.text(f"By {held.by} until {console.formats.clock(held.until)}: {held.why}")
        if console.may("operator") and st.button("End the hold", key="end hold"):
            given = give(
                console,
                lambda: order_release_hold(console.operations, by=console.person, why="ended on the page"),
                "the hold has ended",
            )
            if given:
                st.rerun()
        return
    if status.standing.mode == "shadow" or not console.may("operator"):
        return
    with st.popover("Hold setpoints where they are", width="stretch"):
        hours = st.select_slider("For hours", HOLD_HOURS, value=4, key="hold hours")
        reason = why("hold why")
        if st.button("Hold", key="hold"):
            until = datetime.now(UTC) + timedelta(hours=hours)
            given = give(console, lambda: _order_hold(console, status, until, reason), f"held for {hours} h")
            if given:
                st.rerun()


def _order_hold(console: Console, status: Status, until: datetime, reason: str) -> int:
    known, _ = setpoint_status(
        console.described, console.settings, status.standing, console.gateway, datetime.now(UTC)
    )
    return order_hold(
        console.operations,
        console.described,
        present_values(known),
        by=console.person,
        why=reason,
        until=until,
    )
