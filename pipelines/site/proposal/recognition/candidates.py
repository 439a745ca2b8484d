"""What a column may be: each quantity that its name allows, in the unit that its values allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipelines.site.points import Reading
from pipelines.site.proposal.recognition.behaviour import Behaviour, behaviour_of
from pipelines.site.proposal.recognition.column import Column, Told
from pipelines.site.proposal.recognition.concepts import Pattern
from pipelines.site.proposal.recognition.naming import NameMatch, matches_of
from pipelines.site.proposal.recognition.ranges import UnitChoice, takes, unit_choice
from pipelines.site.proposal.recognition.spelling import OTHER, WrittenUnit, unit_of_text
from pipelines.site.proposal.recognition.terms import Term, bracketed, concepts_of, terms_of
from pipelines.site.quantities import QUANTITIES
from pipelines.site.units import is_energy

APPARENT = frozenset(("kva", "kvar"))
NOTHING_TOLD = Told()
UNUSUAL = 0.35  # what values cost that lie where the quantity seldom does
SUITED = 0.05  # what values count for that suit a temperature in one unit only
TOLD = 2.0  # points of what a person said
MOST = 6  # quantities to consider of one column


@dataclass(eq=False)
class Candidate:
    """One quantity that a column may be. points: of its name and of all that speaks for or against it (see `add`).

    quantity: None where the name says that it is none of ours.
    """

    match: NameMatch
    choice: UnitChoice
    reading: Reading
    points: float
    why: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)

    @property
    def quantity(self) -> str | None:
        """The quantity's name."""
        return self.match.quantity

    def add(self, points: float, why: str) -> None:
        """Weigh in a finding: positive where it speaks for the candidate."""
        self.points += points
        (self.why if points >= 0 else self.against).append(why)


@dataclass(eq=False)
class Subject:
    """A column under consideration: its name's terms, its behaviour, its written unit and what it may be.

    nothing: why it is none of our quantities, where that is known; meant: the name says so itself; asks: what would
        make it one. double: which points hold its power already. covers: of a total of cooling power, what it holds.
    told: what a person said of it.
    """

    column: Column
    terms: list[Term]
    seen: Behaviour
    written: WrittenUnit | None
    candidates: list[Candidate] = field(default_factory=list)
    nothing: str = ""
    meant: bool = False
    asks: str = ""
    double: str = ""
    covers: tuple[str, ...] = ()
    told: Told = NOTHING_TOLD

    @property
    def best(self) -> Candidate | None:
        """The candidate with most points."""
        return max(self.candidates, key=lambda candidate: candidate.points, default=None)

    def candidate(self, quantity: str) -> Candidate | None:
        """The candidate for a quantity, if the column may be that."""
        return next((each for each in self.candidates if each.quantity == quantity), None)


def subjects_of(columns: Sequence[Column], told: Mapping[str, Told] | None = None) -> list[Subject]:
    """Each column with what its own name, unit and values allow, and what a person said of it."""
    subjects = []
    found = terms_of([column.tag for column in columns], [column.source for column in columns])
    for column, terms in zip(columns, found, strict=True):
        said = (told or {}).get(column.tag, NOTHING_TOLD)
        stated = said.unit or column.unit_row
        row = unit_of_text(stated) if stated and stated.strip() else None
        if row is not None:
            terms = [*terms, bracketed(row)]
        subject = Subject(column, terms, behaviour_of(column), row or _in_brackets(terms), told=said)
        _fill(subject)
        subjects.append(subject)
    return subjects


def _in_brackets(terms: Sequence[Term]) -> WrittenUnit | None:
    return next((term.unit for term in reversed(terms) if term.bracketed), None)


def _fill(subject: Subject) -> None:
    if subject.seen.empty:
        subject.nothing = "no numbers in the sample"
        return
    if _apparent(subject):
        subject.nothing, subject.meant = "apparent or reactive power (kVA, kvar) is no power in kW", True
        subject.asks = "power factor"
        return
    if subject.written is not None and subject.written.kind in OTHER:
        subject.nothing = f"its unit tells {OTHER[subject.written.kind]}, which no quantity stands for"
        subject.meant = True
        return
    if subject.told.quantity == "":
        subject.nothing, subject.meant = "told to be none of our quantities", True
        return
    matches = matches_of(subject.terms) if subject.told.quantity is None else [_told(subject.told.quantity)]
    best: dict[str | None, Candidate] = {}
    for match in matches:
        candidate = _candidate(subject, match)
        known = best.get(match.quantity)
        if candidate is not None and (known is None or candidate.points > known.points):
            best[match.quantity] = candidate
    subject.candidates = sorted(best.values(), key=lambda candidate: -candidate.points)[:MOST]
    if not subject.candidates:
        told = _told_other(subject)
        subject.nothing, subject.meant = told or _reason(subject, matches), bool(told)


def _apparent(subject: Subject) -> bool:
    """Whether unit or name tell apparent or reactive power."""
    if subject.written is not None:
        return subject.written.kind in APPARENT
    units = {term.unit.kind for term in subject.terms if term.unit is not None and term.unit.sure}
    named = {f"other:{kind} power" for kind in ("apparent", "reactive")}
    return bool(units & APPARENT) or bool(named & concepts_of(subject.terms))


def _told(quantity: str) -> NameMatch:
    return NameMatch(Pattern(quantity, ()), TOLD, TOLD, None, (), frozenset())


def _candidate(subject: Subject, match: NameMatch) -> Candidate | None:
    if match.quantity is None:
        return Candidate(match, UnitChoice("", "written"), "instant", match.points, [match.pattern.reason])
    unit = subject.written or match.unit
    choice = unit_choice(match.quantity, unit, subject.seen)
    belied = choice is None and unit is not None and subject.written is None
    if belied:
        choice = unit_choice(match.quantity, None, subject.seen)  # F may have been a floor, KW part of a name
    if choice is None or (belied and unit is not None and unit.sure and not takes(match.quantity, unit)):
        return None
    if belied and unit is not None and unit.sure:
        choice = replace(choice, how="likely" if choice.how == "certain" else choice.how)
    candidate = Candidate(match, choice, _reading(choice.unit, subject), match.points)
    if not choice.fits:
        candidate.add(-UNUSUAL, f"values are unusual for {match.quantity}")
    if choice.how == "certain" and QUANTITIES[match.quantity].unit == "degC":
        candidate.points += SUITED  # of all ranges those of temperatures are the narrowest
    if match.quantity == "outdoor_pressure_pa" and choice.fits:
        candidate.add(0.15, "as high as the pressure of the air")
    if match.quantity.endswith("_load_frac") and choice.unit == "%" and subject.seen.numbers.max() <= 110:
        candidate.add(0.08, "values of 0 to 100")
    return candidate


def _reading(unit: str, subject: Subject) -> Reading:
    if not is_energy(unit):
        return "change" if subject.column.change_only else "instant"
    return "counter" if subject.seen.rises else "interval"


def _told_other(subject: Subject) -> str:
    """What the name tells that no quantity stands for; nothing where it tells no such thing."""
    told = [
        (sense.reliability, concept.removeprefix("other:"))
        for term in subject.terms
        for sense in term.senses
        for concept in sense.concepts
        if concept.startswith("other:")
    ]
    return f"the name tells {max(told)[1]}, which no quantity stands for" if told else ""


def _reason(subject: Subject, matches: Sequence[NameMatch]) -> str:
    named = next((match.quantity for match in matches if match.quantity), None)
    if named is None:
        return "the name is not known"
    if subject.written is not None:
        return f"the name tells {named}, which is not measured in {subject.column.unit_row or subject.written.unit}"
    return (
        f"the name tells {named}, but the values suit it in no unit ({QUANTITIES[named].unit or 'fraction'})"
    )
