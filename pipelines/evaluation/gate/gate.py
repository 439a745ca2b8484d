"""Judges the challenger of a site's kind, and does what follows: promotes, keeps it waiting, or refuses it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import pandas as pd

from pipelines.config import Settings
from pipelines.errors import ModelError, TrackingError
from pipelines.evaluation.gate import checks
from pipelines.evaluation.gate.checks import Check
from pipelines.evaluation.gate.evidence import Evidence, Recent, evidence, recent
from pipelines.evaluation.gate.rehearsal import rehearse
from pipelines.evaluation.gate.signs import MOST_BROKEN, signs
from pipelines.files import write_json
from pipelines.learning import charges
from pipelines.learning.cascade.bundle import read_cascade
from pipelines.learning.charges import CHALLENGER, CHAMPION, Charge
from pipelines.learning.efficiency.bundle import read_bundle
from pipelines.learning.registry import KINDS, Files, Kind, follow, no_model
from pipelines.learning.tracking import tracking
from pipelines.operations.alarms.notifier import notify
from pipelines.operations.ledger import Operations
from pipelines.operations.promotion import SCHEDULE, order_promotion
from pipelines.site.file import Site
from pipelines.telemetry.store import Store

log = logging.getLogger(__name__)

Conclusion = Literal["promoted", "waiting", "refused"]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Verdict:
    """What the gate found of a challenger. checks: in the order in which they were made."""

    site: str
    kind: Kind
    challenger: int
    champion: int
    at: datetime
    conclusion: Conclusion
    why: str
    checks: list[Check] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**self.__dict__, "checks": [check.as_dict() for check in self.checks]}


def challengers(site: Site, settings: Settings) -> list[Kind]:
    """Kinds of which a site has a challenger."""
    return [kind for kind in KINDS if charges.present(settings, site.name, kind, CHALLENGER) is not None]


def compare(site: Site, kind: Kind, settings: Settings, *, until: pd.Timestamp | None = None) -> Verdict:
    """What the gate finds now, without consequences.

    until: judge on telemetry before this time, UTC; all there is by default. Raises ModelError where there is no
    champion or no challenger, StoreError without telemetry, LedgerError where the ledger does not answer.
    """
    champion, challenger = (
        charges.present(settings, site.name, kind, alias) for alias in (CHAMPION, CHALLENGER)
    )
    if champion is None:
        raise no_model(site, kind)
    if challenger is None:
        raise ModelError(
            f"{champion.model} has no challenger to compare with version {champion.version}; train one: coldaisle train"
        )
    made, why = _checked(site, kind, settings, champion, challenger, until)
    conclusion = _conclusion(made, why)
    why = why or _why(made, conclusion)
    at = datetime.now(UTC)
    return Verdict(site.name, kind, challenger.version, champion.version, at, conclusion, why, made)


def judge(
    site: Site, kind: Kind, settings: Settings, *, until: pd.Timestamp | None = None, say: Say = lambda line: None
) -> Verdict:  # fmt: skip
    """`compare`, and what follows from it, recorded in the ledger; raises as it does, and TrackingError."""
    verdict = compare(site, kind, settings, until=until)
    say(f"{kind} version {verdict.challenger}: {verdict.conclusion}, {verdict.why}")
    operations = Operations.of(settings, site.name)
    if verdict.conclusion == "promoted":
        order_promotion(
            operations, site, kind, settings, version=verdict.challenger, by=SCHEDULE, why=verdict.why
        )
    elif verdict.conclusion == "refused":
        _refuse(operations, site, kind, settings, verdict)
    write_json(settings.models / site.name / kind / "verdict.json", verdict.as_dict())
    if verdict.conclusion != "waiting":
        title = f"coldaisle {site.name}: {kind} version {verdict.challenger} is {verdict.conclusion}"
        notify(settings, title, verdict.why)
    return verdict


def _refuse(operations: Operations, site: Site, kind: Kind, settings: Settings, verdict: Verdict) -> None:
    body = {"kind": kind, "version": verdict.challenger, "champion": verdict.champion}
    operations.order("refuse", by=SCHEDULE, why=verdict.why, body=body)
    charges.dismiss(settings, site.name, kind)
    try:
        with tracking(settings) as client:
            follow(client, settings, site, kind)
    except TrackingError as error:
        log.warning("the alias of version %s is taken away later: %s", verdict.challenger, error)


def _checked(
    site: Site, kind: Kind, settings: Settings, champion: Charge, challenger: Charge, until: pd.Timestamp | None
) -> tuple[list[Check], str]:  # fmt: skip
    """The checks, and why they cannot decide yet, empty where they can."""
    since = pd.Timestamp(challenger.about.get("learned_until") or challenger.at)
    days = _days(site, settings, since, until)
    shadow = Check(
        "shadow period", f"{days:.1f} days of telemetry since it was trained",
        f"at least {settings.shadow_days:g}", days >= settings.shadow_days,
    )  # fmt: skip
    if not shadow.met:
        return [shadow], f"its shadow period is not over ({days:.1f} of {settings.shadow_days:g} days)"
    of = recent(site, settings, since + site.interval, until)
    ours = evidence(kind, of, Files(challenger.files, challenger.title))
    try:
        theirs = evidence(kind, of, Files(champion.files, champion.title))
    except ModelError as error:
        made = [shadow, *_of_itself(site, kind, settings, challenger, of, ours)]
        return made, f"the champion cannot be judged: {error}"
    compared = checks.compared(ours, theirs)
    made = [shadow, compared.check, *_of_itself(site, kind, settings, challenger, of, ours)]
    if kind == "cascade" and compared.standing == "better" and all(check.met is not False for check in made):
        made.append(checks.safe(rehearse(site, settings, of.table.index[-1] + site.interval)))
    if compared.standing == "too few":
        return made, f"too little to judge by: {compared.check.found}"
    return made, _undecided(made, compared.standing)


def _undecided(made: list[Check], standing: str) -> str:
    """Why a challenger that breaks no rule waits; empty where the checks decide."""
    if any(check.met is False for check in made if check.name != "error on the same time"):
        return ""
    if standing == "equal":
        return "it is no better than the champion beyond noise"
    unlogged = [check for check in made if check.name == "decisions in shadow" and check.met is None]
    return "none of its decisions in shadow is logged yet" if unlogged and standing == "better" else ""


def _of_itself(
    site: Site, kind: Kind, settings: Settings, challenger: Charge, of: Recent, ours: Evidence
) -> list[Check]:
    """What the challenger has to be whatever the champion is."""
    made = [checks.calibrated(ours), checks.small(challenger.files), checks.quick(ours)]
    files = Files(challenger.files, challenger.title)
    if kind == "cascade":
        made.append(checks.right_signs(signs(site, read_cascade(files), of.plant, of.since)))
        logged = Operations.of(settings, site.name).shadow(model=challenger.title)
        seconds = [float(one.body["seconds"]) for one in reversed(logged) if "seconds" in one.body]
        made.append(checks.in_time(seconds, site.safety.deadline_s))
    if kind == "efficiency":
        made.append(checks.declared_effects(read_bundle(files).metadata.get("effects", []), MOST_BROKEN))
    return made


def _conclusion(made: list[Check], undecided: str) -> Conclusion:
    if undecided:
        return "waiting"
    return "refused" if any(check.met is False for check in made) else "promoted"


def _why(made: list[Check], conclusion: Conclusion) -> str:
    """The checks that decided, in words."""
    told = [
        check for check in made if (check.met is False) == (conclusion == "refused") and check.met is not None
    ]
    return "; ".join(f"{check.name}: {check.found}" for check in told if check.name != "shadow period")


def _days(site: Site, settings: Settings, since: pd.Timestamp, until: pd.Timestamp | None) -> float:
    span = Store(settings.store, site).span()
    if span is None:
        return 0.0
    end = span[1] if until is None else min(span[1], until)
    return max(0.0, (end - since) / pd.Timedelta(days=1))
