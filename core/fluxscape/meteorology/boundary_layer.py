"""Height of the atmospheric boundary layer where no one measured it.

After appendix B of Kljun et al. 2015, doi:10.5194/gmd-8-3695-2015: diagnostic in stable and
neutral air, growing through the day in convective air. It serves footprint models, whose distances
depend on it weakly; it is no forecast.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fluxscape.constants import EARTH_ANGULAR_VELOCITY, VON_KARMAN
from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.meteorology._kernels_boundary_layer import diagnose
from fluxscape.meteorology.similarity import kinematic_heat_flux

Floats = NDArray[np.float64]

RESET_SECONDS: Final = 6 * 3600.0
"""A gap longer than this makes the layer start anew."""

SMALLEST_LATITUDE: Final = 5.0
"""Nearer to the equator [degrees] the rotation of the Earth no longer limits the layer."""


def coriolis_parameter(latitude: float) -> float:
    """Return |f| [s-1] at a latitude [degrees], that of 5 degrees nearer to the equator.

    >>> round(coriolis_parameter(45.0), 8)
    0.00010313
    """
    if not -90.0 <= latitude <= 90.0:
        msg = f"latitude must lie between -90 and 90 degrees, got {latitude!r}"
        raise OutOfBoundsError(msg, variable="latitude", got=latitude)
    bounded = max(abs(latitude), SMALLEST_LATITUDE)
    return 2.0 * EARTH_ANGULAR_VELOCITY * math.sin(math.radians(bounded))


def boundary_layer_height(
    seconds: Floats,
    friction_velocity: Floats,
    obukhov_length: Floats,
    air_temperature: Floats,
    *,
    latitude: float,
    step_seconds: float = 1800.0,
    von_karman: float = VON_KARMAN,
) -> Floats:
    """Return the boundary-layer height [m] of every record.

    Parameters
    ----------
    seconds
        Time of the records since any start, increasing [s], shape (time,).
    friction_velocity
        [m s-1], shape (time,).
    obukhov_length
        [m]; the heat flux of convective air follows from it, shape (time,).
    air_temperature
        [K]; NaN counts as 288.15 K, which moves the height by a few per cent at most.
    latitude
        [degrees north].
    step_seconds
        Length of a record [s].
    von_karman
        [1].

    Returns
    -------
    ndarray
        NaN where friction velocity or Obukhov length is missing or the latter is zero.

    Raises
    ------
    DimsError
        If the arrays differ in length.
    OutOfBoundsError
        If the latitude is none.

    References
    ----------
    Kljun et al. 2015, doi:10.5194/gmd-8-3695-2015, Eqs. B1 to B5.
    """
    sizes = {a.shape for a in (seconds, friction_velocity, obukhov_length, air_temperature)}
    if len(sizes) > 1 or seconds.ndim != 1:
        msg = f"boundary_layer_height: the records differ in shape: {sorted(sizes)}"
        raise DimsError(msg)
    temperature = np.where(np.isfinite(air_temperature), air_temperature, 288.15)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        heat = kinematic_heat_flux(friction_velocity, obukhov_length, temperature, von_karman)
    out = np.empty(seconds.shape)
    diagnose(
        seconds,
        float(step_seconds),
        RESET_SECONDS,
        friction_velocity,
        obukhov_length,
        heat,
        temperature,
        coriolis_parameter(latitude),
        von_karman,
        out,
    )
    return out
