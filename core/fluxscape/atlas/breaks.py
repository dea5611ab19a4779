"""Changes at a moment: Pettitt's test on maps, and a broken line with a bootstrapped test.

A trend looks like a shift to Pettitt's test, which fires on it: read it beside the trend, or test
the series without its Theil-Sen line (``detrend=True``).

References
----------
Pettitt 1979, doi:10.2307/2346729. Broken line: Toms and Lesperance 2003, doi:10.1890/02-0472;
largest F over knots as the statistic, its null by resampling residuals in blocks (Kunsch 1989,
doi:10.1214/aos/1176347265).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.atlas import _kernels_breaks as kernels
from fluxscape.atlas.trends import MINIMUM_COUNT, series_trend, time_in_years, trend
from fluxscape.errors import DimsError, OutOfBoundsError, UnitsError

FloatArray = npt.NDArray[np.float64]

MARGIN: Final = 5
"""Fewest values on either side of a break."""


@dataclass(frozen=True)
class BrokenLine:
    """A line with one break.

    Attributes
    ----------
    time
        Where it breaks [years].
    slope_before, slope_after
        Least-squares slopes [units year-1].
    statistic
        Largest F over all knots.
    p_value
        Share of resampled series without a break whose largest F is as large.
    """

    time: float
    slope_before: float
    slope_after: float
    statistic: float
    p_value: float


def pettitt(
    values: xr.DataArray, *, detrend: bool = False, minimum_count: int = MINIMUM_COUNT
) -> xr.Dataset:
    """Return the most likely shift of the mean of every series along ``time``.

    Parameters
    ----------
    values
        Any array with a dimension ``time`` and a ``units`` attribute; NaN is missing.
    detrend
        Whether the Theil-Sen line is taken away before.
    minimum_count
        Fewest values of a series; shorter ones give NaN.

    Returns
    -------
    xarray.Dataset
        ``k``, ``last_before`` (time of the last value before the shift [years]), ``p_value``,
        ``mean_before`` and ``mean_after`` [units], ``n``, over the other dimensions.

    Raises
    ------
    UnitsError, DimsError
        If there is no unit, or no usable time.
    OutOfBoundsError
        If ``minimum_count`` is below 3 or a value is infinite.
    """
    if "units" not in values.attrs:
        msg = f"pettitt: {values.name} carries no units attribute"
        raise UnitsError(msg, variable=str(values.name))
    if minimum_count < 3 or bool(np.isinf(values).any()):
        msg = f"pettitt: wanted finite values and 3 or more of them, got {minimum_count} as fewest"
        raise OutOfBoundsError(msg, got=minimum_count)
    times = time_in_years(values)
    if times.size < minimum_count:
        msg = f"pettitt: {times.size} times are fewer than the {minimum_count} that a test needs"
        raise DimsError(msg, got=times.size)
    last = values.transpose(..., "time")
    if detrend:
        line = trend(values, minimum_count=minimum_count)
        years = xr.DataArray(times - times[0], dims="time", coords={"time": values["time"]})
        last = (values - line["slope"] * years).transpose(..., "time").assign_attrs(values.attrs)
    rows = np.ascontiguousarray(last.to_numpy(), dtype=np.float64).reshape(-1, times.size)
    out = np.empty((rows.shape[0], kernels.COLUMNS))
    kernels.pettitt_rows(rows, minimum_count, out)
    index = out[:, kernels.CHANGE]
    moment = np.where(np.isfinite(index), times[np.nan_to_num(index).astype(int)], np.nan)
    units = str(values.attrs["units"])
    template = last.isel(time=0, drop=True)
    columns = {
        "k": (out[:, kernels.K], "1", "Pettitt's K"),
        "last_before": (moment, "year", "time of the last value before the shift"),
        "p_value": (out[:, kernels.P_VALUE], "1", "p-value of Pettitt's test"),
        "mean_before": (out[:, kernels.BEFORE], units, "mean before the shift"),
        "mean_after": (out[:, kernels.AFTER], units, "mean after the shift"),
        "n": (out[:, kernels.COUNT], "1", "number of values that are not missing"),
    }
    found = xr.Dataset(coords=template.coords)
    for name, (column, unit, long_name) in columns.items():
        attrs = {"units": unit, "long_name": long_name}
        found[name] = (template.dims, column.reshape(template.shape), attrs)
    found.attrs = {"detrended": int(detrend), "minimum_count": minimum_count}
    return found


def broken_line(
    values: npt.ArrayLike,
    times: npt.ArrayLike,
    *,
    margin: int = MARGIN,
    resamples: int = 999,
    block: int = 3,
    seed: int = 1,
) -> BrokenLine:
    """Fit one line with a break and test it against a straight one.

    Parameters
    ----------
    values, times
        Equally long, times increasing; NaN values are dropped.
    margin
        Fewest values on either side of the break.
    resamples
        Series drawn for the test.
    block
        Length of the blocks of residuals that are drawn, so that memory of some years stays.
    seed
        Of the draws.

    Raises
    ------
    DimsError
        If lengths differ, fewer than twice the margin and two values remain, or times do not
        increase.
    OutOfBoundsError
        If margin, block or resamples are too small.
    """
    x, t = _known(values, times)
    if margin < 2:
        msg = f"wanted a margin of 2 or more, got {margin}"
        raise OutOfBoundsError(msg, got=margin)
    _check_bootstrap(block, resamples)
    if x.size < 2 * margin + 2 or not (np.diff(t) > 0).all():
        msg = f"broken line: {x.size} values at increasing times, wanted {2 * margin + 2} or more"
        raise DimsError(msg, got=int(x.size))
    knot, rest, straight = kernels.best_break(x, t, margin)
    found = _f_ratio(straight, rest, x.size)
    line = np.polyval(np.polyfit(t, x, 1), t)
    draw = np.random.default_rng(seed)
    larger = 0
    for residuals in _block_resamples(x - line, block, resamples, draw):
        _, other, plain = kernels.best_break(line + residuals, t, margin)
        larger += _f_ratio(plain, other, x.size) >= found
    design = np.column_stack([np.ones(t.size), t - t[0], np.maximum(t - t[knot], 0.0)])
    weights = np.linalg.lstsq(design, x, rcond=None)[0]
    return BrokenLine(
        float(t[knot]),
        float(weights[1]),
        float(weights[1] + weights[2]),
        found,
        (larger + 1) / (resamples + 1),
    )


def slope_interval_by_blocks(
    values: npt.ArrayLike,
    times: npt.ArrayLike,
    *,
    share: float = 0.95,
    block: int = 3,
    resamples: int = 999,
    seed: int = 1,
) -> tuple[float, float]:
    """Return an interval of the Theil-Sen slope that allows for memory, by block bootstrap.

    Residuals from the Theil-Sen line are drawn in blocks and put back on the line; the interval is
    that of the slopes' quantiles (Kunsch 1989).

    Parameters
    ----------
    values, times
        Equally long, times increasing; NaN values are dropped.
    share
        Probability of the interval.
    block, resamples, seed
        As in :func:`broken_line`.

    Raises
    ------
    OutOfBoundsError
        If the share lies outside 0 to 1, or block or resamples are too small.
    DimsError
        As :func:`fluxscape.atlas.trends.series_trend`.
    """
    if not 0.0 < share < 1.0:
        msg = f"share must lie between 0 and 1, got {share}"
        raise OutOfBoundsError(msg, got=share)
    _check_bootstrap(block, resamples)
    found = series_trend(values, times)
    x, t = _known(values, times)
    line = found.intercept + found.slope * (t - t[0])
    draw = np.random.default_rng(seed)
    series = np.stack(list(_block_resamples(x - line, block, resamples, draw))) + line
    data = xr.DataArray(series, dims=("draw", "time"), coords={"time": t}, attrs={"units": "1"})
    slopes = trend(data, minimum_count=3)["slope"].to_numpy()
    low, high = np.quantile(slopes, (0.5 - 0.5 * share, 0.5 + 0.5 * share))
    return float(low), float(high)


def _known(values: npt.ArrayLike, times: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the values that are known and their times."""
    x, t = np.asarray(values, np.float64), np.asarray(times, np.float64)
    if x.ndim != 1 or x.shape != t.shape:
        msg = f"values and times must be rows of one length, got {x.shape} and {t.shape}"
        raise DimsError(msg, got=(x.shape, t.shape))
    known = np.isfinite(x)
    return x[known], t[known]


def _check_bootstrap(block: int, resamples: int) -> None:
    """Raise OutOfBoundsError unless blocks hold a value and there are enough draws."""
    if block < 1 or resamples < 19:
        msg = f"wanted block >= 1 and resamples >= 19, got {block} and {resamples}"
        raise OutOfBoundsError(msg, block=block, resamples=resamples)


def _f_ratio(straight: float, rest: float, count: int) -> float:
    """Return F of a broken against a straight line: two more parameters, knot included."""
    if rest <= 0.0:
        return float("inf")
    return float((straight - rest) / 2.0 / (rest / max(count - 4, 1)))


def _block_resamples(
    residuals: FloatArray, block: int, resamples: int, draw: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Return rows of residuals drawn in blocks of neighbours, shape (resamples, value)."""
    count = residuals.size
    length = min(block, count)
    blocks = -(-count // length)
    first = draw.integers(0, count - length + 1, size=(resamples, blocks))
    index = (first[:, :, np.newaxis] + np.arange(length)).reshape(resamples, -1)[:, :count]
    return np.asarray(residuals[index])
