"""What a tag's name says: every quantity that it may stand for, with how well the name is explained by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from pipelines.site.proposal.recognition.lexicon import KNOWN, LEXICON, LONGEST_PHRASE, Sense
from pipelines.site.proposal.recognition.patterns import BARE, IMPLIED, OTHER_WEIGHT, PATTERNS, WEIGHTS, Pattern
from pipelines.site.proposal.recognition.spelling import SPELLINGS, WrittenUnit
from pipelines.site.proposal.recognition.runtogether import NUMBERING
from pipelines.site.proposal.recognition.words import Word, words_of

SHARED_BY = 0.8  # a word that so many points of an export share is its place, not its meaning
SHARED_FROM = 6  # points, from which on sharing a word says something
LANGUAGE_WORDS = 2  # longer words of a language that make an export be in it
SHORT_WORD = 5  # letters; shorter words of another language need an export in it
# What names a place before the machine that is meant may go unexplained: in the same part of a path, and before it.
EARLIER_PART, FARTHER_PART = 0.35, 0.2
AT_THE_END = 0.8  # reliability of a short unit at the end of a tag
PLACES = frozenset("plant facility building hall cooling utility it".split())
NEAREST = 2  # letters by which words may be longer than the shortest that an abbreviation may stand for
UNKNOWN_PRICE = 0.6  # of a word that nobody knows: it may name another thing
UNKNOWN_MEASURE = 1.5  # of one where what is measured is not said: it probably says that
DECISIVE_ROLES, ROLE_PRICE = frozenset(("sp", "forecast")), 5.0  # a setpoint is no reading, however well the rest fits
SUBJECTS = frozenset(concept for concept, weight in WEIGHTS.items() if weight == 3.0)


@dataclass(frozen=True)
class Term:
    """A word or phrase of a tag with what it may mean; no senses where it is not known."""

    text: str
    senses: tuple[Sense, ...]
    part: int
    unit: WrittenUnit | None = None
    bracketed: bool = False
    shared: bool = False

    @property
    def is_number(self) -> bool:
        """Digits only: a number of equipment."""
        return self.text.isdigit()

    @property
    def unknown(self) -> bool:
        """A word, not a number or letter, that nobody knows."""
        return not self.senses and len(self.text) > 1 and self.text.isalpha() and not self.bracketed and not self.shared


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


def terms_of(tags: Sequence[str]) -> list[list[Term]]:
    """The terms of each tag, with regard to all: shared words and the language."""
    words = [words_of(tag, KNOWN) for tag in tags]
    counts = Counter(word for each in words for word in {word.text for word in each})
    shared = {
        word for word, count in counts.items() if len(tags) >= SHARED_FROM and count > SHARED_BY * len(tags)
    }
    shared |= _containers(words)
    phrases = [_phrases(each) for each in words]
    languages = _languages(phrases)
    found = [[_term(text, word, languages, shared) for text, word in each] for each in phrases]
    return [_plants([_numbering(terms, index) for index in range(len(terms))]) for terms in found]


def matches_of(terms: Sequence[Term]) -> list[NameMatch]:
    """Patterns that a name may stand for, best first."""
    found = [match for pattern in PATTERNS if (match := _match(terms, pattern)) is not None]
    return sorted(found, key=lambda match: -match.score)


def bracketed(unit: WrittenUnit) -> Term:
    """A unit that stands apart from the name, in brackets or in a row of units, as one more term of it."""
    spelt = next(sense for senses in LEXICON.values() for sense in senses if sense.unit and sense.unit.kind == unit.kind)
    return Term(unit.unit or unit.kind, (Sense(spelt.concepts, 1.0, unit=unit),), 0, unit, bracketed=True)


def unknown_words(terms: Sequence[Term]) -> list[str]:
    """Words that nobody knows, from the machine or room on that the name is about; before it stand places."""
    part = min((term.part for term in terms if _has_subject(term)), default=max(term.part for term in terms))
    return [term.text for term in terms if term.unknown and term.part <= part]


def _earlier(term: Term, subject: Term) -> float:
    """How much of its price a term costs that stands before the machine or room that the name is about."""
    if not _has_subject(term) and not term.unknown:
        return 1.0
    return EARLIER_PART if term.part == subject.part else FARTHER_PART


def concepts_of(terms: Sequence[Term]) -> frozenset[str]:
    """Every concept that some sense of a term has."""
    return frozenset(concept for term in terms for sense in term.senses for concept in sense.concepts)


def _containers(words: list[list[Word]]) -> set[str]:
    """Words of the first part of paths that most of them share: the server or network that they come from."""
    paths = [[word.text for word in each if word.part == each[0].part] for each in words if each and each[0].part >= 2]
    counts = Counter(tuple(first) for first in paths)
    common = [first for first, count in counts.items() if count >= SHARED_FROM and count > SHARED_BY * len(paths)]
    return {word for first in common for word in first if not any(word in f for f in counts if f not in common)}


def _phrases(words: list[Word]) -> list[tuple[str, Word]]:
    found: list[tuple[str, Word]] = []
    at = 0
    while at < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
            text = "_".join(word.text for word in words[at : at + length])
            whole = words[at : at + length]
            if length == 1 or (text in LEXICON and text not in SPELLINGS and not any(w.bracketed for w in whole)):
                found.append((text, replace(whole[-1], first=whole[0].first)))
                at += length
                break
    return found


def _numbering(terms: list[Term], index: int) -> Term:
    """The term, without meaning where it is the letter of a machine or room: the A of UPS_A/Losses is no ampere."""
    term = terms[index]
    if term.text not in NUMBERING or term.bracketed or not index or index == len(terms) - 1:
        return term
    return replace(term, senses=(), unit=None) if _has_subject(terms[index - 1]) else term


def _plants(terms: list[Term]) -> list[Term]:
    """The terms, a chiller and a plant side by side as the one thing that they name."""
    joined: list[Term] = []
    for term in terms:
        before = joined[-1] if joined else None
        if before is not None and _means(term, "plant") and _means(before, "chiller"):
            joined[-1] = replace(term, text=f"{before.text}_{term.text}", senses=(Sense(frozenset(("plant",)), 1.0),))
        else:
            joined.append(term)
    return joined


def _means(term: Term, concept: str) -> bool:
    return any(sense.concepts == {concept} and not sense.language for sense in term.senses)


def _languages(phrases: list[list[tuple[str, Word]]]) -> set[str]:
    told: dict[str, set[str]] = {}
    for text in {text for each in phrases for text, _ in each}:
        languages = {sense.language for sense in LEXICON.get(text, ())}
        if "" not in languages and len(languages) == 1 and len(text) >= 3:
            told.setdefault(languages.pop(), set()).add(text)
    return {language for language, words in told.items() if len(words) >= LANGUAGE_WORDS}


def _term(text: str, word: Word, languages: set[str], shared: set[str]) -> Term:
    senses = tuple(_weighed(sense, text, languages, word) for sense in LEXICON.get(text, ()))
    if not any(sense.unit or not sense.language or sense.language in languages for sense in senses):
        senses += _abbreviated(text, frozenset(languages))
    unit = word.unit
    if word.bracketed and unit is not None:
        return bracketed(unit)
    return Term(text, senses, word.part, unit, word.bracketed, text in shared)


@cache
def _abbreviated(text: str, languages: frozenset[str]) -> tuple[Sense, ...]:
    """What longer words mean that `text` shortens: rau for raum, lss for loss; nothing where they differ much."""
    if not 3 <= len(text) <= 6 or not text.isalpha():
        return ()
    meant: dict[frozenset[str], Sense] = {}
    words = [word for word in LEXICON if _shortens(text, word)]
    longest = min((len(word) for word in words), default=0) + NEAREST
    for sense in (sense for word in words if len(word) <= longest for sense in LEXICON[word]):
        if sense.reliability >= 0.8 and (not sense.language or sense.language in languages):
            meant.setdefault(sense.concepts, sense)
    worth = {1: 0.7, 2: 0.5, 3: 0.35}.get(len(meant), 0.0)
    return tuple(replace(sense, reliability=worth) for sense in meant.values() if worth)


def _shortens(text: str, word: str) -> bool:
    if len(word) < max(4, len(text) + 1) or word[0] != text[0] or "_" in word:
        return False
    if word.startswith(text):
        return True
    rest = iter(word)
    vowels = set(text[1:]) & set("aeiou")
    return len(word) <= len(text) + 4 and not vowels and all(letter in rest for letter in text)


def _weighed(sense: Sense, text: str, languages: set[str], word: Word) -> Sense:
    if word.misspelt:
        return replace(sense, reliability=0.75 * sense.reliability)
    if sense.unit is not None and len(text) == 1:
        # A single letter is a unit where units stand: at the end, or at the beginning as in F_CHWS.
        return replace(sense, reliability=AT_THE_END if word.last else 0.5 if word.first else 0.2)
    if not sense.language or len(text) >= SHORT_WORD or sense.language in languages:
        return sense
    return replace(sense, reliability=0.35 * sense.reliability)


def _match(terms: Sequence[Term], pattern: Pattern) -> NameMatch | None:
    senses = _fitting(terms, pattern)
    filled: dict[frozenset[str], float] = {}
    cost, unit = 0.0, None
    last_subject = max((i for i, term in enumerate(terms) if _has_subject(term)), default=-1)
    for index, (term, sense) in enumerate(zip(terms, senses, strict=True)):
        if sense is None:
            if term.unknown and pattern.less == BARE:
                continue
            cost += _price(term) * (_earlier(term, terms[last_subject]) if index < last_subject else 1.0)
            continue
        unit = sense.unit or unit
        worth = sense.reliability * _shared_worth(term, sense)
        for need in pattern.needs:
            if need & sense.concepts:
                filled[need] = max(filled.get(need, 0.0), worth)
    missing = [need for need in pattern.needs if need not in filled]
    if len(missing) == len(pattern.needs) or any(not _implied(need) for need in missing):
        return None
    gain = sum(worth * _weight(need) for need, worth in filled.items())
    if missing:
        cost += UNKNOWN_MEASURE * len(unknown_words(terms))
    cost += sum(min(IMPLIED[concept] for concept in need if concept in IMPLIED) for need in missing) + pattern.less
    score = gain - cost
    if score <= 0:
        return None
    named = frozenset().union(*(sense.concepts for sense in senses if sense is not None))
    return NameMatch(pattern, score / pattern.weight, score, unit, tuple("|".join(sorted(n)) for n in missing), named)


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
    return 0.0 if sense.concepts & PLACES else 0.4


def _implied(need: frozenset[str]) -> bool:
    return any(concept in IMPLIED for concept in need)


def _weight(need: frozenset[str]) -> float:
    return max(WEIGHTS[concept] for concept in need)


def _has_subject(term: Term) -> bool:
    return any(sense.concepts & SUBJECTS for sense in term.senses)


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
