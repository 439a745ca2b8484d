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


def learned_cascade(site: Site) -> Cascade:
    """A cascade of the made-up plant of `tests.models.cascade.records`, with the site's meters."""
    columns = record()
    learned = learn_cascade(
        columns,
        settled=np.ones(len(columns["load_kw"]), bool),
        meters=tuple(cooling_quantities(site)),
        step_hours=STEP_HOURS,
        counts_it=True,
    )
    return learned.cascade


@pytest.fixture(scope="session")
def cascade(site) -> Cascade:
    return learned_cascade(site)
