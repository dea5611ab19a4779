"""Images for tests of fusion: labelled arrays, coarse means, a landscape whose truth is known."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Floats = NDArray[np.float64]
UTM = "EPSG:32650"


def image(
    values: Floats, *, pixel: float = 30.0, west: float = 500_000.0, south: float = 4_000_000.0,
    crs: str = UTM, units: str = "1", name: str | None = None,
) -> xr.DataArray:  # fmt: skip
    """Return values (..., y, x) as an image; ``west`` and ``south`` are edges [m]."""
    values = np.asarray(values)
    rows, columns = values.shape[-2:]
    coords = {
        "y": south + pixel * (np.arange(rows) + 0.5),
        "x": west + pixel * (np.arange(columns) + 0.5),
    }
    dims = ("y", "x") if values.ndim == 2 else ("band", "y", "x")
    attrs = {"crs": crs} | ({"units": units} if units else {})
    return xr.DataArray(values, dims=dims, coords=coords, attrs=attrs, name=name)


def cell_means(values: Floats, side: int) -> Floats:
    """Return the means of square cells, (..., y / side, x / side)."""
    rows, columns = values.shape[-2:]
    shape = (*values.shape[:-2], rows // side, side, columns // side, side)
    return np.asarray(values.reshape(shape).mean(axis=(-3, -1)))


def on_fine_grid(values: Floats, side: int) -> Floats:
    """Return the means of cells, repeated over their pixels."""
    means = cell_means(values, side)
    return np.asarray(means.repeat(side, axis=-2).repeat(side, axis=-1))


def landscape(size: int = 60, seed: int = 0) -> tuple[Floats, Floats]:
    """Return a fine image of four kinds of fields with texture, and what a season adds to it."""
    rng = np.random.default_rng(seed)

    def field(reach: float) -> Floats:
        made = gaussian_filter(rng.normal(size=(size, size)), reach, mode="wrap")
        return np.asarray(made / made.std())

    kind = (field(4.0) > 0.0).astype(int) + 2 * (field(7.0) > 0.3)
    level = np.array([0.2, 0.4, 0.6, 0.75])[kind]
    season = np.array([0.05, 0.35, -0.2, 0.1])[kind]
    return level + 0.02 * field(1.0), season + 0.02 * field(10.0)
