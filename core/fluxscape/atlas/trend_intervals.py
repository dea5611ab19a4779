"""An interval of the Theil-Sen slope that allows for years that remember the year before.

The interval of Gilbert (1987, section 16.5) takes years as independent and is too narrow where they
are not. Here it is taken of the series that Wang and Swail (2001,
doi:10.1175/1520-0442(2001)014<2204:COEWHI>2.0.CO;2) test, W(t) = [x(t) - r1 x(t - 1)] / (1 - r1),
whose trend is that of x and whose years are independent if x is of first order, and stretched to
the slope of x itself where that lies outside. ``docs/methods/trends.md`` tells how often it, the
plain interval and the one by block bootstrap hold the true slope.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fluxscape.atlas.trends import SeriesTrend, series_trend


@dataclass(frozen=True, slots=True)
class SlopeInterval:
    """The 95 % interval of a slope, with memory allowed for.

    Attributes
    ----------
    low, high
        Ends [units per time].
    autocorrelation
        Memory that was allowed for, 0 where there is none.
    """

    low: float
    high: float
    autocorrelation: float


def memory_interval(
    values: npt.ArrayLike, times: npt.ArrayLike, *, found: SeriesTrend | None = None
) -> SlopeInterval:
    """Return the 95 % interval of the Theil-Sen slope of a series with memory of first order.

    Parameters
    ----------
    values, times
        Equally long; NaN values are dropped, and their neighbours then have no predecessor.
    found
        Trend of the series, if it is known already.

    Returns
    -------
    SlopeInterval
        The plain interval where the series has no memory, or where times repeat.

    Raises
    ------
    DimsError
        As :func:`fluxscape.atlas.trends.series_trend`.
    """
    trend = series_trend(values, times) if found is None else found
    x, t = np.asarray(values, np.float64), np.asarray(times, np.float64)
    known = np.isfinite(x)
    x, t = x[known], t[known]
    r1 = trend.autocorrelation
    if not r1 > 0.0:
        return SlopeInterval(trend.slope_low, trend.slope_high, 0.0)
    gaps = np.diff(t)
    # Months of 28 to 31 days are one step apart, years with one missing between them are not.
    after = np.abs(gaps - np.median(gaps)) < 0.25 * np.median(gaps)
    whitened = ((x[1:] - r1 * x[:-1]) / (1.0 - r1))[after]
    if whitened.size < 3:
        return SlopeInterval(trend.slope_low, trend.slope_high, r1)
    white = series_trend(whitened, t[1:][after])
    low, high = min(white.slope_low, trend.slope), max(white.slope_high, trend.slope)
    return SlopeInterval(low, high, r1)
