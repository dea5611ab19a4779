"""Series of any interval become half-hours whose means are the values of the intervals."""

from __future__ import annotations

import numpy as np
import pytest

from fluxscape.meteorology.humidity import saturation_vapour_pressure
from fluxscape.meteorology.series_steps import HalfHours, PointSeries

BEGIN, END = np.datetime64("2019-01-01", "s"), np.datetime64("2020-01-01", "s")
DAY = 86400


def composites(values: np.ndarray) -> PointSeries:
    """Return eight-day means of 2019, the last of five days."""
    starts = BEGIN + np.arange(46) * np.timedelta64(8 * DAY, "s")
    seconds = np.full(46, 8 * DAY)
    seconds[-1] = 5 * DAY
    return PointSeries(starts, seconds, values)


def means(fine: np.ndarray, series: PointSeries, grid: HalfHours) -> np.ndarray:
    """Return the mean of the half-hours of each interval."""
    part, interval = grid.intervals(series)
    count = series.values.size
    return np.bincount(interval, fine[part], count) / np.bincount(interval, minlength=count)


@pytest.fixture(scope="module")
def grid() -> HalfHours:
    return HalfHours(BEGIN, END, 36.0, 115.0, 8 * DAY)


@pytest.fixture(scope="module")
def year() -> np.ndarray:
    """Return a wave through the composites of a year, 1 in winter."""
    return np.cos(2.0 * np.pi * (np.arange(46) * 8.0 + 4.0) / 365.0)


def test_every_mean_of_eight_days_is_kept(grid: HalfHours, year: np.ndarray) -> None:
    rng = np.random.default_rng(3)
    temperature = composites(287.0 - 13.0 * year + rng.normal(0.0, 2.0, 46))
    swing = composites(rng.uniform(4.0, 14.0, 46))
    fine = grid.temperature(temperature, swing)
    np.testing.assert_allclose(means(fine, temperature, grid), temperature.values, rtol=1e-12)
    light = composites(rng.uniform(60.0, 300.0, 46))
    np.testing.assert_allclose(
        means(grid.spread(light, grid.sun.irradiance), light, grid), light.values, rtol=1e-12
    )
    sky = composites(300.0 - 80.0 * year)
    np.testing.assert_allclose(means(grid.longwave(sky, fine), sky, grid), sky.values, rtol=1e-12)
    rain = composites(rng.exponential(2e-5, 46) * (rng.random(46) > 0.3))
    np.testing.assert_allclose(means(grid.rain(rain), rain, grid), rain.values, atol=1e-18)
    wind = composites(rng.uniform(0.3, 6.0, 46))
    course = grid.smooth(wind, lower=0.0, upper=75.0)
    np.testing.assert_allclose(means(course, wind, grid), wind.values, rtol=1e-10)


def test_the_diurnal_range_is_that_of_the_extremes_and_tops_in_the_afternoon(
    grid: HalfHours,
) -> None:
    level, swing = composites(np.full(46, 290.0)), composites(np.full(46, 12.0))
    fine = grid.temperature(level, swing)
    assert np.ptp(fine) == pytest.approx(12.0, abs=0.1)
    assert grid.solar_hour[int(np.argmax(fine))] == pytest.approx(14.5, abs=0.5)


def test_humidity_keeps_its_mean_where_air_can_hold_it(grid: HalfHours, year: np.ndarray) -> None:
    temperature = grid.temperature(composites(285.0 - 13.0 * year), composites(np.full(46, 15.0)))
    saturated = saturation_vapour_pressure(temperature)
    room = means(saturated, composites(np.zeros(46)), grid)
    wanted = composites(0.93 * room)
    vapour = grid.vapour(wanted, temperature)
    assert (vapour <= saturated * (1 + 1e-12)).all()
    np.testing.assert_allclose(means(vapour, wanted, grid), wanted.values, rtol=1e-9)
    full = grid.vapour(composites(1.2 * room), temperature)
    np.testing.assert_allclose(full[grid.inside], saturated[grid.inside], rtol=1e-9)


def test_rain_of_several_days_falls_on_some_afternoons(grid: HalfHours) -> None:
    total = 24.0
    values = np.zeros(46)
    values[20] = total / (8 * DAY)
    fine = grid.rain(composites(values))
    wet = np.flatnonzero(fine > 0.0)
    days = np.unique(grid.times[wet].astype("datetime64[D]"))
    assert days.size == 3
    assert ((grid.solar_hour[wet] >= 14.0) & (grid.solar_hour[wet] < 20.0)).all()
    assert fine.sum() * 1800.0 == pytest.approx(total)


def test_means_around_a_moment_reach_beyond_the_year() -> None:
    starts = BEGIN - np.timedelta64(5400, "s") + np.arange(2921) * np.timedelta64(10800, "s")
    grid = HalfHours(BEGIN, END, 36.0, 115.0)
    values = np.where(np.arange(2921) % 8 < 4, 100.0, 300.0)
    series = PointSeries(starts, np.full(2921, 10800), values)
    fine = grid.spread(series, np.ones(grid.times.size))
    assert fine[grid.inside][:3] == pytest.approx([100.0] * 3)
    assert fine[grid.inside].size == 365 * 48


def test_moments_are_joined_by_lines_within_bounds() -> None:
    grid = HalfHours(BEGIN, BEGIN + np.timedelta64(DAY, "s"), 36.0, 115.0)
    starts = BEGIN + np.arange(9) * np.timedelta64(10800, "s")
    series = PointSeries(starts, np.zeros(9, np.int64), np.arange(9.0))
    fine = grid.smooth(series, lower=0.0)[grid.inside]
    assert fine[0] == pytest.approx(1.0 / 12.0)
    assert np.diff(fine) == pytest.approx(np.full(47, 1.0 / 6.0))
