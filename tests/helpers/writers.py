"""The writers of `fluxscape.io.atomic`, each with a product whose every part tells its version."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import xarray as xr

from fluxscape.io import atomic

SIDE = 256


class MixedVersionsError(Exception):
    """A product holds parts of two versions: it is silently wrong."""


@dataclass(frozen=True)
class Writer:
    """One way to write, and how to read it back completely."""

    name: str
    write: Callable[[int, Path], None]
    read: Callable[[Path], int]

    def __str__(self) -> str:
        return self.name


def _one_version(*parts: object) -> int:
    versions = {int(v) for part in parts for v in np.unique(np.asarray(part))}
    if len(versions) != 1:
        raise MixedVersionsError(versions)
    return versions.pop()


def field(version: int) -> xr.Dataset:
    """Return two variables whose every value is ``version``."""
    values = np.full((4, SIDE, SIDE), version, np.float32)
    return xr.Dataset(
        {"a": (("layer", "y", "x"), values), "b": (("layer", "y", "x"), values)},
        attrs={"version": version},
    )


def write_netcdf(version: int, path: Path) -> None:
    atomic.write_netcdf(field(version), path, encoding={"a": {"zlib": False}, "b": {"zlib": False}})


def read_netcdf(path: Path) -> int:
    with xr.open_dataset(path) as dataset:
        return _one_version(dataset.a, dataset.b, dataset.attrs["version"])


def write_zarr(version: int, path: Path) -> None:
    dataset = field(version)
    encoding = {name: {"chunks": (1, SIDE, SIDE)} for name in ("a", "b")}
    atomic.replace_directory(
        lambda directory: dataset.to_zarr(
            directory, zarr_format=3, consolidated=False, encoding=encoding
        ),
        path,
    )


def read_zarr(path: Path) -> int:
    in_force = atomic.directory_in_force(path)
    with xr.open_zarr(in_force, consolidated=False, chunks=None) as dataset:
        return _one_version(dataset.a, dataset.b, dataset.attrs["version"])


def write_json(version: int, path: Path) -> None:
    atomic.write_json({"first": version, "values": [version] * 20_000, "last": version}, path)


def read_json(path: Path) -> int:
    content = json.loads(path.read_text("utf-8"))
    assert len(content["values"]) == 20_000
    return _one_version(content["first"], content["values"], content["last"])


def write_geotiff(version: int, path: Path) -> None:
    grid = field(version).a[0].assign_coords(x=np.arange(SIDE) + 0.5, y=np.arange(SIDE) + 0.5)
    atomic.write_geotiff(grid.assign_attrs(crs="EPSG:3857", version=version), path)


def read_geotiff(path: Path) -> int:
    with rasterio.open(path, driver="GTiff") as raster:
        return _one_version(raster.read(1), float(raster.tags()["version"]))


WRITERS = (
    Writer("netcdf", write_netcdf, read_netcdf),
    Writer("zarr", write_zarr, read_zarr),
    Writer("json", write_json, read_json),
    Writer("geotiff", write_geotiff, read_geotiff),
)
