"""What is shipped: every file attributed, rasters placed and typed right, borders complete."""

from __future__ import annotations

import json
import re
import struct

import numpy as np
import pytest

from fluxscape.assets import asset, assets_root
from fluxscape.io.basemap import (
    BORDER_LAYERS,
    border_line,
    read_nation,
    read_provinces,
    relief_picture,
)
from fluxscape.io.climatology import LAYERS, read_climatology
from fluxscape.io.guards import open_raster
from fluxscape.io.rasters import read_raster

# Cells at a grassland of Tibet, a rain forest and the Taklamakan: value between the two numbers.
PLACES = {
    "Dangxiong": (91.076, 30.476),
    "Xishuangbanna": (101.226, 21.976),
    "Taklamakan": (83.026, 39.026),
}
EXPECTED = {
    "ndvi_maximum": {"Dangxiong": (0.5, 0.7), "Xishuangbanna": (0.8, 1), "Taklamakan": (0, 0.1)},
    "ndvi_minimum": {"Dangxiong": (0, 0.2), "Xishuangbanna": (0.5, 0.7), "Taklamakan": (0, 0.1)},
    "fapar_maximum": {"Dangxiong": (0.2, 0.4), "Xishuangbanna": (0.5, 0.7)},
    "land_cover": {"Dangxiong": (10, 10), "Xishuangbanna": (8, 8), "Taklamakan": (16, 16)},
    "climate_zone": {"Dangxiong": (2, 2), "Xishuangbanna": (3, 3), "Taklamakan": (2, 2)},
    "peak_vcmax_c3": {"Dangxiong": (77.9, 78.1), "Xishuangbanna": (119.9, 120.1)},
    "peak_vcmax_c4": {"Dangxiong": (39.9, 40.1)},
    "elevation": {"Dangxiong": (4200, 4700), "Taklamakan": (1000, 1300)},
}

SIX_PLACES = {
    "Taiwan": (121.0, 23.7),
    "South Tibet": (94.0, 28.0),
    "Aksai Chin": (79.5, 35.2),
    "Diaoyu Island": (123.473, 25.745),
    "Woody Island": (112.335, 16.834),
    "Mischief Reef": (115.53, 9.90),
}


def shipped_files():
    root = assets_root()
    return sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file())


def attributed_patterns():
    """Names in the first column of the tables of ATTRIBUTION.md."""
    text = asset("ATTRIBUTION.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE)


def test_every_shipped_file_is_named_in_the_attribution():
    patterns = attributed_patterns()
    for path in shipped_files():
        if path.name == "ATTRIBUTION.md":
            continue
        name = path.as_posix()
        assert any(
            name == pattern or (pattern.endswith("/") and name.startswith(pattern))
            for pattern in patterns
        ), f"{name} is not named in assets/ATTRIBUTION.md"


def test_every_file_of_the_attribution_is_shipped():
    for pattern in attributed_patterns():
        assert asset(pattern).exists()


def test_the_shipped_data_without_the_atlas_stay_small():
    root = assets_root()
    total = sum(
        (root / path).stat().st_size for path in shipped_files() if path.parts[0] != "atlas"
    )
    assert total < 15e6


def test_sources_are_pinned_by_checksum():
    sources = json.loads(asset("china/sources.json").read_text(encoding="utf-8"))
    assert len(sources["packages"]) >= 9
    for package in sources["packages"]:
        assert re.fullmatch(r"[0-9a-f]{64}", package["sha256"])
        assert package["licence"]
        attribution = asset("ATTRIBUTION.md").read_text(encoding="utf-8")
        assert f"{package['name']} {package['version']}" in attribution


@pytest.mark.parametrize("name", LAYERS)
def test_rasters_are_cloud_optimised_north_up_and_declare_what_they_hold(name):
    with open_raster(asset(f"china/{name}.tif")) as raster:
        assert raster.crs.to_epsg() == 4326
        assert raster.transform.e < 0 < raster.transform.a
        assert raster.nodata is not None
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        tags = raster.tags()
        assert all(tags[name] for name in ("long_name", "source", "units"))
        left, bottom, right, top = raster.bounds
        assert max(left - 70.0, bottom - 15.0, 140.0 - right, 55.0 - top) <= 0.0
        if min(raster.shape) > 512:
            assert raster.overviews(1)


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_that_lies_in_the_folder_is_known(name):
    assert asset(f"china/{name}.tif").is_file()
    assert {path.stem for path in asset("china").glob("*.tif")} == set(LAYERS)


@pytest.mark.parametrize("name", EXPECTED)
def test_known_places_have_plausible_values(name):
    layer = read_raster(asset(f"china/{name}.tif"), categorical=name in {"land_cover"})
    for place, (lower, upper) in EXPECTED[name].items():
        longitude, latitude = PLACES[place]
        value = layer.sel(x=longitude, y=latitude, method="nearest").item()
        assert lower <= value <= upper, (place, value)


def test_missing_cells_of_the_vegetation_are_the_sea():
    ndvi = read_climatology()["ndvi_maximum"]
    assert np.isnan(ndvi.sel(latitude=20, longitude=130, method="nearest"))
    assert 0.4 < float(ndvi.notnull().mean()) < 0.8
    assert -0.2 <= float(ndvi.min()) < float(ndvi.max()) <= 1.0


def test_the_monsoon_rains_in_summer_and_the_tropics_are_warmer():
    climatology = read_climatology()
    rain = climatology["precipitation"].sel(latitude=36.8, longitude=116.6, method="nearest")
    assert int(np.argmax(rain.to_numpy())) + 1 in {7, 8}
    assert 400 < float(rain.sum()) < 800
    warm = climatology["air_temperature"].mean("month")
    assert warm.sel(latitude=20, longitude=110, method="nearest") > 295
    assert warm.sel(latitude=52, longitude=122, method="nearest") < 275


@pytest.mark.parametrize("place", SIX_PLACES)
def test_six_places_lie_in_the_nation(place):
    import shapely  # noqa: PLC0415

    point = shapely.Point(*SIX_PLACES[place])
    assert read_nation().polygon.distance(point) < 0.05
    assert min(region.polygon.distance(point) for region in read_provinces()) < 0.05


def test_34_provinces_make_up_the_nation():
    import shapely  # noqa: PLC0415

    provinces = read_provinces()
    assert len(provinces) == 34
    assert all(region.polygon.is_valid for region in provinces)
    assert all(region.name_en and region.name_zh for region in provinces)
    union = shapely.union_all([region.polygon for region in provinces])
    nation = read_nation().polygon
    assert union.symmetric_difference(nation).area < 1e-3 * nation.area


def test_provinces_do_not_overlap():
    provinces = read_provinces()
    total = sum(region.polygon.area for region in provinces)
    assert total == pytest.approx(read_nation().polygon.area, rel=1e-5)


def test_provinces_stand_where_their_capitals_are():
    import shapely  # noqa: PLC0415

    capitals = {
        "Beijing": (116.4, 39.9),
        "Tibet": (91.1, 29.7),
        "Xinjiang": (87.6, 43.8),
        "Hainan": (110.3, 20.0),
        "Taiwan": (121.5, 25.0),
        "Heilongjiang": (126.6, 45.8),
    }
    by_name = {region.name_en: region.polygon for region in read_provinces()}
    for name, place in capitals.items():
        assert by_name[name].contains(shapely.Point(*place)), name


def test_every_border_layer_is_one_line_in_web_mercator():
    for layer in BORDER_LAYERS:
        line = border_line(layer)
        assert line.shape[1] == 2
        assert np.isnan(line).any()
        assert not np.isnan(line[0]).any()
        assert np.nanmin(line[:, 0]) > 6.0e6
        assert np.nanmax(line[:, 0]) < 1.75e7


def test_the_dashed_line_has_ten_dashes():
    breaks = np.isnan(border_line("dashed_line")[:, 0]).sum()
    assert breaks == 9


def test_relief_pictures_are_jpegs_of_the_shape_of_their_extent():
    for name in ("relief", "relief_south_china_sea"):
        picture = relief_picture(name)
        width, height = jpeg_size(picture.path.read_bytes())
        west, south, east, north = picture.bounds
        assert width / height == pytest.approx((east - west) / (north - south), rel=1e-3)
    west, south, east, north = relief_picture().bounds
    assert west < np.nanmin(border_line("nation")[:, 0])
    assert east > np.nanmax(border_line("nation")[:, 0])
    assert south < border_line("dashed_line")[:, 1][0] < north


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height from the frame header of a JPEG (ITU-T T.81, B.2.2)."""
    place = 2
    while place < len(data):
        marker, length = struct.unpack(">HH", data[place : place + 4])
        if marker in {0xFFC0, 0xFFC2}:
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            return width, height
        place += 2 + length
    msg = "no frame header"
    raise AssertionError(msg)
