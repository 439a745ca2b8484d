"""Points of an export recognised as a facility engineer would: by name, unit, range and behaviour, weighed together."""

from collections.abc import Mapping, Sequence

from pipelines.site.proposal.recognition.apart import apart
from pipelines.site.proposal.recognition.column import Column, Guess, Told
from pipelines.site.proposal.recognition.weigh import guess_of, weighed


def recognise(columns: Sequence[Column], told: Mapping[str, Told] | None = None) -> list[Guess]:
    """A guess for each column of all exports of a site, in their order. told: what a person said, by tag.

    All columns are looked at together: what one is follows from the others too. Guesses that are `live` fill different
    columns of the interval table.
    """
    return apart(weighed(columns, told or {}), guess_of)


__all__ = ["Column", "Guess", "Told", "recognise"]
