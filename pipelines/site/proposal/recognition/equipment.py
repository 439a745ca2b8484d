"""Which piece of equipment a tag names: `ch1` for `CH1_kW`, `hall-a` for `Data Hall A/Real Power`."""

import re

from pipelines.site.proposal.recognition.candidates import Subject
from pipelines.site.proposal.recognition.concepts import SUBJECT, WEIGHTS
from pipelines.site.proposal.recognition.runtogether import NUMBERING
from pipelines.site.proposal.recognition.terms import Term

_NONE = ("outdoor", "building", "facility", "cooling", "evaporator", "condenser")
_MACHINES = frozenset(concept for concept, weight in WEIGHTS.items() if weight == SUBJECT) - {*_NONE}


def equipment_of(subject: Subject) -> str:
    """A slug of the last machine or room in a tag that has a number or letter of its own; nothing without one."""
    quantity = subject.best.quantity if subject.best else None
    if quantity and subject.column.tag.split(":", 1)[0] == quantity:
        return slug(subject.column.tag.partition(":")[2])
    terms = subject.terms
    found = ""
    for index, term in enumerate(terms[:-1]):
        if not _is_machine(term):
            continue
        number = _number_after(terms, index)
        if number:
            found = f"{_stem(term)}{'-' if number.isalpha() else ''}{number}"
    return found


def slug(text: str) -> str:
    """Small letters, digits and hyphens, as names in a site file are written."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _number_after(terms: list[Term], index: int) -> str:
    text = ""
    for term in terms[index + 1 : index + 4]:
        # A letter that spells a unit is one at the end of a tag: CHWS_C.
        if term.is_number or (term.text in NUMBERING and (term.unit is None or term is not terms[-1])):
            text += term.text
        elif text or not (_is_machine(term) or any(sense.free for sense in term.senses)):
            break
    return text


def _is_machine(term: Term) -> bool:
    return any(sense.concepts & _MACHINES for sense in term.senses)


def _stem(term: Term) -> str:
    return slug(term.text.replace("data_hall", "hall"))
