"""Which concepts make which quantity, as a plant engineer reads them in a point's name."""

from pipelines.site.proposal.recognition.concepts import Pattern, Table
from pipelines.site.proposal.recognition.patterns_powers import add_flows, add_machines, add_meters
from pipelines.site.proposal.recognition.patterns_temperatures import (
    add_setpoints,
    add_temperatures,
    add_weather,
)


def _build() -> tuple[Pattern, ...]:
    table = Table()
    for add in (add_temperatures, add_weather, add_flows, add_machines, add_meters, add_setpoints):
        add(table)
    return tuple(table.patterns)


PATTERNS = _build()
