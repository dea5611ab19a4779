"""The national product as the Atlas page reads it: opened once a process, for all sessions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from fluxscape.assets import asset
from fluxscape.atlas.mercator import RADIUS
from fluxscape.atlas.product import FLUXES, NationalFigures, figures_of
from fluxscape.atlas.pyramid import Pyramid, open_pyramid
from fluxscape.atlas.significance import FieldSignificance, field_significance
from fluxscape.atlas.totals import SeriesBreaks, series_breaks
from fluxscape.atlas.trends import SeriesTrend, series_trend
from fluxscape.errors import OutOfBoundsError

PRODUCT: Final = "atlas/national.zarr"
"""The shipped product below ``assets``."""

Kind = Literal["sequential", "diverging", "classes"]
Floats = npt.NDArray[np.float64]

P_VALUE_EDGES: Final = (0.0, 0.01, 0.05, 0.1, 1.0)
"""Edges of the classes in which p-values are shown."""


@dataclass(frozen=True)
class LayerStyle:
    """How one layer is coloured, the same in every year and language.

    Attributes
    ----------
    variable
        Name of the variable in the product.
    kind
        Sequential, diverging about zero, or classes.
    low, high
        Ends of the colours; values beyond take the end colours.
    annual
        Whether the layer changes with the year.
    less
        Variable that is taken away, if any.
    """

    variable: str
    kind: Kind
    low: float
    high: float
    annual: bool
    less: str = ""

    @property
    def shown_limits(self) -> tuple[float, float]:
        """Ends of the colours on the scale of the picture, on which every class has length 1."""
        if self.kind == "classes":
            return 0.0, float(len(P_VALUE_EDGES) - 1)
        return self.low, self.high


@dataclass(frozen=True)
class PixelSeries:
    """All that is known of one pixel.

    Attributes
    ----------
    longitude, latitude
        Centre of the pixel [degrees].
    cover
        IGBP class number, 0 where there is no value.
    years, values
        Annual values; NaN throughout where the pixel has none.
    trend
        Trend of the values, None where there are none.
    """

    longitude: float
    latitude: float
    cover: int
    years: npt.NDArray[np.int64]
    values: Floats
    trend: SeriesTrend | None

    @cached_property
    def breaks(self) -> SeriesBreaks | None:
        """What changes at a moment, None for short series."""
        return series_breaks(self.values, self.years)


@dataclass(frozen=True)
class NationalProduct:
    """The open product.

    Attributes
    ----------
    pyramid
        Its levels and series.
    figures
        National figures by short name of the flux.
    found
        What the page's views have found of the product and keep.
    """

    pyramid: Pyramid
    figures: Mapping[str, NationalFigures]
    found: dict[str, Any] = field(default_factory=dict, repr=False)
    _limits: dict[str, tuple[float, float]] = field(default_factory=dict, repr=False)
    _fields: dict[str, FieldSignificance] = field(default_factory=dict, repr=False)

    @property
    def years(self) -> list[int]:
        """Years of the product."""
        return [int(year) for year in self.pyramid.years]

    @property
    def cell_width(self) -> float:
        """Side of a native cell [degrees]."""
        grid = self.pyramid.levels[0]
        oversampling = int(self.pyramid.attrs["oversampling"])
        return round(math.degrees(grid.pixel * oversampling / RADIUS), 6)

    def nearest_year(self, year: int) -> int:
        """Return the year of the product that is nearest to ``year``."""
        return min(self.years, key=lambda known: abs(known - year))

    def layers(self) -> list[str]:
        """Return the layers that the product can show."""
        kept = ["annual", "mean", "difference", "trend", "p_value", "uncertainty"]
        known = self.pyramid.variables
        if not all(f"{name}_uncertainty" in known for name in FLUXES.values()):
            kept.remove("uncertainty")
        return kept

    def style(self, flux: str, layer: str, test: str, stretch: str = "round") -> LayerStyle:
        """Return how a layer is coloured.

        Parameters
        ----------
        flux
            ``gpp`` or ``et``.
        layer
            One of :meth:`layers`.
        test
            ``wang_swail`` or ``mann_kendall``; matters to ``p_value`` only.
        stretch
            ``round`` (from zero to a round number), or ``p2`` or ``p5`` (so many per cent of all
            values lie beyond either end).
        """
        name = FLUXES[flux]
        if layer == "p_value":
            return LayerStyle(p_value_name(flux, test), "classes", 0.0, 1.0, annual=False)
        if layer == "trend":
            low, high = self._ends(f"{name}_trend", "", stretch)
            return LayerStyle(f"{name}_trend", "diverging", low, high, annual=False)
        if layer == "difference":
            mean = f"{name}_mean"
            low, high = self._ends(name, mean, stretch)
            return LayerStyle(name, "diverging", low, high, annual=True, less=mean)
        if layer == "uncertainty":
            variable = f"{name}_uncertainty"
            return LayerStyle(variable, "sequential", *self._ends(variable, "", stretch), False)
        variable = name if layer == "annual" else f"{name}_mean"
        low, high = self._ends(name, "", stretch)
        return LayerStyle(variable, "sequential", low, high, annual=layer == "annual")

    def pixel(self, flux: str, longitude: float, latitude: float) -> PixelSeries | None:
        """Return the pixel that holds a point, or None outside the product."""
        try:
            series = self.pyramid.read_series(FLUXES[flux], longitude, latitude)
            cover = float(self.pyramid.read_series("land_cover", longitude, latitude))
        except OutOfBoundsError:
            return None
        values = series.to_numpy()
        years = self.pyramid.years
        return PixelSeries(
            longitude=float(series["x"]),
            latitude=float(series["y"]),
            cover=int(cover),
            years=years,
            values=values,
            trend=series_trend(values, years) if np.isfinite(values).sum() >= 3 else None,
        )

    def field(self, flux: str, test: str, level: float) -> FieldSignificance:
        """Return which trends are significant with false discoveries bounded over the nation.

        The domain is always the whole product, whatever part of it is in view.
        """
        key = f"{p_value_name(flux, test)}:{level:g}"
        if key not in self._fields:
            values = self.pyramid.read_native(p_value_name(flux, test)).to_numpy()
            self._fields[key] = field_significance(values, alpha=level)
        return self._fields[key]

    def _ends(self, variable: str, less: str, stretch: str) -> tuple[float, float]:
        """Return the ends of the colours, the same in every year."""
        key = f"{variable}-{less}:{stretch}"
        if key not in self._limits:
            values = self.pyramid.read_native(variable).to_numpy()
            if less:
                values = values - self.pyramid.read_native(less).to_numpy()
            self._limits[key] = _ends(
                values, stretch, symmetric=bool(less) or variable.endswith("_trend")
            )
        return self._limits[key]


def _ends(values: Floats, stretch: str, *, symmetric: bool) -> tuple[float, float]:
    """Return the ends of the colours for all values of a layer."""
    beyond = {"round": 2.0, "p2": 2.0, "p5": 5.0}[stretch]
    known = values[np.isfinite(values)]
    if known.size == 0:
        return 0.0, 1.0
    if stretch == "round" or symmetric:
        top = float(np.percentile(np.abs(known), 100.0 - beyond))
        top = round_up(top) if stretch == "round" else max(top, 1e-9)
        return (-top if symmetric else 0.0), top
    low, high = (float(v) for v in np.percentile(known, (beyond, 100.0 - beyond)))
    return (low, high) if high > low else (low, low + 1.0)


def p_value_name(flux: str, test: str) -> str:
    """Return the name of the p-values of a flux by a test."""
    suffix = "p_value_wang_swail" if test == "wang_swail" else "p_value"
    return f"{FLUXES[flux]}_{suffix}"


def round_up(value: float) -> float:
    """Return the next of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10 times a power of ten.

    >>> round_up(1870.0), round_up(0.31)
    (2000.0, 0.4)
    """
    if not value > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    steps = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
    step = next(step for step in steps if value <= step * power * (1 + 1e-9))
    return float(f"{step * power:.10g}")


@cache
def national_product() -> NationalProduct:
    """Open the shipped product; errors as :func:`fluxscape.atlas.pyramid.open_pyramid`."""
    pyramid = open_pyramid(asset(PRODUCT))
    return NationalProduct(pyramid, {row.flux: row for row in figures_of(pyramid.attrs)})
