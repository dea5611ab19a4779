"""What the weather generator takes from land cover and region: heights, leaves, wind direction.

All numbers without a paper are assumed.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CANOPY_HEIGHT: Final = {
    0: 0.05, 1: 15.0, 2: 20.0, 3: 15.0, 4: 18.0, 5: 17.0, 6: 1.5, 7: 0.8, 8: 8.0, 9: 4.0,
    10: 0.4, 11: 1.0, 12: 0.8, 13: 8.0, 14: 1.2, 15: 0.05, 16: 0.05,
}  # fmt: skip
"""Height of the vegetation [m] by IGBP class of MCD12C1; assumed."""

EVERGREEN: Final = frozenset({1, 2})
"""IGBP classes whose leaves stay the year round."""

_OPEN_LAND: Final = frozenset({0, 7, 10, 11, 12, 14, 15, 16})
_WOODED: Final = frozenset({1, 2, 3, 4, 5, 8})

EVERGREEN_SHARE: Final = 0.6
"""Least share of its greatest leaf area that an evergreen canopy keeps [1]; assumed."""

# Directions the wind comes from in winter and summer [degrees], by place: the outflow of the
# Siberian high, the south-west and south-east monsoons, the westerlies over the north-west and the
# plateau. The pattern is that of Ding and Chan 2005, doi:10.1007/s00703-005-0125-z; the angles are
# assumed.
_PREVAILING: Final = np.array(
    [
        # latitude, longitude, winter, summer
        [46.0, 127.0, 290.0, 200.0],
        [44.0, 116.0, 290.0, 150.0],
        [38.0, 116.0, 330.0, 160.0],
        [34.0, 119.0, 340.0, 140.0],
        [30.0, 120.0, 340.0, 140.0],
        [27.0, 112.0, 10.0, 170.0],
        [23.0, 113.0, 30.0, 160.0],
        [19.0, 110.0, 50.0, 180.0],
        [24.0, 102.0, 235.0, 210.0],
        [30.0, 105.0, 40.0, 180.0],
        [36.0, 109.0, 320.0, 150.0],
        [39.0, 100.0, 300.0, 100.0],
        [36.0, 96.0, 280.0, 90.0],
        [31.0, 92.0, 265.0, 170.0],
        [32.0, 82.0, 270.0, 230.0],
        [40.0, 82.0, 50.0, 340.0],
        [45.0, 86.0, 300.0, 310.0],
    ]
)
_MIDSUMMER: Final = 0.55
"""Share of the year at which the summer's winds are purest, about 20 July; assumed."""


def prevailing_wind(latitude: float, longitude: float, year_share: Floats) -> Floats:
    """Return the direction the wind mostly comes from [degrees] by day.

    Places count with the inverse square of their distance; seasons blend with a cosine.
    """
    north = _PREVAILING[:, 0] - latitude
    east = (_PREVAILING[:, 1] - longitude) * np.cos(np.radians(latitude))
    weight = 1.0 / (north**2 + east**2 + 1.0)
    winter, summer = (
        np.sum(weight * np.exp(1j * np.radians(_PREVAILING[:, column]))) for column in (2, 3)
    )
    share = 0.5 * (1.0 + np.cos(2.0 * np.pi * (year_share - _MIDSUMMER)))
    return np.asarray(np.degrees(np.angle((1.0 - share) * winter + share * summer)) % 360.0)


def exposure(land_cover: int) -> float:
    """Return by how much wind is stronger over open land and weaker over woods [1]; assumed."""
    if land_cover in _OPEN_LAND:
        return 1.2
    return 0.9 if land_cover in _WOODED else 1.0


def instrument_height(canopy_height: float) -> float:
    """Return a usual height of instruments above a canopy [m]; assumed 1.5 h + 2.5 m."""
    return 1.5 * canopy_height + 2.5


def leaf_area_limits(
    ndvi_minimum: float, ndvi_maximum: float, land_cover: int
) -> tuple[float, float]:
    """Return least and greatest leaf area index [1] of a year.

    Cover from the vegetation index, f = ((N - 0.05) / (0.95 - 0.05))^2, Carlson and Ripley 1997,
    doi:10.1016/S0034-4257(97)00104-1; leaves from cover, LAI = -ln(1 - f) / 0.5, Beer's law with
    spherical leaf angles. Bounds of the index for bare soil and full cover are assumed.
    """
    least, most = (_leaf_area(value) for value in (ndvi_minimum, ndvi_maximum))
    if land_cover in EVERGREEN:
        least = max(least, EVERGREEN_SHARE * most)
    return min(least, most), most


def _leaf_area(ndvi: float) -> float:
    """Return the leaf area index [1] of a vegetation index."""
    cover = (min(max(ndvi, 0.05), 0.95) - 0.05) / 0.9
    return float(-np.log(1.0 - min(cover * cover, 0.97)) / 0.5)


def growing_season(coldest_of_day: Floats, day_length: Floats) -> Floats:
    """Return the share of the growing season's full leaf by day, 0 to 1.

    Jolly et al. 2005, doi:10.1111/j.1365-2486.2005.00930.x: the product of ramps of daily minimum
    temperature, -2 to 5 degrees Celsius, and of day length, 10 to 11 hours, as a mean of 21 days;
    stretched to 0 to 1 so that the vegetation index sets the leaf area. Its ramp of humidity is
    left out: in monsoon climates warmth and rain come together.

    Parameters
    ----------
    coldest_of_day
        Daily minimum of the climatological temperature [K], shape (day,).
    day_length
        [h], shape (day,).
    """
    warmth = np.clip((coldest_of_day - 271.15) / 7.0, 0.0, 1.0)
    light = np.clip(day_length - 10.0, 0.0, 1.0)
    index = warmth * light
    padded = np.concatenate([index[-10:], index, index[:10]])
    sums = np.concatenate([[0.0], np.cumsum(padded)])
    smooth = (sums[21:] - sums[:-21]) / 21.0
    low, high = float(smooth.min()), float(smooth.max())
    if high - low < 1e-6:
        return np.ones_like(smooth)
    return np.asarray((smooth - low) / (high - low))
