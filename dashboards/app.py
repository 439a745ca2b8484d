"""The operators' console: `coldaisle dashboard` serves it. COLDAISLE_HOME names the home to show."""

from functools import partial
from importlib import import_module

import streamlit as st

from dashboards import preferences as kept
from dashboards.console import Console, read_site
from dashboards.formats import Formats
from dashboards.orders import say_done
from dashboards.pages_ import PAGES
from dashboards.preferences import LOCALES, Preferences
from dashboards.sign_in import signed_in
from dashboards.strip import show_strip, theme
from pipelines.config import Settings, settings
from pipelines.console.fleet import sites_of
from pipelines.operations.ledger import Person

# Room for what operators look at: less above the page, a title that fits in a line; small text with enough contrast.
STYLE = """<style>
[data-testid="stMainBlockContainer"] {padding-top: 3.2rem; padding-bottom: 2rem}
h1 {font-size: 1.9rem !important; padding: .4rem 0 !important}
h2, h3 {font-size: 1.25rem !important}
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] *, [data-testid="stTable"] th,
[data-testid="stTable"] th *, input::placeholder {color: SMALL !important; opacity: 1 !important}
button[kind^="primary"] p, [data-testid="stMultiSelect"] [data-tag] span {color: BUTTON !important}
@media (max-width: 1100px) {
  [data-testid="stSidebar"] {width: 11.5rem !important; min-width: 11.5rem !important}
  [data-testid="stMainBlockContainer"] {padding-left: 1.2rem; padding-right: 1.2rem}
  [data-testid="stHorizontalBlock"] {flex-wrap: wrap}
  [data-testid="stColumn"] {min-width: min(100%, 16rem)}
}
</style>"""
COLORS = {
    "light": {"SMALL": "#46555f", "BUTTON": "#ffffff"},
    "dark": {"SMALL": "#b9c6cf", "BUTTON": "#10181d"},
}
TEMPERATURES, HEATS = ("°C", "°F"), ("kW", "tons")


def main() -> None:
    """Who looks, at which site, and the page that is chosen."""
    st.set_page_config(page_title="coldaisle", page_icon="❄️", layout="wide")
    st.html(_style())
    home = settings()
    person = signed_in(home)
    if person is None:
        return
    names = sites_of(home)
    if not names:
        _nothing_yet(home)
        return
    preferences = kept.preferences_of(home, person.name)
    name = _chosen_site(names, preferences)
    pages = {key: _page(key, home, person, preferences, name) for key in PAGES}
    st.session_state["pages"] = pages
    page = st.navigation(list(pages.values()))
    with st.sidebar:
        _preferences(home, person, preferences, name)
    say_done()
    page.run()


def _style() -> str:
    style = STYLE
    for name, color in COLORS[theme()].items():
        style = style.replace(name, color)
    return style


def _page(key: str, home: Settings, person: Person, preferences: Preferences, name: str) -> st.Page:
    title, icon, module = PAGES[key]
    run = partial(_run, module, home, person, preferences, name)
    return st.Page(run, title=title, icon=icon, url_path=key, default=key == "now")


def _run(module: str, home: Settings, person: Person, preferences: Preferences, name: str) -> None:
    show = import_module(f"dashboards.pages_.{module}").show
    site, fault = read_site(home, name)
    zone = site.local_zone if site else "UTC"
    console = Console(home, person, preferences, name, site, fault, Formats(preferences, zone))
    if module == "fleet":
        show(console)
        return
    if site is None:
        st.title(name)
        st.error(fault.replace("\n", "\n\n"))
        st.caption(f"Mend the site file, then reload. coldaisle site check --site {name} says the same.")
        return
    show_strip(console)
    show(console)


def _chosen_site(names: list[str], preferences: Preferences) -> str:
    """The site of the address, else the one chosen in this session, else the one of the last time."""
    asked, chosen = st.query_params.get("site", ""), st.session_state.get("site choice")
    if asked in names and asked != st.session_state.get("site asked"):
        st.session_state["site choice"] = chosen = asked  # the address was changed
    name = next((each for each in (chosen, preferences.site) if each in names), names[0])
    if len(names) > 1:
        name = st.sidebar.selectbox("Site", names, index=names.index(name), key="site choice")
    st.session_state["site asked"] = st.query_params["site"] = name
    return name


def _preferences(home: Settings, person: Person, preferences: Preferences, name: str) -> None:
    known = list(LOCALES)
    with st.popover("Units and numbers", width="stretch"):
        temperature = st.radio(
            "Temperature", TEMPERATURES, TEMPERATURES.index(preferences.temperature), horizontal=True
        )
        heat = st.radio("Heat", HEATS, HEATS.index(preferences.cooling), horizontal=True)
        at = known.index(preferences.locale) if preferences.locale in known else 0
        locale = st.selectbox("Numbers", known, index=at, format_func=lambda each: LOCALES[each])
    wanted = Preferences.model_validate(
        {"temperature": temperature, "cooling": heat, "locale": locale, "site": name}
    )
    if wanted != preferences:
        kept.keep(home, person.name, wanted)
        if wanted.model_copy(update={"site": preferences.site}) != preferences:
            st.rerun()
    st.caption(f"{person.name}, {person.role}")
    if home.sign_in == "oidc" and st.button("Sign out"):
        st.logout()


def _nothing_yet(home: Settings) -> None:
    st.title("coldaisle")
    st.info(f"There is no telemetry in {home.home} yet. Bring some in, or try the simulated site:")
    st.code("coldaisle ingest --site SITE FILE...\ncoldaisle demo", language="bash")


if __name__ == "__main__":
    main()
