from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

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


@pytest.fixture(scope="module")
def bucket_server() -> Iterator[str]:
    """Address of an S3 server of our own."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    server.stop()


@pytest.fixture
def bucket(bucket_server, monkeypatch) -> tuple[Any, str]:
    """A client, and the name of an empty bucket; the environment says where, as AWS's tools want it."""
    import boto3

    for name, value in {
        "AWS_ENDPOINT_URL": bucket_server, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    client, name = boto3.client("s3"), f"plant-{uuid4().hex}"
    client.create_bucket(Bucket=name)
    return client, name
