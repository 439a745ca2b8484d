"""How flows, machines and meters are named."""

from pipelines.site.proposal.recognition.concepts import BARE, Table

# What power and speed begin with, the running state, how it is named, and what may stand beside the name.
_MACHINES = (
    ("secondary_pump", "secondary_pump_on", ("schwp", "secondary pump", "secondary chwp", "secondary chw"),
     "chw pump plant water"),
    ("chw_pump", "chw_pump_on", ("chwp", "chw pump", "primary pump", "evaporator pump"),
     "chw pump primary plant water chiller supply"),
    ("cw_pump", "cw_pump_on", ("cwp", "cw pump", "condenser pump", "tower pump"),
     "cw pump plant water condenser chiller supply tower"),
    ("tower_fan", "tower_on", ("tower",), "fan plant cw cooling"),
    ("crah_fan", "crah_on", ("crah",), "fan hall supply air cooling"),
)  # fmt: skip


def add_flows(t: Table) -> None:
    """Flows and pressures."""
    t.add(
        "chw_flow_kg_s",
        "chw flow",
        "evaporator flow",
        also="water supply return plant chiller primary total building chwp secondary evaporator",
    )
    t.add("chw_flow_kg_s", "chiller flow", "chwp flow", also="water total", less=0.5)
    t.add("chw_flow_kg_s", "flow", also="water total plant", less=1.0)
    t.add(
        "cw_flow_kg_s",
        "cw flow",
        "condenser flow",
        also="water supply return plant chiller total tower cwp condenser",
    )
    t.add("cw_flow_kg_s", "tower flow", "cwp flow", also="water total", less=0.5)
    t.add("airflow_kg_s", "crah airflow", "air flow", "airflow", also="fan supply air flow hall return crah")
    t.add("airflow_kg_s", "crah flow", also="fan supply", less=0.8)
    t.add("aisle_pressure_pa", "aisle|cold_aisle pressure|dp", also="dp pressure hall air supply")
    t.add("aisle_pressure_pa", "hall dp|pressure", also="dp pressure air", less=0.8)
    t.add("loop_pressure_pa", "chw dp", also="pressure water secondary plant building supply")
    t.add(
        None,
        "chw|cw|pump|chwp|cwp|compressor|condenser|evaporator|chiller pressure",
        also="supply return leaving entering in out water",
        reason="a pressure, but no difference across the loop",
    )
    t.add(
        None,
        "cw dp",
        "condenser|evaporator|pump|air|crah|fan dp",
        also="pressure water supply return chiller",
        reason="a difference of pressures that is no loop's",
    )


def add_machines(t: Table) -> None:
    """Power, speed and state of machines."""
    for stem, running, names, also in _MACHINES:
        for name in names:
            t.add(f"{stem}_kw", f"{name} power", also=f"{also} total load")
            t.add(f"{stem}_speed_frac", f"{name} speed", also=f"{also} share fb")
            t.add(f"{stem}_speed_frac", f"{name} speed cmd", also=f"{also} share", less=0.6)
            t.add(running, f"{name} status", also=f"{also} fb")
            t.add(running, f"{name} cmd|enable", also=also, less=1.4)
        t.add(
            f"{stem}_speed_frac",
            f"{names[0]} fan share" if stem.endswith("fan") else f"{names[0]} share",
            also=also,
            less=1.4,
        )
    t.add("crah_fan_kw", "air supply fan power", also="hall total", less=0.5)
    t.add("chiller_kw", "chiller power", also="compressor plant cooling total")
    t.add("chiller_kw", "compressor power", also="total", less=0.5)
    t.add("chiller_load_frac", "chiller|compressor load share", also="power compressor chiller plant")
    t.add("chiller_load_frac", "chiller load", also="compressor plant", less=0.8)
    t.add("chiller_on", "chiller status", also="compressor plant fb cooling")
    t.add("chiller_on", "compressor status", "chiller cmd|enable", less=1.4)
    t.add("economizer_on", "economizer status", also="plant cooling fb tower")
    t.add("economizer_enable", "economizer enable|cmd|sp|available", also="plant enable cmd sp status")
    t.add(None, "chiller|compressor speed", also="share cmd fb sp", reason="a compressor's speed")
    t.add(
        None,
        "chiller|tower|crah|pump|fan|chwp|cwp|chw|compressor share",
        also="power load total",
        less=0.8,
        reason="a share whose whole is not told",
    )
    t.add(
        None,
        "pump speed|power|status|cmd",
        "fan speed|power|status",
        also="share",
        less=0.5,
        reason="a pump or fan of no loop that the name tells",
    )


def add_meters(t: Table) -> None:
    """Meters of IT, losses, whole plants, and heat."""
    t.add("cooling_power_kw", "plant power", "cooling power", also="total load plant cooling chiller")
    t.add("cooling_power_kw", "cooling total", "plant total", also="power cooling plant", less=0.8)
    t.add(
        "it_power_kw",
        "it power",
        "server power",
        "pdu power",
        "ups out power",
        also="load total hall rack it server ups out pdu",
    )
    t.add("it_power_kw", "rack power", "it load", also="total hall power in", less=0.3)
    t.add("it_power_kw", "pdu load", also="total hall power", less=0.8)
    t.add("it_power_kw", "hall power", also="load total building it", less=0.7)
    t.add("it_power_kw", "ups power", also="load total hall", less=0.8)
    t.add(None, "ups in power", also="total", reason="what goes into a UPS is IT power with the UPS's loss")
    t.add(
        None,
        "ups|pdu|utility|generator load",
        also="share total",
        less=0.6,
        reason="the share of its rating that electrical equipment carries",
    )
    t.add(
        None, "ups|pdu|utility|rack|generator status", also="cmd", reason="the state of electrical equipment"
    )
    t.add(None, "generator power", also="total load", reason="a generator's power")
    t.add("ups_loss_kw", "ups loss", also="power total hall")
    t.add("pdu_loss_kw", "pdu loss", also="power total hall")
    t.add("lighting_kw", "lighting power", also="total load hall building")
    t.add(
        "facility_power_kw",
        "utility power",
        "facility power",
        also="total load building facility utility in supply power",
    )
    t.add("facility_power_kw", "building power", also="total load", less=0.8)
    t.add("facility_power_kw", "facility load", also="total building", less=0.6)
    for quantity in ("facility_power_kw", "cooling_power_kw", "it_power_kw"):
        t.add(quantity, "total power", less=1.2, also="load")
        t.add(quantity, "power", less=BARE, also="load total")  # of what, only a sum can tell
    t.add(
        "cooling_load_kw",
        "heat",
        also="power load cooling building plant chw chiller total supply evaporator water",
    )
    t.add(
        "cooling_load_kw",
        "cooling load",
        "building load",
        "chw load",
        "plant load",
        also="total heat power plant chw cooling building",
        less=0.2,
    )
    t.add("cooling_load_kw", "chiller load", also="total power", less=0.9)
    t.add(
        None,
        "tower|cw|condenser heat",
        "tower|cw|condenser load",
        also="power total water cooling load share",
        reason="heat that is rejected is not electrical power, and no quantity of ours",
    )
    t.add(
        None,
        "crah|hall|it|economizer|ups heat",
        also="power load total",
        less=0.8,
        reason="the heat of a part of the plant",
    )
    t.add("it_utilization_frac", "utilization", also="it server share load", less=0.2)
    t.add(None, "power share", "share", also="total load", less=1.0, reason="a share whose whole is not told")
