"""Values of a regular grid at points: the cell itself or bilinear, with a fallback at coasts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Method = Literal["nearest", "bilinear"]


@dataclass(frozen=True)
class Grid:
    """A regular grid of cell-centre values.

    Attributes
    ----------
    values
        (..., y, x), in storage units; ``value = stored * scale + offset``.
    x_first, y_first
        Coordinates of the first cell's centre.
    x_step, y_step
        Distance of cell centres; negative if the axis decreases.
    missing
        Stored code of a missing value, NaN if there is none beside NaN itself.
    scale, offset
        From stored to physical values.
    """

    values: NDArray[Any]
    x_first: float
    y_first: float
    x_step: float
    y_step: float
    missing: float = float("nan")
    scale: float = 1.0
    offset: float = 0.0

    def covers(self, x: Floats, y: Floats) -> NDArray[np.bool_]:
        """Whether points lie on the grid, up to the outer edges of its cells."""
        height, width = self.values.shape[-2:]
        column, row = self._place(x, y)
        inside = (column >= -0.5) & (column <= width - 0.5) & (row >= -0.5) & (row <= height - 0.5)
        return np.asarray(inside)

    def sample(self, x: Floats, y: Floats, *, method: Method = "nearest", reach: int = 0) -> Floats:
        """Return the values at points.

        Parameters
        ----------
        x, y
            One-dimensional coordinates of points on the grid.
        method
            ``"nearest"``: the cell that holds the point. ``"bilinear"``: from the four cells
            around it, by their weights among those that have a value.
        reach
            Where no value is found so, how many cells away the nearest one may lie.

        Returns
        -------
        numpy.ndarray
            (..., point); NaN where no value is found.
        """
        column, row = self._place(x, y)
        result = (self._bilinear if method == "bilinear" else self._nearest)(column, row)
        if reach:
            lacking = np.isnan(result).any(axis=tuple(range(result.ndim - 1)))
            if lacking.any():
                result[..., lacking] = self._nearest_valid(column[lacking], row[lacking], reach)
        return result

    def _place(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        return (x - self.x_first) / self.x_step, (y - self.y_first) / self.y_step

    def _decode(self, stored: NDArray[Any]) -> Floats:
        physical = stored.astype(np.float64) * self.scale + self.offset
        physical[self._is_missing(stored)] = np.nan
        return np.asarray(physical)

    def _nearest(self, column: Floats, row: Floats) -> Floats:
        height, width = self.values.shape[-2:]
        i = np.clip(np.floor(column + 0.5).astype(int), 0, width - 1)
        j = np.clip(np.floor(row + 0.5).astype(int), 0, height - 1)
        return self._decode(self.values[..., j, i])

    def _bilinear(self, column: Floats, row: Floats) -> Floats:
        height, width = self.values.shape[-2:]
        column, row = np.clip(column, 0.0, width - 1.0), np.clip(row, 0.0, height - 1.0)
        i = np.minimum(column.astype(int), max(width - 2, 0))
        j = np.minimum(row.astype(int), max(height - 2, 0))
        right, down = column - i, row - j
        total = np.zeros((*self.values.shape[:-2], column.size))
        weights = np.zeros_like(total)
        for step_j, step_i, weight in (
            (0, 0, (1.0 - right) * (1.0 - down)),
            (0, 1, right * (1.0 - down)),
            (1, 0, (1.0 - right) * down),
            (1, 1, right * down),
        ):
            corner = self._decode(
                self.values[
                    ..., np.minimum(j + step_j, height - 1), np.minimum(i + step_i, width - 1)
                ]
            )
            valid = ~np.isnan(corner)
            total += np.where(valid, corner, 0.0) * weight
            weights += valid * weight
        with np.errstate(invalid="ignore"):
            return np.where(weights > 1e-9, total / weights, np.nan)

    def _nearest_valid(self, column: Floats, row: Floats, reach: int) -> Floats:
        """Return the values of the nearest cells that have all of them, or NaN."""
        tree, rows, columns = self._shore
        result = np.full((*self.values.shape[:-2], column.size), np.nan)
        if tree is None:
            return result
        distance, index = tree.query(np.column_stack([row, column]), distance_upper_bound=reach)
        found = np.isfinite(distance)
        cells = index[found]
        result[..., found] = self._decode(self.values[..., rows[cells], columns[cells]])
        return result

    @cached_property
    def _shore(self) -> tuple[Any, NDArray[np.intp], NDArray[np.intp]]:
        """A search tree of the cells with values that have a neighbour without.

        Of all cells with values, the nearest to a cell without is one of these.
        """
        # scipy.spatial takes 0.1 s to import, and most points never need it.
        from scipy.spatial import KDTree  # noqa: PLC0415

        missing = self._is_missing(self.values).any(axis=tuple(range(self.values.ndim - 2)))
        valid = np.logical_not(np.asarray(missing))
        inside = valid.copy()
        inside[1:] &= valid[:-1]
        inside[:-1] &= valid[1:]
        inside[:, 1:] &= valid[:, :-1]
        inside[:, :-1] &= valid[:, 1:]
        rows, columns = np.nonzero(valid & ~inside)
        tree = KDTree(np.column_stack([rows, columns])) if rows.size else None
        return tree, rows, columns

    def _is_missing(self, stored: NDArray[Any]) -> NDArray[np.bool_]:
        missing: NDArray[np.bool_] = stored == self.missing
        return missing | np.isnan(stored) if stored.dtype.kind == "f" else missing
