"""Land cover in the footprint: how much of the flux comes from the class the tower stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from fluxscape.representativeness._sampling import check_radii, raster_around
from fluxscape.representativeness.location_bias import RADII, weighted_mean


@dataclass(frozen=True, slots=True)
class LandCoverShare:
    """Shares of the land-cover classes in the footprint and around the tower.

    Attributes
    ----------
    target
        Class that the tower stands for.
    footprint_share
        Share of the footprint that falls on it, among pixels with a class; NaN if none has one.
    shares
        Share of every class, the largest first.
    valid_share
        Share of the gridded footprint on pixels with a class.
    radii, disc_shares
        Radii of discs [m] and the target's share in each.
    """

    target: int
    footprint_share: float
    shares: dict[int, float]
    valid_share: float
    radii: tuple[float, ...]
    disc_shares: tuple[float, ...]

    @property
    def dominant(self) -> int | None:
        """Class with the largest share of the footprint; None if no pixel has a class."""
        return next(iter(self.shares), None)


def land_cover_share(
    climatology: xr.Dataset,
    raster: xr.DataArray,
    tower_longitude: float,
    tower_latitude: float,
    target: int,
    radii: tuple[float, ...] = RADII,
) -> LandCoverShare:
    """Return the share of each land-cover class in a footprint.

    Parameters
    ----------
    climatology
        As :func:`fluxscape.footprint.footprint_climatology` returns it.
    raster
        Class codes (y, x), NaN where missing; attribute ``crs``.
    tower_longitude, tower_latitude
        [degrees].
    target
        Code of the class that the tower stands for.
    radii
        Of the discs [m] for which the target's share is given.

    Raises
    ------
    DimsError, OutOfBoundsError
        As :func:`fluxscape.representativeness.score_raster`.
    """
    around = raster_around(raster, tower_longitude, tower_latitude)
    weights = climatology["footprint"].to_numpy()
    classes = around.on_footprint(climatology)
    footprint_share, valid_share = weighted_mean(_belongs(classes, target), weights)
    present = np.unique(classes[np.isfinite(classes)])
    shares = {int(code): weighted_mean(_belongs(classes, code), weights)[0] for code in present}
    discs = [_belongs(around.on_disc(radius), target) for radius in check_radii(radii)]
    return LandCoverShare(
        target=int(target),
        footprint_share=footprint_share,
        shares=dict(sorted(shares.items(), key=lambda item: -item[1])),
        valid_share=valid_share,
        radii=tuple(float(radius) for radius in radii),
        disc_shares=tuple(weighted_mean(disc, np.ones_like(disc))[0] for disc in discs),
    )


def _belongs(
    classes: np.ndarray[tuple[int, ...], np.dtype[np.float64]], code: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return 1 where a pixel has the class, 0 where it has another, NaN where it has none."""
    return np.where(np.isfinite(classes), (classes == code).astype(np.float64), np.nan)
