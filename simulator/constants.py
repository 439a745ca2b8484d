"""Physical constants shared by the parts, each with its origin."""

ZERO_CELSIUS_K = 273.15  # definition of the Celsius scale, 9th SI brochure
STANDARD_PRESSURE_PA = 101_325.0  # standard atmosphere, 10th CGPM, 1954
WATER_CP_J_KG_K = 4_186.0  # liquid water near 15 °C, ASHRAE Handbook Fundamentals 2021, ch. 33
WATER_DENSITY_KG_M3 = 998.0  # liquid water near 20 °C, same table
AIR_CP_J_KG_K = 1_006.0  # dry air, ASHRAE Handbook Fundamentals 2021, ch. 1, eq. 30
EVAPORATION_J_KG = 2_501_000.0  # latent heat of water at 0 °C, same chapter, eq. 30
WATER_VAPOUR_GAS_CONSTANT_J_KG_K = 461.52  # same chapter, table 1
VAPOUR_TO_AIR_MOLAR_MASS = 0.621945  # same chapter, eq. 20
