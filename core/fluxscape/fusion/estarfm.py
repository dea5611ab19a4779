"""ESTARFM and its unbiased variant: formulae in :mod:`._kernels_estarfm`.

Zhu et al. 2010, doi:10.1016/j.rse.2010.05.032; Yu et al. 2023, doi:10.1016/j.rse.2023.113784.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from fluxscape.errors import MissingVariableError
from fluxscape.fusion import _kernels_estarfm as kernels
from fluxscape.fusion._blocks import map_windows
from fluxscape.fusion.images import PairArrays, fine_spread
from fluxscape.fusion.parameters import EstarfmParameters
from fluxscape.fusion.quality import GOOD, MISSING, POOR

Floats = NDArray[np.float64]

_CODES = np.array([GOOD, POOR, POOR, MISSING], dtype=np.float64)
"""Quality code of each status."""


def predict_estarfm(
    pairs: Sequence[PairArrays], wanted: Any, parameters: EstarfmParameters, *, threads: int = 1
) -> Any:
    """Return the prediction of one date, (band + 2, y, x), as :func:`.starfm.predict_starfm`.

    Raises
    ------
    MissingVariableError
        If there are fewer than two pairs.
    """
    if len(pairs) < 2:
        msg = (
            f"ESTARFM needs two pairs of a fine and a coarse image, got {len(pairs)}; with one "
            "pair use starfm or fsdaf"
        )
        raise MissingVariableError(msg, got=len(pairs))
    both = pairs[:2]
    bands = wanted.shape[0]
    spreads = [fine_spread(pair.fine, (pair.lowest + pair.highest) / 2.0) for pair in both]
    limits = np.array(spreads) * 2.0 / parameters.classes
    highest = np.maximum(both[0].highest, both[1].highest)
    lowest = np.minimum(both[0].lowest, both[1].lowest)
    ranges = parameters.least_range * (highest - lowest)
    critical = critical_values(parameters.significance, 2 * int(parameters.window) ** 2)

    def compute(*images: Floats, first: int, last: int) -> Floats:
        fine = np.stack((images[0], images[2]))
        coarse = np.stack((images[1], images[3]))
        out = np.empty((bands + 2, last - first, fine.shape[-1]))
        status = np.empty(out.shape[1:], dtype=np.uint8)
        kernels.predict_rows(
            fine,
            coarse,
            images[4],
            limits,
            ranges,
            critical,
            parameters.half,
            float(parameters.least_similar),
            float(parameters.largest_slope),
            bool(parameters.unbiased),
            first,
            last,
            out[:bands],
            out[bands],
            status,
        )
        out[bands + 1] = _CODES[status]
        return out

    images = [image for pair in both for image in (pair.fine, pair.coarse)]
    return map_windows(
        compute, [*images, wanted], layers=bands + 2, halo=parameters.half, threads=threads
    )


def critical_values(significance: float, most: int) -> Floats:
    """Return the limit of |t| at a two-sided significance for 0 to ``most`` degrees of freedom."""
    degrees = np.arange(most + 1, dtype=np.float64)
    degrees[0] = np.nan
    return np.asarray(stdtrit(degrees, 1.0 - significance / 2.0))
