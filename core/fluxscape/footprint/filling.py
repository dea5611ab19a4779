"""Estimates of inputs that were not measured: Obukhov length, boundary-layer height, sigma_v."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fluxscape.meteorology.boundary_layer import boundary_layer_height
from fluxscape.meteorology.similarity import obukhov_length

Floats = NDArray[np.float64]

ASSUMED_LATITUDE: Final = 45.0
"""Latitude [degrees] for the boundary-layer height where none is known."""

SIGMA_V_STABLE: Final = 1.92
"""sigma_v / u* of neutral and stable air: Panofsky and Dutton 1984, Atmospheric Turbulence."""

STABILITY_CLASSES: Final = (-1.0, -0.3, -0.1, -0.03, 0.0, 0.03, 0.1, 0.3, 1.0)
"""Limits of z_m / L between the classes of a site's own sigma_v / u*."""

LEAST_RECORDS: Final = 500
LEAST_IN_CLASS: Final = 30
"""Measured records that a site, and a class, needs for its own sigma_v / u*."""

LEAST_FRICTION_VELOCITY: Final = 0.1
"""u* [m s-1] above which sigma_v / u* is learnt."""


def filled_obukhov_length(values: Mapping[str, Floats], k: float) -> Floats:
    """Return the Obukhov length [m] from the sensible heat flux; NaN where that is missing."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return obukhov_length(
            values["friction_velocity"],
            values["sensible_heat_flux"],
            values["air_temperature"],
            values["air_pressure"],
            k,
        )


def filled_boundary_layer(
    values: Mapping[str, Floats],
    seconds: Floats,
    *,
    latitude: float | None,
    step_seconds: float,
    k: float,
) -> Floats:
    """Return the boundary-layer height [m] after appendix B of Kljun et al. 2015."""
    return boundary_layer_height(
        seconds,
        values["friction_velocity"],
        values["obukhov_length"],
        values["air_temperature"],
        latitude=ASSUMED_LATITUDE if latitude is None else float(latitude),
        step_seconds=step_seconds,
        von_karman=k,
    )


def filled_sigma_v(values: Mapping[str, Floats]) -> tuple[Floats, str]:
    """Return sigma_v [m s-1] from u* and stability, and how it was found.

    Where a site has measured it often enough, by the site's own medians of sigma_v / u* in classes
    of stability; else in convective air sigma_v = u* (12 + 0.5 h / |L|)^(1/3) after Panofsky et al.
    1977, doi:10.1007/BF02186086, and in neutral and stable air 1.92 u*.
    """
    length = values["obukhov_length"]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        convective = (12.0 + 0.5 * values["boundary_layer_height"] / np.abs(length)) ** (1.0 / 3.0)
        stability = values["height"] / length
    factor = np.where(length < 0.0, convective, SIGMA_V_STABLE)
    factor = np.where(np.isnan(length), np.nan, factor)
    origin = "sigma_v is filled from u* and stability after Panofsky et al. 1977"
    with np.errstate(divide="ignore", invalid="ignore"):
        measured = values["lateral_velocity_std"] / values["friction_velocity"]
    sound = np.isfinite(measured) & np.isfinite(stability)
    sound &= values["friction_velocity"] > LEAST_FRICTION_VELOCITY
    if sound.sum() >= LEAST_RECORDS:
        origin = "sigma_v is filled with the site's own sigma_v / u* by class of stability"
        classes = np.digitize(stability, STABILITY_CLASSES)
        for index in np.unique(classes[sound]):
            members = sound & (classes == index)
            if members.sum() >= LEAST_IN_CLASS:
                factor[classes == index] = np.median(measured[members])
    return np.asarray(values["friction_velocity"] * factor), origin
