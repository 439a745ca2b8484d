"""Days as the store names them."""

import numpy as np


def day_name(day: int) -> str:
    """A day (count since 1970-01-01) as the store names it: 2025-06-01."""
    return str(np.datetime64(int(day), "D"))


def day_number(name: str) -> int:
    """The day, counted since 1970-01-01, that the store names `name`. Raises ValueError where it is no date."""
    return int(np.datetime64(name, "D").astype(np.int64))
