"""Which blocks of a trial are on: pairs of alike blocks, one of each pair drawn to be on.

Blocks are days or half days. A pair holds the same half of two neighbouring days of one kind (Monday and Tuesday,
Wednesday and Thursday, Saturday and Sunday; Friday and the next Friday): weather is alike in neighbours, load in days
of a kind, and whatever else changes within weeks touches both. What is drawn is known, so that the draw itself can be
tested (Fisher 1935, "The design of experiments").
"""

from typing import NamedTuple

import numpy as np

from models.savings.hours import Array

FRIDAY = 4
PAIRED = {0: 0, 1: 0, 2: 1, 3: 1, 5: 2, 6: 2}  # day of the week -> which pair of its week


class Design(NamedTuple):
    """pair (b,): number of the pair of each block, -1 for a block without a partner, which stays off; on (b,): bool."""

    pair: Array
    on: Array


def drawn(weekday: Array, half: Array, seed: int) -> Design:
    """A design for blocks in time order: weekday (b,), 0 is Monday; half (b,): 0, or 0 and 1 for half days."""
    pair = pairs_of(weekday, half)
    random = np.random.default_rng(seed)
    on = np.zeros(len(pair), bool)
    for number in range(int(pair.max(initial=-1)) + 1):
        members = np.flatnonzero(pair == number)
        on[members[random.integers(2)]] = True
    return Design(pair, on)


def pairs_of(weekday: Array, half: Array) -> Array:
    """Number of the pair of each block (b,) in time order; -1 where the trial ends before its partner comes."""
    waiting: dict[tuple[int, int], int] = {}
    pair = np.full(len(weekday), -1)
    pairs = 0
    last = -1
    for block, (day, of_day) in enumerate(zip(weekday, half, strict=True)):
        if day < last:  # a new week: only a Friday waits for its next
            waiting = {key: at for key, at in waiting.items() if key[0] == FRIDAY}
        last = int(day)
        key = (FRIDAY if day == FRIDAY else 10 + PAIRED[int(day)], int(of_day))
        if key in waiting:
            pair[[waiting.pop(key), block]] = pairs
            pairs += 1
        else:
            waiting[key] = block
    return pair
