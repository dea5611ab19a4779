"""FSDAF (Zhu et al. 2016, doi:10.1016/j.rse.2015.11.016): flexible spatiotemporal data fusion.

The change of the classes is unmixed from the coarse cells; what a cell changed beyond that (its
residual) is shared out among its pixels, guided by a thin-plate spline through the wanted coarse
image; the sum is averaged over similar pixels. Per-pixel formulae: :mod:`._kernels_fsdaf`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.optimize import lsq_linear

from fluxscape.errors import MissingVariableError, OutOfBoundsError
from fluxscape.fusion import _kernels_fsdaf as kernels
from fluxscape.fusion._blocks import map_windows
from fluxscape.fusion.grids import Cells
from fluxscape.fusion.images import PairArrays
from fluxscape.fusion.parameters import FsdafParameters
from fluxscape.fusion.quality import GOOD, MEDIUM, MISSING

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_CODES: Final = np.array([GOOD, MEDIUM, MISSING], dtype=np.float64)
_SAMPLE: Final = 20_000
"""Pixels that the classification is fitted to."""

_NEIGHBOURS: Final = 25
"""Cells that the thin-plate spline at a pixel passes through: farther ones hardly count."""

_LEAST_COVER: Final = 0.5
"""Share of its pixels that a cell must have for the classes' changes to be fitted to it."""


def predict_fsdaf(
    pairs: Sequence[PairArrays],
    wanted: Any,
    parameters: FsdafParameters,
    *,
    cells: Cells,
    weights: Sequence[float],
    class_map: Floats | None = None,
    threads: int = 1,
) -> Floats:
    """Return the prediction of one date, (band + 2, y, x), as :func:`.starfm.predict_starfm`.

    The method is one of single pairs; predictions from several are averaged.

    Parameters
    ----------
    pairs
        Lazy ones are loaded: classes are a matter of the whole image.
    wanted
        Coarse image of the date, (band, y, x).
    parameters
        Window, classes, similar pixels.
    cells
        Which coarse cell each fine pixel lies in.
    weights
        Of the pairs. Where one has a gap, the others count (quality medium).
    class_map
        Classes (y, x), NaN where none; else each fine image is divided by k-means.
    threads
        Threads for the last step.

    Raises
    ------
    OutOfBoundsError
        If the fine image, or the class map where it has pixels, has one class only.
    MissingVariableError
        If there are fewer complete cells than classes.
    """
    target = np.asarray(wanted, dtype=np.float64)
    spatial = np.stack([spatial_prediction(band, cells) for band in target])
    made = []
    for pair in pairs:
        try:
            made.append(_from_pair(pair, target, spatial, parameters, cells, class_map, threads))
        except MissingVariableError:
            # Clouds can leave one pair too few cells: the other one may do.
            if pair is pairs[-1] and not made:
                raise
            made.append(np.full((len(target) + 2, *target.shape[1:]), np.nan))
            made[-1][-2], made[-1][-1] = 0.0, MISSING
    if len(made) == 1:
        return made[0]
    codes = np.stack([layers[-1] for layers in made])
    there = codes != MISSING
    shares = there * np.asarray(weights)[:, np.newaxis, np.newaxis]
    total = shares.sum(axis=0)
    out = np.zeros_like(made[0])
    for layers, share in zip(made, shares, strict=True):
        out[:-2] += np.where(share > 0.0, share * layers[:-2], 0.0)
        out[-2] += layers[-2]
    out[:-2] /= np.where(total > 0.0, total, np.nan)
    known = np.where(there.all(axis=0), codes.max(axis=0), MEDIUM)
    out[-1] = np.where(there.any(axis=0), known, MISSING)
    return out


class _Fitted(NamedTuple):
    """Pixels that can be predicted, and the sums over cells that they enter."""

    members: Integers
    """Class of each pixel (y, x), -1 where it cannot be predicted."""
    flat: Integers
    """Number of the cell of each such pixel."""
    counts: Floats
    """Such pixels by cell and class."""
    full: Floats
    """All pixels by cell."""


def _from_pair(
    pair: PairArrays,
    wanted: Floats,
    spatial: Floats,
    parameters: FsdafParameters,
    cells: Cells,
    class_map: Floats | None,
    threads: int,
) -> Floats:
    fine = np.asarray(pair.fine, dtype=np.float64)
    coarse = np.asarray(pair.coarse, dtype=np.float64)
    classes = classify(fine, parameters) if class_map is None else _numbered(class_map)
    change = wanted - coarse
    usable = np.isfinite(fine + change).all(axis=0)
    fitted = _fit(np.where(usable, classes, -1), cells)
    index = np.empty(usable.shape)
    kernels.homogeneity(fitted.members, max(int(cells.pixels) // 2, 1), index)
    moved = np.empty_like(fine)
    for band in range(fine.shape[0]):
        moved[band] = _band_change(
            fine[band], change[band], spatial[band], fitted, cells, index, parameters
        )
    spreads = np.nanstd(fine, axis=(1, 2))
    spreads[spreads == 0.0] = 1.0
    return _smooth(fine, moved, fitted.members, spreads, parameters, threads)


def classify(fine: Floats, parameters: FsdafParameters) -> Integers:
    """Return a class number for each pixel of (band, y, x), -1 where a band is missing.

    k-means on standardised bands stands for the ISODATA of the paper.

    Raises
    ------
    OutOfBoundsError
        If all pixels are equal.
    """
    # scikit-learn takes most of a second to import and only this step needs it.
    from sklearn.cluster import KMeans  # noqa: PLC0415

    there = np.isfinite(fine).all(axis=0)
    values = fine[:, there].T
    seed = int(parameters.seed)
    choice = np.random.default_rng(seed).permutation(len(values))[:_SAMPLE]
    sample = values[np.sort(choice)]
    distinct = len(np.unique(sample, axis=0))
    if distinct < 2:
        msg = (
            "the fine image has one value everywhere, so that it holds one class only; FSDAF "
            "unmixes at least two: use starfm, or give a class map"
        )
        raise OutOfBoundsError(msg, got=distinct)
    centre, spread = sample.mean(axis=0), sample.std(axis=0)
    spread[spread == 0.0] = 1.0
    model = KMeans(min(int(parameters.classes), distinct), n_init=4, random_state=seed)
    model.fit((sample - centre) / spread)
    out = np.full(there.shape, -1, dtype=np.int64)
    out[there] = model.predict((values - centre) / spread)
    return out


def _numbered(class_map: Floats) -> Integers:
    """Return classes numbered from 0, -1 where there is none."""
    there = np.isfinite(class_map)
    names, numbers = np.unique(class_map[there], return_inverse=True)
    if names.size < 2:
        msg = f"the class map holds {names.size} class(es); FSDAF unmixes at least two"
        raise OutOfBoundsError(msg, got=int(names.size))
    out = np.full(class_map.shape, -1, dtype=np.int64)
    out[there] = numbers
    return out


def _fit(members: Integers, cells: Cells) -> _Fitted:
    """Return the usable pixels with their sums over cells."""
    rows, columns = cells.shape
    cell = cells.rows[:, np.newaxis] * columns + cells.columns[np.newaxis, :]
    usable = members >= 0
    count = int(members.max(initial=0)) + 1
    table = np.bincount(
        cell[usable] * count + members[usable], minlength=rows * columns * count
    ).reshape(rows * columns, count)
    full = np.bincount(cell.ravel(), minlength=rows * columns)
    return _Fitted(members, cell[usable], table.astype(np.float64), full.astype(np.float64))


def unmix(fractions: Floats, change: Floats, *, trimmed_share: float) -> Floats:
    """Return the change of each class from that of cells: least squares on sum_c f_c dF_c = dC.

    Parameters
    ----------
    fractions
        Share of each class in each cell, (cell, class).
    change
        Change of the cells [any unit].
    trimmed_share
        Share of cells with the least and with the greatest change that are left out, as long as
        every class keeps a cell and there are as many cells as classes.

    Returns
    -------
    array
        Change by class, within the range of the cells' changes.

    Raises
    ------
    MissingVariableError
        If there are fewer complete cells than classes.
    """
    count = fractions.shape[1]
    if len(change) < count:
        msg = (
            f"FSDAF unmixes {count} classes from {len(change)} complete coarse cells: it needs "
            "at least as many; take fewer classes, or a larger or less cloudy area"
        )
        raise MissingVariableError(msg, got=len(change), wanted=count)
    low, high = np.quantile(change, (trimmed_share, 1.0 - trimmed_share))
    kept = (change >= low) & (change <= high)
    if kept.sum() >= count and (fractions[kept].sum(axis=0) > 0.0).all():
        fractions, change = fractions[kept], change[kept]
    low, high = float(change.min()), float(change.max())
    if low == high:
        return np.full(count, low)
    return np.asarray(lsq_linear(fractions, change, bounds=(low, high)).x)


def _band_change(
    fine: Floats,
    change: Floats,
    spatial: Floats,
    fitted: _Fitted,
    cells: Cells,
    index: Floats,
    parameters: FsdafParameters,
) -> Floats:
    """Return the change of every pixel of one band before it is averaged over similar ones."""
    usable = fitted.members >= 0
    inside = fitted.counts.sum(axis=1)
    occupied = inside > 0.0
    fractions = fitted.counts[occupied] / inside[occupied, np.newaxis]
    sums = np.bincount(fitted.flat, weights=change[usable], minlength=inside.size)
    mean_change = sums[occupied] / inside[occupied]
    complete = inside[occupied] >= _LEAST_COVER * np.median(fitted.full)
    complete &= inside[occupied] >= _LEAST_COVER * fitted.full[occupied]
    by_class = unmix(
        fractions[complete], mean_change[complete], trimmed_share=parameters.trimmed_share
    )
    residual = np.full(inside.size, np.nan)
    residual[occupied] = mean_change - fractions @ by_class
    classes_change = by_class[np.maximum(fitted.members, 0)]
    temporal = np.where(usable, fine + classes_change, np.nan)
    part = np.empty(fine.shape)
    kernels.distribute(
        residual.reshape(cells.shape),
        spatial,
        temporal,
        index,
        cells.rows,
        cells.columns,
        part,
    )
    return np.where(usable, classes_change + part, np.nan)


def spatial_prediction(wanted: Floats, cells: Cells) -> Floats:
    """Return a thin-plate spline through the cells' values at every fine pixel, (y, x).

    The value stands at the middle of the part of the cell that the fine image covers. With fewer
    than four cells, or cells in one line, each pixel keeps its cell's value.
    """
    rows, columns = cells.shape
    cell = (cells.rows[:, np.newaxis] * columns + cells.columns[np.newaxis, :]).ravel()
    there = np.isfinite(wanted).ravel()
    size = rows * columns
    count = np.bincount(cell[there], minlength=size)
    with np.errstate(invalid="ignore"):
        value = np.bincount(cell[there], weights=wanted.ravel()[there], minlength=size) / count
    y = np.bincount(cells.rows, weights=np.arange(cells.rows.size)) / np.bincount(cells.rows)
    x = np.bincount(cells.columns, weights=np.arange(cells.columns.size)) / np.bincount(
        cells.columns
    )
    places = np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1).reshape(-1, 2) / cells.pixels
    known = count > 0
    spans = np.ptp(places[known], axis=0) if known.any() else np.zeros(2)
    if known.sum() < 4 or not (spans > 0.0).all():
        return wanted
    fine_y, fine_x = (np.arange(n) / cells.pixels for n in wanted.shape)
    points = np.stack(np.meshgrid(fine_y, fine_x, indexing="ij"), axis=-1).reshape(-1, 2)
    try:
        spline = RBFInterpolator(
            places[known],
            value[known],
            neighbors=min(_NEIGHBOURS, int(known.sum())),
            kernel="thin_plate_spline",
            degree=1,
        )
        return np.asarray(spline(points)).reshape(wanted.shape)
    except np.linalg.LinAlgError:
        # The nearest cells around some gap lie in one line.
        return wanted


def _smooth(
    fine: Floats,
    change: Floats,
    members: Integers,
    spreads: Floats,
    parameters: FsdafParameters,
    threads: int,
) -> Floats:
    bands = fine.shape[0]

    def compute(*images: Floats, first: int, last: int) -> Floats:
        image, moved, classes = images
        out = np.empty((bands + 2, last - first, image.shape[-1]))
        status = np.empty(out.shape[1:], dtype=np.uint8)
        kernels.smooth_rows(
            image,
            moved,
            classes[0].astype(np.int64),
            spreads,
            parameters.half,
            int(parameters.similar_pixels),
            first,
            last,
            out[:bands],
            out[bands],
            status,
        )
        out[bands + 1] = _CODES[status]
        return out

    images = [fine, change, members[np.newaxis].astype(np.float64)]
    made = map_windows(compute, images, layers=bands + 2, halo=parameters.half, threads=threads)
    return np.asarray(made)
