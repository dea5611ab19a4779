"""netCDF files are measured by what they declare before any value is read."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fluxscape.errors import FileFormatError, FluxscapeError, UnsafeInputError
from fluxscape.io.names import local_file, plain_text

if TYPE_CHECKING:
    import xarray as xr

_HDF5_MAGIC: Final = b"\x89HDF\r\n\x1a\n"
_CLASSIC_MAGIC: Final = (b"CDF\x01", b"CDF\x02", b"CDF\x05")
#: HDF5 filters 1 deflate, 2 shuffle, 3 fletcher32; others load code or unpack without bound.
_FILTERS: Final = frozenset({1, 2, 3})
MAX_ATTRIBUTES: Final = 1000


@dataclass(frozen=True, slots=True)
class DatasetLimits:
    """What a dataset may declare.

    Attributes
    ----------
    nbytes
        Unpacked size of all variables [bytes].
    chunk_nbytes
        Unpacked size of one chunk [bytes].
    variables
        Number of variables and groups.
    """

    nbytes: int = 4 * 2**30
    chunk_nbytes: int = 256 * 2**20
    variables: int = 5000


DEFAULT_LIMITS: Final = DatasetLimits()


def open_netcdf_guarded(
    path: str | Path,
    *,
    limits: DatasetLimits = DEFAULT_LIMITS,
    decode_times: bool = True,
    load: bool = False,
) -> xr.Dataset:
    """Open a netCDF file after checking what it declares.

    Attributes come back as plain text and numbers: no control characters, bounded length. The
    file stays open for lazy reading until the dataset is closed, unless ``load`` asks for all
    values, whose errors are then named too.

    The HDF5 library has been seen to loop for ever on a damaged file: open what users upload by
    ``run_in_child(open_netcdf_guarded, path, load=True)``.

    Raises
    ------
    UnsafeInputError
        If it declares more than ``limits``, points at other files, or uses unknown filters.
    FileFormatError
        If it is no netCDF file, or damaged.
    """
    import xarray as xr  # noqa: PLC0415

    file = local_file(path)
    check_netcdf(file, limits=limits)
    with _named_errors(file):
        dataset = xr.open_dataset(file, engine="netcdf4", decode_times=decode_times)
        try:
            return clean_attributes(dataset.load() if load else dataset)
        finally:
            if load:
                dataset.close()


def check_netcdf(file: Path, *, limits: DatasetLimits = DEFAULT_LIMITS) -> None:
    """Check what a netCDF file declares; raise as :func:`open_netcdf_guarded` does."""
    with file.open("rb") as stream:
        head = stream.read(8)
    with _named_errors(file):
        if head == _HDF5_MAGIC:
            declared = list(_declared_by_hdf5(file, limits))
        elif head.startswith(_CLASSIC_MAGIC):
            declared = list(_declared_by_classic(file))
        else:
            msg = f"{file.name} is not a netCDF file: it begins with {head!r}"
            raise FileFormatError(msg, path=str(file))
    total = sum(declared)
    if total > limits.nbytes or len(declared) > limits.variables:
        msg = (
            f"{file.name} ({file.stat().st_size} bytes) is refused unread: it declares "
            f"{len(declared)} variables of {total / 2**30:.3g} GiB, allowed are "
            f"{limits.variables} of {limits.nbytes / 2**30:.3g} GiB"
        )
        raise UnsafeInputError(msg, path=str(file), got=total, wanted=limits.nbytes)


@contextlib.contextmanager
def _named_errors(file: Path) -> Iterator[None]:
    """Turn what the netCDF, HDF5 and time decoders raise into one error that names the file."""
    try:
        yield
    except FluxscapeError:
        raise
    except (
        OSError,
        RuntimeError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
    ) as error:
        msg = f"{file.name} cannot be read as netCDF: {plain_text(error, limit=300)}"
        raise FileFormatError(msg, path=str(file)) from error


def _declared_by_classic(file: Path) -> Iterator[int]:
    """Yield the declared size of every variable of a netCDF-3 file."""
    import netCDF4  # noqa: PLC0415

    with netCDF4.Dataset(str(file), "r") as dataset:
        for variable in dataset.variables.values():
            yield math.prod(variable.shape) * variable.dtype.itemsize


def _declared_by_hdf5(file: Path, limits: DatasetLimits) -> Iterator[int]:
    """Yield the declared size of every dataset of an HDF5 file, following no link out of it."""
    import h5py  # noqa: PLC0415

    with h5py.File(file, "r") as root:
        waiting, seen, count = [root], set[Any](), 0
        while waiting:
            group = waiting.pop()
            address = h5py.h5o.get_info(group.id).addr
            if address in seen:
                # netCDF-C follows such a circle until it aborts the process.
                _refuse(file, group.name, "is a group that stands in two places")
            seen.add(address)
            for name in group:
                count += 1
                if count > limits.variables:
                    msg = f"{file.name} is refused: it holds more than {limits.variables} objects"
                    raise UnsafeInputError(msg, path=str(file))
                link = group.get(name, getlink=True)
                if not isinstance(link, h5py.HardLink):
                    _refuse(file, name, "is a link")
                found = group[name]
                if isinstance(found, h5py.Group):
                    waiting.append(found)
                elif isinstance(found, h5py.Dataset):
                    yield _declared_by_variable(file, found, limits)


def _declared_by_variable(file: Path, variable: Any, limits: DatasetLimits) -> int:
    """Return the declared size of one HDF5 dataset after checking where its values lie."""
    properties = variable.id.get_create_plist()
    if variable.is_virtual or properties.get_external_count():
        _refuse(file, variable.name, "takes its values from another file")
    filters = {properties.get_filter(i)[0] for i in range(properties.get_nfilters())}
    if filters - _FILTERS:
        _refuse(file, variable.name, f"uses the HDF5 filters {sorted(filters - _FILTERS)}")
    item = variable.dtype.itemsize
    if variable.chunks and math.prod(variable.chunks) * item > limits.chunk_nbytes:
        _refuse(file, variable.name, f"has chunks of {variable.chunks}")
    return int(math.prod(variable.shape or (1,)) * item)


def _refuse(file: Path, name: str, why: str) -> None:
    """Raise UnsafeInputError about one variable."""
    shown = plain_text(name, limit=80)
    msg = f"{file.name} is refused unread: {shown!r} {why}"
    raise UnsafeInputError(msg, path=str(file), variable=shown)


def clean_attributes(dataset: xr.Dataset) -> xr.Dataset:
    """Return the dataset with attributes of plain text and numbers only."""
    dataset.attrs = plain_attributes(dataset.attrs)
    for variable in dataset.variables.values():
        variable.attrs = plain_attributes(variable.attrs)
    return dataset


def plain_attributes(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return attributes as plain text and numbers, at most a thousand of them."""
    items = list(attrs.items())[:MAX_ATTRIBUTES]
    return {plain_text(key, limit=120): _plain_attribute(value) for key, value in items}


def _plain_attribute(value: Any) -> Any:
    """Return one attribute value as plain data."""
    if isinstance(value, bool | int | float):
        return value
    if getattr(value, "dtype", None) is not None and value.dtype.kind in "biuf":
        return value
    if isinstance(value, list | tuple):
        return [_plain_attribute(item) for item in value[:MAX_ATTRIBUTES]]
    return plain_text(value)
