"""A long record run in parts: the bits of one run, flat memory, and a store that reads back."""

import tracemalloc

import numpy as np
import pytest
import xarray as xr

from fluxscape.cli import main
from fluxscape.dlm import DlmState, parameters_for, run_dlm, stream_dlm
from fluxscape.errors import OutOfBoundsError
from fluxscape.io.stores import SeriesWriter, open_store, write_store
from helpers.dlm_climates import CLIMATES, climate_dataset

PLACE = {"latitude": 42.0, "longitude": 0.0}


def record(years: float) -> xr.Dataset:
    """Return hourly weather of a made-up climate."""
    return climate_dataset(CLIMATES["temperate summer"], days=365 * years, step_seconds=3600)


def test_parts_hold_the_bits_of_one_run():
    data, parameters = record(2.2), parameters_for("GRA")
    state = DlmState.start(parameters, 288.0)
    whole = run_dlm(data, parameters, initial_state=state, **PLACE)
    parts = list(stream_dlm(data, parameters, initial_state=state, **PLACE))
    assert len(parts) == 3
    joined = xr.concat(parts, dim="time", data_vars="minimal", coords="minimal", compat="override")
    for name in whole.data_vars:
        if "time" in whole[name].dims:
            assert joined[name].to_numpy().tobytes() == whole[name].to_numpy().tobytes(), name
        else:
            assert parts[-1][name].to_numpy().tobytes() == whole[name].to_numpy().tobytes(), name
    for key in ("worst_energy_residual", "worst_water_residual", "worst_carbon_residual"):
        assert parts[-1].attrs[key] == whole.attrs[key]


def test_a_short_rest_goes_with_the_part_before():
    parts = list(stream_dlm(record(1.05), parameters_for("GRA"), **PLACE))
    assert [part.sizes["time"] for part in parts] == [round(365 * 1.05 * 24)]


def test_the_state_of_the_first_part_decides_and_fills_are_those_of_the_whole_record():
    data = record(2.0)
    rain = data["precipitation_flux"].to_numpy().copy()
    rain[: 365 * 24] = np.nan
    data["precipitation_flux"] = data["precipitation_flux"].copy(data=rain)
    *_, last = stream_dlm(data, parameters_for("GRA"), hold_soil_water=False, **PLACE)
    assert '"share": 0.5' in last.attrs["fills"]


def test_parts_shorter_than_a_year_are_refused():
    with pytest.raises(OutOfBoundsError, match="days_per_part must be 365 or more, got 30"):
        next(stream_dlm(record(1.0), parameters_for("GRA"), days_per_part=30, **PLACE))


def test_memory_does_not_grow_with_the_record(tmp_path):
    def peak(years: int) -> int:
        data = record(years)

        def build(group):
            writer = SeriesWriter(group)
            for part in stream_dlm(data, parameters_for("GRA"), spin_up_years=0, **PLACE):
                writer.add(part)

        tracemalloc.start()
        write_store(build, tmp_path / f"{years}.zarr")
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(2)
    assert peak(6) < 1.15 * peak(3)
    store = open_store(tmp_path / "6.zarr")
    assert store.sizes["time"] == 6 * 365 * 24
    assert store["time"].to_numpy()[25] == np.datetime64("2005-06-21T01:00")
    assert store["soil_temperature"].dims == ("time", "layer")
    assert DlmState.from_dataset(store).values["soil_liquid"].shape == store["layer"].shape


def test_the_command_writes_a_store_year_by_year(tmp_path, capsys):
    target = tmp_path / "run.zarr"
    command = ["dlm", "run", "--simulated", "CN-Cha", "--out", str(target), "--json"]
    assert main(command) == 0
    assert '"worst_energy_residual"' in capsys.readouterr().out
    store = open_store(target)
    assert store.sizes["time"] == 17520
    assert store["gross_primary_production"].attrs["units"] == "umol m-2 s-1"
    assert store.attrs["data_status"] == "simulated"
