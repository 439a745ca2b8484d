"""Errors between arrays and a model; pipelines turn them into errors that name the site."""

from typing import Any


class TooFewRowsError(ValueError):
    """Too few rows to learn from."""


class DivergedError(ArithmeticError):
    """The loss stopped being a number. `last_good` holds the parameters of the best epoch before that."""

    def __init__(self, message: str, last_good: Any) -> None:
        super().__init__(message)
        self.last_good = last_good


class UnphysicalError(ValueError):
    """Readings that break the laws of thermodynamics too often to fit a plant to them."""


class ImpossibleEffectError(ValueError):
    """Declared effects that exclude each other, or that name an input or target which the rows lack."""
