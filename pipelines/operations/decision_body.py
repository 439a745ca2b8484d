"""A decision as the ledger stores it: the body is written and read here."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipelines.code_version import code_version
from pipelines.control.decision import Decision, Expectation
from pipelines.control.explanation import recommendation_of
from pipelines.control.recommendation import Recommendation
from pipelines.operations.ledger import DecisionRecord, Operations
from pipelines.site.file import Site

_EXPECTATION = TypeAdapter(Expectation)


def add_decision(
    operations: Operations,
    site: Site,
    decision: Decision,
    at: datetime,
    *,
    model: str,
    recommendation: Recommendation | None = None,
    once: bool = False,
    written: dict[str, float] | None = None,
    refused: tuple[str, ...] = (),
    trouble: tuple[str, ...] = (),
) -> int:
    """Record a decision and return its number; see `Operations.add_decision`.

    model: the model's version, or why there is none. written: values by tag that the gateway wrote; refused: why it
    did not write others. Raises LedgerError where the ledger does not answer.
    """
    body: dict[str, Any] = {
        "values": by_tag(site, decision.values),
        "goal": by_tag(site, decision.goal),
        "present": by_tag(site, decision.present),
        "written": written or {},
        "refused": list(refused),
        "clips": [str(clip) for clip in decision.clips],
        "notices": list(decision.notices),
        "trouble": list(trouble),
        "expected": asdict(decision.expected) if decision.expected else None,
        "model": model,
        "code": code_version(),
    }
    if recommendation is not None:
        body["recommendation"] = recommendation.model_dump(mode="json")
    return operations.add_decision(
        at=at,
        mode=decision.mode,
        source=decision.source,
        reason=decision.reason,
        written=bool(written),
        body=body,
        once=once,
    )


def recommendation_in(site: Site, record: DecisionRecord) -> Recommendation:
    """A recorded decision as a recommendation: as it was explained, or made from its figures where it was not."""
    try:
        return Recommendation.model_validate(record.body["recommendation"])
    except (KeyError, ValidationError):
        model = record.body.get("model")
        explained = recommendation_of(
            site,
            _decision_of(site, record),
            record.at,
            model_version=model if isinstance(model, str) else None,
        )
        return explained.model_copy(update={"binding": _texts(record.body.get("clips"))})


def _decision_of(site: Site, record: DecisionRecord) -> Decision:
    """The decision of a record; damaged parts are left out."""
    values, goal, present = (_by_name(site, record.body.get(part)) for part in ("values", "goal", "present"))
    try:
        expected = _EXPECTATION.validate_python(record.body.get("expected"))
    except ValidationError:
        expected = None
    return Decision(
        values=values,
        reason=record.reason,
        source=record.source,  # type: ignore[arg-type]
        mode=record.mode,  # type: ignore[arg-type]
        notices=tuple(_texts(record.body.get("notices"))),
        goal=goal,
        present=present,
        expected=expected,
    )


def by_tag(site: Site, values: dict[str, float]) -> dict[str, float]:
    """Values by setpoint name as values by tag."""
    names = {setpoint.tag: site.setpoint_name(setpoint) for setpoint in site.setpoints}
    return {tag: values[name] for tag, name in names.items() if name in values}


def _by_name(site: Site, values: Any) -> dict[str, float]:
    if not isinstance(values, dict):
        return {}
    names = {setpoint.tag: site.setpoint_name(setpoint) for setpoint in site.setpoints}
    return {
        names[tag]: float(value)
        for tag, value in values.items()
        if tag in names and isinstance(value, int | float)
    }


def _texts(values: Any) -> list[str]:
    return [str(each) for each in values] if isinstance(values, list) else []
