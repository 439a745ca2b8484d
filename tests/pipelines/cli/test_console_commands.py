"""`coldaisle dashboard`, `prepare`, `alarm` and `operate` as people type them."""

import pytest
from typer.testing import CliRunner

from pipelines.cli import dashboard
from pipelines.cli.main import application
from pipelines.config import Settings
from pipelines.errors import ColdaisleError
from pipelines.operations.alarms import AlarmBook, alarms_of
from pipelines.operations.ledger import LedgerError, Operations

pytestmark = pytest.mark.medium


def run(*arguments: str, home) -> str:
    done = CliRunner().invoke(application(), [*arguments, "--home", str(home)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5", "console.example.com"])
def test_console_listens_beyond_this_machine_only_where_people_sign_in(tmp_path, monkeypatch, address):
    monkeypatch.delenv("COLDAISLE_SIGN_IN", raising=False)
    with pytest.raises(ColdaisleError, match="set COLDAISLE_SIGN_IN"):
        run("dashboard", "--address", address, home=tmp_path)


def test_options_leave_out_developers_tools_and_statistics_and_name_the_hosts(tmp_path):
    options = dashboard.options(Settings(home=tmp_path), "127.0.0.1", 8501, ["console.example.com"])
    assert {
        "--browser.gatherUsageStats=false", "--client.toolbarMode=minimal", "--server.address=127.0.0.1",
        "--server.enableXsrfProtection=true", "--server.allowedHosts=127.0.0.1",
        "--server.allowedHosts=console.example.com",
    } <= set(options)  # fmt: skip
    assert not [each for each in options if each.startswith("--secrets")]
    (tmp_path / "secrets.toml").touch()
    assert [
        each
        for each in dashboard.options(Settings(home=tmp_path), "::1", 1, [])
        if each.startswith("--secrets")
    ]


def test_alarms_are_listed_and_acknowledged(tmp_path):
    AlarmBook(Settings(home=tmp_path), "demo", "serve").report({"hot": ("critical", "a rack is hot")})
    assert "a rack is hot" in run("alarm", "list", "--site", "demo", home=tmp_path)
    run("alarm", "acknowledge", "--site", "demo", "--alarm", "1", "--by", "Ana", home=tmp_path)
    assert alarms_of(Operations.of(Settings(home=tmp_path), "demo"))[0].acknowledged.by == "Ana"


def test_home_without_sites_has_nothing_to_prepare(tmp_path):
    assert "prepared" in run("prepare", home=tmp_path)


def test_back_to_the_rule_from_the_shell(tmp_path):
    run("operate", "mode", "--site", "demo", "--to", "advise", "--by", "Ana", "--why", "go", home=tmp_path)
    told = run("operate", "rule", "--site", "demo", "--by", "Ana", "--why", "a leak", home=tmp_path)
    assert "writes nothing any more" in told


def test_name_on_the_shell_needs_a_role_where_people_sign_in(tmp_path, monkeypatch):
    monkeypatch.setenv("COLDAISLE_SIGN_IN", "oidc")
    (tmp_path / "access.toml").write_text('[roles]\noperator = ["ana"]\nengineer = ["ben"]\n')
    mode = ("operate", "mode", "--site", "demo", "--to", "advise", "--why", "go", "--by")
    for name in ("vic", "ana"):
        with pytest.raises(LedgerError, match="needs the role engineer"):
            run(*mode, name, home=tmp_path)
    run(*mode, "ben", home=tmp_path)
