"""Smooth courses through means of intervals that give every mean back exactly."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_banded

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SMOOTH: Final = (
    "wind_speed",
    "air_pressure",
    "carbon_dioxide_mole_fraction",
    "leaf_area_index",
    "absorbed_par_fraction",
)
"""Variables whose course through means of days or months is drawn as straight lines."""


def course_of_means(
    means: FloatArray, interval: IntArray, *, lower: float = -np.inf, upper: float = np.inf
) -> FloatArray:
    """Return a piecewise linear course whose mean over each interval is the given one.

    The course is straight between the middles of intervals. Its values there are not the means but
    those that make the means come out (Sheng and Zwiers 1998, doi:10.1007/s003820050258): linear
    interpolation of means alone loses a quarter of a seasonal cycle's curvature. Where that would
    leave the bounds, the interval keeps its mean throughout.

    Parameters
    ----------
    means
        Mean of each interval, shape (interval,); NaN where it is unknown.
    interval
        Number of the interval that each fine step belongs to, in order and without gaps, shape
        (step,).
    lower, upper
        Bounds of the course.

    Returns
    -------
    numpy.ndarray
        Shape (step,); NaN in intervals of unknown mean.
    """
    known = np.isfinite(means)
    if not known.any():
        return np.full(interval.size, np.nan)
    count = np.bincount(interval, minlength=means.size)
    filled = np.interp(np.arange(means.size), np.flatnonzero(known), means[known])
    left, share = _segments(interval, count)
    nodes = _nodes(filled, interval, count, left, share)
    right = np.minimum(left + 1, means.size - 1)
    course = nodes[left] * (1.0 - share) + nodes[right] * share
    outside = (course < lower) | (course > upper)
    flat = np.zeros(means.size, bool)
    flat[interval[outside]] = True
    course = np.where(flat[interval], filled[interval], course)
    return np.where(known[interval], course, np.nan)


def interval_means(fine: FloatArray, interval: IntArray, count: int) -> FloatArray:
    """Return the mean of the fine steps of each interval, shape (count,); NaN where it has none.

    Parameters
    ----------
    fine
        Values of fine steps, shape (step,).
    interval
        Number of the interval that each belongs to, shape (step,).
    count
        Number of intervals.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        sums = np.bincount(interval, fine, minlength=count)
        return np.asarray(sums / np.bincount(interval, minlength=count))


def spread_means(means: FloatArray, shape: FloatArray, interval: IntArray) -> FloatArray:
    """Return means of intervals with the course of ``shape`` in each; even where that is 0.

    Parameters
    ----------
    means
        Mean of each interval, shape (interval,).
    shape
        Course of the fine steps, not negative, shape (step,).
    interval
        Number of the interval that each step belongs to, shape (step,).
    """
    average = interval_means(shape, interval, means.size)[interval]
    with np.errstate(invalid="ignore", divide="ignore"):
        course = np.where(average > 0.0, shape / average, 1.0)
    return np.asarray(means[interval] * course)


def _segments(interval: IntArray, count: IntArray) -> tuple[IntArray, FloatArray]:
    """Return the node to the left of each step and the step's share of the way to the next."""
    ends = np.cumsum(count)
    middles = ends - 0.5 * count
    place = np.arange(interval.size) + 0.5
    left = np.clip(np.searchsorted(middles, place, side="right") - 1, 0, max(count.size - 2, 0))
    if count.size == 1:
        return left, np.zeros(interval.size)
    width = middles[left + 1] - middles[left]
    # Beyond the outer middles the outer lines go on.
    return left, (place - middles[left]) / width


def _nodes(
    means: FloatArray,
    interval: IntArray,
    count: IntArray,
    left: IntArray,
    share: FloatArray,
) -> FloatArray:
    """Return the values at the middles: the solution of a tridiagonal system."""
    size = means.size
    if size == 1:
        return means.copy()
    bands = np.zeros((3, size))
    for node, weight in ((left, 1.0 - share), (left + 1, share)):
        # Row: interval of the step. Column: node. scipy keeps a[i, j] at bands[1 + i - j, j].
        np.add.at(bands, (1 + interval - node, node), weight / count[interval])
    return np.asarray(solve_banded((1, 1), bands, means))
