"""A plant from its nameplate: arguments of the textbook plant, and single figures by name."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp

import simulator
from simulator.check import check_plant
from simulator.types import Plant


@dataclass(frozen=True)
class Nameplate:
    """arguments: of `simulator.default_plant`. figures: by dotted name below the plant, simulator units."""

    arguments: dict[str, Any]
    figures: dict[str, float]


def split_nameplate(nameplate: dict[str, Any]) -> Nameplate:
    """Splits a [twin] table: a dotted name (`economizer.lockout_difference_k`) is a plant figure."""
    figures = {name: float(value) for name, value in nameplate.items() if "." in name}
    return Nameplate({name: value for name, value in nameplate.items() if "." not in name}, figures)


def nameplate_plant(nameplate: dict[str, Any]) -> Plant:
    """The textbook plant with the nameplate's figures.

    Raises:
        ValueError, TypeError: there is no such plant or figure.
    """
    parts = split_nameplate(nameplate)
    return with_figures(simulator.default_plant(**parts.arguments), parts.figures)


def with_figures(plant: Plant, figures: dict[str, float]) -> Plant:
    """The plant with single figures replaced.

    Raises:
        ValueError: the plant lacks the figure, or the value is not physical.
    """
    for name, value in figures.items():
        plant = _with(plant, name.split("."), value, name)
    if figures:
        check_plant(plant)
    return plant


def _with(part: Any, path: list[str], value: float, name: str) -> Any:
    field, *rest = path
    if not hasattr(part, field) or getattr(part, field) is None:
        raise ValueError(f'the plant has no figure "{name}"; name one as the report of coldaisle twin does')
    below = getattr(part, field)
    if rest:
        return replace(part, **{field: _with(below, rest, value, name)})
    if not isinstance(below, jax.Array):
        raise ValueError(f'"{name}" is a part of the plant, not a figure; name one of its figures')
    return replace(part, **{field: jnp.full_like(below, value)})
