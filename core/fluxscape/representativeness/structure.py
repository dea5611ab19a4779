"""Spatial structure of a surface property around a tower: variograms, windows, coefficients."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import xarray as xr

from fluxscape.errors import OutOfBoundsError
from fluxscape.representativeness._fourier import Plane
from fluxscape.representativeness.areas import coverage
from fluxscape.representativeness.frame import Floats, Lattice, Weights, truncated
from fluxscape.representativeness.limits import Limits
from fluxscape.representativeness.regrid import Field
from fluxscape.representativeness.scale import (
    ROMAN_WINDOW,
    RelativeCoefficients,
    relative_coefficients,
    window_of,
    window_statistics,
)
from fluxscape.representativeness.variogram import LagBins, lag_bins
from fluxscape.representativeness.variogram_fit import (
    MODELS,
    RANGE_CONVENTION,
    Anisotropy,
    VariogramFit,
    anisotropy,
    fit_rows,
)


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """Spatial structure of one surface property.

    Attributes
    ----------
    name
        Of the property.
    window
        Side of the square about the tower that the variogram describes [m].
    variation
        Coefficient of variation in that window.
    fit, weighted_fit
        Best model of the variogram, plain and footprint-weighted; None where it cannot be fitted.
    turning
        Anisotropy of the plain variogram; None without a fit.
    footprint_width
        Diameter of a disc as large as the source area [m].
    range_ratio
        Range / footprint width; NaN where there is no range.
    expected_bias
        Standard deviation of the location bias over all landscapes of this structure, for a disc
        of ``Limits.bias_radius``; 0 where nothing varies.
    contrast
        What it follows from.
    coefficients
        Between windows of X and 1.5 X; None where the map does not hold them.
    variogram, weighted_variogram, windows
        The curves.
    """

    name: str
    window: float
    variation: float
    fit: VariogramFit | None
    weighted_fit: VariogramFit | None
    turning: Anisotropy | None
    footprint_width: float
    range_ratio: float
    expected_bias: float
    contrast: Contrast
    coefficients: RelativeCoefficients | None
    variogram: xr.Dataset
    weighted_variogram: xr.Dataset
    windows: xr.Dataset

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers; the curves as lists."""
        made: dict[str, Any] = {
            "name": self.name,
            "window": self.window,
            "variation": self.variation,
            "footprint_width": self.footprint_width,
            "range_ratio": self.range_ratio,
            "expected_bias": self.expected_bias,
            "range_convention": RANGE_CONVENTION,
            "representative_side": self.windows.attrs["representative_side"],
        }
        for name in ("fit", "weighted_fit", "turning", "coefficients"):
            part = getattr(self, name)
            made[name] = None if part is None else part.to_dict()
        for name in ("variogram", "weighted_variogram", "windows"):
            curve = getattr(self, name)
            made[name] = {str(key): curve[key].to_numpy().tolist() for key in curve.variables}
        return made


def footprint_width(weights: Weights, fraction: float) -> float:
    """Return the diameter [m] of a disc as large as a source area, or as the grid beyond reach."""
    cells = float((truncated(weights, fraction).share > 0.0).sum())
    return 2.0 * weights.grid.resolution * math.sqrt(cells / math.pi)


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """How a footprint and the disc around the tower share out their weights over distance.

    Attributes
    ----------
    distance
        Distances [m], rising from 0.
    weight
        Sum over all pairs at that distance of w w', w being the footprint's share less the disc's.
    """

    distance: Floats
    weight: Floats

    @classmethod
    def between(cls, weights: Weights, radius: float, step: float) -> Self:
        """Return the contrast of a footprint with a disc on cells of a width."""
        grid = Lattice.around(max(weights.grid.reach, radius), step)
        disc = coverage(grid, "disc", radius)
        weight = weights.on(grid).relative - disc / disc.sum()
        plane = Plane(grid.shape, (grid.shape[0] - 1, grid.shape[1] - 1))
        spectrum = np.abs(plane.forward(weight)) ** 2
        pairs = plane.back(spectrum.astype(np.complex128))
        rows, columns = (np.fft.fftfreq(size, 1.0 / size) for size in plane.padded)
        squared = np.rint(rows[:, None] ** 2 + columns[None, :] ** 2).astype(np.int64)
        total = np.bincount(squared.ravel(), pairs.ravel())
        held = np.unique(squared)
        return cls(step * np.sqrt(held.astype(np.float64)), np.asarray(total[held], np.float64))

    def expected_difference(self, fit: VariogramFit | None) -> float:
        """Return the standard deviation of footprint mean less disc mean over such fields.

        Matheron's extension variance, -sum w w' gamma(h), of a field with the fitted structure
        (Journel and Huijbregts 1978, *Mining Geostatistics*).
        """
        if fit is None:
            return 0.0
        gamma = fit.semivariance(self.distance)
        gamma[self.distance == 0.0] = 0.0
        return math.sqrt(max(-float((self.weight * gamma).sum()), 0.0))


def lags_of(field: Field, side: float) -> tuple[LagBins, Floats]:
    """Return the lags of the window about the tower, and its count, sum and sum of squares."""
    values = window_of(field, side).labelled()
    finite = values.to_numpy()[np.isfinite(values.to_numpy())]
    return lag_bins(values), np.array([finite.size, finite.sum(), (finite**2).sum()])


def best_fit(bins: LagBins, models: Iterable[str] = MODELS) -> VariogramFit | None:
    """Return the model of least misfit, or None if nothing can be fitted."""
    distance, semivariance, pairs = (rows[0] for rows in bins.curves())
    fits = [fit_rows(distance, semivariance, pairs, model) for model in models]
    known = [fit for fit in fits if fit is not None]
    return min(known, key=lambda fit: fit.misfit, default=None)


def expected_bias(contrast: Contrast, fit: VariogramFit | None, moments: Floats) -> float:
    """Return the expected difference of footprint and disc in shares of the window's mean."""
    count, total, _ = moments.tolist()
    mean = total / count if count else math.nan
    return contrast.expected_difference(fit) / abs(mean) if mean else math.nan


def variation_of(moments: Floats) -> float:
    """Return the coefficient of variation from counts, sums and sums of squares."""
    count, total, squares = moments.tolist()
    mean = total / count if count else math.nan
    variance = max(squares / count - mean**2, 0.0) if count else math.nan
    return math.sqrt(variance) / abs(mean) if mean else math.nan


def structure_of(
    name: str,
    field: Field,
    weights: Weights,
    bins: LagBins,
    moments: Floats,
    *,
    window: float,
    footprint_mean: float,
    limits: Limits,
) -> Structure:
    """Return the spatial structure of a property.

    Parameters
    ----------
    name
        Of the property.
    field
        Mean over the scenes on a lattice around the tower.
    weights
        The footprint.
    bins, moments
        As :func:`lags_of` returns them, pooled over scenes.
    window
        Side of the square that they describe [m].
    footprint_mean
        Footprint-weighted mean of the property.
    limits
        Of the levels.
    """
    width = footprint_width(weights, limits.source_area)
    fit, variogram = best_fit(bins), bins.dataset()
    seen = _weighted(field, weights, limits)
    contrast = Contrast.between(weights, limits.bias_radius, field.grid.resolution)
    try:
        coefficients = relative_coefficients(field, width, ROMAN_WINDOW)
    except OutOfBoundsError:
        # A map too small for the outer window has no coefficients; the rest of it still counts.
        coefficients = None
    return Structure(
        name=name,
        window=window,
        variation=variation_of(moments),
        fit=fit,
        weighted_fit=best_fit(seen),
        turning=None if fit is None else anisotropy(variogram, fit),
        footprint_width=width,
        range_ratio=math.nan if fit is None else fit.range / width,
        expected_bias=expected_bias(contrast, fit, moments),
        contrast=contrast,
        coefficients=coefficients,
        variogram=variogram,
        weighted_variogram=seen.dataset(),
        windows=window_statistics(
            field, footprint_mean, tolerance=limits.bias_medium, least_valid=limits.least_valid
        ),
    )


def _weighted(field: Field, weights: Weights, limits: Limits) -> LagBins:
    """Return the variogram weighted by the source area's part of the footprint."""
    cut = truncated(weights, limits.source_area)
    x, y = np.meshgrid(cut.grid.x, cut.grid.y)
    reach = float(np.maximum(abs(x), abs(y))[cut.share > 0.0].max()) + field.grid.resolution
    part = window_of(field, 2.0 * max(reach, 2.0 * field.grid.resolution))
    share = cut.on(part.grid).share * part.valid
    return lag_bins(part.labelled(), weights=share / max(float(share.sum()), 1e-300))
