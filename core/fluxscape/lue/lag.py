"""Vegetation indices that run late against productivity: found, said, corrected.

Composites joined to tower months with a wrong offset make an index useless at lag zero; the
published table of monthly predictors that fluxscape is tested on has leaf area three months late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import DimsError, OutOfBoundsError

FloatArray = npt.NDArray[np.float64]
Sites = npt.NDArray[np.str_]

_FEWEST: Final = 24
"""Steps that a site needs to have a say."""


@dataclass(frozen=True)
class Lag:
    """How late an index runs.

    Attributes
    ----------
    steps
        Lag of the highest median correlation: the index at ``t + steps`` belongs to ``t``.
    correlation
        Median correlation over sites, by lag.
    sites
        Sites that had a say.
    """

    steps: int
    correlation: dict[int, float]
    sites: int


def find_lag(index: FloatArray, reference: FloatArray, site: Sites, *, largest: int = 6) -> Lag:
    """Return the lag at which an index goes best with a reference, in the median of sites.

    Parameters
    ----------
    index
        Vegetation index, rows of a site one after another and even in time, shape (row,).
    reference
        What it should go with, such as production, shape (row,).
    site
        Site of each row, shape (row,).
    largest
        Largest lag to try, either way [steps].

    Raises
    ------
    DimsError, OutOfBoundsError
        If shapes differ or no site has 24 common steps.
    """
    _same_length(index, reference, site)
    lags = range(-largest, largest + 1)
    names = np.unique(site)
    table = np.full((names.size, len(lags)), np.nan)
    for row, name in enumerate(names):
        here = site == name
        for column, lag in enumerate(lags):
            table[row, column] = _correlation(moved(index[here], lag), reference[here])
    counted = np.isfinite(table).all(axis=1)
    if not counted.any():
        msg = f"no site has {_FEWEST} steps of index and reference at every lag to {largest}"
        raise OutOfBoundsError(msg)
    median = np.median(table[counted], axis=0)
    best = int(np.argmax(median))
    correlation = {lag: float(value) for lag, value in zip(lags, median, strict=True)}
    return Lag(list(lags)[best], correlation, int(counted.sum()))


def correct_lag(index: FloatArray, site: Sites, steps: int) -> FloatArray:
    """Return an index moved back by ``steps`` within each site; NaN where nothing comes."""
    _same_length(index, site)
    out = np.full(index.shape, np.nan)
    for name in np.unique(site):
        here = site == name
        out[here] = moved(index[here], steps)
    return out


def moved(series: FloatArray, steps: int) -> FloatArray:
    """Return the series of which element t is element ``t + steps``; NaN beyond the ends."""
    out = np.full(series.shape, np.nan)
    if abs(steps) >= series.size:
        return out
    if steps >= 0:
        out[: series.size - steps] = series[steps:]
    else:
        out[-steps:] = series[:steps]
    return out


def _correlation(x: FloatArray, y: FloatArray) -> float:
    """Return the correlation of what both have, NaN of too few or of a constant."""
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < _FEWEST or x[both].std() == 0.0 or y[both].std() == 0.0:
        return float("nan")
    return float(np.corrcoef(x[both], y[both])[0, 1])


def _same_length(*arrays: npt.NDArray[np.generic]) -> None:
    """Raise DimsError unless arrays are rows of the same table."""
    shapes = {array.shape for array in arrays}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        msg = f"arrays must have the same shape (row,), got {sorted(shapes)}"
        raise DimsError(msg)
