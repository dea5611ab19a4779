"""How a property's statistics change with the window around the tower.

Window-size analysis after Chen et al. 2012 (doi:10.1016/j.rse.2012.06.007): mean, standard
deviation and coefficient of variation in square windows of growing side, and the largest window
that the footprint's mean still stands for.

Relative coefficients after Roman et al. 2009 (doi:10.1016/j.rse.2009.07.009) between a window of
side X and one of 1.5 X. **Reconstruction**: the paper's equations could not be read here. The
relative change of the coefficient of variation and the score are as later papers quote them; that
the strength of spatial correlation is taken as the sill, the structural share as partial sill over
sill, and the scale requirement as exp(-g / a) for a footprint of width g and a range a, is this
project's reading.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.errors import OutOfBoundsError
from fluxscape.representativeness._bias_sums import relative
from fluxscape.representativeness.areas import area_means, check_sizes
from fluxscape.representativeness.frame import Lattice
from fluxscape.representativeness.regrid import Field
from fluxscape.representativeness.variogram import lag_bins
from fluxscape.representativeness.variogram_fit import VariogramFit, fit_rows

ROMAN_WINDOW: Final = 1000.0
"""Side X of the inner window [m]; the outer one is 1.5 X."""

ROMAN_MODEL: Final = "spherical"


def window_statistics(
    field: Field,
    footprint_mean: float,
    sides: Sequence[float] | None = None,
    *,
    tolerance: float = 0.10,
    least_valid: float = 0.8,
) -> xr.Dataset:
    """Return the statistics of square windows centred on the tower.

    Parameters
    ----------
    field
        Property on a lattice around the tower.
    footprint_mean
        Footprint-weighted mean of the same property.
    sides
        Of the windows [m]; by default 1, 3, 5 ... cells up to the lattice.
    tolerance
        Largest relative difference from the footprint's mean of a window that it stands for.
    least_valid
        Least share of a window on valid pixels.

    Returns
    -------
    xarray.Dataset
        ``mean``, ``standard_deviation``, ``coefficient_of_variation``, ``valid_share`` and
        ``relative_difference``, (mean - footprint mean) / footprint mean, over ``side``; attribute
        ``representative_side`` [m], 0 if no window stays within the tolerance.
    """
    if sides is None:
        step = field.grid.resolution
        count = int(2.0 * field.grid.reach / step + 1e-6)
        sides = [step * cells for cells in range(1, count + 1, 2)]
    checked = check_sizes(sides)
    found = area_means(field.value, field.valid, field.grid, "square", checked)
    held = found.valid_share >= least_valid
    mean, deviation = (np.where(held, row, np.nan) for row in (found.mean, found.deviation))
    difference = relative(mean, np.full(mean.shape, footprint_mean))
    with np.errstate(invalid="ignore", divide="ignore"):
        variation = deviation / np.abs(mean)
    made = xr.Dataset(
        {
            "mean": ("side", mean),
            "standard_deviation": ("side", deviation),
            "coefficient_of_variation": ("side", variation, {"units": "1"}),
            "valid_share": ("side", found.valid_share, {"units": "1"}),
            "relative_difference": ("side", difference, {"units": "1"}),
        },
        coords={"side": ("side", list(checked), {"units": "m"})},
    )
    within = np.abs(difference) <= tolerance
    made.attrs["representative_side"] = float(max(np.array(checked)[within], default=0.0))
    made.attrs["tolerance"] = float(tolerance)
    return made


@dataclass(frozen=True, slots=True)
class RelativeCoefficients:
    """How a property's variation changes from a window X to one of 1.5 X; a reconstruction.

    Attributes
    ----------
    window
        Side X [m].
    variation, strength, structure
        Relative change of the coefficient of variation, of the sill and of partial sill / sill:
        R_cv, R_st and R_sv.
    scale
        exp(-width of the footprint / range), R_se: 0 where the footprint spans the range.
    score
        1 / ((|R_cv| + |R_st| + |R_sv|) / 3 + R_se): the higher the more representative; NaN where
        the inner window does not vary and the outer does, so that there is no relative change.
    """

    window: float
    variation: float
    strength: float
    structure: float
    scale: float
    score: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers by name."""
        return asdict(self)


def relative_coefficients(
    field: Field, footprint_width: float, window: float = ROMAN_WINDOW
) -> RelativeCoefficients:
    """Return the relative coefficients between a window X and one of 1.5 X around the tower.

    Parameters
    ----------
    field
        Property on a lattice that holds the outer window.
    footprint_width
        Width of the area that the tower measures [m].
    window
        Side X [m].

    Raises
    ------
    OutOfBoundsError
        If the lattice does not hold the outer window or the width is no length.

    References
    ----------
    Roman et al. 2009, doi:10.1016/j.rse.2009.07.009, as reconstructed above.
    """
    if not (math.isfinite(footprint_width) and footprint_width > 0.0):
        msg = f"the footprint's width must be a positive length [m], got {footprint_width!r}"
        raise OutOfBoundsError(msg, got=footprint_width)
    if 1.5 * window > 2.0 * field.grid.reach + 1e-6:
        msg = (
            f"a window of {1.5 * window:g} m is wider than the lattice, which spans "
            f"{2.0 * field.grid.reach:g} m"
        )
        raise OutOfBoundsError(msg, window=window)
    inner, outer = (_window_attributes(field, side) for side in (window, 1.5 * window))
    variation, strength, structure = (
        _change(a, b) for a, b in zip(inner[:3], outer[:3], strict=True)
    )
    reach = outer[3]
    scale = math.exp(-footprint_width / reach) if reach > 0.0 else 0.0
    total = (abs(variation) + abs(strength) + abs(structure)) / 3.0 + scale
    score = math.inf if total == 0.0 else 1.0 / total
    return RelativeCoefficients(window, variation, strength, structure, scale, score)


def _window_attributes(field: Field, side: float) -> tuple[float, float, float, float]:
    """Return coefficient of variation, sill, structural share and range of a window."""
    part = window_of(field, side)
    values = part.labelled()
    mean, deviation = float(values.mean()), float(values.std())
    variation = deviation / abs(mean) if mean else math.nan
    fit = _spherical(values)
    if fit is None:
        return variation, 0.0, 0.0, 0.0
    reach = fit.range if fit.structured else 0.0
    return variation, fit.sill, 1.0 - fit.nugget_ratio, reach


def _spherical(values: xr.DataArray) -> VariogramFit | None:
    distance, semivariance, pairs = (rows[0] for rows in lag_bins(values, directions=()).curves())
    return fit_rows(distance, semivariance, pairs, ROMAN_MODEL)


def _change(inner: float, outer: float) -> float:
    """Return (outer - inner) / inner; 0 where both are zero."""
    if inner == outer:
        return 0.0
    return (outer - inner) / inner if inner else math.nan


def window_of(field: Field, side: float) -> Field:
    """Return the cells whose centres lie in a square around the tower."""
    columns = np.abs(field.grid.x) <= 0.5 * side + 1e-9
    rows = np.abs(field.grid.y) <= 0.5 * side + 1e-9
    grid = Lattice(field.grid.x[columns], field.grid.y[rows], field.grid.resolution)
    inside = np.ix_(rows, columns)
    return Field(grid, field.value[inside], field.valid[inside])
