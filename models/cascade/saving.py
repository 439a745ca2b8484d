"""A cascade as bytes and back: msgpack of plain dicts, so that nothing is ever unpickled."""

from dataclasses import fields
from typing import Any

import jax
import numpy as np
from flax import serialization

from models.cascade.attainable import Approach
from models.cascade.cascade import Cascade, Economizer
from models.cascade.coverage import Coverage
from models.cascade.groups import Apart, Hall
from models.cascade.surface import Surface
from models.graybox.learn import Graybox
from models.graybox.observed import Metering
from models.guard.reference import AtRule

FORMAT = 9  # of the bytes; a cascade of another format must be learned again
_BETWEEN = "\n"  # names; equipment may be called anything else


def to_bytes(cascade: Cascade) -> bytes:
    """The cascade as msgpack."""
    return serialization.msgpack_serialize({"format": FORMAT, "cascade": _plain(jax.device_get(cascade))})


def from_bytes(data: bytes) -> Cascade:
    """A cascade from `to_bytes`. Raises ValueError where the bytes are damaged, of another format, or not finite."""
    try:
        tree = serialization.msgpack_restore(data)
        if tree["format"] != FORMAT:
            raise ValueError(f"its format is {tree['format']}, this program reads {FORMAT}")
        cascade = _cascade(tree["cascade"])
    except (KeyError, TypeError, AttributeError, IndexError) as cause:
        raise ValueError(f"it is no control model ({type(cause).__name__}: {cause})") from cause
    except Exception as cause:
        # msgpack's own errors share no base but Exception.
        raise cause if isinstance(cause, ValueError) else ValueError(f"it cannot be read: {cause}") from cause
    if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(cascade)):
        raise ValueError("it holds values that are not finite")
    return cascade


def _plain(value: Any) -> Any:
    """Nested dicts of arrays and text; None is left out by its parent."""
    if isinstance(
        value,
        Cascade | Economizer | Surface | Apart | Hall | Coverage | Graybox | Metering | AtRule | Approach,
    ):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, dict):
        return {name: "none" if part is None else _plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return _BETWEEN.join(value)
    return value if isinstance(value, bool) else np.asarray(value)


def _cascade(tree: dict[str, Any]) -> Cascade:
    economizer = None if tree["economizer"] == "none" else Economizer(**tree["economizer"])
    steps = ("air_float", "chw_range", "it_response", "losses", "worst_inlet", "dew_point")
    return Cascade(
        counts_it=bool(tree["counts_it"]),
        reach={mode: _a_surface(part) for mode, part in tree["reach"].items()},
        offset_k=tree["offset_k"],
        economizer=economizer,
        meters={
            name: {mode: _surface(part) for mode, part in by.items()} for name, by in tree["meters"].items()
        },
        inlet_rise_k=tree["inlet_rise_k"],
        usual_kw=tree["usual_kw"],
        twin_bound_kw=tree["twin_bound_kw"],
        apart={
            name: Apart(**(part | {"names": _names(part["names"])})) for name, part in tree["apart"].items()
        },
        halls={
            name: Hall(_names(part["follows"]), _a_surface(part["over_k"]))
            for name, part in tree["halls"].items()
        },
        coverage=_coverage(tree["coverage"]),
        physics=_graybox(tree["physics"]),
        least_gap_k=tree["least_gap_k"],
        at_rule={regime: AtRule(**part) for regime, part in tree["at_rule"].items()},
        stops=tree["stops"],
        approach=None if tree["approach"] == "none" else Approach(**tree["approach"]),
        **{step: _surface(tree[step]) for step in steps},
    )


def _coverage(tree: Any) -> Coverage | None:
    return None if isinstance(tree, str) else Coverage(**(tree | {"names": _names(tree["names"])}))


def _graybox(tree: Any) -> Graybox | None:
    if isinstance(tree, str):
        return None
    metering = Metering(**tree["metering"])
    names = {name: _names(tree[name]) for name in ("meters", "inputs")}
    return Graybox(**(tree | names | {"metering": metering}))


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(_BETWEEN))


def _surface(tree: Any) -> Surface | None:
    return None if isinstance(tree, str) else _a_surface(tree)


def _a_surface(tree: dict[str, Any]) -> Surface:
    return Surface(**(tree | {"inputs": _names(tree["inputs"])}))
