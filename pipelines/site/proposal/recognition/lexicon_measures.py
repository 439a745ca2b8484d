"""English words and abbreviations for what is measured, what for, and for what is none of our quantities."""

# Concepts, reliability, words. "" are words that say nothing on what is measured.
MEASURES: tuple[tuple[str, float, str], ...] = (
    # --- what is measured
    ("temp", 1.0, "temp temperature tmp temps temper tempr temperatures tempf tempc tmpr temprature"),
    ("temp", 0.6, "t tt te ti tit tm"),
    ("outdoor temp", 1.0, "oat oatemp outdoor_temp outside_temp outsidetemp ambient_temp oadbt odt osat tamb "
     "toa"),
    ("outdoor drybulb", 1.0, "oadb oatdb"),
    ("outdoor wetbulb", 1.0, "oawb oawbt oatwb"),
    ("outdoor rh", 1.0, "oarh oah outdoor_humidity outside_humidity oahum ambient_humidity"),
    ("outdoor dewpoint", 1.0, "oadp"),
    ("wetbulb", 1.0, "wetbulb wet_bulb wbt wetb wetbul wet_bul wbtemp wetbulbtemp wbulb"),
    ("wetbulb", 0.7, "wb twb"),
    ("drybulb", 1.0, "drybulb dry_bulb dbt dryb drybul dry_bul dbtemp drybulbtemp dbulb"),
    ("drybulb", 0.6, "db tdb"),
    ("dewpoint", 1.0, "dewpoint dew_point dewpt dew_pt dewp dpt dew tdew tdp dewpointtemp"),
    ("rh", 1.0, "rh humidity relative_humidity relhum rel_hum rel_humidity hum humid relh rhum humidty "
     "relhumidity hurel hu_rel"),
    ("power", 1.0, "power pwr powr real_power active_power realpower activepower kw_total watts real_pwr "
     "active_pwr actpwr pow elpower elec_power electric_power powermeter power_meter pwrmeter true_power "
     "powmet totalpower kwtot kwtotal"),
    ("power", 0.7, "elecpwr demand dmd elec electrical"),
    ("power", 0.5, "p jt ji"),
    ("power energy", 0.9, "energy consumption consump usage enrgy engy energy_consumption electricity"),
    ("heat", 1.0, "heat_flow ht_flw htflw heat_load thermal_load cooling_load clg_load clgload coolingload "
     "cooling_capacity cooling_rate clgrate tonnage clg_rate thermal_power heat_rejection heatload "
     "cooling_demand cooling_tons thermal_energy_rate clg_tons cooling_output building_load bldg_load "
     "chw_load refrigeration_load cooling_duty chilled_water_load plant_load chiller_tons rejected_heat"),
    ("heat", 0.8, "thermal thermique termica termico thermisch thermische termika heat thrm duty therm "
     "refrigeration btu btum btus"),
    ("load", 0.8, "load ld loading lod"),
    ("share load", 0.9, "rla fla pct_load load_pct percent_load pctload pla loadpct pctrla plr part_load "
     "percent_rla rla_pct"),
    ("share load", 0.7, "capacity cap capcty"),
    ("flow", 1.0, "flow flowrate flow_rate flo flw flwrate water_flow flow_meter flowmeter"),
    ("flow", 0.7, "fm ft fit fi rate"),
    ("airflow", 1.0, "airflow air_flow air_volume airvolume saf"),
    ("pressure", 1.0, "pressure press prs prss pres psr pressur"),
    ("pressure", 0.5, "pt pit"),
    ("dp", 1.0, "diff_press differential_pressure diffpress diff_pressure pressure_differential delta_p "
     "deltap diffpr difpres pressure_diff diff_pres"),
    ("dp", 0.8, "dp pdt dps dpit diffp"),
    ("barometer", 1.0, "barometric barometer baro barometric_pressure atmospheric atmospheric_pressure "
     "station_pressure atm bar_press"),
    ("speed", 1.0, "speed spd spdf freq frequency vfd vsd vfd_speed fanspeed fan_speed fanspd vfdspd "
     "pumpspeed pump_speed inverter output_frequency vfd_output vfd_hz drive_speed"),
    ("speed", 0.5, "si sic drv drive ss_speed n asd"),
    ("supply temp", 0.8, "stmp suptmp"),
    ("return temp", 0.8, "rtmp rettmp"),
    ("supply temp", 0.7, "s_temp s_tmp s_t"),
    ("return temp", 0.7, "r_temp r_tmp r_t"),
    ("supply temp", 0.5, "st"),
    ("return temp", 0.5, "rt"),
    ("in temp", 0.6, "int_temp"),
    ("status", 1.0, "status sts stat run running state onoff on_off running_status run_status runstatus proof "
     "operating pump_status runsts onoff_status stas operation run_state"),
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
    ("sp", 1.0, "setpoint set_point setpt set_pt stpt sp setpnt setp spt target setpoint_temp "
     "setpoints set_temp setting active_setpoint effsp effective_setpoint"),
    ("sp", 0.5, "set ref"),
    ("cmd", 0.9, "cmd command cmnd cmdpct start_stop startstop startcmd run_command start_cmd commanded "
     "signal oncmd ctrl control"),
    ("fb", 0.8, "feedback fb fdbk fbk actual act fdb"),
    ("enable", 1.0, "enable ena enabled enbl allow permit permissive enab enable_cmd"),
    ("enable", 0.7, "en"),
    ("forecast", 1.0, "forecast fcst predicted prediction fcast"),
    ("total", 0.8, "total tot sum ttl totals aggregate all overall totalized combined summed"),
    # --- says nothing on what is measured
    ("", 1.0, "sensor sens value val reading present_value measured measurement meter mtr point pnt history "
     "trend log config default site campus area zone floor level level1 lvl bms bas ems scada plc bacnet "
     "modbus dev device nae nce jace fec ai ao av bi bo bv analog input avg average mean max maximum min "
     "minimum current_value live data dc dcim line loop header hdr common com sys system unit units no num "
     "number mod module real of the per and a b x y z n1 n2 net node drivers points active folder block "
     "raw instant inst north south east west front rear left right top bottom mid middle station local "
     "global bus panel board feed feeder lead lag hourly interval min15 15min instantaneous equip "
     "equipment asset ctrlr controller prop hq region az colo outputs virtual electric "
     "three_phase phase 3ph threephase phases l1 l2 l3 energy_centre energy_center energycentre "
     "energycenter energy_meter em mtrs starter tag signals ifc main_loop"),
)  # fmt: skip

# What tells that a point is none of ours: the reason, reliability, words.
OTHERS: tuple[tuple[str, float, str], ...] = (
    ("an electrical current", 0.9, "amps ampere amperage curr intensity crnt"),
    ("an electrical current", 0.5, "i ia ib ic current"),
    ("a voltage", 0.9, "volts voltage volt vll vln"),
    ("a power factor", 0.9, "powerfactor power_factor cosphi cos_phi pwr_fctr pwr_factor"),
    ("apparent power", 1.0, "apparent apparent_power apparentpower"),
    ("reactive power", 1.0, "reactive reactive_power reactivepower"),
    ("a valve or damper", 1.0, "valve vlv damper dmpr dpr cv byv byp_valve bypass_valve mov position pos"),
    ("a bypass", 0.8, "bypass byp decoupler"),
    ("an alarm", 1.0, "alarm alm fault flt trip warning failure fail alarms leak smoke fire"),
    ("running hours or starts", 1.0, "runtime run_hours hours runhours hrs starts run_time start_count cycles "
     "run_hrs"),
    ("an efficiency", 1.0, "cop eer efficiency eff pue dcie kpi performance iplv wue kw_per_ton"),
    ("a difference", 1.0, "delta diff dt approach difference deltat subcooling superheat lift range_temp "
     "delta_t dtemp dtmp dlt dltt approachtemp"),
    ("a limit", 0.9, "limit lim hilim lolim high_limit low_limit hi_limit lo_limit deadband alarm_limit "
     "threshold highlimit lowlimit reset_max reset_min minsp maxsp hi_alarm hihi lolo max_setpoint "
     "min_setpoint"),
    ("a limit", 0.5, "hi lo high low"),
    ("a controller's setting or output", 0.9, "gain kp tn pid integral proportional bias offset pidout "
     "loop_output loopout deviation error err"),
    ("a refrigerant or oil reading", 1.0, "refrigerant refrig oil suction bearing winding motor_temp "
     "saturated saturation sat_temp disch_temp condenser_pressure evaporator_pressure guide_vane igv vane "
     "evap_sat cond_sat sst sdt refg"),
    ("vibration", 1.0, "vibration vib"),
    ("a level or volume of water", 1.0, "basin makeup make_up blowdown conductivity basin_level tank_level "
     "makeup_water water_meter tank sump"),
    ("a basin heater", 1.0, "heater reheat heating humidifier humidification dehumidification"),
    ("hot water", 0.8, "hw dhw mthw"),
    ("hot water", 1.0, "hot_water hhw hhws hhwr hws hwr hwst hwrt boiler hwp lthw"),
    ("fuel or a generator", 1.0, "fuel battery batt soc"),
    ("air quality", 1.0, "co2 pm25 particles voc"),
    ("a mode or schedule", 0.8, "mode schedule occ occupancy occupied season lead_lag sequence priority "
     "override manual auto hoa stage stages"),
    ("speed in turns", 0.9, "rpm"),
    ("a cost", 1.0, "cost price tariff carbon emission emissions"),
    ("mixed or exhaust air", 1.0, "mat mixed mixed_air exhaust_air relief"),
    ("enthalpy", 1.0, "enthalpy enth"),
    ("rain or sun", 1.0, "rain precipitation solar irradiance radiation cloud uv sunshine snow visibility ghi "
     "dni rainfall"),
    ("harmonics", 1.0, "thd harmonic harmonics imbalance"),
    ("a battery or DC bus", 0.9, "autonomy charge charger rectifier"),
    ("liquid cooling", 0.8, "cdu rdhx rear_door"),
    ("another part of the building", 0.9, "office offices lobby kitchen garage parking elevator lift lifts "
     "vav tenant retail"),
    ("a share or a ratio of other points", 1.0, "ratio factor"),
    ("a set of switch positions", 0.7, "ats breaker brkr cb tie"),
)  # fmt: skip
