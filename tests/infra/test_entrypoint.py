"""The image's entry point: settings from files, nothing else."""

import subprocess

from tests.infra.files import INFRA


def run(command: str, **environment: str) -> subprocess.CompletedProcess:
    words = [str(INFRA / "entrypoint.sh"), "sh", "-c", command]
    return subprocess.run(words, env={"PATH": "/usr/bin:/bin", **environment}, capture_output=True, text=True)


def test_setting_is_read_from_its_file(tmp_path):
    secret = tmp_path / "uri"
    secret.write_text("postgresql+psycopg://a:b c$d@host/x")
    done = run(
        'printf %s "$COLDAISLE_LEDGER_URI${COLDAISLE_LEDGER_URI_FILE-}"',
        COLDAISLE_LEDGER_URI_FILE=str(secret),
    )
    assert done.stdout == secret.read_text()


def test_airflows_own_files_are_left_alone(tmp_path):
    name = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
    assert run(f'printf %s "${name}"', **{name: str(tmp_path)}).stdout == str(tmp_path)


def test_missing_file_is_said(tmp_path):
    done = run("true", MLFLOW_BACKEND_STORE_URI_FILE=str(tmp_path / "none"))
    assert done.returncode == 1
    assert "MLFLOW_BACKEND_STORE_URI" in done.stderr
