"""STARFM (Gao et al. 2006, doi:10.1109/TGRS.2006.872081): formulae in :mod:`._kernels_starfm`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fluxscape.fusion import _kernels_starfm as kernels
from fluxscape.fusion._blocks import map_windows
from fluxscape.fusion.images import PairArrays
from fluxscape.fusion.parameters import StarfmParameters
from fluxscape.fusion.quality import GOOD, MEDIUM, MISSING, POOR

Floats = NDArray[np.float64]


_CODES: Final = np.array([GOOD, GOOD, POOR, MISSING], dtype=np.float64)
"""Quality code of each status of a single pair."""


def predict_starfm(
    pairs: Sequence[PairArrays],
    wanted: Any,
    parameters: StarfmParameters,
    *,
    scale: float,
    threads: int = 1,
) -> Any:
    """Return the prediction of one date.

    Parameters
    ----------
    pairs
        One or more; the candidates of all enter one weighted mean, the paper's sum over pairs.
    wanted
        Coarse image of the date, (band, y, x).
    parameters
        Window, classes, distances and uncertainties.
    scale
        Digital numbers per unit of the images.
    threads
        Threads to compute on.

    Returns
    -------
    array
        Shape (band + 2, y, x): prediction, number of similar pixels (least of the bands), and
        quality code (worst of the bands).
    """
    bands = wanted.shape[0]
    origins = [(pair.lowest + pair.highest) / 2.0 for pair in pairs]
    root = math.hypot(parameters.fine_uncertainty, parameters.coarse_uncertainty)
    spectral = root / scale
    temporal = None
    if parameters.temporal_filter:
        temporal = math.sqrt(2.0) * parameters.coarse_uncertainty / scale

    def compute(*images: Floats, first: int, last: int) -> Floats:
        *others, target = images
        shape = (len(pairs), last - first, target.shape[-1])
        out = np.empty((bands + 2, *shape[1:]))
        out[bands], out[bands + 1] = np.inf, MISSING
        for band in range(bands):
            value, weight, count = (np.empty(shape) for _ in range(3))
            status = np.empty(shape, dtype=np.uint8)
            for k in range(len(pairs)):
                kernels.predict_rows(
                    others[2 * k][band],
                    others[2 * k + 1][band],
                    target[band],
                    float(origins[k][band]),
                    scale,
                    parameters.half,
                    float(parameters.classes),
                    float(parameters.distance_scale),
                    spectral,
                    temporal,
                    bool(parameters.logarithmic_weights),
                    first,
                    last,
                    value[k],
                    weight[k],
                    count[k],
                    status[k],
                )
            out[band], codes = _combine(value, weight, status)
            np.minimum(out[bands], count.sum(axis=0), out=out[bands])
            worst = codes if band == 0 else _worst(out[bands + 1], codes)
            out[bands + 1] = worst
        return out

    images = [image for pair in pairs for image in (pair.fine, pair.coarse)]
    return map_windows(
        compute, [*images, wanted], layers=bands + 2, halo=parameters.half, threads=threads
    )


def _worst(first: Floats, second: Floats) -> Floats:
    """Return the worse of two quality codes; missing is the worst."""
    out = np.maximum(first, second)
    out[(first == MISSING) | (second == MISSING)] = MISSING
    return out


def _combine(value: Floats, weight: Floats, status: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """Return prediction and quality code from those of the pairs, shape (pair, y, x).

    Exact pixels (S or T = 0) take all the weight; otherwise the pairs' sums of weights decide.
    """
    if len(value) == 1:
        return value[0], _CODES[status[0]]
    there = status != kernels.MISSING
    codes = np.where(there.all(axis=0), GOOD, np.where(there.any(axis=0), MEDIUM, MISSING))
    codes = np.where(
        there.any(axis=0) & ((status == kernels.ALONE) | ~there).all(axis=0), POOR, codes
    )
    exact = status == kernels.CENTRE
    similar = status == kernels.SIMILAR
    any_exact, any_similar = exact.any(axis=0), similar.any(axis=0)
    shares = np.where(any_exact, exact, np.where(any_similar, similar * weight, there))
    with np.errstate(invalid="ignore"):
        mean = np.where(shares > 0.0, shares * value, 0.0).sum(axis=0) / shares.sum(axis=0)
    # One pair of all the weight keeps its digits.
    lone = (shares > 0.0).sum(axis=0) == 1
    sole = np.take_along_axis(value, shares.argmax(axis=0)[np.newaxis], axis=0)[0]
    return np.where(lone, sole, mean), codes.astype(np.float64)
