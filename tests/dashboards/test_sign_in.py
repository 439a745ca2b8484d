"""Signing in as people do: through a provider of identities, and through a proxy, in a real browser."""

import pytest

from pipelines.console.prepare import prepare
from pipelines.operations.ledger import Operations
from pipelines.site.file import load_site
from tests.dashboards.browser import free_port, needs_chromium, new_page, opened_browser, served, settle
from tests.dashboards.provider import CLIENT, provided
from tests.dashboards.proxy import proxied

pytestmark = [pytest.mark.browser, pytest.mark.medium, needs_chromium]

ROLES = '[roles]\noperator = ["ana@example.com"]\n[groups]\nclaim = "teams"\nengineer = ["dc engineers"]\n'


@pytest.fixture
def home(settings, operations, telemetry):
    described = load_site(settings.sites / "plant.toml")
    prepare(described, settings, ("telemetry", "overview"))
    settings.access.write_text(ROLES)
    Operations.of(settings, "plant")
    return settings.home


@pytest.fixture
def browser():
    with opened_browser() as found:
        yield found


@pytest.fixture
def provider():
    with provided() as found:
        yield found


def signing_in(home, provider, port: int):
    (home / "secrets.toml").write_text(
        f"""[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "{CLIENT}"
client_secret = "secret"
server_metadata_url = "{provider.address}/.well-known/openid-configuration"
"""
    )
    return served(home, port=port, COLDAISLE_SIGN_IN="oidc")


def test_provider_says_who_it_is_and_access_toml_what_they_may(home, provider, browser):
    with signing_in(home, provider, free_port()) as address:
        page = new_page(browser)
        page.goto(f"{address}/modes?site=plant")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("ana@example.com, operator").wait_for()
        settle(page)
        page.goto(f"{address}/modes?site=plant")
        page.get_by_role("heading", name="Trials and modes").wait_for()
        page.get_by_text("A higher mode needs the role engineer").wait_for()
        stranger = new_page(browser)  # another browser is not signed in by it
        stranger.goto(f"{address}/?site=plant")
        stranger.get_by_role("button", name="Sign in").wait_for()
        assert not stranger.get_by_text("ana@example.com").count()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("button", name="Sign in").wait_for()


def test_group_of_the_token_gives_a_role_and_an_address_that_is_not_verified_none(home, provider, browser):
    provider.claims = {"sub": "2", "email": "ben@example.com", "teams": ["DC engineers"]}
    with signing_in(home, provider, free_port()) as address:
        page = new_page(browser)
        page.goto(address)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("ben@example.com, engineer").wait_for()
        provider.claims = {"sub": "3", "email": "ana@example.com", "email_verified": False}
        other = new_page(browser)
        other.goto(address)
        other.get_by_role("button", name="Sign in").click()
        other.get_by_text("is not verified by your provider").wait_for()
        assert not other.get_by_role("link", name="Now").count()


def test_proxy_with_its_secret_is_believed_and_a_browser_that_comes_past_it_is_not(home, browser):
    sent = {"X-Coldaisle-Proxy": "open sesame", "X-Forwarded-Email": "ana@example.com"}
    with served(home, COLDAISLE_SIGN_IN="headers", COLDAISLE_PROXY_SECRET="open sesame") as address:
        with proxied(address, sent) as front:
            page = new_page(browser)
            page.goto(f"{front}/?site=plant")
            page.get_by_text("ana@example.com, operator").wait_for()
        for headers in ({}, {"X-Forwarded-Email": "ana@example.com"}, sent | {"X-Coldaisle-Proxy": "open"}):
            with proxied(address, headers) as front:
                past = new_page(browser)
                past.goto(f"{front}/?site=plant")
                past.get_by_text("did not come through the proxy").wait_for()
                assert not past.get_by_text("ana@example.com").count()
