"""What a site costs: seconds of processor time and MB to ingest a day, to retrain and to recommend.

Each row is one process that serves so many simulated sites (`demo_fleet`, four weeks at a quarter of an hour), start-up
and compiling included; no compiled program is kept from before. With one site it is a process for each site.
COLDAISLE_SITES: numbers of sites, "1,10" unless it says otherwise (100 takes an hour). The last rows are arithmetic.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
STEPS = {"ingest": 1, "train": 1, "recommend": 24}  # times a day
DAYS, MANY, DAY_S = 28, 10_000, 86_400.0


def run() -> list[dict]:
    """Rows of each step at each number of sites, then of 10,000 sites."""
    counts = [int(count) for count in os.environ.get("COLDAISLE_SITES", "1,10").split(",")]
    with tempfile.TemporaryDirectory() as home:
        rows, first = [], 0
        for count in counts:  # sites of their own: a day is ingested once
            _worker("make", home, first, count)
            rows += [_row(step, home, first, count) for step in STEPS]
            first += count
        stored_mb = _size_mb(Path(home)) / first
    return [*rows, *_of_many(rows, stored_mb)]


def _row(step: str, home: str, first: int, count: int) -> dict[str, Any]:
    cost = _worker(step, home, first, count)
    more = max(count - 1, 1)
    return {
        "step": step,
        "sites": count,
        "processor s a site": cost["s"] / count,
        "first site, s": cost["first_s"],
        "each further site, s": (cost["s"] - cost["first_s"]) / more if count > 1 else None,
        "resident MB": cost["mb"],
        "MB each further site": (cost["mb"] - cost["first_mb"]) / more if count > 1 else None,
    }


def _worker(what: str, home: str, first: int, count: int) -> dict[str, float]:
    # One thread of BLAS and OpenMP, as trainings have it; no kept programs.
    once = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "JAX_COMPILATION_CACHE_DIR": ""}
    arguments = [what, home, *map(str, (first, count, DAYS))]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks._fleet_worker", *arguments],
        cwd=ROOT, env=os.environ | once, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{what} of {count} sites failed: {done.stderr[-2000:]}")
    return {} if what == "make" else json.loads(done.stdout.splitlines()[-1])


def _of_many(rows: list[dict], stored_mb: float) -> list[dict]:
    """Processors that 10,000 sites keep busy, each step as often a day as STEPS says; and what they store."""
    most = max(row["sites"] for row in rows)
    key = "each further site, s" if most > 1 else "first site, s"
    each = {row["step"]: row[key] for row in rows if row["sites"] == most}
    found = [
        {
            "step": f"{step}, {STEPS[step]} times a day",
            "sites": MANY,
            "processor s a site": seconds * STEPS[step],
            "processors": seconds * STEPS[step] * MANY / DAY_S,
        }
        for step, seconds in each.items()
    ]
    return [*found, {"step": "stored, GB", "sites": MANY, "GB": stored_mb * MANY / 1e3}]


def _size_mb(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
