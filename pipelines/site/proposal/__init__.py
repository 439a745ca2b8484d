"""A site file proposed from exports: every guess is marked as one, for a person to finish."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from pipelines.errors import SiteError
from pipelines.site.checks import fault_text
from pipelines.site.file import Site
from pipelines.site.proposal.answers import Answers
from pipelines.site.proposal.document import write_document
from pipelines.site.proposal.meters import guess_meters
from pipelines.site.proposal.needed import with_needed
from pipelines.site.proposal.questions import Question, questions_of
from pipelines.site.proposal.recognition import Guess
from pipelines.site.proposal.sample import read_sample
from pipelines.site.proposal.setpoints import guess_setpoints
from pipelines.site.proposal.sources import ProposedSource, guess_points, propose_sources, slug, undated


@dataclass(frozen=True)
class Proposal:
    """A proposed site file.

    text: the TOML. questions: what a person still has to fill in or confirm, most important first.
    site: the site as it loads, None where something that must be filled in keeps it from loading.
    """

    name: str
    text: str
    guesses: list[Guess]
    questions: list[Question]
    site: Site | None
    answers: Answers = field(default_factory=Answers)
    sources: list[ProposedSource] = field(default_factory=list, repr=False)

    @property
    def unfinished(self) -> list[str]:
        """The questions in words."""
        return [question.text for question in self.questions if question.text]

    def answered(self, answers: Answers) -> "Proposal":
        """The proposal with what a person said, all else guessed anew in its light."""
        return _propose(self.name, self.sources, answers)


def propose_site(files: Sequence[Path], name: str | None = None, answers: Answers | None = None) -> Proposal:
    """Propose a site file for exports; files with the same columns make one source.

    name: of the site; by default from the first file's name. answers: what a person said already.
    Raises IngestError where a file cannot be read, SiteError where `name` cannot be a site's name.
    """
    name = undated(files[0]) if name is None else name
    if name != slug(name):
        raise SiteError(
            f'"{name}" cannot be a site\'s name; use small letters, digits, - and _, e.g. {slug(name)}'
        )
    sources = propose_sources([read_sample(path) for path in files])
    return _propose(name, sources, answers or Answers())


def _propose(name: str, bare: list[ProposedSource], answers: Answers) -> Proposal:
    sources = with_needed(guess_points(bare, answers))
    guesses = [guess for source in sources for guess in source.guesses]
    meters = guess_meters(guesses, answers.pue_category)
    setpoints = guess_setpoints(guesses)
    text = write_document(name, sources, setpoints, meters, answers)
    site, faults = _load(text)
    if site is None and meters.complete and setpoints.moved:
        # Limits that the sample shows but no setpoint may have: a person has to say them.
        unmoved = [replace(each, known=False) for each in setpoints.moved]
        setpoints = replace(setpoints, moved=[], unmoved=[*setpoints.unmoved, *unmoved])
        text = write_document(name, sources, setpoints, meters, answers)
        site, faults = _load(text)
    questions = questions_of(sources, meters, setpoints, faults, answers)
    return Proposal(name, text, guesses, questions, site, answers, bare)


def _load(text: str) -> tuple[Site | None, list[str]]:
    try:
        return Site.model_validate(tomllib.loads(text)), []
    except ValidationError as cause:
        return None, [fault_text(error) for error in cause.errors()]
