"""Stores come back as they were written, byte for byte, and damaged ones are named errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from fluxscape.errors import FileFormatError, UnsafeInputError, WriteError
from fluxscape.io.stores import open_group, open_store, write_array, write_dataset, write_store


def product() -> xr.Dataset:
    """Return a small product with gaps."""
    rng = np.random.default_rng(5)
    values = rng.normal(size=(6, 20, 30)).astype(np.float32)
    values[:, :4] = np.nan
    time = (np.datetime64("1979", "Y") + np.arange(6)).astype("datetime64[ns]")
    return xr.Dataset(
        {
            "gpp": (("time", "y", "x"), values, {"units": "g m-2 year-1"}),
            "area": (("y", "x"), np.ones((20, 30)), {"units": "m2"}),
        },
        coords={"time": time, "y": np.arange(20.0), "x": np.arange(30.0)},
        attrs={"data_status": "simulated"},
    )


def write(path: Path, **options: Any) -> Path:
    """Write the small product."""
    chunks = {"time": 1, "y": 8, "x": 8}
    write_store(lambda group: write_dataset(group, product(), chunks=chunks, **options), path)
    return path


@pytest.mark.parametrize("shards", [None, {"y": 16, "x": 16}])
def test_a_dataset_comes_back_as_it_was(tmp_path: Path, shards: dict[str, int] | None) -> None:
    found = open_store(write(tmp_path / "a.zarr", shards=shards))
    wanted = product()
    assert found.attrs == wanted.attrs
    assert found["gpp"].attrs == {"units": "g m-2 year-1"}
    xr.testing.assert_equal(found.load(), wanted.astype(np.float32))
    assert found.time.to_numpy()[0] == np.datetime64("1979-01-01")


def test_equal_data_make_equal_bytes(tmp_path: Path) -> None:
    stores = [write(tmp_path / name, shards={"y": 16}) for name in ("a.zarr", "b.zarr")]
    files = [sorted(p.relative_to(s) for p in s.rglob("*") if p.is_file()) for s in stores]
    assert files[0] == files[1]
    for name in files[0]:
        assert (stores[0] / name).read_bytes() == (stores[1] / name).read_bytes()


def test_shards_make_few_files(tmp_path: Path) -> None:
    plain = write(tmp_path / "plain.zarr")
    packed = write(tmp_path / "packed.zarr", shards={})
    count = [sum(p.is_file() for p in s.rglob("c/**/*")) for s in (plain, packed)]
    assert count[0] > 60
    assert count[1] <= 6


def test_a_failing_writer_leaves_the_old_store(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zarr")

    def fails(group: Any) -> None:
        group.attrs["half"] = True
        message = "disk full"
        raise OSError(message)

    with pytest.raises(WriteError, match="disk full"):
        write_store(fails, path)
    assert open_store(path).attrs == {"data_status": "simulated"}
    assert [p.name for p in tmp_path.iterdir()] == ["a.zarr"]


def test_a_store_whose_writer_died_between_its_renames_is_still_found(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zarr")
    path.rename(tmp_path / "a.zarr.old")
    assert open_store(path).sizes["time"] == 6


def test_scalars_and_bytes_are_written_too(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"

    def build(group: Any) -> None:
        write_array(group, "seed", np.array(7), dims=(), attrs={})
        write_array(group, "mask", np.ones((2, 2), np.uint8), dims=("y", "x"), attrs={})

    write_store(build, path)
    group = open_group(path)
    assert int(group["seed"][()]) == 7
    assert group["mask"][...].sum() == 4


def test_times_within_a_day_are_refused(tmp_path: Path) -> None:
    dataset = xr.Dataset(coords={"time": np.array(["2000-01-01T06"], dtype="datetime64[ns]")})
    with pytest.raises(FileFormatError, match="times within a day"):
        write_store(lambda group: write_dataset(group, dataset, chunks={}), tmp_path / "a.zarr")


def test_what_is_no_store_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="not a Zarr directory"):
        open_store(tmp_path / "absent.zarr")
    path = write(tmp_path / "a.zarr")
    with pytest.raises(FileFormatError, match="group 'native' of"):
        open_store(path, group="native")
    (path / "gpp" / "zarr.json").write_text("{")
    with pytest.raises(FileFormatError, match="damaged Zarr metadata"):
        open_store(path)


def test_a_codec_that_could_run_code_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zarr")
    file = path / "gpp" / "zarr.json"
    metadata = json.loads(file.read_text())
    metadata["codecs"].append({"name": "numcodecs.pickle", "configuration": {}})
    file.write_text(json.dumps(metadata))
    with pytest.raises(UnsafeInputError, match="pickle"):
        open_group(path)
