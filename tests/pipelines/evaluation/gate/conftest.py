"""A simulated site with five weeks of telemetry, and a cascade that was learned from the first four."""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.cascade.saving import to_bytes
from models.cascade.surface import fit_surface
from models.graybox.parameters import NAMES
from pipelines.config import Settings
from pipelines.learning import charges
from pipelines.learning.cascade.training import learn_site
from pipelines.learning.charges import Who
from pipelines.operations.ledger import Operations
from pipelines.simulation.demo_fleet import make_site
from pipelines.telemetry.inbox import ingest_inbox
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.store import Store

ENDS = pd.Timestamp("2026-03-30", tz="UTC")  # a Monday
WEEK = pd.Timedelta(days=7)


class Contest:
    """Puts a champion and a challenger in charge of a site's cascade, without MLflow."""

    def __init__(self, settings, site, good):
        self.settings, self.site, self.good = settings, site, good
        self.number = 0

    def put(self, alias, cascade):
        self.number += 1
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "cascade.msgpack").write_bytes(to_bytes(cascade))
            return charges.put(
                self.settings, self.site.name, "cascade", alias, Path(folder), version=self.number,
                model=f"coldaisle.{self.site.name}.cascade", who=Who("coldaisle", "put there by a test"),
                about={"learned_until": (ENDS - WEEK).isoformat()},
            )  # fmt: skip

    def log_shadow(self, seconds=0.1):
        """A decision in shadow of the present challenger."""
        title = charges.present(self.settings, self.site.name, "cascade", "challenger").title
        operations = Operations.of(self.settings, self.site.name)
        for _ in range(3):
            number = operations.add_decision(
                at=datetime.now(UTC), mode="shadow", source="model", reason="", written=False, body={}
            )
            body = {"values": {}, "seconds": seconds}
            operations.add_shadow(decision=number, at=datetime.now(UTC), model=title, body=body)

    def worse(self):
        """Chillers that need half as much again as they do."""
        shift = np.zeros(len(NAMES), np.float32)
        shift[NAMES.index("cop")] = -1.6
        physics = self.good.physics
        worn = replace(physics, z=physics.z + shift, members=physics.members + shift)
        return replace(self.good, physics=worn)

    def wrong_signed(self):
        """As good in power; warmer supply air makes rack inlets colder."""
        random = np.random.default_rng(0)
        x = np.stack([random.uniform(2.0, 16.0, 400), random.uniform(100.0, 2000.0, 400)], axis=1)
        surface = fit_surface(("gap_k", "load_kw"), x, 45.0 - 2.5 * x[:, 0])
        return replace(self.good, worst_inlet=surface)


@pytest.fixture(scope="session")
def plant(tmp_path_factory):
    """Home, site and cascade; made once."""
    settings = Settings(home=tmp_path_factory.mktemp("gate"))
    site = make_site(settings, 0, days=35, ends=ENDS)
    ingest_inbox(site, settings)
    table = plant_table(site, Store(settings.store, site).read(end=ENDS - WEEK))
    return settings, site, learn_site(site, table).cascade


@pytest.fixture
def contest(plant, tmp_path):
    """Of a home of its own for models and ledger, with the telemetry of the other."""
    settings, site, good = plant
    own = Settings(home=tmp_path)
    (tmp_path / "store").symlink_to(settings.store, target_is_directory=True)
    return Contest(own, site, good)
