"""CMFD, ERA5-Land and mapped datasets: names, units, sums and times come out as the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from fluxscape.atlas.settings import ForcingSettings
from fluxscape.errors import (
    DimsError,
    FileFormatError,
    MissingVariableError,
    OutOfBoundsError,
    UnitsError,
)
from fluxscape.io.atomic import write_json
from fluxscape.io.forcing_files import find_index, forcing_rules, read_index
from fluxscape.io.forcing_index import ForcingIndex, index_forcing, rules_from_dict
from fluxscape.io.forcing_read import ForcingReader, Series
from fluxscape.io.forcing_rules import CMFD, ERA5_LAND, NORTH_CHINA, ForcingRules, read_mapping
from helpers.forcing_files import LATITUDE, LONGITUDE, Truth, write_cmfd, write_era5_land
from helpers.shared import shared_file

BEGIN, END = np.datetime64("2001-03-02", "s"), np.datetime64("2001-03-05", "s")
ROWS, COLUMNS = np.array([0, 2]), np.array([1, 3])


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth("2001-03-01", "2001-03-07")


def read(index: ForcingIndex, name: str, **options: bool) -> Series:
    reader = ForcingReader(index)
    try:
        return reader.series(name, BEGIN, END, ROWS, COLUMNS, **options)
    finally:
        reader.close()


def expected(truth: Truth, name: str, series: Series) -> np.ndarray:
    """Return the truth over the intervals of a series at the test's points."""
    if series.instant:
        values = truth.values(name, series.starts)
    else:
        hours = float(series.seconds[0]) / 3600.0
        values = truth.means(name, series.starts, 0.0, hours)
    return values[:, ROWS, COLUMNS]


PAIRS = {
    "air_temperature": "temperature",
    "surface_downwelling_shortwave_flux": "shortwave",
    "surface_downwelling_longwave_flux": "longwave",
    "precipitation_flux": "rain",
    "air_pressure": "pressure",
}


@pytest.mark.parametrize("kind", ["cmfd", "era5-land", "era5-land old"])
def test_a_door_gives_the_truth(kind: str, truth: Truth, tmp_path: Path) -> None:
    if kind == "cmfd":
        index = index_forcing(write_cmfd(truth, tmp_path), CMFD)
    else:
        files = write_era5_land(truth, tmp_path, new_names=kind == "era5-land")
        index = index_forcing(files, ERA5_LAND)
    np.testing.assert_allclose(index.latitude, LATITUDE)
    np.testing.assert_allclose(index.longitude, LONGITUDE)
    for name, source in PAIRS.items():
        series = read(index, name)
        wanted = expected(truth, source, series)
        coarse = 2e-4 if kind.endswith("old") else 2e-5
        slack = coarse * max(float(np.abs(truth.fields[source]).max()), 1e-9)
        # Differences of sums since midnight carry the rounding of the sums.
        slack *= 24.0 if not series.instant and kind != "cmfd" else 1.0
        np.testing.assert_allclose(series.values, wanted, rtol=0.0, atol=slack, err_msg=name)


def test_intervals_stand_where_the_conventions_put_them(truth: Truth, tmp_path: Path) -> None:
    cmfd = index_forcing(write_cmfd(truth, tmp_path), CMFD)
    hour = np.timedelta64(3600, "s")
    light = read(cmfd, "surface_downwelling_shortwave_flux")
    assert light.starts[0] == BEGIN - 1.5 * 3600 * np.timedelta64(1, "s")
    assert (light.seconds == 10800).all()
    rain = read(cmfd, "precipitation_flux")
    assert (rain.starts[0], rain.starts[-1]) == (BEGIN, END - 3 * hour)
    land = index_forcing(write_era5_land(truth, tmp_path), ERA5_LAND)
    light = read(land, "surface_downwelling_shortwave_flux")
    assert (light.starts[0], light.starts[-1]) == (BEGIN, END - hour)
    assert read(land, "air_temperature").instant


def test_the_index_survives_json(truth: Truth, tmp_path: Path) -> None:
    settings = ForcingSettings("era5-land", tuple(map(str, write_era5_land(truth, tmp_path))))
    index, checksum = find_index(settings)
    assert len(checksum) == 64
    write_json(index.to_dict(), tmp_path / "index.json", indent=None)
    again = read_index(tmp_path / "index.json")
    assert again.rules == index.rules
    for name, item in index.variables.items():
        np.testing.assert_array_equal(again.variables[name].stamps, item.stamps)
        assert again.variables[name].parts == item.parts


def test_files_of_months_and_zarr_are_one_series(truth: Truth, tmp_path: Path) -> None:
    path = write_era5_land(truth, tmp_path, new_names=False)[0]
    whole = xr.open_dataset(path).load()
    whole.close()
    for name in whole.variables:
        whole[name].encoding = {}
    first, second = tmp_path / "a.nc", tmp_path / "b.zarr"
    whole.isel(time=slice(0, 40)).to_netcdf(first, engine="netcdf4")
    whole.isel(time=slice(40, None)).to_zarr(second, zarr_format=3, consolidated=False)
    index = index_forcing([second, first], ERA5_LAND)
    one = index_forcing([path], ERA5_LAND)
    for name in PAIRS:
        np.testing.assert_allclose(read(index, name).values, read(one, name).values, rtol=1e-6)


def damaged(truth: Truth, tmp_path: Path, change: str) -> list[Path]:
    """Return CMFD files of which that of temperature is spoilt."""
    files = write_cmfd(truth, tmp_path)
    path = next(file for file in files if file.name.startswith("temp"))
    dataset = xr.open_dataset(path).load()
    dataset.close()
    dataset["temp"].encoding = {}
    if change == "gap":
        dataset = dataset.isel(time=[*range(10), *range(12, dataset.sizes["time"])])
    elif change == "units":
        dataset["temp"].attrs["units"] = "W m-2"
    elif change == "celsius":
        dataset["temp"] = (dataset["temp"] - 273.15).assign_attrs(units="degC")
    elif change == "mislabelled":
        dataset["temp"] = (dataset["temp"] - 273.15).assign_attrs(units="K")
    elif change == "missing":
        dataset["temp"][12, 2, 3] = np.nan
    elif change == "calendar":
        dataset["time"] = xr.date_range(
            "2001-03-01",
            periods=dataset.sizes["time"],
            freq="3h",
            calendar="360_day",
            use_cftime=True,
        )
        dataset["time"].encoding = {}
    elif change == "grid":
        dataset = dataset.assign_coords(lat=dataset["lat"] + 0.05)
    elif change == "dims":
        dataset = dataset.rename(lat="row")
    elif change == "overlap":
        extra = tmp_path / "temp_again.nc"
        dataset.isel(time=slice(5, 20)).to_netcdf(extra, engine="netcdf4")
        files.append(extra)
    dataset.to_netcdf(path, engine="netcdf4")
    return files


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ("gap", FileFormatError, r"temp: nothing between 2001-03-02T03.*steps of 3 h \(1 such"),
        ("calendar", FileFormatError, r"temp_CMFD.*calendar '360_day', wanted CF times"),
        ("grid", DimsError, r"temp_CMFD.*(latitude|lat) differs|prec|pres"),
        ("dims", DimsError, r"temp_CMFD.*no coordinate of latitude"),
        ("overlap", FileFormatError, r"temp: .*times must rise and files must not overlap"),
    ],
)
def test_a_spoilt_dataset_is_named_before_it_runs(
    change: str, error: type[Exception], words: str, truth: Truth, tmp_path: Path
) -> None:
    with pytest.raises(error, match=words):
        index_forcing(damaged(truth, tmp_path, change), CMFD)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ("units", UnitsError, r"temp has units 'W m-2', which cannot be converted to 'K'"),
        ("mislabelled", OutOfBoundsError, r"temp \(air_temperature\) = .* K at 2001-03-02T00"),
        (
            "missing",
            FileFormatError,
            r"temp .* is missing at 2001-03-02T12:00:00, 30.250 N, 103.350",
        ),
    ],
)
def test_spoilt_values_are_named_with_time_and_place(
    change: str, error: type[Exception], words: str, truth: Truth, tmp_path: Path
) -> None:
    index = index_forcing(damaged(truth, tmp_path, change), CMFD)
    with pytest.raises(error, match=words):
        read(index, "air_temperature")


def test_another_unit_that_the_file_states_is_converted(truth: Truth, tmp_path: Path) -> None:
    index = index_forcing(damaged(truth, tmp_path, "celsius"), CMFD)
    series = read(index, "air_temperature")
    np.testing.assert_allclose(series.values, expected(truth, "temperature", series), atol=1e-3)


def test_sums_taken_for_rates_are_told(truth: Truth, tmp_path: Path) -> None:
    files = write_era5_land(truth, tmp_path)
    plain = rules_from_dict(ERA5_LAND.to_dict())
    rules = ForcingRules(
        title="wrong",
        variables={
            **plain.variables,
            "precipitation_flux": type(plain.variables["precipitation_flux"])(
                "tp", "m", "end", "step"
            ),
            "surface_downwelling_shortwave_flux": type(plain.variables["precipitation_flux"])(
                "ssrd", "J m-2", "end", "step"
            ),
        },
    )
    with pytest.raises(OutOfBoundsError, match=r"ssrd .*is its unit or accumulation another"):
        read(index_forcing(files, rules), "surface_downwelling_shortwave_flux")


def test_a_period_outside_the_files_is_named(truth: Truth, tmp_path: Path) -> None:
    index = index_forcing(write_cmfd(truth, tmp_path), CMFD)
    reader = ForcingReader(index)
    with pytest.raises(FileFormatError, match=r"temp covers .*2001-03-06T21.*wanted 2002"):
        reader.series(
            "air_temperature",
            np.datetime64("2002-01-01", "s"),
            np.datetime64("2002-02-01", "s"),
            ROWS,
            COLUMNS,
        )
    reader.close()


def test_an_absent_variable_is_named(truth: Truth, tmp_path: Path) -> None:
    files = [file for file in write_cmfd(truth, tmp_path) if not file.name.startswith("srad")]
    with pytest.raises(MissingVariableError, match=r"no file of the forcing holds 'srad'"):
        index_forcing(files, CMFD)
    with pytest.raises(MissingVariableError, match=r"no forcing 'cmdf'.*Did you mean 'cmfd'"):
        forcing_rules("cmdf")


MAPPING = """
title: A dataset of ours
coordinates: {time: valid_time}
variables:
  air_temperature: {source: t2m, units: K}
  dew_point_temperature: {source: d2m, units: K}
  air_pressure: {source: sp, units: Pa}
  eastward_wind: {source: u10, units: m s-1}
  northward_wind: {source: v10, units: m s-1}
  surface_downwelling_shortwave_flux:
    {source: ssrd, units: J m-2, time: end, accumulation: day}
  surface_downwelling_longwave_flux:
    {source: strd, units: J m-2, time: end, accumulation: day}
  precipitation_flux: {source: tp, units: m, time: end, accumulation: day}
"""


def test_a_mapping_file_opens_any_dataset(truth: Truth, tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING)
    files = write_era5_land(truth, tmp_path)
    mapped = index_forcing(files, read_mapping(path))
    door = index_forcing(files, ERA5_LAND)
    for name in PAIRS:
        np.testing.assert_array_equal(read(mapped, name).values, read(door, name).values)


LIGHT = "time: end, accumulation: day}\n  surface_downwelling_longwave"
WIND = "  northward_wind: {source: v10, units: m s-1}\n"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("air_pressure", "air_presure", r"line 7: variables.air_presure is no variable.*Did you"),
        ("source: t2m, ", "", r"line 5: variables.air_temperature.source is missing"),
        (LIGHT, LIGHT.replace("day", "dayly"), r"line 11: .*accumulation must be one of none"),
        (LIGHT, LIGHT.replace("end", "middle"), r"since 00 UTC must be 'end'"),
        ("  precipitation_flux", "  leaf_area_index", r"variables lacks precipitation_flux"),
        ("title: A dataset of ours", "name: x", r"title is missing"),
        (WIND, "", r"one of eastward_wind and northward"),
        ("units: Pa}", "units: Pa, unit: Pa}", r"unit is no key here.*Did you mean 'units'"),
    ],
)
def test_a_wrong_mapping_names_line_and_key(old: str, new: str, words: str, tmp_path: Path) -> None:
    assert old in MAPPING
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING.replace(old, new))
    with pytest.raises(FileFormatError, match=words):
        read_mapping(path)


def test_eight_day_composites_begin_anew_each_january() -> None:
    file = shared_file("data/north_china_forcing/mete_GLDASV21")
    index = index_forcing(sorted(file.glob("*.nc")), NORTH_CHINA)
    reader = ForcingReader(index)
    begin, end = np.datetime64("2020-01-01", "s"), np.datetime64("2021-01-01", "s")
    series = reader.series("precipitation_flux", begin, end, np.array([20]), np.array([10]))
    reader.close()
    assert series.starts.size == 46
    assert int(series.seconds[-1]) == 6 * 86400
    assert int(series.seconds.sum()) == 366 * 86400
    assert 200.0 < float((series.values[:, 0] * series.seconds).sum()) < 1500.0
