"""Page "Models": who is in charge since when and why, errors beside simple models, drift, sensitivities, promotion."""

from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from dashboards import charts
from dashboards.console import Console
from dashboards.jobs import running_jobs, start_job
from dashboards.orders import allowed, why

TITLES = {
    "cascade": "Cascade: from setpoints to power and temperatures; it chooses setpoints",
    "efficiency": "Efficiency: the figure at the same instant; it predicts on page Now",
    "horizon": "Horizon: the next 24 hours",
    "twin": "Twin: the simulator fitted to this site; it answers what-ifs",
}
# The error by which versions of a kind are told apart, with its unit.
JUDGED_BY = {
    "cascade": ("mae_kw.cascade", "MAE, kW"), "efficiency": ("mae_figure.served", "MAE of the figure"),
    "horizon": ("held_out_mae.figure.60min", "MAE an hour ahead"), "twin": ("", ""),
}  # fmt: skip
FIGURE_MAE = "mae_figure"


def show(console: Console) -> None:
    """Lay out the page."""
    st.title("Models")
    known = console.tables.read("models")
    if known is None or not (known["kinds"] or known["why_not"]):
        st.info("No model has been trained for this site yet:")
        st.code(f"coldaisle train --site {console.name}", language="bash")
        return
    if known["why_not"]:
        st.error(known["why_not"])
    running_jobs(console, "promote")
    for kind in TITLES:
        if kind in known["kinds"]:
            _kind(console, kind, known["kinds"][kind])
    _backtest(console, known.get("backtest"))
    _drift(console)
    _sensitivities(console)
    _mlflow(known)


def _kind(console: Console, kind: str, known: dict[str, Any]) -> None:
    st.subheader(TITLES[kind])
    champion = next((each for each in known["versions"] if each["version"] == known["champion"]), None)
    if champion is None:
        st.warning("No version is in charge.")
    else:
        st.text(in_charge(console, kind, champion))
    if known["challenger"]:
        st.text(f"Challenger: version {known['challenger']}. It decides in shadow; nothing of it is written.")
    _gate(known.get("verdict"))
    st.dataframe(versions_table(console, kind, known), hide_index=True, alt=f"Versions of the {kind} model")
    others = [each["version"] for each in known["versions"] if each["version"] != known["champion"]]
    if others and allowed(console, "engineer"):
        _promote(console, kind, known, others)


def in_charge(console: Console, kind: str, champion: dict[str, Any]) -> str:
    """Which version is in charge, since when, and why."""
    since = champion.get("promoted_at") or champion["made_at"]
    over = champion.get("promoted_over")
    reason = ""
    if "promoted_by" in champion:
        replaced = f" over version {over}" if over else ""
        reason = f"put in charge by {champion['promoted_by']}{replaced}: {champion['promoted_why']}"
    return f"In charge: version {champion['version']} since {_time(console, since)}, {reason}".rstrip(", ")


def _gate(verdict: dict[str, Any] | None) -> None:
    """What the gate last found of a challenger."""
    if verdict is None:
        return
    st.text(f"Last judged: version {verdict['challenger']} is {verdict['conclusion']}: {verdict['why']}")
    marks = {True: "yes", False: "no", None: "not judged"}
    rows = [
        {"check": each["name"], "found": each["found"], "asked": each["asked"], "met": marks[each["met"]]}
        for each in verdict["checks"]
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Checks of the gate")


def versions_table(console: Console, kind: str, known: dict[str, Any]) -> pd.DataFrame:
    """A row per version, newest first: alias, when it was made, what it learned from, its error."""
    metric, title = JUDGED_BY[kind]
    rows = []
    for each in known["versions"]:
        alias = {known["champion"]: "in charge", known["challenger"]: "challenger"}.get(each["version"], "")
        error = each["metrics"].get(metric)
        row = {
            "version": each["version"],
            "": alias,
            "made": console.formats.time(datetime.fromisoformat(each["made_at"])),
            "learned until": _time(console, each["parameters"].get("learned_until")),
            "rows": each["parameters"].get("rows", ""),
        }
        rows.append(row | ({title: f"{error:.4g}" if error is not None else ""} if title else {}))
    return pd.DataFrame(rows)


def _time(console: Console, text: str | None) -> str:
    return console.formats.time(datetime.fromisoformat(text)) if text else ""


def _promote(console: Console, kind: str, known: dict[str, Any], others: list[int]) -> None:
    with st.popover(f"Put another version of the {kind} model in charge"):
        with st.form(f"promote {kind}"):
            version = st.selectbox("Version", others, key=f"version {kind}")
            reason = why(f"promote why {kind}")
            older = known["champion"] and version < known["champion"]
            pressed = st.form_submit_button("Roll back" if older else "Put in charge", type="primary")
        if pressed and not reason.strip():
            st.error("A promotion needs a reason; say why.")
        elif pressed:
            arguments = {"kind": kind, "version": version, "why": reason}
            start_job(
                console, "promote", arguments, f"version {version} of the {kind} model is being put in charge"
            )
        st.caption("A running control loop decides with it within seconds.")


def _backtest(console: Console, backtest: dict[str, Any] | None) -> None:
    st.subheader("Backtest and calibration")
    if backtest is None:
        st.info("No backtest is on record; it judges the models on time that none of them was fitted to:")
        st.code(f"coldaisle backtest --site {console.name}", language="bash")
        return
    report = backtest["report"]
    ran_at = console.formats.time(datetime.fromisoformat(backtest["ran_at"]))
    st.caption(f"{report['split']}; {report['held_out_rows']:,} rows held out; run {ran_at}")
    rows = [(row["model"], row[FIGURE_MAE]) for row in report["by_time"] if row.get(FIGURE_MAE) is not None]
    if rows:
        st.plotly_chart(
            charts.errors_of_models(rows, f"MAE of {report['figure_name']}", console.formats.separators),
            key="backtest", alt=f"Mean absolute error of each model; {rows[0][0]} {rows[0][1]:.4g}",
        )  # fmt: skip
    for line in calibration(report):
        st.text(line)


def calibration(report: dict[str, Any]) -> list[str]:
    """What a backtest says of intervals, in words."""
    coverage = report.get("coverage")
    if isinstance(coverage, int | float):
        return [f"90 % intervals held {coverage:.1%} of the rows held out"]
    if isinstance(coverage, dict):
        return [
            f"90 % intervals held {value:.1%} ({name})"
            for name, value in coverage.items()
            if isinstance(value, float)
        ]
    return ["This backtest did not judge intervals."]


def _drift(console: Console) -> None:
    st.subheader("Drift")
    quality = console.tables.read("quality") or {}
    changes = quality.get("changes", [])
    if not changes:
        st.caption("No sensor and no equipment is known to have changed since the models were learned.")
        return
    for row in changes:
        st.warning(
            f"{row['reading']}: {row['shift']:+.3g} {row['unit']} since {str(row['start'])[:10]}. {row['remedy']}"
        )


def _sensitivities(console: Console) -> None:
    st.subheader("Sensitivities")
    effects = console.tables.read("effects")
    if effects is None:
        st.info("The effect of each setpoint on power, all else equal, is estimated by:")
        st.code(f"coldaisle effects --site {console.name}", language="bash")
        return
    rows = [
        {
            "setpoint": row["of"],
            "power of": row["on"],
            "per K": f"{row['percent']:+.2f} %",
            "90 % interval": f"{row['low']:+.2f} to {row['high']:+.2f} %",
            "of the plant": f"{row['percent_of_plant']:+.2f} %",
        }
        for row in effects["effects"]
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Effect of each setpoint on power")


def _mlflow(known: dict[str, Any]) -> None:
    uri = known.get("tracking_uri")
    if uri and uri.startswith(("http://", "https://")):
        st.link_button("Runs and artifacts in MLflow", uri)
        return
    st.caption("Runs and artifacts are in this home's MLflow:")
    st.code(
        "mlflow ui --host 127.0.0.1 --backend-store-uri sqlite:///$COLDAISLE_HOME/mlflow.db", language="bash"
    )
