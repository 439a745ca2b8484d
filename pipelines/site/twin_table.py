"""The `[twin]` table of a site file: the plant's nameplate, as arguments of the textbook plant and single figures."""

from collections.abc import Iterator, Mapping
from math import isfinite

# Arguments of `simulator.default_plant` that are numbers, and what a data center can have of them. A name with a dot
# (`economizer.lockout_difference_k`) is one figure of the plant; the simulator checks it when the plant is built.
RANGES = {
    "it_kw": (1.0, 500_000.0),
    "halls": (1.0, 1_000.0),
    "chillers": (2.0, 200.0),
    "chiller_cop": (3.0, 9.0),
    "tower_cells": (2.0, 500.0),
}
WORDS = ("economizer", "economizer_condenser", "chiller_curves", "tower", "pumps")
COUNTS = ("halls", "chillers", "tower_cells")
LARGEST = 1e12  # of any figure, in the simulator's units


def twin_faults(table: Mapping[str, float | str]) -> Iterator[str]:
    """Every fault of a `[twin]` table that shows without building the plant."""
    for name, value in table.items():
        if isinstance(value, str):
            if name not in WORDS:
                yield f'twin.{name} must be a number, not "{value}"; words are for {", ".join(WORDS)}'
        elif name in WORDS:
            yield f"twin.{name} must be a word, not {value:g}; see the simulator's default_plant"
        elif "." in name:
            if not isfinite(value) or abs(value) > LARGEST:
                yield f"twin.{name} ({value:g}) must be a finite number up to {LARGEST:g}; correct it"
        elif name not in RANGES:
            yield f"twin.{name} is not known; name one of {', '.join((*RANGES, *WORDS))}, or a figure with a dot"
        elif not RANGES[name][0] <= value <= RANGES[name][1] or (name in COUNTS and value % 1):
            kind = "a whole number" if name in COUNTS else "a number"
            yield f"twin.{name} ({value:g}) must be {kind} in {RANGES[name][0]:g}..{RANGES[name][1]:g}; correct it"
