"""A tag's name in words: at separators, at capitals and digits, and run-together words by the lexicon."""

import re
from dataclasses import dataclass

from pipelines.site.proposal.recognition.runtogether import MISSPELT, TORN, split_chunk
from pipelines.site.proposal.recognition.spelling import SPELLINGS, WrittenUnit, unit_of_text

_SEPARATED = re.compile(r"[^\W_]+|%|°\w?", re.UNICODE)
_BRACKETS = re.compile(r"[(\[{]\s*([^)\]}]{1,40}?)\s*[)\]}]")
# Units with digits or mixed case, which a split at digits and capitals would tear apart.
_WHOLE_UNITS = re.compile(
    r"(?<![A-Za-z])(?:(?:kW/ton|kW/RT|kW/TR|kw/ton|KW/TON)(?![A-Za-z0-9])|(?:MWh|degC|degF|inWC|inHg)(?![a-z0-9])"
    r"|(?:[Oo][Nn]/[Oo][Ff][Ff]|m3/h|m3ph|m³/h|L/s|l/s|L/sec|ft3/min)(?![A-Za-z0-9]))"
    r"|(?<![a-z])(?:kWh|kWth|kWt|kWr|kVAr|kVAR|kVA|kW)(?![a-z0-9])"
)


@dataclass(frozen=True)
class Word:
    """One word of a tag.

    text: in plain lower case. part: which part of a path it stands in, counted from the last (0).
    unit: what it spells if it is a unit. bracketed: it stands in brackets, as units do.
    first, last: where in the tag it stands. misspelt: the tag has another spelling.
    torn: it was part of a run-together word.
    """

    text: str
    part: int = 0
    unit: WrittenUnit | None = None
    bracketed: bool = False
    first: bool = False
    last: bool = False
    misspelt: bool = False
    torn: bool = False

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
            text.rstrip(MISSPELT + TORN),
            part,
            unit_of_text(text.rstrip(MISSPELT + TORN), alone=False),
            first=index == 0,
            last=index == len(texts) - 1,
            misspelt=text.endswith(MISSPELT),
            torn=text.endswith(TORN),
        )
        for index, (text, part) in enumerate(texts)
    ]
    return words + [Word(unit.unit or unit.kind, 0, unit, bracketed=True) for unit in units]


def _units_kept(text: str) -> str:
    # m3/h in the middle of a path is one word; a dot or slash in it would end the part.
    return _WHOLE_UNITS.sub(
        lambda match: f" {re.sub('[^A-Za-z0-9]', '', match[0].replace('³', '3')).lower()} ", text
    )


def _words_of_part(part: str, known: frozenset[str]) -> list[str]:
    return [word for chunk in _SEPARATED.findall(part) for word in split_chunk(chunk, known)]


def _units_joined(words: list[str]) -> list[str]:
    # L_s and kw_per_ton are one unit each.
    joined: list[str] = []
    while words:
        count = next((n for n in (4, 3, 2) if len(words) >= n and "_".join(words[:n]) in SPELLINGS), 1)
        joined.append("_".join(words[:count]))
        words = words[count:]
    return joined
