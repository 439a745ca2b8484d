"""`coldaisle trial plan`: when control is on and off, drawn at random, and how long it has to last."""

import hashlib
import json
import math
import secrets
from datetime import datetime
from pathlib import Path
from typing import Literal, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from threadpoolctl import threadpool_limits

from models.errors import TooFewRowsError
from models.savings.candidates import regressions
from models.savings.choice import simplest_within_noise, weekly_errors
from models.savings.hours import Hours
from models.savings.trials.design import drawn, pairs_of
from models.savings.trials.power import pairs_needed, saving_found
from pipelines.errors import SavingsError
from pipelines.files import write_atomic
from pipelines.savings.periods import Period
from pipelines.savings.record import read_record, target_of
from pipelines.site.file import Site
from pipelines.telemetry.store import Store

Block = Literal["day", "half-day"]
Arm = Literal["off", "on", "champion", "challenger"]
ARMS: tuple[tuple[Arm, Arm], ...] = (("off", "on"), ("champion", "challenger"))
RECORD_DAYS, LEAST_RECORD_DAYS = 84, 28
SETTLE_H = 1.0  # after the setpoints have arrived
SHOWN_SAVINGS = (0.02, 0.05, 0.10, 0.20)


class PlannedBlock(BaseModel):
    """A stretch with one arm; pair: the block it is compared with has the same number, -1 for none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: datetime
    end: datetime
    arm: Arm
    pair: int


class TrialPlan(BaseModel):
    """A trial. seed: of the draw; wash_out_h: first hours of each block that are not analysed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    site: str
    name: str
    block: Block
    arms: tuple[Arm, Arm]
    seed: int
    wash_out_h: float = Field(ge=0, le=12)
    blocks: list[PlannedBlock] = Field(min_length=2)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.arms not in ARMS:
            raise ValueError(f"arms must be off, on or champion, challenger, found {', '.join(self.arms)}")
        for first, second in zip(self.blocks, self.blocks[1:], strict=False):
            if second.start < first.end:
                raise ValueError(
                    f"blocks must not overlap: {first.start.isoformat()} to {first.end.isoformat()} and "
                    f"{second.start.isoformat()}; plan the trial again"
                )
        if any(each.end <= each.start or each.arm not in self.arms for each in self.blocks):
            raise ValueError(
                "every block needs an end after its start and one of the trial's arms; plan it again"
            )
        return self

    @property
    def start(self) -> pd.Timestamp:
        """Start of the first block, UTC."""
        return pd.Timestamp(self.blocks[0].start).tz_convert("UTC")

    @property
    def end(self) -> pd.Timestamp:
        """End of the last block, UTC."""
        return pd.Timestamp(self.blocks[-1].end).tz_convert("UTC")

    def block_at(self, at: datetime) -> PlannedBlock | None:
        """The block that a time lies in."""
        return next((each for each in self.blocks if each.start <= at < each.end), None)

    def analysed(self, block: PlannedBlock, times: pd.DatetimeIndex) -> np.ndarray:
        """Which of the times (n,) count in a block: those after its wash-out."""
        start = pd.Timestamp(block.start) + pd.Timedelta(hours=self.wash_out_h)
        return np.asarray((times >= start) & (times < pd.Timestamp(block.end)))

    def digest(self) -> str:
        """Hash of the plan: what was drawn cannot be changed afterwards without being seen."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_plan(path: Path) -> TrialPlan:
    """A plan from its file. Raises SavingsError where it is none."""
    try:
        return TrialPlan.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as cause:
        raise SavingsError(
            f"trial {path} cannot be read ({cause.strerror}); give the file of coldaisle trial plan"
        ) from cause
    except (ValidationError, UnicodeDecodeError) as cause:
        raise SavingsError(f"trial {path} is no plan of coldaisle trial plan: {cause}") from cause


def write_plan(plan: TrialPlan, path: Path) -> None:
    """The plan as JSON."""
    write_atomic(path, plan.model_dump_json(indent=1) + "\n")


def make_plan(
    site: Site,
    *,
    start: pd.Timestamp,
    days: int,
    block: Block = "day",
    arms: tuple[Arm, Arm] = ("off", "on"),
    wash_out_h: float | None = None,
    seed: int | None = None,
    name: str = "",
) -> TrialPlan:
    """A plan from midnight of the start's day in the site's zone. Raises SavingsError where it cannot be drawn."""
    if not site.setpoints:
        raise SavingsError(
            f'site "{site.name}" has no setpoints: there is nothing to switch; add [[setpoints]]'
        )
    halves = 2 if block == "half-day" else 1
    wash_out_h = needed_wash_out_h(site) if wash_out_h is None else wash_out_h
    if wash_out_h > 12.0 / halves:
        raise SavingsError(
            f"wash-out ({wash_out_h:g} h) must leave half of a block of {24 // halves} h to analyse; "
            "choose --block day, or a shorter --wash-out"
        )
    seed = secrets.randbelow(2**31) if seed is None else seed
    midnight = start.tz_convert(site.local_zone).normalize()
    starts = [
        (midnight + pd.DateOffset(days=day)) + pd.Timedelta(hours=12 * half)
        for day in range(days + 1)
        for half in range(halves)
    ]
    edges = starts[: days * halves + 1]
    weekday = np.array([each.dayofweek for each in edges[:-1]])
    half = np.tile(np.arange(halves), days)
    design = drawn(weekday, half, seed)
    if design.pair.max() < 4:
        raise SavingsError(
            f"{days} days hold {design.pair.max() + 1} pairs of blocks, needs 5; plan more days"
        )
    return TrialPlan(
        site=site.name,
        name=name or f"{site.name}-{midnight:%Y%m%d}",
        block=block,
        arms=arms,
        seed=seed,
        wash_out_h=wash_out_h,
        blocks=[
            PlannedBlock(
                start=first.tz_convert("UTC").to_pydatetime(),
                end=last.tz_convert("UTC").to_pydatetime(),
                arm=arms[int(on)],
                pair=int(pair),
            )
            for first, last, on, pair in zip(edges, edges[1:], design.on, design.pair, strict=False)
        ],
    )


def needed_wash_out_h(site: Site) -> float:
    """Hours until setpoints have slewed from their default to the farther limit, and one more, rounded up."""
    moves = [
        max(abs(each.max - each.default), abs(each.default - each.min)) / each.slew_per_hour
        for each in site.setpoints
        if each.kind != "binary"
    ]
    return min(float(math.ceil(max(moves, default=0.0) + SETTLE_H)), 12.0)


def power_of(site: Site, store: Store, plan: TrialPlan) -> dict[str, object]:
    """Days until savings of 2 to 20 % are shown with 90 % power, and the least saving that the plan shows.

    From what pairs of alike blocks of the record before the trial differ by, load and weather taken out.
    """
    span = store.span()
    if span is None:
        return {"why_not": "the site has no telemetry yet"}
    end = min(span[1], plan.start)
    period = Period(max(span[0], end - pd.Timedelta(days=RECORD_DAYS)), end, site.local_zone)
    if end <= span[0] or period.days < LEAST_RECORD_DAYS:
        days = max(0.0, (end - span[0]) / pd.Timedelta(days=1))
        return {"why_not": f"{days:.0f} of {LEAST_RECORD_DAYS} days of telemetry before the trial"}
    record = read_record(site, store, period)
    target, boundary = target_of(site, record)
    hours = record.hours(site, target)
    try:
        differences = _placebo_pairs(hours, plan, site.local_zone)
    except (ValueError, TooFewRowsError) as error:
        return {"why_not": str(error)}
    mean_kw = float(np.nanmean(hours.power_kw))
    pairs_a_day = sum(each.pair >= 0 for each in plan.blocks) / 2.0 / (plan.end - plan.start).days
    pairs = {share: pairs_needed(share * mean_kw, differences) for share in SHOWN_SAVINGS}
    return {
        "target": target,
        "boundary": boundary,
        "mean_kw": mean_kw,
        "pair_spread_kw": float(np.std(differences, ddof=1)),
        "days_needed": {
            f"{share:.0%}": None if count is None else math.ceil(max(count, 5) / pairs_a_day)
            for share, count in pairs.items()
        },
        "least_saving_shown": saving_found(max(each.pair for each in plan.blocks) + 1, differences) / mean_kw,
        "why_not": "",
    }


def _placebo_pairs(hours: Hours, plan: TrialPlan, zone: str) -> np.ndarray:
    """Differences (pairs,) of alike blocks of a record in which nothing was switched."""
    candidates = regressions(hours)
    known = hours.where(hours.known(tuple(dict.fromkeys(air for each in candidates for air in each.needs))))
    with threadpool_limits(limits=1):
        tried = [(each, each.left_out(known)) for each in candidates]
    if not tried:
        raise ValueError("the record has no outdoor temperature")
    best = simplest_within_noise(
        [weekly_errors(left, known) for _, left in tried], [each.complexity for each, _ in tried]
    )
    error = tried[best][1].errors_kw(known)
    halves = 2 if plan.block == "half-day" else 1
    local = pd.DatetimeIndex(pd.to_datetime(known.hour * 3600, unit="s", utc=True)).tz_convert(zone)
    hour = local.hour.to_numpy()
    frame = pd.DataFrame({"error": error, "day": local.date, "half": hour // (24 // halves)})
    frame = frame[hour % (24 // halves) >= plan.wash_out_h]
    means = frame.groupby(["day", "half"])["error"].mean().reset_index().dropna()
    weekday = pd.DatetimeIndex(pd.to_datetime(means["day"])).dayofweek.to_numpy()
    pair = pairs_of(weekday, means["half"].to_numpy())
    values = means["error"].to_numpy()
    return np.array([np.diff(values[pair == number])[0] for number in range(int(pair.max()) + 1)])
