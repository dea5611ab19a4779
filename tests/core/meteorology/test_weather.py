"""Simulated weather has the climatology's means, obeys physics, and depends on its seed alone."""

from __future__ import annotations

import dataclasses
import json
import time

import numpy as np
import pytest
import xarray as xr

from fluxscape.errors import OutOfBoundsError
from fluxscape.io.climatology import read_climatology
from fluxscape.meteorology import _weather_land as land
from fluxscape.meteorology._kernels_weather_steps import (
    clear_emissivity,
    sky_longwave,
    storm_share,
    temperature_course,
)
from fluxscape.meteorology._weather_calendar import calendar
from fluxscape.meteorology._weather_days import monthly_vapour_pressure
from fluxscape.meteorology.humidity import saturation_vapour_pressure
from fluxscape.meteorology.solar import sun_over_steps
from fluxscape.meteorology.weather import (
    PointClimate,
    WeatherArrays,
    WeatherParameters,
    point_climate,
    point_climates,
    simulate_weather,
    simulate_weather_arrays,
)
from fluxscape.vocabulary import VARIABLES

PLACES = {
    "Changbaishan": (42.4025, 128.0958),
    "Dinghushan": (23.1733, 112.5361),
    "Damxung": (30.85, 91.08),
    "Taklamakan": (40.0, 85.0),
    "Mohe": (53.0, 122.5),
    "Hainan": (19.2, 109.8),
}
YEARS = range(1981, 2011)


@pytest.fixture(scope="module")
def climates() -> dict[str, PointClimate]:
    climatology = read_climatology()
    return {name: point_climate(climatology, *place) for name, place in PLACES.items()}


@pytest.fixture(scope="module")
def year(climates) -> xr.Dataset:
    return simulate_weather(climates["Changbaishan"], start_year=2010, seed=1)


def monthly(weather: WeatherArrays, year: int) -> np.ndarray:
    """Return monthly means of temperature, rain [mm] and irradiance, shape (3, 12)."""
    count = weather.air_temperature.size
    times = np.datetime64(f"{year}-01-01") + np.arange(count) * np.timedelta64(1800, "s")
    month = times.astype("datetime64[M]").astype(int) % 12
    steps = np.bincount(month)
    return np.array(
        [
            np.bincount(month, weather.air_temperature) / steps,
            np.bincount(month, weather.precipitation_flux) * 1800,
            np.bincount(month, weather.surface_downwelling_shortwave_flux) / steps,
        ]
    )


class TestClimatology:
    @pytest.mark.parametrize("place", PLACES)
    def test_thirty_years_have_the_monthly_means_of_the_climatology(self, climates, place) -> None:
        climate = climates[place]
        means = np.mean(
            [
                monthly(simulate_weather_arrays(climate, y, seed=4, stability=False), y)
                for y in YEARS
            ],
            axis=0,
        )
        np.testing.assert_allclose(means[0], climate.air_temperature, atol=0.3)
        np.testing.assert_allclose(means[1], climate.precipitation, rtol=0.1)
        np.testing.assert_allclose(means[2], climate.irradiance_mean, rtol=0.05)

    def test_daily_irradiance_has_the_spread_of_the_climatology(self, climates) -> None:
        climate = climates["Changbaishan"]
        days = []
        for y in YEARS:
            weather = simulate_weather_arrays(climate, y, seed=4, stability=False)
            shortwave = weather.surface_downwelling_shortwave_flux.reshape(-1, 48).mean(axis=1)
            days.append(shortwave[181:212])
        found = np.quantile(np.concatenate(days), [0.05, 0.25, 0.5, 0.75, 0.95])
        wanted = climate.irradiance_quantiles[6][[0, 2, 3, 4, 6]]
        np.testing.assert_allclose(found, wanted, rtol=0.12)

    def test_points_are_sampled_in_rows_as_one_by_one(self, climates) -> None:
        latitudes, longitudes = np.array(list(PLACES.values())).T
        rows = point_climates(read_climatology(), latitudes, longitudes)
        for row, single in zip(rows, climates.values(), strict=True):
            np.testing.assert_array_equal(row.air_temperature, single.air_temperature)
            assert row.land_cover == single.land_cover

    def test_a_point_outside_china_is_refused(self) -> None:
        with pytest.raises(OutOfBoundsError, match="outside the embedded climatology"):
            point_climate(read_climatology(), 50.0, 10.0)

    def test_a_point_without_a_value_is_refused(self) -> None:
        class Sea:
            def values(self, latitude, longitude, names=None):
                whole = read_climatology().values(latitude, longitude, names)
                return whole | {"precipitation": np.full_like(whole["precipitation"], np.nan)}

        with pytest.raises(OutOfBoundsError, match="no precipitation at 30 N, 110 E"):
            point_climate(Sea(), 30.0, 110.0)


class TestDataset:
    def test_all_variables_are_there_with_units_and_bounds_of_the_vocabulary(self, climates):
        for climate in climates.values():
            dataset = simulate_weather(climate, start_year=2011, seed=2)
            assert set(dataset.data_vars) == set(WeatherArrays._fields)
            for name, array in dataset.data_vars.items():
                variable = VARIABLES[str(name)]
                assert array.attrs["units"] == variable.units
                assert np.isfinite(array).all()
                assert float(array.min()) >= variable.lower
                assert float(array.max()) <= variable.upper

    def test_it_says_that_it_is_simulated(self, year: xr.Dataset) -> None:
        assert year.attrs["data_status"] == "simulated"
        assert "simulated weather" in year.attrs["source"]
        assert year.attrs["seed"] == 1
        assert json.loads(year.attrs["parameters"])["albedo"] == 0.2

    def test_times_are_utc_starts_of_steps(self, year: xr.Dataset) -> None:
        times = year["time"].to_numpy()
        assert times[0] == np.datetime64("2010-01-01T00:00")
        assert times[-1] == np.datetime64("2010-12-31T23:30")
        assert year.attrs["time_reference"] == "start of step, UTC"
        assert year.attrs["time_step_seconds"] == 1800

    @pytest.mark.parametrize("step", [600, 900, 1200, 1800, 3600])
    def test_steps_and_leap_years(self, climates, step: int) -> None:
        weather = simulate_weather_arrays(climates["Damxung"], 2012, seed=1, step_seconds=step)
        assert weather.air_temperature.size == 366 * 86400 // step
        assert all(np.isfinite(values).all() for values in weather)


class TestRandomness:
    def test_a_seed_gives_the_same_weather_and_another_seed_another(self, climates) -> None:
        climate = climates["Damxung"]
        first, again, other = (
            simulate_weather_arrays(climate, 2005, seed=seed) for seed in (3, 3, 4)
        )
        for a, b in zip(first, again, strict=True):
            np.testing.assert_array_equal(a, b)
        assert not np.array_equal(first.air_temperature, other.air_temperature)

    def test_a_year_does_not_depend_on_the_years_before_it(self, climates) -> None:
        climate = climates["Hainan"]
        long = simulate_weather(climate, start_year=2003, years=3, seed=9)
        short = simulate_weather(climate, start_year=2005, seed=9)
        xr.testing.assert_equal(long.sel(time="2005"), short)

    def test_neighbours_have_their_own_weather(self, climates) -> None:
        here = climates["Damxung"]
        there = dataclasses.replace(here, longitude=here.longitude + 0.01)
        a = simulate_weather_arrays(here, 2005, seed=3).air_temperature
        b = simulate_weather_arrays(there, 2005, seed=3).air_temperature
        assert abs(np.corrcoef(a - np.roll(a, 48), b - np.roll(b, 48))[0, 1]) < 0.2

    def test_the_dataset_holds_the_arrays_to_the_last_bit(self, climates, year) -> None:
        arrays = simulate_weather_arrays(climates["Changbaishan"], 2010, seed=1)
        for name, values in arrays._asdict().items():
            np.testing.assert_array_equal(year[name], values)

    def test_without_stability_the_rest_is_the_same(self, climates) -> None:
        full = simulate_weather_arrays(climates["Changbaishan"], 2010, seed=1)
        fast = simulate_weather_arrays(climates["Changbaishan"], 2010, seed=1, stability=False)
        np.testing.assert_array_equal(full.wind_speed, fast.wind_speed)
        assert np.isnan(fast.friction_velocity).all()


class TestPhysics:
    def test_nights_are_dark_and_days_below_the_irradiance_outside(self, year) -> None:
        sun = sun_over_steps(year["time"].to_numpy(), 1800, *PLACES["Changbaishan"]).irradiance
        shortwave = year["surface_downwelling_shortwave_flux"].to_numpy()
        assert shortwave[sun == 0].max() < 1.0
        lit = sun > 50
        assert (shortwave[lit] < sun[lit]).all()

    def test_wet_days_are_darker_and_moister(self, year) -> None:
        day = year.resample(time="1D").mean()
        summer = day.sel(time=slice("2010-06-01", "2010-08-31"))
        wet = summer["precipitation_flux"].to_numpy() * 86400 > 1.0
        for name, sign in (
            ("surface_downwelling_shortwave_flux", -1),
            ("relative_humidity", 1),
        ):
            values = summer[name].to_numpy()
            assert sign * (values[wet].mean() - values[~wet].mean()) > 0

    def test_afternoons_are_warmest(self, year) -> None:
        solar_hour = (year["time"].dt.hour + PLACES["Changbaishan"][1] / 15) % 24
        course = year["air_temperature"].groupby(np.floor(solar_hour)).mean().to_numpy()
        assert 12 <= int(np.argmax(course)) <= 16
        assert 3 <= int(np.argmin(course)) <= 7

    def test_heat_flux_and_obukhov_length_have_opposite_signs(self, year) -> None:
        assert (year["sensible_heat_flux"] * year["obukhov_length"] < 0).all()

    def test_humidity_and_deficit_agree(self, year) -> None:
        saturated = saturation_vapour_pressure(year["air_temperature"].to_numpy())
        deficit = saturated * (1 - year["relative_humidity"].to_numpy())
        np.testing.assert_allclose(year["vapour_pressure_deficit"], deficit, atol=1e-6)

    def test_winter_wind_of_north_china_comes_from_the_north_west(self) -> None:
        winter, summer = land.prevailing_wind(40.0, 116.0, np.array([0.05, 0.55]))
        assert 270 < winter < 360
        assert 90 < summer < 200

    def test_leaves_follow_the_season_and_evergreens_keep_theirs(self, climates) -> None:
        deciduous = simulate_weather(climates["Changbaishan"], start_year=2010, seed=1)
        evergreen = simulate_weather(climates["Dinghushan"], start_year=2010, seed=1)
        leaves = deciduous["leaf_area_index"].groupby("time.month").mean()
        assert float(leaves.sel(month=7)) > 3.0
        assert float(leaves.sel(month=1)) < 0.5
        assert float(evergreen["leaf_area_index"].min()) > 0.5 * float(
            evergreen["leaf_area_index"].max()
        )

    def test_high_stations_have_thin_air(self, climates) -> None:
        weather = simulate_weather_arrays(climates["Damxung"], 2010, seed=1)
        assert weather.air_pressure.mean() == pytest.approx(55_500, rel=0.02)

    def test_humidity_of_the_months_follows_the_quantiles_of_the_year(self, climates) -> None:
        climate = climates["Dinghushan"]
        density = np.sort(monthly_vapour_pressure(climate) / climate.air_temperature / 461.5)
        low, middle, high = climate.vapour_density
        assert density[0] < low < density[3]
        assert density[5] < middle < density[6] or density[5] == pytest.approx(middle, rel=0.2)
        assert density[8] < high * 1.01


class TestHeights:
    def test_heights_are_kept_and_set_the_friction(self, climates) -> None:
        low = simulate_weather(
            climates["Damxung"], start_year=2010, seed=1, measurement_height=3.0, canopy_height=0.1
        )
        rough = simulate_weather(
            climates["Damxung"], start_year=2010, seed=1, measurement_height=3.0, canopy_height=0.8
        )
        assert low.attrs["measurement_height"] == 3.0
        assert float(rough["friction_velocity"].mean()) > float(low["friction_velocity"].mean())

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"measurement_height": 10.0, "canopy_height": 20.0}, "must lie above 17.4 m"),
            ({"canopy_height": 500.0}, "canopy_height = 500"),
            ({"step_seconds": 7}, "step_seconds"),
            ({"seed": -1}, "seed"),
            ({"years": 0}, "years"),
            ({"start_year": 2300}, "carbon dioxide is known"),
        ],
    )
    def test_impossible_requests_are_refused(self, climates, arguments, message) -> None:
        wanted = {"start_year": 2010, "seed": 1} | arguments
        with pytest.raises(OutOfBoundsError, match=message):
            simulate_weather(climates["Changbaishan"], **wanted)


class TestParts:
    @pytest.mark.kernel
    def test_the_course_of_temperature_has_no_mean_and_a_range_of_one(self) -> None:
        course = np.array([temperature_course(hour) for hour in np.arange(0, 24, 0.05)])
        assert course.mean() == pytest.approx(0.0, abs=1e-12)
        assert np.ptp(course) == pytest.approx(1.0, abs=0.05)

    @pytest.mark.kernel
    def test_a_storm_is_shared_out_without_loss(self) -> None:
        hours = np.linspace(0, 24, 49)
        shares = np.diff([storm_share(hour, 3.3, 7.7) for hour in hours])
        assert shares.sum() == pytest.approx(1.0, abs=1e-12)
        assert (shares >= 0).all()

    @pytest.mark.kernel
    def test_the_sky_of_print(self) -> None:
        # Brutsaert 1975: 1.24 (10 hPa / 283.15 K)^(1/7) = 0.769; an overcast sky is black.
        assert clear_emissivity(1000.0, 283.15) == pytest.approx(0.7694, abs=1e-3)
        assert sky_longwave(1000.0, 283.15, 1.0) == pytest.approx(5.670374e-8 * 283.15**4)

    @pytest.mark.parametrize("year", [2011, 2012])
    @pytest.mark.parametrize("longitude", [11610, 0, -11157])
    def test_monthly_means_spread_over_days_keep_their_means(self, year, longitude) -> None:
        days = calendar(year, longitude)
        wanted = np.array([-10.0, -5, 2, 9, 15, 20, 23, 22, 16, 8, 0, -8])
        spread = (days.smooth @ wanted)[days.utc_days]
        month = days.month[days.utc_days]
        means = np.bincount(month, spread) / np.bincount(month)
        np.testing.assert_allclose(means, wanted, atol=0.15)
        assert spread.size == days.length

    @pytest.mark.kernel
    def test_an_hourly_year_is_whole_without_the_compiler(self) -> None:
        climate = _mild_climate()
        weather = simulate_weather_arrays(
            climate, 2011, seed=1, step_seconds=3600, carbon_dioxide=400.0
        )
        assert weather.air_temperature.size == 8760
        assert all(np.isfinite(values).all() for values in weather)
        assert weather.air_temperature.mean() == pytest.approx(288.15, abs=1.5)
        assert weather.precipitation_flux.sum() * 3600 == pytest.approx(720, rel=0.35)

    def test_every_assumption_states_its_source(self) -> None:
        for row in WeatherParameters.table():
            assert row.source
            assert row.unit
            assert row.description
            assert row.group


def _mild_climate() -> PointClimate:
    """Return a climate without seasons, which needs no file."""
    irradiance = np.full(12, 180.0)
    shares = np.array([0.4, 0.5, 0.75, 1.05, 1.27, 1.4, 1.45])
    return PointClimate(
        latitude=30.0,
        longitude=110.0,
        elevation=100.0,
        air_temperature=np.full(12, 288.15),
        precipitation=np.full(12, 60.0),
        irradiance_mean=irradiance,
        irradiance_quantiles=irradiance[:, None] * shares,
        vapour_density=np.array([0.006, 0.009, 0.011]),
        land_cover=12,
        ndvi_minimum=0.2,
        ndvi_maximum=0.7,
    )


def test_a_site_year_takes_less_than_fifty_milliseconds_of_a_processor(climates) -> None:
    climate = climates["Changbaishan"]
    simulate_weather_arrays(climate, 2000, seed=1)
    walls = []
    for year in range(2001, 2009):
        start = time.process_time()
        simulate_weather_arrays(climate, year, seed=1)
        walls.append(time.process_time() - start)
    assert min(walls) < 0.05
