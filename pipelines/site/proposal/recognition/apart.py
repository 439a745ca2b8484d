"""Points that would fill one column of the interval table told apart: by equipment, or by leaving one out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from pipelines.site.proposal.recognition.candidates import Subject
from pipelines.site.proposal.recognition.column import Guess
from pipelines.site.proposal.recognition.equipment import slug
from pipelines.site.proposal.recognition.terms import concepts_of

# Of one machine only one of these may stand: contacts are counted, and a command repeats the state.
ONE_EACH = ("_on", "_speed_frac", "_load_frac", "_enable")
# What tells that another point shows the same better: a command, where the state or speed itself is there.
SECOND_BEST = ("cmd", "enable", "sp")


def apart(subjects: Sequence[Subject], guess_of: Callable[[Subject], Guess]) -> list[Guess]:
    """The guesses of subjects, with equipment or left out so that no two live ones share a column."""
    guesses = [_without_double(guess_of(subject), subject) for subject in subjects]
    groups: dict[str, list[int]] = defaultdict(list)
    for index, guess in enumerate(guesses):
        if guess.quantity is not None and guess.live:
            groups[guess.column].append(index)
    for indices in groups.values():
        if len(indices) > 1:
            _settle(indices, guesses, subjects)
    _number_repeated(guesses)
    return guesses


def _without_double(guess: Guess, subject: Subject) -> Guess:
    if not subject.double or guess.quantity is None:
        return guess
    return replace(guess, live=False, asks="", why=subject.double)


def _settle(indices: list[int], guesses: list[Guess], subjects: Sequence[Subject]) -> None:
    first = guesses[indices[0]]
    assert first.quantity is not None
    if first.quantity.endswith(ONE_EACH) and first.equipment:
        keep = min(indices, key=lambda index: (_second_best(subjects[index]), index))
        for index in indices:
            if index != keep:
                why = f"of the same machine as {guesses[keep].tag}; it would be counted twice"
                guesses[index] = replace(guesses[index], live=False, asks="", why=why)
        return
    words = [[term.text for term in subjects[index].terms if not term.bracketed] for index in indices]
    shared = set(words[0]).intersection(*words)
    for index, texts in zip(indices, words, strict=True):
        own = slug("-".join(text for text in texts if text not in shared))
        name = "-".join(part for part in (guesses[index].equipment, own) if part)
        guesses[index] = replace(guesses[index], equipment=name or slug(guesses[index].tag))


def _second_best(subject: Subject) -> bool:
    return any(concept in concepts_of(subject.terms) for concept in SECOND_BEST)


def _number_repeated(guesses: list[Guess]) -> None:
    taken: set[str] = set()
    for index, guess in enumerate(guesses):
        if guess.quantity is None or not guess.live:
            continue
        stem = guess.equipment or slug(guess.tag) or "point"
        names = (
            guess.equipment,
            *((stem,) if not guess.equipment else ()),
            *(f"{stem}-{n}" for n in range(2, 10_000)),
        )
        numbered = (replace(guess, equipment=name) for name in names)
        guesses[index] = next(each for each in numbered if each.column not in taken)
        taken.add(guesses[index].column)
