from pathlib import Path

import numpy as np
import pytest

from models.cascade.cascade import Cascade
from models.cascade.learn import learn_cascade
from pipelines.config import SITE_FOLDER
from pipelines.site.file import Site, cooling_quantities, load_site
from tests.models.cascade.records import STEP_HOURS, record


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
