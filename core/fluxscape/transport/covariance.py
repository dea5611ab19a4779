"""Covariances of priors and observations: made, joined, checked, factorised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from fluxscape.errors import DimsError, OutOfBoundsError

Floats = NDArray[np.float64]


def exponential_covariance(
    sigma: Floats,
    times: Floats,
    memory: float,
    *,
    places: Floats | None = None,
    length: float | None = None,
) -> Floats:
    """Return s_i s_j exp(-|t_i - t_j| / memory) exp(-d_ij / length).

    Parameters
    ----------
    sigma
        Standard deviations, shape (element,).
    times
        Of the elements, in any unit, shape (element,).
    memory
        Time in which errors are forgotten to 1/e, in that unit; 0 for errors without memory.
    places
        Coordinates of the elements in any unit of length, shape (element, axis).
    length
        Distance at which errors are independent to 1/e, in that unit.

    Returns
    -------
    numpy.ndarray
        Shape (element, element).

    Raises
    ------
    DimsError, OutOfBoundsError
        If shapes do not agree, or a deviation is not positive, or memory or length negative.
    """
    deviations = np.asarray(sigma, np.float64)
    moments = np.asarray(times, np.float64)
    if deviations.ndim != 1 or moments.shape != deviations.shape:
        msg = f"deviations {deviations.shape} and times {moments.shape} must be of one length"
        raise DimsError(msg)
    bad = ~(np.isfinite(deviations) & (deviations > 0.0))
    if bad.any():
        at = int(np.argmax(bad))
        msg = f"standard deviation {deviations[at]:g} at position {at} must be positive"
        raise OutOfBoundsError(msg, position=at)
    if memory < 0.0 or (length is not None and length <= 0.0):
        msg = f"memory and length of errors must not be negative, got {memory} and {length}"
        raise OutOfBoundsError(msg)
    lag = np.abs(moments[:, np.newaxis] - moments)
    correlation = np.exp(-lag / memory) if memory > 0.0 else (lag == 0.0).astype(np.float64)
    if places is not None and length is not None:
        where = np.asarray(places, np.float64)
        if where.ndim != 2 or where.shape[0] != deviations.size:
            msg = f"places have shape {where.shape}, wanted ({deviations.size}, axis)"
            raise DimsError(msg)
        distance = np.linalg.norm(where[:, np.newaxis] - where, axis=-1)
        correlation = correlation * np.exp(-distance / length)
    return np.asarray(deviations[:, np.newaxis] * deviations * correlation)


def joined(blocks: Sequence[Floats]) -> Floats:
    """Return the covariance of independent blocks."""
    return np.asarray(scipy.linalg.block_diag(*blocks), np.float64)


def cholesky(covariance: Floats, what: str) -> Floats:
    """Return the lower Cholesky factor of a covariance.

    Raises
    ------
    DimsError
        If it is not square.
    OutOfBoundsError
        If it is not symmetric, not finite, or singular: two elements are then the same, or one has
        no variance.
    """
    matrix = np.asarray(covariance, np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        msg = f"{what} must be a square matrix, got shape {matrix.shape}"
        raise DimsError(msg)
    if not np.isfinite(matrix).all():
        row, column = np.unravel_index(int(np.argmin(np.isfinite(matrix))), matrix.shape)
        msg = f"{what} is no number in row {row}, column {column}"
        raise OutOfBoundsError(msg)
    scale = float(np.abs(matrix).max())
    if np.abs(matrix - matrix.T).max() > 1e-9 * scale:
        msg = f"{what} is not symmetric"
        raise OutOfBoundsError(msg)
    try:
        factor = scipy.linalg.cholesky(matrix, lower=True)
    except np.linalg.LinAlgError as error:
        raise OutOfBoundsError(_singular(matrix, what)) from error
    deviations = np.sqrt(np.diag(matrix))
    if (np.diag(factor) / deviations).min() < 1e-7:
        raise OutOfBoundsError(_singular(matrix, what))
    return np.asarray(factor)


def _singular(matrix: Floats, what: str) -> str:
    """Return a message that names what makes a covariance singular."""
    variances = np.diag(matrix)
    if variances.min() <= 0.0:
        at = int(np.argmin(variances))
        return f"{what} is singular: element {at} has the variance {variances[at]:g}"
    correlation = matrix / np.sqrt(variances[:, np.newaxis] * variances)
    np.fill_diagonal(correlation, 0.0)
    row, column = np.unravel_index(int(np.argmax(np.abs(correlation))), matrix.shape)
    return (
        f"{what} is singular or not positive: the closest elements are {row} and {column}, with "
        f"the correlation {correlation[row, column]:.9g}"
    )
