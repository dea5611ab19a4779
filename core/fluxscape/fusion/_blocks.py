"""Run a moving-window computation over an image: in threads, or block by block over Dask.

A window's result depends on the window alone, so any cut of the image gives the same numbers if
each part sees ``halo`` pixels beyond its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Windowed(Protocol):
    """A computation on images (layer, y, x) that fills the rows first..last."""

    def __call__(self, *images: Floats, first: int, last: int) -> Floats:
        """Return layers of the rows first..last, shape (layer, last - first, x)."""
        ...


def is_lazy(image: Any) -> bool:
    """Return whether an array is Dask's."""
    return hasattr(image, "dask")


def map_windows(
    compute: Windowed, images: Sequence[Any], *, layers: int, halo: int, threads: int = 1
) -> Any:
    """Return (layer, y, x) of a moving-window computation; lazy if an image is.

    Parameters
    ----------
    compute
        What to do with the images.
    images
        Arrays (layer, y, x) of one size along y and x, NumPy's or Dask's.
    layers
        Layers that ``compute`` returns.
    halo
        Pixels that a window reaches beyond its middle.
    threads
        Threads for NumPy arrays; Dask uses its own.
    """
    if any(is_lazy(image) for image in images):
        return _over_dask(compute, images, layers, halo)
    whole = [np.ascontiguousarray(image, dtype=np.float64) for image in images]
    rows, columns = whole[0].shape[-2:]
    out = np.empty((layers, rows, columns))
    edges = np.linspace(0, rows, min(max(threads, 1), rows) + 1).astype(int).tolist()

    def fill(first: int, last: int) -> None:
        out[:, first:last] = compute(*whole, first=first, last=last)

    if len(edges) == 2:
        fill(0, rows)
        return out
    with ThreadPoolExecutor(len(edges) - 1) as pool:
        for done in [pool.submit(fill, *span) for span in pairwise(edges)]:
            done.result()
    return out


def _over_dask(compute: Windowed, images: Sequence[Any], layers: int, halo: int) -> Any:
    # Dask takes 0.1 s to import and only lazy images need it.
    import dask.array as da  # noqa: PLC0415
    from dask.array.overlap import ensure_minimum_chunksize, overlap, trim_internal  # noqa: PLC0415

    first = next(image for image in images if is_lazy(image))
    chunks = tuple(ensure_minimum_chunksize(halo, sizes) for sizes in first.chunks[-2:])
    depth = {0: 0, 1: halo, 2: halo}
    wide = [
        overlap(
            da.asarray(image).astype(np.float64).rechunk((image.shape[0], *chunks)), depth, "none"
        )
        for image in images
    ]

    def block(*parts: Floats) -> Floats:
        arrays = [np.ascontiguousarray(part) for part in parts]
        return compute(*arrays, first=0, last=arrays[0].shape[-2])

    result = da.map_blocks(
        block,
        *wide,
        chunks=((layers,), *wide[0].chunks[-2:]),
        dtype=np.float64,
        meta=np.empty((0, 0, 0)),
    )
    return trim_internal(result, depth, "none")
