import json

import numpy as np
import pytest

from fluxscape.dlm import parameters_for, prepare_forcing, run_dlm
from fluxscape.dlm._phenology import day_length, seasonal_leaf_area
from fluxscape.errors import (
    DimsError,
    FileFormatError,
    MissingVariableError,
    OutOfBoundsError,
    UnitsError,
)
from fluxscape.meteorology.clock import clock_shift
from fluxscape.meteorology.estimates import annual_carbon_dioxide, clear_sky_longwave
from fluxscape.meteorology.gaps import fill_gaps
from helpers.dlm_climates import CLIMATES, climate_dataset

PLACE = {"latitude": 42.0, "longitude": 0.0}


@pytest.fixture
def data():
    return climate_dataset(CLIMATES["temperate summer"], days=20)


def prepare(data, **options):
    return prepare_forcing(data, parameters_for("DBF"), **(PLACE | options))


def test_complete_forcing_passes_unfilled(data):
    prepared = prepare(data)
    assert prepared.fills == {}
    assert prepared.arrays.air_temperature[0].tolist() == data["air_temperature"].values.tolist()
    assert prepared.rain_known
    assert prepared.clock_shift == pytest.approx(0.0, abs=0.25)


@pytest.mark.parametrize(
    ("dropped", "method"),
    [
        ("surface_downwelling_longwave_flux", "Prata"),
        ("wind_speed", "assumed 2.5 m s-1"),
        ("air_pressure", "standard atmosphere"),
        ("carbon_dioxide_mole_fraction", "annual means"),
        ("leaf_area_index", "growing season index"),
        ("precipitation_flux", "hold_soil_water"),
    ],
)
def test_what_is_missing_is_filled_and_said(data, dropped, method):
    prepared = prepare(data.drop_vars(dropped))
    assert prepared.fills[dropped]["share"] == 1.0
    assert method in prepared.fills[dropped]["method"]
    assert (prepared.quality[dropped] == 3).all()


@pytest.mark.parametrize(
    "dropped",
    ["air_temperature", "surface_downwelling_shortwave_flux", "vapour_pressure_deficit"],
)
def test_what_is_needed_is_asked_for(data, dropped):
    with pytest.raises(MissingVariableError, match=dropped):
        prepare(data.drop_vars(dropped))


def test_relative_humidity_and_photons_stand_in(data):
    humid = data.drop_vars("vapour_pressure_deficit")
    humid["relative_humidity"] = ("time", np.full(data.sizes["time"], 0.65), {"units": "1"})
    shortwave = data["surface_downwelling_shortwave_flux"]
    humid["photosynthetic_photon_flux_density"] = (shortwave * 0.5 * 4.57).assign_attrs(
        units="umol m-2 s-1"
    )
    prepared = prepare(humid.drop_vars("surface_downwelling_shortwave_flux"))
    whole = prepare(data)
    assert prepared.arrays.shortwave_down == pytest.approx(whole.arrays.shortwave_down)
    assert prepared.arrays.vapour_pressure == pytest.approx(whole.arrays.vapour_pressure)
    assert "photons" in prepared.fills["surface_downwelling_shortwave_flux"]["method"]


def test_gaps_are_filled_by_length_and_flagged(data):
    values = data["air_temperature"].to_numpy().copy()
    values[100:103] = np.nan
    values[300:360] = np.nan
    data["air_temperature"] = ("time", values, {"units": "K"})
    prepared = prepare(data)
    quality = prepared.quality["air_temperature"]
    assert quality[101] == 1
    assert quality[330] == 2
    assert quality[400] == 0
    truth = climate_dataset(CLIMATES["temperate summer"], days=20)["air_temperature"].to_numpy()
    assert np.abs(prepared.arrays.air_temperature[0] - truth).max() < 0.5
    assert prepared.fills["air_temperature"]["share"] == pytest.approx(63 / 960, abs=1e-5)


def test_values_that_the_file_filled_are_flagged_as_such(data):
    flags = np.zeros(data.sizes["time"], np.int8)
    flags[::4] = 2
    flags[1::4] = -1
    data["wind_speed_quality"] = ("time", flags)
    prepared = prepare(data.isel(time=np.delete(np.arange(960), 500)))
    quality = prepared.quality["wind_speed"]
    assert (quality[::4][:100] == 2).all()
    assert (quality[1::4] == 0).all()
    assert quality[500] == 1
    fill = prepared.fills["wind_speed"]
    assert fill["share_filled_in_file"] == pytest.approx(239 / 960, abs=1e-5)
    assert fill["share"] == pytest.approx(1 / 960, abs=1e-5)


def test_gaps_of_radiation_follow_the_sun(data):
    values = data["surface_downwelling_shortwave_flux"].to_numpy()
    gappy = values.copy()
    gappy[200:296] = np.nan
    gappy[values < 1.0] = np.nan
    data["surface_downwelling_shortwave_flux"] = ("time", gappy, {"units": "W m-2"})
    filled = prepare(data).arrays.shortwave_down[0]
    assert filled == pytest.approx(values, abs=1.5)


def test_a_series_of_almost_nothing_is_refused(data):
    values = np.full(data.sizes["time"], np.nan)
    values[:20] = 290.0
    data["air_temperature"] = ("time", values, {"units": "K"})
    with pytest.raises(MissingVariableError, match="too few to fill"):
        prepare(data)


def test_left_out_steps_come_back_as_gaps(data):
    kept = np.delete(np.arange(960), slice(400, 410))
    prepared = prepare(data.isel(time=kept))
    assert prepared.times.size == 960
    assert (prepared.quality["wind_speed"][400:410] > 0).all()


def test_fill_gaps_leaves_what_is_there_and_reaches_the_ends():
    values = np.sin(np.arange(480) * 2 * np.pi / 48)
    gappy = values.copy()
    gappy[:60] = np.nan
    gappy[-5:] = np.nan
    filled, quality = fill_gaps(gappy, 1800)
    assert filled == pytest.approx(values, abs=1e-12)
    assert (quality[60:-5] == 0).all()
    assert (quality[:60] == 2).all()


@pytest.mark.parametrize("shift", [-8, -3, 2, 8])
def test_a_clock_in_local_time_is_refused(data, shift):
    moved = data.assign_coords(time=data["time"].to_numpy() + np.timedelta64(shift, "h"))
    with pytest.raises(FileFormatError, match=r"h (late|early) against the sun"):
        prepare(moved)


def test_a_clock_half_an_hour_off_passes_and_is_reported(data):
    moved = data.assign_coords(time=data["time"].to_numpy() + np.timedelta64(30, "m"))
    assert prepare(moved).clock_shift == pytest.approx(0.5, abs=0.25)


def test_the_clock_cannot_be_told_in_polar_night():
    night = climate_dataset(CLIMATES["polar night"], days=5)
    shift = clock_shift(
        night["time"].to_numpy(),
        1800,
        night["surface_downwelling_shortwave_flux"].to_numpy(),
        75.0,
        0.0,
    )
    assert np.isnan(shift)
    run_dlm(night, parameters_for("GRA"), latitude=75.0, longitude=0.0)


def test_bad_axes_steps_and_places_are_refused(data):
    with pytest.raises(DimsError, match="time step is 5400 s"):
        prepare(climate_dataset(CLIMATES["bare"], days=20, step_seconds=5400))
    times = data["time"].to_numpy().copy()
    times[5:] += np.timedelta64(7, "m")
    with pytest.raises(DimsError, match="not on one even step"):
        prepare(data.assign_coords(time=times))
    with pytest.raises(DimsError, match="wanted 'start of step, UTC'"):
        prepare(data.assign_attrs(time_reference="start of step, local time"))
    with pytest.raises(DimsError, match="two steps or more"):
        prepare(data.isel(time=[0]))
    with pytest.raises(OutOfBoundsError, match="latitude"):
        prepare(data, latitude=120.0)


def test_coarse_steps_are_refined_and_run():
    data = climate_dataset(CLIMATES["temperate summer"], days=20, step_seconds=10800)
    run = run_dlm(data, parameters_for("DBF"), **PLACE)
    assert run.sizes["time"] == 20 * 48
    assert run.attrs["refined_from_step_seconds"] == 10800
    assert (run["air_temperature_quality"] == 3).all()
    fine = climate_dataset(CLIMATES["temperate summer"], days=20)
    reference = run_dlm(fine, parameters_for("DBF"), **PLACE)
    for name in ("gross_primary_production", "latent_heat_flux"):
        assert float(run[name].mean()) == pytest.approx(float(reference[name].mean()), rel=0.05)


def test_the_clock_of_coarse_radiation_is_checked():
    data = climate_dataset(CLIMATES["temperate summer"], days=20, step_seconds=10800)
    with pytest.raises(FileFormatError, match="against the sun"):
        prepare(data, longitude=120.0)


def test_wrong_units_are_refused(data):
    data["air_temperature"].attrs["units"] = "Pa"
    with pytest.raises(UnitsError, match="air_temperature"):
        prepare(data)
    data["air_temperature"] = (data["air_temperature"] - 273.15).assign_attrs(units="K")
    with pytest.raises(OutOfBoundsError, match="air_temperature"):
        prepare(data)


def test_longwave_of_a_clear_sky_is_prata_s_and_clouds_add_to_it():
    temperature, vapour = np.full(48, 288.15), np.full(48, 1000.0)
    sun = np.maximum(np.sin(np.linspace(0, 2 * np.pi, 48)), 0.0) * 1200.0
    clear = clear_sky_longwave(temperature, vapour, 0.75 * sun, sun)
    water = 46.5 * 10.0 / 288.15
    emissivity = 1.0 - (1.0 + water) * np.exp(-np.sqrt(1.2 + 3.0 * water))
    assert clear == pytest.approx(emissivity * 5.670374e-8 * 288.15**4, rel=1e-6)
    cloudy = clear_sky_longwave(temperature, vapour, 0.2 * sun, sun)
    assert (cloudy > clear + 30.0).all()


def test_carbon_dioxide_follows_the_record():
    # NOAA global annual means: 1990 354.05, 2010 388.73, 2024 422.8 (tolerance of the fit).
    assert annual_carbon_dioxide(np.array([1990.0, 2010.0, 2024.0])) == pytest.approx(
        [354.05, 388.73, 422.8], abs=1.7
    )


def test_leaves_come_with_warmth_and_long_days():
    times = np.datetime64("2005-01-01", "ns") + np.arange(365 * 24) * np.timedelta64(1, "h")
    temperature = 280.0 - 15.0 * np.cos(2.0 * np.pi * np.arange(times.size) / times.size)
    share = seasonal_leaf_area(times, 3600, temperature, 45.0, 0.1)
    assert share.min() == pytest.approx(0.1)
    assert share.max() == pytest.approx(1.0)
    green = np.flatnonzero(share > 0.99) / 24
    assert 170 < green.mean() < 230
    # FAO-56, example 9: 20 degrees South on 3 September has 11.7 hours of daylight.
    assert day_length(np.array([245.0]), -20.0)[0] == pytest.approx(11.7, abs=0.05)


def test_the_output_holds_the_forcing_its_quality_and_its_fills(data):
    gappy = data.copy()
    gappy["wind_speed"] = data["wind_speed"].where(data["time"] != data["time"][50])
    gappy["wind_speed"].attrs["units"] = "m s-1"
    result = run_dlm(gappy, parameters_for("DBF"), **PLACE)
    assert int(result["wind_speed_quality"][50]) == 1
    assert json.loads(result.attrs["fills"])["wind_speed"]["share"] > 0.0
