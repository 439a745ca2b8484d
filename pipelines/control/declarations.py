"""What a site file declares, as the checks of `models.safety` take it. Imports no JAX: the watchdog uses it too."""

from models.safety.declared import Declared, Dwell, Interlock, MinimumTimes, Relation
from models.safety.types import Envelope
from pipelines.site.file import Site


def envelope_of(site: Site) -> Envelope:
    """Thermal envelope of a site."""
    envelope = site.envelope
    return Envelope(
        inlet_low_c=envelope.rack_inlet_min_c,
        inlet_high_c=envelope.rack_inlet_max_c,
        dew_point_high_c=envelope.dew_point_max_c,
        rate_k_per_h=envelope.rate_k_per_h,
    )


def declared_of(site: Site) -> Declared:
    """Relations, interlocks, minimum times and dwell of a site, setpoints by name."""
    table, name = site.safety, _names_by_tag(site)
    return Declared(
        relations=tuple(Relation(name[r.lower], name[r.upper], r.least_k) for r in table.relations),
        interlocks=tuple(
            Interlock(
                name=each.name,
                when=each.when,
                less=each.less,
                above=each.above,
                below=each.below,
                setpoint=name[each.tag],
                at_least=each.at_least,
                at_most=each.at_most,
            )
            for each in table.interlocks
        ),
        minimum_times=tuple(
            MinimumTimes(name[s.tag], on_h=s.min_on_minutes / 60.0, off_h=s.min_off_minutes / 60.0)
            for s in site.setpoints
            if s.min_on_minutes or s.min_off_minutes
        ),
        dwells=tuple(Dwell(name[d.tag], d.after, d.running_above, d.minutes / 60.0) for d in table.dwells),
    )


def _names_by_tag(site: Site) -> dict[str, str]:
    return {setpoint.tag: site.setpoint_name(setpoint) for setpoint in site.setpoints}
