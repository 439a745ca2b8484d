"""The challenger beside the champion: what it would have decided, on the same readings, recorded and never written."""

import logging
import time
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pipelines.config import Settings
from pipelines.control.controller import decide
from pipelines.control.decision import Decision
from pipelines.control.memory import Memory
from pipelines.control.orders import Orders
from pipelines.control.setup import Parameters
from pipelines.learning import charges
from pipelines.learning.charges import CHALLENGER
from pipelines.operations.decision_body import by_tag
from pipelines.operations.ledger import LedgerError, Operations
from pipelines.operations.open_controller import open_parameters
from pipelines.site.file import Site
from pipelines.telemetry.readings import Readings

log = logging.getLogger(__name__)


class Shadow:
    """The challenger of a site. It decides from the champion's memory, so that both answer the same question."""

    def __init__(self, site: Site, settings: Settings) -> None:
        self._site, self._settings = site, settings
        self._params: Parameters | None = None
        self._loaded: int | None = None  # number of its charge

    def follow(
        self,
        operations: Operations,
        number: int,
        memory: Memory,
        readings: Readings | None,
        at: datetime,
        orders: Orders,
    ) -> int | None:
        """Decide as the challenger and record it beside decision `number`; its row, None without a challenger.

        memory: the champion's before it decided. Never raises: what is only compared must not end a turn.
        """
        try:
            params = self._challenger()
            if params is None:
                return None
            begun = time.perf_counter()
            _, decision = decide(params, memory, readings, at, orders)
            seconds = time.perf_counter() - begun
            return operations.add_shadow(
                decision=number, at=at, model=self._title, body=self._body(decision, seconds)
            )
        except LedgerError as error:
            log.warning("%s the challenger's decision is not recorded: %s", at, error)
        except Exception:
            log.exception("%s the challenger cannot decide", at)
        return None

    def _challenger(self) -> Parameters | None:
        """Its parameters, loaded when another version becomes challenger; None where there is none that can decide."""
        charge = charges.present(self._settings, self._site.name, "cascade", CHALLENGER)
        if charge is None:
            self._params = self._loaded = None
            return None
        if charge.number != self._loaded:
            params, self._title = open_parameters(self._site, self._settings, CHALLENGER)
            self._params, self._loaded = (params if params.model is not None else None), charge.number
        return self._params

    def _body(self, decision: Decision, seconds: float) -> dict[str, Any]:
        return {
            "values": by_tag(self._site, decision.values),
            "goal": by_tag(self._site, decision.goal),
            "source": decision.source,
            "reason": decision.reason,
            "expected": asdict(decision.expected) if decision.expected else None,
            "notices": list(decision.notices),
            "seconds": seconds,
        }
