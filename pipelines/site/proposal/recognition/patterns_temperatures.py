"""How temperatures, readings of the weather and setpoints are named."""

from pipelines.site.proposal.recognition.concepts import Table


def add_temperatures(t: Table) -> None:
    """Of water, air and rooms."""
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
    t.add("rack_inlet_c", "rack|server temp", also=room, less=2.2)
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


def add_weather(t: Table) -> None:
    """Of outdoor air, and forecasts."""
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


def add_setpoints(t: Table) -> None:
    """What may be set."""
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
