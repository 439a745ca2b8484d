from pathlib import Path

import numpy as np
import pytest

from models.control.cascade import Cascade
from models.control.learn import learn_cascade
from pipelines.config import SITE_FOLDER
from pipelines.control.training import cooling_quantities
from pipelines.site import Site, load_site
from tests.models.control.records import STEP_HOURS, record


@pytest.fixture(scope="session")
def site() -> Site:
    return load_site(Path(SITE_FOLDER) / "referee.toml")


@pytest.fixture(scope="session")
def cascade(site) -> Cascade:
    columns = record()
    learned = learn_cascade(
        columns,
        settled=np.ones(len(columns["load_kw"]), bool),
        meters=tuple(cooling_quantities(site)),
        step_hours=STEP_HOURS,
        counts_it=True,
    )
    return learned.cascade
