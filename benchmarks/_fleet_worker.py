"""One step for some simulated sites in a process of its own, and what it cost; called by `benchmarks.fleet`."""

import json
import os
import sys
import time
from pathlib import Path

from pipelines.config import Settings
from pipelines.files import write_atomic
from pipelines.simulation.demo_fleet import make_site
from pipelines.site.file import Site, find_site
from pipelines.telemetry.inbox import inbox_files, ingest_inbox


def make(home: Settings, numbers: range, days: int) -> None:
    """Sites of which all but the last day is in the store; that day lies in the inbox."""
    for number in numbers:
        site = make_site(home, number, days=days)
        last_days = {path: _cut(path, days) for path in inbox_files(site.name, home)}
        ingest_inbox(site, home)
        for path, text in last_days.items():
            write_atomic(path.with_stem(f"{path.stem}-day"), text)


def _cut(path: Path, days: int) -> str:
    """Takes about the last day from an export; that day as an export."""
    header, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    day = len(rows) // days
    write_atomic(path, header + "".join(rows[:-day]))
    return header + "".join(rows[-day:])


def step(what: str, sites: list[Site], home: Settings) -> None:
    """Ingest, train or recommend for these sites. Raises what one of them raises."""
    if what == "ingest":
        for site in sites:
            ingest_inbox(site, home)
        return
    if what == "train":
        from pipelines.learning.train_many import train_sites

        errors = [each.error for each in train_sites(sites, home).values() if each.error]
    else:
        from pipelines.operations.recommend import recommend

        errors = []
        for site in sites:
            recommend(site, home)
    if errors:
        raise errors[0]


def main(what: str, folder: str, first: int, count: int, days: int) -> None:
    """Prints processor seconds and resident MB, after the first site and after all, as JSON."""
    home, numbers = Settings(home=Path(folder)), range(first, first + count)
    if what == "make":
        make(home, numbers, days)
        return
    sites = [find_site(f"demo-{number}", home) for number in numbers]
    step(what, sites[:1], home)
    first_s, first_mb = time.process_time(), _resident_mb()
    if sites[1:]:
        step(what, sites[1:], home)
    print(
        json.dumps({"first_s": first_s, "first_mb": first_mb, "s": time.process_time(), "mb": _resident_mb()})
    )


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))
