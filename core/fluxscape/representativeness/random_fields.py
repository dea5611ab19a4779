"""Random fields on a grid: Gaussian with a known correlation, and self-affine like terrain.

Gaussian fields come from white noise filtered in the spectral domain (circulant embedding: Dietrich
and Newsam 1997, doi:10.1137/S1064827592240555). The grid is padded before and cropped after, so
that opposite edges are not neighbours. One generator state always gives the same field.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from fluxscape.errors import OutOfBoundsError

Floats = NDArray[np.float64]

PRACTICAL_RANGE: Final = 4.7439
"""Distance over length scale at which the Matern correlation of smoothness 3/2 falls to 0.05: the
root of (1 + t) exp(-t) = 0.05."""

_LARGEST_SIDE: Final = 8192


def matern_correlation(distance: Floats, reach: float) -> Floats:
    """Return the Matern correlation of smoothness 3/2, (1 + t) exp(-t), t = 4.74 distance / reach.

    Parameters
    ----------
    distance
        [m].
    reach
        Distance at which the correlation has fallen to 0.05 [m].

    References
    ----------
    Matern 1986, *Spatial Variation*, doi:10.1007/978-1-4615-7892-5, eq. 2.4.7 for nu = 3/2.
    """
    scaled = PRACTICAL_RANGE * distance / reach
    return np.asarray((1.0 + scaled) * np.exp(-scaled))


def correlated_field(
    random: np.random.Generator, count: int, resolution: float, reach: float
) -> Floats:
    """Return an isotropic Gaussian field of mean 0 and variance 1, shape (count, count).

    Parameters
    ----------
    random
        Source of randomness.
    count
        Cells along a side.
    resolution
        Size of a cell [m].
    reach
        Distance at which the correlation has fallen to 0.05 [m].

    Raises
    ------
    OutOfBoundsError
        If the grid would be too large to hold.
    """
    side = _padded(count, math.ceil(reach / resolution))
    distance = _torus_distance(side) * resolution
    spectrum = np.maximum(fft.rfft2(matern_correlation(distance, reach)).real, 0.0)
    return _filtered(random, side, np.sqrt(spectrum))[:count, :count]


def fractal_field(
    random: np.random.Generator,
    count: int,
    resolution: float,
    *,
    hurst: float,
    longest: float,
) -> Floats:
    """Return a self-affine field whose mean squared difference over 1 km is 1 [m2].

    Its spectral density falls with wave number k as k^-(2 H + 2), the law of fractional Brownian
    surfaces (Turcotte 1997, *Fractals and Chaos in Geology and Geophysics*,
    doi:10.1017/CBO9781139174695, ch. 7), for wavelengths up to ``longest`` and is 0 beyond.

    Parameters
    ----------
    random, count, resolution
        As in :func:`correlated_field`.
    hurst
        Hurst exponent H, 0 to 1; small is rough.
    longest
        Longest wavelength [m].
    """
    side = _padded(count, math.ceil(longest / resolution))
    row = fft.fftfreq(side, resolution)[:, np.newaxis]
    column = fft.rfftfreq(side, resolution)
    number = np.hypot(row, column)
    kept = number >= 1.0 / longest
    density = np.where(kept, np.where(kept, number, 1.0) ** -(2.0 * hurst + 2.0), 0.0)
    # Expected squared difference over 1 km: 2 (C(0) - C(1 km)), C the transform of the density.
    covariance = fft.irfft2(density, s=(side, side))
    lag = round(1000.0 / resolution)
    step = 2.0 * (covariance[0, 0] - 0.5 * (covariance[0, lag] + covariance[lag, 0]))
    return _filtered(random, side, np.sqrt(density / step))[:count, :count]


def _padded(count: int, margin: int) -> int:
    """Return a side that keeps ``margin`` cells between opposite edges and transforms fast."""
    side = int(fft.next_fast_len(count + margin, real=True))
    if side > _LARGEST_SIDE:
        msg = f"a field of {side} cells a side is wanted, allowed are {_LARGEST_SIDE}"
        raise OutOfBoundsError(msg, got=side, wanted=_LARGEST_SIDE)
    return side


def _torus_distance(side: int) -> Floats:
    """Return the distance of every cell from the first on a torus [cells]."""
    index = np.arange(side, dtype=np.float64)
    along = np.minimum(index, side - index)
    return np.asarray(np.hypot(along[:, np.newaxis], along))


def _filtered(random: np.random.Generator, side: int, amplitude: Floats) -> Floats:
    """Return white noise with the amplitude of each wave multiplied."""
    noise = random.standard_normal((side, side))
    return np.asarray(fft.irfft2(fft.rfft2(noise) * amplitude, s=(side, side)))
