"""Points of a made-up plant under the names of a style, and a count of what became of them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np

from pipelines.site.proposal.recognition import Column, Guess, recognise, terms
from pipelines.site.proposal.recognition.spelling import SPELLINGS
from pipelines.site.proposal.recognition.words import words_of
from pipelines.site.quantities import QUANTITIES
from pipelines.site.units import conversion
from tests.pipelines.site.proposal.plants import Made, made_points, times
from tests.pipelines.site.proposal.styles import Style

SUFFIXES = {
    "degC": "C", "degF": "F", "L/s": "Lps", "gpm": "gpm", "%": "Pct", "kW": "kW", "W": "W", "Hz": "Hz", "RT": "tons",
}  # fmt: skip
HERTZ = 50.0


@dataclass(frozen=True)
class Named:
    """A column with the truth about it: quantity and unit."""

    column: Column
    quantity: str | None
    unit: str
    full_scale: float | None = None


def named_points(style: Style, seed: int, keep: Callable[[Made], bool] = lambda made: True) -> list[Named]:
    """The points of plant `seed`, named and written in units as the style does."""
    return [_named(style, made) for made in made_points(seed) if keep(made)]


def outcome(named: Named, guess: Guess) -> str:
    """ "right", "wrong" or "asked"; what no quantity stands for is right where it is left out."""
    if not guess.live:
        return "asked" if named.quantity is not None else "right"
    if named.quantity is None or guess.quantity != named.quantity:
        return "wrong"
    told = conversion(guess.unit, guess.quantity, guess.full_scale)
    meant = conversion(named.unit, named.quantity, named.full_scale)
    return "right" if np.allclose(told, meant) else "wrong"


def count(named: list[Named]) -> tuple[Counter[str], list[tuple[str, Named, Guess]]]:
    """How many are right, wrong, asked, and wrong with high confidence; and each that is not right."""
    guesses = recognise([each.column for each in named])
    outcomes = [(outcome(each, guess), each, guess) for each, guess in zip(named, guesses, strict=True)]
    counts = Counter(said for said, _, _ in outcomes)
    counts["surely wrong"] = sum(
        said == "wrong" and guess.confidence == "high" for said, _, guess in outcomes
    )
    return counts, [each for each in outcomes if each[0] != "right"]


def words_of_its_own(style: Style, styles: Sequence[Style]) -> frozenset[str]:
    """Words, and phrases of them, that only `style` uses of all styles."""
    used = {each.name: _words(each) for each in styles}
    others = frozenset().union(*(words for name, words in used.items() if name != style.name))
    return used[style.name] - others


@contextmanager
def words_forgotten(words: frozenset[str]) -> Iterator[None]:
    """The lexicon without some words, as if their style had never been seen; units stay, for they are no style."""
    kept = {word: senses for word, senses in terms.LEXICON.items() if word not in words or word in SPELLINGS}
    terms._abbreviated.cache_clear()
    with patch.object(terms, "LEXICON", kept), patch.object(terms, "KNOWN", terms.KNOWN - words):
        yield
    terms._abbreviated.cache_clear()


def _words(style: Style) -> frozenset[str]:
    found: set[str] = set()
    for made in made_points(1):
        tag = style.tag(made.device, made.measure, made.index)
        texts = [word.text for word in words_of(tag, terms.KNOWN)]
        found |= {
            "_".join(texts[a:b]) for a in range(len(texts)) for b in range(a + 1, min(a + 4, len(texts)) + 1)
        }
    return frozenset(found)


def _named(style: Style, made: Made) -> Named:
    unit, full_scale = _unit(style, made)
    tag = style.tag(made.device, made.measure, made.index)
    readings = made.values
    if made.quantity is not None:
        slope, offset = conversion(unit, made.quantity, full_scale)
        readings = (readings - offset) / slope
    written = unit if made.quantity is not None else made.unit
    if style.unit == "suffix" and written in SUFFIXES:
        tag += f"_{SUFFIXES[written]}"
    if style.unit == "brackets" and written:
        tag += f" ({written})"
    row = written if style.unit == "row" and written else None
    return Named(Column(tag, row, np.round(readings, 3), times()), made.quantity, unit, full_scale)


def _unit(style: Style, made: Made) -> tuple[str, float | None]:
    canonical = QUANTITIES[made.quantity].unit if made.quantity else made.unit
    units = {"degC": "degF" if style.us else "degC", "kg/s": "gpm" if style.us else "L/s", "kW": style.power}
    if canonical == "" and (made.quantity or "").endswith("_frac"):
        hertz = style.fraction == "Hz" and made.measure == "speed"
        return ("Hz", HERTZ) if hertz else ("%", None)
    return units.get(canonical, canonical), None
