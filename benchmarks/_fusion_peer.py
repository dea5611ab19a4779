"""The algorithm of starfm4py, as a plain loop and in its own way, for comparison.

starfm4py (github.com/nmileva/starfm4py) is on no package index. What it computes is written down
here anew from its published formulae. :func:`starfm4py_tables` goes about it as that program does,
by tables of windows on disk; :func:`starfm4py_loop` cuts out one window after the other, which is
faster, and cuts windows off at the border, where starfm4py pads the images with zeros that then
count as pixels.
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import dask.array as da
import numpy as np
import zarr
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def starfm4py_loop(
    fine: Floats,
    coarse: Floats,
    wanted: Floats,
    *,
    window: int,
    distance_scale: float,
    classes: float,
    spectral_limit: float,
    temporal_limit: float = math.inf,
    rows: range | None = None,
) -> Floats:
    """Return the prediction of some rows, all by default; images (y, x) in digital numbers."""
    half = window // 2
    chosen = range(fine.shape[0]) if rows is None else rows
    out = np.empty((len(chosen), fine.shape[1]))
    spectral, temporal = np.abs(fine - coarse), np.abs(wanted - coarse)
    moved = fine + wanted - coarse
    offsets = np.arange(-half, half + 1)
    distance = 1.0 + np.hypot(offsets[:, np.newaxis], offsets) / distance_scale
    for row in chosen:
        above, below = max(0, row - half), min(fine.shape[0], row + half + 1)
        for column in range(fine.shape[1]):
            left, right = max(0, column - half), min(fine.shape[1], column + half + 1)
            own = (row, column)
            if spectral[own] == 0.0 or temporal[own] == 0.0:
                out[row - chosen[0], column] = moved[own]
                continue
            part = (slice(above, below), slice(left, right))
            f, s, t = fine[part], spectral[part], temporal[part]
            d = distance[above - row + half : below - row + half,
                         left - column + half : right - column + half]  # fmt: skip
            similar = np.abs(f - fine[own]) <= 2.0 * f.std() / classes
            similar &= s < spectral[own] + spectral_limit
            similar &= t < temporal[own] + temporal_limit
            weights = np.where(similar, 1.0 / ((s + 1.0) * (t + 1.0) * d), 0.0)
            out[row - chosen[0], column] = (weights * moved[part]).sum() / weights.sum()
    return out


def starfm4py_tables(
    fine: Floats,
    coarse: Floats,
    wanted: Floats,
    *,
    window: int,
    distance_scale: float,
    classes: float,
    spectral_limit: float,
    rows: range,
) -> Floats:
    """Return what :func:`starfm4py_loop` does, in the way in which starfm4py goes about it.

    Images are padded with zeros; for each row of pixels all windows are cut out as a table (pixel,
    pixel of the window) and written to a Zarr store on disk; Dask arrays then read the tables and
    weigh them.
    """
    half, width = window // 2, fine.shape[1]
    offsets = np.arange(-half, half + 1)
    distance = (1.0 + np.hypot(offsets[:, np.newaxis], offsets) / distance_scale).ravel()
    middle = window * window // 2
    out = np.empty((len(rows), width))
    with tempfile.TemporaryDirectory() as folder:
        tables = []
        for name, image in (("fine", fine), ("coarse", coarse), ("wanted", wanted)):
            windows = np.lib.stride_tricks.sliding_window_view(
                np.pad(image, half), (window, window)
            )
            stores = []
            for row in rows:
                path = Path(folder) / f"{name}_{row}"
                table = np.ascontiguousarray(windows[row]).reshape(width, window * window)
                store = zarr.create_array(path, shape=table.shape, dtype=table.dtype, chunks="auto")
                store[...] = table
                stores.append(path)
            tables.append(stores)
        for number, paths in enumerate(zip(*tables, strict=True)):
            f, c, p = (da.from_zarr(str(path)) for path in paths)
            spectral, temporal = abs(f - c), abs(p - c)
            own = slice(middle, middle + 1)
            similar = abs(f - f[:, own]) <= 2.0 * f.std(axis=1, keepdims=True) / classes
            similar &= spectral < spectral[:, own] + spectral_limit
            combined = (spectral + 1.0) * (temporal + 1.0) * distance
            weights = da.where(similar, 1.0 / combined, 0.0)
            weights = weights / weights.sum(axis=1, keepdims=True)
            exact = (spectral[:, own] == 0.0) | (temporal[:, own] == 0.0)
            only = np.arange(window * window) == middle
            weights = da.where(exact, only, weights)
            out[number] = (weights * (f + p - c)).sum(axis=1).compute()
    return out
