"""The operators' pages: `streamlit run dashboards/app.py`, COLDAISLE_HOME names the home to show."""

from functools import partial

import streamlit as st

from dashboards.pages_ import control, data_quality, now
from dashboards.telemetry import sites_with_telemetry
from pipelines.config import Settings, settings
from pipelines.site.file import Site


def main() -> None:
    """Lay out the sidebar and the page that is chosen in it."""
    st.set_page_config(page_title="coldaisle", page_icon="❄️", layout="wide")
    home = settings()
    sites, faults = sites_with_telemetry(home)
    for fault in faults:
        st.sidebar.warning(fault)
    if not sites:
        _no_telemetry(home)
        return
    site = sites[st.sidebar.selectbox("Site", list(sites), format_func=lambda name: sites[name].title)]
    st.navigation(
        [
            st.Page(_page(now.show, site, home), title="Now", url_path="now", default=True),
            st.Page(_page(control.show, site, home), title="Control", url_path="control"),
            st.Page(_page(data_quality.show, site, home), title="Data quality", url_path="quality"),
        ]
    ).run()


def _page(show, site: Site, home: Settings):
    return partial(show, site, home)


def _no_telemetry(home: Settings) -> None:
    st.title("coldaisle")
    st.info(f"There is no telemetry in {home.home} yet. Bring some in, or try the simulated site:")
    st.code("coldaisle ingest --site SITE FILE...\ncoldaisle demo", language="bash")


if __name__ == "__main__":
    main()
