"""Half-hourly series as a week, a mean day of every month, days, and running sums.

Times go in as UTC starts of steps; what comes out is on the clock of the site, because a diurnal
cycle means nothing on another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape.constants import MOLAR_MASS_CARBON, ZERO_CELSIUS

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]

DAY: Final = 86_400.0
"""Seconds of a day."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What one chart shows.

    Attributes
    ----------
    name
        Variable of the model's output, and key of its text.
    unit
        Unit on the axis, as CF writes it.
    factor, offset
        The model's unit is multiplied by the one, then the other is added.
    """

    name: str
    unit: str
    factor: float = 1.0
    offset: float = 0.0

    def shown(self, values: Floats) -> Floats:
        """Return values of the model in the unit of the axis."""
        return values * self.factor + self.offset


_GRAMS_PER_MICROMOLE: Final = 1e-3 * MOLAR_MASS_CARBON
_CARBON_A_DAY: Final = _GRAMS_PER_MICROMOLE * DAY

_PRODUCTION: Final = "gross_primary_production"
_EXCHANGE: Final = "net_ecosystem_exchange"
_STATES: Final = (
    Quantity("soil_water_content", "m3 m-3"),
    Quantity("soil_temperature", "degC", offset=-ZERO_CELSIUS),
)

QUANTITIES: Final = {
    "half-hourly": (
        Quantity(_PRODUCTION, "umol m-2 s-1"),
        Quantity(_EXCHANGE, "umol m-2 s-1"),
        Quantity("latent_heat_flux", "W m-2"),
        Quantity("sensible_heat_flux", "W m-2"),
        *_STATES,
    ),
    "daily": (
        Quantity(_PRODUCTION, "g m-2 d-1", _CARBON_A_DAY),
        Quantity(_EXCHANGE, "g m-2 d-1", _CARBON_A_DAY),
        Quantity("evapotranspiration", "mm d-1", DAY),
        Quantity("sensible_heat_flux", "W m-2"),
        *_STATES,
    ),
    "cumulative": (
        Quantity(_PRODUCTION, "g m-2", _GRAMS_PER_MICROMOLE),
        Quantity(_EXCHANGE, "g m-2", _GRAMS_PER_MICROMOLE),
        Quantity("evapotranspiration", "mm"),
        Quantity("sensible_heat_flux", "MJ m-2", 1e-6),
    ),
}
"""The charts of every kind of view. Carbon counts as grams of carbon, water as millimetres."""


def local_times(times: Times, offset_hours: float) -> Times:
    """Return UTC times on a clock ``offset_hours`` ahead of UTC."""
    shifted: Times = times + np.timedelta64(round(offset_hours * 3600), "s")
    return shifted


def week_of(times: Times, week: int) -> slice:
    """Return the steps of the ``week``-th seven days, from 1, counted from the first midnight."""
    if times.size == 0:
        return slice(0, 0)
    first = times[0].astype("datetime64[D]")
    start = first + np.timedelta64(7 * (week - 1), "D")
    low, high = np.searchsorted(times, [start, start + np.timedelta64(7, "D")])
    return slice(int(low), int(high))


def weeks_in(times: Times) -> int:
    """Return the number of weeks that a series touches."""
    if times.size == 0:
        return 1
    days = (times[-1] - times[0].astype("datetime64[D]")) / np.timedelta64(1, "D")
    return int(days // 7) + 1


def daily_mean(times: Times, values: Floats) -> tuple[Times, Floats]:
    """Return the days and the mean of the finite values of each; NaN where there is none.

    A day with less than half of its steps gives NaN: a mean of the remaining hours would be a
    mean of another thing.
    """
    days, index, counts = np.unique(
        times.astype("datetime64[D]"), return_inverse=True, return_counts=True
    )
    known = np.isfinite(values)
    found = np.bincount(index[known], minlength=days.size)
    total = np.bincount(index[known], weights=values[known], minlength=days.size)
    usual = int(counts.max(initial=1))
    enough = found >= max(1, usual // 2)
    mean = np.where(enough, total / np.maximum(found, 1), np.nan)
    return days.astype("datetime64[ms]"), mean


def diurnal_by_month(times: Times, values: Floats, step_seconds: int) -> tuple[Floats, Floats]:
    """Return position [months] and mean of every step of the day in every month.

    Position 6.5 is noon of the mean day of July. A NaN closes each month, so that a line drawn
    through the points breaks there.
    """
    steps = round(DAY / step_seconds)
    month = times.astype("datetime64[M]").astype(int) % 12
    second = (times - times.astype("datetime64[D]")) / np.timedelta64(1, "s")
    slot = np.minimum((second // step_seconds).astype(int), steps - 1)
    cell = month * steps + slot
    known = np.isfinite(values)
    found = np.bincount(cell[known], minlength=12 * steps)
    total = np.bincount(cell[known], weights=values[known], minlength=12 * steps)
    mean = np.full((12, steps + 1), np.nan)
    mean[:, :steps] = np.where(found > 0, total / np.maximum(found, 1), np.nan).reshape(12, steps)
    inside = np.append((np.arange(steps) + 0.5) / steps, 1.0)
    position = np.arange(12)[:, None] + inside[None, :]
    return position.ravel(), mean.ravel()


def running_sum(values: Floats, step_seconds: int) -> Floats:
    """Return the sum of a rate over time up to the end of each step; a gap counts as nothing."""
    sums: Floats = np.cumsum(np.nan_to_num(values)) * step_seconds
    return sums
