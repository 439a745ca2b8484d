import getpass

import pytest

from pipelines.config import Settings
from pipelines.operations.access import AccessError, by_claims, by_headers, on_shell
from pipelines.operations.ledger import Person

FILE = """
default_role = "viewer"
[roles]
operator = ["Ana@example.com"]
[groups]
claim = "teams"
engineer = ["DC engineers"]
admin = ["dc-admins"]
"""


@pytest.fixture
def settings(tmp_path) -> Settings:
    (tmp_path / "access.toml").write_text(FILE)
    return Settings(home=tmp_path, sign_in="headers", proxy_secret="open sesame")


SENT = {"X-Coldaisle-Proxy": "open sesame", "X-Forwarded-Email": "ana@example.com"}


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"email": "ana@example.com"}, "operator"),
        ({"email": "bo@example.com"}, "viewer"),
        ({"email": "ana@example.com", "teams": ["dc engineers"]}, "engineer"),
        ({"email": "ana@example.com", "teams": ["dc engineers", "DC-Admins"]}, "admin"),
        ({"sub": "1234", "teams": "dc-admins, others"}, "admin"),
        ({"email": "ana@example.com", "groups": ["dc-admins"]}, "operator"),  # not the claim of the file
    ],
)
def test_role_is_the_highest_of_name_and_groups(settings, claims, role):
    assert by_claims(settings, claims).role == role


@pytest.mark.parametrize(
    "claims", [{}, {"email": "  "}, {"email": "ana@example.com", "email_verified": False}]
)
def test_token_that_proves_nobody_is_refused(settings, claims):
    with pytest.raises(AccessError, match=r"names nobody|not verified"):
        by_claims(settings, claims)


def test_proxy_is_believed_with_its_secret_only(settings):
    assert by_headers(settings, SENT) == Person("ana@example.com", "operator", "proxy")
    for wrong in ({"X-Forwarded-Email": "ana@example.com"}, SENT | {"X-Coldaisle-Proxy": "open"}):
        with pytest.raises(AccessError, match="did not come through the proxy"):
            by_headers(settings, wrong)
    with pytest.raises(AccessError, match="names nobody"):
        by_headers(settings, SENT | {"X-Forwarded-Email": ""})


def test_proxy_without_a_secret_in_the_settings_is_not_believed(settings):
    with pytest.raises(AccessError, match="COLDAISLE_PROXY_SECRET"):
        by_headers(settings.model_copy(update={"proxy_secret": None}), SENT | {"X-Coldaisle-Proxy": ""})


def test_without_a_file_everyone_who_signs_in_is_a_viewer(tmp_path):
    assert by_claims(Settings(home=tmp_path, sign_in="oidc"), {"email": "ana@example.com"}).role == "viewer"


@pytest.mark.parametrize(
    "text", ["[roles", '[roles]\nchief = ["ana"]', 'default_role = "root"', '[roles]\noperator = "ana"']
)
def test_faulty_file_gives_nobody_a_role(settings, text):
    settings.access.write_text(text)
    with pytest.raises(AccessError, match=r"access\.toml.* mend it"):
        by_claims(settings, {"email": "ana@example.com"})


def test_shell_keeps_its_user_and_needs_a_role_only_where_people_sign_in(settings):
    assert on_shell(settings.model_copy(update={"sign_in": "none"}), "Ana") == "Ana"
    assert on_shell(settings, "ana@example.com") == Person(
        "ana@example.com", "operator", f"shell of {getpass.getuser()}"
    )
