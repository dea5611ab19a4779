r"""The stack of snow layers: what falls on it, how it is divided, what melts, leaves and drains.

A layer has a mass, a density and one enthalpy, from which its temperature and its liquid water
follow (:func:`fluxscape.dlm._snow.layer_temperature`). Layers lie at the end of their arrays, on
the soil: the top one is ``first``, and ``N_SNOW`` where there is no snow. Thin snow is one layer;
above 5 cm the upper two are 2 cm thick each and the third holds the rest (three layers as in
EASS, Chen et al. 2007).

``s``, ``p`` and ``work`` are the records of state, parameters and work arrays.

References
----------
Chen et al. 2007: doi:10.1016/j.ecolmodel.2007.06.032.
"""

from __future__ import annotations

from typing import Any

from fluxscape._jit import kernel
from fluxscape.constants import HEAT_CAPACITY_ICE, LATENT_HEAT_FUSION, ZERO_CELSIUS
from fluxscape.dlm._records import N_SNOW
from fluxscape.dlm._snow import (
    SMALLEST_SNOW,
    age_albedo,
    drain_layer,
    fresh_density,
    layer_liquid,
    layer_temperature,
    refresh_albedo,
    settle,
)

_DIVIDED = 0.05
"""Depth above which snow is divided [m]."""

_THIN = 0.02
"""Thickness of the upper layers of divided snow [m]."""

_SLACK = 0.01
"""Departure from that thickness after which snow is divided anew [m]."""


@kernel
def top_layer(s: Any) -> int:
    """Return the index of the top layer of snow, ``N_SNOW`` without snow."""
    first = N_SNOW
    while first > 0 and s.snow_mass[first - 1] > 0.0:
        first -= 1
    return first


@kernel
def snow_mass(s: Any) -> float:
    """Return ice and liquid water of the snow [kg m-2]."""
    total = 0.0
    for k in range(N_SNOW):
        total += s.snow_mass[k]
    return total


@kernel
def snow_ice(s: Any, first: int) -> float:
    """Return the ice of the snow [kg m-2]."""
    total = 0.0
    for k in range(first, N_SNOW):
        total += s.snow_mass[k] - layer_liquid(s.snow_mass[k], s.snow_enthalpy[k])
    return total


@kernel
def snow_depth(s: Any) -> float:
    """Return the depth of the snow [m]."""
    depth = 0.0
    for k in range(top_layer(s), N_SNOW):
        depth += s.snow_mass[k] / s.snow_density[k]
    return depth


@kernel
def snow_heat(s: Any, first: int) -> float:
    """Return the enthalpy of the snow less that of as much water at freezing point [J m-2]."""
    total = 0.0
    for k in range(first, N_SNOW):
        total += s.snow_enthalpy[k] - LATENT_HEAT_FUSION * s.snow_mass[k]
    return total


@kernel
def add_snow(
    s: Any, p: Any, work: Any, snowfall: float, air_temperature: float, step: float
) -> None:
    """Age the snow, add what fell in the step [kg m-2] and divide it into layers."""
    first = top_layer(s)
    if first < N_SNOW:
        for k in range(first, N_SNOW):
            s.snow_density[k] = settle(s.snow_density[k], step)
        top = layer_temperature(s.snow_mass[first], s.snow_enthalpy[first])
        melting = top > ZERO_CELSIUS - 0.01
        s.snow_albedo = age_albedo(s.snow_albedo, melting, p.snow_albedo_old, step)
    if snowfall > 0.0:
        fresh = fresh_density(air_temperature)
        cold = HEAT_CAPACITY_ICE * min(air_temperature - ZERO_CELSIUS, 0.0)
        if first == N_SNOW:
            first = N_SNOW - 1
            s.snow_density[first], s.snow_albedo = fresh, p.snow_albedo_fresh
        mass = s.snow_mass[first] + snowfall
        depth = s.snow_mass[first] / s.snow_density[first] + snowfall / fresh
        s.snow_density[first] = mass / depth
        s.snow_mass[first] = mass
        s.snow_enthalpy[first] += snowfall * cold
        s.snow_albedo = refresh_albedo(s.snow_albedo, snowfall, p.snow_albedo_fresh)
    if first < N_SNOW:
        divide(s, work, first)


@kernel
def divide(s: Any, work: Any, first: int) -> None:
    """Bring snow into one or three layers, where it is not; mass, enthalpy and depth stay."""
    depth = 0.0
    for k in range(first, N_SNOW):
        work.snow_depth[k] = s.snow_mass[k] / s.snow_density[k]
        depth += work.snow_depth[k]
    wanted = 0 if depth > _DIVIDED else N_SNOW - 1
    steady = wanted == first
    for k in range(first, N_SNOW - 1):
        steady = steady and abs(work.snow_depth[k] - _THIN) <= _SLACK
    if steady:
        return
    for k in range(N_SNOW):
        work.snow_mass[k], s.snow_mass[k] = s.snow_mass[k], 0.0
        work.snow_enthalpy[k], s.snow_enthalpy[k] = s.snow_enthalpy[k], 0.0
    old, left = first, work.snow_depth[first]
    for k in range(wanted, N_SNOW - 1):
        missing = _THIN
        while missing > 0.0:
            taken = min(left, missing)
            move_part(s, work, old, k, taken / left)
            left, missing = left - taken, missing - taken
            work.snow_depth[old] = left
            if left <= 0.0:
                old += 1
                left = work.snow_depth[old]
        s.snow_density[k] = s.snow_mass[k] / _THIN
    bottom, rest = N_SNOW - 1, 0.0
    for k in range(old, N_SNOW):
        rest += work.snow_depth[k]
        move_part(s, work, k, bottom, 1.0)
    s.snow_density[bottom] = s.snow_mass[bottom] / rest


@kernel
def move_part(s: Any, work: Any, old: int, new: int, share: float) -> None:
    """Give a share of what an old layer has left to a new one."""
    mass, enthalpy = share * work.snow_mass[old], share * work.snow_enthalpy[old]
    s.snow_mass[new] += mass
    s.snow_enthalpy[new] += enthalpy
    work.snow_mass[old] -= mass
    work.snow_enthalpy[old] -= enthalpy


@kernel
def warm_snow(s: Any, work: Any, first: int, melt_heat: float) -> float:
    """Give the layers the heat of the step; return what is left when all has melted [J m-2].

    ``work.gain`` is the heat that each layer was conducted [J m-2], ``melt_heat`` melts snow from
    the surface. What a molten layer cannot hold goes to the next.
    """
    excess = melt_heat
    for k in range(first, N_SNOW):
        enthalpy = s.snow_enthalpy[k] + work.gain[k] + excess
        excess = max(enthalpy - LATENT_HEAT_FUSION * s.snow_mass[k], 0.0)
        s.snow_enthalpy[k] = enthalpy - excess
    return excess


@kernel
def sublimate(s: Any, first: int, mass: float) -> float:
    """Take ice from the top of the snow [kg m-2]; return what it did not have.

    A negative mass is frost. Temperature and liquid water of a layer stay.
    """
    k = first
    while k < N_SNOW and mass != 0.0:
        before, enthalpy = s.snow_mass[k], s.snow_enthalpy[k]
        taken = min(mass, before - layer_liquid(before, enthalpy))
        s.snow_mass[k] = before - taken
        if enthalpy < 0.0:
            s.snow_enthalpy[k] = enthalpy * (1.0 - taken / before)
        mass -= taken
        k += 1
    return mass


@kernel
def drain_snow(s: Any, first: int, water: float) -> tuple[float, float]:
    """Let liquid water run through the snow; return what runs out and the heat it borrowed.

    ``water`` reaches the top [kg m-2]. Snow of less than ``SMALLEST_SNOW`` runs out as well: its
    enthalpy below that of water [J m-2] is what the soil has to give.
    """
    gaps = False
    for k in range(first, N_SNOW):
        s.snow_mass[k] += water
        s.snow_enthalpy[k] += LATENT_HEAT_FUSION * water
        water = drain_layer(s.snow_mass[k], s.snow_enthalpy[k])
        s.snow_mass[k] -= water
        s.snow_enthalpy[k] -= LATENT_HEAT_FUSION * water
        gaps = gaps or s.snow_mass[k] <= 0.0
    borrowed = 0.0
    if snow_ice(s, first) < SMALLEST_SNOW:
        borrowed = -snow_heat(s, first)
        for k in range(N_SNOW):
            water += s.snow_mass[k]
            s.snow_mass[k], s.snow_enthalpy[k] = 0.0, 0.0
    elif gaps:
        close_gaps(s, first)
    return water, borrowed


@kernel
def close_gaps(s: Any, first: int) -> None:
    """Lay the layers that have snow on the soil, one on the other."""
    to = N_SNOW - 1
    for k in range(N_SNOW - 1, first - 1, -1):
        mass, enthalpy, density = s.snow_mass[k], s.snow_enthalpy[k], s.snow_density[k]
        s.snow_mass[k], s.snow_enthalpy[k] = 0.0, 0.0
        if mass > 0.0:
            s.snow_mass[to], s.snow_enthalpy[to], s.snow_density[to] = mass, enthalpy, density
            to -= 1
