"""Points that a site file cannot do without: taken in, marked to be confirmed, although they are not certain."""

from collections.abc import Sequence
from dataclasses import replace

from pipelines.site.proposal.meters import COOLING_PARTS, TOTAL
from pipelines.site.proposal.recognition import Guess
from pipelines.site.proposal.sources import ProposedSource, slug

COOLING = (TOTAL, *COOLING_PARTS)


def with_needed(sources: list[ProposedSource]) -> list[ProposedSource]:
    """The sources, with the uncertain points live that [meters] would be incomplete without.

    First what measures IT power, else the thermal load; and the powers of cooling. Where no point is even likely to be
    one of these, none is taken in.
    """
    guesses = [guess for source in sources for guess in source.guesses]
    wanted = [*_lacking(guesses, ("it_power_kw",), ("cooling_load_kw",)), *_lacking(guesses, COOLING)]
    columns = {guess.column for guess in guesses if guess.live}
    taken: dict[tuple[str, str], Guess] = {}
    for guess in wanted:
        each = replace(guess, live=True)
        if each.column in columns:
            each = replace(each, equipment=slug(each.tag))
        columns.add(each.column)
        taken[guess.source, guess.tag] = each
    return [
        replace(source, guesses=[taken.get((guess.source, guess.tag), guess) for guess in source.guesses])
        for source in sources
    ]


def _lacking(guesses: Sequence[Guess], *choices: tuple[str, ...]) -> list[Guess]:
    """The uncertain points of the first choice that has any, if no choice has a point that is live."""
    if any(guess.live and guess.quantity in quantities for guess in guesses for quantities in choices):
        return []
    for quantities in choices:
        unsure = [guess for guess in guesses if guess.quantity in quantities and guess.asks]
        if unsure:
            return unsure
    return []
