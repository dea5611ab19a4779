"""The Mann-Kendall test of values with seasons: January is compared with January only.

Hirsch et al. 1982, doi:10.1029/WR018i001p00107, eqs 5 and 6. Months are taken as independent of
each other; where they are not, the test finds false trends: test annual values instead.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from fluxscape.atlas import _kernels as kernels
from fluxscape.atlas import _kernels_variants as variants
from fluxscape.atlas.trends import MINIMUM_COUNT, time_in_years
from fluxscape.errors import DimsError, OutOfBoundsError, UnitsError


def seasonal_trend(
    values: xr.DataArray, *, period: int = 12, minimum_count: int = MINIMUM_COUNT
) -> xr.Dataset:
    """Return the seasonal Mann-Kendall test of every series along ``time``.

    Parameters
    ----------
    values
        Any array with a dimension ``time`` and a ``units`` attribute; NaN is missing. With
        datetimes and a period of 12 a season is a calendar month; otherwise value ``i`` is of
        season ``i mod period``.
    period
        Number of seasons.
    minimum_count
        Fewest values of a series; shorter ones give NaN.

    Returns
    -------
    xarray.Dataset
        ``slope`` [units year-1], ``s``, ``variance``, ``z``, ``p_value``, ``tau`` and ``n`` over
        the other dimensions.

    Raises
    ------
    UnitsError
        If the values carry no unit.
    DimsError
        If times do not increase, or no season has two values.
    OutOfBoundsError
        If the period is below 2, ``minimum_count`` below 3, or a value is infinite.
    """
    if "units" not in values.attrs:
        msg = f"seasonal trend: {values.name} carries no units attribute"
        raise UnitsError(msg, variable=str(values.name))
    if period < 2 or minimum_count < 3 or bool(np.isinf(values).any()):
        msg = (
            "seasonal trend: wanted a period of 2 or more, a minimum_count of 3 or more and finite "
            f"values, got {period} and {minimum_count}"
        )
        raise OutOfBoundsError(msg, period=period, minimum_count=minimum_count)
    times = time_in_years(values)
    season = _seasons(values, period)
    if not (np.diff(times) > 0).all() or np.bincount(season).max() < 2:
        msg = f"seasonal trend: {values.name} needs increasing times and two values of a season"
        raise DimsError(msg, got=times.size)
    if values["time"].dtype.kind == "M":
        # Whole years lie between two values of one month, whatever the length of February.
        times = np.floor(times) + season / period if period == 12 else times
    last = values.transpose(..., "time")
    rows = np.ascontiguousarray(last.to_numpy(), dtype=np.float64).reshape(-1, times.size)
    out = np.empty((rows.shape[0], kernels.COLUMNS))
    variants.seasonal_rows(rows, times, season, period, minimum_count, out)
    units = str(values.attrs["units"])
    per_year = "year-1" if units == "1" else f"{units} year-1"
    columns = {
        "slope": (kernels.SLOPE, per_year, "median slope within seasons"),
        "s": (kernels.S, "1", "Mann-Kendall S, summed over seasons"),
        "variance": (kernels.VARIANCE, "1", "variance of S, corrected for ties"),
        "z": (kernels.Z, "1", "standard score of S"),
        "p_value": (kernels.P_VALUE, "1", "two-sided p-value of the seasonal test"),
        "tau": (kernels.TAU, "1", "Kendall's tau over all seasons"),
        "n": (kernels.COUNT, "1", "number of values that are not missing"),
    }
    template = last.isel(time=0, drop=True)
    found = xr.Dataset(coords=template.coords)
    for name, (column, unit, long_name) in columns.items():
        attrs = {"units": unit, "long_name": long_name}
        found[name] = (template.dims, out[:, column].reshape(template.shape), attrs)
    found.attrs = {"period": period, "minimum_count": minimum_count}
    return found


def _seasons(values: xr.DataArray, period: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the season of every value."""
    if values["time"].dtype.kind == "M" and period == 12:
        return np.asarray(values["time"].dt.month.to_numpy() - 1, dtype=np.int64)
    return np.arange(values.sizes["time"], dtype=np.int64) % period
