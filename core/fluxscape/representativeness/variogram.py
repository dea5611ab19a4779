"""Empirical semivariograms of regular lattices with gaps, isotropic, directional and weighted.

gamma(h) = sum w_i w_j (z_i - z_j)^2 / (2 sum w_i w_j) over all pairs whose distance falls into a
lag (Matheron 1963, doi:10.2113/gsecongeo.58.8.1246; with weights 1 the classical estimator). With
the footprint as weights it is the semivariogram of what the tower sees.

On a lattice, the sums over all pairs of one lag vector are correlations of w z2, w z and w, so that
the transform finds them for every vector at once, gaps included, in O(N log N). Nothing is sampled:
the result equals the double loop over all pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.representativeness import _kernels
from fluxscape.representativeness._fourier import Plane
from fluxscape.representativeness.frame import Floats, grid_of

DIRECTIONS: Final = (0.0, 45.0, 90.0, 135.0)
"""Azimuths [degree] clockwise from north, taken both ways."""

TOLERANCE: Final = 22.5
"""Half the opening of a direction [degree]."""

_LEAST_WEIGHT: Final = 1e-9
"""Pairs that weigh less than this share of all cells with themselves are rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class LagBins:
    """Sums over all pairs by distance bin, which add up over scenes.

    Attributes
    ----------
    bounds
        Of the bins [m], closed on the right.
    azimuths
        Directions [degree].
    sums
        Weighted squared differences, weights and weighted distances (1 + direction, 3, bin); the
        first row is that of all directions.
    units
        Of the field.
    """

    bounds: Floats
    azimuths: Floats
    sums: Floats
    units: str

    def curves(self) -> tuple[Floats, Floats, Floats]:
        """Return mean distance, semivariance and weight of pairs (1 + direction, bin)."""
        square, pairs, distance = (self.sums[:, i] for i in range(3))
        with np.errstate(invalid="ignore", divide="ignore"):
            held = pairs > 0.0
            return (
                np.where(held, distance / pairs, np.nan),
                np.where(held, 0.5 * square / pairs, np.nan),
                pairs,
            )

    def dataset(self) -> xr.Dataset:
        """Return the labelled curves; see :func:`semivariogram`."""
        described = {
            "distance": {"units": "m", "long_name": "mean distance of the pairs"},
            "semivariance": {"units": f"({self.units})2", "long_name": "semivariance"},
            "pairs": {"units": "1", "long_name": "weight of the pairs"},
        }
        variables: dict[str, Any] = {}
        for (name, attrs), rows in zip(described.items(), self.curves(), strict=True):
            variables[name] = ("lag", rows[0], attrs)
            variables[f"directional_{name}"] = (("direction", "lag"), rows[1:], attrs)
        return xr.Dataset(
            variables,
            coords={
                "lag": ("lag", 0.5 * (self.bounds[1:] + self.bounds[:-1]), {"units": "m"}),
                "direction": ("direction", self.azimuths, {"units": "degree"}),
            },
            attrs={"lag_bounds": self.bounds.tolist()},
        )


def pooled(bins: Sequence[LagBins], counts: Floats | None = None) -> LagBins:
    """Return the bins of all pairs of several scenes, each taken as often as counted."""
    times = np.ones(len(bins)) if counts is None else counts
    sums = np.tensordot(times, np.stack([one.sums for one in bins]), axes=1)
    return LagBins(bins[0].bounds, bins[0].azimuths, sums, bins[0].units)


def semivariogram(
    field: xr.DataArray,
    *,
    weights: Floats | None = None,
    max_lag: float | None = None,
    lag_bounds: Sequence[float] | None = None,
    directions: Sequence[float] = DIRECTIONS,
    tolerance: float = TOLERANCE,
) -> xr.Dataset:
    """Return the empirical semivariogram of a lattice.

    Parameters
    ----------
    field
        (y, x) with axes in metres, NaN where missing.
    weights
        Weight of each cell (y, x), such as the footprint's share; by default 1.
    max_lag
        Largest distance [m]; by default half the shorter side.
    lag_bounds
        Bounds of the distance bins [m], closed on the right; by default one bin a cell.
    directions, tolerance
        Azimuths and half the opening of each [degree].

    Returns
    -------
    xarray.Dataset
        ``semivariance`` (lag) in squared units of the field, NaN where a bin has no pair, with
        ``pairs``, the weight of its pairs, and ``distance``, their mean distance [m]; the same by
        ``direction`` under names that begin with ``directional_``.

    Raises
    ------
    DimsError
        If the field is no regular lattice or the weights have another shape.
    OutOfBoundsError
        If no cell has a value and a weight, or the bounds do not rise.
    """
    return lag_bins(
        field,
        weights=weights,
        max_lag=max_lag,
        lag_bounds=lag_bounds,
        directions=directions,
        tolerance=tolerance,
    ).dataset()


def lag_bins(
    field: xr.DataArray,
    *,
    weights: Floats | None = None,
    max_lag: float | None = None,
    lag_bounds: Sequence[float] | None = None,
    directions: Sequence[float] = DIRECTIONS,
    tolerance: float = TOLERANCE,
) -> LagBins:
    """Return the sums behind a semivariogram; arguments and errors as :func:`semivariogram`."""
    grid = grid_of(field)
    values = field.to_numpy().astype(np.float64)
    weight = np.isfinite(values).astype(np.float64)
    if weights is not None:
        if weights.shape != values.shape:
            msg = f"weights have shape {weights.shape}, wanted that of the field, {values.shape}"
            raise DimsError(msg, got=weights.shape, wanted=values.shape)
        weight *= weights
    if not weight.sum() > 0.0:
        msg = f"{field.name or 'field'}: no cell has both a value and a weight"
        raise OutOfBoundsError(msg)
    bounds = _bounds(grid.resolution, grid.shape, max_lag, lag_bounds)
    reach = math.floor(bounds[-1] / grid.resolution + 1e-9)
    squares, pairs = lag_sums(np.nan_to_num(values), weight, reach)
    azimuths = np.asarray(directions, dtype=np.float64)
    sums = np.empty((1 + azimuths.size, 3, bounds.size - 1))
    _kernels.bin_lags(squares, pairs, grid.resolution, bounds, azimuths, float(tolerance), sums)
    return LagBins(bounds, azimuths, sums, str(field.attrs.get("units", "1")))


def lag_sums(values: Floats, weight: Floats, reach: int) -> tuple[Floats, Floats]:
    """Return sums of w w' (z - z')^2 and of w w' for every lag vector of the upper half plane.

    Parameters
    ----------
    values, weight
        (y, x), finite; cells of weight 0 do not count.
    reach
        Largest shift in rows and columns.

    Returns
    -------
    tuple
        Two arrays of shape (1 + rows, 1 + 2 columns), the shift (0, 0) in the middle of row 0.
    """
    limit = tuple(min(reach, size - 1) for size in values.shape)
    plane = Plane((values.shape[0], values.shape[1]), (limit[0], limit[1]))
    # Around its mean a field loses no digits when its squares are taken apart.
    centred = np.where(weight > 0.0, values - np.average(values, weights=weight), 0.0)
    mass = plane.forward(weight)
    first = plane.forward(weight * centred)
    second = plane.forward(weight * centred**2)
    difference = 2.0 * (np.conj(mass) * second).real - 2.0 * np.abs(first) ** 2
    squares = _half_plane(plane.back(difference.astype(np.complex128)), limit)
    pairs = _half_plane(plane.back((np.abs(mass) ** 2).astype(np.complex128)), limit)
    binary = bool(((weight == 0.0) | (weight == 1.0)).all())
    pairs = np.rint(pairs) if binary else np.where(pairs > _LEAST_WEIGHT * pairs.max(), pairs, 0.0)
    return np.clip(squares, 0.0, None), pairs


def _half_plane(plane: Floats, limit: tuple[int, ...]) -> Floats:
    """Return the shifts north from a padded plane, columns from west to east."""
    rows, columns = limit
    top = plane[: rows + 1]
    west = top[:, plane.shape[1] - columns :] if columns else top[:, :0]
    return np.ascontiguousarray(np.concatenate([west, top[:, : columns + 1]], axis=1))


def _bounds(
    step: float,
    shape: tuple[int, int],
    max_lag: float | None,
    lag_bounds: Sequence[float] | None,
) -> Floats:
    """Return the bounds of the distance bins."""
    if lag_bounds is not None:
        bounds = np.asarray(lag_bounds, dtype=np.float64)
        if bounds.size < 2 or not (np.diff(bounds) > 0.0).all() or bounds[0] < 0.0:
            msg = "bounds of lags must rise from 0 or more [m]"
            raise OutOfBoundsError(msg, got=bounds.tolist())
        return bounds
    reach = 0.5 * step * min(shape) if max_lag is None else float(max_lag)
    if not (math.isfinite(reach) and reach >= step):
        msg = f"the largest lag must be at least one cell of {step:g} m, got {reach:g} m"
        raise OutOfBoundsError(msg, got=reach)
    # Bins centred on whole cells hold the lag of one cell in the first.
    return np.asarray((np.arange(math.floor(reach / step + 1e-9) + 1) + 0.5) * step, np.float64)
