import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError
from fluxscape.meteorology.interval_means import course_of_means
from fluxscape.meteorology.refinement import COARSE_STEPS, refine_forcing
from fluxscape.vocabulary import VARIABLES
from helpers.dlm_climates import CLIMATES, climate_dataset

PLACE = {"latitude": 42.0, "longitude": 0.0}
NAMES = (
    "air_temperature",
    "surface_downwelling_shortwave_flux",
    "surface_downwelling_longwave_flux",
    "vapour_pressure_deficit",
    "wind_speed",
    "air_pressure",
    "precipitation_flux",
    "carbon_dioxide_mole_fraction",
)


def coarse(fine: xr.Dataset, step: int) -> xr.Dataset:
    """Return means of a half-hourly dataset over longer steps."""
    factor = step // 1800
    data = fine.coarsen(time=factor).mean()
    data = data.assign_coords(time=fine["time"].to_numpy()[::factor])
    for name in data.data_vars:
        data[name].attrs = fine[name].attrs
    return data.assign_attrs(fine.attrs | {"time_step_seconds": step})


@pytest.fixture(scope="module")
def summer() -> xr.Dataset:
    data = climate_dataset(CLIMATES["temperate summer"], days=12)
    return data.drop_vars([name for name in data.data_vars if name.endswith("_quality")])


@pytest.mark.parametrize("step", COARSE_STEPS)
def test_every_mean_of_the_coarse_series_comes_out(summer: xr.Dataset, step: int) -> None:
    given_means = coarse(summer, step)
    back = coarse(refine_forcing(given_means, **PLACE), step)
    for name in NAMES:
        np.testing.assert_allclose(back[name], given_means[name], rtol=1e-9, atol=1e-12)


def test_a_day_gets_a_sun_and_a_warm_afternoon(summer: xr.Dataset) -> None:
    fine = refine_forcing(coarse(summer, 86400), **PLACE)
    hour = fine["time"].dt.hour + fine["time"].dt.minute / 60
    course = fine["air_temperature"].groupby(hour).mean()
    assert float(course["group"][int(np.argmax(course.to_numpy()))]) == pytest.approx(14.5, abs=1.0)
    assert 2.0 <= float(course.max() - course.min()) <= 20.0
    light = fine["surface_downwelling_shortwave_flux"].where((hour < 3) | (hour > 21), drop=True)
    assert float(light.max()) == 0.0
    assert fine.attrs["refined_from_step_seconds"] == 86400
    assert "Bristow" in json.loads(fine.attrs["refinement"])["air_temperature"]


def test_three_hours_of_a_real_course_come_back_nearly(summer: xr.Dataset) -> None:
    fine = refine_forcing(coarse(summer, 10800), **PLACE)
    error = fine["air_temperature"] - summer["air_temperature"]
    assert float(np.abs(error).max()) < 1.5
    light = fine["surface_downwelling_shortwave_flux"]
    assert float(np.corrcoef(light, summer["surface_downwelling_shortwave_flux"])[0, 1]) > 0.98


def test_days_of_the_local_calendar_begin_at_local_midnight(summer: xr.Dataset) -> None:
    days = coarse(summer, 86400).assign_attrs(time_reference="start of step, local calendar date")
    fine = refine_forcing(days, latitude=42.0, longitude=120.0)
    first = days["time"].to_numpy()[0] - np.timedelta64(8, "h")
    assert fine["time"].to_numpy()[0] == first
    assert fine.attrs["time_reference"] == "start of step, UTC"


def test_a_missing_interval_stays_missing(summer: xr.Dataset) -> None:
    data = coarse(summer, 10800)
    data["wind_speed"][5] = np.nan
    fine = refine_forcing(data, **PLACE)["wind_speed"].to_numpy().reshape(-1, 6)
    assert np.isnan(fine[5]).all()
    assert np.isfinite(np.delete(fine, 5, axis=0)).all()


def test_every_value_says_that_it_was_made(summer: xr.Dataset) -> None:
    fine = refine_forcing(coarse(summer, 21600), **PLACE)
    assert all((fine[f"{name}_quality"] == 3).all() for name in NAMES)


def test_uneven_steps_are_refused(summer: xr.Dataset) -> None:
    data = coarse(summer, 10800)
    with pytest.raises(DimsError, match="time steps are 10800, 21600 s"):
        refine_forcing(data.isel(time=[0, 1, 3, 4]), **PLACE)
    with pytest.raises(OutOfBoundsError, match="part of an hour"):
        refine_forcing(data, **PLACE, step_seconds=1000)
    with pytest.raises(MissingVariableError, match="air_temperature"):
        refine_forcing(data.drop_vars("air_temperature"), **PLACE)


@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=12),
    st.integers(1, 40),
)
def test_courses_keep_means_and_bounds(means: list[float], factor: int) -> None:
    interval = np.repeat(np.arange(len(means)), factor)
    course = course_of_means(np.array(means), interval, lower=-60.0, upper=60.0)
    np.testing.assert_allclose(course.reshape(-1, factor).mean(axis=1), means, atol=1e-9)
    assert course.min() >= -60.0
    assert course.max() <= 60.0


def test_a_straight_line_stays_straight() -> None:
    interval = np.repeat(np.arange(6), 10)
    course = course_of_means(4.5 + 10.0 * np.arange(6), interval)
    np.testing.assert_allclose(course, np.arange(60.0), atol=1e-9)


def test_names_are_those_of_the_vocabulary(summer: xr.Dataset) -> None:
    fine = refine_forcing(coarse(summer, 10800), **PLACE)
    for name in NAMES:
        assert fine[name].attrs["units"] == VARIABLES[name].units
