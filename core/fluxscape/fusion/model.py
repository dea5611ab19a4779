"""One face for all fusion methods: pairs of fine and coarse images in, a fine image out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.contracts import driven_status, provenance
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.fusion._blocks import is_lazy
from fluxscape.fusion.baseline import predict_baseline, time_weights
from fluxscape.fusion.estarfm import predict_estarfm
from fluxscape.fusion.fsdaf import predict_fsdaf
from fluxscape.fusion.grids import Resampling, check_same_grid, grid_of
from fluxscape.fusion.images import (
    ImagePair,
    PairArrays,
    Prepared,
    attributes,
    nearest_pairs,
    prepare_images,
)
from fluxscape.fusion.parameters import (
    EstarfmParameters,
    FsdafParameters,
    FusionParameters,
    StarfmParameters,
)
from fluxscape.fusion.quality import MISSING, POOR, QUALITY_ATTRS
from fluxscape.fusion.starfm import predict_starfm

METHODS: Final[Mapping[str, type[FusionParameters]]] = {
    "starfm": StarfmParameters,
    "estarfm": EstarfmParameters,
    "fsdaf": FsdafParameters,
}
"""Methods and their parameters. The unbiased variant is estarfm with ``unbiased = 1``."""

SOURCES: Final = {
    "starfm": "STARFM (Gao et al. 2006, doi:10.1109/TGRS.2006.872081)",
    "estarfm": "ESTARFM (Zhu et al. 2010, doi:10.1016/j.rse.2010.05.032)",
    "fsdaf": "FSDAF (Zhu et al. 2016, doi:10.1016/j.rse.2015.11.016)",
}

MOST_PAIRS: Final = 2
"""Pairs that a date is predicted from at most."""

Progress = Callable[[float, str], None]


def parameters_of(
    method: str, values: FusionParameters | Mapping[str, object] | None = None
) -> FusionParameters:
    """Return the parameters of a method, its defaults where ``values`` has none.

    Raises
    ------
    OutOfBoundsError
        If there is no such method, a value lies outside its bounds or is one of another method.
    MissingVariableError
        If a method has no such parameter.
    """
    if method not in METHODS:
        msg = f"fusion method must be one of {', '.join(METHODS)}, got {method!r}."
        raise OutOfBoundsError(msg + did_you_mean(method, METHODS), got=method)
    kind = METHODS[method]
    if isinstance(values, FusionParameters):
        if type(values) is not kind:
            msg = f"{method} takes {kind.__name__}, got {type(values).__name__}"
            raise OutOfBoundsError(msg, got=type(values).__name__)
        return values
    return kind.from_dict(dict(values or {}))


def fuse(
    pairs: Sequence[ImagePair],
    coarse: xr.DataArray,
    *,
    method: str = "starfm",
    parameters: FusionParameters | Mapping[str, object] | None = None,
    scale: float | None = None,
    resampling: Resampling = "nearest",
    coarse_pixels: int | None = None,
    class_map: xr.DataArray | None = None,
    valid_range: tuple[float, float] | None = None,
    threads: int = 1,
    on_progress: Progress | None = None,
) -> xr.Dataset:
    """Return fine images of the dates of coarse ones, with quality and the naive prediction.

    Parameters
    ----------
    pairs
        Fine and coarse images of known dates. For each wanted date the last pair before it and the
        first after it are used; without dates, the first two.
    coarse
        Coarse images of the wanted dates: (y, x) or (band, y, x), or these after ``time``.
    method
        One of :data:`METHODS`.
    parameters
        A parameter set of the method, or names and values.
    scale
        Digital numbers per unit of the images, by which weights and uncertainties count
        differences; by default 10,000 for reflectance and indices (unit 1), 50 for temperature
        (K), 1 for images without a unit.
    resampling
        How coarse images come to the fine grid: ``"nearest"`` or ``"bilinear"``.
    coarse_pixels
        Fine pixels along the side of a coarse cell, for FSDAF where the coarse images stand on the
        fine grid.
    class_map
        Classes (y, x) on the fine grid for FSDAF; by default the fine image is classified.
    valid_range
        Least and greatest valid value; by default those of the variable that the fine image is
        named for. A prediction beyond is replaced by the naive one, or else by the fine value of
        the pair, and called poor; the naive one of a farther pair stands in for gaps as well.
    threads
        Threads to compute on. Images of Dask arrays are computed lazily, block by block with
        overlap, to the same digits; FSDAF loads them, since classes are a matter of the whole.
    on_progress
        Called with the share done and a word.

    Returns
    -------
    xarray.Dataset
        On the fine grid, with dimensions of ``coarse``: ``fused`` and ``baseline`` (fine plus
        change of coarse, of the same pairs, weighted by time) in the unit of the images;
        ``quality`` (no band; :data:`fluxscape.fusion.quality.QUALITY_ATTRS`) and
        ``similar_pixels``, the number of pixels averaged (least of bands, sum over pairs).

    Raises
    ------
    DimsError
        If grids, reference systems, bands or extents do not fit; tells what each has.
    UnitsError, OutOfBoundsError
        If units or values are wrong.
    MissingVariableError
        If pairs are lacking, images hold nothing but gaps or have nothing in common, or FSDAF has
        fewer complete cells than classes.

    References
    ----------
    See :data:`SOURCES` and ``docs/methods/fusion.md``.
    """
    chosen = parameters_of(method, parameters)
    images = prepare_images(
        pairs, coarse, scale=scale, resampling=resampling, valid_range=valid_range
    )
    names = _class_values(class_map, images)
    layers = []
    for number, (wanted, when) in enumerate(zip(images.wanted, images.times, strict=True)):
        if on_progress is not None:
            on_progress(number / len(images.wanted), f"{number + 1} of {len(images.wanted)}")
        near = nearest_pairs(images.pairs, when, MOST_PAIRS)
        weights = time_weights(near, when)
        predicted = _predict(chosen, near, wanted, weights, images, coarse_pixels, names, threads)
        by_distance = nearest_pairs(images.pairs, when, len(images.pairs))
        others = [pair for pair in by_distance if all(pair is not used for used in near)]
        baseline = predict_baseline(near, wanted, weights, others=others)
        layers.append(_completed(predicted, baseline, near, images.valid_range))
    if all(not is_lazy(codes) and (codes == MISSING).all() for *_, codes in layers):
        msg = (
            "no pixel has a fine and a coarse value in a pair and a coarse value on a wanted date: "
            "gaps of the images leave nothing in common"
        )
        raise MissingVariableError(msg)
    if on_progress is not None:
        on_progress(1.0, "done")
    return _labelled(layers, coarse, images, pairs, method, chosen, resampling)


def _predict(
    chosen: FusionParameters,
    pairs: Sequence[PairArrays],
    wanted: Any,
    weights: Sequence[float],
    images: Prepared,
    coarse_pixels: int | None,
    class_map: Any,
    threads: int,
) -> Any:
    if isinstance(chosen, StarfmParameters):
        return predict_starfm(pairs, wanted, chosen, scale=images.scale, threads=threads)
    if isinstance(chosen, EstarfmParameters):
        return predict_estarfm(pairs, wanted, chosen, threads=threads)
    if isinstance(chosen, FsdafParameters):
        cells = images.cells(coarse_pixels)
        return predict_fsdaf(
            pairs,
            wanted,
            chosen,
            cells=cells,
            weights=weights,
            class_map=class_map,
            threads=threads,
        )
    msg = f"{type(chosen).__name__} belongs to no fusion method"
    raise OutOfBoundsError(msg, got=type(chosen).__name__)


def _class_values(class_map: xr.DataArray | None, images: Prepared) -> Any:
    if class_map is None:
        return None
    check_same_grid(
        grid_of(class_map, "the class map"), images.grid, ("the class map", "the fine image")
    )
    if class_map.dims != ("y", "x"):
        msg = f"the class map has dimensions {class_map.dims}, wanted ('y', 'x')"
        raise DimsError(msg, got=class_map.dims)
    return class_map.to_numpy().astype(np.float64)


def _completed(
    predicted: Any, baseline: Any, pairs: Sequence[PairArrays], limits: tuple[float, float]
) -> tuple[Any, Any, Any, Any]:
    """Return prediction, baseline, similar pixels and codes.

    The baseline stands in where the pairs of the method have a gap that another pair has not, and
    where a value lies outside ``limits``.
    """
    fused, similar, codes = predicted[:-2], predicted[-2], predicted[-1]
    gap = np.isnan(fused).any(axis=0)
    filled = gap & ~np.isnan(baseline).any(axis=0)
    fused = np.where(filled, baseline, np.where(gap, np.nan, fused))
    codes = np.where(filled, float(POOR), np.where(gap, float(MISSING), codes))
    low, high = limits
    if np.isfinite(limits).any():
        outside = (fused < low) | (fused > high)
        stand_in = np.where((baseline < low) | (baseline > high), pairs[0].fine, baseline)
        fused = np.where(outside, stand_in, fused)
        codes = np.where(outside.any(axis=0) & (codes != MISSING), float(POOR), codes)
    return fused, baseline, similar, codes


def _labelled(
    layers: Sequence[tuple[Any, Any, Any, Any]],
    coarse: xr.DataArray,
    images: Prepared,
    pairs: Sequence[ImagePair],
    method: str,
    chosen: FusionParameters,
    resampling: str,
) -> xr.Dataset:
    template = images.template
    facts = attributes(template.attrs)
    name = str(template.name or "image")
    label = str(template.attrs.get("long_name", name.replace("_", " ")))
    plain = [dim for dim in template.dims if dim != "band"]
    banded = "band" in template.dims
    timed = "time" in coarse.dims

    def array(number: int, kind: type[np.generic], attrs: dict[str, Any]) -> xr.DataArray:
        values = [layer[number] for layer in layers]
        has_band = banded and number < 2
        if number < 2 and not banded:
            values = [value[0] for value in values]
        dims = list(template.dims) if has_band else list(plain)
        stack = np.stack(values) if timed else values[0]
        return xr.DataArray(
            stack.astype(kind), dims=["time", *dims] if timed else dims, attrs=attrs
        )

    image_facts = facts | {"image": name}
    dataset = xr.Dataset(
        {
            "fused": array(0, np.float64, image_facts | {"long_name": f"fused {label}"}),
            "baseline": array(
                1, np.float64, image_facts | {"long_name": f"fine {label} plus coarse change"}
            ),
            "quality": array(3, np.int8, dict(QUALITY_ATTRS)),
            "similar_pixels": array(
                2, np.int32, {"long_name": "similar pixels averaged", "units": "1"}
            ),
        },
        coords={
            str(key): value
            for key, value in template.coords.items()
            if set(value.dims) <= set(template.dims) and key != "time"
        },
    )
    if "time" in coarse.coords:
        dataset = dataset.assign_coords(time=coarse["time"])
    inputs = xr.Dataset(attrs={"data_status": _status(pairs, coarse)})
    return dataset.assign_attrs(
        provenance(
            status=driven_status(inputs),
            source=f"{SOURCES[method]}{' unbiased' if getattr(chosen, 'unbiased', 0) else ''}",
            parameters=chosen.to_dict(),
            method=method,
            image=name,
            digital_numbers_per_unit=images.scale,
            resampling=resampling,
            n_pairs=len(pairs),
            pair_dates=", ".join(
                np.datetime_as_string(pair.time, "D") for pair in pairs if pair.time is not None
            ),
            **({"crs": template.attrs["crs"]} if "crs" in template.attrs else {}),
        )
    )


def _status(pairs: Sequence[ImagePair], coarse: xr.DataArray) -> str:
    """Return the one data status of all images, ``mixed`` if there are several."""
    found = {
        str(image.attrs.get("data_status", "observed"))
        for pair in pairs
        for image in (pair.fine, pair.coarse)
    } | {str(coarse.attrs.get("data_status", "observed"))}
    return found.pop() if len(found) == 1 else "mixed"
