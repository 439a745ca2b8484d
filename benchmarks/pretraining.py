"""The base of the networks of changes: random sites simulated and learned from, then a site's networks, in seconds.

`make bench ONLY=pretraining` measures on few sites; `make base-network` makes the file that the models start from.
COLDAISLE_SITES: how many sites. Sites are simulated in groups of one size, so that one compiled program does.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

import models.changes
from models.changes.base_network import FILE, to_bytes
from models.pretraining.base import trained
from models.pretraining.rows import rows_of
from models.pretraining.sites import STRUCTURES, simulated_hours

GROUP = 64
FEW, USUAL = 192, 1_536


def rows_of_sites(sites: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of that many random sites, in groups; progress on standard error."""
    parts = []
    for group in range(-(-sites // GROUP)):
        z, change, site = rows_of(simulated_hours(group, GROUP), seed=group)
        parts.append((z, change, site + group * GROUP))
        print(f"{(group + 1) * GROUP} sites simulated", file=sys.stderr, flush=True)
    z, change, site = (np.concatenate(each) for each in zip(*parts, strict=True))
    return z, change, site


def run() -> list[dict[str, Any]]:
    """A row a step, in seconds and processor seconds, after the first group of each structure has compiled."""
    sites = int(os.environ.get("COLDAISLE_SITES", FEW))
    for structure in range(len(STRUCTURES)):
        simulated_hours(structure, GROUP)
    begun = _clocks()
    z, change, site = rows_of_sites(sites)
    simulated = _since(begun)
    begun = _clocks()
    params, loss = trained(z, change, site)
    learned = _since(begun)
    row = {"device": jax.devices()[0].platform, "sites": sites, "rows": len(change)}
    return [
        row | {"step": "simulate four weeks each"} | simulated,
        row | {"step": "train the base"} | learned | {"loss on other sites": round(loss, 4)},
        {"step": "its weights", "bytes": len(to_bytes(params))},
    ]


def write(sites: int) -> Path:
    """Make the file of weights; its path."""
    params, loss = trained(*rows_of_sites(sites))
    file = Path(models.changes.__file__).with_name(FILE)
    file.write_bytes(to_bytes(params))
    print(f"{sites} sites, loss on sites not trained on {loss:.4f}: {file.name}")
    return file


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(begun: tuple[float, float]) -> dict[str, float]:
    return {"seconds": time.perf_counter() - begun[0], "cpu_s": time.process_time() - begun[1]}


if __name__ == "__main__":
    write(int(os.environ.get("COLDAISLE_SITES", USUAL)))
