r"""Heat in soil and snow: implicit conduction, and freezing and thawing by the energy at hand.

The column is eliminated from below, which leaves the top node's temperature as a linear function
of the heat that enters it. The surface balance is solved with that function, so surface and
column agree to rounding whatever the step (Best et al. 2004).

Symbols: ``phi`` porosity, ``q`` quartz fraction, ``s`` saturation, ``Ke`` Kersten number.

References
----------
Johansen 1975, as Peters-Lidard et al. 1998, doi:10.1175/1520-0469(1998)055<1209:TEOSTC>2.0.CO;2;
Cote and Konrad 2005, doi:10.1139/t04-106; Best et al. 2004,
doi:10.1175/1525-7541(2004)005<1271:APSMFC>2.0.CO;2; Niu and Yang 2006, doi:10.1175/JHM538.1.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fluxscape._jit import kernel
from fluxscape.constants import (
    GRAVITY,
    HEAT_CAPACITY_ICE,
    HEAT_CAPACITY_WATER,
    LATENT_HEAT_FUSION,
    ZERO_CELSIUS,
)

_Array = npt.NDArray[np.float64]

_SOLID_HEAT_CAPACITY = 2.0e6
"""Heat capacity of soil minerals [J m-3 K-1] (Peters-Lidard et al. 1998)."""

_WATER_CONDUCTIVITY = 0.57
_ICE_CONDUCTIVITY = 2.2
"""Of water and ice [W m-1 K-1] (Peters-Lidard et al. 1998)."""


@kernel
def dry_conductivity(phi: float) -> float:
    """Return conductivity of dry soil [W m-1 K-1] (Peters-Lidard et al. 1998)."""
    density = (1.0 - phi) * 2700.0
    return (0.135 * density + 64.7) / (2700.0 - 0.947 * density)


@kernel
def solid_conductivity(q: float) -> float:
    """Return conductivity of the solids [W m-1 K-1] (Peters-Lidard et al. 1998)."""
    other = 3.0 if q < 0.2 else 2.0
    return float(7.7**q * other ** (1.0 - q))


@kernel
def saturated_conductivity(phi: float, q: float) -> float:
    """Return conductivity of soil full of water [W m-1 K-1] (Peters-Lidard et al. 1998)."""
    return float(solid_conductivity(q) ** (1.0 - phi) * _WATER_CONDUCTIVITY**phi)


@kernel
def frozen_factor(phi: float) -> float:
    """Return conductivity of soil full of ice over that full of water [1]."""
    return float((_ICE_CONDUCTIVITY / _WATER_CONDUCTIVITY) ** phi)


@kernel
def thermal_conductivity(
    saturation: float, ice_share: float, dry: float, saturated_unfrozen: float, frozen_ratio: float
) -> float:
    """Return conductivity [W m-1 K-1] by Ke = kappa s / (1 + (kappa - 1) s) (Cote and Konrad 2005).

    ``saturated_unfrozen`` is that of the soil full of water, ``frozen_ratio`` the factor when all
    of it is ice (interpolated linearly in ``ice_share``); kappa is 1.9 unfrozen, 0.85 frozen.
    """
    kappa = 1.9 - 1.05 * ice_share
    ke = kappa * saturation / (1.0 + (kappa - 1.0) * saturation)
    saturated = saturated_unfrozen * (1.0 + (frozen_ratio - 1.0) * ice_share)
    return dry + ke * (saturated - dry)


@kernel
def heat_capacity(phi: float, thickness: float, liquid: float, ice: float) -> float:
    """Return the heat capacity of a layer [J m-2 K-1]; ``liquid`` and ``ice`` in kg m-2."""
    return (
        _SOLID_HEAT_CAPACITY * (1.0 - phi) * thickness
        + HEAT_CAPACITY_WATER * liquid
        + HEAT_CAPACITY_ICE * ice
    )


@kernel
def eliminate_column(
    temperature: _Array,
    capacity: _Array,
    link: _Array,
    first: int,
    step: float,
    intercept: _Array,
    coupling: _Array,
) -> tuple[float, float]:
    """Eliminate the column from below; return ``base`` and ``pliancy`` of the top node.

    The top node ends the step at ``base + pliancy * flux`` for a heat ``flux`` [W m-2] into it.
    ``link[k]`` is the conductance between nodes k - 1 and k [W m-2 K-1], ``capacity`` in
    J m-2 K-1, ``first`` the top node. Node k ends at ``intercept[k] + coupling[k] * T[k - 1]``.
    No heat passes the bottom.
    """
    last = temperature.shape[0] - 1
    below_coupling, below_intercept, below_link = 0.0, 0.0, 0.0
    for k in range(last, first, -1):
        inertia = capacity[k] / step
        total = inertia + link[k] + below_link * (1.0 - below_coupling)
        intercept[k] = (inertia * temperature[k] + below_link * below_intercept) / total
        coupling[k] = link[k] / total
        below_coupling, below_intercept, below_link = coupling[k], intercept[k], link[k]
    inertia = capacity[first] / step
    total = inertia + below_link * (1.0 - below_coupling)
    base = (inertia * temperature[first] + below_link * below_intercept) / total
    return base, 1.0 / total


@kernel
def substitute_column(
    temperature: _Array, first: int, top: float, intercept: _Array, coupling: _Array
) -> None:
    """Set the column to the end of the step, given its top node's new temperature."""
    temperature[first] = top
    for k in range(first + 1, temperature.shape[0]):
        temperature[k] = intercept[k] + coupling[k] * temperature[k - 1]


@kernel
def freezing_suction(temperature: float) -> float:
    """Return the suction that keeps water liquid below freezing, Lf (Tf - T) / (g T) [m].

    What soil holds against it does not freeze (Niu and Yang 2006).
    """
    return LATENT_HEAT_FUSION * (ZERO_CELSIUS - temperature) / (GRAVITY * temperature)


@kernel
def change_phase(
    temperature: float, liquid: float, ice: float, capacity: float, liquid_kept: float
) -> tuple[float, float, float]:
    """Return temperature, liquid and ice after freezing or thawing with the energy at hand.

    Water above ``liquid_kept`` [kg m-2] freezes below 0 degrees Celsius, ice thaws above, each
    until energy or mass runs out (decoupled phase change; energy and mass are exact).
    """
    if temperature > ZERO_CELSIUS and ice > 0.0:
        moved = min(ice, capacity * (temperature - ZERO_CELSIUS) / LATENT_HEAT_FUSION)
    elif temperature < ZERO_CELSIUS and liquid > liquid_kept:
        moved = -min(
            liquid - liquid_kept, capacity * (ZERO_CELSIUS - temperature) / LATENT_HEAT_FUSION
        )
    else:
        return temperature, liquid, ice
    return temperature - moved * LATENT_HEAT_FUSION / capacity, liquid + moved, ice - moved
