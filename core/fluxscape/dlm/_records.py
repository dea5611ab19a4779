"""The records that kernels of the land-surface model read and fill, named as at the face.

Structured arrays let a kernel write ``state.snow_mass`` whether it is compiled or not, one record
stands for one member or pixel, and the table of outputs below is the only list of their names.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

LAYER_THICKNESS: Final = (0.05, 0.10, 0.20, 0.40, 0.75, 1.50)
"""Thickness of the soil layers from the top [m], 3 m together."""

N_LAYERS: Final = len(LAYER_THICKNESS)

N_SNOW: Final = 3
"""Most layers of snow."""

FloatArray = npt.NDArray[np.float64]


class Forcing(NamedTuple):
    """Weather of all points, each of shape (point, time), C-ordered float64.

    One row serves every member where ``point`` is 1.
    """

    cosine_zenith: FloatArray
    """Cosine of the solar zenith angle, mean of the lit part of the step [1]; 0 at night."""
    extraterrestrial: FloatArray
    """Irradiance of a horizontal plane above the atmosphere, mean of the step [W m-2]."""
    shortwave_down: FloatArray
    """Incoming shortwave radiation [W m-2]."""
    longwave_down: FloatArray
    """Incoming longwave radiation [W m-2]."""
    air_temperature: FloatArray
    """Air temperature [K]."""
    vapour_pressure: FloatArray
    """Water vapour pressure [Pa]."""
    air_pressure: FloatArray
    """Air pressure [Pa]."""
    wind_speed: FloatArray
    """Wind speed [m s-1]."""
    precipitation: FloatArray
    """Precipitation rate [kg m-2 s-1]."""
    carbon_dioxide: FloatArray
    """Mole fraction of carbon dioxide [umol mol-1]."""
    leaf_area_index: FloatArray
    """Leaf area index [1]."""


STATE_DTYPE: Final = np.dtype(
    [
        ("soil_temperature", np.float64, (N_LAYERS,)),  # [K]
        ("soil_liquid", np.float64, (N_LAYERS,)),  # [kg m-2]
        ("soil_ice", np.float64, (N_LAYERS,)),  # [kg m-2]
        ("still_time", np.float64),  # since soil water last flowed [s]
        ("canopy_water", np.float64),  # [kg m-2]
        # Snow lies at the end of its arrays, on the soil; layers above it hold nothing.
        ("snow_mass", np.float64, (N_SNOW,)),  # ice and liquid water [kg m-2]
        ("snow_enthalpy", np.float64, (N_SNOW,)),  # from ice at freezing point [J m-2]
        ("snow_density", np.float64, (N_SNOW,)),  # [kg m-3]
        ("snow_albedo", np.float64),  # [1]
        ("growth_temperature", np.float64),  # running mean of air temperature [K]
        ("recent_assimilation", np.float64),  # running mean of GPP [umol m-2 s-1]
        ("plant_carbon", np.float64),  # [kg m-2]
        ("decomposable_litter_carbon", np.float64),  # [kg m-2]
        ("resistant_litter_carbon", np.float64),  # [kg m-2]
        ("microbial_carbon", np.float64),  # [kg m-2]
        ("humus_carbon", np.float64),  # [kg m-2]
        # Where the iteration starts: it changes the path, not the solution.
        ("sunlit_excess", np.float64),  # leaf minus air temperature [K]
        ("shaded_excess", np.float64),
        ("ground_excess", np.float64),
        ("vapour_excess", np.float64),  # canopy-air minus air vapour pressure [Pa]
        ("stability", np.float64),  # (z - d) / L [1]
        ("sunlit_depletion", np.float64),  # CO2 in air minus at the leaf surface [umol mol-1]
        ("shaded_depletion", np.float64),
    ],
    align=True,
)
"""Everything that a run carries from step to step."""


OUTPUT_NAMES: Final = (
    "gross_primary_production",
    "ecosystem_respiration",
    "net_ecosystem_exchange",
    "leaf_respiration",
    "heterotrophic_respiration",
    "decomposition_modifier",
    "plant_carbon",
    "litter_carbon",
    "soil_carbon",
    "evapotranspiration",
    "transpiration",
    "canopy_evaporation",
    "soil_evaporation",
    "snow_sublimation",
    "net_radiation",
    "latent_heat_flux",
    "sensible_heat_flux",
    "ground_heat_flux",
    "upwelling_shortwave_flux",
    "upwelling_longwave_flux",
    "canopy_absorbed_shortwave",
    "absorbed_par",
    "sunlit_leaf_area_index",
    "understorey_leaf_area_index",
    "understorey_gross_primary_production",
    "sunlit_leaf_temperature",
    "shaded_leaf_temperature",
    "ground_temperature",
    "canopy_conductance",
    "friction_velocity",
    "soil_water_stress",
    "surface_runoff",
    "drainage",
    "irrigation",
    "snow_melt",
    "snow_water_equivalent",
    "snow_depth",
    "canopy_water",
    "soil_water_storage",
    "energy_residual",
    "water_residual",
    "carbon_residual",
    "iterations",
)
"""Every scalar output of a step in the order of the record; units stand in the vocabulary."""

OUTPUT_DTYPE: Final = np.dtype([(name, np.float64) for name in OUTPUT_NAMES], align=True)
N_OUTPUTS: Final = len(OUTPUT_NAMES)

N_RESIDUALS: Final = 3
"""Balances that every step must close: energy, water, carbon."""

# Status of a step.
OK: Final = 0
NOT_CONVERGED: Final = 1
ENERGY_LOST: Final = 2
WATER_LOST: Final = 3
NOT_FINITE: Final = 4
CARBON_LOST: Final = 5

ENERGY_TOLERANCE: Final = 0.1
"""Largest energy residual of a step [W m-2]."""

WATER_TOLERANCE: Final = 1e-6
"""Largest water residual of a step [kg m-2]."""

CARBON_TOLERANCE: Final = 1e-9
"""Largest carbon residual of a step [kg m-2]."""
