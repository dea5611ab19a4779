"""Location bias over radius, month and year, with bootstrap intervals.

bias = (footprint-weighted mean - area mean) / area mean (Schmid and Lloyd 1999,
doi:10.1016/S0168-1923(98)00119-1; Chu et al. 2021, doi:10.1016/j.agrformet.2021.108350, eq. 6) for
discs, squares and source areas. Against a source area it is the bias of weighting alone: what the
80 % contour's plain mean would get wrong. Over scenes it is the bias of the means over scenes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.representativeness._bias_sums import SceneSums, scene_sums
from fluxscape.representativeness.areas import SIZES, check_sizes
from fluxscape.representativeness.chu import Regression, scene_regression
from fluxscape.representativeness.cover import FRACTIONS
from fluxscape.representativeness.frame import Floats, Located, footprint_weights, place_of
from fluxscape.representativeness.limits import Limits

CONFIDENCE: Final = 0.95
REPLICATES: Final = 1000
CURVE_POINTS: Final = 48
SMALLEST_RADIUS: Final = 50.0
"""Where curves over radius begin [m]."""

_KINDS: Final = {"disc": "radius", "square": "side", "source_area": "fraction"}
"""Kinds of area and the dimension that tells their sizes."""


@dataclass(frozen=True, slots=True, eq=False)
class BiasProfile:
    """Location bias of one surface property.

    Attributes
    ----------
    name, units
        Of the raster.
    footprint_mean
        Footprint-weighted mean, over scenes if there are several.
    footprint_valid_share
        Share of the gridded footprint on pixels with a value.
    largest_radius
        Largest radius [m] up to which the bias stays within ``Limits.bias_medium``; 0 if no disc
        does, NaN if there is no bias.
    resampled
        What the intervals rest on: ``records and scenes``, ``records``, ``scenes`` or ``nothing``.
    regressions
        Reduced-major-axis regression over scenes by radius [m].
    table
        ``disc_bias`` (radius), ``square_bias`` (side), ``source_area_bias`` (fraction) and
        ``curve_bias`` (curve_radius), each with ``_mean`` and ``_valid_share`` of the area and
        ``_bias_low``, ``_bias_high``; by ``month`` and ``year`` where scenes have times.
    """

    name: str
    units: str
    footprint_mean: float
    footprint_valid_share: float
    largest_radius: float
    resampled: str
    regressions: dict[float, Regression]
    table: xr.Dataset

    def bias_at(self, radius: float) -> tuple[float, float, float]:
        """Return bias and interval at the disc of the nearest radius."""
        row = self.table.sel(radius=radius, method="nearest")
        bias, low, high = (float(row[f"disc_bias{end}"]) for end in ("", "_low", "_high"))
        return bias, low, high

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers; the table as lists."""
        facts: dict[str, Any] = {
            "name": self.name,
            "units": self.units,
            "footprint_mean": self.footprint_mean,
            "footprint_valid_share": self.footprint_valid_share,
            "largest_radius": self.largest_radius,
            "resampled": self.resampled,
            "regressions": [{"radius": r, **fit.to_dict()} for r, fit in self.regressions.items()],
        }
        names = [
            str(name) for name in (*self.table.coords, *self.table.data_vars) if name != "time"
        ]
        return facts | {name: self.table[name].to_numpy().tolist() for name in names}


def bias_profile(
    climatology: xr.Dataset,
    raster: xr.DataArray,
    tower: Located | None = None,
    *,
    parts: xr.Dataset | None = None,
    radii: Sequence[float] = SIZES,
    sides: Sequence[float] = SIZES,
    fractions: Sequence[float] = FRACTIONS,
    replicates: int = REPLICATES,
    seed: int = 0,
    limits: Limits | None = None,
) -> BiasProfile:
    """Return the location bias of a surface property.

    Parameters
    ----------
    climatology
        As :func:`fluxscape.footprint.footprint_climatology` returns it. The whole gridded
        footprint weighs, among valid pixels.
    raster
        (y, x) or scenes (time, y, x), NaN where missing; attribute ``crs``.
    tower
        Position; by default the climatology's attributes.
    parts
        Climatologies of parts of the record (period, y, x), as
        :func:`fluxscape.footprint.climatology_by_period` returns them: what the bootstrap draws
        from. Where their periods name months and the raster has times, every scene is weighed by
        the footprint of its own month.
    radii, sides, fractions
        Discs and squares [m], source areas [1].
    replicates, seed
        Of the bootstrap over parts and scenes; 95 % percentile intervals.
    limits
        Gives the largest bias of a representative area and the least valid share.

    Raises
    ------
    DimsError, FileFormatError, OutOfBoundsError
        As :func:`fluxscape.representativeness.regrid.to_footprint_grid`.
    """
    rules = limits if limits is not None else Limits()
    discs, squares = check_sizes(radii), check_sizes(sides)
    sums = scene_sums(
        footprint_weights(climatology),
        raster,
        place_of(tower, climatology),
        parts=parts,
        radii=curve_radii(discs),
        sides=squares,
        fractions=tuple(fractions),
        limits=rules,
    )
    return profile_of(sums, discs, raster, replicates=replicates, seed=seed, limits=rules)


def curve_radii(radii: tuple[float, ...]) -> tuple[float, ...]:
    """Return the radii of a curve, closer together near the tower, with the named ones."""
    first = min(SMALLEST_RADIUS, radii[0])
    between = (
        np.geomspace(first, radii[-1], CURVE_POINTS)[:-1].tolist() if first < radii[-1] else []
    )
    return tuple(sorted({*between, *radii}))


def profile_of(
    sums: SceneSums,
    radii: tuple[float, ...],
    raster: xr.DataArray,
    *,
    replicates: int,
    seed: int,
    limits: Limits,
) -> BiasProfile:
    """Return the bias from the sums of every scene."""
    draws = sums.draws(replicates, np.random.default_rng(seed))
    table = xr.Dataset()
    named = [sums.sizes["disc"].index(radius) for radius in radii]
    everything = np.ones(sums.scenes, dtype=np.bool_)
    for kind, dim in _KINDS.items():
        chosen = named if kind == "disc" else list(range(len(sums.sizes[kind])))
        sizes = [sums.sizes[kind][i] for i in chosen]
        table.coords[dim] = (dim, sizes, {"units": "1" if kind == "source_area" else "m"})
        _write(table, kind, dim, sums, kind, chosen, draws)
        _write_periods(table, kind, dim, sums, chosen)
        if sums.times is not None:
            table.coords["time"] = ("time", sums.times)
            scene = sums.bias_by_scene(kind)[:, chosen]
            table[f"scene_{kind}_bias"] = (("time", dim), scene)
    curve = list(range(len(sums.sizes["disc"])))
    table.coords["curve_radius"] = ("curve_radius", list(sums.sizes["disc"]), {"units": "m"})
    _write(table, "curve", "curve_radius", sums, "disc", curve, draws)
    if sums.times is not None:
        table["scene_footprint_mean"] = ("time", sums.footprint_mean)
    share = float(np.mean(sums.footprint_valid))
    mean = sums.footprint_mean[everything & np.isfinite(sums.footprint_mean)]
    return BiasProfile(
        name=str(raster.name or "raster"),
        units=str(raster.attrs.get("units", "1")),
        footprint_mean=float(mean.mean()) if mean.size else math.nan,
        footprint_valid_share=share,
        largest_radius=largest_radius(
            table["curve_radius"].to_numpy(), table["curve_bias"].to_numpy(), limits.bias_medium
        ),
        resampled=sums.resampled,
        regressions={
            radius: scene_regression(sums.cut_mean, sums.area_mean["disc"][:, i])
            for radius, i in zip(radii, named, strict=True)
        },
        table=table,
    )


def largest_radius(radii: Floats, bias: Floats, limit: float) -> float:
    """Return the largest radius up to which every bias stays within a limit.

    0 if the smallest disc's does not, NaN if no bias is known.
    """
    if not np.isfinite(bias).any():
        return math.nan
    # Radii without a value at the start, smaller than a pixel's data, do not count.
    begin = int(np.argmax(np.isfinite(bias)))
    with np.errstate(invalid="ignore"):
        beyond = ~(np.abs(bias[begin:]) <= limit)
    last = begin + (int(np.argmax(beyond)) if beyond.any() else beyond.size) - 1
    return float(radii[last]) if last >= begin else 0.0


def _write(
    table: xr.Dataset,
    name: str,
    dim: str,
    sums: SceneSums,
    kind: str,
    chosen: list[int],
    draws: tuple[Floats, Floats] | None,
) -> None:
    """Write mean, valid share, bias and interval of one kind of area."""
    everything = np.ones(sums.scenes, dtype=np.bool_)
    table[f"{name}_mean"] = (dim, sums.mean_over(kind, everything)[chosen])
    table[f"{name}_valid_share"] = (dim, sums.area_valid[kind].mean(axis=0)[chosen])
    table[f"{name}_bias"] = (dim, sums.bias(kind, everything)[chosen], {"units": "1"})
    low = high = np.full(len(chosen), np.nan)
    if draws is not None:
        made = sums.drawn_bias(kind, *draws)[:, chosen]
        known = np.isfinite(made).all(axis=0)
        tail = 50.0 * (1.0 - CONFIDENCE)
        low, high = low.copy(), high.copy()
        low[known], high[known] = np.percentile(made[:, known], [tail, 100.0 - tail], axis=0)
    table[f"{name}_bias_low"] = (dim, low, {"units": "1"})
    table[f"{name}_bias_high"] = (dim, high, {"units": "1"})


def _write_periods(
    table: xr.Dataset, kind: str, dim: str, sums: SceneSums, chosen: list[int]
) -> None:
    """Write the bias of every month and year that has scenes."""
    for period, labels in sums.periods().items():
        found = sorted(set(labels.tolist()))
        table.coords[period] = (period, found)
        rows = [sums.bias(kind, labels == label)[chosen] for label in found]
        table[f"{period}_{kind}_bias"] = ((period, dim), np.stack(rows), {"units": "1"})
