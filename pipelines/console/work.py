"""The process of one job: `python -m pipelines.console.work FOLDER`. See `pipelines.console.jobs`."""

import json
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from pipelines.compilation_cache import keep_compiled
from pipelines.config import Settings, settings
from pipelines.errors import ColdaisleError
from pipelines.files import jsonable, write_json
from pipelines.operations.ledger import Operations, Person
from pipelines.site.file import Site, find_site

WRITE_EVERY_S = 0.5


class Report:
    """Writes how far a job is, not too often."""

    def __init__(self, folder: Path) -> None:
        self._path, self._written_at = folder / "state.json", 0.0

    def say(self, text: str, share: float = 0.0) -> None:
        """Progress: a line for a person, and the share of the work that is done."""
        if time.monotonic() - self._written_at >= WRITE_EVERY_S:
            self.write("running", text, share)

    def write(self, state: str, text: str, share: float, result: dict[str, Any] | None = None) -> None:
        """Write the state now."""
        write_json(self._path, {"state": state, "text": text, "share": share, "result": result or {}})
        self._written_at = time.monotonic()


def main(folder: Path) -> int:
    """Do the job of a folder; 1 where it failed. Errors are written for the person who started it."""
    report = Report(folder)
    report.write("running", "starting", 0.0)
    try:
        made = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        home = settings()
        keep_compiled(home)
        site = find_site(made["site"], home)
        result = _WORK[made["kind"]](site, home, folder, made["arguments"], Person(**made["by"]), report)
    except ColdaisleError as error:
        report.write("failed", str(error), 0.0)
        return 1
    except Exception as error:
        traceback.print_exc()
        report.write("failed", f"{type(error).__name__}: {error}; see the log of the job", 0.0)
        return 1
    report.write("done", "done", 1.0, jsonable(result))
    return 0


def _promote(
    site: Site, home: Settings, folder: Path, arguments: dict[str, Any], by: Person, report: Report
) -> dict[str, Any]:
    from pipelines.console.prepare import prepare
    from pipelines.operations.promotion import order_promotion

    report.say(f"promoting version {arguments['version']} of the {arguments['kind']} model", 0.3)
    charge = order_promotion(
        Operations.of(home, site.name), site, arguments["kind"], home,
        version=int(arguments["version"]), by=by, why=arguments["why"],
    )  # fmt: skip
    prepare(site, home, ("models",))
    return {"model": charge.model, "version": charge.version, "replaced": charge.replaced}


def _savings(
    site: Site, home: Settings, folder: Path, arguments: dict[str, Any], by: Person, report: Report
) -> dict[str, Any]:
    from pipelines.console.savings import report_savings

    done = report_savings(
        site, home, arguments["baseline"], arguments["reporting"], say=lambda line: report.say(line, 0.5)
    )
    return {"claim": done.claim}


def _prepare(
    site: Site, home: Settings, folder: Path, arguments: dict[str, Any], by: Person, report: Report
) -> dict[str, Any]:
    from pipelines.console.prepare import PARTS, prepare

    parts = tuple(part for part in PARTS if part in arguments.get("parts", PARTS))
    return {"failed": prepare(site, home, parts, say=lambda line: report.say(line, 0.5))}


def _what_if(
    site: Site, home: Settings, folder: Path, arguments: dict[str, Any], by: Person, report: Report
) -> dict[str, Any]:
    from pipelines.console.what_if import run_what_if

    return run_what_if(site, home, arguments, progress=report.say)


_WORK = {"promote": _promote, "savings": _savings, "prepare": _prepare, "what_if": _what_if}

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
