"""What a raster must be before it is laid under a footprint, and errors that say what it is not."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.errors import DimsError, FileFormatError
from fluxscape.representativeness.frame import Place
from fluxscape.vocabulary import VARIABLES

Floats = NDArray[np.float64]

INDEX_RANGES: Final[dict[str, tuple[float, float]]] = {
    "ndvi": (-1.0, 1.0),
    "evi": (-1.0, 1.0),
    "evi2": (-1.0, 1.0),
    "savi": (-1.5, 1.5),
    "ndwi": (-1.0, 1.0),
    "lswi": (-1.0, 1.0),
    "ndmi": (-1.0, 1.0),
    "nirv": (-1.0, 1.0),
    "fapar": (0.0, 1.0),
    "fpar": (0.0, 1.0),
    "lai": (0.0, 15.0),
    "albedo": (0.0, 1.0),
    "elevation": (-500.0, 9000.0),
    "dem": (-500.0, 9000.0),
    "slope": (0.0, 90.0),
}
"""Bounds of known surface properties; a raster of that name must keep to them."""

LARGEST_CODE: Final = 255
_SCALED: Final = 12_000.0
"""Indices stored as integers times 10 000 stay below this."""


def known_range(name: object) -> tuple[str, tuple[float, float]] | None:
    """Return the known property that a raster's name speaks of, and its bounds.

    >>> known_range("NDVI_2021"), known_range("height")
    (('ndvi', (-1.0, 1.0)), None)
    """
    if str(name) in VARIABLES:
        variable = VARIABLES[str(name)]
        return variable.name, (variable.lower, variable.upper)
    for word in re.split(r"[^a-z0-9]+", str(name or "").lower()):
        if word in INDEX_RANGES:
            return word, INDEX_RANGES[word]
    return None


def check_raster(raster: xr.DataArray, place: Place) -> None:
    """Raise unless a raster is an even (y, x) grid in a true reference system.

    Raises
    ------
    DimsError
        If it is no grid or names no reference system.
    FileFormatError
        If the reference system is unknown or the coordinates contradict it.
    """
    name = raster.name or "raster"
    if raster.dims != ("y", "x") or min(raster.shape) < 2:
        msg = f"{name}: wanted a raster (y, x) of 2 x 2 cells or more, got {raster.dims} "
        msg += f"{raster.shape}"
        raise DimsError(msg, got=raster.dims)
    if not raster.attrs.get("crs"):
        msg = f"{name} carries no attribute 'crs', so its place on Earth is unknown"
        raise DimsError(msg, wanted="crs")
    for dim in ("x", "y"):
        steps = np.diff(raster[dim].to_numpy().astype(np.float64))
        if not np.allclose(steps, steps[0], rtol=1e-4, atol=0.0) or steps[0] == 0.0:
            msg = f"{name}: axis {dim!r} is not evenly spaced"
            raise DimsError(msg, axis=dim)
    _check_reference(raster, str(name), place)


def _check_reference(raster: xr.DataArray, name: str, place: Place) -> None:
    """Raise FileFormatError if the reference system is unknown or cannot be that of the axes."""
    # pyproj takes a tenth of a second to import.
    from pyproj import CRS  # noqa: PLC0415
    from pyproj.exceptions import CRSError  # noqa: PLC0415

    text = str(raster.attrs["crs"])
    try:
        crs = CRS.from_user_input(text)
    except CRSError as error:
        msg = f"{name}: {text[:60]!r} is no coordinate reference system"
        raise FileFormatError(msg, got=text[:60]) from error
    x, y = (raster[dim].to_numpy().astype(np.float64) for dim in ("x", "y"))
    box = f"x {x.min():.8g} to {x.max():.8g}, y {y.min():.8g} to {y.max():.8g}"
    if crs.is_geographic:
        if max(abs(x.min()), abs(x.max())) > 360.01 or max(abs(y.min()), abs(y.max())) > 90.01:
            msg = f"{name} says that its coordinates are degrees ({text[:60]}) but they reach {box}"
            raise FileFormatError(msg, got=box, wanted="degrees")
        return
    degrees = abs(x - place.longitude).min() < 1.0 and abs(y - place.latitude).min() < 1.0
    if degrees and np.ptp(x) < 360.0 and np.ptp(y) < 180.0 and abs(x[1] - x[0]) < 0.5:
        msg = (
            f"{name} says that its coordinates are metres ({text[:60]}) but they reach {box}, "
            "which are degrees around the tower"
        )
        raise FileFormatError(msg, got=box, wanted="metres")


def check_values(raster: xr.DataArray, values: Floats) -> None:
    """Raise FileFormatError if a continuous raster holds classes or leaves its known range."""
    name = str(raster.name or "raster")
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return
    low, high = float(finite.min()), float(finite.max())
    known = known_range(raster.name)
    if known is None or (low >= known[1][0] and high <= known[1][1]):
        if raster.attrs.get("kind") == "categorical":
            msg = f"{name} was read as classes; wanted measured values"
            raise FileFormatError(msg, got="categorical", wanted="continuous")
        return
    word, (least, most) = known
    found = f"{name} holds {low:g} to {high:g}, wanted {word} between {least:g} and {most:g}"
    whole = bool((finite == np.rint(finite)).all())
    codes = np.unique(finite[:: max(finite.size // 100_000, 1)])
    if whole and low >= 0.0 and high <= LARGEST_CODE:
        shown = ", ".join(f"{code:g}" for code in codes[:8])
        msg = (
            f"{found}: these are whole numbers like class codes ({shown}); is it a land-cover map?"
        )
        raise FileFormatError(msg, got=(low, high), wanted=(least, most))
    if whole and max(abs(low), abs(high)) <= _SCALED and most <= 1.5:
        msg = f"{found}: it looks stored as integers times 10 000; apply the file's scale factor"
        raise FileFormatError(msg, got=(low, high), wanted=(least, most))
    raise FileFormatError(found, got=(low, high), wanted=(least, most))


def check_classes(raster: xr.DataArray, values: Floats) -> None:
    """Raise FileFormatError if a categorical raster holds anything but whole numbers."""
    finite = values[np.isfinite(values)]
    wrong = finite[finite != np.rint(finite)]
    if wrong.size:
        msg = (
            f"{raster.name or 'land cover'} is given as classes but holds {wrong[0]:g}: wanted "
            "whole numbers; is it a vegetation index?"
        )
        raise FileFormatError(msg, got=float(wrong[0]), wanted="class codes")
