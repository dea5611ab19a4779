"""Models of a semivariogram: nugget, sill, range, and how the range turns with direction.

Fits minimise sum N (gamma - model)^2 / model^2 (Cressie 1985, doi:10.1007/BF01032109),
the weights following the model in rounds. The range is the practical range in every model: where
the spherical model reaches its sill and the exponential and Gaussian reach 95 % of it.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
import xarray as xr

from fluxscape.errors import OutOfBoundsError, did_you_mean
from fluxscape.representativeness import _kernels
from fluxscape.representativeness.frame import Floats

Model = Literal["spherical", "exponential", "gaussian"]

MODELS: Final[dict[str, int]] = {
    "spherical": _kernels.SPHERICAL,
    "exponential": _kernels.EXPONENTIAL,
    "gaussian": _kernels.GAUSSIAN,
}
"""Models by name."""

RANGE_CONVENTION: Final = (
    "practical range: the spherical model reaches its sill there, the exponential "
    "1 - exp(-3 h / a) and the Gaussian 1 - exp(-3 (h / a)^2) reach 95 % of it"
)

STRUCTURED: Final = 0.05
"""Least share of the sill that varies with distance for a range to mean anything."""

_FARTHEST: Final = 5.0
"""Longest range that is tried, in largest lags."""


@dataclass(frozen=True, slots=True)
class VariogramFit:
    """A model fitted to a semivariogram.

    Attributes
    ----------
    model
        ``spherical``, ``exponential`` or ``gaussian``.
    nugget, sill
        Semivariance at no distance and at great distance, squared units.
    range
        Practical range [m]; NaN where there is no structure.
    nugget_ratio
        Nugget / sill; 1 where nothing varies with distance.
    misfit
        Weighted mean squared relative error; the best model has the least.
    structured
        Whether the semivariance varies with distance at all.
    range_reached
        Whether the range lies within the lags. If not, the property still changes at the largest
        lag, and the range is an extrapolation.
    """

    model: str
    nugget: float
    sill: float
    range: float
    nugget_ratio: float
    misfit: float
    structured: bool
    range_reached: bool

    def semivariance(self, distance: Floats) -> Floats:
        """Return the model at distances [m]."""
        if not self.structured:
            return np.full(np.shape(distance), self.sill)
        flat = np.ascontiguousarray(np.ravel(distance), dtype=np.float64)
        shape = np.empty(flat.size)
        _kernels.fill_structure(MODELS[self.model], flat, self.range, shape)
        return self.nugget + (self.sill - self.nugget) * shape.reshape(np.shape(distance))

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Anisotropy:
    """How the range turns with direction.

    Attributes
    ----------
    ratio
        Shortest / longest range of the ellipse through the directions; 1 if isotropic, NaN if
        there is no structure.
    azimuth
        Direction of the longest range [degree] clockwise from north, 0 to 180.
    directions, ranges
        Azimuths and the range fitted in each [m].
    """

    ratio: float
    azimuth: float
    directions: tuple[float, ...]
    ranges: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers by name."""
        return asdict(self)


def fit_semivariogram(variogram: xr.Dataset, model: str = "best") -> VariogramFit:
    """Fit a model to the isotropic semivariogram.

    Parameters
    ----------
    variogram
        As :func:`fluxscape.representativeness.variogram.semivariogram` returns it.
    model
        ``spherical``, ``exponential``, ``gaussian``, or ``best`` for the one of least misfit.

    Raises
    ------
    OutOfBoundsError
        If the model is unknown, or there are fewer than three lags or no variance to fit.
    """
    if model != "best" and model not in MODELS:
        msg = f"there is no variogram model {model!r}; known are {', '.join(MODELS)} and best."
        raise OutOfBoundsError(msg + did_you_mean(model, MODELS), got=model)
    names = list(MODELS) if model == "best" else [model]
    distance, gamma, pairs = (
        variogram[name].to_numpy() for name in ("distance", "semivariance", "pairs")
    )
    fits = [fit for name in names if (fit := fit_rows(distance, gamma, pairs, name)) is not None]
    if not fits:
        msg = "a fit needs three lags or more with pairs, and a field that varies"
        raise OutOfBoundsError(msg, lags=int(np.isfinite(gamma).sum()))
    return min(fits, key=lambda fit: fit.misfit)


def fit_rows(
    distance: Floats, semivariance: Floats, pairs: Floats, model: str
) -> VariogramFit | None:
    """Fit one model to lags; None if there are too few or nothing varies."""
    good = np.isfinite(semivariance) & (pairs > 0.0)
    h, gamma, count = (np.ascontiguousarray(row[good]) for row in (distance, semivariance, pairs))
    if h.size < 3:
        return None
    out = np.empty(4)
    low, high = 0.5 * float(h[0]), _FARTHEST * float(h[-1])
    if _kernels.fit_model(MODELS[model], h, gamma, count, low, high, False, out):
        return None
    nugget, partial, reach, misfit = out.tolist()
    sill = nugget + partial
    # A range below the first lag cannot be told from a nugget.
    structured = partial > STRUCTURED * sill and reach > float(h[0])
    return VariogramFit(
        model=model,
        nugget=nugget if structured else sill,
        sill=sill,
        range=reach if structured else math.nan,
        nugget_ratio=nugget / sill if structured else 1.0,
        misfit=misfit,
        structured=bool(structured),
        range_reached=bool(structured and reach <= float(h[-1])),
    )


def anisotropy(variogram: xr.Dataset, fit: VariogramFit) -> Anisotropy:
    """Return the geometric anisotropy about an isotropic fit.

    Nugget and sill are those of the isotropic fit and only the range is fitted in each direction.
    The ranges a(theta) are then read as an ellipse, 1/a^2 = p + q cos 2 theta + r sin 2 theta.

    Parameters
    ----------
    variogram
        With at least three directions.
    fit
        Of the isotropic semivariogram.
    """
    azimuths = variogram["direction"].to_numpy()
    nothing = Anisotropy(math.nan, math.nan, tuple(azimuths.tolist()), (math.nan,) * azimuths.size)
    if not fit.structured:
        return nothing
    ranges = [_directional_range(variogram.sel(direction=a), fit) for a in azimuths]
    known = np.isfinite(ranges)
    if known.sum() < 3:
        return nothing
    turn = 2.0 * np.radians(azimuths[known])
    design = np.column_stack([np.ones(turn.size), np.cos(turn), np.sin(turn)])
    curvature = 1.0 / np.array(ranges)[known] ** 2
    (p, q, r), *_ = np.linalg.lstsq(design, curvature, rcond=None)
    swing = math.hypot(q, r)
    # An ellipse must stay one where a direction has no end.
    short, long = p + swing, max(p - swing, 1e-6 * p)
    azimuth = math.degrees(0.5 * math.atan2(-r, -q)) % 180.0
    return Anisotropy(
        math.sqrt(long / short), azimuth, tuple(azimuths.tolist()), tuple(float(a) for a in ranges)
    )


def _directional_range(row: xr.Dataset, fit: VariogramFit) -> float:
    """Return the range [m] in one direction at the isotropic nugget and sill."""
    distance, gamma, pairs = (
        row[f"directional_{name}"].to_numpy() for name in ("distance", "semivariance", "pairs")
    )
    good = np.isfinite(gamma) & (pairs > 0.0)
    out = np.array([fit.nugget, fit.sill - fit.nugget, math.nan, math.nan])
    h = np.ascontiguousarray(distance[good])
    if h.size < 3:
        return math.nan
    arrays = (h, np.ascontiguousarray(gamma[good]), np.ascontiguousarray(pairs[good]))
    high = _FARTHEST * float(h[-1])
    failed = _kernels.fit_model(MODELS[fit.model], *arrays, 0.5 * float(h[0]), high, True, out)
    return math.nan if failed else float(out[2])
