"""The indices of Chu et al. 2021: shape and steadiness of the footprint, levels of agreement.

Chu et al. 2021, doi:10.1016/j.agrformet.2021.108350: symmetry (eq. 1), seasonal and day-night
overlap (eqs 2 and 3; the exponent 1/k printed in eq. 2 is read as 1/K), levels of land cover and of
a vegetation index over scenes by a reduced-major-axis regression (section 2.4, eq. 7). All use the
climatology inside the 80 % contour, renormalised.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import xarray as xr
from scipy.special import chdtrc, stdtr

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.representativeness.frame import (
    Floats,
    Weights,
    footprint_weights,
    truncated,
    within_source_area,
)

HIGH: Final = "high"
MEDIUM: Final = "medium"
LOW: Final = "low"

ASYMMETRIC: Final = 0.30
"""Symmetry below which a footprint is asymmetric."""

VARIABLE: Final = 0.80
"""Overlap below which a footprint changes with season or time of day."""

LEAST_SCENES: Final = 6
"""Fewest scenes of a regression."""

FRACTION: Final = 0.8
"""Share of the flux whose source area Chu et al. cut the climatologies at."""


@dataclass(frozen=True, slots=True)
class FootprintShape:
    """Extent and symmetry of a source area.

    Attributes
    ----------
    fraction
        Share of the flux that it stands for.
    fetch
        Distance of its farthest point from the tower [m], X80.
    area
        Its area [m2], A80.
    symmetry
        area / (pi fetch^2): 1 for a disc about the tower, S80 (eq. 1).
    asymmetric
        Whether the symmetry lies below 0.30.
    """

    fraction: float
    fetch: float
    area: float
    symmetry: float
    asymmetric: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers by name."""
        return asdict(self)


def footprint_shape(climatology: xr.Dataset, fraction: float = FRACTION) -> FootprintShape | None:
    """Return extent and symmetry of a source area, or None if the grid does not capture it.

    The fetch ends half a cell beyond the farthest centre of a cell.

    Parameters
    ----------
    climatology
        As :func:`fluxscape.footprint.footprint_climatology` returns it.
    fraction
        Share of the flux.

    Raises
    ------
    MissingVariableError, DimsError, OutOfBoundsError
        If the climatology is none.

    References
    ----------
    Chu et al. 2021, doi:10.1016/j.agrformet.2021.108350, eq. 1.
    """
    inside = within_source_area(footprint_weights(climatology), fraction)
    if inside is None:
        return None
    held = inside.share > 0.0
    x, y = np.meshgrid(inside.grid.x, inside.grid.y)
    step = inside.grid.resolution
    fetch = float(np.hypot(x, y)[held].max()) + 0.5 * step
    area = float(held.sum()) * step**2
    symmetry = min(area / (math.pi * fetch**2), 1.0)
    return FootprintShape(fraction, fetch, area, symmetry, symmetry < ASYMMETRIC)


def overlap(fields: Sequence[Floats]) -> float:
    """Return the overlap of densities: the sum of their geometric mean, each scaled to sum 1.

    1 if all are the same, 0 if they share no cell (Chu et al. 2021, eqs 2 and 3).

    Raises
    ------
    DimsError, OutOfBoundsError
        If there is none, their shapes differ or one is empty.
    """
    if not fields or len({field.shape for field in fields}) != 1:
        msg = "an overlap needs fields of one shape"
        raise DimsError(msg, got=[field.shape for field in fields])
    logarithm = np.zeros(fields[0].shape)
    with np.errstate(divide="ignore"):
        for field in fields:
            total = float(field.sum())
            if not total > 0.0:
                msg = "an overlap needs fields that are not empty"
                raise OutOfBoundsError(msg)
            logarithm += np.log(field / total)
    return float(min(np.exp(logarithm / len(fields)).sum(), 1.0))


@dataclass(frozen=True, slots=True)
class Steadiness:
    """How little the footprint changes with season and time of day; NaN where it cannot be told.

    Attributes
    ----------
    seasonal, day_night
        O_season over the months and O_daynight, the mean over the months.
    months, pairs
        Number of months and of months with a day and a night.
    variable_by_season, variable_by_day
        Whether the overlap lies below 0.8.
    """

    seasonal: float
    day_night: float
    months: int
    pairs: int
    variable_by_season: bool
    variable_by_day: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers by name."""
        return asdict(self)


def steadiness(parts: xr.Dataset, fraction: float = FRACTION) -> Steadiness:
    """Return the overlap of the months' climatologies and of their days with their nights.

    Parameters
    ----------
    parts
        As :func:`fluxscape.footprint.climatology_by_period` returns it, periods such as
        ``day+month-07``; periods without records count as absent.
    fraction
        Share of the flux that each climatology is cut at; one that captures less is used whole.

    References
    ----------
    Chu et al. 2021, doi:10.1016/j.agrformet.2021.108350, eqs 2 and 3.
    """
    by_month: dict[str, dict[str, tuple[float, Weights]]] = {}
    for label, count, weights in period_weights(parts):
        pieces = set(label.split("+"))
        month = next((piece for piece in pieces if piece.startswith("month-")), None)
        if month is not None:
            light = "day" if "day" in pieces else "night" if "night" in pieces else "all"
            by_month.setdefault(month, {})[light] = (count, weights)
    monthly = [
        truncated(_pooled(list(cells.values())), fraction).share for cells in by_month.values()
    ]
    pairs = [
        [truncated(cells[light][1], fraction).share for light in ("day", "night")]
        for cells in by_month.values()
        if {"day", "night"} <= set(cells)
    ]
    seasonal = overlap(monthly) if len(monthly) > 1 else math.nan
    day_night = float(np.mean([overlap(pair) for pair in pairs])) if pairs else math.nan
    return Steadiness(
        seasonal, day_night, len(monthly), len(pairs), seasonal < VARIABLE, day_night < VARIABLE
    )


def period_weights(parts: xr.Dataset) -> list[tuple[str, float, Weights]]:
    """Return label, number of records and shares by cell of each period that has records.

    Raises
    ------
    DimsError
        If there is no footprint (period, y, x).
    """
    if "footprint" not in parts or parts["footprint"].dims != ("period", "y", "x"):
        found = parts["footprint"].dims if "footprint" in parts else tuple(parts.data_vars)
        msg = f"parts of a climatology need footprint (period, y, x), got {found}"
        raise DimsError(msg, got=found)
    made = []
    for i, label in enumerate(parts["period"].to_numpy().tolist()):
        one = parts["footprint"].isel(period=i, drop=True)
        if np.isfinite(one.to_numpy()).all():
            count = float(parts["n_used"][i]) if "n_used" in parts else 1.0
            made.append((str(label), count, footprint_weights(one.to_dataset(name="footprint"))))
    return made


def _pooled(cells: Sequence[tuple[float, Weights]]) -> Weights:
    """Return the mean of climatologies weighted by their records."""
    counts = np.array([count for count, _ in cells])
    share = np.tensordot(counts / counts.sum(), np.stack([w.share for _, w in cells]), axes=1)
    return Weights(cells[0][1].grid, share)


def composition_test(footprint: Floats, area: Floats, cells: float) -> tuple[float, int, float]:
    """Return chi-square, degrees of freedom and p of the footprint's cover against an area's.

    Shares become counts by the number of cells of the area on the fixed 30 m lattice, as on the
    Landsat classes of the paper: on finer cells the same covers would differ more surely. Classes
    that neither holds are left out; one that only the footprint holds makes them irreconcilable
    (chi-square infinite, p = 0).

    Parameters
    ----------
    footprint, area
        Share of each class, in the same order; each is scaled to sum 1.
    cells
        Number of lattice cells of the area.
    """
    held = (footprint > 0.0) | (area > 0.0)
    seen, wanted = footprint[held] / footprint.sum(), area[held] / area.sum()
    freedom = int(held.sum()) - 1
    if not (math.isfinite(cells) and cells > 0.0 and np.isfinite(seen).all()):
        return math.nan, max(freedom, 0), math.nan
    if freedom < 1:
        return 0.0, 0, 1.0
    if (wanted <= 0.0).any():
        return math.inf, freedom, 0.0
    statistic = float(cells * ((seen - wanted) ** 2 / wanted).sum())
    return statistic, freedom, float(chdtrc(freedom, statistic))


def cover_level(
    footprint_share: float,
    area_share: float,
    p_value: float,
    *,
    high: float = 0.8,
    medium: float = 0.5,
    significance: float = 0.05,
) -> str:
    """Return ``high``, ``medium`` or ``low`` for the dominant class of a footprint and an area.

    High: it holds 80 % of both and the covers do not differ (p >= 0.05); medium: 50 % of both and
    they do not differ; low otherwise. Empty if a share is unknown.

    References
    ----------
    Chu et al. 2021, doi:10.1016/j.agrformet.2021.108350, section 2.4.
    """
    least = min(footprint_share, area_share)
    if not math.isfinite(footprint_share + area_share + p_value):
        return ""
    if p_value < significance or least < medium:
        return LOW
    return HIGH if least >= high else MEDIUM


@dataclass(frozen=True, slots=True)
class Regression:
    """Reduced-major-axis regression of the area's mean on the footprint's over scenes.

    Attributes
    ----------
    slope, intercept, r_squared, p_value
        b1, b0, coefficient of determination and its probability under no relation; NaN if there
        are fewer than six scenes or one side does not vary.
    scenes
        Number of scenes with both means.
    level
        ``high``: R2 >= 0.8, b1 within 1 +- 0.1 and b0 within +- 0.1; ``medium``: R2 >= 0.6 and
        p < 0.05; ``low`` otherwise; empty if unknown.
    """

    slope: float
    intercept: float
    r_squared: float
    p_value: float
    scenes: int
    level: str

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers by name."""
        return asdict(self)


def scene_regression(footprint_mean: Floats, area_mean: Floats) -> Regression:
    """Regress the means of an area on those of the footprint over scenes.

    b1 = sign(r) sd(area) / sd(footprint), b0 = mean(area) - b1 mean(footprint).

    Parameters
    ----------
    footprint_mean, area_mean
        One value a scene, NaN where missing.

    References
    ----------
    Chu et al. 2021, doi:10.1016/j.agrformet.2021.108350, eq. 7 and section 2.4.
    """
    good = np.isfinite(footprint_mean) & np.isfinite(area_mean)
    seen, around = footprint_mean[good], area_mean[good]
    count = int(good.sum())
    spread = (float(seen.std()), float(around.std())) if count else (0.0, 0.0)
    scale = 1e-12 * max(abs(float(seen.mean())), 1e-300) if count else 0.0
    if count < LEAST_SCENES or min(spread) <= scale:
        return Regression(math.nan, math.nan, math.nan, math.nan, count, "")
    r = float(np.corrcoef(seen, around)[0, 1])
    slope = math.copysign(spread[1] / spread[0], r)
    intercept = float(around.mean() - slope * seen.mean())
    squared = min(r * r, 1.0)
    rest = 1.0 - squared
    t = math.sqrt(squared * (count - 2) / rest) if rest > 0.0 else math.inf
    p_value = 2.0 * float(stdtr(count - 2, -t)) if math.isfinite(t) else 0.0
    straight = abs(slope - 1.0) <= 0.1 and abs(intercept) <= 0.1
    if squared >= 0.8 and straight:
        level = HIGH
    else:
        level = MEDIUM if squared >= 0.6 and p_value < 0.05 else LOW
    return Regression(slope, intercept, squared, p_value, count, level)
