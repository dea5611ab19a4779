"""The Atlas page: annual maps of the nation, their mean, trend and significance, and series."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import numpy as np
import panel as pn
import panel_material_ui as pmui

from fluxscape_dashboard import maps
from fluxscape_dashboard.pages._atlas_exports import export_row
from fluxscape_dashboard.pages._atlas_map import AtlasMap
from fluxscape_dashboard.pages._atlas_words import (
    national_rows,
    pixel_rows,
    position,
    provenance_rows,
    table,
    unit,
)
from fluxscape_dashboard.pages._atlas_years import YearRow
from fluxscape_dashboard.pages._widgets import MARGIN, choice, heading, note
from fluxscape_dashboard.pages.base import PageView, Services
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.text import t
from fluxscape_dashboard.theme import BESIDE_WHEN_COMPACT
from fluxscape_dashboard.views.atlas import legend
from fluxscape_dashboard.views.atlas_product import PixelSeries, national_product
from fluxscape_dashboard.views.atlas_series import SeriesChart, YearlySeries

INSET_WIDTH: Final = 116
"""Width of the inset of the South China Sea [pixel]."""

_LAYER: Final = ("at_variable", "at_layer", "at_test")


class AtlasPage(PageView):
    """See the module."""

    key: ClassVar[str] = "atlas"

    def __init__(self, state: AppState, services: Services) -> None:
        super().__init__(state, services)
        self.product = national_product()
        self._pixel: PixelSeries | None = None
        self._map = AtlasMap(self, self.product, self._tapped)
        self._charts = {
            "pixel": SeriesChart("atlas_pixel"),
            "nation": SeriesChart("atlas_nation", colour="#00695c"),
        }
        self._tables = {name: pmui.Column(margin=0) for name in ("pixel", "nation", "facts")}
        self._legend = pmui.Column(margin=0)
        self._years = YearRow(self, self.product)
        watch = state.param.watch
        watch(lambda *_: self._show_layer(), list(_LAYER))
        watch(lambda *_: self._show_year(), "at_year")
        watch(lambda *_: self._map.redraw("raster"), "at_opacity")
        watch(lambda *_: self._show_hatching(), ["at_hatch", "at_level"])
        watch(lambda *_: self._show_pixel(), "at_point")
        watch(lambda event: self._map.show_view(event.new), "map_view")
        watch(lambda *_: self._show_all(), "lang")

    # ------------------------------------------------------------------ zones
    def selectors(self) -> Any:
        """Return flux, layer, test, hatching and opacity."""
        params = self.state.param
        opacity = pmui.FloatSlider(
            label=self.bound("atlas.opacity"),
            start=params.at_opacity.bounds[0],
            end=1.0,
            step=0.05,
            value=params.at_opacity,
            format="0%",
            size="small",
            sizing_mode="stretch_width",
            margin=(6, 8),
        )
        opacity.param.watch(
            lambda event: self.state.param.update(at_opacity=event.new), "value_throttled"
        )
        hatch = pmui.Switch(label=self.bound("atlas.hatch"), value=params.at_hatch, margin=MARGIN)
        hatch.param.watch(lambda event: self.state.param.update(at_hatch=event.new), "value")
        return pmui.Column(
            self._choice("at_variable", "atlas.flux", "flux", buttons=True),
            self._choice("at_layer", "atlas.layer", "layer"),
            pmui.Divider(margin=(10, 0)),
            self._choice("at_test", "atlas.test", "test"),
            note(self, "atlas.test_note"),
            choice(
                self,
                "at_level",
                "atlas.level",
                params.at_level.objects,
                lambda value, lang: f"p < {value:g}" if lang else "",
            ),
            hatch,
            pmui.Divider(margin=(10, 0)),
            opacity,
            note(self, "atlas.colours_fixed"),
            sizing_mode="stretch_width",
            margin=0,
        )

    def display(self) -> Any:
        """Return the map with inset and legend, the years, and the series."""
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
        self._show_all()
        return pn.Column(
            pn.Row(self._map.pane, beside, sizing_mode="stretch_both", margin=0),
            self._years.view,
            series,
            sizing_mode="stretch_both",
            margin=0,
        )

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
            heading(self, "atlas.nation"),
            self._tables["nation"],
            heading(self, "atlas.provenance"),
            self._tables["facts"],
            heading(self, "atlas.save"),
            export_row(self, self.product, self._map, lambda: self._pixel),
            sizing_mode="stretch_width",
            margin=0,
        )

    def on_hide(self) -> None:
        """Stop playing."""
        self._years.stop()

    # ------------------------------------------------------------------ what is shown
    def _show_all(self) -> None:
        self._map.redraw("raster")
        self._map.speak()
        self._show_legend()
        self._show_nation()
        self._show_pixel()
        self._tables["facts"].objects = [
            table(provenance_rows(self.product, self.state.lang), self.state.lang)
        ]

    def _show_layer(self) -> None:
        self._map.redraw("raster", "hatching")
        self._show_legend()
        self._show_nation()
        self._show_pixel()

    def _show_hatching(self) -> None:
        self._map.redraw("hatching")
        self._show_legend()

    def _show_legend(self) -> None:
        state = self.state
        hatched = state.at_hatch and state.at_layer == "trend"
        entries = {
            "no_data": self.t("atlas.legend_no_data"),
            "hatch": self.t("atlas.legend_hatch", level=f"{state.at_level:g}") if hatched else "",
            "pixel": self.t("atlas.legend_pixel") if state.at_point else "",
        }
        self._legend.objects = [
            pmui.Typography(self.t("atlas.legend"), variant="h6", margin=0),
            legend(entries),
        ]

    def _show_year(self) -> None:
        if self.state.at_layer == "annual":
            self._map.redraw("raster")
        self._mark_year()

    def _mark_year(self) -> None:
        annual = self.state.at_layer == "annual"
        for chart in self._charts.values():
            chart.mark(self._years.year if annual else None)

    def _show_nation(self) -> None:
        state, chart = self.state, self._charts["nation"]
        figures = self.product.figures[state.at_variable]
        chart.show(YearlySeries(figures.years, np.asarray(figures.series), figures.trend))
        chart.speak(
            state.lang,
            title=self.t(f"atlas.series_{state.at_variable}_nation"),
            unit=unit(state.at_variable, state.lang, kind="total"),
            digits=2 if state.at_variable == "gpp" else 1,
        )
        self._mark_year()
        self._tables["nation"].objects = [table(national_rows(figures, state.lang), state.lang)]

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

    def _choice(self, name: str, key: str, prefix: str, *, buttons: bool = False) -> Any:
        return choice(
            self,
            name,
            key,
            self.state.param[name].objects,
            lambda value, lang: t(f"atlas.{prefix}_{value}", lang),
            buttons=buttons,
        )
