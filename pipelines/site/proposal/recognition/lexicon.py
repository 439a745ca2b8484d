"""What the words of point names stand for: a table of concepts, not of vendors.

A sense is a set of concepts with a reliability: 1 where a word means nothing else in a plant, less for abbreviations
that mean several things. Words of phrases are joined by an underscore: `chilled_water`.
"""

from dataclasses import dataclass

from pipelines.site.proposal.recognition.lexicon_german import GERMAN
from pipelines.site.proposal.recognition.lexicon_machines import MACHINES
from pipelines.site.proposal.recognition.lexicon_measures import MEASURES, OTHERS
from pipelines.site.proposal.recognition.lexicon_others import FURTHER
from pipelines.site.proposal.recognition.spelling import OTHER, SPELLINGS, WrittenUnit


@dataclass(frozen=True)
class Sense:
    """One meaning of a word. language: only there does an abbreviation mean so ("" for all)."""

    concepts: frozenset[str]
    reliability: float
    language: str = ""
    unit: WrittenUnit | None = None

    @property
    def free(self) -> bool:
        """Says nothing on what is measured: a place, a network, a word like value."""
        return not self.concepts


# What is measured in units of a kind, where the concept has another name.
_MEASURED = {
    "energy": "power energy",
    "temperature": "temp",
    "frequency": "speed",
    "speed": "windspeed",
    "angle": "winddir",
}


def _unit_senses() -> dict[str, list[Sense]]:
    senses: dict[str, list[Sense]] = {}
    for word, unit in SPELLINGS.items():
        reason = OTHER.get(unit.kind)
        concepts = (
            frozenset((f"other:{reason}",))
            if reason
            else frozenset(_MEASURED.get(unit.kind, unit.kind).split())
        )
        senses[word] = [Sense(concepts, 0.9 if unit.sure else 0.7, unit=unit)]
    # RH and % spell a unit, but it is the word rh that says humidity.
    for word in ("rh", "rf", "pctrh", "percent_rh", "percent_relative_humidity"):
        senses[word] = [Sense(frozenset(("rh",)), 0.9, unit=SPELLINGS[word])]
    return senses


def _build() -> dict[str, list[Sense]]:
    table = _unit_senses()
    entries = [(concepts, reliability, words, "") for concepts, reliability, words in (*MACHINES, *MEASURES)]
    entries += [(f"other:{reason}", sure, words, "") for reason, sure, words in OTHERS]
    entries += [(*entry, language) for language, table in (GERMAN | FURTHER).items() for entry in table]
    for concepts, reliability, words, language in entries:
        # What is none of ours has its reason in words.
        meant = frozenset((concepts,) if concepts.startswith("other:") else concepts.split())
        for word in words.split():
            for spelt in {word, _without_umlauts(word, language)}:
                table.setdefault(spelt, []).append(Sense(meant, reliability, language))
    return table


def _without_umlauts(word: str, language: str) -> str:
    # Kaltemaschine, as systems without umlauts often have it.
    if language != "de" or len(word) < 6:
        return word
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


LEXICON: dict[str, list[Sense]] = _build()
LONGEST_PHRASE = max(word.count("_") + 1 for word in LEXICON)
# Words by which run-together names are split; single letters would split anything.
_WORDS = frozenset(word for word in LEXICON if "_" not in word and (len(word) > 1 or word in "tfcwav%"))
# The words of phrases stay whole too: humedo of bulbo_humedo is not hum and edo.
KNOWN: frozenset[str] = _WORDS | {part for word in LEXICON for part in word.split("_") if len(part) > 3}
