"""What a proposal leaves for a person to say, most important first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.site.proposal.answers import Answers
from pipelines.site.proposal.meters import CATEGORY_TEXT, COOLING_PARTS, TOTAL, MetersGuess
from pipelines.site.proposal.recognition import Guess
from pipelines.site.proposal.setpoints import SetpointsGuess
from pipelines.site.proposal.sources import ProposedSource

Asks = Literal["", "time_zone", "location", "unit", "quantity", "pue_category"]
# Points that decide the figure are asked about before the others.
DECISIVE = ("it_power_kw", "cooling_load_kw", "facility_power_kw", TOTAL, *COOLING_PARTS)


@dataclass(frozen=True)
class Question:
    """Something to say: `text` as it stands in a list; `asks` what kind of answer a terminal can take, if any.

    about: the tag or source. default: what is taken where nothing is said; options: what it may be, if few.
    """

    text: str
    asks: Asks = ""
    about: str = ""
    default: str = ""
    options: tuple[str, ...] = ()


def questions_of(
    sources: Sequence[ProposedSource],
    meters: MetersGuess,
    setpoints: SetpointsGuess,
    faults: Sequence[str],
    answers: Answers,
) -> list[Question]:
    """Everything that is open: what keeps the file from loading, what decides the figure, units, place, limits."""
    guesses = [guess for source in sources for guess in source.guesses]
    points = sorted((g for g in guesses if g.asks), key=lambda g: _importance(g))
    decisive = [_of_point(g) for g in points if g.quantity in DECISIVE]
    others = [_of_point(g) for g in points if g.quantity is not None and g.quantity not in DECISIVE]
    return [
        *(Question(fault) for fault in (*meters.missing, *_beside(faults, meters))),
        *decisive,
        *(_of_meters(text, meters) for text in meters.unsure),
        *_apparent(guesses),
        *_doubles(guesses),
        *_clocks(sources, answers),
        *others,
        *([] if answers.location else [_location()]),
        *_unknown(sources),
        *_limits(setpoints),
    ]


def _beside(faults: Sequence[str], meters: MetersGuess) -> list[str]:
    # Where [meters] is not complete, that it is missing says nothing more.
    return [fault for fault in faults if meters.complete or not fault.startswith("meters")]


def _importance(guess: Guess) -> tuple[int, int]:
    rank = DECISIVE.index(guess.quantity) if guess.quantity in DECISIVE else len(DECISIVE)
    return rank, guess.asks != "unit"


def _of_point(guess: Guess) -> Question:
    seen = f"values {guess.low:.6g} to {guess.high:.6g}"
    state = "please confirm" if guess.live else "left out as a comment until then"
    if guess.asks == "unit":
        units = (guess.unit, *guess.other_units)
        asked = f"{guess.tag}: in which unit is it, {' or '.join(units)}?"
        text = f"{asked} It looks like {guess.quantity} ({seen}; {state})"
        return Question(text, "unit", guess.tag, guess.unit, units)
    text = f"{guess.tag}: is it {guess.quantity}? {guess.why} ({seen}; {state})"
    return Question(text, "quantity", guess.tag, guess.quantity or "")


def _apparent(guesses: Sequence[Guess]) -> list[Question]:
    asked = [guess for guess in guesses if guess.asks == "power factor"]
    return [
        Question(f"{guess.tag} is left out: {guess.why}; export its kW, or say its power factor")
        for guess in asked
    ]


def _doubles(guesses: Sequence[Guess]) -> list[Question]:
    doubles = [guess for guess in guesses if guess.quantity is not None and not guess.live and not guess.asks]
    return [Question(f"{guess.tag} is left out: {guess.why}; confirm it") for guess in doubles]


def _clocks(sources: Sequence[ProposedSource], answers: Answers) -> list[Question]:
    found = []
    for source in sources:
        at = f'source "{source.name}"'
        if source.clock.time_zone is None and source.name not in answers.time_zones:
            text = f"{at}: time_zone is not in the export and was set to UTC; say where its clock stands"
            found.append(Question(text, "time_zone", source.name, "UTC"))
        if source.clock.ambiguous:
            found.append(
                Question(f"{at}: time_format could have day and month the other way round; confirm it")
            )
    return found


def _of_meters(text: str, meters: MetersGuess) -> Question:
    category = meters.values.get("pue_category")
    return Question(text) if category is None else Question(text, "pue_category", default=str(category))


def _location() -> Question:
    text = "[location]: latitude and longitude are not in an export; fill them in"
    return Question(text, "location")


def _unknown(sources: Sequence[ProposedSource]) -> list[Question]:
    found = []
    for source in sources:
        asked = [guess for guess in source.guesses if guess.quantity is None and guess.asks == "quantity"]
        if asked:
            tags = ", ".join(guess.tag for guess in asked)
            text = f'source "{source.name}": left out as comments, for you to complete or delete: {tags}'
            found.append(Question(text))
            found += [Question("", "quantity", guess.tag) for guess in asked]
    return found


def _limits(setpoints: SetpointsGuess) -> list[Question]:
    found = []
    if setpoints.unmoved:
        tags = ", ".join(setpoints.unmoved_tags)
        text = f"setpoints that never moved in the sample have no limits yet and stand as comments: {tags}"
        found.append(Question(text))
    if setpoints.moved:
        tags = ", ".join(str(guess.values["tag"]) for guess in setpoints.moved)
        found.append(
            Question(f"limits of setpoints are what the sample shows; say how far each may go: {tags}")
        )
    return found


__all__ = ["CATEGORY_TEXT", "Question", "questions_of"]
