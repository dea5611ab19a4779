"""The Atlas page: annual maps of the nation, their trends, regions, and other products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

import numpy as np
import panel as pn
import panel_material_ui as pmui

from fluxscape_dashboard import maps, safe
from fluxscape_dashboard.pages._atlas_comparison import Comparison
from fluxscape_dashboard.pages._atlas_exports import export_row
from fluxscape_dashboard.pages._atlas_map import AtlasMap
from fluxscape_dashboard.pages._atlas_regions import RegionChoice
from fluxscape_dashboard.pages._atlas_selectors import named_choice, selectors
from fluxscape_dashboard.pages._atlas_tables import ZoneTables
from fluxscape_dashboard.pages._atlas_words import (
    pixel_rows,
    position,
    provenance_rows,
    region_digits,
    region_rows,
    table,
    unit,
)
from fluxscape_dashboard.pages._atlas_years import YEARLY, YearRow
from fluxscape_dashboard.pages._widgets import heading
from fluxscape_dashboard.pages.base import PageView, Services
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.theme import BESIDE_WHEN_COMPACT
from fluxscape_dashboard.views.atlas import legend
from fluxscape_dashboard.views.atlas_product import PixelSeries, national_product
from fluxscape_dashboard.views.atlas_series import SeriesChart, YearlySeries
from fluxscape_dashboard.views.atlas_zones import NATION, Region

INSET_WIDTH: Final = 116
"""Width of the inset of the South China Sea [pixel]."""

_LAYER: Final = ("at_variable", "at_layer", "at_test")
_LOOKS: Final = ("at_opacity", "at_colours", "at_stretch")


class AtlasPage(PageView):
    """See the module."""

    key: ClassVar[str] = "atlas"

    def __init__(self, state: AppState, services: Services) -> None:
        super().__init__(state, services)
        self.product = national_product()
        self._region_heading = pmui.Column(margin=0)
        self._pixel: PixelSeries | None = None
        self._map = AtlasMap(self, self.product, self._tapped)
        self._charts = {
            "pixel": SeriesChart("atlas_pixel"),
            "region": SeriesChart("atlas_region", colour="#00695c"),
        }
        self._tables = {name: pmui.Column(margin=0) for name in ("pixel", "region", "facts")}
        self._found: Region | None = None
        self._region = RegionChoice(self, self.product, self._show_region)
        self._map.on_chart(self._region.attach)
        self._made: dict[str, Any] = {}
        self._others = [self._tab(name, pn.Column(margin=0)) for name in ("regions", "comparison")]
        self._legend = pmui.Column(margin=0)
        self._years = YearRow(self, self.product)
        watch = state.param.watch
        watch(lambda *_: self._show_layer(), list(_LAYER))
        watch(lambda *_: self._show_year(), "at_year")
        watch(lambda *_: self._map.redraw("raster", "second"), list(_LOOKS))
        watch(lambda *_: self._map.redraw("raster", "second", "hatching"), "at_second")
        watch(lambda *_: self._map.redraw("second"), "at_second_year")
        watch(lambda *_: self._show_hatching(), ["at_hatch", "at_level", "at_field"])
        watch(lambda *_: self._open_tab(), "at_tab")
        watch(lambda *_: self._show_pixel(), "at_point")
        watch(lambda event: self._map.show_view(event.new), "map_view")
        watch(lambda *_: self._show_all(), "lang")

    # ------------------------------------------------------------------ zones
    def selectors(self) -> Any:
        """Return layers, region, significance and colours."""
        return selectors(self, self.product, self._region.view)

    def display(self) -> Any:
        """Return the map with its years and series, and the tabs of tables and comparison."""
        tabs = named_choice(self, "at_tab", "atlas.tab", "tab", buttons=True)
        tabs.margin = (4, 12, 0, 12)
        self._show_all()
        self._open_tab()
        return pn.Column(
            tabs, self._tab("map", self._map_tab()), *self._others, sizing_mode="stretch_both"
        )

    def _map_tab(self) -> Any:
        """Return the map with inset and legend, the swipe, the years, and the series."""
        beside = pn.Column(
            self._legend,
            pn.VSpacer(),
            pn.pane.Bokeh(
                maps.south_china_sea_inset("atlas_south_china_sea", width=INSET_WIDTH), margin=0
            ),
            pmui.Typography(
                pn.bind(maps.inset_caption, self.state.param.lang),
                variant="caption",
                margin=(6, 0, 0, 0),
            ),
            width=150,
            sizing_mode="stretch_height",
            margin=(8, 10),
            stylesheets=[BESIDE_WHEN_COMPACT],
        )
        series = pn.Row(
            *(
                pn.pane.Bokeh(chart.chart, sizing_mode="stretch_width", margin=(0, 4))
                for chart in self._charts.values()
            ),
            sizing_mode="stretch_width",
            margin=0,
        )
        return pn.Column(
            pn.Row(
                pn.Column(
                    self._map.pane, self._map.swipe.view, sizing_mode="stretch_both", margin=0
                ),
                beside,
                sizing_mode="stretch_both",
                margin=0,
            ),
            self._years.view,
            series,
            sizing_mode="stretch_both",
            margin=0,
        )

    def _tab(self, name: str, content: Any) -> Any:
        """Return what is seen while a tab is open."""
        shown = pn.bind(lambda tab: tab == name, self.state.param.at_tab)
        return pn.Column(content, visible=shown, sizing_mode="stretch_both", margin=0)

    def _open_tab(self) -> None:
        """Make a tab when it is first opened."""
        name = self.state.at_tab
        if name == "map" or name in self._made:
            return
        makers: dict[str, Callable[..., Any]] = {"regions": ZoneTables, "comparison": Comparison}
        made = self._made[name] = makers[name](self, self.product)
        place = self._others[("regions", "comparison").index(name)]
        place.append(made.view)
        made.show()

    def details(self) -> Any:
        """Return what the page is, the tables, the provenance and the downloads."""
        facts = {
            "first": self.product.years[0],
            "last": self.product.years[-1],
            "degrees": f"{self.product.cell_width:g}",
        }
        return pmui.Column(
            heading(self, "atlas.title"),
            pmui.Typography(
                self.bound("atlas.description", **facts), variant="body2", margin=(2, 0)
            ),
            pmui.Alert(
                object=self.bound("atlas.simulated"),
                severity="warning",
                margin=(6, 0),
                sizing_mode="stretch_width",
            ),
            heading(self, "atlas.pixel"),
            self._tables["pixel"],
            self._region_heading,
            self._tables["region"],
            heading(self, "atlas.provenance"),
            self._tables["facts"],
            heading(self, "atlas.save"),
            export_row(self, self.product, self._map, lambda: self._pixel, lambda: self._found),
            sizing_mode="stretch_width",
            margin=0,
        )

    def on_hide(self) -> None:
        """Stop playing."""
        self._years.stop()

    def on_show(self) -> None:
        """Find the figures of the region."""
        self._region.show()

    # ------------------------------------------------------------------ what is shown
    def _show_all(self) -> None:
        self._map.redraw("raster")
        self._map.speak()
        self._show_legend()
        self._speak_region()
        self._show_pixel()
        self._tables["facts"].objects = [
            table(provenance_rows(self.product, self.state.lang), self.state.lang)
        ]

    def _show_layer(self) -> None:
        self._map.redraw("raster", "second", "hatching")
        self._show_legend()
        self._show_pixel()

    def _show_hatching(self) -> None:
        self._map.redraw("hatching")
        self._show_legend()

    def _show_legend(self) -> None:
        state = self.state
        hatched = state.at_hatch and state.at_layer == "trend"
        entries = {
            "no_data": self.t("atlas.legend_no_data"),
            "hatch": self._hatch_words() if hatched else "",
            "pixel": self.t("atlas.legend_pixel") if state.at_point else "",
        }
        self._legend.objects = [
            pmui.Typography(self.t("atlas.legend"), variant="h6", margin=0),
            legend(entries),
        ]

    def _hatch_words(self) -> str:
        """Return what the hatching means: each pixel for itself, or the field with its domain."""
        state, level = self.state, f"{self.state.at_level:g}"
        if not state.at_field:
            return self.t("atlas.legend_hatch", level=level)
        found = self.product.field(state.at_variable, state.at_test, state.at_level)
        return self.t(
            "atlas.legend_field",
            level=level,
            tests=f"{found.tests}",
            threshold=f"{found.threshold:.2g}",
        )

    def _show_year(self) -> None:
        if self.state.at_layer in YEARLY:
            self._map.redraw("raster")
        self._mark_year()

    def _mark_year(self) -> None:
        annual = self.state.at_layer in YEARLY
        for chart in self._charts.values():
            chart.mark(self._years.year if annual else None)

    def _show_region(self, found: Region | None) -> None:
        """Show a region whose figures have been found."""
        self._found = found
        self._map.region = None if found is None else found.rings
        self._map.redraw("region")
        self._speak_region()

    def _speak_region(self) -> None:
        """Word chart and table of the region."""
        state, chart, found = self.state, self._charts["region"], self._found
        name = self._region.name(state.lang)
        # The name of an uploaded polygon is a stranger's.
        self._region_heading.objects = [
            pmui.Typography(safe.markdown_text(name), variant="h5", margin=(10, 0, 2, 0))
        ]
        if found is None:
            years = self.product.years
            chart.show(YearlySeries(years, np.full(len(years), np.nan), None))
            self._tables["region"].objects = []
        else:
            figures = found.figures
            chart.show(YearlySeries(figures.years, np.asarray(figures.series), figures.trend))
            shares = self.product.figures[state.at_variable] if state.at_region == NATION else None
            rows = region_rows(found, shares, state.lang)
            self._tables["region"].objects = [table(rows, state.lang)]
        flux = state.at_variable
        chart.speak(
            state.lang,
            title=self.t(f"atlas.series_{flux}_region", name=name),
            unit=unit(flux, state.lang, kind="total"),
            digits=region_digits(found),
        )
        self._mark_year()

    def _show_pixel(self) -> None:
        state = self.state
        point = state.at_point
        pixel = self.product.pixel(state.at_variable, *point) if point else None
        self._pixel = pixel
        self._map.redraw("pixel")
        self._show_legend()
        self._draw_pixel(pixel)
        if pixel is None or pixel.trend is None:
            key = "pixel_hint" if point is None else "pixel_outside"
            words = "pixel_empty" if pixel is not None else key
            self._tables["pixel"].objects = [
                pmui.Typography(self.t(f"atlas.{words}"), variant="body2", margin=(2, 0))
            ]
            return
        rows = pixel_rows(pixel, state.at_variable, state.lang)
        self._tables["pixel"].objects = [table(rows, state.lang)]

    def _draw_pixel(self, pixel: PixelSeries | None) -> None:
        state, chart = self.state, self._charts["pixel"]
        # Short, or two charts side by side have no room for the place.
        name = self.t(f"atlas.flux_{state.at_variable}")
        if pixel is None or pixel.trend is None:
            title = self.t("atlas.pixel_hint" if pixel is None else "atlas.pixel_empty")
            chart.show(
                YearlySeries(self.product.years, np.full(len(self.product.years), np.nan), None)
            )
        else:
            place = position(pixel.longitude, pixel.latitude)
            title = self.t("atlas.series_pixel", name=name, place=place)
            chart.show(YearlySeries(self.product.years, pixel.values, pixel.trend))
        unit_words = unit(state.at_variable, state.lang)
        chart.speak(state.lang, title=title, unit=unit_words, digits=0)
        self._mark_year()

    # ------------------------------------------------------------------ what the user does
    def _tapped(self, x: float, y: float) -> None:
        longitude, latitude = (float(value) for value in maps.to_degrees(x, y))
        pixel = self.product.pixel(self.state.at_variable, longitude, latitude)
        if pixel is None:
            self.services.notify("info", "atlas.pixel_outside")
            self.state.at_point = None
            return
        self.state.at_point = (round(pixel.longitude, 4), round(pixel.latitude, 4))
