"""The sun agrees with the solar position algorithm of pvlib and with its own closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pvlib
import pytest

from fluxscape.constants import SOLAR_CONSTANT
from fluxscape.errors import OutOfBoundsError
from fluxscape.meteorology.solar import daily_irradiance, solar_zenith, sun_over_steps

PLACES = [(42.4, 128.1), (21.9, 101.2), (30.5, 91.1), (66.0, -150.0), (-35.0, 149.0), (0.0, 0.0)]


def hours(start: str, count: int, minutes: int = 60) -> np.ndarray:
    return np.datetime64(start, "ns") + np.arange(count) * np.timedelta64(minutes, "m")


@pytest.mark.kernel
@pytest.mark.parametrize(("latitude", "longitude"), PLACES)
def test_zenith_agrees_with_the_solar_position_algorithm(latitude, longitude) -> None:
    times = hours("2011-01-01T00:10", 300, minutes=60 * 29)
    reference = pvlib.solarposition.get_solarposition(
        pd.DatetimeIndex(times, tz="UTC"), latitude, longitude, method="nrel_numpy"
    )["zenith"].to_numpy()
    ours = np.degrees(solar_zenith(times, latitude, longitude))
    np.testing.assert_allclose(ours, reference, atol=0.02)


def test_irradiance_outside_the_atmosphere_agrees_with_pvlib() -> None:
    times = hours("2005-01-01T12:00", 365, minutes=1440)
    ours = daily_irradiance(times, 35.0)
    normal = pvlib.irradiance.get_extra_radiation(
        pd.DatetimeIndex(times), solar_constant=SOLAR_CONSTANT, method="nrel"
    ).to_numpy()
    zenith = np.degrees(solar_zenith(hours("2005-01-01", 365 * 288, minutes=5), 35.0, 0.0))
    cosine = np.maximum(np.cos(np.radians(zenith)), 0.0).reshape(365, 288).mean(axis=1)
    np.testing.assert_allclose(ours, normal * cosine, rtol=2e-3)


@pytest.mark.kernel
@pytest.mark.parametrize(("latitude", "longitude"), PLACES)
@pytest.mark.parametrize("minutes", [30, 60, 1440])
def test_means_over_steps_are_the_integral_of_the_cosine(latitude, longitude, minutes) -> None:
    starts = hours("2012-06-20T00:00", 1440 // minutes * 2, minutes=minutes)
    parts = (np.arange(minutes * 2) + 0.5) * 30
    means = []
    for start in starts:
        moments = start + (parts * 1e9).astype("timedelta64[ns]")
        means.append(np.maximum(np.cos(solar_zenith(moments, latitude, longitude)), 0.0).mean())
    found = sun_over_steps(starts, minutes * 60, latitude, longitude)
    np.testing.assert_allclose(found.irradiance / 1317.0, means, atol=2e-3)


def test_the_mean_of_the_half_hours_is_the_mean_of_the_day() -> None:
    starts = hours("2003-03-05T00:00", 48, minutes=30)
    # At longitude 0 the solar day is the UTC day but for the equation of time.
    steps = sun_over_steps(starts, 1800, 42.0, 0.0).irradiance
    day = daily_irradiance(np.array(["2003-03-05T12:00"], dtype="datetime64[ns]"), 42.0)
    assert steps.mean() == pytest.approx(float(day[0]), rel=1e-3)


def test_the_lit_mean_of_the_cosine_is_taken_over_the_lit_part_only() -> None:
    starts = hours("2003-03-21T05:00", 4, minutes=60)
    found = sun_over_steps(starts, 3600, 0.0, 0.0)
    # The sun rises near 06:07: it lights 53 minutes of the second hour.
    lit = found.cosine_zenith[1] / (found.irradiance[1] / 1370.0)
    assert found.cosine_zenith[0] == 0.0
    assert lit == pytest.approx(60 / 53, rel=0.02)


def test_polar_night_and_polar_day() -> None:
    winter = hours("2003-12-21T00:00", 48, minutes=30)
    summer = hours("2003-06-21T00:00", 48, minutes=30)
    assert sun_over_steps(winter, 1800, 80.0, 20.0).irradiance.max() == 0.0
    assert sun_over_steps(summer, 1800, 80.0, 20.0).irradiance.min() > 0.0


def test_a_known_daily_mean_from_print() -> None:
    # FAO-56, example 8: 3 September at 20 degrees south, 32.2 MJ m-2 d-1 with 1367 W m-2; its
    # declination is half a degree off.
    day = np.array(["1999-09-03T12:00"], dtype="datetime64[ns]")
    megajoule = float(daily_irradiance(day, -20.0)[0]) * 0.0864 * 1367.0 / SOLAR_CONSTANT
    assert megajoule == pytest.approx(32.2, abs=0.45)


@pytest.mark.parametrize(("latitude", "longitude"), [(91.0, 0.0), (0.0, 400.0)])
def test_a_point_off_the_globe_is_refused(latitude: float, longitude: float) -> None:
    with pytest.raises(OutOfBoundsError, match="wanted -90 to 90"):
        solar_zenith(hours("2000-01-01", 1), latitude, longitude)


def test_a_step_longer_than_a_day_is_refused() -> None:
    with pytest.raises(OutOfBoundsError, match="step_seconds"):
        sun_over_steps(hours("2000-01-01", 1), 90000, 40.0, 100.0)
