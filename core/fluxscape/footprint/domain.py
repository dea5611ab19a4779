"""A grid that fits the plumes: cells small against the nearest peaks, reach beyond the nights'."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainccinv, gammaln

from fluxscape.footprint import _kernels
from fluxscape.footprint.plume import DRAXLER, ROOT_LINEAR

if TYPE_CHECKING:
    from fluxscape.footprint.product import Prepared

Floats = NDArray[np.float64]

AUTOMATIC: Final = "auto"
"""Resolution or extent that is to be chosen here."""

CELLS_TO_PEAK: Final = 5.0
"""Cells between tower and peak."""

NEAR_QUANTILE: Final = 0.1
"""Records whose peak is nearer than that of this quantile may be seen coarsely."""

FAR_QUANTILE: Final = 0.95
FAR_SHARE: Final = 0.8
"""The grid reaches the distance of 80 % of the flux in 95 % of the stable (nightly) records."""

FINEST: Final = 0.5
COARSEST: Final = 50.0
"""Bounds of the automatic resolution [m]."""

MOST_CELLS: Final = 2001
"""Cells along one side of an automatic grid."""


@dataclass(frozen=True, slots=True)
class Domain:
    """Cell size and half-width of a grid, and how they were chosen.

    Attributes
    ----------
    resolution, extent
        [m].
    wanted
        Half-width [m] that an automatic extent would have without the limit of cells; else NaN.
    automatic
        Which of ``resolution`` and ``extent`` were chosen here.
    """

    resolution: float
    extent: float
    wanted: float = math.nan
    automatic: tuple[str, ...] = ()

    @property
    def capped(self) -> bool:
        """Whether the limit of cells cut the extent."""
        return self.wanted > self.extent

    def words(self, captured: float) -> str:
        """Return what was chosen and what a cut costs, in plain words; empty if all was given.

        Parameters
        ----------
        captured
            Share of the flux that the grid captures [1].
        """
        said = []
        if "resolution" in self.automatic:
            said.append(f"cells of {self.resolution:g} m: a fifth of the near peaks")
        if "extent" in self.automatic:
            reach = f"{FAR_SHARE:.0%} of the flux of {FAR_QUANTILE:.0%} of the stable records"
            if self.capped:
                said.append(
                    f"half-width of {self.extent:g} m: {reach} would need {self.wanted:.0f} m, "
                    f"more than {MOST_CELLS} cells; the grid captures {captured:.1%} of all flux, "
                    "and a coarser resolution would reach farther"
                )
            else:
                said.append(f"half-width of {self.extent:g} m: it holds {reach}")
        return "; ".join(said)


def choose_domain(
    ready: Sequence[Prepared], resolution: float | str, extent: float | str
) -> Domain:
    """Return the domain that was asked for, with what is automatic chosen for all models.

    Parameters
    ----------
    ready
        Plumes of each model; the finest resolution and the largest extent that any asks for win.
    resolution, extent
        [m], or :data:`AUTOMATIC`.
    """
    given = (("resolution", resolution), ("extent", extent))
    automatic = tuple(name for name, value in given if value == AUTOMATIC)
    step = (
        min(fitting_resolution(one.table, one.model.spread_kind) for one in ready)
        if resolution == AUTOMATIC
        else float(resolution)
    )
    if extent != AUTOMATIC:
        return Domain(step, float(extent), automatic=automatic)
    wanted = max(fitting_extent(one.table, one.stable, step) for one in ready)
    limit = step * (MOST_CELLS - 1) / 2.0
    return Domain(step, min(wanted, limit), wanted, automatic)


def fitting_resolution(table: Floats, kind: int) -> float:
    """Return a round cell size [m]: a fifth of the near peaks and no more than their spread."""
    peak = peak_distances(table)
    cell = np.minimum(peak / CELLS_TO_PEAK, spreads(table, kind, peak))
    wanted = float(np.clip(np.quantile(cell, NEAR_QUANTILE), FINEST, COARSEST))
    decade = 10.0 ** math.floor(math.log10(wanted))
    return max(step * decade for step in (1.0, 2.0, 5.0) if step * decade <= wanted * (1 + 1e-9))


def fitting_extent(table: Floats, stable: NDArray[np.bool_], resolution: float) -> float:
    """Return a half-width [m] that holds most of the nights, in tens of cells."""
    far = share_distances(table[stable] if stable.any() else table, FAR_SHARE)
    wanted = float(np.quantile(far, FAR_QUANTILE))
    if not math.isfinite(wanted):
        return math.inf
    return math.ceil(wanted / (10.0 * resolution)) * 10.0 * resolution


def peak_distances(table: Floats) -> Floats:
    """Return the crosswind-integrated peak distance [m] of every plume: d + c / p."""
    peak = table[:, _kernels.SHIFT] + table[:, _kernels.DECAY] / table[:, _kernels.EXPONENT]
    return np.asarray(peak)


def share_distances(table: Floats, share: float) -> Floats:
    """Return the distance [m] within which an absolute share of each plume's flux arises."""
    p, c = table[:, _kernels.EXPONENT], table[:, _kernels.DECAY]
    total = np.exp(table[:, _kernels.LOG_AMPLITUDE] + (1.0 - p) * np.log(c) + gammaln(p - 1.0))
    with np.errstate(divide="ignore"):
        far = table[:, _kernels.SHIFT] + c / gammainccinv(p - 1.0, np.minimum(share / total, 1.0))
    return np.asarray(far)


def spreads(table: Floats, kind: int, distance: Floats) -> Floats:
    """Return sigma_y [m] of every plume at its distance [m]."""
    power = distance ** table[:, _kernels.SPREAD_EXPONENT]
    sigma = table[:, _kernels.SPREAD_SCALE] * power
    if kind == ROOT_LINEAR:
        sigma = sigma / np.sqrt(1.0 + table[:, _kernels.SATURATION] * distance)
    elif kind == DRAXLER:
        sigma = sigma / (1.0 + np.sqrt(table[:, _kernels.SATURATION] * power))
    return np.asarray(sigma)
