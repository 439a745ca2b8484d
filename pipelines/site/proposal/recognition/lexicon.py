"""What the words of point names stand for: a table of concepts, not of vendors.

A sense is a set of concepts with a reliability: 1 where a word means nothing else in a plant, less for abbreviations
that mean several things. Words of phrases are joined by an underscore: `chilled_water`.
"""

from dataclasses import dataclass

from pipelines.site.proposal.recognition.lexicon_europe import EUROPEAN
from pipelines.site.proposal.recognition.spelling import OTHER, SPELLINGS, WrittenUnit


@dataclass(frozen=True)
class Sense:
    """One meaning of a word. language: only there does an abbreviation mean so ("" for all)."""

    concepts: frozenset[str]
    reliability: float
    language: str = ""
    unit: WrittenUnit | None = None

    @property
    def free(self) -> bool:
        """Says nothing on what is measured: a place, a network, a word like value."""
        return not self.concepts


# Concepts, reliability, words. "" are words that say nothing on what is measured.
ENGLISH: tuple[tuple[str, float, str], ...] = (
    # --- machines
    ("chiller", 1.0, "chiller chillers chlr chlrs chil chilr chllr chillr"),
    ("chiller", 0.8, "ch chl chr wcch acch wcc cuh chh lch mch chu"),
    ("evaporator", 0.9, "evaporator evap evp evaporador"),
    ("condenser", 0.9, "condenser cond cnd condens condensor cdsr"),
    ("compressor", 0.9, "compressor comp cmp cmpr compr"),
    ("tower", 1.0, "tower towers cooling_tower cooling_towers coolingtower clgtwr clg_twr cooling_twr clt cltwr"),
    ("tower", 0.85, "twr ct ctw ctf ctwr ctr wct cwtr cltw"),
    ("tower", 0.75, "dry_cooler drycooler dc_cooler fluid_cooler"),
    ("chwp", 1.0, "chwp chwps chwpmp chwpump pchwp pchp pcwp chwpp pchwps chwpri chilled_water_pump chp"),
    ("cwp", 1.0, "cwp cwps cdwp cdwps cwpmp cwpump cndp cndwp cdp ctwp ctp condenser_water_pump conwp tcwp"),
    ("schwp", 1.0, "schwp schwps schp scwp schwpmp schws_pump"),
    ("cwp", 0.6, "cds"),
    ("schwp", 0.6, "chs"),
    ("chw", 0.4, "chs"),
    ("pump", 0.9, "pump pumps pmp pmps pum"),
    ("pump", 0.4, "pp pu"),
    ("primary", 0.8, "primary pri prim prmy"),
    ("secondary", 0.9, "secondary sec secy secndry dist distribution"),
    ("crah", 1.0, "crah crahs crac cracs crahu crau computer_room_air_handler cruah pahu pcrac dcrah"),
    ("crah", 0.85, "ahu ahus ac_unit air_handler airhandler air_handling_unit fanwall fan_wall fwu fancoil inrow in_row irc rcu "
     "acu pacu ccu cru dahu fan_coil fcu air_conditioner aircon pac mau_unit"),
    ("crah", 0.5, "fw ac ahs cu"),
    ("fan", 0.9, "fan fans sfan supply_fan sf fn ef_fan"),
    ("fan", 0.4, "vent"),
    ("rack", 1.0, "rack racks cabinet cabinets rck row rows rackrow"),
    ("rack", 0.6, "cab rk"),
    ("cold_aisle", 1.0, "cold_aisle coldaisle cold_ais colda cold_aisles cac coldais"),
    ("hot_aisle", 1.0, "hot_aisle hotaisle hot_ais hac hot_aisles hotais"),
    ("aisle", 0.8, "aisle underfloor under_floor raised_floor subfloor sub_floor plenum floor_void uf ufp"),
    ("hall", 0.8, "hall halls data_hall datahall dh room rm rooms computer_room white_space whitespace suite server_room "
     "data_room hll vault dhall dch pod"),
    ("it load", 1.0, "it_load itload critical_load tech_load critical_it_load"),
    ("it power", 1.0, "it_power itpower critical_power"),
    ("it", 1.0, "ite it_equipment critical_it"),
    ("it", 0.85, "it critical"),
    ("server", 0.9, "server servers srv compute blade cluster"),
    ("ups", 1.0, "ups upss uninterruptible"),
    ("pdu", 1.0, "pdu pdus rpp rpps busway busduct power_distribution_unit rpdu epdu floor_pdu rack_pdu tap_off tapbox pdurack"),
    ("economizer", 1.0, "economizer economiser wse waterside_economizer water_side_economizer freecooling free_cooling freecool "
     "free_cool econ economization fcool economizing"),
    ("economizer", 0.6, "fc fcl eco wsec econo"),
    ("economizer", 0.9, "hx phx phe whx heat_exchanger plate_exchanger pfhx plate_heat_exchanger exchanger"),
    ("outdoor", 1.0, "outdoor outside oa_temp outsideair outdoorair outair out_air oat_sensor outdr ambient weather weather_station "
     "outside_air outdoor_air wx meteo metar local_weather"),
    ("outdoor", 0.85, "oa amb ext external wthr osa out_dry exterior wea wst"),
    ("utility", 1.0, "utility util utility_meter incomer incomers incoming mains main_switchboard main_meter mainmtr msb mdb mdp "
     "main_switchgear switchboard swbd swgr switchgear grid service_entrance main_board hv_intake point_of_supply "
     "main_incomer utl main_distribution"),
    ("utility", 0.7, "main mtr_main mv intake transformer trafo tx xfmr lvmdb mlvs mv_feed usw"),
    ("facility", 0.9, "site_meter site_power site_kw site_load site_mtr"),
    ("facility", 1.0, "facility facility_total total_facility total_site site_total total_building building_total facil "
     "total_dc dc_total whole_building total_electrical"),
    ("plant", 0.9, "chiller_plant central_plant mechanical_plant chillerplant mechplant cooling_plant chilled_water_plant chw_plant "
     "cooling_system central_cooling cep cup chpl plantroom plant_total total_plant plnt_total plntmtr chplant hvac_plant"),
    ("plant", 0.6, "plant plnt plt mech mechanical central mcc chws_plant crp"),
    ("cooling", 0.9, "cooling clg hvac total_cooling cooling_total allcool clgmtr clng acmv cool"),
    ("building", 0.7, "building bldg bld"),
    ("lighting", 1.0, "lighting lights light ltg lgt lighting_panel lite"),
    ("generator", 1.0, "generator genset gen diesel dg"),
    # --- media and sides
    ("chw", 1.0, "chw chilled_water chilledwater chi_wat chlw chld_wtr chld_water chilled_wtr chwl chill_water chilled chwt pchw "
     "chwpri pchws_loop chwloop chdw chw_loop clw_chilled"),
    ("chw secondary", 0.9, "schw"),
    ("chw supply", 1.0, "chws pchws chwsupply chilled_water_supply chw_sup schws"),
    ("chw return", 1.0, "chwr pchwr chwreturn chilled_water_return chw_ret schwr"),
    ("chw supply temp", 1.0, "chwst chwsts chwstemp pchwst schwst chwsupt chwstmp chws_t chwsuptmp"),
    ("chw return temp", 1.0, "chwrt chwrts chwrtemp pchwrt schwrt chwrett chwrtmp chws_r"),
    ("chw leaving temp", 1.0, "lchwt lcwt_chw chwlt lvg_chw evapleavingt"),
    ("chw entering temp", 1.0, "echwt chwet"),
    ("chw leaving", 0.9, "lchw lcw"),
    ("chw entering", 0.9, "echw ecw"),
    ("chw supply sp", 1.0, "chwstsp chwstpt chwssp chwssetpt chwstspt chwsspt chwset chwsp"),
    ("evaporator leaving temp", 0.9, "elwt evlwt"),
    ("evaporator entering temp", 0.9, "eewt evewt"),
    ("cw", 0.85, "cw cdw cndw cond_water conw con_wat tower_water towerwater condwtr"),
    ("cw", 1.0, "condenser_water condenserwater cooling_water condensing_water cond_wtr"),
    ("cw supply", 0.9, "cws cdws cndws condws tws ctws"),
    ("cw return", 0.9, "cwr cdwr cndwr condwr twr_ret ctwr_return"),
    ("cw supply temp", 1.0, "cwst cdwst cndwst cwstemp cdwstemp ctwst twst cwsts"),
    ("cw return temp", 1.0, "cwrt cdwrt cndwrt cwrtemp cdwrtemp ctwrt cwrts"),
    ("cw entering temp", 1.0, "ecwt ecdwt cndewt cewt"),
    ("cw leaving temp", 1.0, "lcwt lcdwt cndlwt clwt"),
    ("cw entering", 0.9, "ecdw"),
    ("cw leaving", 0.9, "lcdw"),
    ("cw entering temp", 0.7, "cdlo"),
    ("cw leaving temp", 0.7, "cdhi"),
    ("water leaving temp", 0.9, "lwt"),
    ("water entering temp", 0.9, "ewt"),
    ("cw supply sp", 1.0, "cwstsp cwstpt cdwstsp cwssp cwsp cdwsp"),
    ("air", 0.8, "air"),
    ("air supply temp", 1.0, "sat supply_air_temp dat sat_avg datemp sats"),
    ("air leaving temp", 0.9, "lat"),
    ("air return temp", 1.0, "rat"),
    ("air entering temp", 0.9, "eat"),
    ("air supply", 0.9, "sa supplyair supair"),
    ("air return", 0.9, "returnair retair"),
    ("air return", 0.7, "ra"),
    ("air supply", 0.8, "da dischargeair"),
    ("air supply sp", 1.0, "satsp satstpt datsp datstpt satsetpt"),
    ("water", 0.6, "water wtr wat wa"),
    ("supply", 1.0, "supply sup sply splyt supl suply spply"),
    ("supply", 0.6, "spl su flow_temp flowtemp suppl"),
    ("supply", 0.3, "s"),
    ("return", 1.0, "return ret rtn retn rtrn rturn"),
    ("return", 0.4, "rt re r"),
    ("leaving", 1.0, "leaving lvg leave lv leav lwg"),
    ("entering", 1.0, "entering ent entr enter entg"),
    ("leaving", 0.7, "discharge disch dis dsch dschg"),
    ("in", 0.9, "inlet inl intake_air intake"),
    ("in", 0.6, "in"),
    ("out", 0.9, "outlet exhaust exh outl outlt"),
    ("out", 0.6, "out output outp"),
    ("in", 0.5, "input inp"),
    # --- what is measured
    ("temp", 1.0, "temp temperature tmp temps temper tempr temperatures tempf tempc tmpr temprature"),
    ("temp", 0.6, "t tt te ti tit tm"),
    ("outdoor temp", 1.0, "oat oatemp outdoor_temp outside_temp outsidetemp ambient_temp oadbt odt osat tamb toa"),
    ("outdoor drybulb", 1.0, "oadb oatdb"),
    ("outdoor wetbulb", 1.0, "oawb oawbt oatwb"),
    ("outdoor rh", 1.0, "oarh oah outdoor_humidity outside_humidity oahum ambient_humidity"),
    ("outdoor dewpoint", 1.0, "oadp"),
    ("wetbulb", 1.0, "wetbulb wet_bulb wbt wetb wetbul wet_bul wbtemp wetbulbtemp wbulb"),
    ("wetbulb", 0.7, "wb twb"),
    ("drybulb", 1.0, "drybulb dry_bulb dbt dryb drybul dry_bul dbtemp drybulbtemp dbulb"),
    ("drybulb", 0.6, "db tdb"),
    ("dewpoint", 1.0, "dewpoint dew_point dewpt dew_pt dewp dpt dew tdew tdp dewpointtemp"),
    ("rh", 1.0, "rh humidity relative_humidity relhum rel_hum rel_humidity hum humid relh rhum humidty relhumidity hurel hu_rel"),
    ("power", 1.0, "power pwr powr real_power active_power realpower activepower kw_total watts real_pwr active_pwr actpwr pow elpower "
     "elec_power electric_power powermeter power_meter pwrmeter true_power powmet totalpower kwtot kwtotal"),
    ("power", 0.7, "elecpwr demand dmd elec electrical"),
    ("power", 0.5, "p jt ji"),
    ("power energy", 0.9, "energy consumption consump usage enrgy engy energy_consumption electricity"),
    ("heat", 1.0, "heat_flow ht_flw htflw heat_load thermal_load cooling_load clg_load clgload coolingload cooling_capacity cooling_rate clgrate tonnage clg_rate "
     "thermal_power heat_rejection heatload cooling_demand cooling_tons thermal_energy_rate clg_tons cooling_output "
     "building_load bldg_load chw_load refrigeration_load cooling_duty chilled_water_load plant_load chiller_tons rejected_heat"),
    ("heat", 0.8, "thermal thermique termica termico thermisch thermische termika heat thrm duty therm refrigeration btu btum btus"),
    ("load", 0.8, "load ld loading lod"),
    ("share load", 0.9, "rla fla pct_load load_pct percent_load pctload pla loadpct pctrla plr part_load percent_rla rla_pct"),
    ("share load", 0.7, "capacity cap capcty"),
    ("flow", 1.0, "flow flowrate flow_rate flo flw flwrate water_flow flow_meter flowmeter gpm_flow"),
    ("flow", 0.7, "fm ft fit fi rate"),
    ("airflow", 1.0, "airflow air_flow air_volume airvolume saf"),
    ("pressure", 1.0, "pressure press prs prss pres psr pressur"),
    ("pressure", 0.5, "pt pit"),
    ("dp", 1.0, "diff_press differential_pressure diffpress diff_pressure pressure_differential delta_p deltap diffpr difpres "
     "pressure_diff diff_pres dpt_press"),
    ("dp", 0.8, "dp pdt dps dpit diffp"),
    ("barometer", 1.0, "barometric barometer baro barometric_pressure atmospheric atmospheric_pressure station_pressure atm bar_press"),
    ("speed", 1.0, "speed spd spdf freq frequency vfd vsd vfd_speed fanspeed fan_speed fanspd vfdspd pumpspeed pump_speed inverter "
     "output_frequency vfd_output vfd_hz drive_speed spped"),
    ("speed", 0.5, "si sic drv drive ss_speed n asd"),
    ("supply temp", 0.8, "stmp stemp supt suptmp"),
    ("return temp", 0.8, "rtmp rtemp rett rettmp"),
    ("supply temp", 0.7, "s_temp s_tmp s_t"),
    ("return temp", 0.7, "r_temp r_tmp r_t"),
    ("supply temp", 0.5, "st"),
    ("return temp", 0.5, "rt"),
    ("in temp", 0.6, "int_temp"),
    ("status", 1.0, "status sts stat run running state onoff on_off running_status run_status runstatus proof operating "
     "pump_status runsts onoff_status stas operation run_state"),
    ("status", 0.6, "on st ss run_fb oper"),
    ("status", 0.4, "active"),
    ("loss", 1.0, "loss losses loss_power losspwr"),
    ("utilization", 1.0, "utilization utilisation util_pct cpu cpu_util cpu_load cpuutil"),
    ("windspeed", 1.0, "wind_speed windspeed wind_spd wspd windspd wind_velocity wind_vel wndspd"),
    ("winddir", 1.0, "wind_direction winddir wind_dir windbearing wdir wind_bearing wnddir"),
    ("share", 0.6, "per"),
    ("share", 0.9, "percent pct percentage pcnt"),
    ("available", 0.9, "available avail allowed permitted"),
    # --- what it is for
    ("sp", 1.0, "setpoint set_point setpt set_pt stpt sp setpnt setp spt target setpoint_temp stptemp setpoints set_temp setting "
     "active_setpoint effsp effective_setpoint"),
    ("sp", 0.5, "set ref"),
    ("cmd", 0.9, "cmd command cmnd cmdpct start_stop startstop startcmd run_command start_cmd commanded signal oncmd ctrl control"),
    ("fb", 0.8, "feedback fb fdbk fbk actual act fdb"),
    ("enable", 1.0, "enable ena enabled enbl allow permit permissive enab enable_cmd"),
    ("enable", 0.7, "en"),
    ("forecast", 1.0, "forecast fcst predicted prediction fcast"),
    ("total", 0.8, "total tot sum ttl totals aggregate all overall totalized combined summed"),
    # --- says nothing on what is measured
    ("", 1.0, "sensor sens value val reading present_value measured measurement meter mtr point pnt history trend log config default "
     "site campus area zone floor level level1 lvl bms bas ems scada plc bacnet modbus dev device nae nce jace fec ai ao av bi bo bv "
     "analog input avg average mean max maximum min minimum current_value live data dc dcim line loop header hdr common com sys system "
     "unit units no num number mod module real of the per and a b x y z n1 n2 net node drivers points active folder block raw instant inst "
     "north south east west front rear left right top bottom mid middle station local global bus panel board feed feeder lead lag "
     "hourly interval min15 15min instantaneous equip equipment asset dist_room ctrlr controller prop hq region az colo outputs virtual "
     "electric three_phase phase 3ph threephase phases l1 l2 l3 energy_centre energy_center energycentre energycenter energy_meter em mtrs starter tag signals ifc main_loop"),
)  # fmt: skip

# What tells that a point is none of ours: concept `other` with the reason.
OTHERS: tuple[tuple[str, float, str], ...] = (
    ("an electrical current", 0.9, "amps ampere amperage curr intensity crnt"),
    ("an electrical current", 0.5, "i ia ib ic current"),
    ("a voltage", 0.9, "volts voltage volt vll vln"), ("a power factor", 0.9, "powerfactor power_factor cosphi cos_phi pwr_fctr pwr_factor"),
    ("apparent power", 1.0, "apparent apparent_power apparentpower"), ("reactive power", 1.0, "reactive reactive_power reactivepower"),
    ("a valve or damper", 1.0, "valve vlv damper dmpr dpr cv byv byp_valve bypass_valve mov position pos"),
    ("a bypass", 0.8, "bypass byp decoupler"), ("an alarm", 1.0, "alarm alm fault flt trip warning failure fail alarms leak smoke fire"),
    ("running hours or starts", 1.0, "runtime run_hours hours runhours hrs starts run_time start_count cycles run_hrs"),
    ("an efficiency", 1.0, "cop eer efficiency eff pue dcie kpi performance iplv wue kw_per_ton"),
    ("a difference", 1.0, "delta diff dt approach difference deltat subcooling superheat lift range_temp delta_t dtemp dtmp dlt dltt approachtemp"),
    ("a limit", 0.9, "limit lim hilim lolim high_limit low_limit hi_limit lo_limit deadband alarm_limit threshold highlimit lowlimit "
     "reset_max reset_min minsp maxsp hi_alarm hihi lolo max_setpoint min_setpoint"),
    ("a limit", 0.5, "hi lo high low"),
    ("a controller's setting or output", 0.9, "gain kp tn pid integral proportional bias offset pidout loop_output loopout deviation error err"),
    ("a refrigerant or oil reading", 1.0, "refrigerant refrig oil suction bearing winding motor_temp saturated saturation sat_temp disch_temp "
     "condenser_pressure evaporator_pressure guide_vane igv vane evap_sat cond_sat sst sdt refg"),
    ("vibration", 1.0, "vibration vib"), ("a level or volume of water", 1.0, "makeup make_up blowdown conductivity basin_level tank_level "
     "makeup_water water_meter tank sump ph_value"), ("a basin heater", 1.0, "heater reheat heating humidifier humidification dehumidification"),
    ("hot water", 1.0, "hot_water hhw hhws hhwr hws hwr hwst hwrt boiler hwp lthw"), ("fuel or a generator", 1.0, "fuel battery batt soc"),
    ("air quality", 1.0, "co2 pm25 particles voc"), ("a mode or schedule", 0.8, "mode schedule occ occupancy occupied season lead_lag sequence "
     "priority override manual auto hoa stage stages"), ("speed in turns", 0.9, "rpm"), ("a cost", 1.0, "cost price tariff carbon emission "
     "emissions"), ("mixed or exhaust air", 1.0, "mat mixed mixed_air exhaust_air relief"), ("enthalpy", 1.0, "enthalpy enth"),
    ("rain or sun", 1.0, "rain precipitation solar irradiance radiation cloud uv sunshine snow visibility ghi dni rainfall"),
    ("harmonics", 1.0, "thd harmonic harmonics imbalance"), ("a battery or DC bus", 0.9, "autonomy charge charger rectifier"),
    ("liquid cooling", 0.8, "cdu rdhx rear_door"),
    ("another part of the building", 0.9, "office offices lobby kitchen garage parking elevator lift lifts vav tenant retail"),
    ("a share or a ratio of other points", 1.0, "ratio factor"), ("a set of switch positions", 0.7, "ats sts_unit breaker brkr cb tie"),
)  # fmt: skip


def _unit_senses() -> dict[str, list[Sense]]:
    measures = {"power": "power", "heat": "heat", "energy": "power energy", "temperature": "temp", "share": "share",
                "frequency": "speed", "flow": "flow", "airflow": "airflow", "pressure": "pressure", "speed": "windspeed",
                "angle": "winddir"}  # fmt: skip
    senses: dict[str, list[Sense]] = {}
    for word, unit in SPELLINGS.items():
        reason = OTHER.get(unit.kind)
        concepts = frozenset((f"other:{reason}",)) if reason else frozenset(measures[unit.kind].split())
        senses[word] = [Sense(concepts, 0.9 if unit.sure else 0.7, unit=unit)]
    # RH and % spell a unit, but it is the word rh that says humidity.
    for word in ("rh", "rf", "pctrh", "percent_rh", "percent_relative_humidity"):
        senses[word] = [Sense(frozenset(("rh",)), 0.9, unit=SPELLINGS[word])]
    return senses


def _build() -> dict[str, list[Sense]]:
    table = _unit_senses()
    entries = [(concepts, reliability, words, "") for concepts, reliability, words in ENGLISH]
    entries += [(f"other:{reason}".replace(" ", "~"), sure, words, "") for reason, sure, words in OTHERS]
    entries += [(*entry, language) for language, table in EUROPEAN.items() for entry in table]
    for concepts, reliability, words, language in entries:
        meant = frozenset(concept.replace("~", " ") for concept in concepts.split())
        for word in words.split():
            for spelt in {word, _without_umlauts(word, language)}:
                table.setdefault(spelt, []).append(Sense(meant, reliability, language))
    return table


def _without_umlauts(word: str, language: str) -> str:
    # Kaltemaschine, as systems without umlauts often have it.
    if language != "de" or len(word) < 6:
        return word
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


LEXICON: dict[str, list[Sense]] = _build()
LONGEST_PHRASE = max(word.count("_") + 1 for word in LEXICON)
# Words by which run-together names are split; single letters would split anything.
_WORDS = frozenset(word for word in LEXICON if "_" not in word and (len(word) > 1 or word in "tfcwav%"))
# The words of phrases stay whole too: humedo of bulbo_humedo is not hum and edo.
KNOWN: frozenset[str] = _WORDS | {part for word in LEXICON for part in word.split("_") if len(part) > 3}
