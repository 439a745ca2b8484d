"""A tag's name in words: at separators, at capitals and digits, and run-together words by the lexicon."""

import re
from dataclasses import dataclass
from functools import cache

from pipelines.site.proposal.recognition.spelling import SPELLINGS, WrittenUnit, plain, unit_of_text

_SEPARATED = re.compile(r"[^\W_]+|%|°\w?", re.UNICODE)
_BRACKETS = re.compile(r"[(\[{]\s*([^)\]}]{1,40}?)\s*[)\]}]")
# Units with digits or mixed case, which a split at digits and capitals would tear apart.
_WHOLE_UNITS = re.compile(
    r"(?<![A-Za-z])(?:(?:kW/ton|kW/RT|kW/TR|kw/ton|KW/TON)(?![A-Za-z0-9])|(?:kWh|MWh|kWth|kWt|kWr|kVAr|kVAR|kVA|kW|degC|degF|inWC|inHg)(?![a-z0-9])"
    r"|(?:m3/h|m3ph|m³/h|L/s|l/s|L/sec|ft3/min)(?![A-Za-z0-9]))"
)
_CASE = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|%|°\w?")


# How much cheaper a split by known words must be than the one that capitals show.
CAPITALS_COUNT = 1.2
MISSPELT = "~"
# Letters that number machines: UPSB is UPS B.
NUMBERING = frozenset("abcdefgh")


@dataclass(frozen=True)
class Word:
    """One word of a tag.

    text: in plain lower case. part: which part of a path it stands in, counted from the last (0).
    unit: what it spells if it is a unit. bracketed: it stands in brackets, as units do.
    first, last: where in the tag it stands. misspelt: the tag has another spelling.
    """

    text: str
    part: int = 0
    unit: WrittenUnit | None = None
    bracketed: bool = False
    first: bool = False
    last: bool = False
    misspelt: bool = False

    @property
    def is_number(self) -> bool:
        """Digits only."""
        return self.text.isdigit()


def words_of(tag: str, known: frozenset[str]) -> list[Word]:
    """The words of a tag, in order. known: words of the lexicon, by which run-together words are split."""
    units = [unit for text in _BRACKETS.findall(tag) if (unit := unit_of_text(text)) is not None]
    bare = _BRACKETS.sub(lambda match: " " if unit_of_text(match[1]) else f" {match[1]} ", tag)
    parts = [part for part in re.split(r"[/\\.:'>|~]+|\s-\s", _units_kept(bare)) if part.strip()]
    texts = [
        (text, len(parts) - 1 - index)
        for index, part in enumerate(parts)
        for text in _units_joined(_words_of_part(part, known))
    ]
    words = [
        Word(
            text.removesuffix(MISSPELT),
            part,
            unit_of_text(text, alone=False),
            first=index == 0,
            last=index == len(texts) - 1,
            misspelt=text.endswith(MISSPELT),
        )
        for index, (text, part) in enumerate(texts)
    ]
    return words + [Word(unit.unit or unit.kind, 0, unit, bracketed=True) for unit in units]


def _units_kept(text: str) -> str:
    # m3/h in the middle of a path is one word; a dot or slash in it would end the part.
    return _WHOLE_UNITS.sub(lambda match: f" {re.sub('[^A-Za-z0-9]', '', match[0].replace('³', '3')).lower()} ", text)


def _words_of_part(part: str, known: frozenset[str]) -> list[str]:
    words: list[str] = []
    for chunk in _SEPARATED.findall(part):
        whole = plain(chunk)
        if whole in known or unit_of_text(whole, alone=False) is not None:
            words.append(whole)
            continue
        by_case = [plain(piece) for piece in _CASE.findall(_fold(chunk))]
        by_words = _by_digits(whole, known)
        by_case_cost = sum(0.5 if word in NUMBERING else _word_cost(word, known) for word in by_case)
        bias = CAPITALS_COUNT if sum(not word.isdigit() for word in by_case) > 1 else 0.0
        split = by_words if sum(_word_cost(word, known) for word in by_words) + bias < by_case_cost else by_case
        words += _mended(whole, split, known)
    return words


def _units_joined(words: list[str]) -> list[str]:
    # L_s and kw_per_ton are one unit each.
    joined: list[str] = []
    while words:
        count = next((n for n in (4, 3, 2) if len(words) >= n and "_".join(words[:n]) in SPELLINGS), 1)
        joined.append("_".join(words[:count]))
        words = words[count:]
    return joined


def _fold(chunk: str) -> str:
    # Capital umlauts count as capitals; the pattern knows ASCII only.
    for sign, letters in (("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue"), ("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        chunk = chunk.replace(sign, letters)
    folded = plain(chunk)
    return "".join(
        low.upper() if high.isupper() else low for low, high in zip(folded, chunk, strict=True)
    ) if len(folded) == len(chunk) else chunk  # fmt: skip


def _by_digits(whole: str, known: frozenset[str]) -> list[str]:
    pieces = re.findall(r"\d+|[^\d]+", whole)
    return [word for piece in pieces for word in (_segmented(piece, known) if not piece.isdigit() else (piece,))]


def _word_cost(word: str, known: frozenset[str]) -> float:
    if word.isdigit():
        return 0.1
    if word in known or unit_of_text(word, alone=False) is not None:
        # Short words are found by chance in others: st in test.
        return {1: 1.9, 2: 1.5}.get(len(word), 1.0)
    return 1.6 + 0.55 * len(word)


def _piece_cost(text: str, start: int, end: int, known: frozenset[str]) -> float:
    piece = text[start:end]
    return 1.7 if start and piece in NUMBERING else _word_cost(piece, known)


@cache
def _segmented(text: str, known: frozenset[str]) -> tuple[str, ...]:
    """The cheapest split into known words and unknown remains."""
    if len(text) > 40:
        return (text,)
    best: list[tuple[float, tuple[str, ...]]] = [(0.0, ())]
    for end in range(1, len(text) + 1):
        best.append(
            min(
                (best[start][0] + _piece_cost(text, start, end, known), (*best[start][1], text[start:end]))
                for start in range(end)
            )
        )
    return best[-1][1]


def _mended(whole: str, split: list[str], known: frozenset[str]) -> list[str]:
    """The split, or the word that was meant where some of it is not known: percent for precent."""
    if not any(len(word) > 2 and not word.isdigit() and _word_cost(word, known) > 1.9 for word in split):
        return split
    meant = _corrected(whole, known)
    return [f"{meant}{MISSPELT}"] if meant != whole else [_marked(word, known) for word in split]


def _marked(word: str, known: frozenset[str]) -> str:
    meant = _corrected(word, known)
    return word if meant == word else f"{meant}{MISSPELT}"


@cache
def _corrected(text: str, known: frozenset[str]) -> str:
    """The known word that a longer unknown one misspells by one letter, or two that changed places."""
    if len(text) < 6 or not text.isalpha() or text in known:
        return text
    return next((word for word in sorted(known) if len(word) > 4 and _one_slip(text, word)), text)


def _one_slip(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1 or one[0] != other[0]:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, rest_other = one[at:], other[at:]
    if len(one) == len(other):
        return rest[1:] == rest_other[1:] or (rest[:2] == rest_other[1::-1] and rest[2:] == rest_other[2:])
    return rest[1:] == rest_other or rest == rest_other[1:]
