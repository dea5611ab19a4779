"""Intervals that hold at sites that were not seen: conformal by site.

Residuals of cross-validation by site are divided by the error that is expected from the predictors
and weighted so that every site counts alike; their quantiles give intervals whose coverage holds
for a record of a new site that is drawn like the old ones (Dunn, Wasserman and Ramdas 2023,
doi:10.1080/01621459.2022.2060112, the hierarchical setting; Barber et al. 2021,
doi:10.1214/20-AOS1965, the jackknife+ family that residuals of cross-validation belong to).
Residuals of a random split would be too small: such intervals covered 81 % where 90 % were meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import DimsError, OutOfBoundsError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Labels = npt.NDArray[Any]

_FEWEST_SITES: Final = 10
_LEAST_SHARE: Final = 0.05
"""Expected error is never below this share of its mean: a prediction near zero is no certainty."""


@dataclass(frozen=True)
class Intervals:
    """What turns predictions into intervals.

    Attributes
    ----------
    level
        Share of records that an interval is to hold.
    slopes
        Expected error is ``slopes[0] + slopes[1] |prediction| + slopes[2] spread``, where the
        spread is that of the committee's members.
    floor
        Least expected error.
    lower, upper
        Quantiles of the normalised residual.
    """

    level: float
    slopes: FloatArray
    floor: float
    lower: float
    upper: float

    def expected_error(self, predicted: FloatArray, spread: FloatArray) -> FloatArray:
        """Return the mean absolute error to expect of each prediction."""
        return expected_error(self.slopes, self.floor, predicted, spread)

    def bounds(self, predicted: FloatArray, spread: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return lower and upper ends of the intervals."""
        scale = self.expected_error(predicted, spread)
        return predicted + self.lower * scale, predicted + self.upper * scale

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for a file."""
        return vars(self) | {"slopes": self.slopes.tolist()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Intervals:
        """Return what :meth:`to_dict` gave."""
        numbers = {key: float(values[key]) for key in ("level", "floor", "lower", "upper")}
        return cls(slopes=np.array(values["slopes"], dtype=np.float64), **numbers)


def calibrate(
    observed: FloatArray,
    predicted: FloatArray,
    spread: FloatArray,
    site: Labels,
    *,
    level: float = 0.9,
) -> Intervals:
    """Return intervals calibrated on predictions for sites that each model had not seen.

    Parameters
    ----------
    observed, predicted
        Target and prediction of leave-site-out cross-validation, finite, shape (row,).
    spread
        Spread of the committee's members, 0 where there is none, shape (row,).
    site
        Site of each row, shape (row,).
    level
        Share of records that an interval is to hold, between 0 and 1.

    Raises
    ------
    DimsError, OutOfBoundsError
        If shapes differ, the level is no share, or there are fewer than ten sites.
    """
    if not observed.shape == predicted.shape == spread.shape == site.shape or observed.ndim != 1:
        msg = "observed, predicted, spread and site must have one shape (row,)"
        raise DimsError(msg, got=[a.shape for a in (observed, predicted, spread, site)])
    if not 0.0 < level < 1.0:
        msg = f"level must lie between 0 and 1, got {level!r}"
        raise OutOfBoundsError(msg, got=level)
    names, index, counts = np.unique(site, return_inverse=True, return_counts=True)
    if names.size < _FEWEST_SITES:
        msg = f"intervals by site need {_FEWEST_SITES} sites or more, got {names.size}"
        raise OutOfBoundsError(msg, got=names.size)
    weight = 1.0 / counts[index]
    residual = observed - predicted
    slopes, floor = _error_model(np.abs(residual), predicted, spread, weight)
    score = residual / expected_error(slopes, floor, predicted, spread)
    # One further site of unknown score, half of it at either end.
    tail = 0.5 * (1.0 - level) * (1.0 + 1.0 / names.size)
    lower = weighted_quantile(score, weight, 0.5 * (1.0 - level) - (tail - 0.5 * (1.0 - level)))
    upper = weighted_quantile(score, weight, 0.5 * (1.0 + level) + (tail - 0.5 * (1.0 - level)))
    return Intervals(level, slopes, floor, lower, upper)


def cross_coverage(
    observed: FloatArray,
    predicted: FloatArray,
    spread: FloatArray,
    site: Labels,
    folds: IntArray,
    *,
    level: float = 0.9,
) -> dict[str, Any]:
    """Return how often intervals hold at sites that neither model nor calibration had seen.

    For each fold, intervals are calibrated on the residuals of the other folds.

    Returns
    -------
    dict
        ``coverage`` of all rows; ``coverage_by_site``, the mean over sites; ``quantiles_by_site``
        (5, 25, 50, 75, 95 %); ``mean_width``; ``lower`` and ``upper``, shape (row,).
    """
    lower, upper = np.empty(observed.size), np.empty(observed.size)
    for fold in np.unique(folds):
        own = folds == fold
        parts = (array[~own] for array in (observed, predicted, spread, site))
        lower[own], upper[own] = calibrate(*parts, level=level).bounds(predicted[own], spread[own])
    inside = (observed >= lower) & (observed <= upper)
    by_site = np.array([inside[site == name].mean() for name in np.unique(site)])
    shares = np.quantile(by_site, [0.05, 0.25, 0.5, 0.75, 0.95])
    return {
        "level": level,
        "coverage": float(inside.mean()),
        "coverage_by_site": float(by_site.mean()),
        "quantiles_by_site": [float(share) for share in shares],
        "mean_width": float(np.mean(upper - lower)),
        "lower": lower,
        "upper": upper,
    }


def expected_error(
    slopes: FloatArray, floor: float, predicted: FloatArray, spread: FloatArray
) -> FloatArray:
    """Return the expected absolute error, a line in the prediction's size and the spread."""
    line = slopes[0] + slopes[1] * np.abs(predicted) + slopes[2] * spread
    return np.asarray(np.maximum(line, floor))


def weighted_quantile(values: FloatArray, weight: FloatArray, share: float) -> float:
    """Return the least value that a share of the weight does not pass."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    place = int(np.searchsorted(reached, min(max(share, 0.0), 1.0), side="left"))
    return float(values[order[min(place, values.size - 1)]])


def _error_model(
    error: FloatArray, predicted: FloatArray, spread: FloatArray, weight: FloatArray
) -> tuple[FloatArray, float]:
    """Return slopes, none negative, of the absolute error on size and spread, and its floor."""
    from scipy.optimize import nnls  # noqa: PLC0415

    root = np.sqrt(weight)
    design = np.column_stack([np.ones_like(error), np.abs(predicted), spread])
    slopes, _ = nnls(design * root[:, None], error * root)
    mean = float(np.average(error, weights=weight))
    floor = max(_LEAST_SHARE * mean, 1e-12 * (float(np.abs(predicted).max()) + 1.0))
    return np.asarray(slopes, dtype=np.float64), floor
