from collections.abc import Iterator

import pytest

from pipelines.config import Settings
from tests.pipelines.connectors.kit import Server, serving


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    (tmp_path / "secrets").mkdir()
    return Settings(home=tmp_path / "home", secrets=tmp_path / "secrets")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as started:
        yield started
