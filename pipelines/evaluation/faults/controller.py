"""A controller with faults of its model, its machine or its operators' orders for a while."""

import math
import time
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import Any

import jax
import numpy as np
import pandas as pd

from models.cascade.cascade import Cascade
from pipelines.control.controller import Controller
from pipelines.control.decision import Decision
from pipelines.control.orders import Orders
from pipelines.control.setup import Parameters, parameters_of
from pipelines.evaluation.faults.catalogue import Window
from pipelines.operations.tag_controller import TagController
from pipelines.site.file import Site

DEADLINE_S = 0.5  # short, so that a slow decision does not take the table's time


class FaultyController:
    """Drives a controller and puts it at fault within the window; keeps every decision."""

    def __init__(self, site: Site, cascade: Cascade, trouble: str, window: Window) -> None:
        safety = site.safety.model_copy(
            update={"deadline_s": DEADLINE_S} if trouble == "slow decision" else {}
        )
        self.site, self.cascade = site.model_copy(update={"safety": safety}), cascade
        self.trouble, self.window = trouble, window
        self.orders, self.in_trouble = Orders(), False
        self.controller = self._new(cascade)
        self._healthy = self.controller.controller.params
        self.decisions: list[Decision] = []
        self.last = self.controller.last

    def decide(self, row: Mapping[str, Any], at: datetime) -> Mapping[str, float]:
        """The controller's decision, at fault or not: setpoints by tag, in the tags' units."""
        troubled = bool(self.trouble) and self.window.holds(pd.Timestamp(at))
        if troubled != self.in_trouble:
            self.in_trouble = troubled
            self._change(troubled)
        values = self.controller.decide(row, at)
        self.last = self.controller.last
        self.decisions.append(self.last)
        return values

    def _new(self, cascade: Cascade | None, why_none: str = "") -> TagController:
        params = parameters_of(self.site, cascade, why_none=why_none)
        return TagController(Controller(params, orders=lambda: self.orders))

    def _change(self, troubled: bool) -> None:
        match self.trouble:
            case "slow decision" | "failing decision":
                spoil = self._slow if self.trouble == "slow decision" else _fails
                self.controller.controller.params = (
                    _spoiled(self._healthy, spoil) if troubled else self._healthy
                )
            case "operator changes limits meanwhile":
                self.orders = _narrowed(self.site) if troubled else Orders()
            case _:
                self.controller = self._restarted() if troubled else self._new(self.cascade)

    def _restarted(self) -> TagController:
        if self.trouble.startswith("model missing"):
            return self._new(None, "it is missing")
        if self.trouble.startswith("model with NaN"):
            return self._new(jax.tree.map(lambda leaf: np.asarray(leaf) * math.nan, self.cascade))
        meters: Any = dict.fromkeys(self.cascade.meters, "another schema")
        return self._new(replace(self.cascade, meters=meters))

    def _slow(self, *_: Any) -> None:
        time.sleep(1.2 * DEADLINE_S)


def _spoiled(params: Parameters, choose: Callable[..., Any]) -> Parameters:
    """The parameters with an optimizer that does something else when it is asked."""
    assert params.model is not None
    optimizer = copy(params.model.optimizer)
    object.__setattr__(optimizer, "choose", choose)
    return replace(params, model=replace(params.model, optimizer=optimizer))


def _fails(*_: Any) -> None:
    raise FloatingPointError("overflow in the control model")


def _narrowed(site: Site) -> Orders:
    """Half of every continuous setpoint's range, around its default."""
    limits = {}
    for each in site.setpoints:
        if each.kind == "continuous":
            quarter = (each.max - each.min) / 4.0
            limits[each.tag] = (max(each.min, each.default - quarter), min(each.max, each.default + quarter))
    return Orders(limits=limits)
