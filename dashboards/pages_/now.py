"""Page "Now": the site's figure over time, and the latest decision as a recommendation with its answer."""

from datetime import timedelta

import pandas as pd
import streamlit as st

from dashboards.charts import figure_over_time
from dashboards.recommendation_card import show_latest_decision
from dashboards.telemetry import ahead, measured, open_operations, predicted
from pipelines.config import Settings
from pipelines.errors import ColdaisleError
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import figure_name, kw_per_ton

PERIODS = {
    "last day": timedelta(days=1),
    "last week": timedelta(days=7),
    "last 30 days": timedelta(days=30),
    "all": None,
}


def show(site: Site, settings: Settings) -> None:
    """Lay out the page."""
    st.title(site.title)
    try:
        plant = measured(site, settings)
    except ColdaisleError as error:
        st.error(str(error))
        return
    if plant.empty:
        st.info(f"There is no telemetry yet; run: coldaisle ingest --site {site.name} FILE")
        return
    chart, card = st.columns([3, 2], gap="large")
    with card:  # first, since a prediction may take a while
        _show_latest(site, settings)
    with chart:
        _show_figure(site, settings, plant)
        _show_ahead(site, settings, plant)


def _show_figure(site: Site, settings: Settings, plant: pd.DataFrame) -> None:
    name = figure_name(site)
    period = PERIODS[
        st.radio("Period", list(PERIODS), index=1, horizontal=True, label_visibility="collapsed")
    ]
    # Back from the last measured figure: a weather logger may run on for months after the plant's meters.
    times = plant.index[plant["measured"].notna()]
    until = times[-1] if len(times) else plant.index[-1]
    since = plant.index[0] if period is None else until - period
    _show_latest_reading(site, plant, name)
    prediction, why_none = predicted(site, settings)
    table = plant[["measured"]]
    if prediction is not None:
        table = table.join(prediction.drop(columns="why"), how="left")
    st.plotly_chart(figure_over_time(table[table.index >= since], name), key="figure_over_time")
    st.caption(
        f"{name}: {site.meters.boundary}. Telemetry to {plant.index[-1] + site.interval:%Y-%m-%d %H:%M} UTC."
    )
    if prediction is None:
        st.info(f"No prediction is shown: {why_none}")
    elif len(prediction) and prediction["why"].iloc[-1]:
        st.info(f"Of the latest reading: {prediction['why'].iloc[-1]}")


def _show_ahead(site: Site, settings: Settings, plant: pd.DataFrame) -> None:
    times = plant.index[plant["measured"].notna()]
    if not len(times):
        return
    st.subheader("Next 24 hours")
    report, why_none = ahead(site, settings, times[-1] + site.interval)
    if report is None:
        st.caption(f"No forecast is shown: {why_none}")
        return
    from pipelines.learning.horizon.plot import forecast_figure

    st.plotly_chart(forecast_figure(report, ["figure", "cooling_kw"], title=False), key="next_hours")
    peak = report["peak"]
    if peak is not None:
        st.caption(
            f"Highest hour of {peak['title']} within a day: {peak['mean']:,.0f} {peak['unit']}, 90 % interval "
            f"{peak['lower']:,.0f} to {peak['upper']:,.0f}, around {peak['around']:%H:%M} UTC"
        )


def _show_latest_reading(site: Site, plant: pd.DataFrame, name: str) -> None:
    latest = plant.dropna(subset=["measured"]).iloc[-1:]
    if latest.empty:
        st.warning(f"{name} cannot be computed from this telemetry; see the page Data quality")
        return
    row = latest.iloc[0]
    now, mean, cooling = st.columns(3)
    now.metric(name, f"{row['measured']:.3f}")
    now.caption(f"at {latest.index[0]:%Y-%m-%d %H:%M} UTC")
    if not site.meters.it:
        now.caption(f"{kw_per_ton(row['measured']):.3f} kW/ton")
    mean.metric("Mean of all telemetry", f"{plant['measured'].mean():.3f}")
    cooling.metric("Cooling power", f"{row['cooling_kw']:,.0f} kW")


def _show_latest(site: Site, settings: Settings) -> None:
    st.subheader("Recommendation")
    try:
        show_latest_decision(open_operations(settings.ledger, site.name), site)
    except ColdaisleError as error:
        st.error(str(error))
