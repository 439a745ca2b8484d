"""`coldaisle trial analyse`: what a trial says, and which of its blocks count."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from models.errors import TooFewRowsError
from models.savings.candidates import regressions
from models.savings.hours import Hours
from models.savings.trials.analysis import Blocks, TrialResult, analysed
from pipelines.config import Settings
from pipelines.errors import SavingsError
from pipelines.savings.adjustments import Adjustment, adjusted
from pipelines.savings.periods import Period
from pipelines.savings.record import Record, read_record, record_of, target_of
from pipelines.savings.schema import FigurePart, TrialPart
from pipelines.savings.servers import servers_of
from pipelines.savings.trials.obeyed import Told, not_obeyed, read_back
from pipelines.savings.trials.plan import TrialPlan
from pipelines.site.file import Site
from pipelines.site.rule import rule_of_record
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.store import Store

BEFORE_DAYS = 84  # of record under the default that sharpen the adjustment
MOST_DISOBEYED = 0.25  # of the blocks: beyond, what was run is not what was drawn


@dataclass(frozen=True)
class Analysis:
    """The result of a trial, and blocks that were left out, by position, with the reason."""

    plan: TrialPlan
    part: TrialPart
    result: TrialResult
    boundary: str
    left_out: dict[int, str]
    balance: dict[str, tuple[float, float]]


def analyse(
    site: Site,
    settings: Settings,
    plan: TrialPlan,
    told: list[Told],
    *,
    adjustments: list[Adjustment] | None = None,
) -> Analysis:
    """What the trial saved. told: the ledger's decisions in it.

    Raises SavingsError where the plan is another site's, the switch was not obeyed in a quarter of the blocks, or too
    few pairs have readings; StoreError without telemetry.
    """
    if plan.site != site.name:
        raise SavingsError(f'the trial is of site "{plan.site}", not of "{site.name}"; give that site')
    store = Store(settings.store, site)
    table = store.read(plan.start, plan.end)
    record = record_of(site, table, Period(plan.start, plan.end, site.local_zone))
    target, boundary = target_of(site, record)
    left_out = not_obeyed(site, plan, plant_table(site, table), told)
    if len(left_out) > MOST_DISOBEYED * len(plan.blocks):
        first, why = next(iter(left_out.items()))
        raise SavingsError(
            f"the trial was not run as drawn in {len(left_out)} of {len(plan.blocks)} blocks "
            f"(block {first + 1}: {why}); nothing can be said of it"
        )
    trial = _hours(site, record, target, adjustments or [])
    before = _before(site, store, plan, target, adjustments or []) if plan.arms[0] == "off" else None
    blocks = _blocks(plan, record.index, set(left_out))
    records = [before[1], record] if before else [record]
    servers = servers_of(site, records, setpoints=False)
    try:
        with threadpool_limits(limits=1):
            result = analysed(
                trial,
                blocks,
                regressions(before[0] if before else trial),
                before=before[0] if before else None,
                servers=servers,
            )
    except TooFewRowsError as error:
        raise SavingsError(
            f"trial {plan.name} says nothing yet: {error}; let it run on, or ingest its telemetry"
        ) from error
    return Analysis(plan, _part(plan, result), result, boundary, left_out, _balance(trial, blocks))


def _hours(site: Site, record: Record, target: str, adjustments: list[Adjustment]) -> Hours:
    hours = record.hours(site, target)
    return replace(hours, power_kw=adjusted(hours.power_kw, record.index, adjustments))


def _before(
    site: Site, store: Store, plan: TrialPlan, target: str, adjustments: list[Adjustment]
) -> tuple[Hours, Record] | None:
    """Hours before the trial at which every setpoint that is read was at the site's rule; None where none tells."""
    span = store.span()
    first = plan.start - pd.Timedelta(days=BEFORE_DAYS)
    if span is None or span[0] >= plan.start:
        return None
    record = read_record(site, store, Period(max(first, span[0]), plan.start, site.local_zone))
    columns = {str(name): record.column(str(name)) for name in record.plant}
    rule = rule_of_record(site, columns)
    near = [
        np.abs(columns[name] - rule[name]) <= tolerance for name, _, tolerance in read_back(site, columns)
    ]
    at_rule = np.logical_and.reduce(near) if near else np.zeros(len(record.plant), bool)
    if not at_rule.any():
        return None
    hours = _hours(site, record, target, adjustments)
    kept = Record(record.period, record.plant[at_rule], record.contradictory)
    return hours.where(at_rule), kept


def _blocks(plan: TrialPlan, times: pd.DatetimeIndex, left_out: set[int]) -> Blocks:
    block = np.full(len(times), -1)
    for position, each in enumerate(plan.blocks):
        if position not in left_out:
            block[plan.analysed(each, times)] = position
    on = np.array([each.arm == plan.arms[1] for each in plan.blocks])
    return Blocks(block, np.array([each.pair for each in plan.blocks]), on)


def _balance(trial: Hours, blocks: Blocks) -> dict[str, tuple[float, float]]:
    """Mean load and weather in the first arm and the second: what the draw was to make alike."""
    used = blocks.block >= 0
    on = used & blocks.on[np.maximum(blocks.block, 0)]
    series = {"load_kw": trial.load_kw, "wetbulb_c": trial.wetbulb_c, "drybulb_c": trial.drybulb_c}
    return {
        name: (float(np.nanmean(values[used & ~on])), float(np.nanmean(values[on])))
        for name, values in series.items()
        if np.isfinite(values[on]).any() and np.isfinite(values[used & ~on]).any()
    }


def _part(plan: TrialPlan, result: TrialResult) -> TrialPart:
    return TrialPart(
        name=plan.name,
        days=(plan.end - plan.start) / pd.Timedelta(days=1),
        pairs=len(result.differences_kw),
        saved_kw=FigurePart(
            value=result.saved_kw,
            low_90=result.saved_kw - result.half_90_kw,
            high_90=result.saved_kw + result.half_90_kw,
            low_68=result.saved_kw - result.half_68_kw,
            high_68=result.saved_kw + result.half_68_kw,
            unit="kW",
            shown=result.shown,
            why_not="" if result.shown else "an interval covers zero",
        ),
        saved_percent=100.0 * result.saved_share,
        drawn_low_kw=result.drawn_low_kw,
        drawn_high_kw=result.drawn_high_kw,
        p_value=result.p_value,
        adjusted_by=result.adjusted_by,
        shown=result.shown,
    )
