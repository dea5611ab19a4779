"""How much of what each record measured came from the cover that the model stands for.

A tower sees other ground with every wind. The share of a record's footprint that lies on the target
cover is its weight: records that saw something else count less, or not at all.

The integral over a footprint is a mean over points of equal shares of the flux: quantiles of the
crosswind-integrated footprint upwind, and of its Gaussian across the wind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.special import ndtri

from fluxscape.errors import OutOfBoundsError
from fluxscape.footprint._kernels import COSINE, SINE
from fluxscape.footprint.climatology import prepare
from fluxscape.footprint.domain import share_distances, spreads

FloatArray = npt.NDArray[np.float64]
Cover = Callable[[FloatArray, FloatArray], FloatArray]
"""Share of the target cover, 0 to 1, NaN where unknown, at metres east and north of the tower."""

ALONG: Final = 40
ACROSS: Final = 15
"""Points of a footprint upwind and across the wind: 600 in all."""


def target_shares(records: xr.Dataset, cover: Cover, **options: Any) -> xr.DataArray:
    """Return the share of each record's footprint that lies on the target cover.

    Parameters
    ----------
    records
        As :func:`fluxscape.footprint.footprint_climatology` takes them, over ``time``.
    cover
        Gives the target's share at points; what is unknown, also what lies beyond a map, is no
        target.
    **options
        ``measurement_height``, ``canopy_height``, ``model`` and so on, as there.

    Returns
    -------
    xarray.DataArray
        Over ``time`` [1], NaN for records without a footprint; for ``record_weight`` of
        :func:`fluxscape.assimilation.problem.site_problem`, where NaN is no weight.

    Raises
    ------
    MissingVariableError, UnitsError, OutOfBoundsError, RunError
        If records or options cannot be used, or the cover is no share.
    """
    made = prepare(records, **options)
    share = np.zeros(made.table.shape[0])
    sine, cosine = made.table[:, SINE], made.table[:, COSINE]
    across = ndtri((np.arange(ACROSS) + 0.5) / ACROSS)
    for quantile in (np.arange(ALONG) + 0.5) / ALONG:
        upwind = share_distances(made.table, float(quantile))[:, np.newaxis]
        sigma = spreads(made.table, made.model.spread_kind, upwind[:, 0])
        aside = sigma[:, np.newaxis] * across
        # The wind's frame in metres east and north, as in fluxscape.footprint._kernels.
        east = upwind * sine[:, np.newaxis] + aside * cosine[:, np.newaxis]
        north = upwind * cosine[:, np.newaxis] - aside * sine[:, np.newaxis]
        share += _checked(cover(east, north)).mean(axis=1) / ALONG
    out = np.full(made.screening.used.size, np.nan)
    # A sum of equal parts may round above 1.
    out[made.screening.used] = np.minimum(share, 1.0)
    return xr.DataArray(
        out,
        dims="time",
        coords={"time": records["time"]},
        name="target_share",
        attrs={"units": "1", "long_name": "share of the footprint on the target cover"},
    )


def _checked(share: FloatArray) -> FloatArray:
    """Return shares with 0 where unknown, or raise unless all lie in 0 to 1."""
    known = np.where(np.isfinite(share), share, 0.0)
    if (known < 0.0).any() or (known > 1.0).any():
        msg = f"a cover must be a share of 0 to 1, got {known.min():g} to {known.max():g}"
        raise OutOfBoundsError(msg)
    return known
