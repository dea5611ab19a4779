"""Zarr v3 stores: written whole or not at all, opened only after their metadata were checked.

A store is a directory. Arrays are compressed by Blosc (zstd, bit shuffle) and, where they have
many chunks, packed into shards, so that a national product is tens of files and not thousands.
Nothing time-dependent is written: equal data make equal bytes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import FileFormatError
from fluxscape.io.atomic import directory_in_force, replace_directory
from fluxscape.io.guards import check_zarr

if TYPE_CHECKING:
    import xarray as xr
    import zarr

_COMPRESSION_LEVEL: Final = 7
_TIME_UNITS: Final = "days since 1970-01-01"


def open_store(path: str | Path, *, group: str | None = None) -> xr.Dataset:
    """Open a local Zarr store, or one of its groups, lazily.

    Parameters
    ----------
    path
        Directory of the store; if a writer died while it replaced the store, the old one is read.
    group
        Group inside the store.

    Raises
    ------
    UnsafeInputError
        If its metadata declare links, foreign codecs or absurd sizes.
    FileFormatError
        If it is no Zarr store or lacks the group.
    """
    import xarray as xr  # noqa: PLC0415

    root = check_zarr(directory_in_force(path))
    with _named_errors(root, group):
        dataset: xr.Dataset = xr.open_zarr(root, group=group, consolidated=False, chunks=None)
        return dataset


def open_group(path: str | Path) -> zarr.Group:
    """Open a local Zarr store for reading, without xarray's cost; errors as :func:`open_store`."""
    import zarr  # noqa: PLC0415

    root = check_zarr(directory_in_force(path))
    with _named_errors(root, None):
        return zarr.open_group(root, mode="r", use_consolidated=False)


def write_store(build: Callable[[zarr.Group], object], path: str | Path) -> None:
    """Make or replace a store.

    Parameters
    ----------
    build
        Called with an empty Zarr v3 group, which it fills.
    path
        Directory of the store.

    Raises
    ------
    WriteError
        If it cannot be written; what lay at ``path`` is unchanged.
    """
    import zarr  # noqa: PLC0415

    def fill(directory: Path) -> None:
        build(zarr.create_group(directory, zarr_format=3))

    replace_directory(fill, path)


def write_dataset(
    group: zarr.Group,
    dataset: xr.Dataset,
    *,
    chunks: Mapping[str, int],
    shards: Mapping[str, int] | None = None,
) -> None:
    """Write every variable and coordinate of a Dataset into a group.

    Parameters
    ----------
    group
        Open for writing.
    dataset
        Numbers and datetimes; floats are stored as float32.
    chunks, shards
        Length of a chunk and of a shard by dimension; the whole dimension where absent. Shards
        are rounded up to whole chunks.
    """
    group.attrs.update(dict(dataset.attrs))
    for name, coordinate in dataset.coords.items():
        values, attrs = _encode_coordinate(coordinate)
        write_array(group, str(name), values, dims=_dims(coordinate), attrs=attrs)
    for name, array in dataset.data_vars.items():
        values = array.to_numpy()
        if values.dtype == np.float64:
            values = values.astype(np.float32)
        dims = _dims(array)
        inner = _lengths(chunks, dims, values.shape)
        outer = None
        if shards is not None:
            wanted = zip(_lengths(shards, dims, values.shape), inner, strict=True)
            outer = [-(-shard // chunk) * chunk for shard, chunk in wanted]
        attrs = dict(array.attrs)
        write_array(group, str(name), values, dims=dims, attrs=attrs, chunks=inner, shards=outer)


class SeriesWriter:
    """Writes a series part by part into a group, so that it never lies in memory as a whole.

    Times are stored in seconds, numbers as they come. Variables without ``time`` and attributes
    are those of the last part.

    Parameters
    ----------
    group
        Open for writing.
    """

    def __init__(self, group: zarr.Group) -> None:
        self._group = group

    def add(self, part: xr.Dataset) -> None:
        """Append a part that follows the last one in time."""
        for name, array in part.variables.items():
            values, attrs = _encode_moments(array)
            dims = tuple(str(dim) for dim in array.dims)
            if str(name) not in self._group:
                write_array(self._group, str(name), values, dims=dims, attrs=attrs)
            elif "time" in dims:
                self._group[str(name)].append(values, axis=dims.index("time"))
            else:
                self._group[str(name)][...] = values
        self._group.attrs.update(dict(part.attrs))


def write_array(
    group: zarr.Group,
    name: str,
    values: npt.NDArray[Any],
    *,
    dims: Sequence[str],
    attrs: Mapping[str, Any],
    chunks: Sequence[int] | None = None,
    shards: Sequence[int] | None = None,
) -> None:
    """Write one array in a single chunk, or in ``chunks`` packed into ``shards``."""
    from zarr.codecs import BloscCodec  # noqa: PLC0415

    floating = values.dtype.kind == "f"
    codec = BloscCodec(
        typesize=values.dtype.itemsize,
        cname="zstd",
        clevel=_COMPRESSION_LEVEL,
        shuffle="bitshuffle" if values.dtype.itemsize > 1 else "noshuffle",
    )
    array = group.create_array(
        name,
        shape=values.shape,
        dtype=values.dtype,
        chunks=tuple(chunks) if chunks is not None else tuple(max(n, 1) for n in values.shape),
        shards=tuple(shards) if shards is not None else None,
        dimension_names=tuple(dims),
        fill_value=float("nan") if floating else 0,
        compressors=[codec] if values.ndim else None,
        attributes=dict(attrs),
    )
    array[...] = values


def _lengths(wanted: Mapping[str, int], dims: Sequence[str], shape: Sequence[int]) -> list[int]:
    """Return the wanted length of each dimension, the whole one where none is wanted."""
    return [min(wanted.get(dim, size), size) for dim, size in zip(dims, shape, strict=True)]


def _dims(array: xr.DataArray) -> tuple[str, ...]:
    return tuple(str(dim) for dim in array.dims)


def _encode_coordinate(coordinate: xr.DataArray) -> tuple[npt.NDArray[Any], dict[str, Any]]:
    """Return values and attributes of a coordinate; datetimes become CF days."""
    values = coordinate.to_numpy()
    attrs = dict(coordinate.attrs)
    if values.dtype.kind != "M":
        return values, attrs
    days = values.astype("datetime64[D]")
    if (days != values).any():
        msg = f"coordinate {coordinate.name!r} has times within a day, which stores do not keep"
        raise FileFormatError(msg, variable=str(coordinate.name))
    attrs |= {"units": _TIME_UNITS, "calendar": "proleptic_gregorian"}
    return days.astype(np.int64), attrs


def _encode_moments(array: xr.Variable) -> tuple[npt.NDArray[Any], dict[str, Any]]:
    """Return values and attributes of a variable; datetimes become CF seconds."""
    values, attrs = np.asarray(array.to_numpy()), dict(array.attrs)
    if values.dtype.kind != "M":
        return values, attrs
    attrs |= {"units": "seconds since 1970-01-01", "calendar": "proleptic_gregorian"}
    return values.astype("datetime64[s]").astype(np.int64), attrs


@contextlib.contextmanager
def _named_errors(root: Path, group: str | None) -> Iterator[None]:
    """Turn what zarr and xarray raise on damaged stores into an error that names the store."""
    from zarr.errors import BaseZarrError  # noqa: PLC0415

    try:
        yield
    except (BaseZarrError, KeyError, ValueError, OSError) as error:
        what = f"group {group!r} of {root}" if group else str(root)
        msg = f"{what} could not be opened as a Zarr store: {error}"
        raise FileFormatError(msg, path=str(root), group=group) from error
