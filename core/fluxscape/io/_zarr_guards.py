"""Zarr stores are measured by their metadata, and only codecs that carry no code are allowed."""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from fluxscape.errors import FileFormatError, FluxscapeError, UnsafeInputError
from fluxscape.io._netcdf_guards import DatasetLimits
from fluxscape.io.names import plain_text

DEFAULT_LIMITS: Final = DatasetLimits(nbytes=64 * 2**30)
MAX_METADATA_BYTES: Final = 16 * 2**20
_METADATA: Final = ("zarr.json", ".zarray")
#: Codecs of Zarr 2 (numcodecs) and Zarr 3 that only rearrange or unpack bytes.
CODECS: Final = frozenset(
    {"blosc", "bytes", "crc32c", "delta", "fixedscaleoffset", "gzip", "lz4", "shuffle", "zlib"}
    | {"sharding_indexed", "transpose", "vlen-utf8", "vlen-bytes", "zstd", "default"}
)


def check_zarr(path: str | Path, *, limits: DatasetLimits = DEFAULT_LIMITS) -> Path:
    """Return the path of a local Zarr directory after checking what its arrays declare.

    Raises
    ------
    UnsafeInputError
        If it holds links, declares more than ``limits``, or uses a codec that is not allowed.
    FileFormatError
        If it is no Zarr directory, or its metadata are damaged.
    """
    root = Path(path)
    if not root.is_dir():
        msg = f"{root} is not a Zarr directory"
        raise FileFormatError(msg, path=str(root))
    total = count = 0
    for file in _metadata_files(root):
        with _named_errors(file):
            for name, array in _arrays(_read_metadata(file)):
                count += 1
                total += _check_array(root, f"{file.parent.name}/{name}", array, limits)
        if total > limits.nbytes or count > limits.variables:
            msg = (
                f"{root.name} is refused unread: it declares more than {limits.variables} "
                f"arrays or {limits.nbytes / 2**30:.3g} GiB"
            )
            raise UnsafeInputError(msg, path=str(root), got=total)
    return root


@contextlib.contextmanager
def _named_errors(file: Path) -> Iterator[None]:
    """Turn what damaged metadata lead to into one error that names the file."""
    try:
        yield
    except FluxscapeError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        msg = f"{file} holds damaged Zarr metadata: {plain_text(repr(error), limit=200)}"
        raise FileFormatError(msg, path=str(file)) from error


def _metadata_files(root: Path) -> Iterator[Path]:
    """Yield the metadata files below a directory, refusing links."""
    found = False
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            if Path(folder, name).is_symlink():
                msg = f"{root.name} is refused: {plain_text(name, limit=80)!r} is a link"
                raise UnsafeInputError(msg, path=str(root))
        for name in (".zmetadata", *_METADATA):
            if name in files:
                found = True
                yield Path(folder, name)
    if not found:
        msg = f"{root.name} is not a Zarr store: it holds no metadata"
        raise FileFormatError(msg, path=str(root))


def _read_metadata(file: Path) -> dict[str, Any]:
    """Return one metadata file."""
    if file.stat().st_size > MAX_METADATA_BYTES:
        msg = f"{file} is refused: its metadata exceed {MAX_METADATA_BYTES} bytes"
        raise UnsafeInputError(msg, path=str(file))
    content = json.loads(file.read_bytes())
    if not {"zarr_format", "zarr_consolidated_format"} & content.keys():
        msg = "it names no Zarr format"
        raise ValueError(msg)
    return dict(content)


def _arrays(content: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the arrays that a metadata file declares, the consolidated ones too."""
    if "shape" in content:
        yield "", content
    consolidated = content.get("metadata") or {}
    if content.get("consolidated_metadata"):
        consolidated = content["consolidated_metadata"]["metadata"]
    for name, entry in consolidated.items():
        if name.startswith("/") or "\\" in name or ".." in name.split("/"):
            msg = f"the name {name!r} leads out of the store"
            raise ValueError(msg)
        if "shape" in entry:
            yield name, entry


def _check_array(root: Path, name: str, array: dict[str, Any], limits: DatasetLimits) -> int:
    """Return the declared size of one array after checking its codecs and chunks."""
    codecs = {codec.removeprefix("numcodecs.") for codec in _codec_names(array)}
    item = _item_size(array)
    chunk = item * math.prod(_sizes(_chunk_shape(array)))
    if codecs - CODECS:
        why = f"uses the codecs {sorted(codecs - CODECS)}"
    elif chunk > limits.chunk_nbytes:
        why = f"has chunks of {chunk} bytes"
    else:
        return item * math.prod(_sizes(array["shape"]))
    shown = plain_text(name, limit=80)
    msg = f"{root.name} is refused unread: {shown!r} {plain_text(why, limit=200)}"
    raise UnsafeInputError(msg, path=str(root), variable=shown)


def _sizes(shape: list[Any]) -> list[int]:
    """Return a shape after checking that it is made of whole numbers."""
    if not all(isinstance(size, int) and size >= 0 for size in shape):
        msg = f"the shape {shape} is not made of whole numbers"
        raise ValueError(msg)
    return shape


def _codec_names(array: dict[str, Any]) -> Iterator[str]:
    """Yield the names of all codecs of an array, nested ones too."""
    entries = [*(array.get("codecs") or ()), *(array.get("filters") or ())]
    entries += [array["compressor"]] if array.get("compressor") else []
    while entries:
        entry = entries.pop()
        if isinstance(entry, str):
            yield entry
            continue
        yield str(entry.get("name") or entry["id"])
        configuration = entry.get("configuration") or {}
        for inner in ("codecs", "index_codecs"):
            entries += configuration.get(inner) or ()


def _item_size(array: dict[str, Any]) -> int:
    """Return the size of one value in bytes; texts of any length count as a reference."""
    declared = array.get("data_type", array.get("dtype"))
    if isinstance(declared, dict):
        return int(declared.get("configuration", declared).get("length_bytes", 8))
    names = {"string": "O", "variable_length_utf8": "O", "bool": "?"}
    return np.dtype(names.get(str(declared), str(declared))).itemsize


def _chunk_shape(array: dict[str, Any]) -> list[Any]:
    """Return the shape of a chunk."""
    if "chunks" in array:
        return list(array["chunks"])
    return list(array["chunk_grid"]["configuration"]["chunk_shape"])
