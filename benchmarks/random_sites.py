"""Three random simulated sites, a week in each season: coldaisle's saving over that of the oracle.

Takes minutes a site; SITES=n and FIRST=seed in the environment choose others.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from pipelines.config import SITE_FOLDER
from pipelines.evaluation.random_sites import judge, random_site
from pipelines.site.file import load_site


def run() -> list[dict[str, Any]]:
    """A row for every site and season."""
    like = load_site(Path(SITE_FOLDER) / "demo.toml")
    first, number = int(os.environ.get("FIRST", "0")), int(os.environ.get("SITES", "3"))
    rows = []
    for seed in range(first, first + number):
        with tempfile.TemporaryDirectory() as folder:
            rows += judge(random_site(like, seed), Path(folder), lambda line: print(line, file=sys.stderr))
    return rows
