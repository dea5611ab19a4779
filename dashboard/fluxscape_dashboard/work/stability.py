"""How stable the air is through the day."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

STABILITY_LIMITS: Final = (-math.inf, -0.5, -0.05, 0.05, 0.5, math.inf)
"""Edges of the classes of (z - d) / L: very unstable, unstable, nearly neutral, stable and very
stable."""


def stability_by_hour(
    climatology: xr.Dataset,
    times: npt.NDArray[np.datetime64],
    selected: npt.NDArray[np.bool_],
    utc_offset_hours: float,
) -> npt.NDArray[np.float64]:
    """Return the share of records [1] by hour of the day and class, of shape (24, classes).

    Parameters
    ----------
    climatology
        With ``record_stability`` (time).
    times
        Starts of the records, UTC.
    selected
        Records of the period.
    utc_offset_hours
        Clock of the site ahead of UTC.

    Returns
    -------
    numpy.ndarray
        Shares of all records whose stability is known.
    """
    stability = climatology["record_stability"].to_numpy()
    known = selected & np.isfinite(stability)
    local = times[known] + np.timedelta64(round(3600.0 * utc_offset_hours), "s")
    hour = local.astype("datetime64[h]").astype(np.int64) % 24
    kind = np.searchsorted(STABILITY_LIMITS[1:-1], stability[known], side="right")
    counts = np.zeros((24, len(STABILITY_LIMITS) - 1))
    np.add.at(counts, (hour, kind), 1.0)
    total = counts.sum()
    return counts / total if total else counts
