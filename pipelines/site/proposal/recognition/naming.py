"""What a tag's name says: every quantity that it may stand for, with how well the name is explained by it."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.site.proposal.recognition.lexicon import KNOWN, LEXICON, LONGEST_PHRASE, Sense
from pipelines.site.proposal.recognition.patterns import IMPLIED, OTHER_WEIGHT, PATTERNS, WEIGHTS, Pattern
from pipelines.site.proposal.recognition.spelling import SPELLINGS, WrittenUnit
from pipelines.site.proposal.recognition.words import Word, words_of

SHARED_BY = 0.8  # a word that so many points of an export share is its place, not its meaning
SHARED_FROM = 6  # points, from which on sharing a word says something
LANGUAGE_WORDS = 2  # longer words of a language that make an export be in it
SHORT_WORD = 5  # letters; shorter words of another language need an export in it
EARLIER_PART = 0.35  # what names a place in a path, before what is measured there, may go unexplained
AT_THE_END = 0.8  # reliability of a short unit at the end of a tag
CLOSE = 0.84  # likeness of a misspelt word to the one that was meant
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
    phrases = [_phrases(each) for each in words]
    languages = _languages(phrases)
    return [[_term(text, word, languages, shared) for text, word in each] for each in phrases]


def matches_of(terms: Sequence[Term]) -> list[NameMatch]:
    """Patterns that a name may stand for, best first."""
    found = [match for pattern in PATTERNS if (match := _match(terms, pattern)) is not None]
    return sorted(found, key=lambda match: -match.score)


def bracketed(unit: WrittenUnit) -> Term:
    """A unit that stands apart from the name, in brackets or in a row of units, as one more term of it."""
    spelt = next(sense for senses in LEXICON.values() for sense in senses if sense.unit and sense.unit.kind == unit.kind)
    return Term(unit.unit or unit.kind, (Sense(spelt.concepts, 1.0, unit=unit),), 0, unit, bracketed=True)


def concepts_of(terms: Sequence[Term]) -> frozenset[str]:
    """Every concept that some sense of a term has."""
    return frozenset(concept for term in terms for sense in term.senses for concept in sense.concepts)


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


def _languages(phrases: list[list[tuple[str, Word]]]) -> set[str]:
    told: dict[str, set[str]] = {}
    for text in {text for each in phrases for text, _ in each}:
        languages = {sense.language for sense in LEXICON.get(text, ())}
        if "" not in languages and len(languages) == 1 and len(text) >= 3:
            told.setdefault(languages.pop(), set()).add(text)
    return {language for language, words in told.items() if len(words) >= LANGUAGE_WORDS}


def _term(text: str, word: Word, languages: set[str], shared: set[str]) -> Term:
    spelt = text if text in LEXICON or word.bracketed else _corrected(text)
    senses = tuple(_weighed(sense, spelt, languages, word) for sense in LEXICON.get(spelt, ()))
    unit = word.unit
    if word.bracketed and unit is not None:
        return bracketed(unit)
    return Term(text, senses, word.part, unit, word.bracketed, text in shared)


def _corrected(text: str) -> str:
    if len(text) < 6 or text.isdigit():
        return text
    close = difflib.get_close_matches(text, [w for w in KNOWN if abs(len(w) - len(text)) <= 2], 1, CLOSE)
    return close[0] if close else text


def _weighed(sense: Sense, text: str, languages: set[str], word: Word) -> Sense:
    if sense.unit is not None and not sense.unit.sure:
        # A single letter is a unit where units stand: at the end, or at the beginning as in F_CHWS.
        return replace(sense, reliability=AT_THE_END if word.last else 0.5 if word.first else 0.2)
    if not sense.language or len(text) >= SHORT_WORD or sense.language in languages:
        return sense
    return replace(sense, reliability=0.35 * sense.reliability)


def _match(terms: Sequence[Term], pattern: Pattern) -> NameMatch | None:
    filled: dict[frozenset[str], float] = {}
    unit, cost, named = None, 0.0, set()
    last_subject = max((i for i, term in enumerate(terms) if _has_subject(term)), default=-1)
    for index, term in enumerate(terms):
        sense = _fitting(term, pattern)
        if sense is None:
            cost += _price(term) * (EARLIER_PART if index < last_subject and _has_subject(term) else 1.0)
            continue
        unit = sense.unit or unit
        named |= sense.concepts
        worth = sense.reliability * (0.4 if term.shared else 1.0)
        for need in pattern.needs:
            if need & sense.concepts:
                filled[need] = max(filled.get(need, 0.0), worth)
    missing = [need for need in pattern.needs if need not in filled]
    if len(missing) == len(pattern.needs) or any(not _implied(need) for need in missing):
        return None
    gain = sum(worth * _weight(need) for need, worth in filled.items())
    cost += sum(min(IMPLIED[concept] for concept in need if concept in IMPLIED) for need in missing) + pattern.less
    score = gain - cost
    if score <= 0:
        return None
    words = tuple("|".join(sorted(need)) for need in missing)
    return NameMatch(pattern, score / pattern.weight, score, unit, words, frozenset(named))


def _fitting(term: Term, pattern: Pattern) -> Sense | None:
    """The likeliest sense of a term that the pattern explains; free where it has one and no other fits."""
    allowed = pattern.allowed
    fitting = [sense for sense in term.senses if sense.concepts and sense.concepts <= allowed]
    needed = [sense for sense in fitting if any(need & sense.concepts for need in pattern.needs)]
    return max(needed or fitting, key=lambda sense: sense.reliability, default=None)


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
    return max((sense.reliability * _sense_weight(sense) for sense in term.senses), default=0.0)


def _sense_weight(sense: Sense) -> float:
    weights = [OTHER_WEIGHT if concept.startswith("other:") else WEIGHTS.get(concept, 1.0) for concept in sense.concepts]
    return max(weights, default=0.0)
