"""Gaps in a forcing series, filled by stated methods, each value with its quality.

Quality: 0 measured, 1 interpolated over a short gap, 2 mean diurnal course of the week around,
3 mean diurnal course of the record, or a model or assumed value.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Quality = npt.NDArray[np.int8]

SHORT_GAP_HOURS: Final = 3.0
"""Longest gap that is interpolated [h]."""

WINDOW_DAYS: Final = 7
"""Days on either side of a gap whose diurnal course fills it (Falge et al. 2001,
doi:10.1016/S0168-1923(00)00225-2)."""

METHOD: Final = (
    f"gaps to {SHORT_GAP_HOURS:g} h interpolated; longer ones by the mean diurnal course of "
    f"{WINDOW_DAYS} days on either side, else of the record"
)


def fill_gaps(values: FloatArray, step_seconds: int) -> tuple[FloatArray, Quality]:
    """Return a series without gaps and the quality of each value; all NaN comes back as it is."""
    quality = np.zeros(values.size, np.int8)
    missing = ~np.isfinite(values)
    if not missing.any() or missing.all():
        quality[missing] = 3
        return values.copy(), quality
    filled = values.copy()
    known = np.flatnonzero(~missing)
    short = _short_gaps(missing, round(SHORT_GAP_HOURS * 3600 / step_seconds))
    filled[short] = np.interp(np.flatnonzero(short), known, values[known])
    quality[short] = 1
    rest = ~np.isfinite(filled)
    if rest.any():
        steps_per_day = max(round(86400 / step_seconds), 1)
        course, whole = _diurnal_courses(values, steps_per_day)
        at = np.flatnonzero(rest)
        weekly = course[at // steps_per_day, at % steps_per_day]
        always = whole[at % steps_per_day]
        filled[at] = np.where(np.isfinite(weekly), weekly, always)
        quality[at] = np.where(np.isfinite(weekly), 2, 3)
    return filled, quality


def _short_gaps(missing: npt.NDArray[np.bool_], longest: int) -> npt.NDArray[np.bool_]:
    """Return which missing values lie in gaps of at most ``longest`` steps inside the record."""
    edges = np.diff(np.concatenate(([False], missing, [False])).astype(np.int8))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    out = np.zeros(missing.size, bool)
    for start, end in zip(starts, ends, strict=True):
        if end - start <= longest and start > 0 and end < missing.size:
            out[start:end] = True
    return out


def _diurnal_courses(values: FloatArray, steps_per_day: int) -> tuple[FloatArray, FloatArray]:
    """Return the mean course around each day (day, step) and of the record (step,)."""
    days = -(-values.size // steps_per_day)
    table = np.full((days, steps_per_day), np.nan)
    table.ravel()[: values.size] = values
    known = np.isfinite(table)
    sums = np.where(known, table, 0.0)
    width = 2 * WINDOW_DAYS + 1
    padding = ((WINDOW_DAYS + 1, WINDOW_DAYS), (0, 0))
    total = np.cumsum(np.pad(sums, padding), axis=0)
    count = np.cumsum(np.pad(known.astype(np.float64), padding), axis=0)
    total, count = total[width:] - total[:-width], count[width:] - count[:-width]
    with np.errstate(invalid="ignore", divide="ignore"):
        course = np.where(count > 0, total / count, np.nan)
        whole = sums.sum(axis=0) / known.sum(axis=0)
    mean = np.nanmean(values)
    return course, np.where(np.isfinite(whole), whole, mean)
