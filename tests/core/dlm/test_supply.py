import numpy as np
import pytest
import xarray as xr

from fluxscape.dlm import parameters_for, run_dlm
from fluxscape.dlm._supply import water_from_elsewhere
from helpers.dlm_climates import CLIMATES, climate_dataset

PLACE = {"latitude": 42.0, "longitude": 0.0}
CROP = parameters_for("CRO")


@pytest.fixture
def dry() -> xr.Dataset:
    data = climate_dataset(CLIMATES["temperate summer"], days=60)
    data["precipitation_flux"] = data["precipitation_flux"] * 0.0
    return data.assign_attrs(data_status="observed")


def with_heat(data: xr.Dataset, watts: float) -> xr.Dataset:
    flux = np.full(data.sizes["time"], watts)
    return data.assign(latent_heat_flux=("time", flux, {"units": "W m-2"}))


def test_evapotranspiration_beyond_rain_and_soil_tells_of_irrigation(dry: xr.Dataset) -> None:
    # 60 days of 120 W m-2 are 254 mm; the first metre of loam gives 153 mm.
    text = water_from_elsewhere(with_heat(dry, 120.0), CROP)
    assert text.startswith("measured evapotranspiration, 25")
    assert "0 mm of rain and 153 mm in the first metre" in text


def test_what_the_soil_can_give_tells_of_nothing(dry: xr.Dataset) -> None:
    assert water_from_elsewhere(with_heat(dry, 60.0), CROP) == ""
    assert water_from_elsewhere(dry, CROP) == ""
    few = with_heat(dry, 120.0)
    few["latent_heat_flux"][: few.sizes["time"] * 2 // 3] = np.nan
    assert water_from_elsewhere(few, CROP) == ""


def test_nights_without_fluxes_and_gaps_in_rain_tell_of_nothing(dry: xr.Dataset) -> None:
    hour = dry["time"].dt.hour.to_numpy()
    day = (hour >= 6) & (hour < 18)
    # 120 W m-2 by day and none by night are 127 mm; nights of which nine in ten are missing.
    sun = with_heat(dry, 0.0)
    sun["latent_heat_flux"][day] = 120.0
    assert water_from_elsewhere(sun, CROP) == ""
    rare = sun.copy(deep=True)
    rare["latent_heat_flux"][~day & (np.arange(day.size) % (48 * 10) >= 48)] = np.nan
    assert water_from_elsewhere(rare, CROP) == ""
    # Rain known on two days of three counts for all of them.
    wet = with_heat(dry, 120.0)
    wet["precipitation_flux"][:] = 30.0 / (60.0 * 86400.0)
    assert water_from_elsewhere(wet, CROP) == ""
    wet["precipitation_flux"][: wet.sizes["time"] // 3] = np.nan
    assert water_from_elsewhere(wet, CROP) == ""
    wet["precipitation_flux"][:] = np.nan
    assert water_from_elsewhere(wet, CROP) == ""


def test_an_irrigated_record_runs_with_moist_soil_and_says_why(dry: xr.Dataset) -> None:
    data = with_heat(dry, 120.0)
    run = run_dlm(data, CROP, **PLACE)
    assert run.attrs["soil_water"] == "held at field capacity"
    assert "irrigation" in run.attrs["soil_water_reason"]
    fed = run_dlm(data, CROP, **PLACE, hold_soil_water=False)
    assert fed.attrs["soil_water"] == "simulated"
    assert fed.attrs["soil_water_reason"] == ""
    assert float(fed["irrigation"].max()) == 0.0
