"""The open questions of a proposed site file, asked one by one in a terminal."""

import sys
from collections.abc import Callable

import typer
from rich.console import Console

from pipelines.errors import ColdaisleError
from pipelines.site.checks import known_time_zone
from pipelines.site.proposal import Proposal
from pipelines.site.proposal.answers import Answers
from pipelines.site.proposal.questions import Question
from pipelines.site.proposal.recognition import Guess
from pipelines.site.quantities import QUANTITIES
from pipelines.site.units import conversion

SKIP, STOP, NONE = "skip", "stop", "none"
MOST_TRIES = 3  # at one question


def in_a_terminal() -> bool:
    """Whether a person can read questions and type answers."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ask(proposal: Proposal, console: Console) -> Proposal:
    """Ask what is open, most important first, and return the proposal with the answers in it.

    Each answer may settle further questions, so that the next is taken from what is then open.
    """
    skipped: set[tuple[str, str]] = set()
    console.print(
        f'Enter takes what stands in brackets; "{SKIP}" leaves a guess, "{STOP}" all others.', markup=False
    )
    while (question := _next(proposal, skipped)) is not None:
        skipped.add((question.asks, question.about))
        said = _said(question, proposal, console)
        if said == STOP:
            break
        if isinstance(said, Answers):
            proposal = proposal.answered(said)
    return proposal


def _next(proposal: Proposal, skipped: set[tuple[str, str]]) -> Question | None:
    return next((q for q in proposal.questions if q.asks and (q.asks, q.about) not in skipped), None)


def _said(question: Question, proposal: Proposal, console: Console) -> Answers | str:
    console.print(f"\n{_text(question, proposal)}", markup=False, soft_wrap=True)
    for _ in range(MOST_TRIES):
        text = typer.prompt(_prompt(question), default=question.default or SKIP).strip()
        if text.lower() in (SKIP, STOP):
            return text.lower()
        try:
            return _READERS[question.asks](text, question, proposal)
        except (ColdaisleError, ValueError) as cause:
            console.print(str(cause), markup=False, soft_wrap=True)
    return SKIP


def _text(question: Question, proposal: Proposal) -> str:
    if question.text:
        return question.text
    guess = _guess(question.about, proposal)
    return f"{guess.tag} (values {guess.low:.6g} to {guess.high:.6g}): {guess.why}"


def _prompt(question: Question) -> str:
    return {
        "time_zone": "time zone, e.g. Asia/Singapore",
        "location": "latitude, longitude and altitude in metres, e.g. 1.35, 103.82, 15",
        "unit": "unit",
        "quantity": f'quantity, or "{NONE}"',
        "pue_category": "category (1, 2 or 3)",
    }[question.asks]


def _guess(tag: str, proposal: Proposal) -> Guess:
    return next(guess for guess in proposal.guesses if guess.tag == tag)


def _time_zone(text: str, question: Question, proposal: Proposal) -> Answers:
    return proposal.answers.with_time_zone(question.about, known_time_zone(text))


def _location(text: str, question: Question, proposal: Proposal) -> Answers:
    numbers = [float(part) for part in text.replace(";", ",").split(",")]
    if len(numbers) not in (2, 3) or not (abs(numbers[0]) <= 90 and abs(numbers[1]) <= 180):
        raise ValueError(
            f'"{text}" must be latitude (-90..90), longitude (-180..180) and altitude in m; e.g. 1.35, 103.82, 15'
        )
    latitude, longitude, altitude = (*numbers, 0.0)[:3]
    return proposal.answers.with_location(latitude, longitude, altitude)


def _unit(text: str, question: Question, proposal: Proposal) -> Answers:
    quantity = _guess(question.about, proposal).quantity
    assert quantity is not None
    conversion(text, quantity)
    return proposal.answers.with_unit(question.about, text)


def _quantity(text: str, question: Question, proposal: Proposal) -> Answers:
    if text != NONE and text not in QUANTITIES:
        alike = [name for name in sorted(QUANTITIES) if text.lower() in name] or sorted(QUANTITIES)
        raise ValueError(f'"{text}" is no quantity; choose one of {", ".join(alike)}, or "{NONE}"')
    return proposal.answers.with_quantity(question.about, "" if text == NONE else text)


def _pue_category(text: str, question: Question, proposal: Proposal) -> Answers:
    if text not in ("1", "2", "3"):
        raise ValueError(f'"{text}" must be 1 (UPS output), 2 (PDU output) or 3 (IT input)')
    return proposal.answers.with_pue_category(int(text))


_READERS: dict[str, Callable[[str, Question, Proposal], Answers]] = {
    "time_zone": _time_zone,
    "location": _location,
    "unit": _unit,
    "quantity": _quantity,
    "pue_category": _pue_category,
}
