"""What a tag's name says: every quantity that it may stand for, with how well the name is explained by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.site.proposal.recognition.concepts import BARE, IMPLIED, OTHER_WEIGHT, WEIGHTS, Pattern
from pipelines.site.proposal.recognition.lexicon import Sense
from pipelines.site.proposal.recognition.patterns import PATTERNS
from pipelines.site.proposal.recognition.spelling import WrittenUnit
from pipelines.site.proposal.recognition.terms import Term, has_subject, unknown_words

# What names a place before the machine that is meant may go unexplained: in the same part of a path, and before it.
EARLIER_PART, FARTHER_PART = 0.35, 0.2
PLACES = frozenset(("plant", "facility", "building", "hall", "cooling", "utility", "it"))
SHARED_WORTH = 0.4  # of a machine that all tags name, beside one that tells them apart
UNKNOWN_PRICE = 0.6  # of a word that nobody knows: it may name another thing
UNKNOWN_SUBJECT = 1.5  # of one where the name tells no machine or room: it probably is one
UNKNOWN_MEASURE = 1.5  # of one where what is measured is not said: it probably says that
# A setpoint is no reading, however well the rest fits.
DECISIVE_ROLES, ROLE_PRICE = frozenset(("sp", "forecast")), 5.0


@dataclass(frozen=True)
class NameMatch:
    """How a name fits one pattern.

    points: 1 where all that the pattern needs is named by words that mean nothing else, and all words are explained.
    unit: that the name writes, if it belongs to what the pattern measures. missing: what the name leaves unsaid.
    """

    pattern: Pattern
    points: float
    score: float
    unit: WrittenUnit | None
    missing: tuple[str, ...]
    named: frozenset[str]

    @property
    def quantity(self) -> str | None:
        """The quantity, None where the name says that it is none of ours."""
        return self.pattern.quantity


def matches_of(terms: Sequence[Term]) -> list[NameMatch]:
    """Patterns that a name may stand for, best first."""
    found = [match for pattern in PATTERNS if (match := _match(terms, pattern)) is not None]
    return sorted(found, key=lambda match: -match.score)


def _match(terms: Sequence[Term], pattern: Pattern) -> NameMatch | None:
    senses = _fitting(terms, pattern)
    filled: dict[frozenset[str], float] = {}
    cost, unit = 0.0, None
    last_subject = max((i for i, term in enumerate(terms) if has_subject(term)), default=-1)
    for index, (term, sense) in enumerate(zip(terms, senses, strict=True)):
        if sense is None:
            if term.unknown and pattern.less == BARE:
                continue
            price = UNKNOWN_SUBJECT if term.unknown and not pattern.has_subject else _price(term)
            cost += price * (_earlier(term, terms[last_subject]) if index < last_subject else 1.0)
            continue
        unit = sense.unit or unit
        worth = term.worth * sense.reliability * _shared_worth(term, sense)
        for need in pattern.needs:
            if need & sense.concepts:
                filled[need] = max(filled.get(need, 0.0), worth)
    missing = [need for need in pattern.needs if need not in filled]
    if len(missing) == len(pattern.needs) or any(not _implied(need) for need in missing):
        return None
    gain = sum(worth * _weight(need) for need, worth in filled.items())
    if missing:
        cost += UNKNOWN_MEASURE * len(unknown_words(terms))
    cost += (
        sum(min(IMPLIED[concept] for concept in need if concept in IMPLIED) for need in missing)
        + pattern.less
    )
    score = gain - cost
    if score <= 0:
        return None
    named = frozenset().union(*(sense.concepts for sense in senses if sense is not None))
    return NameMatch(
        pattern, score / pattern.weight, score, unit, tuple("|".join(sorted(n)) for n in missing), named
    )


def _fitting(terms: Sequence[Term], pattern: Pattern) -> list[Sense | None]:
    """For each term the sense that the pattern explains: one that it needs, and that no other term gives."""
    options = [[s for s in term.senses if s.concepts and s.concepts <= pattern.allowed] for term in terms]
    found: list[Sense | None] = [None] * len(terms)
    open_needs = set(pattern.needs)
    # Terms with one meaning first: KW beside Leistung is Kaltwasser, for the power is said.
    for index in sorted(range(len(terms)), key=lambda i: len({s.concepts for s in options[i]})):
        fitting = options[index]
        wanted = [s for s in fitting if any(need & s.concepts for need in open_needs)]
        needed = [s for s in fitting if any(need & s.concepts for need in pattern.needs)]
        found[index] = max(wanted or needed or fitting, key=lambda sense: sense.reliability, default=None)
        sense = found[index]
        if sense is not None:
            open_needs -= {need for need in open_needs if need & sense.concepts}
    return found


def _shared_worth(term: Term, sense: Sense) -> float:
    """A word that all points share is their place: a plant or hall in all names says nothing of any."""
    if not term.shared:
        return 1.0
    return 0.0 if sense.concepts & PLACES else SHARED_WORTH


def _implied(need: frozenset[str]) -> bool:
    return any(concept in IMPLIED for concept in need)


def _weight(need: frozenset[str]) -> float:
    return max(WEIGHTS[concept] for concept in need)


def _earlier(term: Term, subject: Term) -> float:
    """How much of its price a term costs that stands before the machine or room that the name is about."""
    if not has_subject(term) and not term.unknown:
        return 1.0
    return EARLIER_PART if term.part == subject.part else FARTHER_PART


def _price(term: Term) -> float:
    """What it costs to leave a term unexplained: what its likeliest sense would weigh."""
    if term.shared or any(sense.free and not sense.language for sense in term.senses):
        return 0.0
    if not term.senses:
        return UNKNOWN_PRICE if term.unknown else 0.0
    return max((sense.reliability * _sense_weight(sense) for sense in term.senses), default=0.0)


def _sense_weight(sense: Sense) -> float:
    return max((_price_of(concept) for concept in sense.concepts), default=0.0)


def _price_of(concept: str) -> float:
    if concept.startswith("other:"):
        return OTHER_WEIGHT
    return ROLE_PRICE if concept in DECISIVE_ROLES else WEIGHTS.get(concept, 1.0)
