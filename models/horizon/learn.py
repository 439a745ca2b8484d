"""A forecaster learned from a record: candidates on all of it, their proportions on blocks of time left out."""

from dataclasses import dataclass

import numpy as np

from models.horizon.candidates import Part, forecasts, simple
from models.horizon.features import Basis, basis
from models.horizon.fit import fit_part, outcome, thinned
from models.horizon.intervals import kept
from models.horizon.mixture import weights_of
from models.horizon.model import Horizon, Mixture
from models.horizon.peak import counted, highest_to_come
from models.horizon.record import DAY_H, Array, Record

# Each block is forecast by what was learned from the time before it alone, as in service.
BLOCK_STARTS = (0.55, 0.70, 0.85)
BLOCK_ROWS = 1_500  # rows of a block that are forecast, evenly spread


@dataclass(frozen=True)
class Block:
    """Left-out rows (r,) forecast by a part that ends before them: told (l, p, r), measured (l, r), NaN if unknown."""

    part: Part
    rows: Array
    told: Array
    measured: Array


@dataclass(frozen=True)
class Learned:
    """What is served, the same without the last block, and the last block of each target."""

    served: Horizon
    held_out: Horizon
    last_blocks: dict[str, Block]


def learn(record: Record, leads_min: tuple[float, ...], *, seed: int = 0) -> Learned:
    """Learn every target of a record at leads in minutes. Raises TooFewRowsError where a target was hardly read."""
    served, held_out, last = {}, {}, {}
    for target in record.targets:
        of = basis(record, target)
        blocks = _blocks(of, leads_min, seed)
        whole = fit_part(of, leads_min, len(record), seed=seed)
        served[target] = _mixture(whole, of, blocks, len(record))
        held_out[target] = _mixture(blocks[-1].part, of, blocks[:-1], int(blocks[-1].rows[0]))
        last[target] = blocks[-1]
    names = tuple(record.readings)
    return Learned(Horizon(names, served), Horizon(names, held_out), last)


def _starts(of: Basis) -> list[int]:
    """Rows at which the left-out blocks begin: at shares of the readings, since a record may have long gaps."""
    read = np.flatnonzero(np.isfinite(of.now))
    return [int(read[int(share * len(read))]) for share in BLOCK_STARTS]


def _blocks(of: Basis, leads_min: tuple[float, ...], seed: int) -> list[Block]:
    starts = _starts(of)
    blocks = []
    for start, end in zip(starts, [*starts[1:], len(of.record)], strict=True):
        part = fit_part(of, leads_min, start, seed=seed)
        inside = np.zeros(len(of.record), bool)
        inside[start:end] = np.isfinite(of.now[start:end])
        rows = thinned(inside, BLOCK_ROWS)
        told = np.stack([forecasts(part, of, lead, rows) for lead in leads_min])
        outcomes = [outcome(of, lead, len(of.record)) for lead in leads_min]
        measured = np.stack([np.where(known, later, np.nan)[rows] for later, known in outcomes])
        blocks.append(Block(part, rows, told, measured))
    return blocks


def _mixture(part: Part, of: Basis, blocks: list[Block], until: int) -> Mixture:
    """Weights and errors from blocks; from those with regressions where the part has them and any block does."""
    alike = [block for block in blocks if (block.part.learned is None) == (part.learned is None)]
    weights, errors, fallback = [], [], []
    for number, lead in enumerate(part.leads_min):
        measured, told = _at(alike or blocks, number)
        best = _best_simple(part, of, lead, until)
        chosen = weights_of(measured, told, best, learned=part.learned is not None and bool(alike))
        weights.append(chosen)
        errors.append(kept(measured - chosen @ told))
        fallback.append(best)
    peaks = _peak_errors(np.array(weights), of, alike or blocks, part.leads_min, until)
    return Mixture(part, np.array(weights), np.array(fallback), np.array(errors), peaks)


def _best_simple(part: Part, of: Basis, lead_min: float, until: int) -> int:
    """The simple candidate with the least error on all rows: with a share each, they are hardly fitted to them."""
    later, known = outcome(of, lead_min, until)
    if not known.any():
        return 0
    told = (of.now, *simple(part, of, lead_min).values())
    return int(np.argmin([np.abs(one - later)[known].mean() for one in told]))


def _peak_errors(
    weights: Array, of: Basis, blocks: list[Block], leads_min: tuple[float, ...], until: int
) -> Array:
    later = highest_to_come(of)
    later[max(until - of.record.rows_in(DAY_H), 0) :] = np.nan
    means = [np.einsum("lp,lpr->lr", weights, block.told)[counted(leads_min)] for block in blocks]
    return kept(
        np.concatenate(
            [later[block.rows] - one.max(axis=0) for block, one in zip(blocks, means, strict=True)]
        )
    )


def _at(blocks: list[Block], lead: int) -> tuple[Array, Array]:
    """Outcomes (n,) and candidates' forecasts (p, n) of the blocks' rows whose outcome is known, in time order."""
    known = [np.isfinite(block.measured[lead]) for block in blocks]
    measured = [block.measured[lead][there] for block, there in zip(blocks, known, strict=True)]
    told = [block.told[lead][:, there] for block, there in zip(blocks, known, strict=True)]
    return np.concatenate(measured), np.concatenate(told, axis=1)
