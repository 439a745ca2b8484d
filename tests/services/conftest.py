"""One cluster for each file of tests, and what it needs of this machine."""

import pytest

from tests.services.servers import missing


@pytest.fixture(scope="session", autouse=True)
def needed():
    """A clear message where PostgreSQL or Redis is not installed."""
    if missing():
        pytest.fail(f"{', '.join(missing())} missing: run infra/install_services.sh", pytrace=False)
