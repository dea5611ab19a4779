"""How far residuals of sites resemble each other: the distance that validation must keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import OutOfBoundsError
from fluxscape.upscaling.folds import distances

FloatArray = npt.NDArray[np.float64]
Labels = npt.NDArray[Any]

_FEWEST_SITES: Final = 10
_N_LAGS: Final = 12
_FARTHEST: Final = 3000.0
"""Largest lag of the variogram [km]."""
_RANGES: Final = 60


@dataclass(frozen=True)
class ResidualVariogram:
    """Semivariogram of the mean residuals of sites.

    Attributes
    ----------
    lag, semivariance, pairs
        Mean distance [km], semivariance and number of pairs of each class.
    nugget, sill, range
        Exponential model; the range [km] is practical (95 % of the sill), 0 where the residuals
        of near sites resemble each other no more than those of far ones.
    """

    lag: FloatArray
    semivariance: FloatArray
    pairs: npt.NDArray[np.int64]
    nugget: float
    sill: float
    range: float


def residual_variogram(
    residual: FloatArray, site: Labels, latitude: FloatArray, longitude: FloatArray
) -> ResidualVariogram:
    """Return the semivariogram of the mean residuals of sites.

    Parameters
    ----------
    residual
        Observed less predicted of leave-site-out validation, shape (row,).
    site, latitude, longitude
        Site and place [degrees] of each row, shape (row,).

    Raises
    ------
    OutOfBoundsError
        If there are fewer than ten sites.

    References
    ----------
    Matheron 1963, doi:10.2113/gsecongeo.58.8.1246; weights of the fit after Cressie 1985,
    doi:10.1007/BF01032109, equation 12.
    """
    names, first, index = np.unique(site, return_index=True, return_inverse=True)
    if names.size < _FEWEST_SITES:
        msg = f"a variogram of sites needs {_FEWEST_SITES} of them, got {names.size}"
        raise OutOfBoundsError(msg, got=names.size)
    mean = np.bincount(index, weights=residual) / np.bincount(index)
    apart = distances(latitude[first], longitude[first])
    one, other = np.triu_indices(names.size, 1)
    lag = apart[one, other]
    half = 0.5 * (mean[one] - mean[other]) ** 2
    near = lag <= min(_FARTHEST, 0.5 * float(lag.max()))
    lag, half = lag[near], half[near]
    edges = np.unique(np.quantile(lag, np.linspace(0.0, 1.0, _N_LAGS + 1)))
    place = np.clip(np.searchsorted(edges, lag, side="left") - 1, 0, edges.size - 2)
    pairs = np.bincount(place, minlength=edges.size - 1)
    centre = np.bincount(place, weights=lag, minlength=pairs.size) / np.maximum(pairs, 1)
    gamma = np.bincount(place, weights=half, minlength=pairs.size) / np.maximum(pairs, 1)
    filled = pairs > 0
    centre, gamma, pairs = centre[filled], gamma[filled], pairs[filled]
    nugget, sill, reach = _fit(centre, gamma, pairs.astype(np.float64))
    return ResidualVariogram(centre, gamma, pairs, nugget, sill, reach)


def _fit(lag: FloatArray, gamma: FloatArray, pairs: FloatArray) -> tuple[float, float, float]:
    """Return nugget, sill and practical range of the exponential model of least misfit."""
    from scipy.optimize import nnls  # noqa: PLC0415

    flat = float(np.average(gamma, weights=pairs))
    best = (flat, flat, 0.0)
    least = np.inf
    weight = np.sqrt(pairs) / np.maximum(gamma, 1e-12 * flat + 1e-300)
    for reach in np.geomspace(max(float(lag[0]), 1.0), float(lag[-1]), _RANGES):
        shape = 1.0 - np.exp(-3.0 * lag / reach)
        design = np.column_stack([np.ones_like(lag), shape]) * weight[:, None]
        (nugget, partial), misfit = nnls(design, gamma * weight)
        if misfit < least and partial > 0.05 * (nugget + partial):
            least = misfit
            best = (float(nugget), float(nugget + partial), float(reach))
    constant = float(np.linalg.norm((gamma - flat) * weight))
    return best if least < 0.95 * constant else (flat, flat, 0.0)
