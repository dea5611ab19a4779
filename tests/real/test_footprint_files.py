"""Footprints of real flux tables, through the command line and the library."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import xarray as xr

from fluxscape.cli import main
from fluxscape.footprint import footprint_climatology
from fluxscape.io.flux_tables import read_flux_table
from helpers.shared import shared_file

PLACE = ("--latitude", "37.7353", "--longitude", "-111.5708", "--utc-offset", "-7")
"""US-UTE, as the data's README gives it."""

ASSUMED = ("--height", "3.5", "--canopy", "0.3")
"""Heights that the file does not hold and that are assumed."""


Run = Callable[..., Any]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a footprint command and returns the JSON that it prints."""

    def command(*arguments: str | Path) -> Any:
        code = main(["footprint", *map(str, arguments), "--json"])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        return json.loads(printed.out)

    return command


@pytest.mark.parametrize("model", ["ffp", "km01", "safe-f", "hsieh"])
def test_complete_file_gives_numbers_netcdf_and_contours(
    run: Run, model: str, tmp_path: Path
) -> None:
    table = shared_file("data/footprint_US-UTE_2024.csv")
    out, contours = tmp_path / "fp.nc", tmp_path / "fp.geojson"
    grid = ("--resolution", "4", "--extent", "1000")
    files = ("--out", out, "--contours", contours)
    numbers = run("climatology", table, *ASSUMED, "--model", model, *grid, *files)
    assert numbers["model"] == model
    assert numbers["n_used"] + numbers["n_rejected"] == 4463
    assert sum(numbers["rejected_by"].values()) == numbers["n_rejected"]
    assert numbers["n_used"] > 4000
    assert 0.75 < numbers["sum"] < 1.0
    assert numbers["sum"] == pytest.approx(numbers["captured_fraction"], abs=2e-3)
    assert 10.0 < numbers["x_peak"] < 100.0
    assert np.hypot(*numbers["peak_xy"]) < 100.0
    with xr.open_dataset(out) as field:
        assert field["footprint"].shape == (501, 501)
        assert float(field["footprint"].sum()) * 16.0 == pytest.approx(numbers["sum"])
        assert field.attrs["input_sha256"]
    features = json.loads(contours.read_text(encoding="utf-8"))["features"]
    assert [f["properties"]["fraction"] for f in features] == pytest.approx(
        np.arange(0.1, 0.95, 0.1)
    )
    assert "metres" in features[0]["properties"]["coordinate_frame"]


def test_reference_code_gives_the_same_climatology_of_the_complete_file() -> None:
    # pyffp 0.0.2 on the 4,157 records that are used, not smoothed: sum and largest density.
    table = shared_file("data/footprint_US-UTE_2024.csv")
    records = read_flux_table(table, local_time_allowed=True)
    field = footprint_climatology(records, measurement_height=3.5, canopy_height=0.3)
    assert field.attrs["sum"] == pytest.approx(0.9759794224048597, rel=1e-6)
    assert float(field["footprint"].max()) == pytest.approx(0.0004329412759152608, rel=1e-5)


def test_geopackage_and_geotiff_lie_around_the_tower(run: Run, tmp_path: Path) -> None:
    table = shared_file("data/footprint_US-UTE_2024.csv")
    package, raster = tmp_path / "fp.gpkg", tmp_path / "fp.tif"
    grid = ("--resolution", "10", "--extent", "500", "--contours", package, "--geotiff", raster)
    numbers = run("climatology", table, *ASSUMED, *PLACE, *grid)
    frame = gpd.read_file(package)
    assert frame.crs.to_epsg() == 32612
    assert frame.area.to_numpy() == pytest.approx(frame["polygon_area_m2"], rel=3e-3)
    centre = frame.to_crs(4326).geometry.iloc[0].centroid
    assert (centre.x, centre.y) == pytest.approx((-111.5708, 37.7353), abs=1e-3)
    with rasterio.open(raster) as opened:
        assert opened.crs.is_projected
        assert float(opened.read(1).sum()) * 100.0 == pytest.approx(numbers["sum"], rel=1e-5)


def test_periods_and_weights_of_a_real_file(run: Run, tmp_path: Path) -> None:
    table = shared_file("data/footprint_US-UTE_2024.csv")
    grid = ("--resolution", "10", "--extent", "300", "--period", "day+month-07", "--weight", "et")
    numbers = run("climatology", table, *ASSUMED, *PLACE, *grid, "--out", tmp_path / "fp.nc")
    assert 600 < numbers["n_used"] < 31 * 32
    assert numbers["n_filtered"] > 3000
    with xr.open_dataset(tmp_path / "fp.nc") as field:
        assert (field.attrs["period"], field.attrs["weight"]) == ("day+month-07", "et")


def test_models_of_a_real_file_are_compared(run: Run) -> None:
    table = shared_file("data/footprint_US-UTE_2024.csv")
    numbers = run("compare", table, *ASSUMED, "--resolution", "10", "--extent", "500")
    assert set(numbers["models"]) == {"safe-f", "km01", "ffp", "hsieh"}
    assert len(numbers["differences"]) == 6
    # The profile fit changes the Eulerian solution less than another model does.
    overlaps = {name: pair["overlap"] for name, pair in numbers["differences"].items()}
    assert overlaps["safe-f-km01"] == max(overlaps.values())


def test_sensitivity_of_a_real_file(run: Run) -> None:
    table = shared_file("data/footprint_US-UTE_2024.csv")
    numbers = run("sensitivity", table, *ASSUMED, "--resolution", "10", "--extent", "500")
    assert 0.05 < numbers["variations"]["roughness_halved"]["x_80"] < 0.3
    assert numbers["base"]["n_used"] > 4000


@pytest.mark.parametrize(("site", "height"), [("US-CRT", 2.0), ("US-Oho", 32.0)])
@pytest.mark.parametrize("model", ["ffp", "km01"])
def test_files_without_sigma_v_and_canopy_are_filled_and_say_so(
    run: Run, site: str, height: float, model: str
) -> None:
    table = shared_file(f"data/footprint_{site}_2011.csv")
    numbers = run("climatology", table, "--model", model, "--resolution", "10")
    assert numbers["measurement_height"] == height
    assert numbers["n_filled"]["lateral_velocity_std"] > 10_000
    assert numbers["n_filled"]["boundary_layer_height"] > 10_000
    assert numbers["data_status"] == "mixed"
    assert len(numbers["assumptions"]) >= 3
    assert numbers["n_used"] > 10_000
    assert numbers["n_used"] + numbers["n_rejected"] == 17_520


def test_eddypro_output_of_a_forest_follows_the_measured_wind(run: Run) -> None:
    table = shared_file("data/footprint_Harwood_2014_eddypro_full_output.csv")
    numbers = run("climatology", table, "--height", "14", "--canopy", "8", "--resolution", "10")
    assert numbers["n_used"] > 1500
    assert any("roughness sublayer" in text for text in numbers["assumptions"])
    assert list(numbers["n_filled"]) == ["boundary_layer_height"]


def test_calculator_answers_within_two_seconds() -> None:
    arguments = "point --model km01 --zm 20 --L -50 --ustar 0.4 --u 5 --sigma-v 0.6 --k 0.4 --json"
    command = [sys.executable, "-m", "fluxscape", "footprint", *arguments.split()]
    start = time.perf_counter()
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert time.perf_counter() - start < 2.0
    numbers = json.loads(result.stdout)
    assert numbers["x_peak"] == pytest.approx(184.2691602339787)
    assert numbers["x_80"] == pytest.approx(832.3632929465471)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("climatology", "no_such_file.csv"), "no_such_file.csv"),
        (("climatology", "TABLE", "--model", "fpf"), "Did you mean 'ffp'"),
        (("climatology", "TABLE", "--height", "0.1", "--canopy", "3"), "does not exceed"),
        (("climatology", "TABLE", "--z0", "rough"), "--z0"),
        (("climatology", "TABLE", *ASSUMED, "--period", "summer"), "is no period"),
        (("climatology", "TABLE", *ASSUMED, "--period", "2030"), "no record is left"),
        (("climatology", "TABLE", *ASSUMED, "--extent", "50", "--geotiff", "x.tif"), "--latitude"),
        (("compare", "TABLE", *ASSUMED, "--model", "ffp"), "two models"),
        (("point", "--zm", "20", "--L", "0", "--ustar", "0.4", "--u", "3"), "needs"),
    ],
)
def test_mistakes_of_the_user_end_with_a_plain_error(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table = str(shared_file("data/footprint_US-UTE_2024.csv"))
    try:
        code = main(["footprint", *(table if a == "TABLE" else a for a in arguments)])
    except SystemExit as stop:
        code = stop.code
    printed = capsys.readouterr().err
    assert code == 2
    assert printed.startswith("fluxscape: error: ")
    assert words in printed
