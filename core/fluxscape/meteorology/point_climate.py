"""Climate, vegetation and terrain of a point, sampled from the embedded climatology."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fluxscape.errors import OutOfBoundsError

Floats = NDArray[np.float64]

_LAYERS: Final = (
    "air_temperature",
    "precipitation",
    "irradiance_mean",
    "irradiance_quantiles",
    "water_vapour_density",
    "elevation",
    "land_cover",
    "ndvi_minimum",
    "ndvi_maximum",
)


class SamplesPoints(Protocol):
    """What the generator needs of :class:`fluxscape.io.climatology.Climatology`."""

    def values(
        self, latitude: ArrayLike, longitude: ArrayLike, names: Iterable[str] | None = None
    ) -> dict[str, Floats]:
        """Return layers at points."""


@dataclass(frozen=True, eq=False)
class PointClimate:
    """Climate, vegetation and terrain of one point, from the embedded climatology.

    Attributes
    ----------
    latitude, longitude
        [degrees north, east].
    elevation
        [m].
    air_temperature
        Monthly means [K], shape (12,).
    precipitation
        Mean monthly totals [mm], shape (12,).
    irradiance_mean
        Monthly means of daily mean irradiance [W m-2], shape (12,).
    irradiance_quantiles
        Its 5, 10, 25, 50, 75, 90 and 95 % quantiles over days [W m-2], shape (12, 7).
    vapour_density
        Water vapour density that 10, 50 and 90 % of the year stay below [kg m-3], shape (3,).
    land_cover
        IGBP class of MCD12C1; 0 is water.
    ndvi_minimum, ndvi_maximum
        Extremes of the normalised difference vegetation index over the year [1].
    """

    latitude: float
    longitude: float
    elevation: float
    air_temperature: Floats
    precipitation: Floats
    irradiance_mean: Floats
    irradiance_quantiles: Floats
    vapour_density: Floats
    land_cover: int
    ndvi_minimum: float
    ndvi_maximum: float


def point_climate(climatology: SamplesPoints, latitude: float, longitude: float) -> PointClimate:
    """Return the climate of one point.

    Parameters
    ----------
    climatology
        From :func:`fluxscape.io.climatology.read_climatology`.
    latitude, longitude
        [degrees north, east].

    Raises
    ------
    OutOfBoundsError
        If the point lies outside the climatology or on no land within its reach.
    """
    return point_climates(climatology, [latitude], [longitude])[0]


def point_climates(
    climatology: SamplesPoints, latitudes: ArrayLike, longitudes: ArrayLike
) -> list[PointClimate]:
    """Return the climates of a row of points; see :func:`point_climate`."""
    north = np.asarray(latitudes, dtype=np.float64)
    east = np.asarray(longitudes, dtype=np.float64)
    layers = climatology.values(north, east, _LAYERS)
    for name in _LAYERS[:6]:
        empty = ~np.isfinite(layers[name].reshape(north.size, -1)).all(axis=1)
        if empty.any():
            i = int(np.argmax(empty))
            msg = (
                f"the climatology has no {name.replace('_', ' ')} at {north[i]:g} N, {east[i]:g} E"
            )
            raise OutOfBoundsError(msg, latitude=float(north[i]), longitude=float(east[i]))
    return [_climate_of(layers, north, east, i) for i in range(north.size)]


def _climate_of(layers: dict[str, Floats], north: Floats, east: Floats, i: int) -> PointClimate:
    """Return the climate of point ``i`` of sampled layers."""
    return PointClimate(
        latitude=float(north[i]),
        longitude=float(east[i]),
        elevation=float(layers["elevation"][i]),
        air_temperature=layers["air_temperature"][i],
        precipitation=np.maximum(layers["precipitation"][i], 0.0),
        irradiance_mean=layers["irradiance_mean"][i],
        irradiance_quantiles=np.maximum.accumulate(layers["irradiance_quantiles"][i], axis=1),
        # The layer has what 90, 50 and 10 % of the year exceed, in g m-3.
        vapour_density=np.sort(layers["water_vapour_density"][i]) * 1e-3,
        land_cover=int(np.nan_to_num(layers["land_cover"][i])),
        # Water and ice have no vegetation index.
        ndvi_minimum=float(np.nan_to_num(layers["ndvi_minimum"][i])),
        ndvi_maximum=float(np.nan_to_num(layers["ndvi_maximum"][i])),
    )
