"""The area of applicability: where predictors resemble what a model was trained on.

Meyer and Pebesma (2021), doi:10.1111/2041-210X.13650: predictors are standardised and weighted by
their importance (sections 2.2.1 and 2.2.2), the dissimilarity index is the distance to the nearest
training case over the mean distance between training cases (equations 1 and 2), and the area ends
at the largest index of training cases themselves, each against those of other folds, outliers
left out (section 2.2.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import DimsError, OutOfBoundsError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_MOST_FOR_MEAN: Final = 4000
"""Training cases, evenly spread over the table, that the mean distance is taken of."""


@dataclass(frozen=True)
class Applicability:
    """The training cases as a model's distance sees them.

    Attributes
    ----------
    centre, scale
        Mean and spread of each predictor, shape (attribute,).
    weight
        Importance of each predictor, shape (attribute,).
    cases
        Training cases, standardised and weighted, without predictors of no weight.
    mean_distance
        Mean distance between training cases.
    threshold
        Dissimilarity index up to which the model applies.
    """

    centre: FloatArray
    scale: FloatArray
    weight: FloatArray
    cases: FloatArray
    mean_distance: float
    threshold: float

    def dissimilarity(self, x: FloatArray) -> FloatArray:
        """Return the dissimilarity index of each row [1], NaN where a predictor is missing."""
        space = self._space(x)
        out = np.full(x.shape[0], np.nan)
        good = np.isfinite(space).all(axis=1)
        if good.any():
            out[good] = _nearest(self.cases, space[good]) / self.mean_distance
        return out

    def applies(self, x: FloatArray) -> npt.NDArray[np.bool_]:
        """Return whether the model applies to each row; it does not where one is missing."""
        index = self.dissimilarity(x)
        return np.asarray(np.isfinite(index) & (index <= self.threshold))

    def _space(self, x: FloatArray) -> FloatArray:
        if x.ndim != 2 or x.shape[1] != self.weight.size:
            msg = f"rows must have shape (row, {self.weight.size}), got {x.shape}"
            raise DimsError(msg, got=x.shape)
        return _weighted(x, self.centre, self.scale, self.weight)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for a file."""
        return {
            "centre": self.centre.tolist(),
            "scale": self.scale.tolist(),
            "weight": self.weight.tolist(),
            # One line of a file each: readers refuse lines of megabytes.
            "cases": [" ".join(f"{value:.6g}" for value in row) for row in self.cases],
            "mean_distance": self.mean_distance,
            "threshold": self.threshold,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Applicability:
        """Return what :meth:`to_dict` gave."""
        arrays = {
            key: np.array(values[key], dtype=np.float64) for key in ("centre", "scale", "weight")
        }
        return cls(
            **arrays,
            cases=np.array([row.split() for row in values["cases"]], dtype=np.float64),
            mean_distance=float(values["mean_distance"]),
            threshold=float(values["threshold"]),
        )


def area_of_applicability(x: FloatArray, weight: FloatArray, folds: IntArray) -> Applicability:
    """Return the area of applicability of a model.

    Parameters
    ----------
    x
        Predictors of the training cases, finite, shape (case, attribute).
    weight
        Importance of each predictor, 0 or more, shape (attribute,).
    folds
        Fold of each case in the validation that the skill comes from, shape (case,): a training
        case is compared with those of other folds, as the validation did.

    Raises
    ------
    DimsError, OutOfBoundsError
        If shapes differ, no predictor has weight, or there is only one fold.
    """
    if x.ndim != 2 or weight.shape != (x.shape[1],) or folds.shape != (x.shape[0],):
        msg = f"x, weight and folds have shapes {x.shape}, {weight.shape} and {folds.shape}"
        raise DimsError(msg)
    if not np.isfinite(weight).all() or (weight < 0.0).any() or not (weight > 0.0).any():
        msg = "importance must be finite and 0 or more, above 0 for one predictor at least"
        raise OutOfBoundsError(msg)
    if np.unique(folds).size < 2:
        msg = "the area of applicability needs two folds or more"
        raise OutOfBoundsError(msg)
    centre, scale = x.mean(axis=0), x.std(axis=0, ddof=1)
    space = _weighted(x, centre, scale, weight)
    mean_distance = _mean_distance(space)
    if mean_distance <= 0.0:
        msg = "all training cases are alike in the predictors that have importance"
        raise OutOfBoundsError(msg)
    index = np.empty(x.shape[0])
    for fold in np.unique(folds):
        own = folds == fold
        index[own] = _nearest(space[~own], space[own]) / mean_distance
    return Applicability(centre, scale, weight, space, mean_distance, largest_inlier(index))


def largest_inlier(values: FloatArray) -> float:
    """Return the largest value that is no outlier: at most Q3 + 1.5 (Q3 - Q1)."""
    lower, upper = np.quantile(values, [0.25, 0.75])
    return float(values[values <= upper + 1.5 * (upper - lower)].max())


def _weighted(
    x: FloatArray, centre: FloatArray, scale: FloatArray, weight: FloatArray
) -> FloatArray:
    """Return predictors standardised and weighted; those that do not count are left out."""
    counts = (weight > 0.0) & (scale > 0.0)
    return np.asarray((x[:, counts] - centre[counts]) / scale[counts] * weight[counts])


def _nearest(cases: FloatArray, rows: FloatArray) -> FloatArray:
    """Return the Euclidean distance of each row to the nearest case."""
    from scipy.spatial import cKDTree  # noqa: PLC0415

    distance, _ = cKDTree(cases).query(rows, workers=-1)
    return np.asarray(distance, dtype=np.float64)


def _mean_distance(space: FloatArray) -> float:
    """Return the mean distance between cases."""
    from scipy.spatial.distance import pdist  # noqa: PLC0415

    if space.shape[0] < 2:
        return 0.0
    step = -(-space.shape[0] // _MOST_FOR_MEAN)
    return float(pdist(space[::step]).mean())
