"""Worth of each part of the control on the referee: one table over learned homes, one row a variant.

    python benchmarks/referee/ablation.py --referee DIR --home H0 --home H1 [--weather W --weeks 1-8,4-8 --seed 100]

Each home holds telemetry and a cascade of the site `referee` (`coldaisle ingest`, `train`), and a twin where
the twin's check is to be judged. The weeks are the judge's own (score.py); nothing else of it is used.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from typing import Any

VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "objective: overhead": {"objective": "overhead"},
    "objective: PUE": {"objective": "pue"},
    "no caution": {"caution": 0.0},
    "support not binding": {"support": False},
    "without the twin's check": {"twin_check": False},
    "one surface for the total": {"meters": "total"},
}
RULES = ("default", "reset", "tuned")
COLUMNS = ("violation_min", "jump_min", "chiller_starts", "wse_switches")


def drive(job: tuple[str, str, str, tuple]) -> dict[str, Any]:
    """One week under a rule (no home) or under a variant of the controller of a home."""
    folder, name, home, week = job
    os.chdir(folder)
    sys.path.insert(0, folder)
    import score

    return score.drive(controller(name, home) if home else score.Rule(name), *week)


def controller(variant: str, home: str):
    """The controller of a home with one thing changed."""
    from pipelines.config import Settings
    from pipelines.control.controller import Controller
    from pipelines.control.setup import parameters_of
    from pipelines.learning.cascade.bundle import load_cascade
    from pipelines.learning.cascade.training import learn_site
    from pipelines.learning.twin.bundle import find_twin
    from pipelines.operations.tag_controller import TagController
    from pipelines.site.control_options import ControlOptions
    from pipelines.site.file import find_site
    from pipelines.telemetry.plant_table import plant_table
    from pipelines.telemetry.store import Store

    settings = Settings(home=Path(home))
    changed = {"control": ControlOptions(**VARIANTS[variant])}
    site = find_site("referee", settings).model_copy(update=changed)
    cascade, _ = load_cascade(site, settings)
    if site.control.meters == "total":
        table = Store(settings.store, site).read()
        cascade = learn_site(site, plant_table(site, table)).cascade
    params = parameters_of(site, cascade, twin=find_twin(site, settings))
    return TagController(Controller(params))


def row(variant: str, by_home: Sequence[dict], base: dict[str, dict]) -> str:
    """A variant's line: mean and worst share of tuned's saving, cooling saved, and counts over all homes."""

    def saved(kind: str, against: str, one: dict) -> float:
        return 1.0 - one[f"{kind}_kwh"] / base[against][f"{kind}_kwh"]

    shares = [
        saved("facility", "default", one) / saved("facility", "default", base["tuned"]) for one in by_home
    ]
    cooling = [
        mean(100.0 * saved("cooling", other, one) for one in by_home) for other in ("default", "reset")
    ]
    counts = (sum(one[name] for one in by_home) for name in COLUMNS)
    cells = [
        f"{mean(shares):.3f}",
        f"{min(shares):.3f}",
        *(f"{each:.1f}" for each in cooling),
        *map(str, counts),
    ]
    return f"| {variant} | " + " | ".join(cells) + " |"


def main() -> None:
    """Prints the table of variants."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--referee", required=True)
    parser.add_argument("--home", action="append", required=True)
    parser.add_argument("--weather", default="usa_nj_newark")
    parser.add_argument("--weeks", default="1-8,4-8,7-8,10-8")
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--only", choices=VARIANTS, action="append")
    asked = parser.parse_args()
    folder = str(Path(asked.referee).resolve())
    days = [tuple(map(int, day.split("-"))) for day in asked.weeks.split(",")]
    weeks = [(asked.weather, month, day, 7, 1, asked.seed) for month, day in days]
    sys.path.insert(0, folder)
    os.chdir(folder)
    import score

    with get_context("spawn").Pool(2, maxtasksperchild=4) as pool:

        def total(name: str, home: str) -> dict[str, Any]:
            return score.add(pool.map(drive, [(folder, name, home, week) for week in weeks], chunksize=1))

        base = {name: total(name, "") for name in RULES}
        print("| variant | share of tuned, mean | worst | cooling saved, % of default | of reset |", end=" ")
        print(" | ".join(COLUMNS), "|\n|", "--- |" * (5 + len(COLUMNS)))
        for variant in asked.only or VARIANTS:
            print(row(variant, [total(variant, home) for home in asked.home], base), flush=True)


if __name__ == "__main__":
    main()
