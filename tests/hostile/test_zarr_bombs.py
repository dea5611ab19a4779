"""Zarr stores whose metadata declare code, links or absurd sizes (H2)."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from fluxscape.errors import FileFormatError, UnsafeInputError
from fluxscape.io.guards import DatasetLimits, check_zarr

V3 = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [10],
    "data_type": "float64",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [10]}},
    "chunk_key_encoding": {"name": "default"},
    "fill_value": 0.0,
    "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
    "attributes": {},
}
V2 = {
    "zarr_format": 2,
    "shape": [10],
    "chunks": [10],
    "dtype": "<f8",
    "compressor": None,
    "filters": None,
    "fill_value": 0.0,
    "order": "C",
}
SHARDS = {
    "name": "sharding_indexed",
    "configuration": {
        "chunk_shape": [5],
        "codecs": [{"name": "bytes"}, {"name": "numcodecs.pickle"}],
        "index_codecs": [{"name": "bytes"}, {"name": "crc32c"}],
    },
}


def _grid(size: int) -> dict[str, Any]:
    return {"name": "regular", "configuration": {"chunk_shape": [size]}}


UNSAFE: dict[str, dict[str, Any]] = {
    "a pickle codec": V3 | {"codecs": [{"name": "numcodecs.pickle"}]},
    "a pickle codec in shards": V3 | {"codecs": [SHARDS]},
    "an unknown codec": V3 | {"codecs": [{"name": "bytes"}, {"name": "my-codec"}]},
    "a pickle filter": V2 | {"filters": [{"id": "zlib"}, {"id": "pickle"}]},
    "a JSON object filter": V2 | {"dtype": "|O", "filters": [{"id": "json2"}]},
    "a pickle compressor": V2 | {"compressor": {"id": "pickle"}},
    "7 EiB": V3 | {"shape": [10**18], "chunk_grid": _grid(1000)},
    "a chunk of 7 GiB": V3 | {"shape": [10**9], "chunk_grid": _grid(10**9)},
    "a chunk larger than its array": V2 | {"chunks": [10**12]},
    "a negative size": V3 | {"shape": [-1]},
    "long names": V3 | {"data_type": {"name": "fixed_length_utf32", "length_bytes": 10**12}},
}


def _store(root: Path, content: object) -> Path:
    array = root / "store.zarr" / "v"
    array.mkdir(parents=True)
    old = isinstance(content, dict) and content.get("zarr_format") == 2
    (array / (".zarray" if old else "zarr.json")).write_text(json.dumps(content))
    return array.parent


@pytest.mark.parametrize("case", UNSAFE)
def test_unsafe_metadata_are_refused(case: str, tmp_path: Path) -> None:
    with pytest.raises((UnsafeInputError, FileFormatError), match=r"store\.zarr"):
        check_zarr(_store(tmp_path, UNSAFE[case]))


@pytest.mark.parametrize(
    "name", ["../../outside", "/etc", "a/../../b", "..\\b"], ids=["up", "root", "inner", "windows"]
)
def test_names_in_consolidated_metadata_stay_inside(name: str, tmp_path: Path) -> None:
    group = {
        "zarr_format": 3,
        "node_type": "group",
        "consolidated_metadata": {"kind": "inline", "metadata": {name: V3}},
    }
    with pytest.raises(FileFormatError, match="leads out"):
        check_zarr(_store(tmp_path, group))
    old = {"zarr_consolidated_format": 1, "metadata": {f"{name}/.zarray": V2}}
    store = _store(tmp_path / "v2", V2)
    (store / ".zmetadata").write_text(json.dumps(old))
    with pytest.raises(FileFormatError, match="leads out"):
        check_zarr(store)


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"zarr_format": 3, "node_type": "array", "shape": [1]},
        V3 | {"shape": "ten"},
        V3 | {"shape": [1.5]},
        V3 | {"chunk_grid": None},
        V3 | {"codecs": [7]},
        V3 | {"data_type": "no-such-type"},
        V3 | {"consolidated_metadata": [1]},
    ],
    ids=str,
)
def test_damaged_metadata_are_a_named_error(content: object, tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"store\.zarr|zarr\.json"):
        check_zarr(_store(tmp_path, content))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\0", "null"])
def test_metadata_that_are_no_json_are_a_named_error(text: str, tmp_path: Path) -> None:
    store = _store(tmp_path, V3)
    (store / "v" / "zarr.json").write_text(text)
    with pytest.raises(FileFormatError, match=r"zarr\.json"):
        check_zarr(store)


def test_long_metadata_are_refused(tmp_path: Path) -> None:
    store = _store(tmp_path, V3)
    (store / "v" / "zarr.json").write_text(" " * (16 * 2**20 + 1))
    with pytest.raises(UnsafeInputError, match="exceed"):
        check_zarr(store)


def _link_chunk(store: Path) -> None:
    (store / "v" / "c").mkdir()
    (store / "v" / "c" / "0").symlink_to("/etc/passwd")


def _link_folder(store: Path) -> None:
    (store / "w").symlink_to("/etc")


@pytest.mark.parametrize("link", [_link_chunk, _link_folder])
def test_links_are_refused(link: Callable[[Path], None], tmp_path: Path) -> None:
    store = _store(tmp_path, V3)
    link(store)
    with pytest.raises(UnsafeInputError, match="is a link"):
        check_zarr(store)


def test_a_folder_without_metadata_is_a_named_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(FileFormatError, match="Zarr"):
            check_zarr(path)


@pytest.mark.parametrize("version", [2, 3])
def test_stores_of_xarray_pass(version: int, tmp_path: Path) -> None:
    dataset = xr.Dataset(
        {
            "a": (("time", "x"), np.ones((4, 3), np.float32)),
            "n": (("x",), np.array([1, 2, 3], np.int16)),
            "site": (("x",), np.array(["CN-Cha", "b", "c"], dtype=object)),
            "name": (("x",), np.array(["CN-Cha", "b", "c"])),
            "flag": (("x",), np.array([True, False, True])),
        },
        coords={"time": np.arange(4).astype("M8[D]").astype("M8[ns]")},
    )
    store = tmp_path / "a.zarr"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.to_zarr(store, zarr_format=version, consolidated=True)
    assert check_zarr(store) == store
    with pytest.raises(UnsafeInputError, match="declares more than"):
        check_zarr(store, limits=DatasetLimits(nbytes=50))


def test_a_pickle_in_a_store_is_never_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
            return os.system, (f"touch {tmp_path / 'ran'}",)

    store = _store(tmp_path, V2 | {"dtype": "|O", "filters": [{"id": "pickle"}]})
    (store / ".zgroup").write_text('{"zarr_format": 2}')
    import pickle  # noqa: PLC0415, TID251 - the attacker's tool

    (store / "v" / "0").write_bytes(pickle.dumps(np.array([Bomb()] * 10, dtype=object)))
    with pytest.raises(UnsafeInputError, match="pickle"):
        check_zarr(store)
    assert not (tmp_path / "ran").exists()
