"""Kernel of partial attribution: one multiple regression a row.

Symbols: ``y`` a flux, ``X`` its drivers, ``n`` values, ``k`` drivers, ``C`` the correlation matrix
of the drivers, ``r`` the partial correlation of flux and driver.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from fluxscape._jit import kernel, parallel_kernel, prange

Floats = npt.NDArray[np.float64]

COEFFICIENT = 0
PARTIAL = 1
INFLATION = 2
SLOPE = 3
FACTS = 4
"""Facts of each driver; behind those of all drivers stand the two numbers of the row."""

R2 = 0
COUNT = 1


@kernel
def _scaled(values: Floats, out: Floats) -> float:
    """Write standardised values and return their standard deviation, 0 where they are constant."""
    n = values.size
    mean = np.mean(values)
    squares = 0.0
    largest = 0.0
    for i in range(n):
        squares += (values[i] - mean) ** 2
        largest = max(largest, abs(values[i]))
    spread = math.sqrt(squares / n)
    if spread <= 1e-12 * largest or spread == 0.0:
        out[:] = 0.0
        return 0.0
    for i in range(n):
        out[i] = (values[i] - mean) / spread
    return spread


@kernel
def _line_slope(values: Floats, t: Floats) -> float:
    """Return the least-squares slope."""
    mean_t = np.mean(t)
    slope: float = np.sum((t - mean_t) * values) / np.sum((t - mean_t) ** 2)
    return slope


@kernel
def attribution_row(y: Floats, x: Floats, t: Floats, minimum: int, out: Floats) -> None:
    """Write coefficient, partial correlation, variance inflation and trend of every driver.

    ``x`` is (driver, time). Least squares on standardised values by the correlation matrix of the
    drivers and the flux: with P its inverse, r_j = -P_jy / sqrt(P_jj P_yy) and, with the inverse of
    C alone, the variance inflation is its diagonal.
    """
    k = x.shape[0]
    n = 0
    kept = np.empty((k + 1, y.size))
    times = np.empty(y.size)
    for i in range(y.size):
        whole = not math.isnan(y[i])
        for j in range(k):
            whole = whole and not math.isnan(x[j, i])
        if whole:
            for j in range(k):
                kept[j, n] = x[j, i]
            kept[k, n] = y[i]
            times[n] = t[i]
            n += 1
    out[:] = np.nan
    out[k * FACTS + COUNT] = n
    if n < max(minimum, k + 3):
        return
    scaled = np.empty((k + 1, n))
    spreads = np.empty(k + 1)
    for j in range(k + 1):
        spreads[j] = _scaled(kept[j, :n], scaled[j])
        if spreads[j] == 0.0:
            return
    matrix = np.dot(scaled, scaled.T) / n
    drivers = np.ascontiguousarray(matrix[:k, :k])
    # Drivers that repeat each other have no coefficients of their own.
    if abs(np.linalg.det(drivers)) < 1e-10 or abs(np.linalg.det(matrix)) < 1e-14:
        return
    inverse = np.linalg.inv(drivers)
    full = np.linalg.inv(matrix)
    explained = 0.0
    for j in range(k):
        beta = 0.0
        for m in range(k):
            beta += inverse[j, m] * matrix[m, k]
        explained += beta * matrix[j, k]
        base = j * FACTS
        out[base + COEFFICIENT] = beta * spreads[k] / spreads[j]
        out[base + PARTIAL] = -full[j, k] / math.sqrt(full[j, j] * full[k, k])
        out[base + INFLATION] = inverse[j, j]
        out[base + SLOPE] = _line_slope(kept[j, :n], times[:n])
    out[k * FACTS + R2] = explained


@parallel_kernel
def attribution_rows(y: Floats, x: Floats, t: Floats, minimum: int, out: Floats) -> None:
    """Fill ``out`` (row, k FACTS + 2) from ``y`` (row, time) and ``x`` (row, driver, time)."""
    for i in prange(y.shape[0]):
        attribution_row(y[i], x[i], t, minimum, out[i])
