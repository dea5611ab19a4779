"""Daily images of a landscape from occasional fine and regular coarse ones.

On every date of a coarse image that has no fine one, a fine image is fused from the fine images
around it; what was observed and what was fused are the anchors of each pixel's series, outliers
among them are left out, and the days between are interpolated (:mod:`._kernels_series`). A flag
says of every value where it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.contracts import provenance
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, UnsafeInputError
from fluxscape.fusion import _kernels_series as kernels
from fluxscape.fusion.images import ImagePair, nearest_pairs
from fluxscape.fusion.model import MOST_PAIRS, Progress, fuse
from fluxscape.fusion.parameters import FusionParameters
from fluxscape.fusion.quality import GOOD, MEASURED, MEDIUM, MISSING, POOR, QUALITY_ATTRS
from fluxscape.parameters import ParameterSet, parameter

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Days = NDArray[np.datetime64]
Whole = NDArray[np.int64]

LARGEST_SERIES: Final = 600_000_000
"""Most values of a daily series: 20 km at 30 m over three years."""

_DAY: Final = np.timedelta64(1, "D")
_PIXELS: Final = 4096
_PAIRS: Final = 3 * MOST_PAIRS
"""Pairs that a date is offered: two for the method, the others for gaps in them."""

_QUALITY_WEIGHT: Final = {MEASURED: 1.0, GOOD: 0.5, MEDIUM: 0.5, POOR: 0.25}
"""Weight of an anchor in the smooth series that outliers are told by; twice it multiplies the
distance at which it is one. Assumed."""

ORIGIN_ATTRS: Final = {
    "long_name": "where the value comes from",
    "flag_values": [kernels.ABSENT, kernels.OBSERVED, kernels.FUSED, kernels.INTERPOLATED],
    "flag_meanings": "missing observed fused interpolated",
}


@dataclass(frozen=True)
class SeriesParameters(ParameterSet):
    """How days are filled."""

    composite_days: float = parameter(
        8,
        lower=1,
        upper=32,
        unit="day",
        source="MOD13 and MOD15 composites; 1 for daily coarse images",
        description="length of the period that a coarse image is the mean or best value of; it "
        "counts for the period's middle",
    )
    pair_tolerance: float = parameter(
        16,
        lower=0,
        upper=90,
        unit="day",
        source="assumed: two composites",
        description="a fine image whose nearest coarse one is farther makes no pair",
    )
    longest_gap: float = parameter(
        40,
        lower=1,
        upper=366,
        unit="day",
        source="assumed: five composites",
        description="days farther apart are not interpolated between",
    )
    stiffness: float = parameter(
        2000,
        lower=1,
        upper=1e8,
        unit="day4",
        source="assumed: passes seasons, not single composites",
        description="weight of second differences in the smooth series that outliers are told by",
        symbol="lambda",
    )
    least_departure: float = parameter(
        0.05,
        lower=1e-9,
        upper=1e6,
        unit="unit of the images",
        source="assumed: 0.05 of a vegetation index; choose it for other quantities",
        description="fused values nearer to the smooth series are never outliers, nor observed "
        "ones within twice that",
    )


def daily_series(
    fine: xr.DataArray,
    coarse: xr.DataArray,
    *,
    method: str = "starfm",
    parameters: FusionParameters | Mapping[str, object] | None = None,
    filling: SeriesParameters | None = None,
    on_progress: Progress | None = None,
    **options: Any,
) -> xr.Dataset:
    """Return a daily series of fine images with the origin of each value.

    Parameters
    ----------
    fine
        Occasional images, dimensions (time, y, x), NaN under clouds; ``time`` the day seen.
    coarse
        Regular images, dimensions (time, y, x), on their own grid or on the fine one; ``time`` the
        first day of the composite.
    method, parameters, **options
        As :func:`fluxscape.fusion.fuse` takes them.
    filling
        How days are filled.
    on_progress
        Called with the share done and a word.

    Returns
    -------
    xarray.Dataset
        Dimensions (time, y, x), every day from the first to the last image: a variable of the name
        of ``fine`` (float32); ``origin`` (0 missing, 1 observed, 2 fused, 3 interpolated);
        ``quality`` of observed and fused values, poor for what is interpolated, -1 where missing;
        ``rejected`` (y, x), how many anchors were left out as outliers.

    Raises
    ------
    DimsError, UnitsError, OutOfBoundsError, MissingVariableError
        If images do not fit together or none makes a pair.
    UnsafeInputError
        If the series would have more than 600 million values.
    """
    rules = filling or SeriesParameters()
    for image, what in ((fine, "fine"), (coarse, "coarse")):
        _check_scenes(image, what)
    seen = fine["time"].to_numpy().astype("datetime64[D]")
    middle = coarse["time"].to_numpy().astype("datetime64[D]") + int(rules.composite_days) // 2
    pairs = make_pairs(fine, coarse, seen, middle, rules.pair_tolerance)
    wanted = [i for i in range(middle.size) if bool(np.isfinite(coarse[i]).any())]
    first, last = min(seen.min(), middle.min()), max(seen.max(), middle.max())
    count = int((last - first) / _DAY) + 1
    shape = (count, fine.sizes["y"], fine.sizes["x"])
    if np.prod(shape, dtype=np.float64) > LARGEST_SERIES:
        msg = f"the series would have {shape} values, allowed are {LARGEST_SERIES}"
        raise UnsafeInputError(msg, got=shape, wanted=LARGEST_SERIES)
    anchors = _Anchors(first)
    for number, scene in enumerate(fine.to_numpy()):
        quality = np.where(np.isfinite(scene), MEASURED, MISSING)
        anchors.add(seen[number], scene, quality)
    attrs = _add_fused(anchors, pairs, coarse, middle, wanted, method, parameters, options,
                       on_progress)  # fmt: skip
    if on_progress is not None:
        on_progress(0.8, "interpolating")
    result = _filled(anchors, shape, rules)
    if on_progress is not None:
        on_progress(1.0, "done")
    return _labelled(result, fine, first, attrs, rules, len(pairs))


def _add_fused(
    anchors: _Anchors,
    pairs: Sequence[ImagePair],
    coarse: xr.DataArray,
    middle: Days,
    wanted: Sequence[int],
    method: str,
    parameters: FusionParameters | Mapping[str, object] | None,
    options: Mapping[str, Any],
    on_progress: Progress | None,
) -> dict[str, Any]:
    """Fuse an image on the middle of each composite; return the attributes of the last.

    A date whose clouds leave too little in common with its pairs is passed over, unless all are.
    """
    attrs: dict[str, Any] = {}
    reason: MissingVariableError | None = None
    for number, i in enumerate(wanted):
        if on_progress is not None:
            on_progress(0.8 * number / len(wanted), f"fusing {middle[i]}")
        scene = coarse.isel(time=i).assign_coords(time=middle[i].astype("datetime64[ns]"))
        near = nearest_pairs(pairs, middle[i], _PAIRS)
        try:
            fused = fuse(near, scene, method=method, parameters=parameters, **options)
        except MissingVariableError as error:
            reason = error
            continue
        anchors.add(middle[i], fused["fused"].to_numpy(), fused["quality"].to_numpy())
        attrs = fused.attrs
    if reason is not None and not attrs:
        raise reason
    return attrs


def _check_scenes(image: xr.DataArray, what: str) -> None:
    dated = "time" in image.coords and image["time"].dtype.kind == "M"
    if image.dims != ("time", "y", "x") or not dated or image.sizes["time"] == 0:
        msg = (
            f"the {what} images need dimensions (time, y, x) with dates, got {image.dims} of "
            f"shape {image.shape}"
        )
        raise DimsError(msg, got=image.dims)
    steps = np.diff(image["time"].to_numpy().astype("datetime64[D]").astype(np.int64))
    if (steps <= 0).any():
        msg = f"the {what} images must be in the order of their days, one a day"
        raise DimsError(msg, axis="time")


def make_pairs(
    fine: xr.DataArray, coarse: xr.DataArray, seen: Days, middle: Days, tolerance: float
) -> list[ImagePair]:
    """Return a pair for every fine image that has values and a coarse image near enough.

    The coarse image of a day is interpolated, pixel by pixel, between those before and after it;
    where one of the two is missing or too far the other one counts.

    Raises
    ------
    MissingVariableError
        If there is no pair.
    """
    pairs = []
    for number, day in enumerate(seen):
        scene = fine.isel(time=number, drop=True)
        matched = _coarse_on(coarse, middle, day, tolerance)
        if matched is None or not np.isfinite(scene).any() or not np.isfinite(matched).any():
            continue
        pairs.append(ImagePair(scene, matched, day.astype("datetime64[ns]")))
    if not pairs:
        msg = (
            f"none of the {seen.size} fine images has values and a coarse image within "
            f"{tolerance:g} days: {seen[0]} to {seen[-1]} against {middle[0]} to {middle[-1]}"
        )
        raise MissingVariableError(msg)
    return pairs


def _coarse_on(
    coarse: xr.DataArray, middle: Days, day: np.datetime64, tolerance: float
) -> xr.DataArray | None:
    gaps = (middle - day) / _DAY
    near = np.flatnonzero(np.abs(gaps) <= tolerance)
    before, after = near[gaps[near] <= 0.0], near[gaps[near] >= 0.0]
    template = coarse.isel(time=0, drop=True)
    if not near.size:
        return None
    if not before.size or not after.size:
        return coarse.isel(time=int(near[np.argmin(np.abs(gaps[near]))]), drop=True)
    i, j = int(before[-1]), int(after[0])
    low, high = (coarse.isel(time=k).to_numpy().astype(np.float64) for k in (i, j))
    if i == j:
        return template.copy(data=low)
    share = -gaps[i] / (gaps[j] - gaps[i])
    mixed = low * (1.0 - share) + high * share
    return template.copy(data=np.where(np.isnan(low), high, np.where(np.isnan(high), low, mixed)))


class _Anchors:
    """Dated values of a landscape; of two on one day the observed one counts where it is."""

    def __init__(self, first: np.datetime64) -> None:
        self.first = first
        self.values: dict[int, Singles] = {}
        self.quality: dict[int, NDArray[np.int8]] = {}

    def add(self, day: np.datetime64, values: Any, quality: Any) -> None:
        """Add an image; it fills what an earlier one of the day lacks."""
        key = int((day - self.first) / _DAY)
        found, code = values.astype(np.float32), quality.astype(np.int8)
        if key in self.values:
            gap = np.isnan(self.values[key])
            found = np.where(gap, found, self.values[key])
            code = np.where(gap, code, self.quality[key])
        self.values[key], self.quality[key] = found, code


def _filled(
    anchors: _Anchors, shape: tuple[int, int, int], rules: SeriesParameters
) -> tuple[Singles, NDArray[np.int8], NDArray[np.int8], Whole]:
    """Return series, origin, quality (day, pixel) and rejected anchors (pixel), as images."""
    days = np.array(sorted(anchors.values), dtype=np.int64)
    pixels = shape[1] * shape[2]
    # The smooth series needs a few days to have a curvature.
    count = max(shape[0], 4)
    series = np.empty((count, pixels), dtype=np.float32)
    origin = np.zeros((count, pixels), dtype=np.int8)
    rejected = np.zeros(pixels, dtype=np.int64)
    quality = np.full((count, pixels), MISSING, dtype=np.int8)
    table = np.zeros(256)
    for quality_code, weight in _QUALITY_WEIGHT.items():
        table[quality_code] = weight
    stacked = {day: anchors.values[day].ravel() for day in days.tolist()}
    codes = {day: anchors.quality[day].ravel() for day in days.tolist()}
    for start in range(0, pixels, _PIXELS):
        part = slice(start, start + _PIXELS)
        values = np.stack([stacked[day][part] for day in days.tolist()]).astype(np.float64)
        code = np.stack([codes[day][part] for day in days.tolist()])
        values[code == MISSING] = np.nan
        made = np.empty((count, values.shape[1]), dtype=np.float32)
        kind = np.empty(made.shape, dtype=np.int8)
        kernels.fill_rows(
            days,
            values,
            table[code.astype(np.uint8)],
            (code == MEASURED).astype(np.int8),
            int(rules.longest_gap),
            float(rules.stiffness),
            float(rules.least_departure),
            made,
            kind,
            rejected[part],
        )
        series[:, part], origin[:, part] = made, kind
        own = np.where(kind == kernels.INTERPOLATED, POOR, MISSING).astype(np.int8)
        anchored = (kind == kernels.OBSERVED) | (kind == kernels.FUSED)
        own[days] = np.where(anchored[days], code, own[days])
        quality[:, part] = own
    keep = slice(0, shape[0])
    return (
        series[keep].reshape(shape),
        origin[keep].reshape(shape),
        quality[keep].reshape(shape),
        rejected.reshape(shape[1:]),
    )


def _labelled(
    result: tuple[Singles, NDArray[np.int8], NDArray[np.int8], Whole],
    fine: xr.DataArray,
    first: np.datetime64,
    attrs: Mapping[str, Any],
    rules: SeriesParameters,
    n_pairs: int,
) -> xr.Dataset:
    series, origin, quality, rejected = result
    name = str(fine.name or "image")
    if name in {"origin", "quality", "rejected"}:
        msg = f"the fine images are named {name!r}, as a flag of the result is; rename them"
        raise OutOfBoundsError(msg, got=name)
    kept = {key: fine.attrs[key] for key in ("units", "long_name", "crs") if key in fine.attrs}
    dims = ("time", "y", "x")
    time = first.astype("datetime64[ns]") + np.arange(len(series)) * _DAY
    facts = provenance(
        status=str(attrs.get("data_status", "reconstructed")),
        source=f"{attrs.get('source', 'observed images')}; days between by monotone cubics",
        parameters={"fusion": attrs.get("parameters", ""), **rules.to_dict()},
        n_pairs=n_pairs,
        time_step_seconds=86400,
        time_reference="start of step, UTC",
        **{
            key: attrs[key] for key in ("method", "digital_numbers_per_unit", "crs") if key in attrs
        },
    )
    return xr.Dataset(
        {
            name: (dims, series, kept),
            "origin": (dims, origin, dict(ORIGIN_ATTRS)),
            "quality": (dims, quality, dict(QUALITY_ATTRS)),
            "rejected": (
                dims[1:], rejected, {"long_name": "anchors left out as outliers", "units": "1"}
            ),
        },
        coords={"time": time, **{dim: fine[dim] for dim in dims[1:] if dim in fine.coords}},
        attrs=facts,
    )  # fmt: skip
