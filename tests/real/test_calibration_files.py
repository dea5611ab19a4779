"""Calibration of real flux tables through the command line."""

import json

import numpy as np
import pytest
import xarray as xr

from fluxscape.cli import main
from fluxscape.io.atomic import write_geotiff
from helpers.shared import shared_file

PLACE = ["--igbp", "CRO", "--latitude", "37.7353", "--longitude", "-111.5708"]
PLACE += ["--elevation", "1729", "--utc-offset", "-7", "--height", "3.5", "--canopy", "0.3"]
"""US-UTE, as the data's README gives it; the heights are assumed."""

EASY = ["--streams", "le", "--members", "8", "--passes", "1", "--parameters", "stomatal_slope"]


def cover(path, codes):
    """Write a map with one code north and one south of the tower."""
    longitude = np.arange(-111.60, -111.54, 0.0003)
    latitude = np.arange(37.76, 37.71, -0.0003)
    north = latitude[:, np.newaxis] > 37.7353
    values = np.where(north, codes[0], codes[1]) * np.ones((1, longitude.size))
    coords = {"y": latitude, "x": longitude}
    write_geotiff(xr.DataArray(values, dims=("y", "x"), coords=coords), path, crs="EPSG:4326")
    return str(path)


def calibrated(folder, capsys, *options):
    """Return the report of a calibration."""
    table = str(shared_file("data/footprint_US-UTE_2024.csv"))
    arguments = ["dlm", "calibrate", table, *PLACE, *EASY, *options, "--json"]
    assert main([*arguments, "--out", str(folder)]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_records_count_by_what_their_footprints_saw(tmp_path, capsys):
    whole = calibrated(tmp_path / "whole", capsys)
    same = cover(tmp_path / "same.tif", (12.0, 12.0))
    field = cover(tmp_path / "field.tif", (12.0, 10.0))
    everywhere = calibrated(
        tmp_path / "everywhere", capsys, "--land-cover", same, "--target-codes", "12"
    )
    north = calibrated(tmp_path / "north", capsys, "--land-cover", field, "--target-codes", "12")
    count = [
        item["problems"][0]["observations"]["count"]["le"] for item in (whole, everywhere, north)
    ]
    # Records without turbulence have no footprint; those of the south say nothing of the field.
    assert count[0] >= count[1] > count[2] > 10
    medians = [item["types"]["CRO"]["stomatal_slope"]["median"] for item in (everywhere, north)]
    assert medians[0] != medians[1]


def test_a_map_without_codes_is_refused(tmp_path, capsys):
    table = str(shared_file("data/footprint_US-UTE_2024.csv"))
    arguments = ["dlm", "calibrate", table, *PLACE, *EASY, "--out", str(tmp_path / "out")]
    assert main([*arguments, "--target-codes", "12"]) == 2
    assert "--land-cover and --target-codes go together" in capsys.readouterr().err
    assert main([*arguments, "--target-codes", "crop", "--land-cover", "map.tif"]) == 2
    assert "wants numbers such as 1,4,5" in capsys.readouterr().err
