"""Loops that fill scalars and productivity, arrays of shape (pixel, time)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import kernel
from fluxscape.lue import _kernels as one

Floats = NDArray[np.float64]


@kernel
def fill_ramp(x: Floats, low: float, high: float, out: Floats) -> None:
    """Fill ``out`` with a rising ramp, or a falling one where ``low`` lies above ``high``."""
    for i in range(x.shape[0]):
        for t in range(x.shape[1]):
            out[i, t] = one.ramp(x[i, t], low, high)


@kernel
def fill_parabola(
    temperature: Floats, lowest: float, best: float, highest: float, out: Floats
) -> None:
    """Fill ``out`` with the parabola of temperature [degC]."""
    for i in range(temperature.shape[0]):
        for t in range(temperature.shape[1]):
            out[i, t] = one.parabola(temperature[i, t], lowest, best, highest)


@kernel
def fill_casa_temperature(temperature: Floats, best: float, out: Floats) -> None:
    """Fill ``out`` with CASA's scalar of temperature [degC]."""
    for i in range(temperature.shape[0]):
        for t in range(temperature.shape[1]):
            out[i, t] = one.casa_temperature(temperature[i, t], best)


@kernel
def fill_casa_water(
    latent: Floats, available: Floats, slope: Floats, gamma: Floats, out: Floats
) -> None:
    """Fill ``out`` with CASA's scalar of water; energies [W m-2], slope and gamma [Pa K-1]."""
    for i in range(latent.shape[0]):
        for t in range(latent.shape[1]):
            potential = one.priestley_taylor(available[i, t], slope[i, t], gamma[i, t])
            out[i, t] = one.casa_water(latent[i, t], potential)


@kernel
def fill_water_index(lswi: Floats, highest: float, out: Floats) -> None:
    """Fill ``out`` with VPM's scalar of water."""
    for i in range(lswi.shape[0]):
        for t in range(lswi.shape[1]):
            out[i, t] = one.water_index(lswi[i, t], highest)


@kernel
def fill_evaporative_fraction(latent: Floats, sensible: Floats, out: Floats) -> None:
    """Fill ``out`` with the evaporative fraction; energies [W m-2]."""
    for i in range(latent.shape[0]):
        for t in range(latent.shape[1]):
            out[i, t] = one.evaporative_fraction(latent[i, t], sensible[i, t])


@kernel
def fill_dryness(deficit: Floats, half: float, out: Floats) -> None:
    """Fill ``out`` with the hyperbola of vapour pressure deficit [Pa]."""
    for i in range(deficit.shape[0]):
        for t in range(deficit.shape[1]):
            out[i, t] = one.dryness(deficit[i, t], half)


@kernel
def fill_carbon_dioxide(
    mole_fraction: Floats,
    temperature: Floats,
    deficit: Floats,
    pressure: Floats,
    beta: float,
    compensation: float,
    out: Floats,
) -> None:
    """Fill ``out`` with the scalar of carbon dioxide [umol mol-1, degC, Pa, Pa]."""
    for i in range(mole_fraction.shape[0]):
        for t in range(mole_fraction.shape[1]):
            out[i, t] = one.carbon_dioxide(
                mole_fraction[i, t],
                temperature[i, t],
                deficit[i, t],
                pressure[i, t],
                beta,
                compensation,
            )


@kernel
def fill_soil_moisture(relative: Floats, floor: float, out: Floats) -> None:
    """Fill ``out`` with the stress of soil moisture over that at field capacity."""
    for i in range(relative.shape[0]):
        for t in range(relative.shape[1]):
            out[i, t] = one.soil_moisture(relative[i, t], floor)


@kernel
def fill_two_leaf_par(
    par: Floats,
    clearness: Floats,
    mu: Floats,
    leaf_area: Floats,
    omega: float,
    albedo: float,
    sunlit: Floats,
    shaded: Floats,
) -> None:
    """Fill what sunlit and shaded leaves absorb, in the unit of ``par``."""
    for i in range(par.shape[0]):
        for t in range(par.shape[1]):
            sunlit[i, t], shaded[i, t] = one.two_leaf_par(
                par[i, t],
                one.diffuse_share(clearness[i, t]),
                mu[i, t],
                leaf_area[i, t],
                omega,
                albedo,
            )


@kernel
def fill_production(
    light: Floats,
    temperature: Floats,
    water: Floats,
    carbon: Floats,
    weaker_only: bool,
    out: Floats,
) -> None:
    """Fill ``out`` with light times its scalars.

    ``light`` is absorbed light times its highest efficiency [umol m-2 s-1]. With ``weaker_only``
    the smaller scalar of temperature and water counts (Liebig's law), else their product. No
    light, no production, also where a scalar is unknown.
    """
    for i in range(light.shape[0]):
        for t in range(light.shape[1]):
            if light[i, t] == 0.0:
                out[i, t] = 0.0
                continue
            stress = temperature[i, t] * water[i, t]
            if weaker_only and not np.isnan(stress):
                stress = min(temperature[i, t], water[i, t])
            out[i, t] = light[i, t] * stress * carbon[i, t]
