"""Which maps a fetch asks for and which of several lies on top."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fluxscape.io import stac
from fluxscape.io._stac_read import _bounds
from fluxscape.io.rasters import read_raster, sample_point
from helpers.stac_server import PLACE, Catalogue, stac_server

# odc-geo calls affine and shapely in their old ways.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'shapely.ops.transform:DeprecationWarning"),
]

AREA = stac.Area("CN-Toy", *PLACE, half_width=500.0)


@pytest.fixture
def catalogue(tmp_path):
    files = tmp_path / "served"
    files.mkdir()
    with stac_server(files) as server:
        yield server


def fetch_cover(catalogue: Catalogue, folder: Path, **options: str) -> None:
    catalogue.save()
    stac.fetch("worldcover", AREA, folder, catalogue=catalogue.url, **options)


def test_the_newest_map_lies_on_top(catalogue, tmp_path) -> None:
    newest = np.full((300, 300), 40, np.uint8)
    newest[:150] = 0
    for number, (values, day) in enumerate(
        ((np.full((300, 300), 10, np.uint8), "2020-01-01"), (newest, "2021-01-01"))
    ):
        catalogue.add_raster(f"map-{number}.tif", values)
        catalogue.add_item(number, "esa-worldcover", {"map": f"map-{number}.tif"}, day)
    fetch_cover(catalogue, tmp_path / "out")
    raster = read_raster(tmp_path / "out" / "CN-Toy_land_cover.tif", categorical=True)
    latitude, longitude = PLACE
    # Rows run from south to north: the newest map knows the north only.
    assert sample_point(raster, longitude, latitude + 0.002) == 40
    assert sample_point(raster, longitude, latitude - 0.002) == 10


@pytest.mark.parametrize(
    ("days", "asked"),
    [({"start": "2020"}, "2020-01-01T00:00:00Z/.."), ({"end": "2021-06"}, "../2021-06-30")],
)
def test_one_day_alone_leaves_the_other_end_open(catalogue, tmp_path, days, asked) -> None:
    catalogue.add_raster("map.tif", np.full((300, 300), 10, np.uint8))
    catalogue.add_item(1, "esa-worldcover", {"map": "map.tif"}, "2021-01-01")
    fetch_cover(catalogue, tmp_path / "out", **days)
    (question,) = [entry["body"] for entry in catalogue.log() if entry["body"]]
    assert question["datetime"].startswith(asked)


def test_a_box_across_the_dateline_has_its_west_above_its_east() -> None:
    west, _, east, _ = _bounds(stac.Area("x", -17.0, 179.99))
    assert west == pytest.approx(179.943, abs=2e-3)
    assert east == pytest.approx(-179.963, abs=2e-3)
    assert _bounds(stac.Area("x", -17.0, 20.0))[0] < 20.0
