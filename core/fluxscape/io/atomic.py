"""The one door by which files leave: a reader finds the old result or the new one, whole.

A file is written beside its target under a hidden temporary name, flushed to the disk, and moved
over the target in one step (POSIX rename); a directory, such as a Zarr store, in two, between
which :func:`directory_in_force` still finds the old one. A write that fails (disk full, read-only,
input/output error) leaves the old result as it was, removes its temporary and raises
:class:`~fluxscape.errors.WriteError`. What a killed process left is swept by the next write.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import shutil
import socket
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fluxscape.errors import FluxscapeError, WriteError

if TYPE_CHECKING:
    import xarray as xr

_TEMPORARY: Final = ".partial"
_OLD: Final = ".old"


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` to write to, and move it there at the end.

    Raises
    ------
    WriteError
        If the file cannot be written; what lay at ``path`` is unchanged.

    Examples
    --------
    >>> with atomic_path("result.txt") as temporary:  # doctest: +SKIP
    ...     temporary.write_text("whole or not at all")
    """
    target = Path(path)
    temporary = _temporary_beside(target)
    try:
        with _named_write_errors(target):
            _sweep(target)
            yield temporary
            _sync_file(temporary)
            temporary.replace(target)
            _sync_directory(target.parent)
    finally:
        # A disk that has gone read-only would hide the error that says so.
        with contextlib.suppress(OSError):
            temporary.unlink()


def replace_directory(build: Callable[[Path], object], path: str | Path) -> None:
    """Build a directory under a temporary name and put it at ``path``.

    Parameters
    ----------
    build
        Called with an empty directory, which it fills.
    path
        Directory to replace or make. A reader asks :func:`directory_in_force` for it; one that
        reads lazily must open it again afterwards, since its files have changed under it.

    Raises
    ------
    WriteError
        If it cannot be written; what lay at ``path`` is unchanged.
    """
    target = Path(path)
    old = target.with_name(target.name + _OLD)
    temporary = _temporary_beside(target)
    try:
        with _named_write_errors(target):
            _recover(target, old)
            _sweep(target)
            temporary.mkdir()
            build(temporary)
            _sync_tree(temporary)
            _swap(temporary, target, old)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def directory_in_force(path: str | Path) -> Path:
    """Return the directory to read for ``path``: itself, or the old one during a swap."""
    target = Path(path)
    old = target.with_name(target.name + _OLD)
    return old if not target.exists() and old.is_dir() else target


def write_bytes(content: bytes | bytearray | memoryview, path: str | Path) -> None:
    """Write bytes to ``path``, whole or not at all."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(content)


def write_text(text: str, path: str | Path) -> None:
    """Write text to ``path`` as UTF-8, whole or not at all."""
    write_bytes(text.encode("utf-8"), path)


def write_json(value: object, path: str | Path, *, indent: int | None = 2) -> None:
    """Write ``value`` as JSON (RFC 8259), whole or not at all; NaN becomes ``null``.

    Raises
    ------
    WriteError
        If ``value`` holds an infinite number or something that JSON cannot say.
    """
    write_text(json_text(value, indent=indent) + "\n", path)


def json_text(value: object, *, indent: int | None = None) -> str:
    """Return ``value`` as strict JSON; NaN becomes ``null``, numpy values become plain ones."""
    plain = _plain_json(value, "value")
    return json.dumps(plain, indent=indent, ensure_ascii=False, allow_nan=False)


def write_netcdf(
    dataset: xr.Dataset,
    path: str | Path,
    *,
    encoding: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write a Dataset as netCDF-4, compressed, whole or not at all.

    Parameters
    ----------
    dataset
        What to write; its attributes must be text or numbers.
    path
        File to make or replace.
    encoding
        As :meth:`xarray.Dataset.to_netcdf` takes it; replaces the compression per variable.
    """
    chosen = {
        str(name): {"zlib": True, "complevel": 1}
        for name, variable in dataset.data_vars.items()
        if variable.dtype.kind in "fiu" and variable.ndim
    }
    chosen |= {name: dict(value) for name, value in (encoding or {}).items()}
    with _named_write_errors(Path(path), ValueError, TypeError), atomic_path(path) as temporary:
        dataset.to_netcdf(temporary, engine="netcdf4", format="NETCDF4", encoding=chosen)


def write_geotiff(
    array: xr.DataArray,
    path: str | Path,
    *,
    crs: object | None = None,
    nodata: float | None = None,
    cloud_optimised: bool = False,
) -> None:
    """Write a grid as GeoTIFF, whole or not at all.

    Parameters
    ----------
    array
        Dimensions (y, x) with evenly spaced cell-centre coordinates ``x`` and ``y`` in ``crs``.
    path
        File to make or replace.
    crs
        Coordinate reference system; by default ``array.attrs["crs"]``.
    nodata
        Value of missing cells; NaN for floating-point grids by default.
    cloud_optimised
        Write tiles and overviews for reading in parts.

    Raises
    ------
    WriteError
        If dimensions, coordinates or reference system are not as said, or writing fails.
    """
    # rasterio and GDAL take 0.3 s to import.
    from rasterio.io import MemoryFile  # noqa: PLC0415

    profile, values = _geotiff_profile(array, crs, nodata)
    profile["driver"] = "COG" if cloud_optimised else "GTiff"
    if not cloud_optimised:
        profile |= {"tiled": True, "blockxsize": 256, "blockysize": 256}
    # GDAL hides errors of closing a file; in memory there are none, and ours below are seen.
    with _named_write_errors(Path(path), ValueError, TypeError), MemoryFile() as memory:
        with memory.open(**profile) as raster:
            raster.write(values, 1)
            tags = {str(k): str(v) for k, v in array.attrs.items() if k != "crs"}
            raster.update_tags(**tags)
        write_bytes(memory.getbuffer(), path)


def _geotiff_profile(
    array: xr.DataArray, crs: object | None, nodata: float | None
) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    """Return rasterio's profile and the values, north up."""
    from rasterio import Affine  # noqa: PLC0415

    reference = array.attrs.get("crs") if crs is None else crs
    if array.dims != ("y", "x") or reference is None:
        msg = f"a GeoTIFF needs dimensions (y, x) and a crs; got {array.dims} and {reference}"
        raise WriteError(msg, dims=array.dims)
    values = array.to_numpy()
    x, y = _even_axis(array, "x"), _even_axis(array, "y")
    if y[1] > 0:
        values, y = values[::-1], (y[0] + y[1] * (values.shape[0] - 1), -y[1])
    if x[1] < 0:
        msg = "a GeoTIFF needs x to increase"
        raise WriteError(msg)
    transform = Affine(x[1], 0.0, x[0] - x[1] / 2, 0.0, y[1], y[0] - y[1] / 2)
    if nodata is None and values.dtype.kind == "f":
        nodata = math.nan
    profile = {
        "width": values.shape[1],
        "height": values.shape[0],
        "count": 1,
        "dtype": values.dtype.name,
        "crs": reference,
        "transform": transform,
        "nodata": nodata,
        "compress": "deflate",
    }
    return profile, np.ascontiguousarray(values)


def _even_axis(array: xr.DataArray, dim: str) -> tuple[float, float]:
    """Return the first coordinate and the step of an evenly spaced axis."""
    values = array[dim].to_numpy().astype(np.float64) if dim in array.coords else np.empty(0)
    if values.size < 2:
        msg = f"a GeoTIFF needs at least two coordinates along {dim!r}, got {values.size}"
        raise WriteError(msg, axis=dim)
    step = (values[-1] - values[0]) / (values.size - 1)
    if not np.allclose(np.diff(values), step, rtol=1e-4, atol=0.0) or step == 0.0:
        msg = f"a GeoTIFF needs evenly spaced coordinates; {dim!r} is not"
        raise WriteError(msg, axis=dim)
    return float(values[0]), float(step)


def _plain_json(value: Any, place: str) -> Any:
    """Return ``value`` with numpy values made plain and NaN made None."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        if math.isinf(value):
            msg = f"{place} is infinite, which JSON cannot say"
            raise WriteError(msg)
        return None if math.isnan(value) else value
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain_json(item, f"{place}[{key!r}]") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_json(item, f"{place}[{i}]") for i, item in enumerate(value)]
    msg = f"{place} is a {type(value).__name__}, which JSON cannot say"
    raise WriteError(msg)


@contextlib.contextmanager
def _named_write_errors(target: Path, *kinds: type[Exception]) -> Iterator[None]:
    """Turn the errors of writing libraries, also of further ``kinds``, into one with the target."""
    # netCDF4 raises RuntimeError where the disk is full.
    caught: tuple[type[Exception], ...] = (OSError, RuntimeError, *kinds)
    try:
        yield
    except FluxscapeError:
        raise
    except caught as error:
        reason = getattr(error, "strerror", None) or str(error)
        msg = f"{target} could not be written: {reason}; what was there before is unchanged"
        raise WriteError(msg, path=str(target), cause=reason) from error


def _temporary_beside(target: Path) -> Path:
    """Return a new hidden name beside ``target``; it tells which process of which host made it."""
    return target.with_name(
        f".{target.name}.{_host()}-{os.getpid()}-{secrets.token_hex(4)}{_TEMPORARY}"
    )


def _host() -> str:
    """Return a short name of this computer: process ids mean nothing on another one."""
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def _sweep(target: Path) -> None:
    """Remove what killed writers of ``target`` on this computer left behind."""
    prefix = f".{target.name}.{_host()}-"
    for entry in target.parent.iterdir():
        if not (entry.name.startswith(prefix) and entry.name.endswith(_TEMPORARY)):
            continue
        pid = entry.name.removeprefix(prefix).partition("-")[0]
        if pid.isdigit() and not _is_running(int(pid)):
            _remove(entry)


def _is_running(pid: int) -> bool:
    """Return whether a process exists."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _remove(path: Path) -> None:
    """Remove a file or a directory; that it is gone already is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _recover(target: Path, old: Path) -> None:
    """Put the old directory back in place if a writer died between the two renames."""
    if not target.exists() and old.is_dir():
        old.rename(target)


def _swap(temporary: Path, target: Path, old: Path) -> None:
    """Put ``temporary`` in the place of ``target``; ``old`` is whole whenever it exists."""
    if not target.exists():
        temporary.rename(target)
        _sync_directory(target.parent)
        return
    discarded = temporary.with_name(temporary.name.removesuffix(_TEMPORARY) + f"-old{_TEMPORARY}")
    if old.exists():
        old.rename(discarded)
        _remove(discarded)
    target.rename(old)
    try:
        temporary.rename(target)
    except OSError:
        old.rename(target)
        raise
    _sync_directory(target.parent)
    old.rename(discarded)
    _remove(discarded)


def _sync_file(path: Path) -> None:
    """Wait until the disk has a file; here a full disk shows at the latest."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    """Wait until the disk has the names in a directory."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_tree(root: Path) -> None:
    """Wait until the disk has all files and names below ``root``."""
    for folder, _, files in os.walk(root):
        for name in files:
            _sync_file(Path(folder, name))
        _sync_directory(Path(folder))
