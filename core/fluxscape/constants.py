"""Physical constants, each with its unit and source. Kernels import them by name.

CODATA values: Tiesinga et al. 2021, Rev. Mod. Phys. 93, 025010, doi:10.1103/RevModPhys.93.025010.
"""

from __future__ import annotations

from typing import Final

ZERO_CELSIUS: Final = 273.15
"""Ice point [K], by definition of the Celsius scale."""

GAS_CONSTANT: Final = 8.314462618
"""Molar gas constant [J mol-1 K-1], CODATA 2018 (exact)."""

STEFAN_BOLTZMANN: Final = 5.670374419e-8
"""Stefan-Boltzmann constant [W m-2 K-4], CODATA 2018 (exact)."""

GRAVITY: Final = 9.80665
"""Standard acceleration of gravity [m s-2], CGPM 1901."""

VON_KARMAN: Final = 0.4
"""Von Karman constant [1], Hogstrom 1996, doi:10.1007/BF00120937; every model takes another."""

MOLAR_MASS_DRY_AIR: Final = 0.0289652
"""Molar mass of dry air [kg mol-1], Picard et al. 2008, doi:10.1088/0026-1394/45/2/004."""

MOLAR_MASS_WATER: Final = 0.01801528
"""Molar mass of water [kg mol-1], IAPWS."""

MOLAR_MASS_CARBON: Final = 0.0120107
"""Molar mass of carbon [kg mol-1], IUPAC."""

GAS_CONSTANT_DRY_AIR: Final = 287.05
"""Specific gas constant of dry air [J kg-1 K-1], WMO-No. 8 (2018)."""

EPSILON_WATER: Final = 0.622
"""Ratio of the molar masses of water and dry air [1]."""

HEAT_CAPACITY_DRY_AIR: Final = 1004.67
"""Specific heat of dry air at constant pressure [J kg-1 K-1], Stull 1988."""

HEAT_CAPACITY_WATER: Final = 4186.0
"""Specific heat of liquid water [J kg-1 K-1], Stull 1988."""

HEAT_CAPACITY_ICE: Final = 2106.0
"""Specific heat of ice [J kg-1 K-1], Stull 1988."""

LATENT_HEAT_FUSION: Final = 3.337e5
"""Latent heat of fusion of ice [J kg-1], Stull 1988."""

LATENT_HEAT_VAPORISATION_0C: Final = 2.501e6
"""Latent heat of vaporisation at 0 degrees Celsius [J kg-1], Stull 1988."""

WATER_DENSITY: Final = 1000.0
"""Density of liquid water [kg m-3]."""

ICE_DENSITY: Final = 917.0
"""Density of ice [kg m-3]."""

SOLAR_CONSTANT: Final = 1361.0
"""Total solar irradiance at one astronomical unit [W m-2], Kopp and Lean 2011,
doi:10.1029/2010GL045777."""

EARTH_ANGULAR_VELOCITY: Final = 7.292115e-5
"""Angular velocity of the Earth [rad s-1], WGS 84."""

STANDARD_PRESSURE: Final = 101325.0
"""Standard atmosphere [Pa]."""

PAR_FRACTION: Final = 0.5
"""Share of photosynthetically active radiation in global radiation [1], by energy; Monteith 1972,
doi:10.2307/2401901, and Meek et al. 1984, doi:10.2134/agronj1984.00021962007600060018x."""

PAR_PHOTONS_PER_JOULE: Final = 4.57
"""Photons per energy of photosynthetically active sunlight [umol J-1], McCree 1972,
doi:10.1016/0002-1571(72)90045-3."""

OXYGEN_MOLE_FRACTION: Final = 0.20947
"""Mole fraction of oxygen in dry air [mol mol-1], Machta and Hughes 1970,
doi:10.1126/science.168.3939.1582."""
