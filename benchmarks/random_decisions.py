"""Decisions on anything that rows, clocks and orders may hold: how many raised, left a limit, or moved too fast.

    python -m benchmarks.random_decisions 100000

With and without a model, on a site with one supply-air setpoint and on one with two. Every value is held against
limits and slew rates computed here, apart from
the controller's own code.
"""

import logging
import math
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from pipelines.config import SITE_FOLDER
from pipelines.control.controller import Controller
from pipelines.control.orders import Orders
from pipelines.control.setup import Parameters, parameters_of
from pipelines.operations.tag_controller import TagController
from pipelines.site.file import Setpoint, Site, load_site
from pipelines.site.tags import setpoint_tags, tags_of
from pipelines.telemetry.readings import Readings
from tests.pipelines.conftest import learned_cascade
from tests.pipelines.halls import two_hall_cascade, two_hall_site

START, STEP = datetime(2026, 1, 10, tzinfo=UTC), timedelta(minutes=15)
LENGTH = 40  # decisions of one controller
ROUNDING = 1e-6
BAD: tuple[Any, ...] = (
    None, math.nan, math.inf, -math.inf, "n/a", "", "21.5", b"x", 10**400, -(10**400), 1e308, -1e308, True, [], {},
    object(), Decimal("NaN"), Decimal("1e999"), np.float32("nan"), np.array([1.0, 2.0]), 1j, datetime.max, -9999.0,
)  # fmt: skip
ROWS: tuple[Any, ...] = (None, {}, [], "row", 3, {1: 2}, {"": None})
TIMES: tuple[Any, ...] = (
    None, "2026-01-10", 5, math.nan, datetime.max, datetime.min, datetime.max.replace(tzinfo=UTC),
    datetime(2026, 1, 10),
)  # fmt: skip


@dataclass
class Tally:
    """Counts over many decisions, and the first of each fault."""

    decisions: int = 0
    raised: int = 0
    beyond_limit: int = 0
    too_fast: int = 0
    sources: Counter = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def note(self, fault: str, example: str) -> None:
        """Count a fault."""
        setattr(self, fault, getattr(self, fault) + 1)
        self.examples.setdefault(fault, example)


def run(count: int, parameters: list[Parameters], *, seed: int = 0, progress: bool = False) -> Tally:
    """Decide `count` times, controllers of the parameters given by turns."""
    tally, random = Tally(), np.random.default_rng(seed)
    while tally.decisions < count:
        _drive(parameters[(tally.decisions // LENGTH) % len(parameters)], tally, random)
        if progress and tally.decisions % 5_000 < LENGTH:
            print(f"{tally.decisions:,} decisions", file=sys.stderr)
    return tally


def _drive(params: Parameters, tally: Tally, random: np.random.Generator) -> None:
    orders = {"now": Orders()}
    controller = Controller(params, orders=lambda: orders["now"])
    by_tag, at = TagController(controller), START
    for _ in range(LENGTH):
        at = _next(at, random)
        if random.random() < 0.1:
            orders["now"] = _orders(params.site, random)
        row, moment = _row(params.site, controller, random), _moment(at, random)
        before, last = controller.memory.at, controller.memory.written
        tally.decisions += 1
        try:
            read = _decide(controller, by_tag, row, moment, random)
        except Exception as error:
            tally.note("raised", f"{type(error).__name__}: {error} at {moment!r}")
            continue
        if any(notice.startswith("the decision failed") for notice in controller.last.notices):
            tally.note("raised", controller.last.notices[-1])
        tally.sources[controller.last.source] += 1
        _check(params, controller, orders["now"], before, last, read, tally)
        if random.random() < 0.2:
            controller.not_written()


def _decide(
    controller: Controller, by_tag: TagController, row: Any, at: Any, random: np.random.Generator
) -> Callable[[str], Any]:
    """Decide by tags or by readings; how a setpoint was read, by name."""
    site = controller.params.site
    setpoints = {site.setpoint_name(setpoint): tag for setpoint, tag in setpoint_tags(site)}
    shown = row if isinstance(row, dict) else {}
    if random.random() < 0.5:
        by_tag.decide(row, at)
        return lambda name: setpoints[name].canonical(shown.get(setpoints[name].tag))
    tags = {tag.column: shown.get(tag.tag) for tag in tags_of(site).values()}
    age = timedelta(minutes=float(random.choice([0, 0, 5, 15, 17, 20, 29, 31, 59, 61, 200, -10])))
    try:
        when = at - age
    except Exception:
        when = at
    if random.random() < 0.1:
        controller.decide(None, at)
        return lambda name: math.nan
    controller.decide(Readings(when, tags), at)
    return lambda name: _within(tags.get(setpoints[name].column), setpoints[name].low, setpoints[name].high)


def _within(value: Any, low: float, high: float) -> float:
    if isinstance(value, str | bytes | None):
        return math.nan
    try:
        number = float(value)
    except Exception:
        return math.nan
    return number if low <= number <= high else math.nan


def _check(
    params: Parameters,
    controller: Controller,
    orders: Orders,
    before: datetime | None,
    last: tuple[float, ...] | None,
    read: Callable[[str], float],
    tally: Tally,
) -> None:
    after = controller.memory.at
    assert after is not None
    passed = params.interval if before is None else after - before
    hours = min(max(passed / timedelta(hours=1), 0.0), 1.0)
    for index, setpoint in enumerate(params.site.setpoints):
        name = params.site.setpoint_name(setpoint)
        value = controller.last.values[name]
        low, high = _limits(setpoint, orders)
        if not low - ROUNDING <= value <= high + ROUNDING:
            tally.note("beyond_limit", f"{name} {value} not in {low}..{high}")
        start = read(name)
        if not math.isfinite(start):
            start = setpoint.default if last is None else last[index]
        most = 1.0 if setpoint.kind == "binary" else setpoint.slew_per_hour * hours
        if not abs(value - min(max(start, low), high)) <= most + ROUNDING:
            tally.note("too_fast", f"{name} {start} -> {value} in {hours} h")


def _limits(setpoint: Setpoint, orders: Orders) -> tuple[float, float]:
    low, high = setpoint.min, setpoint.max
    if orders.mode == "auto":
        low, high = setpoint.auto_limits
    ordered = orders.limits.get(setpoint.tag)
    if ordered is None or not all(isinstance(end, float) and math.isfinite(end) for end in ordered):
        return low, high
    narrowed = max(low, ordered[0]), min(high, ordered[1])
    if setpoint.kind == "binary":
        narrowed = float(math.ceil(narrowed[0])), float(math.floor(narrowed[1]))
    return narrowed if narrowed[0] <= narrowed[1] else (low, high)


def _next(at: datetime, random: np.random.Generator) -> datetime:
    kind = random.random()
    if kind < 0.8:
        return at + STEP
    if kind < 0.85:
        return at
    return at + timedelta(minutes=float(random.choice([-3000, -15, -1, 1, 7, 45, 180, 5000])))


def _moment(at: datetime, random: np.random.Generator) -> Any:
    kind = random.random()
    if kind < 0.03:
        return TIMES[random.integers(len(TIMES))]
    return at.replace(tzinfo=None) if kind < 0.05 else at


def _row(site: Site, controller: Controller, random: np.random.Generator) -> Any:
    if random.random() < 0.03:
        return ROWS[random.integers(len(ROWS))]
    share = float(random.choice([0.0, 0.0, 0.05, 0.3, 0.9]))
    row: dict[Any, Any] = {}
    written = controller.last.values
    for tag in tags_of(site).values():
        middle = _usual(tag.quantity)
        row[tag.tag] = tag.exported(middle * (1.0 + 0.05 * random.standard_normal()))
    for setpoint, tag in setpoint_tags(site):
        value = written.get(site.setpoint_name(setpoint), setpoint.default)
        if random.random() < 0.1:
            value = random.uniform(-60.0, 110.0)
        row[tag.tag] = tag.exported(value)
    for name in list(row):
        if random.random() < share:
            row[name] = BAD[random.integers(len(BAD))]
        elif random.random() < 0.1 * share:
            del row[name]
    return row


def _usual(quantity: str) -> float:
    usual = {
        "it_power_kw": 800.0, "facility_power_kw": 1_850.0, "chiller_kw": 70.0, "supply_air_c": 21.0,
        "rack_inlet_c": 23.0,
        "chw_supply_c": 12.0, "chw_return_c": 20.0, "cw_supply_c": 18.0, "cw_return_c": 24.0, "outdoor_drybulb_c": 12.0,
        "outdoor_wetbulb_c": 8.0, "outdoor_rh_frac": 0.6, "rack_dew_point_c": 10.0,
    }  # fmt: skip
    return usual.get(quantity, 20.0)


def _orders(site: Site, random: np.random.Generator) -> Orders:
    def some(make: Callable[[Setpoint], Any]) -> dict[str, Any]:
        return {each.tag: make(each) for each in site.setpoints if random.random() < 0.4}

    def value(each: Setpoint) -> Any:
        if random.random() < 0.2:
            return float(random.choice([math.nan, math.inf, -1e9, 1e9]))
        return float(random.uniform(each.min - 2.0, each.max + 2.0))

    def limits(each: Setpoint) -> tuple[Any, Any]:
        return tuple(sorted((value(each), value(each))))  # type: ignore[return-value]

    mode = str(random.choice(["auto", "advise", "shadow"]))
    accepted = some(value) if random.random() < 0.3 else {}
    overrides = some(value) if random.random() < 0.2 else {}
    return Orders(mode=mode, limits=some(limits), overrides=overrides, accepted=accepted)  # type: ignore[arg-type]


def parameters() -> list[Parameters]:
    """One site with and without narrower limits in mode auto, and one with a setpoint for each of two halls; each with
    and without a model."""
    site = load_site(SITE_FOLDER / "referee.toml")
    auto = [
        each.model_copy(update={"auto_min": each.default - 1.0, "auto_max": each.default + 2.0})
        if each.kind == "continuous"
        else each
        for each in site.setpoints
    ]
    narrow, halls = site.model_copy(update={"setpoints": auto}), two_hall_site()
    models = (
        (site, learned_cascade(site)), (site, None), (narrow, learned_cascade(site)), (halls, None),
        (halls, two_hall_cascade(halls)),
    )  # fmt: skip
    return [parameters_of(each, cascade) for each, cascade in models]


def main(count: int) -> int:
    """Print the tally; 1 where a decision raised, left a limit or moved too fast."""
    logging.disable(logging.CRITICAL)
    tally = run(count, parameters(), progress=True)
    print(
        f"{tally.decisions:,} decisions: {tally.raised} raised, {tally.beyond_limit} beyond a limit, "
        f"{tally.too_fast} faster than a slew rate; by {dict(tally.sources)}"
    )
    for fault, example in tally.examples.items():
        print(f"  first {fault}: {example}")
    return int(bool(tally.raised or tally.beyond_limit or tally.too_fast))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000))
