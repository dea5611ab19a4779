"""Trends of series and of whole maps: Theil-Sen slope with the Mann-Kendall test.

Annual fluxes remember the year before, and a test that takes years as independent then finds
trends that are not there: at r1 = 0.3 in 13 % of trendless series of 34 years instead of 5 %.
Five tests are offered:

``mann_kendall``
    Values as independent.
``prewhitened``
    The lag-1 autocorrelation is removed first (von Storch 1995). It keeps its level, but a trend
    looks like memory and is removed with it: strong trends are missed.
``wang_swail``
    Slope and autocorrelation are separated in turns before the latter is removed (Wang and Swail
    2001). The one to decide by; ``docs/methods/trends.md`` has rates of false and missed trends.
``hamed_rao``
    The variance of S is corrected by the memory of the ranks (Hamed and Rao 1998); on short series
    it finds false trends as often as the plain test does.
``trend_free``
    Trend-free pre-whitening (Yue et al. 2002): memory is removed from the series without its trend,
    which is put back. More false trends than the plain test at strong memory.

The slope is always that of the untouched series, on its true times: a gap does not pull the years
together.

References
----------
Mann 1945, doi:10.2307/1907187. Kendall 1975, *Rank Correlation Methods*. Gilbert 1987,
*Statistical Methods for Environmental Pollution Monitoring*, eqs 16.2 to 16.5 and 17.2. Sen 1968,
doi:10.1080/01621459.1968.10480934. von Storch 1995, doi:10.1007/978-3-662-03167-4_2.
Wang and Swail 2001, doi:10.1175/1520-0442(2001)014<2204:COEWHI>2.0.CO;2. Hamed and Rao 1998,
doi:10.1016/S0022-1694(97)00125-X. Yue et al. 2002, doi:10.1002/hyp.1095.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.atlas import _kernels as kernels
from fluxscape.atlas import _kernels_variants as variants
from fluxscape.errors import (
    DimsError,
    MissingVariableError,
    OutOfBoundsError,
    UnitsError,
    did_you_mean,
)

Method = Literal["mann_kendall", "prewhitened", "wang_swail", "hamed_rao", "trend_free"]
FloatArray = npt.NDArray[np.float64]

MINIMUM_COUNT: Final = 10
"""Shortest series that maps are tested on: below it S is not normal enough, Gilbert 1987, 16.4."""

_CODES: Final = {
    "mann_kendall": kernels.MANN_KENDALL,
    "prewhitened": kernels.PREWHITENED,
    "wang_swail": kernels.WANG_SWAIL,
    "hamed_rao": variants.HAMED_RAO,
    "trend_free": variants.TREND_FREE,
}

_VARIANTS: Final = ("hamed_rao", "trend_free")

_NORMAL_975: Final = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""

_LONG_NAMES: Final = {
    "slope": "Theil-Sen slope",
    "intercept": "value of the Theil-Sen line at the first time",
    "s": "Mann-Kendall S",
    "variance": "variance of S, corrected for ties",
    "z": "standard score of S",
    "p_value": "two-sided p-value of the Mann-Kendall test",
    "tau": "Kendall's tau",
    "n": "number of values that are not missing",
}


@dataclass(frozen=True, slots=True)
class SeriesTrend:
    """Trend of one series.

    Attributes
    ----------
    slope, slope_low, slope_high
        Theil-Sen slope and its 95 % interval by Gilbert 1987, section 16.5 [units per time].
    intercept
        Value of the line at the first time [units].
    s, variance, z, p_value, tau
        Mann-Kendall's S, its variance with ties, standard score, two-sided p-value, Kendall's tau.
    p_value_prewhitened, p_value_wang_swail
        p-values of the two tests that remove autocorrelation; NaN where times repeat.
    autocorrelation
        Lag-1 autocorrelation of the series without its trend, 0 below 0.05 (Wang and Swail 2001);
        NaN where times repeat.
    count
        Number of values used.
    """

    slope: float
    slope_low: float
    slope_high: float
    intercept: float
    s: int
    variance: float
    z: float
    p_value: float
    tau: float
    p_value_prewhitened: float
    p_value_wang_swail: float
    autocorrelation: float
    count: int


def trend(
    values: xr.DataArray, *, method: Method = "mann_kendall", minimum_count: int = MINIMUM_COUNT
) -> xr.Dataset:
    """Return the trend of every series along ``time``.

    Parameters
    ----------
    values
        Any array with a dimension ``time`` (datetimes or years) and a ``units`` attribute; NaN is
        missing.
    method
        Test behind ``s`` to ``tau``. Slope and intercept do not depend on it.
    minimum_count
        Fewest values of a series; shorter ones give NaN.

    Returns
    -------
    xarray.Dataset
        ``slope`` [units year-1], ``intercept`` [units] (the line at the first time), ``s``,
        ``variance``, ``z``, ``p_value``, ``tau`` and ``n`` over the other dimensions.

    Raises
    ------
    DimsError
        If ``time`` is absent, does not increase strictly or is shorter than ``minimum_count``.
    UnitsError
        If the values carry no unit.
    OutOfBoundsError
        If a value is infinite or ``minimum_count`` is below 3.
    MissingVariableError
        If the method is unknown.

    Examples
    --------
    >>> years = xr.DataArray([5.0, 4.0, 3.0, 2.0, 1.0], dims="time",
    ...                      coords={"time": [2000, 2001, 2002, 2003, 2004]}, attrs={"units": "1"})
    >>> result = trend(years, minimum_count=3)
    >>> float(result["slope"]), float(result["s"]), round(float(result["p_value"]), 6)
    (-1.0, -10.0, 0.027486)
    """
    _check_request(values, method, minimum_count)
    times = time_in_years(values)
    _check_times(times, minimum_count)
    last = values.transpose(..., "time")
    rows = np.ascontiguousarray(last.to_numpy(), dtype=np.float64).reshape(-1, times.size)
    if np.isinf(rows).any():
        msg = f"trend: {values.name} holds {int(np.isinf(rows).sum())} infinite values"
        raise OutOfBoundsError(msg, variable=str(values.name))
    out = np.empty((rows.shape[0], kernels.COLUMNS))
    step = float(np.median(np.diff(times)))
    relative = times - times[0]
    fill = variants.variant_rows if method in _VARIANTS else kernels.trend_rows
    fill(rows, relative, step, minimum_count, _CODES[method], out)
    return _label(out, last, method, minimum_count)


def series_trend(values: npt.ArrayLike, times: npt.ArrayLike) -> SeriesTrend:
    """Return the trend of one series, whose times may repeat.

    Values at the same time are not compared with each other, and both kinds of ties lower the
    variance (Gilbert 1987, eq. 17.2): several towers or samples a year make one test.

    Parameters
    ----------
    values, times
        Equally long; NaN values are dropped, their times with them.

    Raises
    ------
    DimsError
        If the lengths differ, times decrease or fewer than 3 values at 2 times remain.
    """
    x, t = _finite_pairs(values, times)
    s = int(kernels.kendall_s(x, t))
    variance = kendall_variance(x.size, _groups(x), _groups(t))
    z = float(kernels.standard_score(s, variance))
    slopes = _pair_slopes(x, t)
    slope = float(np.median(slopes))
    low, high = _slope_interval(slopes, variance)
    p_prewhitened, p_wang_swail, autocorrelation = _without_memory(x, t, slope)
    return SeriesTrend(
        slope=slope,
        slope_low=low,
        slope_high=high,
        intercept=float(np.median(x) - slope * (np.median(t) - t[0])),
        s=s,
        variance=variance,
        z=z,
        p_value=float(kernels.two_sided_p(z)),
        tau=s / (x.size * (x.size - 1) / 2),
        p_value_prewhitened=p_prewhitened,
        p_value_wang_swail=p_wang_swail,
        autocorrelation=autocorrelation,
        count=int(x.size),
    )


def kendall_variance(count: int, value_ties: npt.ArrayLike, time_ties: npt.ArrayLike = ()) -> float:
    """Return the variance of S with ties in values and in times, Gilbert 1987, eq. 17.2.

    Parameters
    ----------
    count
        Number of values.
    value_ties, time_ties
        Sizes of the groups of equal values and of equal times; groups of one change nothing.
    """
    n = float(count)
    t = np.asarray(value_ties, dtype=np.float64)
    u = np.asarray(time_ties, dtype=np.float64)
    plain = n * (n - 1) * (2 * n + 5)
    plain -= np.sum(t * (t - 1) * (2 * t + 5)) + np.sum(u * (u - 1) * (2 * u + 5))
    variance = plain / 18.0
    if n > 2 and (u > 1).any():
        variance += (
            np.sum(t * (t - 1) * (t - 2))
            * np.sum(u * (u - 1) * (u - 2))
            / (9 * n * (n - 1) * (n - 2))
        )
        variance += np.sum(t * (t - 1)) * np.sum(u * (u - 1)) / (2 * n * (n - 1))
    return float(variance)


def time_in_years(values: xr.DataArray) -> FloatArray:
    """Return the ``time`` coordinate as decimal years: datetimes by true year lengths, or numbers.

    Raises
    ------
    DimsError
        If there is no ``time`` coordinate of datetimes or numbers.
    """
    if "time" not in values.dims or "time" not in values.coords:
        msg = f"trend: {values.name} has dimensions {values.dims}, wanted 'time' among them"
        raise DimsError(msg, got=values.dims)
    time = values["time"].to_numpy()
    if np.issubdtype(time.dtype, np.datetime64):
        year = time.astype("datetime64[Y]")
        start = year.astype("datetime64[ns]")
        length = (year + 1).astype("datetime64[ns]") - start
        share = (time.astype("datetime64[ns]") - start) / length
        return np.asarray(1970.0 + year.astype(np.int64) + share, dtype=np.float64)
    if time.dtype.kind in "iuf":
        return time.astype(np.float64)
    msg = f"trend: the time of {values.name} is of type {time.dtype}, wanted datetimes or years"
    raise DimsError(msg, got=str(time.dtype))


def _check_request(values: xr.DataArray, method: str, minimum_count: int) -> None:
    """Raise unless method, count and unit can be used."""
    known = get_args(Method)
    if method not in known:
        msg = (
            f"trend: unknown method {method!r}, wanted one of {known}.{did_you_mean(method, known)}"
        )
        raise MissingVariableError(msg, got=method)
    if minimum_count < 3:
        msg = f"trend: minimum_count = {minimum_count}, wanted 3 or more"
        raise OutOfBoundsError(msg, got=minimum_count)
    if "units" not in values.attrs:
        msg = f"trend: {values.name} carries no units attribute"
        raise UnitsError(msg, variable=str(values.name))


def _check_times(times: FloatArray, minimum_count: int) -> None:
    """Raise unless the times increase strictly and are enough."""
    steps = np.diff(times)
    if not (steps > 0).all():
        i = int(np.argmin(steps > 0))
        msg = f"trend: time must increase strictly, but {times[i + 1]:g} follows {times[i]:g}"
        raise DimsError(msg, position=i + 1)
    if times.size < minimum_count:
        msg = f"trend: {times.size} times are fewer than the {minimum_count} that a test needs"
        raise DimsError(msg, got=times.size, wanted=minimum_count)


def _label(out: FloatArray, last: xr.DataArray, method: str, minimum_count: int) -> xr.Dataset:
    """Return the kernel's columns as a dataset over the dimensions of ``last`` but time."""
    units = str(last.attrs["units"])
    per_year = "year-1" if units == "1" else f"{units} year-1"
    columns = {
        "slope": (kernels.SLOPE, per_year),
        "intercept": (kernels.INTERCEPT, units),
        "s": (kernels.S, "1"),
        "variance": (kernels.VARIANCE, "1"),
        "z": (kernels.Z, "1"),
        "p_value": (kernels.P_VALUE, "1"),
        "tau": (kernels.TAU, "1"),
        "n": (kernels.COUNT, "1"),
    }
    template = last.isel(time=0, drop=True)
    dataset = xr.Dataset(coords=template.coords)
    for name, (column, unit) in columns.items():
        attrs = {"units": unit, "long_name": _LONG_NAMES[name]}
        dataset[name] = (template.dims, out[:, column].reshape(template.shape), attrs)
    time = last["time"].to_numpy()
    carried = {key: last.attrs[key] for key in ("data_status",) if key in last.attrs}
    dataset.attrs = carried | {
        "trend_of": str(last.name),
        "method": method,
        "minimum_count": minimum_count,
        "period": f"{time[0]!s:.10} to {time[-1]!s:.10}",
    }
    return dataset


def _finite_pairs(values: npt.ArrayLike, times: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return values and times without the missing ones, checked."""
    x = np.asarray(values, dtype=np.float64)
    t = np.asarray(times, dtype=np.float64)
    if x.ndim != 1 or x.shape != t.shape:
        msg = f"trend: values and times must be equally long rows, got {x.shape} and {t.shape}"
        raise DimsError(msg)
    if (np.diff(t) < 0).any():
        msg = "trend: times must not decrease"
        raise DimsError(msg)
    keep = np.isfinite(x)
    if keep.sum() < 3 or np.unique(t[keep]).size < 2:
        msg = f"trend: {int(keep.sum())} values at {np.unique(t[keep]).size} times are too few"
        raise DimsError(msg)
    return x[keep], t[keep]


def _groups(values: FloatArray) -> npt.NDArray[np.int64]:
    """Return the sizes of the groups of equal values."""
    return np.unique(values, return_counts=True)[1].astype(np.int64)


def _pair_slopes(x: FloatArray, t: FloatArray) -> FloatArray:
    """Return the slopes of all pairs at different times."""
    first, second = np.triu_indices(x.size, 1)
    gap = t[second] - t[first]
    use = gap > 0
    rise = x[second[use]] - x[first[use]]
    return np.asarray(rise / gap[use], dtype=np.float64)


def _slope_interval(slopes: FloatArray, variance: float) -> tuple[float, float]:
    """Return the 95 % interval of Sen's slope, order statistics (N -+ C) / 2 Gilbert 1987, 16.5."""
    ordered = np.sort(slopes)
    half_width = _NORMAL_975 * math.sqrt(max(variance, 0.0))
    low = max(round((ordered.size - half_width) / 2) - 1, 0)
    high = min(round((ordered.size + half_width) / 2), ordered.size - 1)
    return float(ordered[low]), float(ordered[high])


def _without_memory(x: FloatArray, t: FloatArray, slope: float) -> tuple[float, float, float]:
    """Return the p-values without autocorrelation, and that; NaN where times repeat."""
    steps = np.diff(t)
    if x.size < 4 or not (steps > 0).all():
        return math.nan, math.nan, math.nan
    step, relative = float(np.median(steps)), t - t[0]
    p_values = []
    for method in (kernels.PREWHITENED, kernels.WANG_SWAIL):
        out = np.empty((1, kernels.COLUMNS))
        kernels.trend_block(x[np.newaxis], relative, step, 3, method, out)
        p_values.append(float(out[0, kernels.P_VALUE]))
    kept, buffers = np.empty((5, x.size)), np.empty((4, max(16, x.size * (x.size - 1) // 2)))
    r1 = kernels.trend_free_autocorrelation(x, relative, step, slope, kept, buffers)
    return p_values[0], p_values[1], float(r1)
