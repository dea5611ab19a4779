"""Files are written whole, or the old ones stay."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray as xr

from fluxscape.errors import WriteError
from fluxscape.io import _replace, atomic
from helpers.writers import WRITERS, Writer


def _grid(y: list[float], **attrs: object) -> xr.DataArray:
    return xr.DataArray(
        np.arange(12, dtype=np.float32).reshape(3, 4),
        dims=("y", "x"),
        coords={"y": y, "x": [10.0, 11.0, 12.0, 13.0]},
        attrs={"crs": "EPSG:4326", **attrs},
    )


@pytest.mark.parametrize("writer", WRITERS, ids=str)
def test_a_file_is_made_and_replaced(writer: Writer, tmp_path: Path) -> None:
    target = tmp_path / "product"
    for version in (1, 2):
        writer.write(version, target)
        assert writer.read(target) == version
    assert [entry.name for entry in tmp_path.iterdir()] == ["product"]


@pytest.mark.parametrize("writer", WRITERS, ids=str)
def test_what_a_killed_writer_left_is_swept_by_the_next(writer: Writer, tmp_path: Path) -> None:
    target = tmp_path / "product"
    writer.write(1, target)
    own = _replace._temporary_beside(target).name
    dead = own.replace(f"-{os.getpid()}-", "-999999999-")
    foreign = own.replace(f"{_replace._host()}-", "00000000-")
    other = own.replace("product", "other").replace(f"-{os.getpid()}-", "-999999999-")
    for name in (own, foreign, other):
        (tmp_path / name).write_text("being written")
    (tmp_path / dead).mkdir()
    (tmp_path / dead / "chunk").write_text("left behind")
    writer.write(2, target)
    assert {entry.name for entry in tmp_path.iterdir()} == {"product", own, foreign, other}


@pytest.mark.parametrize("writer", WRITERS, ids=str)
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_failing_disk_leaves_the_old_result_and_no_temporary(
    writer: Writer, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "product"
    writer.write(1, target)

    def fail(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(WriteError, match=os.strerror(code)) as caught:
        writer.write(2, target)
    assert str(target) in caught.value.message
    assert writer.read(target) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["product"]


def test_an_error_of_the_caller_passes_and_leaves_nothing(tmp_path: Path) -> None:
    def write_half() -> None:
        with atomic.atomic_path(tmp_path / "a") as temporary:
            temporary.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="No such file or directory"):
        atomic.write_text("a", tmp_path / "none" / "a.txt")


def test_the_mode_of_a_new_file_follows_the_umask(tmp_path: Path) -> None:
    atomic.write_text("a", tmp_path / "a.txt")
    plain = tmp_path / "plain"
    plain.touch()
    assert (tmp_path / "a.txt").stat().st_mode == plain.stat().st_mode


def test_json_is_strict_and_takes_numpy(tmp_path: Path) -> None:
    value = {"nan": np.float32("nan"), "n": np.arange(3), 1: (True, None), "通": "量"}
    atomic.write_json(value, tmp_path / "a.json")
    back = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert back == {"nan": None, "n": [0, 1, 2], "1": [True, None], "通": "量"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": [1.0, np.inf]}, r"value\['a'\]\[1\] is infinite"),
        ({"a": object()}, r"value\['a'\] is a object"),
        ({"a": np.datetime64("2020")}, r"value\['a'\] is a date"),
    ],
)
def test_what_json_cannot_say_is_named(value: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=message):
        atomic.write_json(value, tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("y", [[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]])
@pytest.mark.parametrize("cloud_optimised", [False, True])
def test_a_geotiff_is_north_up_and_keeps_values_and_place(
    y: list[float], cloud_optimised: bool, tmp_path: Path
) -> None:
    path = tmp_path / "a.tif"
    grid = _grid(y, units="gC m-2", long_name="GPP")
    atomic.write_geotiff(grid, path, cloud_optimised=cloud_optimised)
    with rasterio.open(path, driver="GTiff") as raster:
        values, tags, bounds = raster.read(1), raster.tags(), raster.bounds
        assert raster.crs.to_epsg() == 4326
        assert np.isnan(raster.nodata)
    np.testing.assert_array_equal(values, grid.sortby("y", ascending=False))
    assert (tags["units"], tags["long_name"]) == ("gC m-2", "GPP")
    assert tuple(bounds) == (9.5, -0.5, 13.5, 2.5)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        (_grid([0.0, 1.0, 2.0]).transpose("x", "y"), "dimensions"),
        (_grid([0.0, 1.0, 2.0]).drop_attrs(), "crs"),
        (_grid([0.0, 1.0, 2.5]), "evenly"),
        (_grid([0.0, 0.0, 0.0]), "evenly"),
        (_grid([0.0, 1.0, 2.0]).drop_vars("x"), "two coordinates"),
        (_grid([0.0, 1.0, 2.0])[:, ::-1], "increase"),
        (_grid([0.0, 1.0, 2.0]).astype(complex).astype(str), "could not be written"),
        (_grid([0.0, 1.0, 2.0]).assign_attrs(crs="EPSG:0"), "could not be written"),
    ],
)
def test_a_grid_that_is_no_geotiff_is_a_named_error(
    grid: xr.DataArray, message: str, tmp_path: Path
) -> None:
    with pytest.raises(WriteError, match=message):
        atomic.write_geotiff(grid, tmp_path / "a.tif")
    assert list(tmp_path.iterdir()) == []


def test_netcdf_keeps_types_times_and_attributes(tmp_path: Path) -> None:
    dataset = xr.Dataset(
        {
            "gpp": (("time",), np.array([1.5, np.nan]), {"units": "umol m-2 s-1"}),
            "site": (("time",), np.array(["CN-Cha", "通量"])),
            "n": ((), np.int32(3)),
        },
        coords={"time": np.array(["2020-01-01", "2020-01-02"], "M8[ns]")},
        attrs={"source": "a", "seed": 7},
    )
    atomic.write_netcdf(dataset, tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.nc") as back:
        xr.testing.assert_identical(back.load(), dataset)


def test_netcdf_that_cannot_hold_an_attribute_is_a_named_error(tmp_path: Path) -> None:
    dataset = xr.Dataset(attrs={"bad": {"nested": 1}})
    with pytest.raises(WriteError, match="bad"):
        atomic.write_netcdf(dataset, tmp_path / "a.nc")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("attrs", [{"a": "b\0c"}, {"a\0b": 1}, {"a=b": 1}, {"a\nb": 1}], ids=str)
def test_attributes_that_files_would_cut_off_are_a_named_error(
    attrs: dict[str, Any], tmp_path: Path
) -> None:
    dataset = xr.Dataset({"v": ("x", [1.0], attrs)})
    with pytest.raises(WriteError, match="of v holds a character"):
        atomic.write_netcdf(dataset, tmp_path / "a.nc")
    with pytest.raises(WriteError, match="of the dataset holds a character"):
        atomic.write_netcdf(xr.Dataset(attrs=attrs), tmp_path / "a.nc")
    with pytest.raises(WriteError, match="of the grid holds a character"):
        atomic.write_geotiff(_grid([0.0, 1.0, 2.0]).assign_attrs(attrs), tmp_path / "a.tif")
    assert list(tmp_path.iterdir()) == []


def test_text_that_is_no_unicode_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="surrogates"):
        atomic.write_text("a\ud800", tmp_path / "a.txt")
    assert list(tmp_path.iterdir()) == []


def test_the_old_directory_is_read_while_a_swap_is_under_way(tmp_path: Path) -> None:
    target = tmp_path / "a.zarr"
    old = tmp_path / "a.zarr.old"
    assert atomic.directory_in_force(target) == target
    old.mkdir()
    assert atomic.directory_in_force(target) == old
    target.mkdir()
    assert atomic.directory_in_force(target) == target
