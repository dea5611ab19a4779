"""GeoTIFF files are measured by what they declare before GDAL opens them, and only as GeoTIFF."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fluxscape.errors import FileFormatError, UnsafeInputError
from fluxscape.io._tiff import Directory, read_directories
from fluxscape.io.names import local_file

#: GDAL reads the named file and no file beside it, fetches nothing, writes no sidecar.
GDAL_OPTIONS: Final = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_CACHEMAX": 256,
}


@dataclass(frozen=True, slots=True)
class RasterLimits:
    """What a raster may declare.

    Attributes
    ----------
    nbytes
        Unpacked size of all bands [bytes].
    side
        Width and height [pixels].
    bands
        Number of bands.
    block_nbytes
        Unpacked size of one tile or strip, the least that is read at once [bytes].
    blocks
        Number of tiles or strips.
    """

    nbytes: int = 2 * 2**30
    side: int = 200_000
    bands: int = 512
    block_nbytes: int = 256 * 2**20
    blocks: int = 4_000_000


DEFAULT_LIMITS: Final = RasterLimits()


@dataclass(frozen=True, slots=True)
class RasterInfo:
    """What a raster declares.

    Attributes
    ----------
    path
        The file.
    width, height, bands
        Size.
    dtype
        Type of the cells.
    nbytes
        Unpacked size [bytes].
    block
        Height and width of a tile or strip [pixels].
    overviews
        Number of images in the file besides the first.
    compression
        Name of the compression.
    crs
        Reference system as WKT, or an empty string.
    bounds
        Left, bottom, right, top in ``crs``.
    nodata
        Value of missing cells.
    """

    path: Path
    width: int
    height: int
    bands: int
    dtype: str
    nbytes: int
    block: tuple[int, int]
    overviews: int
    compression: str
    crs: str
    bounds: tuple[float, float, float, float]
    nodata: float | None


def inspect_raster(path: str | Path, *, limits: RasterLimits = DEFAULT_LIMITS) -> RasterInfo:
    """Return what a GeoTIFF declares, without reading a cell.

    Raises
    ------
    UnsafeInputError
        If it declares more than ``limits``, or is no local file.
    FileFormatError
        If it is no GeoTIFF.
    """
    with open_raster(path, limits=limits) as raster:
        return raster_info(Path(path), raster)


def raster_info(path: Path, raster: Any) -> RasterInfo:
    """Return the facts of an open raster."""
    first, *others = read_directories(path)
    return RasterInfo(
        path=path,
        width=raster.width,
        height=raster.height,
        bands=raster.count,
        dtype=str(raster.dtypes[0]),
        nbytes=first.nbytes,
        block=(first.block_height, first.block_width),
        overviews=len(others),
        compression=first.compression,
        crs=raster.crs.to_wkt() if raster.crs else "",
        bounds=tuple(raster.bounds),
        nodata=raster.nodata,
    )


@contextlib.contextmanager
def open_raster(path: str | Path, *, limits: RasterLimits = DEFAULT_LIMITS) -> Iterator[Any]:
    """Open a GeoTIFF with rasterio after checking what it declares.

    Yields
    ------
    rasterio.DatasetReader

    Raises
    ------
    UnsafeInputError
        If it declares more than ``limits``, or is no local file.
    FileFormatError
        If it is no GeoTIFF, or is damaged.
    """
    # rasterio and GDAL take 0.3 s to import.
    import rasterio  # noqa: PLC0415

    file = local_file(path)
    check_directories(read_directories(file), file, limits)
    try:
        with rasterio.Env(**GDAL_OPTIONS), _open(file) as raster:
            yield raster
    except rasterio.errors.RasterioError as error:
        msg = f"{file.name} cannot be read as GeoTIFF: {error}"
        raise FileFormatError(msg, path=str(file)) from error


def _open(file: Path) -> Any:
    """Open a checked file; that it lacks a reference system is the caller's to judge."""
    import rasterio  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        return rasterio.open(file, driver="GTiff")


def check_directories(
    directories: Iterable[Directory], file: Path, limits: RasterLimits = DEFAULT_LIMITS
) -> None:
    """Raise UnsafeInputError if an image of a file declares more than ``limits``."""
    for directory in directories:
        _check_directory(directory, file, limits)


def _check_directory(directory: Directory, file: Path, limits: RasterLimits) -> None:
    """Raise UnsafeInputError if one image of a file is larger than allowed."""
    declared = {
        "width": (directory.width, 1, limits.side),
        "height": (directory.height, 1, limits.side),
        "number of bands": (directory.bands, 1, limits.bands),
        "bits per sample": (directory.bits, 1, 128),
        "unpacked size in bytes": (directory.nbytes, 1, limits.nbytes),
        "tile or strip size in bytes": (directory.block_nbytes, 1, limits.block_nbytes),
        "number of tiles or strips": (directory.blocks, 1, limits.blocks),
    }
    for name, (found, lowest, highest) in declared.items():
        if not lowest <= found <= highest:
            msg = (
                f"{file.name} is refused unread: it declares a {name} of {found}, "
                f"allowed are {lowest} to {highest}"
            )
            raise UnsafeInputError(msg, path=str(file), quantity=name, got=found, wanted=highest)
