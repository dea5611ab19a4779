"""The names of fluxscape's variables: unit, physical bounds, CF standard name, plain name.

Readers, models, pages and tests read this one table. Names are the field's terms; where CF has a
standard name it stands in ``standard_name``. Bounds are physical limits, wide enough for any
record that can be true: a value outside them is an error of unit, sign or sensor.
CF: https://cfconventions.org/Data/cf-standard-names, version 90.
"""

from __future__ import annotations

import math
from typing import Final

from fluxscape._variable import Variable

__all__ = ["DATA_STATUS", "QUALITY_SUFFIX", "VARIABLES", "Variable"]

_ROWS: Final = (
    # Meteorology
    Variable("air_temperature", "K", "air temperature", 170.0, 340.0, "air_temperature"),
    Variable("air_pressure", "Pa", "air pressure", 3e4, 1.1e5, "air_pressure"),
    # Sensors read slightly above saturation in fog; the readers keep it, models cap it.
    Variable("relative_humidity", "1", "relative humidity", 0.0, 1.1, "relative_humidity"),
    Variable(
        "vapour_pressure_deficit",
        "Pa",
        "vapour pressure deficit",
        0.0,
        1.5e4,
        "water_vapor_saturation_deficit_in_air",
    ),
    Variable("wind_speed", "m s-1", "wind speed", 0.0, 75.0, "wind_speed"),
    Variable(
        "wind_from_direction",
        "degree",
        "direction the wind comes from, clockwise from north",
        0.0,
        360.0,
        "wind_from_direction",
    ),
    Variable(
        "surface_downwelling_shortwave_flux",
        "W m-2",
        "incoming shortwave radiation",
        -20.0,
        1500.0,
        "surface_downwelling_shortwave_flux_in_air",
    ),
    Variable(
        "surface_downwelling_longwave_flux",
        "W m-2",
        "incoming longwave radiation",
        30.0,
        700.0,
        "surface_downwelling_longwave_flux_in_air",
    ),
    Variable(
        "photosynthetic_photon_flux_density",
        "umol m-2 s-1",
        "incoming photosynthetic photon flux density",
        -50.0,
        3500.0,
        "surface_downwelling_photosynthetic_photon_flux_in_air",
    ),
    Variable(
        "net_radiation",
        "W m-2",
        "net radiation",
        -500.0,
        1200.0,
        "surface_net_downward_radiative_flux",
    ),
    Variable(
        "precipitation_flux", "kg m-2 s-1", "precipitation rate", 0.0, 0.15, "precipitation_flux"
    ),
    Variable(
        "carbon_dioxide_mole_fraction",
        "umol mol-1",
        "carbon dioxide mole fraction in air",
        100.0,
        2000.0,
        "mole_fraction_of_carbon_dioxide_in_air",
    ),
    # Turbulence
    Variable("friction_velocity", "m s-1", "friction velocity", 0.0, 10.0),
    Variable("obukhov_length", "m", "Obukhov length"),
    Variable("longitudinal_velocity_std", "m s-1", "standard deviation of along-wind", 0.0, 15.0),
    Variable("lateral_velocity_std", "m s-1", "standard deviation of cross-wind", 0.0, 15.0),
    Variable("vertical_velocity_std", "m s-1", "standard deviation of vertical wind", 0.0, 10.0),
    Variable(
        "boundary_layer_height",
        "m",
        "height of the atmospheric boundary layer",
        0.0,
        6000.0,
        "atmosphere_boundary_layer_thickness",
    ),
    # Geometry of the measurement
    Variable("measurement_height", "m", "height of the instrument above ground", 0.1, 600.0),
    Variable("displacement_height", "m", "zero-plane displacement height", 0.0, 120.0),
    Variable(
        "roughness_length",
        "m",
        "roughness length for momentum",
        1e-5,
        20.0,
        "surface_roughness_length_for_momentum_in_air",
    ),
    # Fluxes
    Variable(
        "sensible_heat_flux",
        "W m-2",
        "sensible heat flux",
        -900.0,
        1500.0,
        "surface_upward_sensible_heat_flux",
    ),
    Variable(
        "latent_heat_flux",
        "W m-2",
        "latent heat flux",
        -500.0,
        1500.0,
        "surface_upward_latent_heat_flux",
    ),
    Variable(
        "ground_heat_flux",
        "W m-2",
        "soil heat flux at the surface, downwards",
        -700.0,
        900.0,
        "downward_heat_flux_at_ground_level_in_soil",
    ),
    Variable(
        "net_ecosystem_exchange",
        "umol m-2 s-1",
        "net ecosystem exchange of carbon dioxide, upwards",
        -150.0,
        150.0,
    ),
    Variable(
        "gross_primary_production",
        "umol m-2 s-1",
        "gross primary production",
        # Partitioned values scatter below zero; a reader must not cut them.
        -80.0,
        150.0,
    ),
    Variable("ecosystem_respiration", "umol m-2 s-1", "ecosystem respiration", -80.0, 150.0),
    Variable("evapotranspiration", "kg m-2 s-1", "evapotranspiration", -2e-4, 8e-4),
    # Sums of a year, as national products hold them
    Variable(
        "annual_gross_primary_production",
        "g m-2 year-1",
        "gross primary production of a year, as carbon",
        0.0,
        8000.0,
    ),
    Variable(
        "annual_evapotranspiration", "kg m-2 year-1", "evapotranspiration of a year", -200.0, 5000.0
    ),
    # Surface and soil
    Variable("leaf_area_index", "1", "leaf area index", 0.0, 15.0, "leaf_area_index"),
    Variable(
        "absorbed_par_fraction",
        "1",
        "fraction of absorbed photosynthetically active radiation",
        0.0,
        1.0,
    ),
    Variable("canopy_height", "m", "canopy height", 0.0, 120.0, "canopy_height"),
    Variable(
        "normalized_difference_vegetation_index",
        "1",
        "normalised difference vegetation index",
        -1.0,
        1.0,
        "normalized_difference_vegetation_index",
    ),
    Variable("enhanced_vegetation_index", "1", "enhanced vegetation index", -1.0, 1.0),
    Variable(
        "surface_altitude",
        "m",
        "height of the ground above sea level",
        -500.0,
        9000.0,
        "surface_altitude",
    ),
    Variable("soil_temperature", "K", "soil temperature", 190.0, 350.0, "soil_temperature"),
    Variable(
        "soil_water_content",
        "m3 m-3",
        "volumetric soil water content",
        0.0,
        1.0,
        "volume_fraction_of_condensed_water_in_soil",
    ),
    # Light-use efficiency
    Variable("land_surface_water_index", "1", "land surface water index", -1.0, 1.0),
    Variable(
        "daily_minimum_air_temperature", "K", "lowest air temperature of the day", 170.0, 340.0
    ),
    Variable(
        "sunlit_absorbed_par", "umol m-2 s-1", "photons absorbed by sunlit leaves", 0.0, 3500.0
    ),
    Variable(
        "shaded_absorbed_par", "umol m-2 s-1", "photons absorbed by shaded leaves", 0.0, 3500.0
    ),
    Variable(
        "light_use_efficiency",
        "mol mol-1",
        "carbon dioxide taken up for each absorbed photon",
        0.0,
        0.2,
    ),
    Variable(
        "temperature_scalar", "1", "share of light-use efficiency that temperature leaves", 0.0, 1.0
    ),
    Variable("water_scalar", "1", "share of light-use efficiency that water leaves", 0.0, 1.0),
    Variable(
        "carbon_dioxide_scalar",
        "1",
        "share of light-use efficiency that carbon dioxide leaves",
        0.0,
        1.0,
    ),
    # Transport in a column of air
    Variable(
        "background_carbon_dioxide_mole_fraction",
        "umol mol-1",
        "carbon dioxide in air above and around a region",
        100.0,
        2000.0,
    ),
    Variable(
        "inlet_carbon_dioxide_mole_fraction",
        "umol mol-1",
        "carbon dioxide at the heights of inlets",
        100.0,
        2000.0,
    ),
    Variable("horizontal_divergence", "s-1", "divergence of the horizontal wind", -0.001, 0.001),
    Variable(
        "carbon_dioxide_advection",
        "umol mol-1 s-1",
        "change of carbon dioxide by horizontal wind",
        -0.1,
        0.1,
    ),
    Variable(
        "carbon_dioxide_gradient_east",
        "umol mol-1 m-1",
        "rise of carbon dioxide to the east",
        -0.01,
        0.01,
    ),
    Variable(
        "carbon_dioxide_gradient_north",
        "umol mol-1 m-1",
        "rise of carbon dioxide to the north",
        -0.01,
        0.01,
    ),
    Variable(
        "eddy_diffusivity", "m2 s-1", "turbulent diffusivity at the top of a layer", 0.0, 10000.0
    ),
    Variable("entrainment_velocity", "m s-1", "velocity of air into the boundary layer", 0.0, 10.0),
    Variable("convective_velocity", "m s-1", "convective velocity scale", 0.0, 10.0),
    Variable("mixing_regime", "1", "regime of mixing", 0.0, 2.0),
    Variable("storage_flux", "umol m-2 s-1", "change of the carbon dioxide in the column"),
    Variable("entrainment_flux", "umol m-2 s-1", "carbon dioxide mixed into the boundary layer"),
    Variable("background_flux", "umol m-2 s-1", "carbon dioxide exchanged with the background"),
    Variable("subsidence_flux", "umol m-2 s-1", "carbon dioxide gained where air sinks or rises"),
    Variable("advection_flux", "umol m-2 s-1", "carbon dioxide gained from horizontal gradients"),
    # Land-surface model
    Variable("leaf_respiration", "umol m-2 s-1", "respiration of leaves", 0.0, 150.0),
    Variable(
        "heterotrophic_respiration", "umol m-2 s-1", "respiration of litter and soil", 0.0, 150.0
    ),
    Variable(
        "decomposition_modifier",
        "1",
        "decay of soil carbon over that in moist soil at 10 degrees Celsius",
        0.0,
    ),
    Variable(
        "plant_carbon",
        "kg m-2",
        "carbon of living tissue",
        0.0,
        math.inf,
        "vegetation_carbon_content",
    ),
    Variable(
        "litter_carbon",
        "kg m-2",
        "carbon of litter",
        0.0,
        math.inf,
        "litter_mass_content_of_carbon",
    ),
    Variable(
        "soil_carbon",
        "kg m-2",
        "carbon of soil without litter",
        0.0,
        math.inf,
        "soil_mass_content_of_carbon",
    ),
    Variable("transpiration", "kg m-2 s-1", "transpiration", -2e-4, 8e-4, "transpiration_flux"),
    Variable("canopy_evaporation", "kg m-2 s-1", "evaporation of water on leaves", -2e-4, 8e-4),
    Variable("soil_evaporation", "kg m-2 s-1", "evaporation of soil water", -2e-4, 8e-4),
    Variable("snow_sublimation", "kg m-2 s-1", "sublimation of snow", -2e-4, 8e-4),
    Variable(
        "upwelling_shortwave_flux",
        "W m-2",
        "reflected shortwave radiation",
        0.0,
        1500.0,
        "surface_upwelling_shortwave_flux_in_air",
    ),
    Variable(
        "upwelling_longwave_flux",
        "W m-2",
        "outgoing longwave radiation",
        30.0,
        900.0,
        "surface_upwelling_longwave_flux_in_air",
    ),
    Variable(
        "canopy_absorbed_shortwave", "W m-2", "shortwave radiation absorbed by leaves", 0.0, 1500.0
    ),
    Variable("absorbed_par", "umol m-2 s-1", "photons absorbed by leaves", 0.0, 3500.0),
    Variable("sunlit_leaf_area_index", "1", "sunlit leaf area index", 0.0, 15.0),
    Variable("understorey_leaf_area_index", "1", "leaf area index of the understorey", 0.0, 15.0),
    Variable(
        "understorey_gross_primary_production",
        "umol m-2 s-1",
        "gross primary production of the understorey",
        -1.0,
        150.0,
    ),
    Variable("sunlit_leaf_temperature", "K", "temperature of sunlit leaves", 170.0, 360.0),
    Variable("shaded_leaf_temperature", "K", "temperature of shaded leaves", 170.0, 360.0),
    Variable("ground_temperature", "K", "temperature of soil or snow at its surface", 170.0, 380.0),
    Variable("canopy_conductance", "mol m-2 s-1", "stomatal conductance of the canopy", 0.0, 20.0),
    Variable("soil_water_stress", "1", "share of full water supply to stomata", 0.0, 1.0),
    Variable(
        "surface_runoff", "kg m-2 s-1", "surface runoff", 0.0, math.inf, "surface_runoff_flux"
    ),
    Variable(
        "drainage", "kg m-2 s-1", "drainage out of the soil", standard_name="subsurface_runoff_flux"
    ),
    Variable("irrigation", "kg m-2 s-1", "water added to the soil", 0.0),
    Variable(
        "snow_melt",
        "kg m-2 s-1",
        "water that leaves the snow",
        0.0,
        math.inf,
        "surface_snow_melt_flux",
    ),
    Variable(
        "snow_water_equivalent", "kg m-2", "water in snow", 0.0, math.inf, "surface_snow_amount"
    ),
    Variable("snow_depth", "m", "snow depth", 0.0, math.inf, "surface_snow_thickness"),
    Variable("canopy_water", "kg m-2", "water on leaves", 0.0, 20.0, "canopy_water_amount"),
    Variable("soil_water_storage", "kg m-2", "liquid and frozen water in the soil", 0.0),
    Variable("soil_ice_content", "m3 m-3", "frozen part of the soil water content", 0.0, 1.0),
    Variable("energy_residual", "W m-2", "energy neither stored nor passed on in the step"),
    Variable("water_residual", "kg m-2", "water neither stored nor passed on in the step"),
    Variable("carbon_residual", "kg m-2", "carbon neither stored nor passed on in the step"),
    Variable("iterations", "1", "passes of the energy balance", 0.0),
)

VARIABLES: Final = {row.name: row for row in _ROWS}
"""Every variable by name."""

QUALITY_SUFFIX: Final = "_quality"
"""Quality flag of a variable: 0 measured, 1 good fill, 2 medium fill, 3 poor fill (FLUXNET)."""

DATA_STATUS: Final = ("observed", "simulated", "reconstructed", "mixed")
"""Values of the ``data_status`` attribute, which pages show beside every number."""
