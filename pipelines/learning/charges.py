"""Which version of a model is in charge: a plain folder a charge, and a link that is replaced in one rename.

    <home>/models/<site>/<kind>/champion -> charges/000003        what serving reads
    <home>/models/<site>/<kind>/challenger -> charges/000004      what decides in shadow
    <home>/models/<site>/<kind>/charges/000003/charge.json        version, run, data, code, who, when, why
    <home>/models/<site>/<kind>/charges/000003/files/             the version's files

Serving needs neither MLflow nor the ledger: these folders are the truth of what is in charge, and both follow it.
"""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple
from uuid import uuid4

from pipelines.config import Settings
from pipelines.files import locked, read_json, write_json

Alias = Literal["champion", "challenger"]
CHAMPION: Alias = "champion"
CHALLENGER: Alias = "challenger"
KEPT = 5  # former champions whose files are kept to go back to
_FILES, _DOCUMENT = "files", "charge.json"


class Who(NamedTuple):
    """Whoever puts a version in charge, and why. role, via: of a person, as the ledger keeps them."""

    name: str
    why: str
    role: str | None = None
    via: str | None = None


AUTOMATIC = "coldaisle"  # the name in place of a person's where a rule put a version in charge


class Charge(NamedTuple):
    """A version that was put in charge. number: counts the charges of a site's kind.

    replaced: the version in charge before. about: what is known of the version: run_id, fingerprint and end of the
    telemetry it learned from, code.
    """

    number: int
    alias: Alias
    model: str
    version: int
    at: datetime
    who: Who
    replaced: int | None
    about: dict[str, Any]
    folder: Path

    @property
    def files(self) -> Path:
        """The version's files; may be gone for a charge long past."""
        return self.folder / _FILES

    @property
    def title(self) -> str:
        """`<model>/<version>`, as decisions name it."""
        return f"{self.model}/{self.version}"


def present(settings: Settings, site: str, kind: str, alias: Alias = CHAMPION) -> Charge | None:
    """The charge in force; None where there is none that can be read."""
    # Resolved once, so that document and files are of one charge; in a copy of a home the link may be a folder.
    return _read((_root(settings, site, kind) / alias).resolve())


def history(settings: Settings, site: str, kind: str, alias: Alias | None = None) -> list[Charge]:
    """All charges of an alias, or of both, first to last."""
    folders = sorted((_root(settings, site, kind) / "charges").glob("[0-9]*"))
    read = [charge for folder in folders if (charge := _read(folder)) is not None]
    return [charge for charge in read if alias in (None, charge.alias)]


def put(
    settings: Settings, site: str, kind: str, alias: Alias, files: Path, *, model: str, version: int, who: Who,
    about: dict[str, Any] | None = None,
) -> Charge:  # fmt: skip
    """Put a version in charge: its files are copied, then the link is replaced. Serving sees all of it or nothing.

    A challenger that becomes champion is no challenger any more. Raises OSError where it cannot be written; what was in
    charge then stays.
    """
    root = _root(settings, site, kind)
    with locked(root / ".lock"):
        before, number = present(settings, site, kind, alias), _next(root)
        folder = root / "charges" / f"{number:06d}"
        content = {
            "number": number, "alias": alias, "model": model, "version": version, "at": datetime.now(UTC),
            "who": who._asdict(), "replaced": before.version if before else None, "about": about or {},
        }  # fmt: skip
        partial = root / f".{uuid4().hex}"
        try:
            shutil.copytree(files, partial / _FILES)
            write_json(partial / _DOCUMENT, content)
            folder.parent.mkdir(parents=True, exist_ok=True)
            os.rename(partial, folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        _link(root, alias, folder)
        challenger = present(settings, site, kind, CHALLENGER)
        if alias == CHAMPION and challenger is not None and challenger.version == version:
            (root / CHALLENGER).unlink(missing_ok=True)
        _prune(settings, site, kind)
    charge = _read(folder)
    assert charge is not None
    return charge


def dismiss(settings: Settings, site: str, kind: str) -> None:
    """End the challenger's shadow; its charge stays on record. Raises OSError."""
    root = _root(settings, site, kind)
    with locked(root / ".lock"):
        (root / CHALLENGER).unlink(missing_ok=True)


def in_charge_at(charges: list[Charge], at: datetime) -> Charge | None:
    """The charge in force at a time, of the charges of one alias."""
    before = [charge for charge in charges if charge.at <= at]
    return before[-1] if before else None


def _root(settings: Settings, site: str, kind: str) -> Path:
    return settings.models / site / kind


def _next(root: Path) -> int:
    return max((int(folder.name) for folder in (root / "charges").glob("[0-9]*")), default=0) + 1


def _link(root: Path, alias: Alias, folder: Path) -> None:
    partial = root / f".{uuid4().hex}"
    partial.symlink_to(folder.relative_to(root), target_is_directory=True)
    if (root / alias).is_dir() and not (root / alias).is_symlink():  # a copy of a home that followed links
        shutil.rmtree(root / alias)
    os.replace(partial, root / alias)


def _read(folder: Path) -> Charge | None:
    content = read_json(folder / _DOCUMENT)
    try:
        known = content or {}
        at, who = datetime.fromisoformat(known["at"]), Who(**known["who"])
        fields = {name: known[name] for name in ("number", "alias", "model", "version", "replaced", "about")}
    except (KeyError, TypeError, ValueError):
        return None
    return Charge(at=at, who=who, folder=folder, **fields)


def _prune(settings: Settings, site: str, kind: str) -> None:
    """Remove the files of charges that nobody goes back to; their documents stay."""
    linked = (present(settings, site, kind, alias) for alias in (CHAMPION, CHALLENGER))
    kept = {charge.number for charge in linked if charge is not None}
    kept |= {charge.number for charge in history(settings, site, kind, CHAMPION)[-KEPT - 1 :]}
    for charge in history(settings, site, kind):
        if charge.number not in kept:
            shutil.rmtree(charge.files, ignore_errors=True)
