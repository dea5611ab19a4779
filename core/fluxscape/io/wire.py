"""Plain data as bytes, and back, between a parent and its child processes.

A child may have parsed a stranger's file, so its answer is read as data and never as code: one
JSON message, whose arrays follow as raw buffers of declared type and shape. What is not plain
(None, bool, int, float, str, bytes, list, tuple, dict, date and time, numpy arrays, xarray
Datasets and DataArrays) does not cross.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from fluxscape.errors import UnsafeInputError

#: Kinds of numpy dtypes whose buffers may be read as they are; objects are none of them.
PLAIN_KINDS: Final = frozenset("biufcmMSU")
MAX_BYTES: Final = 2 * 2**30
MAX_TREE_BYTES: Final = 64 * 2**20
MAX_ARRAYS: Final = 10_000
MAX_DEPTH: Final = 64

Array = np.ndarray[Any, np.dtype[Any]]
Sink = Callable[[Any], object]
"""Takes one message (bytes or memoryview)."""
Source = Callable[[int], bytearray]
"""Gives one message of at most so many bytes, or raises UnsafeInputError."""


def send(value: object, sink: Sink, *, max_bytes: int = MAX_BYTES) -> None:
    """Send ``value`` as one JSON message, then one message for each array.

    Raises
    ------
    UnsafeInputError
        If a part of ``value`` is not plain data, or its arrays exceed ``max_bytes``.
    """
    arrays: list[Array] = []
    tree = _encode(value, arrays, "result", 0)
    specs = [[array.dtype.str, list(array.shape)] for array in arrays]
    message = json.dumps({"value": tree, "arrays": specs}).encode("ascii")
    if len(message) > MAX_TREE_BYTES or len(arrays) > MAX_ARRAYS:
        msg = (
            f"the result has {len(message)} bytes of text and {len(arrays)} arrays; at most "
            f"{MAX_TREE_BYTES} bytes and {MAX_ARRAYS} arrays cross between processes"
        )
        raise UnsafeInputError(msg)
    _check_total(sum(array.nbytes for array in arrays), max_bytes)
    sink(message)
    for array in arrays:
        if array.nbytes:
            sink(array.reshape(-1).view(np.uint8).data)


def receive(source: Source, *, max_bytes: int) -> Any:
    """Receive what :func:`send` sent, checking every declared size before reading it.

    Raises
    ------
    UnsafeInputError
        If the message is not what ``send`` writes, or declares more than ``max_bytes``.
    """
    try:
        message = json.loads(bytes(source(MAX_TREE_BYTES)))
        specs = [_checked_spec(*spec) for spec in message["arrays"]]
        _check_total(sum(nbytes for _, _, nbytes in specs), max_bytes)
        return _decode(message["value"], [_receive_array(spec, source) for spec in specs])
    except (KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        msg = f"a child process answered with something that is not plain data: {error}"
        raise UnsafeInputError(msg) from error


def _check_total(total: int, max_bytes: int) -> None:
    """Raise UnsafeInputError if the arrays of a message are too large."""
    if total > max_bytes:
        mib, most = total / 2**20, max_bytes / 2**20
        msg = f"the result is {mib:.0f} MiB; at most {most:.0f} MiB may cross"
        raise UnsafeInputError(msg, got=total, wanted=max_bytes)


def _checked_spec(dtype_text: str, shape: list[int]) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """Return dtype, shape and size of a declared array."""
    dtype = np.dtype(dtype_text)
    if dtype.kind not in PLAIN_KINDS or dtype.fields is not None or dtype.itemsize == 0:
        msg = f"array of type {dtype_text!r}"
        raise ValueError(msg)
    sizes = tuple(int(size) for size in shape)
    if any(size < 0 for size in sizes):
        msg = f"array of shape {shape}"
        raise ValueError(msg)
    return dtype, sizes, math.prod(sizes) * dtype.itemsize


def _receive_array(spec: tuple[np.dtype[Any], tuple[int, ...], int], source: Source) -> Array:
    """Read one declared array."""
    dtype, shape, nbytes = spec
    if not nbytes:
        return np.empty(shape, dtype)
    buffer = source(nbytes)
    if len(buffer) != nbytes:
        msg = f"{len(buffer)} bytes instead of {nbytes}"
        raise ValueError(msg)
    return np.frombuffer(buffer, dtype).reshape(shape)


def _encode(value: object, arrays: list[Array], place: str, depth: int) -> Any:  # noqa: PLR0911
    """Return ``value`` as JSON, collecting its arrays."""
    if value is None or isinstance(value, bool | int | float | str):
        return _scalar(value)
    if depth > MAX_DEPTH:
        msg = f"{place} is nested deeper than {MAX_DEPTH} levels"
        raise UnsafeInputError(msg)
    if isinstance(value, list | tuple | frozenset | set):
        kind = "list" if isinstance(value, list) else "tuple"
        items = [_encode(v, arrays, f"{place}[{i}]", depth + 1) for i, v in enumerate(value)]
        return {kind: items}
    if isinstance(value, dict):
        return {"dict": [_pair(k, v, arrays, place, depth + 1) for k, v in value.items()]}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, dt.datetime | dt.date) and not hasattr(value, "nanosecond"):
        return {"time": value.isoformat(), "date": not isinstance(value, dt.datetime)}
    if isinstance(value, np.ndarray | np.generic):
        return _encode_array(np.asarray(value), arrays, place, scalar=isinstance(value, np.generic))
    return _encode_labelled(value, arrays, place, depth)


def _scalar(value: object) -> Any:
    """Return a JSON scalar as its exact built-in type."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return None


def _pair(key: object, value: object, arrays: list[Array], place: str, depth: int) -> list[Any]:
    """Encode one item of a dictionary."""
    if not (key is None or isinstance(key, bool | int | float | str | tuple)):
        msg = f"{place} has a key of type {type(key).__name__}, which cannot cross processes"
        raise UnsafeInputError(msg)
    return [
        _encode(key, arrays, place, depth),
        _encode(value, arrays, f"{place}[{key!r}]", depth),
    ]


def _encode_array(array: Array, arrays: list[Array], place: str, *, scalar: bool) -> dict[str, Any]:
    """Encode an array; columns of text, which numpy and pandas keep as objects, go as JSON."""
    if array.dtype.kind in "OT" or not hasattr(array.dtype, "str"):
        # pandas marks a missing text by NaN, the only value that differs from itself.
        items = [None if item != item else item for item in array.reshape(-1).tolist()]  # noqa: PLR0124
        if not all(item is None or isinstance(item, str) for item in items):
            found = next(type(i).__name__ for i in items if i is not None and type(i) is not str)
            msg = f"{place} is an array of objects ({found}), which cannot cross processes"
            raise UnsafeInputError(msg)
        return {"text": items, "shape": list(array.shape)}
    if array.dtype.kind not in PLAIN_KINDS or array.dtype.fields is not None:
        msg = f"{place} is an array of type {array.dtype}, which cannot cross processes"
        raise UnsafeInputError(msg)
    arrays.append(np.ascontiguousarray(array).reshape(array.shape))
    return {"array": len(arrays) - 1, "scalar": scalar}


def _encode_labelled(value: object, arrays: list[Array], place: str, depth: int) -> dict[str, Any]:
    """Encode an xarray Dataset or DataArray."""
    # The child's main loop and the light pages start without xarray.
    import xarray as xr  # noqa: PLC0415

    if isinstance(value, xr.DataArray):
        inner = value.rename(None).to_dataset(name="__array__")
        return {"labelled": _dataset(inner, arrays, place, depth), "name": value.name}
    if isinstance(value, xr.Dataset):
        return {"labelled": _dataset(value, arrays, place, depth)}
    msg = f"{place} is a {type(value).__module__}.{type(value).__qualname__}; only plain data cross"
    raise UnsafeInputError(msg)


def _dataset(dataset: Any, arrays: list[Array], place: str, depth: int) -> Any:
    """Encode the variables and attributes of a Dataset."""
    variables = [
        [
            str(name),
            name in dataset.coords,
            [str(dim) for dim in variable.dims],
            _encode_array(np.asarray(variable.values), arrays, f"{place}.{name}", scalar=False),
            _encode(dict(variable.attrs), arrays, f"{place}.{name}.attrs", depth + 1),
        ]
        for name, variable in dataset.variables.items()
    ]
    return {
        "variables": variables,
        "attrs": _encode(dict(dataset.attrs), arrays, f"{place}.attrs", depth + 1),
    }


def _decode(tree: Any, arrays: list[Array]) -> Any:  # noqa: PLR0911 - one return per kind
    """Return the value of a received tree."""
    if not isinstance(tree, dict):
        return tree
    kind = next(iter(tree), "")
    content = tree[kind]
    if kind == "array":
        array = arrays[content]
        return array[()] if tree["scalar"] else array
    if kind in {"list", "tuple"}:
        items = [_decode(item, arrays) for item in content]
        return items if kind == "list" else tuple(items)
    if kind == "dict":
        return {_decode(key, arrays): _decode(value, arrays) for key, value in content}
    if kind == "text":
        return np.array(content, dtype=object).reshape(tree["shape"])
    if kind == "bytes":
        return bytes.fromhex(content)
    if kind == "time":
        reader: Any = dt.date if tree["date"] else dt.datetime
        return reader.fromisoformat(content)
    if kind == "labelled":
        return _decode_labelled(tree, arrays)
    msg = f"unknown kind {kind!r}"
    raise ValueError(msg)


def _decode_labelled(tree: dict[str, Any], arrays: list[Array]) -> Any:
    """Rebuild a Dataset or DataArray."""
    import xarray as xr  # noqa: PLC0415

    content = tree["labelled"]
    variables: dict[bool, dict[str, Any]] = {True: {}, False: {}}
    for name, is_coordinate, dims, values, attrs in content["variables"]:
        variables[is_coordinate][name] = (dims, _decode(values, arrays), _decode(attrs, arrays))
    dataset = xr.Dataset(
        variables[False], coords=variables[True], attrs=_decode(content["attrs"], arrays)
    )
    if "name" not in tree:
        return dataset
    return dataset["__array__"].rename(tree["name"])
