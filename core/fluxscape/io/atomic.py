"""The one door by which files leave: a reader finds the old result or the new one, whole.

How that is done stands in :mod:`fluxscape.io._replace`; every writer here goes through it and
raises :class:`~fluxscape.errors.WriteError` if it cannot finish, with the old result untouched.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fluxscape.errors import WriteError
from fluxscape.io._geotiff import check_attributes, write_geotiff
from fluxscape.io._replace import (
    atomic_path,
    directory_in_force,
    named_write_errors,
    replace_directory,
    write_bytes,
)

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "atomic_path",
    "directory_in_force",
    "json_text",
    "replace_directory",
    "write_bytes",
    "write_geotiff",
    "write_json",
    "write_netcdf",
    "write_text",
]


def write_text(text: str, path: str | Path) -> None:
    """Write text to ``path`` as UTF-8, whole or not at all."""
    with named_write_errors(Path(path), ValueError):
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
    check_attributes(dataset.attrs, "the dataset")
    for name, variable in dataset.variables.items():
        check_attributes(variable.attrs, str(name))
    with named_write_errors(Path(path), ValueError, TypeError), atomic_path(path) as temporary:
        dataset.to_netcdf(temporary, engine="netcdf4", format="NETCDF4", encoding=chosen)


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
