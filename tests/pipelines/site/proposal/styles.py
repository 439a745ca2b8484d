"""How vendors and sites name points: words for machines, words for what is measured, and how they are put together.

Each style is made from what its kind of system or country is known for, none from a real site.
"""

from collections.abc import Callable
from dataclasses import dataclass

DEVICES = [
    "utility",
    "hall",
    "ups",
    "chiller",
    "chwp",
    "cwp",
    "tower",
    "crah",
    "rack",
    "chw",
    "cw",
    "outdoor",
    "wse",
]
MEASURES = [
    "power",
    "loss",
    "status",
    "speed",
    "supply",
    "return",
    "inlet",
    "flow",
    "drybulb",
    "wetbulb",
    "rh",
    "enable",
    "amps",
    "alarm",
    "valve",
    "delta",
    "pf",
    "heat",
    "hours",
    "sp",
]


@dataclass(frozen=True)
class Style:
    """devices, measures: words in the order of DEVICES and MEASURES. more: those for all IT, the plant, an outlet. put: tag from device, index, measure and unit.

    unit: where units stand: "" nowhere, "suffix", "brackets", or "row" under the header. us: US units. power, fraction:
    the units of powers and of shares.
    """

    name: str
    devices: str
    measures: str
    more: str
    put: Callable[[str, str, str], str]
    unit: str = ""
    us: bool = False
    power: str = "kW"
    fraction: str = "%"

    def word(self, device: str) -> str:
        """The style's word for a device."""
        it, plant, _ = self.more.split("|")
        return (dict(zip(DEVICES, self.devices.split("|"), strict=True)) | {"it": it, "plant": plant})[device]

    def measured(self, measure: str) -> str:
        """The style's words for a measure, with those of a setpoint behind."""
        words = dict(zip(MEASURES, self.measures.split("|"), strict=True)) | {
            "outlet": self.more.split("|")[2]
        }
        return words[measure.removesuffix(" sp")] + (words["sp"] if measure.endswith(" sp") else "")


def _number(index: str) -> str:
    return {"A": "1", "B": "2"}.get(index, index)


STYLES = (
    Style("niagara", "MainMeter|DataHall|UPS|Chiller|CHWPump|CWPump|CoolingTower|CRAH|RackRow|CHWLoop|CWLoop|Weather|WSE",
          "kW|LossKW|RunStatus|VFDSpeed|SupplyTemp|ReturnTemp|InletTemp|FlowRate|DryBulb|WetBulb|RH|Enable|Amps|CommonAlarm|CHWValve|DeltaT|PowerFactor|HeatRejectTons|RunHours|Setpoint",
          "ITLoad|ChillerPlant|OutletTemp",
          lambda d, i, m: f"slot:/Drivers/BacnetNetwork/{d}{i and '_' + i}/points/{m}"),
    Style("metasys", "MSB-1|DH|UPS|CH|CHWP|CDWP|CT|CRAH|ROW|CHW|CDW|OA|WSE",
          "KW|LOSS-KW|STS|VFD-SPD|SUP-T|RET-T|IN-T|FLOW|DB-T|WB-T|RH|EN|AMPS|ALM|VLV-POS|DT|PF|TONS|HRS|-SP",
          "IT|PLANT|OUT-T",
          lambda d, i, m: f"NAE1/N2-1.{d}{i and '-' + i}.{m}", us=True),
    Style("desigo", "Evu|Rau|Ups|Chi|PuChw|PuCw|Clt|Ulk|Rck|Chw|Cw|Oa|FrCl",
          "Pwr|PwrLss|Opng|Spd|TSu|TRt|TIn|Flw|TDb|TWb|HuRel|En|Crnt|Alm|VlvPos|DltT|CosPhi|HtFlw|OphCnt|Sp",
          "It|KaeZent|TOut",
          lambda d, i, m: f"B01'Plt'{d}{i and _number(i).zfill(2)}'{m}"),
    Style("apogee", "UTIL.MTR|DHALL|UPS|CHLR|PCHWP|CWP|CLTWR|CRAH|RACK|CHW|CW|OA|ECON",
          "KW|LOSS|ST|SPD|SUPPLY.TEMP|RETURN.TEMP|INLET.TEMP|GPM|DBT|WBT|HUM|ENA|AMPS|ALARM|VALVE|DELTA.T|PF|TONS|RUNHRS|.SETPT",
          "IT.LOAD|CHPLT|OUTLET.TEMP",
          lambda d, i, m: f"CUP.{d}{i}.{m}", us=True),
    Style("ebo", "Main Incomer|Hall|UPS|Chiller|Chilled Water Pump|Condenser Water Pump|Cooling Tower|CRAH|Rack|Chilled Water|Condenser Water|Outside Air|Free Cooling",
          "Active Power|Power Loss|Running|Fan Speed|Supply Temperature|Return Temperature|Inlet Temperature|Flow|Dry Bulb Temperature|Wet Bulb Temperature|Humidity|Enable|Current|Fault|Valve Position|Differential Temperature|Power Factor|Heat Rejection|Hours Run| Setpoint",
          "IT Load|Chiller Plant|Outlet Temperature",
          lambda d, i, m: f"Server 1/Energy Centre/{d}{i and ' ' + i}/{m}", "brackets"),
    Style("webctrl", "elec_main|hall|ups|chlr|chw_pmp|cw_pmp|clg_twr|crac|rack|chw|cw|oa|wse",
          "kw|loss_kw|run|spd|sup_tmp|ret_tmp|inlet_tmp|flo|drybulb|wetbulb|relhum|ena|amps|alm|vlv|dt|pf|tons|runtime|_stpt",
          "it_load|chlr_plant|outlet_tmp",
          lambda d, i, m: f"#{d}{i and '_' + i.lower()}/{m}", us=True),
    Style("honeywell", "MDB|RM|UPS|CHLR|CHWP|CWP|CTF|AHU|RCK|CHW|CW|OA|FCL",
          "KW|LOSSKW|STAT|SPEED|STMP|RTMP|INTMP|FLOW|TEMP|WBTMP|HUM|ENBL|AMP|ALRM|VLV|DTMP|PF|RT|HRS|SP",
          "IT|PLANT|OUTTMP",
          lambda d, i, m: f"{d}{_number(i).zfill(2) if i else ''}_{m}"),
    Style("pi", "ELE.UTL|ELE.DH|ELE.UPS|PLT.CHLR|PLT.CHWP|PLT.CWP|PLT.TWR|AIR.CRAH|AIR.RACK|PLT.CHW|PLT.CW|WX.OA|PLT.WSE",
          "PWR|LOSS|RUN|SPD|SUP-T|RET-T|INL-T|FLO|DB|WB|RH|ENA|AMP|ALM|VLV|DT|PF|HEAT|HRS|-SP",
          "ELE.IT|PLT.TOT|OUTL-T",
          lambda d, i, m: f"DC1.{d}{i and '-' + i}.{m}.PV", power="W"),
    Style("ignition", "Utility|DataHall|Ups|Chiller|ChwPump|CwPump|Tower|Crah|Rack|ChilledWater|CondenserWater|Outdoor|Economizer",
          "Power|Loss|Running|Speed|SupplyTemp|ReturnTemp|InletTemp|Flow|DryBulb|WetBulb|Humidity|Enabled|Current|Alarm|ValvePosition|DeltaT|PowerFactor|HeatRejected|RunHours|Setpoint",
          "ItLoad|ChillerPlant|OutletTemp",
          lambda d, i, m: f"[default]Plant/{d}{i}/{m}", "suffix"),
    Style("pme", "Utility_Main|Hall|UPS|Chiller|Pri_CHW_Pump|CW_Pump|Cooling_Tower|CRAC|Rack|CHW|CW|Ambient|Waterside_Econ",
          "Real Power Total|Losses|On/Off Status|Frequency|Supply Temp|Return Temp|Inlet Temp|Flow Rate|Dry Bulb|Wet Bulb|RH|Enable|Current Avg|Alarm|Valve|Delta Temp|Power Factor Total|Tons|Operating Hours| SP",
          "IT_Load|Mechanical_Plant|Outlet Temp",
          lambda d, i, m: f"Site.{d}{i and '_' + i} {m}", "brackets", us=True),
    Style("brick", "Utility_Meter|Server_Room|UPS|Chiller|Chilled_Water_Pump|Condenser_Water_Pump|Cooling_Tower_Fan|CRAH|Rack|Chilled_Water|Condenser_Water|Outside_Air|Waterside_Economizer",
          "Electric_Power_Sensor|Power_Loss_Sensor|On_Off_Status|Speed_Sensor|Supply_Temperature_Sensor|Return_Temperature_Sensor|Inlet_Temperature_Sensor|Flow_Sensor|Dry_Bulb_Temperature_Sensor|Wet_Bulb_Temperature_Sensor|Humidity_Sensor|Enable_Command|Current_Sensor|Alarm|Valve_Position_Sensor|Differential_Temperature_Sensor|Power_Factor_Sensor|Thermal_Power_Sensor|Run_Time_Sensor|_Setpoint",
          "IT_Equipment|Chiller_Plant|Outlet_Temperature_Sensor",
          lambda d, i, m: f"bldg:{d}{i and '_' + i}.{m}", "row"),
    Style("haystack", "site meter|data hall|ups|chiller|chilled water pump|condenser water pump|cooling tower fan|crah|rack|chilled water|condenser water|outside|waterside economizer",
          "elec active power sensor|power loss sensor|run sensor|speed sensor|supply temp sensor|return temp sensor|inlet air temp sensor|flow sensor|air temp sensor|air wetbulb temp sensor|air humidity sensor|enable cmd|current sensor|alarm sensor|valve sensor|delta temp sensor|elec pf sensor|heat rejection power sensor|run duration sensor| sp",
          "it equipment|chiller plant|outlet air temp sensor",
          lambda d, i, m: f"{d}{i and ' ' + i} {m}", "row", us=True),
    Style("aks", "EVU|Raum|USV|KM|KWPumpe|KuehlWPumpe|Kuehlturm|ULK|Rack|Kaltwasser|Kuehlwasser|Aussen|FreieKuehlung",
          "Leistung|Verlustleistung|Betrieb|Drehzahl|Vorlauftemp|Ruecklauftemp|Zulufttemp|Durchfluss|Temperatur|Feuchtkugel|Feuchte|Freigabe|Strom|Stoerung|Ventil|Spreizung|CosPhi|Waermeleistung|Betriebsstunden|_Sollwert",
          "IT|Kaeltezentrale|Ablufttemp",
          lambda d, i, m: f"{d}{_number(i)}_{m}"),
    Style("french", "Arrivee_EDF|Salle|Onduleur|Groupe_Froid|Pompe_Eau_Glacee|Pompe_Condenseur|Tour|CTA|Baie|Eau_Glacee|Eau_Condenseur|Exterieur|Free_Cooling",
          "Puissance_Active|Pertes|Marche|Vitesse|Temp_Depart|Temp_Retour|Temp_Entree|Debit|Temperature|Bulbe_Humide|Humidite|Autorisation|Intensite|Defaut|Vanne|Ecart_Temp|CosPhi|Puissance_Thermique|Heures_Marche|_Consigne",
          "Informatique|Production_Froid|Temp_Sortie",
          lambda d, i, m: f"DC_{d}{i and '_' + i}_{m}"),
    Style("spanish", "Acometida|Sala|SAI|Enfriadora|Bomba_Agua_Helada|Bomba_Condensacion|Torre|Climatizadora|Rack|Agua_Helada|Agua_Condensacion|Exterior|Free_Cooling",
          "Potencia|Perdidas|Estado|Velocidad|Temp_Impulsion|Temp_Retorno|Temp_Entrada|Caudal|Temperatura|Bulbo_Humedo|Humedad|Habilitacion|Corriente|Alarma|Valvula|Delta_T|FactorPotencia|Potencia_Termica|Horas|_Consigna",
          "Carga_IT|Planta_Frio|Temp_Salida",
          lambda d, i, m: f"CPD/{d}{i}/{m}"),
    Style("short", "MSB|HALL|UPS|CH|PCHP|CDP|CT|CRAC|RK|CHW|CDW|OA|WSE",
          "KW|LOSS|SS|HZ|ST|RT|INT|GPM|DB|WB|RH|EN|A|AL|VLV|DT|PF|TON|HR|SP",
          "IT|PLANT|OUTT",
          lambda d, i, m: f"{d}{i}{m}", us=True, fraction="Hz"),
)  # fmt: skip
