"""Location bias: how far the footprint's mean of a surface property is from its surroundings'.

After Schmid and Lloyd 1999, doi:10.1016/S0168-1923(98)00119-1, and Chu et al. 2021,
doi:10.1016/j.agrformet.2021.108350: bias = (mean over the footprint - mean over a disc) / mean over
the disc, for discs of growing radius.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.errors import OutOfBoundsError
from fluxscape.representativeness._sampling import check_radii, raster_around

Floats = NDArray[np.float64]

RADII: Final = (250.0, 500.0, 1000.0, 1500.0, 2000.0, 3000.0)
"""Radii of the discs [m] of Chu et al. 2021."""


@dataclass(frozen=True, slots=True)
class LocationBias:
    """The footprint's mean of a raster against that of discs around the tower.

    Attributes
    ----------
    name, units
        Of the raster.
    footprint_mean
        Footprint-weighted mean over the pixels that have a value; NaN if none has.
    footprint_valid_share
        Share of the gridded footprint that falls on pixels with a value.
    radii
        Of the discs [m].
    disc_means, disc_valid_shares
        Mean over each disc and share of its area on pixels with a value.
    relative_difference
        (footprint_mean - disc_mean) / disc_mean of each disc; NaN where the mean is zero.
    """

    name: str
    units: str
    footprint_mean: float
    footprint_valid_share: float
    radii: tuple[float, ...]
    disc_means: tuple[float, ...]
    disc_valid_shares: tuple[float, ...]
    relative_difference: tuple[float, ...]


def score_raster(
    climatology: xr.Dataset,
    raster: xr.DataArray,
    tower_longitude: float,
    tower_latitude: float,
    radii: tuple[float, ...] = RADII,
) -> LocationBias:
    """Return the location bias of a raster.

    Parameters
    ----------
    climatology
        As :func:`fluxscape.footprint.footprint_climatology` returns it.
    raster
        (y, x), any reference system, NaN where missing; attribute ``crs``.
    tower_longitude, tower_latitude
        [degrees].
    radii
        Of the discs [m].

    Raises
    ------
    DimsError, OutOfBoundsError
        If the raster is no grid, a radius or coordinate is none, or the footprint is empty.
    """
    around = raster_around(raster, tower_longitude, tower_latitude)
    weights = climatology["footprint"].to_numpy()
    mean, share = weighted_mean(around.on_footprint(climatology), weights)
    discs = [_mean(around.on_disc(radius)) for radius in check_radii(radii)]
    return LocationBias(
        name=str(raster.name),
        units=str(raster.attrs.get("units", "")),
        footprint_mean=mean,
        footprint_valid_share=share,
        radii=tuple(float(radius) for radius in radii),
        disc_means=tuple(disc[0] for disc in discs),
        disc_valid_shares=tuple(disc[1] for disc in discs),
        relative_difference=tuple(
            (mean - disc[0]) / disc[0] if disc[0] != 0.0 else float("nan") for disc in discs
        ),
    )


def weighted_mean(values: Floats, weights: Floats) -> tuple[float, float]:
    """Return the weighted mean over what is not NaN, and the share of weight that it covers."""
    everything = float(weights.sum())
    if not everything > 0.0:
        msg = "the footprint is empty: its densities sum to zero"
        raise OutOfBoundsError(msg)
    valid = np.isfinite(values)
    covered = float(weights[valid].sum())
    if covered == 0.0:
        return float("nan"), 0.0
    return float((values[valid] * weights[valid]).sum()) / covered, covered / everything


def _mean(values: Floats) -> tuple[float, float]:
    """Return the mean over what is not NaN, and the share of points that it covers."""
    return weighted_mean(values, np.ones_like(values))
