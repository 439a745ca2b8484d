"""Which concepts make which quantity, as a plant engineer reads them in a point's name."""

from dataclasses import dataclass, field

SUBJECT, SIDE, MEASURE, ROLE = 3.0, 2.0, 2.0, 2.5
WEIGHTS = (
    dict.fromkeys(
        [
            "chiller",
            "evaporator",
            "condenser",
            "compressor",
            "tower",
            "chwp",
            "cwp",
            "schwp",
            "pump",
            "crah",
            "rack",
            "cold_aisle",
            "hot_aisle",
            "aisle",
            "hall",
            "it",
            "server",
            "ups",
            "pdu",
            "economizer",
            "outdoor",
            "utility",
            "facility",
            "plant",
            "cooling",
            "building",
            "lighting",
            "generator",
            "chw",
            "cw",
            "fan",
        ],
        SUBJECT,
    )
    | dict.fromkeys(["supply", "return", "leaving", "entering", "in", "out", "primary", "secondary"], SIDE)
    | dict.fromkeys(
        [
            "temp",
            "wetbulb",
            "drybulb",
            "dewpoint",
            "rh",
            "power",
            "heat",
            "load",
            "flow",
            "airflow",
            "pressure",
            "dp",
            "barometer",
            "speed",
            "status",
            "loss",
            "utilization",
            "windspeed",
            "winddir",
            "share",
            "available",
            "energy",
        ],
        MEASURE,
    )
    | dict.fromkeys(["sp", "cmd", "fb", "enable", "forecast"], ROLE)
    | {"air": 1.0, "water": 0.5, "total": 0.4}
)
OTHER_WEIGHT = 6.0
BARE = 1.65  # of a name that says power and not of what
# Concepts that may be missing at a price smaller than their weight, where unit and values say the same.
IMPLIED = {"temp": 0.9, "power": 1.2, "status": 0.8, "load": 0.5, "share": 0.5}


@dataclass(frozen=True)
class Pattern:
    """A quantity, or a reason why there is none, and the concepts that name it.

    needs: each an alternative set, of which one has to be named. also: what may stand beside them.
    less: how much worse a name of this pattern is than its words alone tell (a bare `temp` may be anything).
    """

    quantity: str | None
    needs: tuple[frozenset[str], ...]
    also: frozenset[str] = frozenset()
    less: float = 0.0
    reason: str = ""

    @property
    def allowed(self) -> frozenset[str]:
        """Every concept that the pattern explains."""
        allowed = frozenset().union(*self.needs, self.also)
        return allowed | {"energy"} if "power" in allowed else allowed

    @property
    def weight(self) -> float:
        """What a name gains that has all of it."""
        return sum(max(WEIGHTS[concept] for concept in need) for need in self.needs)


@dataclass
class _Table:
    patterns: list[Pattern] = field(default_factory=list)

    def add(
        self, quantity: str | None, *needs: str, also: str = "", less: float = 0.0, reason: str = ""
    ) -> None:
        for need in needs:
            sets = tuple(frozenset(word.split("|")) for word in need.split())
            self.patterns.append(Pattern(quantity, sets, frozenset(also.split()), less, reason))


def _temperatures(t: _Table) -> None:
    loop = "water plant chiller chwp building"
    t.add(
        "chw_supply_c",
        "chw supply|leaving temp",
        "evaporator leaving|out|supply temp",
        also=f"{loop} primary evaporator chw secondary",
    )
    t.add("chw_supply_c", "chw out temp", "chiller leaving|supply|out temp", also=f"{loop} chw", less=0.6)
    t.add("chw_supply_c", "chw temp", also=loop, less=2.0)
    t.add(
        "chw_return_c",
        "chw return|entering temp",
        "evaporator entering|in|return temp",
        also=f"{loop} primary evaporator chw secondary",
    )
    t.add("chw_return_c", "chw in temp", "chiller entering|return|in temp", also=f"{loop} chw", less=0.6)
    loop = "water plant chiller cwp building condenser"
    t.add("cw_supply_c", "cw supply temp", "tower leaving|out|supply temp", also=f"{loop} tower cw")
    t.add("cw_supply_c", "cw entering temp", "condenser entering|in|supply temp", also=f"{loop} cw")
    t.add("cw_supply_c", "cw temp", also=loop, less=0.9)
    t.add("cw_supply_c", "cw leaving|out temp", also=loop, less=0.8)
    t.add("cw_return_c", "cw return temp", "tower entering|in|return temp", also=f"{loop} tower cw")
    t.add("cw_return_c", "cw leaving|out temp", "condenser leaving|out|return temp", also=f"{loop} cw")
    t.add("cw_return_c", "cw entering|in temp", also=loop, less=0.8)
    room = "hall crah air fan"
    t.add("supply_air_c", "crah supply|leaving temp", "air supply|leaving temp", also=room)
    t.add("supply_air_c", "crah out temp", also=room, less=0.6)
    t.add("supply_air_c", "hall supply temp", also="air", less=1.2)
    t.add("return_air_c", "crah return|entering temp", "air return|entering temp", also=room)
    t.add("return_air_c", "crah in temp", also=room, less=0.6)
    t.add("return_air_c", "hall return temp", also="air", less=1.2)
    room = "hall aisle air rack server it"
    t.add(
        "rack_inlet_c",
        "rack|server in|supply|entering temp",
        "cold_aisle temp",
        also=f"{room} cold_aisle supply in",
    )
    t.add("rack_inlet_c", "hall|it|aisle in|entering temp", also=room, less=0.4)
    t.add("rack_inlet_c", "rack|server temp", also=room, less=1.8)
    t.add(
        "rack_outlet_c",
        "rack|server out|return|leaving temp",
        "hot_aisle temp",
        also=f"{room} hot_aisle return out",
    )
    t.add("rack_outlet_c", "hall|it|aisle out temp", also=room, less=0.4)
    t.add(
        "rack_dew_point_c",
        "rack|cold_aisle|aisle|server|hall dewpoint",
        also=f"{room} temp in supply cold_aisle",
    )
    t.add(
        None,
        "hall temp",
        "aisle temp",
        also="air it building",
        reason="the temperature of a room is neither a rack's inlet nor supply air",
    )
    sides = "supply return leaving entering in out water air"
    t.add(
        None,
        "crah chw|water temp",
        also=f"{sides} hall",
        reason="the temperature of water at an air handler's coil",
    )
    t.add(
        None,
        "economizer chw|cw temp",
        also=f"{sides} cw",
        reason="the temperature of water at the economizer's heat exchanger",
    )
    t.add(
        None,
        "speed temp",
        also="chwp cwp schwp tower crah pump fan chiller",
        reason="the temperature of a drive",
    )
    t.add(
        None,
        "ups|pdu|utility|generator temp",
        also="hall air",
        reason="the temperature of electrical equipment",
    )
    t.add(None, "compressor|tower|fan|pump temp", also="air motor", reason="the temperature of a machine")


def _weather(t: _Table) -> None:
    t.add("outdoor_drybulb_c", "outdoor temp", "outdoor drybulb", also="air temp drybulb building")
    t.add("outdoor_drybulb_c", "drybulb", also="air temp tower plant", less=0.2)
    t.add("outdoor_drybulb_c", "temp", also="air", less=1.6)
    t.add("outdoor_wetbulb_c", "outdoor wetbulb", also="air temp tower building")
    t.add("outdoor_wetbulb_c", "wetbulb", also="air temp tower plant", less=0.1)
    t.add("outdoor_dew_point_c", "outdoor dewpoint", also="air temp")
    t.add("outdoor_dew_point_c", "dewpoint", also="air temp", less=0.5)
    t.add("outdoor_rh_frac", "outdoor rh", also="air share building")
    t.add("outdoor_rh_frac", "rh", also="air share", less=0.6)
    t.add("outdoor_pressure_pa", "outdoor pressure|barometer", "barometer", also="air pressure outdoor")
    t.add("outdoor_pressure_pa", "pressure", also="air", less=1.2)
    t.add("wind_speed_m_s", "windspeed", also="outdoor speed")
    t.add("wind_direction_deg", "winddir", also="outdoor")
    t.add("forecast_wetbulb_c", "forecast wetbulb", also="outdoor temp air")
    t.add("forecast_drybulb_c", "forecast drybulb|temp", also="outdoor temp air drybulb")
    t.add("forecast_load_kw", "forecast load|power", also="it load power total")
    t.add(
        None,
        "hall|rack|cold_aisle|hot_aisle|crah|aisle|air rh",
        also="supply return air hall rack share in out",
        reason="indoor humidity",
    )


def _flows(t: _Table) -> None:
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


_MACHINES = (
    ("secondary_pump", "secondary_pump_on", ("schwp", "secondary pump", "secondary chwp", "secondary chw"), "chw pump plant water"),
    ("chw_pump", "chw_pump_on", ("chwp", "chw pump", "primary pump", "evaporator pump"), "chw pump primary plant water chiller supply"),
    ("cw_pump", "cw_pump_on", ("cwp", "cw pump", "condenser pump", "tower pump"), "cw pump plant water condenser chiller supply tower"),
    ("tower_fan", "tower_on", ("tower",), "fan plant cw cooling"),
    ("crah_fan", "crah_on", ("crah",), "fan hall supply air cooling"),
)  # fmt: skip


def _machines(t: _Table) -> None:
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
    t.add("chiller_kw", "chiller power", also="compressor load plant cooling total")
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


def _meters(t: _Table) -> None:
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


def _setpoints(t: _Table) -> None:
    t.add(
        "chw_supply_sp_c",
        "chw sp",
        "chw supply sp",
        "evaporator sp",
        "evaporator leaving|supply sp",
        "chw leaving sp",
        also="temp supply leaving water plant chiller evaporator cmd out cooling",
    )
    t.add(
        "chw_supply_sp_c",
        "chiller sp",
        "chiller supply|leaving sp",
        also="temp water leaving plant cmd cooling out",
        less=0.4,
    )
    t.add(
        "cw_supply_sp_c",
        "cw sp",
        "cw supply sp",
        "cw entering sp",
        "tower sp",
        "tower leaving|supply sp",
        "condenser sp",
        "condenser entering|supply sp",
        "cw leaving sp",
        also="temp supply leaving entering water plant tower cw condenser fan cmd out",
    )
    t.add(
        "supply_air_sp_c",
        "air supply sp",
        "crah supply sp",
        "crah leaving sp",
        "air leaving sp",
        also="temp hall air crah cmd fan cooling",
    )
    t.add("supply_air_sp_c", "crah sp", also="temp air", less=0.9)
    t.add("supply_air_sp_c", "hall supply sp", also="temp air", less=0.8)
    t.add("airflow_ratio_sp", "airflow sp", also="crah share fan")
    t.add("chillers_available_sp", "chiller available", also="sp cmd plant")
    t.add(
        None,
        "return sp",
        also="air chw cw temp crah water hall",
        reason="a setpoint of what returns, which is no quantity of ours",
    )
    t.add(
        None,
        "speed|dp|pressure|flow|rh|dewpoint|airflow|wetbulb sp",
        also="air chw cw crah water hall fan pump chwp cwp tower supply return rack chiller schwp",
        less=0.3,
        reason="a setpoint of no quantity of ours",
    )
    t.add(
        None,
        "hall|rack|cold_aisle|hot_aisle|aisle|economizer sp",
        also="temp in out air hall supply return",
        less=0.3,
        reason="a setpoint of no quantity of ours",
    )


def _build() -> tuple[Pattern, ...]:
    table = _Table()
    for part in (_temperatures, _weather, _flows, _machines, _meters, _setpoints):
        part(table)
    return tuple(table.patterns)


PATTERNS = _build()
