import json

import numpy as np
import pytest
import xarray as xr

from fluxscape.errors import DimsError, MissingVariableError
from fluxscape.io.climatology import read_climatology
from fluxscape.meteorology.monthly import COMPLETED, complete_from_monthly
from fluxscape.meteorology.weather import point_climate, simulate_weather

PLACE = {"latitude": 26.74, "longitude": 115.06}
ADDED = (
    "surface_downwelling_longwave_flux",
    "precipitation_flux",
    "wind_speed",
    "air_pressure",
    "carbon_dioxide_mole_fraction",
)


@pytest.fixture(scope="module")
def year() -> xr.Dataset:
    climate = point_climate(read_climatology(), PLACE["latitude"], PLACE["longitude"])
    return simulate_weather(climate, start_year=2005, seed=3)


def monthly_means(data: xr.Dataset) -> xr.Dataset:
    """Return means over the months of the local calendar, eight hours before UTC."""
    local = data.assign_coords(time=data["time"].to_numpy() + np.timedelta64(8, "h"))
    means = local[list(ADDED)].resample(time="MS").mean()
    for name in ADDED:
        means[name].attrs = data[name].attrs
    return means


@pytest.fixture(scope="module")
def completed(year: xr.Dataset) -> xr.Dataset:
    half_hours = year.drop_vars(list(ADDED))
    return complete_from_monthly(half_hours, monthly_means(year), **PLACE)


def test_every_monthly_mean_comes_out(year: xr.Dataset, completed: xr.Dataset) -> None:
    wanted, found = monthly_means(year), monthly_means(completed)
    for name in ADDED:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-9, atol=1e-12)


def test_longwave_follows_the_hours(year: xr.Dataset, completed: xr.Dataset) -> None:
    name = "surface_downwelling_longwave_flux"
    assert float(np.corrcoef(year[name], completed[name])[0, 1]) > 0.8


def test_rain_falls_on_cloudy_days(completed: xr.Dataset) -> None:
    daily = completed[["precipitation_flux", "surface_downwelling_shortwave_flux"]]
    daily = daily.resample(time="MS").map(lambda month: month.resample(time="D").mean())
    wet = daily["precipitation_flux"] > 0
    light = daily["surface_downwelling_shortwave_flux"]
    assert 0.05 < float(wet.mean()) < 0.8
    assert float(light.where(wet).mean()) < float(light.where(~wet).mean())


def test_what_was_added_is_flagged_and_named(completed: xr.Dataset) -> None:
    said = json.loads(completed.attrs["completed_from_monthly"])
    assert set(said) == set(ADDED)
    assert "assumed" in said["precipitation_flux"]
    assert all((completed[f"{name}_quality"] == 3).all() for name in ADDED)


def test_what_the_half_hours_have_is_kept(year: xr.Dataset) -> None:
    half_hours = year.drop_vars("precipitation_flux")
    out = complete_from_monthly(half_hours, monthly_means(year), **PLACE)
    assert list(json.loads(out.attrs["completed_from_monthly"])) == ["precipitation_flux"]
    assert out["wind_speed"].identical(year["wind_speed"])


def test_a_month_without_a_value_stays_missing(year: xr.Dataset) -> None:
    monthly = monthly_means(year)
    monthly["precipitation_flux"][6] = np.nan
    out = complete_from_monthly(year.drop_vars(list(ADDED)), monthly, **PLACE)
    local = out["time"].to_numpy() + np.timedelta64(8, "h")
    july = local.astype("datetime64[M]") == np.datetime64("2005-07")
    assert (np.isnan(out["precipitation_flux"].to_numpy()) == july).all()


def test_days_that_are_left_out_take_no_rain_with_them(year: xr.Dataset) -> None:
    half_hours = year.drop_vars(list(ADDED)).isel(time=slice(0, 48 * 59))
    days = np.arange(half_hours.sizes["time"]) // 48
    kept = half_hours.isel(time=~np.isin(days, [0, 3, 4, 5, 40]))
    # A gap right after the first record must not pass for the step.
    kept = xr.concat([half_hours.isel(time=[0]), kept], "time", data_vars="minimal")
    out = complete_from_monthly(kept, monthly_means(year), **PLACE)
    found, wanted = monthly_means(out)["precipitation_flux"], monthly_means(year)
    np.testing.assert_allclose(found[:2], wanted["precipitation_flux"][:2], rtol=1e-9)


def test_months_that_do_not_fit_are_refused(year: xr.Dataset) -> None:
    monthly = monthly_means(year)
    later = monthly.assign_coords(time=monthly["time"].to_numpy() + np.timedelta64(3660, "D"))
    half_hours = year.drop_vars(list(ADDED))
    with pytest.raises(DimsError, match="no month is in both"):
        complete_from_monthly(half_hours, later, **PLACE)
    twice = xr.concat([monthly.isel(time=[0]), monthly.isel(time=[0])], "time")
    twice = twice.assign_coords(time=twice["time"].to_numpy() + np.array([0, 86400_000_000_000]))
    with pytest.raises(DimsError, match="comes twice"):
        complete_from_monthly(half_hours, twice, **PLACE)
    with pytest.raises(MissingVariableError, match="hold none of"):
        complete_from_monthly(year, monthly.drop_vars("precipitation_flux"), **PLACE)
    assert set(ADDED) <= set(COMPLETED)
