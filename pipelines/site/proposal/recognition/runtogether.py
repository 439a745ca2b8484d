"""Run-together and misspelt words: chwsuptemp is chw, sup and temp; precent was meant to be percent."""

import re
from functools import cache

from pipelines.site.proposal.recognition.spelling import plain, unit_of_text

# How much cheaper a split by known words must be than the one that capitals show.
CAPITALS_COUNT = 1.8
SEAM = 0.25  # what each further word costs that a run-together one is split into
REMAINS = 1.0  # what more an unknown word costs that is left over by a split: cons and umption are no split
MISSPELT, TORN = "~", "+"
# Letters that number machines: UPSB is UPS B.
UNKNOWN_FROM = 1.9  # the cost above which a word is not known
NUMBERING = frozenset("abcdefgh")
_CASE = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|%|°\w?")
_UMLAUTS = (("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue"), ("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"))


def split_chunk(chunk: str, known: frozenset[str]) -> list[str]:
    """The words of a chunk without separators, in plain lower case.

    Those that were misspelt end in MISSPELT, those that were torn out of a run-together word in TORN.
    """
    whole = plain(chunk)
    if whole in known or unit_of_text(whole, alone=False) is not None:
        return [whole]
    by_case = [_of_case(piece, known) for piece in _CASE.findall(_fold(chunk))]
    by_words = _by_digits(whole, known)
    several = sum(not piece[0].isdigit() for piece in by_case if piece) > 1
    bias = CAPITALS_COUNT if several else 0.0
    case_cost = sum(
        0.5 if len(piece) == 1 and piece[0] in NUMBERING else _cost(piece, known) for piece in by_case
    )
    split = [word for piece in by_case for word in piece]
    if _cost(by_words, known) + bias < case_cost and not _written_as_one(chunk):
        split = by_words
    return _mended(whole, split, known)


def _fold(chunk: str) -> str:
    # Capital umlauts count as capitals; the pattern knows ASCII only.
    for sign, letters in _UMLAUTS:
        chunk = chunk.replace(sign, letters)
    folded = plain(chunk)
    if len(folded) != len(chunk):
        return chunk
    return "".join(low.upper() if high.isupper() else low for low, high in zip(folded, chunk, strict=True))


def _of_case(piece: str, known: frozenset[str]) -> list[str]:
    """A piece between capitals: one word if it is written as one and would be torn into bits of one or two letters."""
    words = _by_digits(plain(piece), known)
    bits = any(len(word.rstrip(TORN)) < 3 for word in words)
    return [plain(piece)] if _written_as_one(piece) and bits else words


def _written_as_one(piece: str) -> bool:
    """Like Saida, which is no SA and IDA."""
    return len(piece) > 3 and piece.isalpha() and piece[0].isupper() and piece[1:].islower()


def _by_digits(whole: str, known: frozenset[str]) -> list[str]:
    return [word for piece in re.findall(r"\d+|[^\d]+", whole) for word in _torn(piece, known)]


def _torn(piece: str, known: frozenset[str]) -> list[str]:
    words = _segmented(piece, known) if not piece.isdigit() else (piece,)
    return [f"{word}{TORN}" for word in words] if len(words) > 1 else list(words)


def _cost(split: list[str], known: frozenset[str]) -> float:
    return sum(_word_cost(word, known) for word in split) + SEAM * (len(split) - 1)


def _word_cost(word: str, known: frozenset[str]) -> float:
    word = word.rstrip(TORN)
    if word.isdigit():
        return 0.1
    if word in known or unit_of_text(word, alone=False) is not None:
        # Short words are found by chance in others: st in test.
        return {1: 1.9, 2: 1.5, 3: 1.3}.get(len(word), 1.0)
    return 2.6 if len(word) == 1 else 1.6 + 0.55 * len(word)


def _piece_cost(text: str, start: int, end: int, known: frozenset[str]) -> float:
    piece = text[start:end]
    if start and piece in NUMBERING:
        return SEAM + 1.6
    cost = _word_cost(piece, known)
    remains = end - start < len(text) and cost > UNKNOWN_FROM
    return (SEAM if start else 0.0) + cost + (REMAINS if remains else 0.0)


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
    if not any(len(word.rstrip(TORN)) > 2 and _word_cost(word, known) > UNKNOWN_FROM for word in split):
        return split
    meant = _corrected(whole, known)
    return [f"{meant}{MISSPELT}"] if meant != whole else [_marked(word, known) for word in split]


def _marked(word: str, known: frozenset[str]) -> str:
    meant = _corrected(word.rstrip(TORN), known)
    return word if meant == word.rstrip(TORN) else f"{meant}{MISSPELT}"


@cache
def _corrected(text: str, known: frozenset[str]) -> str:
    """The known word that a longer unknown one misspells by one letter, or two that changed places."""
    if len(text) < 6 or not text.isalpha() or text in known:
        return text
    return next((word for word in sorted(known) if len(word) > 4 and _one_slip(text, word)), text)


def _one_slip(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1 or one[0] != other[0]:
        return False
    at = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    rest, rest_other = one[at:], other[at:]
    if len(one) == len(other):
        return rest[1:] == rest_other[1:] or (rest[:2] == rest_other[1::-1] and rest[2:] == rest_other[2:])
    return rest[1:] == rest_other or rest == rest_other[1:]
