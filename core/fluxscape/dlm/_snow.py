r"""One layer of snow: its enthalpy, density, conductivity, albedo and the water that it holds.

The enthalpy of a layer counts from ice at freezing point: below 0 the layer is cold ice, above it
is ice and water at freezing point, so that temperature and phase follow from one number.

References
----------
Hedstrom and Pomeroy 1998, Hydrological Processes 12, 1611-1625:
doi:10.1002/(SICI)1099-1085(199808/09)12:10/11<1611::AID-HYP684>3.0.CO;2-4.
Verseghy 1991: doi:10.1002/joc.3370110202. Dutra et al. 2010: doi:10.1175/2010JHM1249.1. Calonne et
al. 2011: doi:10.1029/2011GL049234. Oleson et al. 2013: doi:10.5065/D6RR1W7M.
"""

from __future__ import annotations

import math

from fluxscape._jit import kernel
from fluxscape.constants import (
    HEAT_CAPACITY_ICE,
    HEAT_CAPACITY_WATER,
    LATENT_HEAT_FUSION,
    ZERO_CELSIUS,
)

OLD_DENSITY = 300.0
"""Density that snow settles to [kg m-3] (Verseghy 1991)."""

SMALLEST_SNOW = 1e-4
"""Snow below which there is none: it falls as rain or melts with the soil's heat [kg m-2]."""

HOLDING_CAPACITY = 0.05
"""Liquid water that snow holds over its ice [1] (Dutra et al. 2010)."""

_COLD_ALBEDO = 0.70
"""Albedo that cold snow tends to (Verseghy 1991)."""


@kernel
def snow_share(air_temperature: float) -> float:
    """Return the frozen share of precipitation: 1 at 0, 0 at 2 degrees C (CLM 4.5, chapter 7)."""
    return min(max(1.0 - 0.5 * (air_temperature - ZERO_CELSIUS), 0.0), 1.0)


@kernel
def fresh_density(air_temperature: float) -> float:
    """Return the density of falling snow [kg m-3] (Hedstrom and Pomeroy 1998)."""
    return 67.9 + 51.3 * math.exp(min(air_temperature - ZERO_CELSIUS, 2.0) / 2.6)


@kernel
def settle(density: float, step: float) -> float:
    """Return the density after a step of settling (Verseghy 1991)."""
    if density >= OLD_DENSITY:
        return density
    return OLD_DENSITY + (density - OLD_DENSITY) * math.exp(-0.01 * step / 3600.0)


@kernel
def age_albedo(albedo: float, melting: bool, old_albedo: float, step: float) -> float:
    """Return the albedo after a step without snowfall (Verseghy 1991)."""
    limit = old_albedo if melting else max(_COLD_ALBEDO, old_albedo)
    if albedo <= limit:
        return albedo
    return limit + (albedo - limit) * math.exp(-0.01 * step / 3600.0)


@kernel
def refresh_albedo(albedo: float, snowfall: float, fresh_albedo: float) -> float:
    """Return the albedo after ``snowfall`` [kg m-2]; 10 renew it (Dutra et al. 2010)."""
    return albedo + (fresh_albedo - albedo) * min(snowfall / 10.0, 1.0)


@kernel
def snow_cover(depth: float) -> float:
    """Return the share of ground that snow of a depth [m] hides, full from 5 cm."""
    return min(depth / 0.05, 1.0)


@kernel
def snow_conductivity(density: float) -> float:
    """Return heat conductivity [W m-1 K-1] (Calonne et al. 2011, eq. 12)."""
    return 2.5e-6 * density * density - 1.23e-4 * density + 0.024


@kernel
def layer_temperature(mass: float, enthalpy: float) -> float:
    """Return the temperature [K] of a layer of mass [kg m-2] and enthalpy [J m-2]."""
    if enthalpy >= 0.0 or mass <= 0.0:
        return ZERO_CELSIUS
    return ZERO_CELSIUS + enthalpy / (HEAT_CAPACITY_ICE * mass)


@kernel
def layer_liquid(mass: float, enthalpy: float) -> float:
    """Return the liquid water of a layer [kg m-2]."""
    return min(max(enthalpy / LATENT_HEAT_FUSION, 0.0), mass)


@kernel
def layer_capacity(mass: float, enthalpy: float) -> float:
    """Return the heat capacity [J m-2 K-1] with which a layer enters conduction.

    A wet layer stays at freezing point: the temperature that conduction finds for it only says
    what heat it gained.
    """
    liquid = layer_liquid(mass, enthalpy)
    return HEAT_CAPACITY_ICE * (mass - liquid) + HEAT_CAPACITY_WATER * liquid


@kernel
def drain_layer(mass: float, enthalpy: float) -> float:
    """Return the liquid water that a layer cannot hold [kg m-2]."""
    liquid = layer_liquid(mass, enthalpy)
    return max(liquid - HOLDING_CAPACITY * (mass - liquid), 0.0)
