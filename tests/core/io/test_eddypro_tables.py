"""EddyPro full outputs: a row of units that is believed, spikes that are not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fluxscape.errors import OutOfBoundsError, UnitsError
from fluxscape.io._eddypro import split_units
from fluxscape.io.flux_tables import read_flux_table
from helpers.flux_files import eddypro_lines, write_lines


def test_the_row_of_units_is_read(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "eddypro_full_output.csv", eddypro_lines())
    dataset = read_flux_table(path, utc_offset_hours=0)
    first = {str(name): float(array[0]) for name, array in dataset.data_vars.items()}
    assert first["friction_velocity"] == 0.57
    assert first["lateral_velocity_std"] == pytest.approx(1.1)
    assert first["relative_humidity"] == pytest.approx(0.739)
    assert first["air_pressure"] == 98026.0
    assert first["net_ecosystem_exchange_quality"] == 1
    assert dataset["time"].to_numpy()[0] == np.datetime64("2014-05-27T17:30")


def test_other_units_in_the_row_are_converted(tmp_path: Path) -> None:
    lines = eddypro_lines()
    lines[2] = lines[2].replace("[K],[Pa],[%],[Pa]", "[degC],[hPa],[%],[hPa]")
    lines[3:] = [
        line.replace("285.0,98026.0,73.9,361.3", "11.85,980.26,73.9,3.613") for line in lines[3:]
    ]
    path = write_lines(tmp_path / "eddypro.csv", lines)
    dataset = read_flux_table(path, utc_offset_hours=0)
    assert dataset["air_pressure"].to_numpy()[0] == pytest.approx(98026.0)
    assert dataset["air_temperature"].to_numpy()[0] == pytest.approx(285.0)


def test_a_unit_of_another_dimension_is_refused(tmp_path: Path) -> None:
    lines = eddypro_lines()
    lines[2] = lines[2].replace("[deg_from_north],[m+1s-1],[m]", "[deg_from_north],[K],[m]")
    path = write_lines(tmp_path / "eddypro.csv", lines)
    with pytest.raises(UnitsError, match="'K'"):
        read_flux_table(path, utc_offset_hours=0)


def test_the_first_field_of_the_units_row_may_be_lost(tmp_path: Path) -> None:
    lines = eddypro_lines()
    lines[2] = lines[2].removeprefix(",")
    path = write_lines(tmp_path / "eddypro.csv", lines)
    dataset = read_flux_table(path, utc_offset_hours=0)
    assert dataset["air_temperature"].to_numpy()[0] == 285.0


def test_single_spikes_of_raw_fluxes_become_missing_and_are_counted(tmp_path) -> None:
    lines = eddypro_lines(count=200)
    lines[10] = lines[10].replace(",84.2,", ",-3931.1,")
    path = write_lines(tmp_path / "eddypro.csv", lines)
    dataset = read_flux_table(path, utc_offset_hours=0)
    assert np.isnan(dataset["sensible_heat_flux"].to_numpy()[7])
    assert json.loads(dataset.attrs["spikes_removed"]) == {"H": 1}


def test_many_values_out_of_bounds_are_a_wrong_unit(tmp_path: Path) -> None:
    lines = [line.replace(",84.2,", ",-3931.1,") for line in eddypro_lines()]
    path = write_lines(tmp_path / "eddypro.csv", lines)
    with pytest.raises(OutOfBoundsError, match=r"row 4, column 'H': -3931\.1"):
        read_flux_table(path, utc_offset_hours=0)


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("[m+1s-1]", "m s-1"),
        ("[m+2s-2]", "m2 s-2"),
        ("[\u00b5mol+1s-1m-2]", "umol m-2 s-1"),
        ("[\u00c2\u00b5mol+1s-1m-2]", "umol m-2 s-1"),
        ("[W+1m-2]", "W m-2"),
        ("[#]", "1"),
    ],
)
def test_units_are_written_as_cf_does(written: str, unit: str) -> None:
    assert split_units(written) == (unit,)
