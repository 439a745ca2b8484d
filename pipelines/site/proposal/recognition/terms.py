"""The words of tags with what they may mean: in the light of all tags, the language, and abbreviations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from pipelines.site.proposal.recognition.concepts import WEIGHTS
from pipelines.site.proposal.recognition.lexicon import KNOWN, LEXICON, LONGEST_PHRASE, Sense
from pipelines.site.proposal.recognition.runtogether import NUMBERING
from pipelines.site.proposal.recognition.spelling import SPELLINGS, WrittenUnit
from pipelines.site.proposal.recognition.words import Word, words_of

SHARED_BY = 0.8  # a word that so many points of an export share is its place, not its meaning
SHARED_FROM = 6  # points, from which on sharing a word says something
LANGUAGE_WORDS = 2  # words of a language that make an export be in it
SHORT_WORD = 5  # letters; shorter words of another language need an export in it
AT_THE_END, AT_THE_START, AMIDST = 0.8, 0.5, 0.2  # reliability of a single letter as a unit
NEAREST = 2  # letters by which words may be longer than the shortest that an abbreviation may stand for
ABBREVIATED = {1: 0.7, 2: 0.5, 3: 0.35}  # reliability, by the number of things that it may stand for
MISSPELT_WORTH = 0.75
TORN_WORTH = {2: 0.6, 3: 0.75}  # of short words that were found within longer ones
OTHER_LANGUAGE = 0.35
SUBJECTS = frozenset(concept for concept, weight in WEIGHTS.items() if weight == 3.0)


@dataclass(frozen=True)
class Term:
    """A word or phrase of a tag with what it may mean; no senses where it is not known.

    worth: what it counts for, less where it was misspelt or found within a longer word.
    """

    text: str
    senses: tuple[Sense, ...]
    part: int
    unit: WrittenUnit | None = None
    bracketed: bool = False
    shared: bool = False
    worth: float = 1.0

    @property
    def is_number(self) -> bool:
        """Digits only: a number of equipment."""
        return self.text.isdigit()

    @property
    def unknown(self) -> bool:
        """A word, not a number or letter, that nobody knows."""
        return (
            not self.senses
            and len(self.text) > 1
            and self.text.isalpha()
            and not self.bracketed
            and not self.shared
        )


def terms_of(tags: Sequence[str], sources: Sequence[str]) -> list[list[Term]]:
    """The terms of each tag, with regard to all: words that an export's tags share, and the language.

    sources: the export that each tag stands in.
    """
    words = [words_of(tag, KNOWN) for tag in tags]
    phrases = [_phrases(each) for each in words]
    languages = _languages(phrases)
    shared = {
        source: _shared([each for each, of in zip(words, sources, strict=True) if of == source])
        for source in set(sources)
    }
    found = [
        [_term(text, word, languages, shared[source]) for text, word in each]
        for each, source in zip(phrases, sources, strict=True)
    ]
    return [_plants([_numbering(terms, index) for index in range(len(terms))]) for terms in found]


def bracketed(unit: WrittenUnit) -> Term:
    """A unit that stands apart from the name, in brackets or in a row of units, as one more term of it."""
    spelt = next(
        sense
        for senses in LEXICON.values()
        for sense in senses
        if sense.unit and sense.unit.kind == unit.kind
    )
    return Term(unit.unit or unit.kind, (Sense(spelt.concepts, 1.0, unit=unit),), 0, unit, bracketed=True)


def unknown_words(terms: Sequence[Term]) -> list[str]:
    """Words that nobody knows, from the machine or room on that the name is about; before it stand places."""
    part = min((term.part for term in terms if has_subject(term)), default=max(term.part for term in terms))
    return [term.text for term in terms if term.unknown and term.part <= part]


def has_subject(term: Term) -> bool:
    """Whether it may name a machine, a room or a medium."""
    return any(sense.concepts & SUBJECTS for sense in term.senses)


def concepts_of(terms: Sequence[Term]) -> frozenset[str]:
    """Every concept that some sense of a term has."""
    return frozenset(concept for term in terms for sense in term.senses for concept in sense.concepts)


def _shared(words: list[list[Word]]) -> set[str]:
    """Words that nearly all tags of an export have, and those of a first part of paths that most have."""
    counts = Counter(word for each in words for word in {word.text for word in each})
    few = len(words) < SHARED_FROM
    everywhere = set() if few else {word for word, count in counts.items() if count > SHARED_BY * len(words)}
    return everywhere | _containers(words)


def _containers(words: list[list[Word]]) -> set[str]:
    """Words of the first part of paths that most of them share: the server or network that they come from."""
    paths = [
        [word.text for word in each if word.part == each[0].part]
        for each in words
        if each and each[0].part >= 2
    ]
    counts = Counter(tuple(first) for first in paths)
    common = [
        first for first, count in counts.items() if count >= SHARED_FROM and count > SHARED_BY * len(paths)
    ]
    return {
        word for first in common for word in first if not any(word in f for f in counts if f not in common)
    }


def _phrases(words: list[Word]) -> list[tuple[str, Word]]:
    found: list[tuple[str, Word]] = []
    at = 0
    while at < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
            text = "_".join(word.text for word in words[at : at + length])
            whole = words[at : at + length]
            if length == 1 or (
                text in LEXICON and text not in SPELLINGS and not any(w.bracketed for w in whole)
            ):
                found.append((text, replace(whole[-1], first=whole[0].first)))
                at += length
                break
    return found


def _numbering(terms: list[Term], index: int) -> Term:
    """The term, without meaning where it is the letter of a machine or room: the A of UPS_A/Losses is no ampere."""
    term = terms[index]
    if term.text not in NUMBERING or term.bracketed or not index or index == len(terms) - 1:
        return term
    return replace(term, senses=(), unit=None) if has_subject(terms[index - 1]) else term


def _plants(terms: list[Term]) -> list[Term]:
    """The terms, a chiller and a plant side by side as the one thing that they name."""
    joined: list[Term] = []
    for term in terms:
        before = joined[-1] if joined else None
        if before is not None and _means(term, "plant") and _means(before, "chiller"):
            joined[-1] = replace(
                term, text=f"{before.text}_{term.text}", senses=(Sense(frozenset(("plant",)), 1.0),)
            )
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
    if word.misspelt:  # that a point is none of ours has to be said plainly
        senses = tuple(s for s in senses if not any(concept.startswith("other:") for concept in s.concepts))
    if not any(sense.unit or not sense.language or sense.language in languages for sense in senses):
        senses += _abbreviated(text, frozenset(languages))
    unit = word.unit
    if word.bracketed and unit is not None:
        return bracketed(unit)
    return Term(text, senses, word.part, unit, word.bracketed, text in shared, _worth(word))


def _worth(word: Word) -> float:
    if word.misspelt:
        return MISSPELT_WORTH
    torn = word.torn and (word.unit is None or not word.unit.sure)
    return TORN_WORTH.get(len(word.text), 1.0) if torn else 1.0


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
    worth = ABBREVIATED.get(len(meant), 0.0)
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
    if sense.unit is not None and len(text) == 1:
        # A single letter is a unit where units stand: at the end, or at the beginning as in F_CHWS.
        return replace(sense, reliability=AT_THE_END if word.last else AT_THE_START if word.first else AMIDST)
    if not sense.language or len(text) >= SHORT_WORD or sense.language in languages:
        return sense
    return replace(sense, reliability=OTHER_LANGUAGE * sense.reliability)
