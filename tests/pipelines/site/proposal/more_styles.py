"""More ways to name points: written after the lexicon, to see how it does on names that it was not made for."""

from tests.pipelines.site.proposal.styles import Style

MORE_STYLES = (
    Style("tracer", "Utility Service|Data Hall|UPS Module|Chiller|Evap Water Pump|Cond Water Pump|Tower Fan|CRAH|Server Rack|Evaporator Water|Condenser Water|Outdoor Air|Waterside Free Cooling",
          "Total Power|Loss|Running Status|Speed Output|Supply Temp|Return Temp|Inlet Temp|Flow Rate|Drybulb|Wetbulb|Relative Humidity|Enable Status|Motor Current|Diagnostic Alarm|Valve Position Feedback|Differential Temp|Power Factor|Heat Rejection|Run Hours| Setpoint Active",
          lambda d, i, m: f"{d} {i}{i and ' '}{m}", "brackets", us=True),
    Style("carrier", "MAIN|DHALL|UPS|CHL|CHWP|CDWP|TWR|CRAC|RACK|CHW|CDW|OA|FREECL",
          "KW|KWLOSS|RUN|VFD_ACT|SUPTEMP|RETTEMP|INTEMP|FLOWRATE|DBTEMP|WBTEMP|HUMID|ENA|AMPS_P|ALM|VALVE_POS|DELTAT|PWR_FACTOR|TONS|RUN_HOURS|_STPT",
          lambda d, i, m: f"{d}{i and '_' + i}_{m}".lower() + "_1", us=True),
    Style("dotcase", "elec.utility|elec.hall|elec.ups|cool.chiller|cool.chwpump|cool.cwpump|cool.tower|air.crah|air.rack|cool.chw|cool.cw|weather|cool.economizer",
          "active_power|losses|is_running|speed_pct|t_supply|t_return|t_inlet|flow|t_drybulb|t_wetbulb|rh|enable|current|fault|valve|delta_t|pf|heat_rejected|run_hours|_setpoint",
          lambda d, i, m: f"site7.{d}{i and '.' + i.lower()}.{m}", power="W"),
    Style("singapore", "Incoming Main|Data Hall|UPS|CH|CHWP|CWP|CT|CRAC|Rack|CHW|CW|Outdoor|Free Cooling",
          "Power Consumption|Loss|On/Off|Motor Speed|Supply Header Temp|Return Header Temp|Inlet Temperature|Header Flow|Dry Bulb Temp|Wet Bulb Temp|Relative Humidity|Enable|Ampere|Trip Alarm|Valve Opening|Delta T|PF|Heat Rejected|Running Hrs| Set Point",
          lambda d, i, m: f"{d}{i and '-0' + _one(i)} {m}", "brackets"),
    Style("italian", "Cabina_MT|Sala|UPS|Gruppo_Frigo|Pompa_Acqua_Refrigerata|Pompa_Condensazione|Torre|CRAC|Rack|Acqua_Refrigerata|Acqua_Torre|Esterna|Free_Cooling",
          "Potenza_Attiva|Perdite|Stato_Marcia|Velocita|Temp_Mandata|Temp_Ritorno|Temp_Ingresso|Portata|Temperatura|Bulbo_Umido|Umidita|Abilitazione|Corrente|Allarme|Valvola|Delta_T|CosPhi|Potenza_Termica|Ore_Funzionamento|_Setpoint",
          lambda d, i, m: f"CED.{d}{i and '_' + i}.{m}"),
    Style("portuguese", "Entrada_Energia|Sala|Nobreak|Chiller|Bomba_Agua_Gelada|Bomba_Agua_Condensacao|Torre_Resfriamento|Fancoil|Rack|Agua_Gelada|Agua_Condensacao|Externa|Free_Cooling",
          "Potencia_Ativa|Perdas|Ligado|Velocidade|Temp_Saida|Temp_Retorno|Temp_Entrada|Vazao|Temperatura|Bulbo_Umido|Umidade|Habilita|Corrente|Alarme|Valvula|Delta_T|FP|Potencia_Termica|Horas|_Setpoint",
          lambda d, i, m: f"CAG_{d}{i}_{m}"),
    Style("dutch", "Hoofdmeter|Zaal|UPS|Koelmachine|GKW_Pomp|Koelwater_Pomp|Koeltoren|CRAH|Rack|GKW|Koelwater|Buiten|Vrije_Koeling",
          "Vermogen|Verlies|Bedrijf|Toerental|Aanvoertemp|Retourtemp|Inlaattemp|Debiet|Temperatuur|Natteboltemp|Vochtigheid|Vrijgave|Stroom|Storing|Klep|Delta_T|CosPhi|Warmteafgifte|Draaiuren|_Setpoint",
          lambda d, i, m: f"{d}{i}.{m}"),
    Style("german2", "NSHV|Serverraum|USV-Anlage|Kältemaschine|Kaltwasserpumpe|Kühlwasserpumpe|Rückkühlwerk|Umluftkühlgerät|Schrank|Kaltwasser|Kühlwasser|Wetterstation|Freie Kühlung",
          "Wirkleistung|Verlust|Betriebsmeldung|Drehzahl|Vorlauf|Rücklauf|Zulufttemperatur|Volumenstrom|Außentemperatur|Feuchtkugeltemperatur|Rel. Feuchte|Freigabe|Stromstärke|Sammelstörung|Ventilstellung|Spreizung|Leistungsfaktor|Abwärmeleistung|Betriebsstunden| Sollwert",
          lambda d, i, m: f"RZ2 - {d}{i and ' ' + i} - {m}", "brackets"),
    Style("modelica", "Uti|Hal|Ups|Chi|PumChiWat|PumConWat|FanTow|Cra|Rac|ChiWat|ConWat|Wea|Wse",
          "P|PLos|on|y|TSup|TRet|TInl|VFlow|TDryBul|TWetBul|relHum|ena|I|alm|yVal|dT|PF|QRej|tRun|Set",
          lambda d, i, m: f"dcs_{d}{i}_{m}_y"),
    Style("isa", "MSB|DH|UPS|CHLR|CHWP|CWP|CT|CRAH|RACK|CHW|CW|WX|WSE",
          "JT-100|JL-100|XS-101|SI-102|TT-103 SUPPLY|TT-104 RETURN|TT-105 INLET|FT-106|TT-107 DB|TT-108 WB|MT-109 RH|HS-110 ENABLE|IT-111 AMPS|XA-112 ALARM|ZT-113 VALVE|TDT-114 DELTA T|PF-115|QT-116 HEAT|KQ-117 HOURS| SP",
          lambda d, i, m: f"{d}{i and '-' + i}.{m}", "suffix"),
    Style("dcim", "utility_feed|room|ups|chiller|chilled_water_pump|condenser_pump|cooling_tower|crac_unit|rack_row|chilled_water|condenser_loop|outside_air|waterside_economizer",
          "power_watts|loss_watts|status|fan_speed_percent|supply_temperature|return_temperature|inlet_temperature|flow_lps|dry_bulb|wet_bulb|relative_humidity|enabled|current_amps|alarm_state|valve_percent|delta_t|power_factor|heat_rejection_tons|runtime_hours|_setpoint",
          lambda d, i, m: f"dcim_{d}{i and '_' + i.lower()}_{m}", power="W"),
    Style("alerton", "MSWBD|DHALL|UPS|CHLR|CHP|CWP|CTFAN|CRU|RKROW|CHW|CWTR|OSA|FRCLG",
          "kW|kWLoss|Proof|Spd|SplyTmp|RtnTmp|InTmp|GPM|DbTmp|WbTmp|Hum|Enbl|Amp|Flt|VlvPos|DltaT|PwrFctr|Tons|RunTm|Stpt",
          lambda d, i, m: f"{d}{_one(i)}{m}", us=True),
)  # fmt: skip


def _one(index: str) -> str:
    return {"A": "1", "B": "2"}.get(index, index)
