"""Zarr v3 stores that several processes fill, each its own shards.

The store is made once, empty. A process writes only regions that are whole shards, so that no two
of them touch one file; :func:`region_checksum` tells later whether a region lies there as it was
written.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.io._replace import named_write_errors
from fluxscape.io.stores import open_group, write_array, write_store

if TYPE_CHECKING:
    import zarr

Region = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class RegionArray:
    """An array over (..., y, x) that is filled by regions.

    Attributes
    ----------
    name
        Of the array.
    dims, shape
        Dimensions, the last two ``y`` and ``x``, and their lengths.
    attrs
        Attributes.
    """

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    attrs: Mapping[str, Any]


def make_region_store(
    path: Path,
    arrays: Sequence[RegionArray],
    *,
    side: int,
    chunk: int,
    fixed: Mapping[str, tuple[tuple[str, ...], npt.NDArray[Any]]],
) -> None:
    """Make a store: empty float32 arrays to be filled, and fixed ones written now.

    Parameters
    ----------
    path
        Directory to make or replace.
    arrays
        To be filled, NaN so far.
    side
        Cells of a shard along y and x: what one process writes at once.
    chunk
        Cells of a chunk inside a shard along y and x; the other dimensions are whole.
    fixed
        Dimensions and values of arrays that are written whole.

    Raises
    ------
    WriteError
        If it cannot be written.
    """

    def build(group: zarr.Group) -> None:
        from zarr.codecs import BloscCodec  # noqa: PLC0415

        for name, (dims, values) in fixed.items():
            chunks = [
                min(side, n) if dim in {"y", "x"} else n
                for dim, n in zip(dims, values.shape, strict=True)
            ]
            write_array(group, name, values, dims=dims, attrs={}, chunks=chunks)
        for item in arrays:
            other = item.shape[:-2]
            group.create_array(
                item.name,
                shape=item.shape,
                dtype=np.float32,
                chunks=(*other, chunk, chunk),
                shards=(*other, side, side),
                dimension_names=item.dims,
                fill_value=float("nan"),
                compressors=[BloscCodec(typesize=4, cname="zstd", clevel=3, shuffle="bitshuffle")],
                attributes=dict(item.attrs),
            )

    write_store(build, path)


class RegionStore:
    """A store opened by one of the processes that fill it.

    Parameters
    ----------
    path
        Directory that :func:`make_region_store` made.
    side
        Cells of a shard along y and x.
    """

    def __init__(self, path: Path, side: int) -> None:
        self.path = path
        self.side = side
        self._group = open_group(path)

    def read(self, name: str, region: Region | None = None) -> npt.NDArray[Any]:
        """Return a fixed array, or the part of one over (y, x) in a region."""
        array: Any = self._group[name]
        return np.asarray(array[...] if region is None else array[region])

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array."""
        array: Any = self._group[name]
        return tuple(int(size) for size in array.shape)

    def write(self, name: str, region: Region, values: npt.NDArray[Any]) -> int:
        """Write one region of an array and return its checksum.

        Raises
        ------
        OutOfBoundsError
            If the region is not one whole shard: it would overlap what others write.
        DimsError
            If the values do not have its shape.
        WriteError
            If the disk is full or read-only.
        """
        import zarr  # noqa: PLC0415

        array: Any = zarr.Array.open(self.path / name)
        self._check(array.shape, region)
        wanted = (*array.shape[:-2], *(part.stop - part.start for part in region))
        if values.shape != wanted:
            msg = f"{name}: values of shape {values.shape} for a region of shape {wanted}"
            raise DimsError(msg, got=values.shape)
        with named_write_errors(self.path / name, ValueError):
            # What a killed writer left there would be read first, and may be damaged.
            self._file(name, region).unlink(missing_ok=True)
            array[(..., *region)] = values
        return self.checksum(name, region)

    def checksum(self, name: str, region: Region) -> int:
        """Return the CRC-32 of the file that holds a region, 0 where all of it is missing."""
        try:
            return zlib.crc32(self._file(name, region).read_bytes())
        except FileNotFoundError:
            return 0

    def _file(self, name: str, region: Region) -> Path:
        """Return the file of the shard that holds a region."""
        leading = len(self.shape(name)) - 2
        place = [str(part.start // self.side) for part in region]
        return self.path.joinpath(name, "c", *["0"] * leading, *place)

    def _check(self, shape: Sequence[int], region: Region) -> None:
        """Raise OutOfBoundsError unless a region is one whole shard."""
        for part, size, axis in zip(region, shape[-2:], "yx", strict=True):
            if part.start % self.side or part.stop != min(part.start + self.side, size):
                msg = (
                    f"region {part.start} to {part.stop} along {axis} is not one whole shard of "
                    f"{self.side} cells: it would overlap its neighbours"
                )
                raise OutOfBoundsError(msg, axis=axis, got=(part.start, part.stop))
