"""A site file proposed from exports: every guess is marked as one, for a person to finish."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from pipelines.errors import SiteError
from pipelines.site.checks import fault_text
from pipelines.site.file import Site
from pipelines.site.proposal.document import write_document
from pipelines.site.proposal.meters import guess_meters
from pipelines.site.proposal.points import Guess
from pipelines.site.proposal.sample import read_sample
from pipelines.site.proposal.setpoints import guess_setpoints
from pipelines.site.proposal.sources import ProposedSource, propose_sources, slug, undated


@dataclass(frozen=True)
class Proposal:
    """A proposed site file.

    text: the TOML. unfinished: what a person still has to fill in or confirm, most important first.
    site: the site as it loads, None where something that must be filled in keeps it from loading.
    """

    name: str
    text: str
    guesses: list[Guess]
    unfinished: list[str]
    site: Site | None


def propose_site(files: Sequence[Path], name: str | None = None) -> Proposal:
    """Propose a site file for exports; files with the same columns make one source.

    name: of the site; by default from the first file's name.
    Raises IngestError where a file cannot be read, SiteError where `name` cannot be a site's name.
    """
    name = undated(files[0]) if name is None else name
    if name != slug(name):
        raise SiteError(
            f'"{name}" cannot be a site\'s name; use small letters, digits, - and _, e.g. {slug(name)}'
        )
    sources = propose_sources([read_sample(path) for path in files])
    guesses = [guess for source in sources for guess in source.guesses]
    meters = guess_meters(guesses)
    setpoints = guess_setpoints(guesses)
    text = write_document(name, sources, setpoints, meters)
    site, faults = _load(text)
    unfinished = faults + meters.unfinished + _open_questions(sources, setpoints.unmoved)
    return Proposal(name, text, guesses, unfinished, site)


def _load(text: str) -> tuple[Site | None, list[str]]:
    try:
        return Site.model_validate(tomllib.loads(text)), []
    except ValidationError as cause:
        return None, [fault_text(error) for error in cause.errors()]


def _open_questions(sources: list[ProposedSource], unmoved: list[str]) -> list[str]:
    questions = ["[location]: latitude and longitude are not in an export; fill them in"]
    for source in sources:
        at = f'source "{source.name}"'
        if source.clock.time_zone is None:
            questions.append(
                f"{at}: time_zone is not in the export and was set to UTC; say where its clock stands"
            )
        if source.clock.ambiguous:
            questions.append(f"{at}: time_format could have day and month the other way round; confirm it")
        unknown = [guess.tag for guess in source.guesses if guess.quantity is None]
        if unknown:
            questions.append(
                f"{at}: left out as comments, for you to complete or delete: {', '.join(unknown)}"
            )
    if unmoved:
        questions.append(f"setpoints that never moved in the sample have no limits yet: {', '.join(unmoved)}")
    return questions
