"""Write one raster as a small Cloud-Optimised GeoTIFF that tells what it holds."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import rasterio.shutil
from affine import Affine
from rasterio.io import MemoryFile


@dataclass(frozen=True)
class Layer:
    """One raster to write.

    Attributes
    ----------
    values
        Physical values, (band, y, x), north up; NaN or ``nodata`` where missing.
    west, north, step
        Upper left corner of the upper left cell and cell size [degree].
    units, long_name, source
        Tags.
    dtype, scale, nodata
        Storage: stored value = value / scale.
    band_axes
        Names and coordinates of the dimensions that the bands run through, the last fastest.
    categorical, smooth, interpolated
        Whether values are class numbers; whether neighbours differ little, which packs better;
        whether values between cells are to be interpolated.
    tags
        Further tags.
    """

    name: str
    values: np.ndarray
    west: float
    north: float
    step: float
    units: str
    long_name: str
    source: str
    dtype: str = "float32"
    scale: float = 1.0
    nodata: float = math.nan
    band_axes: dict[str, tuple[float, ...]] = field(default_factory=dict)
    categorical: bool = False
    smooth: bool = True
    interpolated: bool = False
    tags: dict[str, str] = field(default_factory=dict)


def write(layer: Layer, folder: Path) -> Path:
    """Write one layer and return its path."""
    values = layer.values if layer.values.ndim == 3 else layer.values[np.newaxis]
    bands, height, width = values.shape
    profile = {
        "driver": "GTiff",
        "dtype": layer.dtype,
        "count": bands,
        "height": height,
        "width": width,
        "crs": "EPSG:4326",
        "transform": Affine(layer.step, 0.0, layer.west, 0.0, -layer.step, layer.north),
        "nodata": layer.nodata,
    }
    path = folder / f"{layer.name}.tif"
    with MemoryFile() as memory:
        with memory.open(**profile) as target:
            target.write(_stored(layer, values))
            target.scales = (layer.scale,) * bands
            target.offsets = (0.0,) * bands
            target.units = (layer.units,) * bands
            target.update_tags(
                long_name=layer.long_name,
                units=layer.units,
                source=layer.source,
                kind="categorical" if layer.categorical else "continuous",
                interpolation="bilinear" if layer.interpolated else "nearest",
                band_axes=json.dumps(layer.band_axes),
                **layer.tags,
            )
            for band, text in enumerate(_band_names(layer), start=1):
                target.set_band_description(band, text)
        with memory.open() as source:
            rasterio.shutil.copy(
                source,
                path,
                driver="COG",
                COMPRESS="DEFLATE",
                LEVEL="9",
                PREDICTOR="YES" if layer.smooth else "NO",
                BLOCKSIZE="512",
                RESAMPLING="NEAREST" if layer.categorical else "AVERAGE",
                OVERVIEWS="AUTO",
            )
    return path


def _band_names(layer: Layer) -> list[str]:
    return [
        ", ".join(f"{axis} {value:g}" for axis, value in zip(layer.band_axes, place, strict=True))
        for place in itertools.product(*layer.band_axes.values())
    ]


def _stored(layer: Layer, values: np.ndarray) -> np.ndarray:
    if np.dtype(layer.dtype).kind == "f":
        return values.astype(layer.dtype)
    missing = np.isnan(values)
    limits = np.iinfo(layer.dtype)
    counts = np.rint(np.where(missing, 0.0, values) / layer.scale)
    if counts.min() < limits.min or counts.max() > limits.max:
        msg = f"{layer.name}: stored values reach {counts.min()} to {counts.max()}"
        raise SystemExit(msg)
    if not math.isnan(layer.nodata):
        if (counts[~missing] == layer.nodata).any():
            msg = f"{layer.name}: a true value is stored as the missing code {layer.nodata}"
            raise SystemExit(msg)
        counts[missing] = layer.nodata
    elif missing.any():
        msg = f"{layer.name}: values are missing but no code is declared"
        raise SystemExit(msg)
    return counts.astype(layer.dtype)
