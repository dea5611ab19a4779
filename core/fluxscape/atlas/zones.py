"""Areas of grid cells on the WGS 84 ellipsoid, and totals and means over them.

A square metre is a square metre of the ellipsoid; a sphere would be wrong by up to 0.5 %.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.errors import DimsError, OutOfBoundsError, UnitsError

FloatArray = npt.NDArray[np.float64]

SEMI_MAJOR_AXIS: Final = 6378137.0
"""Equatorial radius of WGS 84 [m]."""

FLATTENING: Final = 1.0 / 298.257223563
"""Flattening of WGS 84 [1]."""

_ECCENTRICITY: Final = math.sqrt(FLATTENING * (2.0 - FLATTENING))


def band_area(south: npt.ArrayLike, north: npt.ArrayLike, width: npt.ArrayLike) -> FloatArray:
    """Return the area between two parallels over some degrees of longitude [m2].

    The authalic function of Snyder 1987, *Map Projections: A Working Manual*,
    doi:10.3133/pp1395, eq. 3-12, integrated between the parallels.

    Parameters
    ----------
    south, north
        Latitudes of the edges [degrees].
    width
        Extent in longitude [degrees].

    Examples
    --------
    >>> round(float(band_area(-90.0, 90.0, 360.0)) / 1e12, 4)
    510.0656
    """
    lower, upper = np.asarray(south, dtype=np.float64), np.asarray(north, dtype=np.float64)
    if (np.abs(lower) > 90).any() or (np.abs(upper) > 90).any() or (upper < lower).any():
        msg = "band_area: latitudes must lie within -90 to 90 degrees, south below north"
        raise OutOfBoundsError(msg)
    radians = np.deg2rad(np.asarray(width, dtype=np.float64))
    # b^2 / 2 = a^2 (1 - e^2) / 2; _authalic(q) is Snyder's q / (1 - e^2).
    half_square = 0.5 * SEMI_MAJOR_AXIS**2 * (1.0 - _ECCENTRICITY**2)
    return np.asarray(half_square * radians * (_authalic(upper) - _authalic(lower)))


def _authalic(latitude: FloatArray) -> FloatArray:
    """Return q / (1 - e^2) of Snyder 1987, eq. 3-12."""
    sine = np.sin(np.deg2rad(latitude))
    product = _ECCENTRICITY * sine
    return np.asarray(sine / (1.0 - product**2) + np.arctanh(product) / _ECCENTRICITY)


def cell_areas(latitude: xr.DataArray, longitude: xr.DataArray) -> xr.DataArray:
    """Return the area of every cell of a regular grid [m2].

    Parameters
    ----------
    latitude, longitude
        Cell centres along ``y`` and ``x`` [degrees], evenly spaced and increasing.

    Raises
    ------
    DimsError
        If an axis is not evenly spaced.
    """
    step_y = even_step(latitude, "y")
    step_x = even_step(longitude, "x")
    centres = latitude.to_numpy().astype(np.float64)
    rows = band_area(centres - step_y / 2, centres + step_y / 2, step_x)
    return xr.DataArray(
        np.repeat(rows[:, np.newaxis], longitude.size, axis=1),
        dims=("y", "x"),
        coords={"y": latitude.to_numpy(), "x": longitude.to_numpy()},
        name="cell_area",
        attrs={"units": "m2", "long_name": "cell area on WGS 84", "standard_name": "cell_area"},
    )


def even_step(axis: xr.DataArray, name: str, *, where: str = "cell_areas") -> float:
    """Return the spacing of an axis.

    Raises
    ------
    DimsError
        If it is not evenly spaced and increasing; ``where`` begins the message.
    """
    values = axis.to_numpy().astype(np.float64)
    steps = np.diff(values)
    # Axes that were stored in single precision are even to some 1e-5 of their step.
    if values.size < 2 or steps[0] <= 0 or not np.allclose(steps, steps[0], rtol=1e-4):
        msg = f"{where}: axis {name!r} must be evenly spaced and increasing"
        raise DimsError(msg, axis=name)
    return float((values[-1] - values[0]) / (values.size - 1))


def area_mean(values: xr.DataArray, area: xr.DataArray) -> xr.DataArray:
    """Return the area-weighted mean over ``y`` and ``x`` of the cells that are not missing."""
    _check_grid(values, area)
    mean = values.weighted(area.fillna(0.0)).mean(("y", "x"))
    mean.attrs = {**values.attrs, "cell_methods": "area: mean"}
    return mean


def area_total(values: xr.DataArray, area: xr.DataArray) -> xr.DataArray:
    """Return the sum of values times area over ``y`` and ``x``; missing cells add nothing.

    Raises
    ------
    UnitsError
        If the values are not given per square metre.
    """
    _check_grid(values, area)
    parts = str(values.attrs.get("units", "")).split()
    if "m-2" not in parts:
        msg = f"area_total: {values.name} must be per m-2, found units {' '.join(parts)!r}"
        raise UnitsError(msg, got=" ".join(parts))
    total = (values * area).sum(("y", "x"), min_count=1)
    parts.remove("m-2")
    total.name = values.name
    total.attrs = {**values.attrs, "units": " ".join(parts), "cell_methods": "area: sum"}
    return total


def _check_grid(values: xr.DataArray, area: xr.DataArray) -> None:
    """Raise DimsError unless both stand on one grid: alignment would silently drop cells."""
    for dim in ("y", "x"):
        same = dim in values.dims and np.array_equal(values[dim].to_numpy(), area[dim].to_numpy())
        if not same:
            msg = f"area: axis {dim!r} of {values.name} is not that of the cell areas"
            raise DimsError(msg, axis=dim)
