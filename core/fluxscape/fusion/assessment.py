"""How well a fused image goes with a true one: level, structure, edges, spectrum, and by class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter

from fluxscape.errors import DimsError, MissingVariableError
from fluxscape.fusion.grids import check_same_grid, grid_of
from fluxscape.scores import score

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SIDE: Final = 7
"""Side of the windows of structural similarity [pixel], Wang et al. 2004."""


def assess_image(
    predicted: xr.DataArray,
    truth: xr.DataArray,
    *,
    classes: xr.DataArray | None = None,
    class_names: Mapping[int, str] | None = None,
) -> dict[str, Any]:
    """Return scores of a predicted image over the pixels that both images have.

    Parameters
    ----------
    predicted, truth
        Dimensions (y, x) or (band, y, x), of one grid and unit.
    classes
        Class of each pixel (y, x), NaN where none, for scores by class.
    class_names
        Names by class number.

    Returns
    -------
    dict
        Means over bands: ``rmse``, ``bias`` [unit of the images], ``nse``, ``r2`` [1],
        ``ssim`` (structural similarity in windows of 7 x 7 pixels, with the range of the true
        image), ``edge`` (normalised difference of Roberts' edges: below 0 where edges are too
        weak); ``spectral_angle`` [degree] of several bands; ``n``; ``bands``, the scores of each
        band; ``by_class``, ``rmse``, ``bias`` and ``n`` of each class. NaN where a score has no
        meaning, as the similarity to a constant image.

    Raises
    ------
    DimsError
        If the images differ in grid or bands.
    MissingVariableError
        If no pixel is in both.

    References
    ----------
    Wang et al. 2004, doi:10.1109/TIP.2003.819861 (SSIM); Zhu et al. 2022,
    doi:10.1016/j.rse.2022.113002 (edges); Kruse et al. 1993, doi:10.1016/0034-4257(93)90013-N
    (spectral angle).
    """
    check_same_grid(
        grid_of(predicted, "the prediction"), grid_of(truth, "the truth"),
        ("the prediction", "the truth"),
    )  # fmt: skip
    if predicted.shape != truth.shape or truth.ndim not in (2, 3):
        msg = f"the prediction has shape {predicted.shape}, the truth {truth.shape}"
        raise DimsError(msg, got=predicted.shape, wanted=truth.shape)
    made = np.atleast_3d(predicted.to_numpy().astype(np.float64))
    true = np.atleast_3d(truth.to_numpy().astype(np.float64))
    if truth.ndim == 2:
        made, true = np.moveaxis(made, -1, 0), np.moveaxis(true, -1, 0)
    common: Mask = np.asarray(np.isfinite(made + true).all(axis=0))
    if not common.any():
        msg = "no pixel is in both the prediction and the truth"
        raise MissingVariableError(msg)
    bands = [_band(p, t, common) for p, t in zip(made, true, strict=True)]
    names = ("rmse", "bias", "nse", "r2", "ssim", "edge")
    result: dict[str, Any] = {name: _mean([band[name] for band in bands]) for name in names}
    if len(bands) > 1:
        result["spectral_angle"] = spectral_angle(made[:, common], true[:, common])
        result["bands"] = bands
    result["n"] = int(common.sum())
    if classes is not None:
        result["by_class"] = _by_class(made, true, common, classes, class_names or {})
    return result


def assess_candidates(
    candidates: Mapping[str, xr.DataArray], truth: xr.DataArray, **options: Any
) -> dict[str, dict[str, Any]]:
    """Return the scores of several predictions over the pixels that all of them have.

    Parameters
    ----------
    candidates
        By name, such as the fused image, the baseline, the pair's fine and the coarse image.
    truth, **options
        As :func:`assess_image`.
    """
    gap = xr.zeros_like(truth, dtype=bool)
    for image in candidates.values():
        gap = gap | np.isnan(image.to_numpy())
    return {
        name: assess_image(image.copy(data=np.where(gap, np.nan, image)), truth, **options)
        for name, image in candidates.items()
    }


def structural_similarity(predicted: Floats, truth: Floats, common: Mask) -> float:
    """Return the mean structural similarity over windows without gaps, NaN if there is none."""
    # scikit-image takes half a second to import.
    from skimage.metrics import structural_similarity as skimage_similarity  # noqa: PLC0415

    spread = float(np.ptp(truth[common]))
    if min(truth.shape) < _SIDE or spread == 0.0:
        return float("nan")
    whole = minimum_filter(common, size=_SIDE, mode="constant", cval=0)
    if not whole.any():
        return float("nan")
    fill = float(truth[common].mean())
    _, values = skimage_similarity(
        np.where(common, truth, fill),
        np.where(common, predicted, fill),
        win_size=_SIDE,
        data_range=spread,
        full=True,
    )
    return float(values[whole].mean())


def edge_difference(predicted: Floats, truth: Floats) -> float:
    """Return (E_p - E_t) / (E_p + E_t) of the sums of Roberts' edges, 0 if there are none.

    Of sums, not the mean of every pixel's: where the truth is flat, any trace of an edge counts 1.
    """
    made, true = _roberts(predicted), _roberts(truth)
    there = np.isfinite(made + true)
    if not there.any():
        return float("nan")
    predicted_edges, true_edges = float(made[there].sum()), float(true[there].sum())
    total = predicted_edges + true_edges
    return (predicted_edges - true_edges) / total if total > 0.0 else 0.0


def _roberts(image: Floats) -> Floats:
    falling = np.abs(image[:-1, :-1] - image[1:, 1:])
    return np.asarray(falling + np.abs(image[:-1, 1:] - image[1:, :-1]))


def spectral_angle(predicted: Floats, truth: Floats) -> float:
    """Return the mean angle [degree] between spectra (band, pixel); NaN where all are 0."""
    product = (predicted * truth).sum(axis=0)
    lengths = np.sqrt((predicted**2).sum(axis=0) * (truth**2).sum(axis=0))
    there = lengths > 0.0
    if not there.any():
        return float("nan")
    cosine = np.clip(product[there] / lengths[there], -1.0, 1.0)
    return float(np.degrees(np.arccos(cosine)).mean())


def _band(predicted: Floats, truth: Floats, common: Mask) -> dict[str, float]:
    found = score(predicted[common], truth[common])
    return {name: found[name] for name in ("rmse", "bias", "nse", "r2")} | {
        "ssim": structural_similarity(predicted, truth, common),
        "edge": edge_difference(predicted, truth),
    }


def _mean(values: list[float]) -> float:
    there = [value for value in values if np.isfinite(value)]
    return float(np.mean(there)) if there else float("nan")


def _by_class(
    made: Floats,
    true: Floats,
    common: Mask,
    classes: xr.DataArray,
    names: Mapping[int, str],
) -> dict[str, dict[str, float]]:
    numbers = classes.to_numpy().astype(np.float64)
    if numbers.shape != common.shape:
        msg = f"the classes have shape {numbers.shape}, the images {common.shape}"
        raise DimsError(msg, got=numbers.shape, wanted=common.shape)
    result = {}
    for number in np.unique(numbers[common & np.isfinite(numbers)]):
        member = common & (numbers == number)
        error = made[:, member] - true[:, member]
        result[names.get(int(number), f"{number:g}")] = {
            "rmse": float(np.sqrt(np.mean(error**2))),
            "bias": float(error.mean()),
            "n": int(member.sum()),
        }
    return result
