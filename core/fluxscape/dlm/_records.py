"""The records that kernels of the land-surface model read and fill, named as at the face.

Structured arrays let a kernel write ``state.snow_ice`` whether it is compiled or not, one record
stands for one member or pixel, and the table of outputs below is the only list of their names.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

LAYER_THICKNESS: Final = (0.05, 0.10, 0.20, 0.40, 0.75, 1.50)
"""Thickness of the soil layers from the top [m], 3 m together."""

N_LAYERS: Final = len(LAYER_THICKNESS)

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
        ("canopy_water", np.float64),  # [kg m-2]
        ("snow_ice", np.float64),  # [kg m-2]
        ("snow_liquid", np.float64),  # [kg m-2]
        ("snow_temperature", np.float64),  # [K]
        ("snow_density", np.float64),  # [kg m-3]
        ("snow_albedo", np.float64),  # [1]
        ("growth_temperature", np.float64),  # running mean of air temperature [K]
        ("recent_assimilation", np.float64),  # running mean of GPP [umol m-2 s-1]
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


class Output(NamedTuple):
    """One output of a step."""

    name: str
    units: str
    long_name: str


OUTPUTS: Final = (
    Output("gross_primary_production", "umol m-2 s-1", "gross primary production"),
    Output("ecosystem_respiration", "umol m-2 s-1", "ecosystem respiration"),
    Output("net_ecosystem_exchange", "umol m-2 s-1", "net ecosystem exchange, upwards"),
    Output("leaf_respiration", "umol m-2 s-1", "respiration of leaves"),
    Output("evapotranspiration", "kg m-2 s-1", "evapotranspiration"),
    Output("transpiration", "kg m-2 s-1", "transpiration"),
    Output("canopy_evaporation", "kg m-2 s-1", "evaporation of water on leaves"),
    Output("soil_evaporation", "kg m-2 s-1", "evaporation of soil water at the surface"),
    Output("snow_sublimation", "kg m-2 s-1", "sublimation of snow"),
    Output("net_radiation", "W m-2", "net radiation"),
    Output("latent_heat_flux", "W m-2", "latent heat flux"),
    Output("sensible_heat_flux", "W m-2", "sensible heat flux"),
    Output("ground_heat_flux", "W m-2", "heat flux into soil and snow"),
    Output("upwelling_shortwave_flux", "W m-2", "reflected shortwave radiation"),
    Output("upwelling_longwave_flux", "W m-2", "emitted and reflected longwave radiation"),
    Output("canopy_absorbed_shortwave", "W m-2", "shortwave radiation absorbed by leaves"),
    Output("absorbed_par", "umol m-2 s-1", "photons absorbed by leaves"),
    Output("sunlit_leaf_area_index", "1", "sunlit leaf area index"),
    Output("sunlit_leaf_temperature", "K", "temperature of sunlit leaves"),
    Output("shaded_leaf_temperature", "K", "temperature of shaded leaves"),
    Output("ground_temperature", "K", "temperature of the ground's surface"),
    Output("canopy_conductance", "mol m-2 s-1", "stomatal conductance of the canopy"),
    Output("friction_velocity", "m s-1", "friction velocity"),
    Output("soil_water_stress", "1", "share of full water supply to stomata"),
    Output("surface_runoff", "kg m-2 s-1", "surface runoff"),
    Output("drainage", "kg m-2 s-1", "drainage out of the soil column"),
    Output("irrigation", "kg m-2 s-1", "water added to hold the soil at field capacity"),
    Output("snow_melt", "kg m-2 s-1", "melt water that leaves the snow"),
    Output("snow_water_equivalent", "kg m-2", "water in snow at the end of the step"),
    Output("snow_depth", "m", "snow depth at the end of the step"),
    Output("canopy_water", "kg m-2", "water on leaves at the end of the step"),
    Output(
        "soil_water_storage", "kg m-2", "liquid and frozen water in soil at the end of the step"
    ),
    Output("energy_residual", "W m-2", "energy that the step neither stored nor passed on"),
    Output("water_residual", "kg m-2", "water that the step neither stored nor passed on"),
    Output("iterations", "1", "iterations of the energy balance"),
)
"""Every scalar output of a step, in the order of the record."""

OUTPUT_DTYPE: Final = np.dtype([(row.name, np.float64) for row in OUTPUTS], align=True)
N_OUTPUTS: Final = len(OUTPUTS)

# Status of a step.
OK: Final = 0
NOT_CONVERGED: Final = 1
ENERGY_LOST: Final = 2
WATER_LOST: Final = 3
NOT_FINITE: Final = 4

ENERGY_TOLERANCE: Final = 0.1
"""Largest energy residual of a step [W m-2]."""

WATER_TOLERANCE: Final = 1e-6
"""Largest water residual of a step [kg m-2]."""
