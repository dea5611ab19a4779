"""Images that ``fluxscape fuse`` reads and writes: looked at first, read afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fluxscape.errors import DimsError, FileFormatError, WriteError

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

    from fluxscape.fusion.grids import Grid
    from fluxscape.io.guards import RasterInfo

OUTPUTS: Final = (".tif", ".nc", ".zarr")
_FLAGS: Final = ("quality", "origin", "rejected", "similar_pixels")


@dataclass(frozen=True)
class ImageFile:
    """A file and what it declares; ``grid`` is None for NetCDF and Zarr, which are read whole.

    Attributes
    ----------
    path
        The file or store.
    grid
        Grid of a GeoTIFF.
    bands
        Number of its bands.
    """

    path: Path
    grid: Grid | None
    bands: int = 1

    @property
    def name(self) -> str:
        """Name of the file, for messages."""
        return self.path.name


def look_at(path: str) -> ImageFile:
    """Return what a file declares, without reading a pixel of a GeoTIFF.

    Raises
    ------
    FileFormatError, UnsafeInputError
        If it is no image, or declares more than it may.
    """
    from fluxscape.io.guards import inspect_raster  # noqa: PLC0415

    file = Path(path)
    if file.is_dir() or file.suffix.lower() in {".nc", ".nc4", ".cdf"}:
        return ImageFile(file, None)
    info = inspect_raster(file)
    return ImageFile(file, _declared_grid(info), info.bands)


def _declared_grid(info: RasterInfo) -> Grid:
    from fluxscape.fusion.grids import Axis, Grid  # noqa: PLC0415

    left, bottom, right, top = info.bounds
    if not info.crs:
        # Pixels without a place: fine and coarse images must then lie pixel on pixel.
        return Grid("", Axis(0.0, 1.0, info.height), Axis(0.0, 1.0, info.width))
    height, width = (top - bottom) / info.height, (right - left) / info.width
    return Grid(
        info.crs,
        Axis(bottom + height / 2.0, height, info.height),
        Axis(left + width / 2.0, width, info.width),
    )


def check_files(fine: Sequence[ImageFile], coarse: Sequence[ImageFile]) -> None:
    """Raise DimsError if declared grids, reference systems or bands do not fit together.

    Nothing has been read by then; the message tells what each file declares.
    """
    from fluxscape.fusion.grids import check_covers, check_same_grid  # noqa: PLC0415

    first = next((file for file in fine if file.grid is not None), None)
    if first is None or first.grid is None:
        return
    for file in (*fine, *coarse):
        if file.grid is None:
            continue
        if file.bands != first.bands:
            msg = f"{file.name} has {file.bands} band(s), {first.name} has {first.bands}"
            raise DimsError(msg, got=file.bands, wanted=first.bands)
        if file in fine:
            check_same_grid(file.grid, first.grid, (file.name, first.name))
        else:
            check_covers(file.grid, first.grid, (file.name, first.name))


def read_image(
    file: ImageFile,
    *,
    units: str | None = None,
    name: str | None = None,
    variable: str = "",
    nodata: float | None = None,
) -> xr.DataArray:
    """Return an image, (y, x) or (band, y, x), or scenes after ``time``.

    Parameters
    ----------
    file
        From :func:`look_at`.
    units
        Unit of the values where the file says none.
    name
        Name of the images, by which bounds are known.
    variable
        Of a NetCDF file or Zarr store with several maps.
    nodata
        Value of missing pixels that the file does not declare.
    """
    from fluxscape.io.maps import date_in, read_map  # noqa: PLC0415
    from fluxscape.io.rasters import read_raster  # noqa: PLC0415

    if file.grid is None:
        array = read_map(file.path, variable=variable)
    elif file.grid.crs:
        array = read_raster(file.path)
    else:
        array = _without_place(file.path)
    if "time" not in array.coords:
        date = date_in(str(array.attrs.get("date", ""))) or date_in(file.path.stem)
        array = array if date is None else array.assign_coords(time=date)
    if nodata is not None:
        array = array.where(array != nodata)
    if units is not None and "units" not in array.attrs:
        array.attrs["units"] = units
    return array.rename(name or array.name)


def _without_place(path: Path) -> xr.DataArray:
    """Return a GeoTIFF that declares no reference system, with pixel numbers for coordinates."""
    import numpy as np  # noqa: PLC0415
    import xarray as xr  # noqa: PLC0415

    from fluxscape.io.guards import open_raster  # noqa: PLC0415
    from fluxscape.io.rasters import LARGEST_READ  # noqa: PLC0415

    with open_raster(path) as raster:
        if raster.count * raster.height * raster.width > LARGEST_READ:
            msg = f"{path.name} has more than {LARGEST_READ} cells"
            raise FileFormatError(msg, file=str(path))
        stored = raster.read(masked=True)
    if stored.dtype.kind not in "iuf":
        msg = f"{path.name} holds {stored.dtype} values; wanted real numbers"
        raise FileFormatError(msg, file=str(path), got=str(stored.dtype))
    values = np.ma.filled(stored.astype(np.float64), np.nan)
    if len(values) == 1:
        return xr.DataArray(values[0], dims=("y", "x"), name=path.stem)
    coords = {"band": np.arange(1, len(values) + 1)}
    return xr.DataArray(values, dims=("band", "y", "x"), coords=coords, name=path.stem)


def join_dates(images: Sequence[xr.DataArray], files: Sequence[ImageFile]) -> xr.DataArray:
    """Return images as scenes in the order of their dates; a single one as it is.

    Raises
    ------
    DimsError
        If one of several images has no date or they stand on different grids.
    """
    import numpy as np  # noqa: PLC0415
    import xarray as xr  # noqa: PLC0415

    if len(images) == 1:
        return images[0]
    for image, file in zip(images, files, strict=True):
        if "time" not in image.coords:
            msg = (
                f"{file.name} has no date in its name or tags; with several images each needs one "
                "(--date)"
            )
            raise DimsError(msg, file=str(file.path))
        same = all(
            np.array_equal(image[dim], images[0][dim]) if dim in images[0].coords else True
            for dim in ("y", "x")
        )
        if not same or image.shape[-2:] != images[0].shape[-2:]:
            msg = f"{file.name} stands on another grid than {files[0].name}"
            raise DimsError(msg, file=str(file.path))
    stacked = [image if "time" in image.dims else image.expand_dims("time") for image in images]
    return xr.concat(stacked, dim="time", combine_attrs="override").sortby("time")


def check_output(path: str | None, images: Sequence[ImageFile], *, series: bool = False) -> None:
    """Raise WriteError before the work begins if the output cannot be what its name says."""
    if path is None:
        return
    suffix = Path(path).suffix.lower()
    if suffix not in OUTPUTS:
        msg = f"{path}: the output must end with one of {', '.join(OUTPUTS)}"
        raise WriteError(msg, path=path)
    if not Path(path).absolute().parent.is_dir():
        msg = f"{path}: there is no folder {Path(path).parent}"
        raise WriteError(msg, path=path)
    if suffix == ".tif" and series:
        msg = f"{path}: a series of days would be hundreds of GeoTIFFs; take .zarr or .nc"
        raise WriteError(msg, path=path)
    if suffix == ".tif" and any(file.grid is not None and not file.grid.crs for file in images):
        msg = f"{path}: the images have no reference system, so a GeoTIFF has no place; take .nc"
        raise WriteError(msg, path=path)


def write_result(dataset: xr.Dataset, path: str) -> list[str]:
    """Write a product and return the files.

    A NetCDF file or Zarr store takes all of it. GeoTIFFs hold one image each, with all its bands:
    ``NAME.tif`` the fused one and ``NAME-quality.tif``, ``NAME-baseline.tif``, with the date in the
    name where there are several.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix == ".nc":
        from fluxscape.io.atomic import write_netcdf  # noqa: PLC0415

        write_netcdf(dataset, target)
        return [str(target)]
    if suffix == ".zarr":
        from fluxscape.io.stores import write_dataset, write_store  # noqa: PLC0415

        plain = dataset.drop_vars("band_name", errors="ignore")
        chunks = {"time": 16 if "origin" in dataset else 1, "y": 256, "x": 256}
        write_store(lambda group: write_dataset(group, plain, chunks=chunks), target)
        return [str(target)]
    written = []
    main = next(str(name) for name in dataset.data_vars if name not in _FLAGS)
    for name, variable in dataset.data_vars.items():
        part = "" if name == main else f"-{name}"
        for label, grid in _grids(variable):
            file = target.with_name(f"{target.stem}{part}{label}.tif")
            _write_grid(grid, dataset, file)
            written.append(str(file))
    return written


def _grids(variable: xr.DataArray) -> list[tuple[str, xr.DataArray]]:
    """Return the single grids of a variable with what tells them apart in file names."""
    import numpy as np  # noqa: PLC0415

    grids = [("", variable)]
    if "time" in variable.dims:
        grids = [
            (f"-{np.datetime_as_string(time, 'D')}" if _is_date(time) else f"-{number + 1}",
             variable.isel(time=number, drop=True))
            for number, time in enumerate(variable["time"].to_numpy())
        ]  # fmt: skip
    return grids


def _is_date(value: np.generic) -> bool:
    return value.dtype.kind == "M"


def _write_grid(grid: xr.DataArray, dataset: xr.Dataset, file: Path) -> None:
    from fluxscape.io.atomic import write_geotiff  # noqa: PLC0415

    kept = ("source", "method", "data_status", "parameters", "fluxscape_version", "history")
    facts: dict[str, Any] = {key: dataset.attrs[key] for key in kept if key in dataset.attrs}
    attrs = {key: value for key, value in grid.attrs.items() if key != "resolution"}
    whole = grid.drop_vars("time", errors="ignore").assign_attrs(attrs | facts)
    if whole.dtype.kind == "f":
        whole = whole.astype("float32")
    nodata = -1 if str(grid.name) == "quality" else None
    write_geotiff(whole, file, crs=dataset.attrs.get("crs"), nodata=nodata)
