"""Everything that speaks for what a column is, weighed together: a guess each, with confidence and reasons."""

from collections.abc import Mapping, Sequence

from pipelines.site.proposal.recognition.aligned import Aligned
from pipelines.site.proposal.recognition.alike import weigh_siblings, weigh_states
from pipelines.site.proposal.recognition.balance import weigh_shares, weigh_sums
from pipelines.site.proposal.recognition.candidates import TOLD, Candidate, Subject, subjects_of
from pipelines.site.proposal.recognition.column import Column, Confidence, Guess, Told
from pipelines.site.proposal.recognition.covers import find_covered
from pipelines.site.proposal.recognition.equipment import equipment_of
from pipelines.site.proposal.recognition.heat import weigh_heat
from pipelines.site.proposal.recognition.nameless import name_nameless
from pipelines.site.proposal.recognition.nameless_powers import name_nameless_powers
from pipelines.site.proposal.recognition.powers import settle_power_units
from pipelines.site.proposal.recognition.relations import weigh_setpoints, weigh_sides
from pipelines.site.proposal.recognition.temperatures import settle_temperature_units
from pipelines.site.proposal.recognition.terms import unknown_words
from pipelines.site.proposal.recognition.totals import leave_out_doubles, level_of
from pipelines.site.proposal.recognition.weather import weigh_weather

HIGH, MEDIUM, LOW = 0.82, 0.5, 0.2  # points
MEASURES = {"power", "load", "share", "share|load"}  # what a name must say, or its unit
A_DAY = 48  # readings
CLEARLY = 0.12  # points by which a high guess is ahead of the next


def weighed(columns: Sequence[Column], told: Mapping[str, Told]) -> list[Subject]:
    """Columns with their candidates after all evidence was weighed in."""
    subjects = subjects_of(columns, told)
    aligned = Aligned(subjects)
    weigh_states(subjects)
    weigh_siblings(subjects)
    name_nameless_powers(name_nameless(subjects, aligned), subjects, aligned)
    weigh_sides(subjects, aligned)
    settle_temperature_units(subjects, aligned)
    weigh_weather(subjects, aligned)
    weigh_setpoints(subjects, aligned)
    settle_power_units(subjects)
    leave_out_doubles(subjects, aligned)
    weigh_sums(subjects, aligned)
    weigh_heat(subjects, aligned)
    weigh_shares(subjects, aligned)
    find_covered(subjects, aligned)
    return subjects


def guess_of(subject: Subject) -> Guess:
    """The guess for one column by its own best candidate."""
    low, middle, high = subject.seen.percentiles
    best = subject.best
    if best is None or best.points < LOW or best.quantity is None:
        return _nothing(subject)
    confidence = _confidence(subject, best)
    return Guess(
        tag=subject.column.tag,
        quantity=best.quantity,
        unit=best.choice.unit,
        equipment=equipment_of(subject),
        reading=best.reading,
        full_scale=best.choice.full_scale,
        low=low,
        middle=middle,
        high=high,
        why=_why(best),
        confidence=confidence,
        live=confidence != "low",
        asks=("unit" if best.choice.how == "open" else "quantity") if confidence == "low" else "",
        source=subject.column.source,
        covers=subject.covers,
        level=level_of(subject) if best.quantity == "it_power_kw" else "",
        unit_from=_unit_from(subject, best),
        other_units=best.choice.others,
        told_quantity=subject.told.quantity is not None,
        told_unit=subject.told.unit is not None,
    )


def _nothing(subject: Subject) -> Guess:
    """The guess that a column is none of our quantities, or that it is not known what it is."""
    best, (low, middle, high) = subject.best, subject.seen.percentiles
    reason = best.why[0] if best is not None and best.quantity is None and best.points >= LOW else ""
    return Guess(
        tag=subject.column.tag,
        quantity=None,
        unit=subject.written.unit if subject.written else "",
        equipment="",
        reading="instant",
        full_scale=None,
        low=low,
        middle=middle,
        high=high,
        why=reason or subject.nothing or "the name is not known",
        asks=subject.asks or ("" if reason or subject.meant else "quantity"),
        source=subject.column.source,
    )


def _confidence(subject: Subject, best: Candidate) -> Confidence:
    ahead = best.points - max((c.points for c in subject.candidates if c is not best), default=0.0)
    understood = best.points >= TOLD or not unknown_words(subject.terms)
    if best.choice.how == "open" or best.points < MEDIUM or ahead <= 0.02:
        return "low"
    unsaid = set(best.match.missing) & MEASURES
    # Two guesses on top of each other: what is measured and its unit, or an unknown word and either.
    if unsaid and best.choice.how != "written":
        return "low"
    if not understood and (best.match.missing or best.choice.how == "likely"):
        return "low"
    still = (
        subject.seen.constant
        and len(subject.seen.numbers) > A_DAY
        and not _may_stand_still(best.quantity or "")
    )
    sure = not still and best.choice.how in ("written", "certain") and best.choice.fits and not best.against
    named = "behaviour" not in best.match.named
    if sure and named and understood and best.points >= HIGH and ahead >= CLEARLY and not subject.seen.idle:
        return "high"
    return "medium"


def _may_stand_still(quantity: str) -> bool:
    # A reading that never moves is stuck, or a setting; states and setpoints do stand still.
    return quantity.endswith(("_sp_c", "_sp", "_on", "_enable"))


def _why(best: Candidate) -> str:
    if not best.match.named:
        return "told"
    said = "by its name" if best.match.points >= MEDIUM else "by its name, weakly"
    said = "" if "behaviour" in best.match.named else said
    reasons = [said, *best.why, *(f"but {each}" for each in best.against)]
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))


def _unit_from(subject: Subject, best: Candidate) -> str:
    if best.choice.how == "written":
        return "from the export" if subject.column.unit_row else "from the name"
    return {"certain": "from the values", "likely": "likely, from the values"}.get(
        best.choice.how, "not told"
    )
