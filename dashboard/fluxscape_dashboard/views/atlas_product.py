"""The national product as the Atlas page reads it: opened once a process, for all sessions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from fluxscape.assets import asset
from fluxscape.atlas.mercator import RADIUS
from fluxscape.atlas.product import FLUXES, NationalFigures, figures_of
from fluxscape.atlas.pyramid import Pyramid, open_pyramid
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
    """

    variable: str
    kind: Kind
    low: float
    high: float
    annual: bool

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


@dataclass(frozen=True)
class NationalProduct:
    """The open product.

    Attributes
    ----------
    pyramid
        Its levels and series.
    figures
        National figures by short name of the flux.
    """

    pyramid: Pyramid
    figures: Mapping[str, NationalFigures]
    _limits: dict[str, float] = field(default_factory=dict, repr=False)

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

    def style(self, flux: str, layer: str, test: str) -> LayerStyle:
        """Return how a layer is coloured.

        Parameters
        ----------
        flux
            ``gpp`` or ``et``.
        layer
            ``annual``, ``mean``, ``trend`` or ``p_value``.
        test
            ``wang_swail`` or ``mann_kendall``; matters to ``p_value`` only.
        """
        name = FLUXES[flux]
        if layer == "p_value":
            return LayerStyle(p_value_name(flux, test), "classes", 0.0, 1.0, annual=False)
        if layer == "trend":
            top = self._limit(f"{name}_trend")
            return LayerStyle(f"{name}_trend", "diverging", -top, top, annual=False)
        variable = name if layer == "annual" else f"{name}_mean"
        top = self._limit(name)
        return LayerStyle(variable, "sequential", 0.0, top, annual=layer == "annual")

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

    def _limit(self, variable: str) -> float:
        """Return the round number at the 98th percentile of all absolute values."""
        if variable not in self._limits:
            values = np.abs(self.pyramid.read_native(variable).to_numpy())
            self._limits[variable] = round_up(float(np.nanpercentile(values, 98)))
        return self._limits[variable]


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
