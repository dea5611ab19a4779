"""Our maps and a user's product beside each other: what is found, and its charts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr
from bokeh.models import ColumnDataSource, LinearColorMapper, Range1d
from bokeh.palettes import brewer, interp_palette

from fluxscape.atlas.compare import (
    Agreement,
    Pair,
    TrendAgreement,
    agreement,
    pair,
    scatter,
    site_values,
    trend_agreement,
    zonal_means,
)
from fluxscape.atlas.compare_triple import TripleCollocation, triple_collocation
from fluxscape.atlas.mercator import MercatorGrid, warp_nearest
from fluxscape.atlas.product import FLUXES, LAND_FRACTION
from fluxscape.errors import DimsError
from fluxscape.io.guards import open_netcdf_guarded
from fluxscape.towers import load_towers
from fluxscape_dashboard.maps import national_figure
from fluxscape_dashboard.views.atlas_product import NationalProduct, round_up
from fluxscape_dashboard.views.charts import COMPARED, MODELLED, colour_bar, hover_tool, new_chart

Floats = npt.NDArray[np.float64]

OURS, THEIRS = MODELLED, COMPARED
_RATIO_TOP: Final = 2.0


@dataclass(frozen=True, eq=False)
class Compared:
    """All that is found of ours and one product.

    Attributes
    ----------
    both
        The pair.
    agreement, trends
        How means and trends agree; trends None for fewer than ten common years.
    zones, counts
        Means by latitude, and areas by both values.
    towers
        Both at towers.
    """

    both: Pair
    agreement: Agreement
    trends: TrendAgreement | None
    zones: xr.Dataset
    counts: xr.DataArray
    towers: list[dict[str, Any]]


def compared(product: NationalProduct, flux: str, path: str) -> Compared:
    """Return what ours and the product in a netCDF file have to do with each other.

    Raises
    ------
    FluxscapeError
        If they have no year or too few cells in common.
    """
    theirs = open_netcdf_guarded(path, load=True)["product"]
    ours = product.pyramid.read_native(FLUXES[flux])
    if flux == "et":
        ours.attrs["units"] = "mm year-1"
    both = pair(ours, theirs, land_fraction=product.pyramid.read_native(LAND_FRACTION))
    towers = [(tower.site, tower.longitude, tower.latitude) for tower in load_towers()]
    return Compared(
        both,
        agreement(both),
        trend_agreement(both),
        zonal_means(both),
        scatter(both),
        site_values(both, towers),
    )


def triple(first: Compared, second: Compared) -> TripleCollocation | None:
    """Return triple collocation of ours and two products, None for too few triplets."""
    ours, a, b = xr.align(first.both.ours, first.both.theirs, second.both.theirs, join="inner")
    weights = np.broadcast_to(first.both.area.to_numpy(), ours.shape)
    try:
        return triple_collocation(ours, a, b, weights=weights)
    except DimsError:
        return None


class MapChart:
    """A national map of one array on our grid, with its colour bar.

    Parameters
    ----------
    name
        Name of the figure.
    palette
        Brewer's diverging palette.
    """

    def __init__(self, name: str, palette: str) -> None:
        self.mapper = LinearColorMapper(
            palette=interp_palette(brewer[palette][11][::-1], 255), nan_color="rgba(0, 0, 0, 0)"
        )
        self._source = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []})
        self.chart = national_figure(name, height=340, sizing_mode="stretch_width")
        self.chart.image(
            "image",
            x="x",
            y="y",
            dw="dw",
            dh="dh",
            source=self._source,
            color_mapper=self.mapper,
            level="image",
        )
        self._bar = colour_bar(self.mapper, orientation="horizontal", height=10, padding=4)
        self.chart.add_layout(self._bar, "below")

    def show(self, values: xr.DataArray, low: float, high: float) -> None:
        """Draw an array."""
        y, x = (values[axis].to_numpy().astype(np.float64) for axis in ("y", "x"))
        grid = MercatorGrid.around(y, x, oversampling=1, multiple=1)
        image = warp_nearest(values, grid).to_numpy().astype(np.float32)
        self.mapper.update(low=low, high=high)
        self._source.data = {
            "image": [image],
            "x": [grid.left],
            "y": [grid.bottom],
            "dw": [grid.width * grid.pixel],
            "dh": [grid.height * grid.pixel],
        }

    def speak(self, title: str, unit: str) -> None:
        """Word title and colour bar."""
        self.chart.title.text, self._bar.title = title, unit


def difference_limit(values: xr.DataArray) -> float:
    """Return the round number at the 98th percentile of all differences."""
    return round_up(float(np.nanpercentile(np.abs(values.to_numpy()), 98)))


class ScatterChart:
    """Area by both values as a picture, with the line on which both are equal."""

    def __init__(self) -> None:
        self._source = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []})
        self._line = ColumnDataSource({"v": [0.0, 1.0]})
        self.mapper = LinearColorMapper(
            palette=interp_palette(brewer["YlGnBu"][9][::-1], 255),
            low_color="rgba(0, 0, 0, 0)",
            low=1e-9,
            high=1.0,
        )
        self.chart = new_chart(
            name="atlas_scatter",
            height=330,
            sizing_mode="stretch_width",
            x_range=Range1d(0, 1),
            y_range=Range1d(0, 1),
        )
        self.chart.image(
            "image", x="x", y="y", dw="dw", dh="dh", source=self._source, color_mapper=self.mapper
        )
        self.chart.line("v", "v", source=self._line, line_color="#546e7a", line_dash="6 3")
        self._bar = colour_bar(self.mapper, width=10, padding=4)
        self.chart.add_layout(self._bar, "right")

    def show(self, counts: xr.DataArray) -> None:
        """Draw counts (ours, theirs)."""
        centres = counts["ours"].to_numpy()
        step = float(centres[1] - centres[0])
        low, size = float(centres[0] - step / 2), step * centres.size
        # Thousand square kilometres; rows of a picture are the upright axis.
        image = counts.to_numpy().T / 1e9
        self.mapper.high = max(float(image.max()), 1e-6)
        cell = {"x": [low], "y": [low], "dw": [size], "dh": [size]}
        self._source.data = {"image": [image], **cell}
        self._line.data = {"v": [low, low + size]}
        for ends in (self.chart.x_range, self.chart.y_range):
            ends.update(start=low, end=low + size)

    def speak(self, title: str, ours: str, theirs: str, area: str) -> None:
        """Word the chart."""
        self.chart.title.text, self._bar.title = title, area
        self.chart.xaxis.axis_label, self.chart.yaxis.axis_label = ours, theirs


class ZonalChart:
    """Both means over latitude."""

    def __init__(self) -> None:
        self._source = ColumnDataSource({"y": [], "ours": [], "theirs": []})
        self._hover = hover_tool([], mode="hline")
        self.chart = new_chart(
            name="atlas_zonal", hover=[self._hover], height=330, sizing_mode="stretch_width"
        )
        for name, colour in (("ours", OURS), ("theirs", THEIRS)):
            line = self.chart.line(
                name, "y", source=self._source, line_color=colour, line_width=1.8, name=name
            )
            if name == "ours":
                self._hover.renderers = [line]

    def show(self, zones: xr.Dataset) -> None:
        """Draw means by latitude."""
        self._source.data = {name: zones[name].to_numpy() for name in ("y", "ours", "theirs")}

    def speak(self, title: str, unit: str, latitude: str, names: tuple[str, str]) -> None:
        """Word the chart."""
        self.chart.title.text = title
        self.chart.xaxis.axis_label, self.chart.yaxis.axis_label = unit, latitude
        self._hover.tooltips = [
            (latitude, "@y{0.00}"),
            (names[0], f"@ours{{0,0}} {unit}"),
            (names[1], f"@theirs{{0,0}} {unit}"),
        ]


class TaylorChart:
    """Taylor's diagram: spread over that of ours as radius, correlation as angle."""

    def __init__(self) -> None:
        self._source = ColumnDataSource({"x": [], "y": [], "name": [], "r": [], "ratio": []})
        self._hover = hover_tool([])
        self.chart = new_chart(
            name="atlas_taylor",
            hover=[self._hover],
            height=300,
            width=330,
            match_aspect=True,
            x_range=Range1d(0, _RATIO_TOP),
            y_range=Range1d(0, _RATIO_TOP),
        )
        self._grid()
        self._dots = self.chart.scatter(
            "x", "y", source=self._source, size=11, fill_color=THEIRS, line_color="white"
        )
        self.chart.scatter([1.0], [0.0], size=13, marker="star", fill_color=OURS, line_color=None)
        self.chart.text(
            "x", "y", "name", source=self._source, x_offset=9, text_font_size="11px", y_offset=-4
        )
        self._hover.renderers = [self._dots]

    def _grid(self) -> None:
        """Draw arcs of equal spread, rays of equal correlation, arcs of equal centred error."""
        self.chart.grid.visible = False
        turn = np.linspace(0.0, math.pi / 2, 61)
        for radius in (0.5, 1.0, 1.5, 2.0):
            colour = OURS if radius == 1.0 else "#b0bec5"
            self.chart.line(radius * np.cos(turn), radius * np.sin(turn), line_color=colour)
        for correlation in (0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99):
            angle = math.acos(correlation)
            x, y = _RATIO_TOP * math.cos(angle), _RATIO_TOP * math.sin(angle)
            self.chart.line([0.0, x], [0.0, y], line_color="#cfd8dc", line_dash="2 3")
            self.chart.text(
                [0.93 * x],
                [0.93 * y],
                [f"{correlation:g}"],
                text_font_size="9px",
                text_color="#607d8b",
            )
        whole = np.linspace(0.0, math.pi, 61)
        for radius in (0.5, 1.0):
            arc = (1.0 + radius * np.cos(whole), radius * np.sin(whole))
            self.chart.line(*arc, line_color="#90a4ae", line_dash="4 4")

    def show(self, items: list[tuple[str, Agreement]]) -> None:
        """Draw products; those whose correlation is negative or unknown lie on the edge."""
        rows: dict[str, list[Any]] = {"x": [], "y": [], "name": [], "r": [], "ratio": []}
        for name, found in items:
            if not found.spread_ours > 0:
                continue
            ratio = found.spread_theirs / found.spread_ours
            r = found.correlation if math.isfinite(found.correlation) else 0.0
            angle = math.acos(min(max(r, 0.0), 1.0))
            radius = min(ratio, _RATIO_TOP)
            values = (radius * math.cos(angle), radius * math.sin(angle), name, r, ratio)
            for key, value in zip(rows, values, strict=True):
                rows[key].append(value)
        self._source.data = rows

    def speak(self, title: str, spread: str, correlation: str) -> None:
        """Word the chart."""
        self.chart.title.text = title
        self.chart.xaxis.axis_label = spread
        self._hover.tooltips = [
            ("", "@name"),
            (correlation, "@r{0.00}"),
            (spread, "@ratio{0.00}"),
        ]
