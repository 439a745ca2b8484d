import pytest

from pipelines.config import Settings
from pipelines.simulation.demo_site import Scenario, simulated_plant
from pipelines.site.file import find_site


@pytest.fixture(scope="session")
def site():
    return find_site("demo", Settings())


@pytest.fixture(scope="session")
def plant(site):
    return simulated_plant(site, Scenario(history_days=3, run_days=1))
