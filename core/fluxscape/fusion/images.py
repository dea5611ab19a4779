"""Fine and coarse images as the methods take them: one grid, one unit, gaps as NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.contracts import convert_units
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, UnitsError
from fluxscape.fusion._blocks import is_lazy
from fluxscape.fusion.grids import (
    Cells,
    Grid,
    Resampling,
    cells_over,
    check_same_grid,
    grid_of,
    to_fine_grid,
)
from fluxscape.vocabulary import VARIABLES

Floats = NDArray[np.float64]

DIGITAL_SCALES: Final = {"": 1.0, "1": 10_000.0, "K": 50.0}
"""Digital numbers per unit of the products that the methods were written for: none of its own,
reflectance and indices (MOD09: 0.0001), surface temperature (MOD11: 0.02 K)."""


MISSING_CODES: Final = (-9999.0, -99999.0, -32768.0, -32767.0, -28672.0, -3000.0)
"""Usual codes of missing values, among them those of MODIS' reflectance and indices."""

_LARGEST_SHARE: Final = 2.0
"""Values up to this look like reflectance or an index, not like digital numbers."""


@dataclass(frozen=True)
class ImagePair:
    """A fine and a coarse image of one date.

    Attributes
    ----------
    fine
        Dimensions (y, x) or (band, y, x); NaN where clouds or gaps are. Coordinates ``y``, ``x``
        increase; attribute ``crs``, and ``units`` unless the values are digital numbers.
    coarse
        The same at coarse resolution: on its own grid, which must cover the fine one, or repeated
        on the fine grid.
    time
        Date of the pair, by which the pairs of a wanted date are chosen.
    """

    fine: xr.DataArray
    coarse: xr.DataArray
    time: np.datetime64 | None = None

    def name(self, number: int) -> str:
        """Return what messages call the pair: its date, or its place in the list."""
        return f"of {np.datetime_as_string(self.time, 'D')}" if self.time else f"of pair {number}"


class PairArrays(NamedTuple):
    """A pair ready for the methods: arrays (band, y, x), and extremes of the fine image by band."""

    fine: Any
    coarse: Any
    time: np.datetime64 | None
    lowest: Floats
    highest: Floats


class Prepared(NamedTuple):
    """All images on the fine grid and in one unit."""

    pairs: tuple[PairArrays, ...]
    wanted: tuple[Any, ...]
    """Arrays (band, y, x), one a date."""
    times: tuple[np.datetime64 | None, ...]
    template: xr.DataArray
    """The first fine image, for coordinates and attributes."""
    units: str
    scale: float
    grid: Grid
    coarse_grid: Grid
    valid_range: tuple[float, float]

    def cells(self, coarse_pixels: int | None) -> Cells:
        """Return the coarse cells over the fine grid."""
        return cells_over(self.grid, self.coarse_grid, coarse_pixels)


def digital_scale(units: str, scale: float | None) -> float:
    """Return the digital numbers per unit of the images by which differences are weighed.

    Raises
    ------
    UnitsError
        If none is given and none is usual for this unit.
    OutOfBoundsError
        If it is not above 0.
    """
    if scale is None:
        if units not in DIGITAL_SCALES:
            msg = (
                f"images in {units!r}: name the digital numbers per unit (scale) by which the "
                f"weights count differences; usual ones are known for {sorted(DIGITAL_SCALES)}"
            )
            raise UnitsError(msg, got=units)
        return DIGITAL_SCALES[units]
    if not 0.0 < scale < math.inf:
        msg = f"scale must be above 0 digital numbers per unit, got {scale}"
        raise OutOfBoundsError(msg, got=scale)
    return float(scale)


def prepare_images(
    pairs: Sequence[ImagePair],
    wanted: xr.DataArray,
    *,
    scale: float | None = None,
    resampling: Resampling = "nearest",
    valid_range: tuple[float, float] | None = None,
) -> Prepared:
    """Return all images on the grid and in the unit of the first fine image.

    Parameters
    ----------
    pairs
        At least one.
    wanted
        Coarse images of the wanted dates, dimensions (y, x), (band, y, x) or these after time.
    scale, resampling, valid_range
        As :func:`fluxscape.fusion.fuse` takes them.

    Raises
    ------
    DimsError, UnitsError, OutOfBoundsError, MissingVariableError
        If images do not fit together, hold nothing but gaps, or values outside their bounds.
    """
    if not pairs:
        msg = "fusion needs at least one pair of a fine and a coarse image, got none"
        raise MissingVariableError(msg)
    template = pairs[0].fine
    grid = grid_of(template, f"the fine image {pairs[0].name(1)}")
    units = _units(template)
    limits = _limits(template, valid_range)
    reader = _Reader(template, grid, units, resampling, limits)
    ready = []
    for number, pair in enumerate(pairs, 1):
        where = pair.name(number)
        fine, lowest, highest = reader.fine(pair.fine, f"the fine image {where}")
        coarse, _, _ = reader.coarse(pair.coarse, f"the coarse image {where}")
        ready.append(PairArrays(fine, coarse, pair.time, lowest, highest))
    _check_size_of_numbers(ready, units, scale)
    scenes, times = _scenes(wanted)
    arrays = []
    empty = 0
    for number, (scene, time) in enumerate(zip(scenes, times, strict=True), 1):
        name = np.datetime_as_string(time, "D") if time is not None else f"number {number}"
        array, lowest, _ = reader.coarse(scene, f"the wanted coarse image {name}", empty=True)
        empty += int(np.isnan(lowest).all())
        arrays.append(array)
    if empty == len(arrays):
        msg = f"all {empty} wanted coarse images hold nothing but gaps (clouds?)"
        raise MissingVariableError(msg, images=empty)
    return Prepared(
        tuple(ready),
        tuple(arrays),
        tuple(times),
        template,
        units,
        digital_scale(units, scale),
        grid,
        grid_of(pairs[0].coarse, f"the coarse image {pairs[0].name(1)}"),
        limits,
    )


def _check_size_of_numbers(pairs: Sequence[PairArrays], units: str, scale: float | None) -> None:
    """Raise UnitsError for images without a unit that cannot be digital numbers.

    Reflectance of 0 to 1 counted as digital numbers would give all pixels nearly one weight.
    """
    largest = max(float(np.nanmax(np.abs([pair.lowest, pair.highest]))) for pair in pairs)
    if not units and scale is None and largest <= _LARGEST_SHARE:
        msg = (
            f"the fine images have no unit and no value beyond {largest:g}: digital numbers would "
            "be larger. Give units ('1' for reflectance and indices), or the digital numbers per "
            "unit (scale)"
        )
        raise UnitsError(msg, got=largest)


def _units(image: xr.DataArray) -> str:
    return str(image.attrs.get("units", ""))


def _limits(image: xr.DataArray, valid_range: tuple[float, float] | None) -> tuple[float, float]:
    """Return the range of valid values: as given, or of the variable of the image's name."""
    if valid_range is not None:
        low, high = valid_range
        if not low < high:
            msg = f"valid_range must be a lower and an upper value, got {valid_range}"
            raise OutOfBoundsError(msg, got=valid_range)
        return float(low), float(high)
    variable = VARIABLES.get(str(image.name))
    if variable is None or _units(image) != variable.units:
        return -math.inf, math.inf
    return variable.lower, variable.upper


def _scenes(wanted: xr.DataArray) -> tuple[list[xr.DataArray], list[np.datetime64 | None]]:
    """Return the wanted images and their dates."""
    if "time" not in wanted.dims:
        time = wanted.coords.get("time")
        return [wanted], [None if time is None else time.to_numpy()[()]]
    if wanted.dims[0] != "time" or wanted.sizes["time"] == 0:
        msg = f"the wanted coarse images must have dimensions (time, ..., y, x), got {wanted.dims}"
        raise DimsError(msg, got=wanted.dims)
    scenes = [wanted.isel(time=i, drop=True) for i in range(wanted.sizes["time"])]
    dates: list[np.datetime64 | None] = [None] * len(scenes)
    if "time" in wanted.coords and wanted["time"].dtype.kind == "M":
        dates = list(wanted["time"].to_numpy())
    return scenes, dates


@dataclass(frozen=True)
class _Reader:
    """Checks images against the first fine one and brings them to its grid and unit."""

    template: xr.DataArray
    grid: Grid
    units: str
    resampling: Resampling
    limits: tuple[float, float]

    def fine(self, image: xr.DataArray, what: str) -> tuple[Any, Floats, Floats]:
        check_same_grid(grid_of(image, what), self.grid, (what, "the first fine image"))
        return self._array(image, what, empty=False)

    def coarse(
        self, image: xr.DataArray, what: str, *, empty: bool = False
    ) -> tuple[Any, Floats, Floats]:
        moved = to_fine_grid(image, self.grid, method=self.resampling, what=what)
        return self._array(moved, what, empty=empty)

    def _array(self, image: xr.DataArray, what: str, *, empty: bool) -> tuple[Any, Floats, Floats]:
        """Return (band, y, x) in the unit of the first image, with its extremes by band."""
        wanted = tuple(str(dim) for dim in self.template.dims)
        if image.dims != wanted or len(wanted) > 3:
            msg = f"{what} has dimensions {image.dims}, wanted {wanted}"
            raise DimsError(msg, got=image.dims, wanted=wanted)
        if image.sizes.get("band") != self.template.sizes.get("band"):
            msg = (
                f"{what} has {image.sizes.get('band')} bands, the first fine image "
                f"{self.template.sizes.get('band')}"
            )
            raise DimsError(msg, got=image.sizes.get("band"))
        if image.dtype.kind not in "iuf":
            msg = f"{what} holds {image.dtype} values; wanted real numbers"
            raise DimsError(msg, got=str(image.dtype))
        if _units(image) != self.units:
            if not _units(image) or not self.units:
                msg = (
                    f"{what} has units {_units(image) or 'none'!r}, the first fine image "
                    f"{self.units or 'none'!r}: give both or neither (digital numbers)"
                )
                raise UnitsError(msg, got=_units(image), wanted=self.units)
            image = convert_units(image, self.units, where=what)
        data = image.data if image.ndim == 3 else image.data[np.newaxis]
        if not is_lazy(data):
            data = np.asarray(data, dtype=np.float64)
        lowest, highest = extremes(data)
        self._check_values(lowest, highest, what, empty=empty)
        return data, lowest, highest

    def _check_values(self, lowest: Floats, highest: Floats, what: str, *, empty: bool) -> None:
        if not empty and np.isnan(lowest).any():
            band = "" if lowest.size == 1 else f" in band {int(np.argmax(np.isnan(lowest))) + 1}"
            msg = f"{what} holds nothing but gaps{band} (clouds?)"
            raise MissingVariableError(msg, image=what)
        unbounded = self.limits[0] == -math.inf
        for found in lowest[np.isin(lowest, MISSING_CODES)] if unbounded else ():
            msg = (
                f"{what} holds {found:g}, a usual code of missing values; gaps must be NaN "
                "(nodata). If it is a value, say so by valid_range"
            )
            raise OutOfBoundsError(msg, got=float(found))
        for found in (*lowest, *highest):
            outside = not np.isnan(found) and not self.limits[0] <= found <= self.limits[1]
            if outside or np.isinf(found):
                msg = (
                    f"{what} holds {found:g} {self.units}, outside {self.limits[0]:g} to "
                    f"{self.limits[1]:g}; gaps must be NaN"
                )
                raise OutOfBoundsError(msg, got=float(found))


def extremes(data: Any) -> tuple[Floats, Floats]:
    """Return the least and the greatest value of each band; NaN for a band of gaps.

    They do not depend on how a lazy array is cut into blocks.
    """
    if is_lazy(data):
        import dask.array as da  # noqa: PLC0415
        from dask.base import compute  # noqa: PLC0415

        low = da.where(da.isnan(data), np.inf, data).min(axis=(1, 2))
        high = da.where(da.isnan(data), -np.inf, data).max(axis=(1, 2))
        low, high, there = compute(low, high, (~da.isnan(data)).any(axis=(1, 2)))
        return np.where(there, low, np.nan), np.where(there, high, np.nan)
    # fmin and fmax pass over NaN, and give it where there is nothing else.
    return np.fmin.reduce(data, axis=(1, 2)), np.fmax.reduce(data, axis=(1, 2))


def fine_spread(data: Any, origin: Floats) -> Floats:
    """Return the standard deviation of each band over the whole image.

    Sums run along whole rows and then over rows, so that lazy images give the same digits however
    they are cut.
    """
    if is_lazy(data):
        data = data.rechunk((data.shape[0], "auto", -1))
    deviation = data - origin[:, np.newaxis, np.newaxis]
    missing = np.isnan(deviation)
    clean = np.where(missing, 0.0, deviation)
    rows = [(~missing).sum(axis=-1), clean.sum(axis=-1), (clean * clean).sum(axis=-1)]
    if is_lazy(data):
        from dask.base import compute  # noqa: PLC0415

        rows = list(compute(*rows))
    count, first, second = (np.asarray(row, dtype=np.float64).sum(axis=-1) for row in rows)
    mean = first / count
    return np.asarray(np.sqrt(np.maximum(second / count - mean * mean, 0.0)))


class Dated(Protocol):
    """Something with a date."""

    @property
    def time(self) -> np.datetime64 | None:
        """Date, if it is known."""
        ...


_Pair = TypeVar("_Pair", bound=Dated)


def nearest_pairs(
    pairs: Sequence[_Pair], when: np.datetime64 | None, most: int
) -> tuple[_Pair, ...]:
    """Return the pairs for a date: the last one before and the first one after it, nearest first.

    With ``most`` = 1 the nearer of the two. Where dates are lacking, the first ``most`` pairs.
    """
    times = [pair.time for pair in pairs]
    if when is None or any(time is None for time in times):
        return tuple(pairs[:most])
    gaps = [float((time - when) / np.timedelta64(1, "s")) for time in times]
    order = sorted(range(len(pairs)), key=lambda i: (abs(gaps[i]), i))
    before = [i for i in order if gaps[i] <= 0.0][:1]
    after = [i for i in order if gaps[i] > 0.0][:1]
    chosen = before + after
    # Outside the span of the pairs the next nearest on the same side is better than none.
    chosen += [i for i in order if i not in chosen][: max(most - len(chosen), 0)]
    chosen.sort(key=order.index)
    return tuple(pairs[i] for i in chosen[:most])


def attributes(images: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of an image that a product of it keeps."""
    return {key: images[key] for key in ("crs", "units", "resolution") if key in images}
