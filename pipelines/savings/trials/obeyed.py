"""Whether a trial's switch was obeyed: by what the ledger says was decided and written, and by setpoints read back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.savings.trials.plan import PlannedBlock, TrialPlan
from pipelines.site.file import Site
from pipelines.site.rule import rule_of_record

TOLERANCE_K, TOLERANCE = 0.6, 0.1  # setpoints are read back rounded: to 1 °F, or a tenth of a fraction
MOST_APART = 0.1  # of a block's analysed readings


@dataclass(frozen=True)
class Told:
    """A decision of the ledger: when, by what mode and source, whether it was written, and values written by tag."""

    at: pd.Timestamp
    mode: str
    source: str
    written: bool
    values: Mapping[str, float]


def not_obeyed(site: Site, plan: TrialPlan, plant: pd.DataFrame, told: list[Told]) -> dict[int, str]:
    """Blocks that were not run as planned, by position, and why.

    plant: plant table of the trial at the site's interval; told: decisions in the trial, in order of time. An `off`
    block has setpoints at the site's rule; any block has the setpoints that were written last.
    """
    columns = {str(name): plant[name].to_numpy(float) for name in plant}
    rule = rule_of_record(site, columns)
    times = pd.DatetimeIndex(plant.index)
    written = _written(site, told, times)
    reasons = {}
    for position, block in enumerate(plan.blocks):
        inside = plan.analysed(block, times)
        why = _by_ledger(block, told) or _by_reading(site, block, columns, rule, written, inside)
        if why:
            reasons[position] = why
    return reasons


def _by_ledger(block: PlannedBlock, told: list[Told]) -> str:
    """Why the ledger says that a block was not run; empty where it was, or says nothing of it."""
    own = [each for each in told if block.start <= each.at < block.end]
    if not own:
        return ""
    other = [each for each in own if each.mode != "auto" or not each.written]
    if len(other) > MOST_APART * len(own):
        return f"{len(other)} of {len(own)} decisions were not written (mode {other[0].mode})"
    if block.arm == "on":
        rule = [each for each in own if each.source != "model"]
        if len(rule) > 0.5 * len(own):
            return f"{len(rule)} of {len(own)} decisions were not the model's"
    elif block.arm == "off":
        model = [each for each in own if each.source == "model"]
        if len(model) > MOST_APART * len(own):
            return f"{len(model)} of {len(own)} decisions were the model's"
    return ""


def _by_reading(
    site: Site,
    block: PlannedBlock,
    columns: Mapping[str, np.ndarray],
    rule: Mapping[str, np.ndarray],
    written: Mapping[str, np.ndarray],
    inside: np.ndarray,
) -> str:
    """Why setpoints that were read back say that a block was not run."""
    for name, tag, tolerance in read_back(site, columns):
        wanted = rule[name] if block.arm == "off" else written.get(name)
        if wanted is None:
            continue
        off = np.abs(columns[name] - wanted)[inside]
        off = off[np.isfinite(off)]
        if len(off) and np.mean(off > tolerance) > MOST_APART:
            what = "the site's rule" if block.arm == "off" else "what was written"
            share = f"{np.mean(off > tolerance):.0%} of the readings"
            return f"{tag} was {np.median(off):.1f} off {what} in {share}"
    return ""


def read_back(site: Site, columns: Mapping[str, np.ndarray]) -> Iterator[tuple[str, str, float]]:
    """Name, tag and tolerance of each setpoint that is recorded itself, not by the temperature that it controls."""
    for setpoint in site.setpoints:
        name = site.setpoint_name(setpoint)
        if name in columns and not setpoint.measured:
            yield name, setpoint.tag, TOLERANCE_K if name.split(":", 1)[0].endswith("_c") else TOLERANCE


def _written(site: Site, told: list[Told], times: pd.DatetimeIndex) -> dict[str, np.ndarray]:
    """Values written last by setpoint name at each time, NaN before the first."""
    series = {}
    for setpoint in site.setpoints:
        known = {each.at: each.values[setpoint.tag] for each in told if setpoint.tag in each.values}
        if known:
            values = pd.Series(known).sort_index()
            series[site.setpoint_name(setpoint)] = values.reindex(
                times, method="ffill", tolerance=pd.Timedelta(hours=1)
            ).to_numpy(float)
    return series
