"""Boundaries can be replaced by an approved map, whole and never mixed with the shipped ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fluxscape.errors import FileFormatError, MissingVariableError
from fluxscape.io import basemap

ROOT = Path(__file__).resolve().parents[3]


def polygon(west, east):
    ring = [[west, 30.0], [east, 30.0], [east, 40.0], [west, 40.0], [west, 30.0]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(geometry, **properties):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(path, *features):
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}))
    return path


@pytest.fixture(scope="module")
def approved(tmp_path_factory):
    """Make a folder of boundaries from vector files, as an administrator does."""
    folder = tmp_path_factory.mktemp("approved")
    provinces = collection(
        folder / "provinces.geojson",
        feature(polygon(110.0, 115.0), code="2", name_en="East", name_zh="东"),
        feature(polygon(100.0, 110.0), code="1", name_en="West", name_zh="西"),
    )
    dashes = collection(
        folder / "dashes.geojson",
        feature({"type": "LineString", "coordinates": [[110.0, 10.0], [111.0, 11.0]]}),
        feature({"type": "LineString", "coordinates": [[112.0, 12.0], [113.0, 13.0]]}),
    )
    command = [sys.executable, "tools/build_basemap.py", str(provinces), str(dashes)]
    subprocess.run(
        [*command, "--out", str(folder / "out"), "--approval", "GS (2024) 0000"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return folder / "out"


def test_the_shipped_boundaries_carry_no_approval_number(monkeypatch):
    monkeypatch.delenv(basemap.FOLDER_VARIABLE, raising=False)
    assert basemap.approval_number() == ""


def test_an_approved_map_replaces_every_boundary(approved, monkeypatch):
    monkeypatch.setenv(basemap.FOLDER_VARIABLE, str(approved))
    assert [region.name_en for region in basemap.read_provinces()] == ["West", "East"]
    assert basemap.read_nation().polygon.bounds == (100.0, 30.0, 115.0, 40.0)
    assert basemap.approval_number() == "GS (2024) 0000"
    # The inner border is one straight line at 110 E.
    inner = basemap.border_line("provinces")
    assert inner[:, 0] == pytest.approx(np.full(len(inner), 12_245_143.99), abs=2.0)
    assert np.isnan(basemap.border_line("dashed_line")[:, 0]).sum() == 1
    assert basemap.border_line("neighbours").shape == (0, 2)


def test_a_relief_that_the_folder_lacks_is_the_shipped_one(approved, monkeypatch):
    monkeypatch.setenv(basemap.FOLDER_VARIABLE, str(approved))
    assert basemap.relief_picture().path.name == "relief.jpg"
    assert approved not in basemap.relief_picture().path.parents


def test_boundaries_of_two_maps_are_never_mixed(approved, tmp_path, monkeypatch):
    (tmp_path / "nation.npy").write_bytes((approved / "nation.npy").read_bytes())
    monkeypatch.setenv(basemap.FOLDER_VARIABLE, str(tmp_path))
    assert len(basemap.border_line("nation")) > 0
    with pytest.raises(MissingVariableError, match=r"dashed_line\.npy is missing.*not mixed"):
        basemap.border_line("dashed_line")


def test_a_folder_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv(basemap.FOLDER_VARIABLE, "/no/such/folder")
    with pytest.raises(MissingVariableError, match=r"FLUXSCAPE_BASEMAP names '/no/such/folder'"):
        basemap.read_nation()


@pytest.mark.parametrize(
    "content",
    [
        b"not an array",
        b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"
        + b" " * 60
        + b"\n",
    ],
)
def test_a_line_file_that_holds_something_else_is_refused(tmp_path, monkeypatch, content):
    (tmp_path / "nation.npy").write_bytes(content)
    monkeypatch.setenv(basemap.FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(FileFormatError, match=r"nation\.npy"):
        basemap.border_line("nation")


def test_an_array_of_the_wrong_shape_is_refused(tmp_path, monkeypatch):
    np.save(tmp_path / "nation.npy", np.zeros((3, 4)))
    monkeypatch.setenv(basemap.FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(FileFormatError, match=r"wanted numbers \(point, 2\)"):
        basemap.border_line("nation")


@pytest.mark.parametrize("text", ["{", "[]", '{"features": [{"properties": {}}]}'])
def test_a_polygon_file_that_holds_something_else_is_refused(tmp_path, monkeypatch, text):
    (tmp_path / "nation.geojson").write_text(text)
    monkeypatch.setenv(basemap.FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(FileFormatError, match=r"no GeoJSON of regions"):
        basemap.read_nation()


def test_an_unknown_layer_or_picture_is_an_error_with_a_proposal():
    with pytest.raises(MissingVariableError, match=r"Did you mean 'provinces'"):
        basemap.border_line("province")
    with pytest.raises(MissingVariableError, match=r"Did you mean 'relief'"):
        basemap.relief_picture("reliev")
