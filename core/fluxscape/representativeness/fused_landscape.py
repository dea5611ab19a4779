"""Fine and coarse images of a tower's simulated landscape, whose truth is known on every day.

The twelve monthly scenes of :mod:`.landscape` stand for the middles of their months; days between
are interpolated linearly, round the year. Two simulated sensors look at them
(:mod:`fluxscape.fusion.simulation`). Nothing of it was observed.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import xarray as xr

from fluxscape.fusion.simulation import (
    SensorParameters,
    SimulatedScenes,
    TruthOn,
    simulate_sensors,
)
from fluxscape.meteorology.point_climate import SamplesPoints
from fluxscape.representativeness.demonstration import SEED, demonstration_landscape
from fluxscape.towers import Tower

_MIDDLE: Final = 14
"""Days from the first to the middle of a month."""


class FusedDemonstration(NamedTuple):
    """A landscape with its truth and what two sensors see of it in one year."""

    landscape: xr.Dataset
    scenes: SimulatedScenes
    truth_on: TruthOn
    """Gives the true vegetation index (y, x) of a day."""


def daily_truth(monthly: xr.DataArray) -> TruthOn:
    """Return a function that gives the image of a day from those of twelve months (time, y, x)."""
    values = monthly.to_numpy()
    template = monthly.isel(time=0, drop=True)
    year = monthly["time"].to_numpy()[0].astype("datetime64[Y]")
    middles = (monthly["time"].to_numpy().astype("datetime64[D]") - year).astype(np.int64) + _MIDDLE
    knots = np.concatenate([[middles[-1] - 365], middles, [middles[0] + 365]])
    places = np.concatenate([[len(middles) - 1], np.arange(len(middles)), [0]])

    def truth_on(day: np.datetime64) -> xr.DataArray:
        date = day.astype("datetime64[D]")
        number = int((date - date.astype("datetime64[Y]").astype("datetime64[D]")).astype(int))
        after = int(np.searchsorted(knots, number, side="right"))
        low, high = knots[after - 1], knots[after]
        share = (number - low) / (high - low)
        before, beyond = values[places[after - 1]], values[places[after]]
        mixed = before * (1.0 - share) + beyond * share
        return template.copy(data=mixed.astype(np.float64))

    return truth_on


def errors_by_origin(series: xr.Dataset, truth_on: TruthOn, *, every: int = 5) -> dict[str, float]:
    """Return the root mean squared error of a daily series by where its values come from.

    Parameters
    ----------
    series
        From :func:`fluxscape.fusion.daily_series`.
    truth_on
        Gives the true image of a day.
    every
        Days from one that is compared to the next.
    """
    name = next(iter(series.data_vars))
    labels = series["origin"].attrs["flag_meanings"].split()
    sums = np.zeros((2, len(labels)))
    for number in range(0, series.sizes["time"], every):
        day = series.isel(time=number)
        error = day[name].to_numpy() - truth_on(day["time"].to_numpy().ravel()[0]).to_numpy()
        origin = day["origin"].to_numpy().ravel()
        for row, values in enumerate((np.ones(error.size), error.ravel() ** 2)):
            there = np.where(np.isfinite(error.ravel()), values, 0.0)
            sums[row] += np.bincount(origin, weights=there, minlength=len(labels))
    return {
        label: float(np.sqrt(sums[1, code] / sums[0, code]))
        for code, label in enumerate(labels)
        if sums[0, code]
    }


def demonstration_scenes(
    climatology: SamplesPoints,
    tower: Tower,
    *,
    seed: int = SEED,
    parameters: SensorParameters | None = None,
) -> FusedDemonstration:
    """Return a tower's simulated landscape with a year of fine and coarse images of its NDVI.

    Parameters
    ----------
    climatology
        From :func:`fluxscape.io.climatology.read_climatology`.
    tower
        With a position.
    seed
        Of landscape, clouds and noise.
    parameters
        Of the two sensors.
    """
    landscape = demonstration_landscape(climatology, tower, seed=seed)
    monthly = landscape["normalized_difference_vegetation_index"]
    truth_on = daily_truth(monthly)
    year = monthly["time"].to_numpy()[0].astype("datetime64[Y]")
    scenes = simulate_sensors(
        truth_on,
        year.astype("datetime64[D]"),
        (year + 1).astype("datetime64[D]") - np.timedelta64(1, "D"),
        seed=seed,
        parameters=parameters,
    )
    return FusedDemonstration(landscape, scenes, truth_on)
