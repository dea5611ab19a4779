"""Fetching from a STAC catalogue: a local server with real files, bad answers, no network."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

from fluxscape.cli import main
from fluxscape.errors import (
    FileFormatError,
    FluxscapeError,
    MissingVariableError,
    OutOfBoundsError,
    RunError,
    UnsafeInputError,
)
from fluxscape.io import stac
from fluxscape.io._stac_sources import radiometric_offset, vegetation_indices
from fluxscape.io.rasters import read_raster, sample_point
from helpers.bombs import image_tags, tiff
from helpers.stac_server import PLACE, Catalogue, stac_server

# odc-geo calls affine and shapely in their old ways.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'shapely.ops.transform:DeprecationWarning"),
]

AREA = stac.Area("CN-Toy", *PLACE, half_width=500.0)
YEAR = {"start": "2020-01-01", "end": "2023-12-31"}


@pytest.fixture
def catalogue(tmp_path):
    files = tmp_path / "served"
    files.mkdir()
    with stac_server(files) as server:
        yield server


def add_scene(
    catalogue: Catalogue, number: int, day: str, *, red=1000, nir=4000, scl=None, **properties
) -> None:
    shape = (300, 300)
    scene = np.full((150, 150), 4, np.uint8) if scl is None else scl
    bands = {"blue": 500, "red": red, "nir": nir}
    assets = {
        name: catalogue.add_raster(f"{name}-{number}.tif", np.full(shape, value, np.uint16))
        for name, value in bands.items()
    }
    assets["scl"] = catalogue.add_raster(f"scl-{number}.tif", scene, pixel=20.0)
    catalogue.add_item(number, "sentinel-2-l2a", assets, day, **properties)


def fetch(catalogue: Catalogue, source: str, folder, **options) -> stac.Fetched:
    catalogue.save()
    return stac.fetch(source, AREA, folder, catalogue=catalogue.url, **options)


def test_sentinel_2_becomes_ndvi_and_evi_without_clouds(catalogue, tmp_path) -> None:
    half = np.full((150, 150), 4, np.uint8)
    half[:, :75] = 9
    add_scene(catalogue, 1, "2021-07-01", scl=half, **{"eo:cloud_cover": 40.0})
    found = fetch(catalogue, "sentinel-2", tmp_path / "out", **YEAR)
    names = sorted(path.name for path in found.files)
    assert names == [
        "CN-Toy_20210701_evi.tif",
        "CN-Toy_20210701_ndvi.tif",
        "CN-Toy_sentinel-2.json",
    ]
    ndvi = read_raster(tmp_path / "out" / names[1])
    assert ndvi.attrs["crs"] == "EPSG:32650"
    assert ndvi.attrs["data_status"] == "observed"
    assert ndvi.attrs["date"] == "2021-07-01"
    assert 100 <= ndvi.sizes["x"] <= 102
    values = ndvi.to_numpy()
    assert np.nanmax(values) == np.nanmin(values) == pytest.approx(0.6)
    assert np.isnan(values).mean() == pytest.approx(0.5, abs=0.03)
    assert np.isnan(values[:, :45]).all()
    # EVI by hand: 2.5 (0.4 - 0.1) / (0.4 + 0.6 - 0.375 + 1) = 0.75 / 1.625.
    evi = read_raster(tmp_path / "out" / names[0]).to_numpy()
    assert np.nanmax(evi) == pytest.approx(0.75 / 1.625)


def test_pixels_lie_where_the_tower_says(catalogue, tmp_path) -> None:
    cover = np.full((300, 300), 10, np.uint8)
    cover[150:, 150:] = 40
    catalogue.add_raster("map.tif", cover)
    catalogue.add_item(1, "esa-worldcover", {"map": "map.tif"}, "2021-01-01")
    fetch(catalogue, "worldcover", tmp_path / "out")
    raster = read_raster(tmp_path / "out" / "CN-Toy_land_cover.tif", categorical=True)
    latitude, longitude = PLACE
    assert sample_point(raster, longitude + 0.002, latitude + 0.002) == 40
    assert sample_point(raster, longitude - 0.002, latitude + 0.002) == 10
    assert sample_point(raster, longitude + 0.002, latitude - 0.002) == 10
    assert set(np.unique(raster)) == {10, 40}


def test_the_last_day_may_be_a_month_or_year_that_holds_the_first(catalogue, tmp_path) -> None:
    add_scene(catalogue, 1, "2021-07-01")
    found = fetch(catalogue, "sentinel-2", tmp_path / "out", start="2021-06-05", end="2021")
    assert found.scenes == ("sentinel-2-l2a-1",)


def test_the_elevation_model_keeps_its_heights(catalogue, tmp_path) -> None:
    slope = np.tile(np.arange(100, dtype=np.float32), (100, 1))
    catalogue.add_raster("dem.tif", slope, pixel=30.0)
    catalogue.add_item(1, "cop-dem-glo-30", {"data": "dem.tif"}, "2021-01-01")
    fetch(catalogue, "copernicus-dem", tmp_path / "out")
    height = read_raster(tmp_path / "out" / "CN-Toy_surface_altitude.tif")
    assert height.attrs["units"] == "m"
    assert np.diff(height.to_numpy()[5]) == pytest.approx(1.0, abs=1e-3)


def test_tiles_of_one_day_are_joined_and_the_cloudiest_days_left(catalogue, tmp_path) -> None:
    left = np.full((150, 150), 4, np.uint8)
    left[:, 75:] = 0
    add_scene(catalogue, 1, "2021-07-01", scl=left, **{"eo:cloud_cover": 1.0})
    add_scene(catalogue, 2, "2021-07-01", nir=3000, **{"eo:cloud_cover": 1.0})
    add_scene(catalogue, 3, "2021-08-01", **{"eo:cloud_cover": 50.0})
    add_scene(catalogue, 4, "2021-09-01", **{"eo:cloud_cover": 90.0})
    found = fetch(catalogue, "sentinel-2", tmp_path / "out", most_scenes=1, **YEAR)
    assert found.scenes == ("sentinel-2-l2a-1", "sentinel-2-l2a-2")
    values = read_raster(tmp_path / "out" / "CN-Toy_20210701_ndvi.tif").to_numpy()
    assert np.isfinite(values).all()


def test_a_scene_under_clouds_is_left_out_and_named(catalogue, tmp_path) -> None:
    add_scene(catalogue, 1, "2021-07-01", scl=np.full((150, 150), 9, np.uint8))
    add_scene(catalogue, 2, "2021-08-01")
    found = fetch(catalogue, "sentinel-2", tmp_path / "out", **YEAR)
    assert found.left_out == {"sentinel-2-l2a-1": 0.0}
    listed = json.loads((tmp_path / "out" / "CN-Toy_sentinel-2.json").read_text())
    assert listed["left_out"] == found.left_out
    assert listed["data_status"] == "observed"


def test_nothing_but_clouds_is_said(catalogue, tmp_path) -> None:
    add_scene(catalogue, 1, "2021-07-01", scl=np.full((150, 150), 9, np.uint8))
    with pytest.raises(OutOfBoundsError, match="none of 1 scenes shows 30%"):
        fetch(catalogue, "sentinel-2", tmp_path / "out", **YEAR)


@pytest.mark.parametrize(
    ("properties", "offset"),
    [
        ({}, 0.0),
        ({"s2:processing_baseline": "03.01"}, 0.0),
        ({"s2:processing_baseline": "05.09"}, -1000.0),
        ({"s2:processing_baseline": "05.09", "earthsearch:boa_offset_applied": True}, 0.0),
        ({"s2:processing_baseline": "unknown"}, 0.0),
    ],
)
def test_the_radiometric_offset_follows_the_processing_baseline(properties, offset) -> None:
    assert radiometric_offset(properties) == offset


def test_new_scenes_have_the_offset_taken_off(catalogue, tmp_path) -> None:
    add_scene(catalogue, 1, "2023-07-01", red=2000, nir=5000, **{"s2:processing_baseline": "05.09"})
    fetch(catalogue, "sentinel-2", tmp_path / "out", **YEAR)
    values = read_raster(tmp_path / "out" / "CN-Toy_20230701_ndvi.tif").to_numpy()
    assert values == pytest.approx(0.6)


def test_indices_beyond_their_bounds_are_missing() -> None:
    dark = {name: np.array([value]) for name, value in
            {"blue": 900.0, "red": 1.0, "nir": 10.0, "scl": 4.0}.items()}  # fmt: skip
    found = vegetation_indices(dark, -500.0)
    assert np.abs(np.nan_to_num(found["ndvi"])).max() <= 1.0


def test_a_pass_is_asked_for_where_the_catalogue_gives_one(catalogue, tmp_path, monkeypatch):
    cover = np.full((300, 300), 10, np.uint8)
    catalogue.add_raster("map.tif", cover)
    catalogue.add_item(1, "esa-worldcover", {"map": "map.tif"}, "2021-01-01")
    source = dataclasses.replace(stac.SOURCES["worldcover"], desk=f"{catalogue.url}/desk")
    monkeypatch.setattr(stac, "SOURCES", {"worldcover": source})
    catalogue.save()
    state = json.loads((catalogue.folder / "state.json").read_text())
    catalogue.landing = state["landing"] | {"token": "key=1"}
    fetch(catalogue, "worldcover", tmp_path / "out")
    assert any(entry["line"].endswith("/files/map.tif?key=1") for entry in catalogue.log())


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://example.org/api", "wanted an address that begins with https://"),
        ("file:///etc/passwd", "wanted an address that begins with https://"),
        ("https://example.org/api", "--allow-host example.org"),
        ("https://earth-search.aws.element84.com.example.org/v1", "not among the hosts"),
        ("https://user@example.org/", "not among the hosts"),
    ],
)
def test_hosts_beyond_the_list_are_not_asked(tmp_path, address, message) -> None:
    with pytest.raises(UnsafeInputError, match=message):
        stac.fetch("worldcover", AREA, tmp_path, catalogue=address)


@pytest.mark.parametrize(
    "href", ["file:///etc/passwd", "/etc/passwd", "https://example.org/x.tif", "ftp://h/x.tif"]
)
def test_files_beyond_the_list_are_not_read(catalogue, tmp_path, href) -> None:
    catalogue.add_item(1, "esa-worldcover", {}, "2021-01-01")
    catalogue.items[0]["assets"]["map"] = {"href": href}
    with pytest.raises(UnsafeInputError, match="is refused"):
        fetch(catalogue, "worldcover", tmp_path)
    assert not list(tmp_path.glob("*.tif"))


def test_a_redirect_to_another_host_is_refused(catalogue, tmp_path) -> None:
    catalogue.redirect = "https://example.org/api"
    with pytest.raises(UnsafeInputError, match="--allow-host"):
        fetch(catalogue, "worldcover", tmp_path)


def test_a_flood_of_an_answer_is_cut_off(catalogue, tmp_path) -> None:
    catalogue.flood = True
    with pytest.raises(UnsafeInputError, match="more than 33554432 bytes"):
        fetch(catalogue, "worldcover", tmp_path)


def test_a_silent_host_is_given_up(catalogue, tmp_path) -> None:
    catalogue.silent = 3.0
    with pytest.raises(FluxscapeError, match=r"it kept silent too long.*works without it"):
        fetch(catalogue, "worldcover", tmp_path, timeout=0.3)


def test_a_file_host_that_falls_silent_is_given_up(catalogue, tmp_path) -> None:
    catalogue.silent_files = 4.0
    catalogue.add_raster("map.tif", np.full((300, 300), 10, np.uint8))
    catalogue.add_item(1, "esa-worldcover", {"map": "map.tif"}, "2021-01-01")
    with pytest.raises(RunError, match="reading esa-worldcover-1 from"):
        fetch(catalogue, "worldcover", tmp_path, timeout=1.0)


def test_off_line_the_message_says_what_to_do(tmp_path) -> None:
    with pytest.raises(FluxscapeError) as caught:
        stac.fetch("worldcover", AREA, tmp_path, catalogue="http://127.0.0.1:9/")
    assert str(caught.value) == (
        "no answer from 127.0.0.1:9 (no connection); fluxscape works without it: upload a raster "
        "or use the simulated landscape"
    )


def test_a_text_that_calls_itself_tif_is_refused(catalogue, tmp_path) -> None:
    (catalogue.folder / "map.tif").write_text("<VRTDataset rasterXSize='1'/>")
    catalogue.add_item(1, "esa-worldcover", {"map": "map.tif"}, "2021-01-01")
    with pytest.raises(FileFormatError, match="not a GeoTIFF"):
        fetch(catalogue, "worldcover", tmp_path)


def test_a_bomb_is_refused_by_its_header(catalogue, tmp_path) -> None:
    (catalogue.folder / "map.tif").write_bytes(tiff(image_tags(10_000_000, 10_000_000)))
    catalogue.add_item(1, "esa-worldcover", {"map": "map.tif"}, "2021-01-01")
    with pytest.raises(UnsafeInputError, match="refused unread"):
        fetch(catalogue, "worldcover", tmp_path)


def test_a_host_without_byte_ranges_is_named(catalogue, tmp_path) -> None:
    catalogue.ranges = False
    catalogue.add_raster("map.tif", np.full((300, 300), 10, np.uint8))
    catalogue.add_item(1, "esa-worldcover", {"map": "map.tif"}, "2021-01-01")
    with pytest.raises(FileFormatError, match="answered 200 to a request for a part"):
        fetch(catalogue, "worldcover", tmp_path)


def test_a_missing_file_and_a_missing_asset_are_named(catalogue, tmp_path) -> None:
    catalogue.add_item(1, "esa-worldcover", {"map": "gone.tif"}, "2021-01-01")
    with pytest.raises(FileFormatError, match="answered 404"):
        fetch(catalogue, "worldcover", tmp_path)
    catalogue.items[0]["assets"]["picture"] = catalogue.items[0]["assets"].pop("map")
    with pytest.raises(MissingVariableError, match=r"no asset map or .*, only picture"):
        fetch(catalogue, "worldcover", tmp_path)


def test_an_empty_answer_is_said(catalogue, tmp_path) -> None:
    with pytest.raises(OutOfBoundsError, match="has nothing of esa-worldcover at CN-Toy"):
        fetch(catalogue, "worldcover", tmp_path)
    add_scene(catalogue, 1, "2021-07-01", **{"eo:cloud_cover": 95.0})
    with pytest.raises(OutOfBoundsError, match="1 with more cloud than 60 %"):
        fetch(catalogue, "sentinel-2", tmp_path, **YEAR)


@pytest.mark.parametrize("answer", [[], {"type": "Catalog"}, {"links": 3}, "text"])
def test_an_answer_that_is_no_catalogue_is_named(catalogue, tmp_path, answer) -> None:
    catalogue.landing = answer
    with pytest.raises(FileFormatError, match="does not answer as a STAC API"):
        fetch(catalogue, "worldcover", tmp_path)


@pytest.mark.parametrize(
    ("source", "change", "error"),
    [
        ("landsat", {}, MissingVariableError),
        ("sentinel-2", {}, MissingVariableError),
        ("sentinel-2", {"start": "July", "end": "2021"}, OutOfBoundsError),
        ("worldcover", {"resolution": 0.0}, OutOfBoundsError),
        ("worldcover", {"resolution": float("nan")}, OutOfBoundsError),
        ("sentinel-2", {**YEAR, "most_scenes": 0}, OutOfBoundsError),
        ("sentinel-2", {**YEAR, "most_cloud": float("nan")}, OutOfBoundsError),
        ("sentinel-2", {"start": "2021-02-30", "end": "2021-03"}, OutOfBoundsError),
        ("sentinel-2", {"start": "2022-01-01", "end": "2021-12-31"}, OutOfBoundsError),
        ("worldcover", {"start": "2021-99"}, OutOfBoundsError),
        ("worldcover", {"timeout": 0.0}, OutOfBoundsError),
        ("worldcover", {"timeout": float("inf")}, OutOfBoundsError),
        ("sentinel-2", {**YEAR, "most_scenes": 2000, "resolution": 2.0}, UnsafeInputError),
    ],
)
def test_impossible_wishes_are_refused_before_anything_is_asked(
    catalogue, tmp_path, source, change, error
) -> None:
    with pytest.raises(error):
        fetch(catalogue, source, tmp_path, **change)
    assert not catalogue.log()


@pytest.mark.parametrize(
    "area",
    [
        stac.Area("x", 40.0, 117.0, half_width=1e6),
        stac.Area("x", 40.0, 117.0, half_width=float("nan")),
        stac.Area("x", 95.0, 117.0),
        stac.Area("x", float("nan"), 117.0),
    ],
)
def test_impossible_areas_are_refused(tmp_path, area) -> None:
    with pytest.raises(OutOfBoundsError):
        stac.fetch("worldcover", area, tmp_path)


def test_the_catalogue_is_asked_for_the_area_and_the_days(catalogue, tmp_path) -> None:
    add_scene(catalogue, 1, "2021-07-01")
    fetch(catalogue, "sentinel-2", tmp_path / "out", **YEAR)
    (question,) = [entry["body"] for entry in catalogue.log() if entry["body"]]
    west, south, east, north = question["bbox"]
    assert (west + east) / 2 == pytest.approx(PLACE[1])
    assert 500 / 111_000 <= north - PLACE[0] <= 1.1 * 500 / 110_000
    assert south < PLACE[0] < north
    assert question["datetime"].startswith("2020-01-01")


def test_the_command_fetches_around_a_tower(catalogue, tmp_path, capsys) -> None:
    add_scene(catalogue, 1, "2021-07-01")
    catalogue.save()
    code = main(
        [
            "fetch", "CN-Toy", "--source", "sentinel-2", "--out", str(tmp_path / "out"),
            "--latitude", "40", "--longitude", "117", "--half-width", "500",
            "--start", "2021-06-01", "--end", "2021-08-01", "--catalogue", catalogue.url, "--json",
        ]
    )  # fmt: skip
    assert code == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scenes"] == ["sentinel-2-l2a-1"]
    assert len(found["files"]) == 3


def test_the_command_says_that_there_is_no_network(tmp_path, capsys) -> None:
    code = main(
        ["fetch", "CN-Cha", "--source", "copernicus-dem", "--out", str(tmp_path),
         "--catalogue", "http://localhost:9"]
    )  # fmt: skip
    assert code == 2
    assert "fluxscape works without it" in capsys.readouterr().err


def test_half_a_place_is_refused(tmp_path, capsys) -> None:
    code = main(
        ["fetch", "CN-Cha", "--source", "worldcover", "--out", str(tmp_path / "out"),
         "--latitude", "30"]
    )  # fmt: skip
    assert code == 2
    assert "give both --latitude and --longitude" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nothing_of_the_clients_is_imported_before_a_fetch() -> None:
    code = (
        "import sys, fluxscape.io.stac, fluxscape.cli.fetch;"
        "heavy = {'requests', 'pystac', 'pystac_client', 'odc', 'rasterio'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
