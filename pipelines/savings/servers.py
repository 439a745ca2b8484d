"""What the record holds of servers: inlets, utilisation, setpoints of supply air, and what the power chain loses."""

from collections.abc import Sequence

import numpy as np

from models.savings.estimate import Servers
from pipelines.savings.record import Record
from pipelines.site.file import Site

LEAST_KNOWN = 0.5  # of the hours
LEAST_H, MOST_LOSS = 24, 0.3


def servers_of(site: Site, records: Sequence[Record], *, setpoints: bool = True) -> Servers | None:
    """Series over the hours of the records, one after the other; None where there is no IT meter.

    setpoints: whether those of supply air tell what moved the inlets; in a trial the draw does.
    """
    if not site.meters.it:
        return None

    def joined(name: str) -> np.ndarray | None:
        values = np.concatenate([each.column(name) for each in records])
        return values if np.isfinite(values).mean() > LEAST_KNOWN else None

    names = records[0].columns_of("supply_air_sp_c")
    supply = [values for name in names if (values := joined(name)) is not None] if setpoints else []
    return Servers(
        inlet_c=joined("rack_inlet_c"),
        utilization=joined("it_utilization_frac"),
        supply_sp_c=np.mean(supply, axis=0) if supply else None,
        loss_share=_loss_share(records[0]),
    )


def _loss_share(record: Record) -> float:
    """What the power chain loses more per kW of IT: slope of facility less IT less cooling over IT, 0 to 0.3."""
    it_kw, facility_kw, cooling_kw = (record.column(name) for name in ("it_kw", "facility_kw", "cooling_kw"))
    losses = facility_kw - it_kw - cooling_kw
    known = np.isfinite(losses)
    if known.sum() < LEAST_H or np.ptp(it_kw[known]) <= 0.0:
        return 0.0
    return float(np.clip(np.polyfit(it_kw[known], losses[known], 1)[0], 0.0, MOST_LOSS))
