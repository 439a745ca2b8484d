"""Data of the pages, read once and cached until the telemetry or the model changes."""

import pandas as pd
import streamlit as st

from pipelines.config import SITE_FOLDER, Settings
from pipelines.errors import ColdaisleError, SiteError
from pipelines.operations.ledger import Operations
from pipelines.site.file import Site, load_site
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.quality.report import QualityReport, quality_report
from pipelines.telemetry.store import Store

REFRESH_S = 300


def sites_with_telemetry(settings: Settings) -> tuple[dict[str, Site], list[str]]:
    """Sites that have a store, by name, and what is wrong with the site files that cannot be read.

    A file in the home's `sites` folder takes precedence over one of the project's with the same name.
    """
    paths = {
        path.stem: path
        for folder in (SITE_FOLDER, settings.sites)
        if folder.is_dir()
        for path in sorted(folder.glob("*.toml"))
    }
    sites, faults = {}, []
    for name in sorted(paths):
        try:
            site = load_site(paths[name])
        except SiteError as error:
            faults.append(str(error))
            continue
        if Store(settings.store, site).exists:
            sites[name] = site
    return sites, faults


@st.cache_resource(show_spinner=False)
def open_operations(uri: str, site: str) -> Operations:
    """Orders, decisions and events of a site, opened once per process. Raises LedgerError where it does not answer."""
    return Operations(uri, site)


def measured(site: Site, settings: Settings) -> pd.DataFrame:
    """Columns `measured` (the site's figure), `cooling_kw` and `facility_kw`; UTC index."""
    return _measured(_telemetry_key(site, settings), site, settings)


def predicted(site: Site, settings: Settings) -> tuple[pd.DataFrame | None, str]:
    """Predictions of the site's figure (`predicted`, `lower`, `upper`, `why`), or None and why there are none."""
    try:
        return _predicted(_telemetry_key(site, settings), site, settings), ""
    except ColdaisleError as error:
        return None, str(error)


def ahead(site: Site, settings: Settings, at: pd.Timestamp) -> tuple[dict | None, str]:
    """Forecasts of the next 24 hours from what was known at a time (UTC), or None and why there are none."""
    try:
        return _ahead(f"{_telemetry_key(site, settings)}\n{at}", site, settings, at), ""
    except ColdaisleError as error:
        return None, str(error)


def quality(site: Site, settings: Settings) -> QualityReport:
    """The quality report on all the telemetry of a site."""
    return _quality(_telemetry_key(site, settings), site, settings)


def _telemetry_key(site: Site, settings: Settings) -> str:
    return "\n".join(
        (site.model_dump_json(), settings.model_dump_json(), Store(settings.store, site).fingerprint())
    )


# Streamlit's cache looks at `key` only: arguments with an underscore are ignored.
@st.cache_data(show_spinner="Reading telemetry", max_entries=8)
def _measured(key: str, _site: Site, _settings: Settings) -> pd.DataFrame:
    plant = plant_table(_site, Store(_settings.store, _site).read())
    return plant.rename(columns={"figure": "measured"})[["measured", "cooling_kw", "facility_kw"]]


@st.cache_data(show_spinner="Predicting", ttl=REFRESH_S, max_entries=8)
def _predicted(key: str, _site: Site, _settings: Settings) -> pd.DataFrame:
    from pipelines.learning.efficiency.predict import (
        measured_and_predicted,  # loads JAX and MLflow, which only this needs
    )

    return measured_and_predicted(_site, _settings)[["predicted", "lower", "upper", "why"]]


@st.cache_data(show_spinner="Forecasting", ttl=REFRESH_S, max_entries=8)
def _ahead(key: str, _site: Site, _settings: Settings, _at: pd.Timestamp) -> dict:
    from pipelines.learning.horizon.served import next_hours  # loads JAX and MLflow, which only this needs

    return next_hours(_site, _settings, at=_at)


@st.cache_data(show_spinner="Checking telemetry", max_entries=8)
def _quality(key: str, _site: Site, _settings: Settings) -> QualityReport:
    return quality_report(_site, Store(_settings.store, _site))
