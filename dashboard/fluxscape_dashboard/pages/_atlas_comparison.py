"""The tab of the Atlas page that holds our maps against published numbers and other products."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from fluxscape.atlas.compare_products import SUFFIXES
from fluxscape.errors import FluxscapeError
from fluxscape_dashboard.pages._atlas_compare_words import (
    agreement_table,
    own_table,
    published_table,
    tower_rows,
    trend_table,
    triple_rows,
)
from fluxscape_dashboard.pages._atlas_words import unit
from fluxscape_dashboard.pages._background import Latest
from fluxscape_dashboard.pages._errors import error_alert
from fluxscape_dashboard.pages._upload import FileCard, Upload
from fluxscape_dashboard.pages._widgets import (
    NumberField,
    chart_pane,
    heading,
    note,
    plain,
    small_table,
)
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.views.atlas_compare import (
    Compared,
    MapChart,
    ScatterChart,
    TaylorChart,
    ZonalChart,
    compared,
    difference_limit,
    triple,
)
from fluxscape_dashboard.views.atlas_product import NationalProduct
from fluxscape_dashboard.views.atlas_zones import product_grid
from fluxscape_dashboard.work.product_uploads import read_product_upload

_YEARS: Final = (1850.0, 2200.0)


class ProductCard(FileCard):
    """The button of one product, with what its file may not tell.

    Parameters
    ----------
    page
        The page, whose flux the product is of.
    product
        The national product.
    number
        1 or 2.
    on_change
        Called when a product was read.
    """

    def __init__(
        self,
        page: PageView,
        product: NationalProduct,
        number: int,
        on_change: Callable[[], None],
    ) -> None:
        key = f"compare.product_{number}"
        super().__init__(page, label_key=key, again_key=key, stem="raster", suffixes=SUFFIXES)
        self._product, self._on_change = product, on_change
        self._units = pmui.TextInput(
            label=page.bound("compare.units"),
            value="",
            max_length=40,
            placeholder="g C m-2 yr-1",
            size="small",
            margin=(4, 4, 4, 0),
            width=150,
        )
        self._units.param.watch(lambda _: self.read_again(), "value")
        self._scale = NumberField(
            page,
            "compare.scale",
            (1e-9, 1e9),
            lambda _: self.read_again(),
            value=1.0,
            step=0.1,
            pattern="0.[000000]",
        )
        self._first = NumberField(
            page,
            "compare.first_year",
            _YEARS,
            lambda _: self.read_again(),
            value=2001.0,
            step=1.0,
            pattern="0",
        )
        for field in (self._scale, self._first):
            field.widget.param.update(max_width=120, margin=(4, 4))
        self.view = pmui.Column(
            self._button,
            pmui.Row(self._units, self._scale.widget, self._first.widget, margin=0),
            self._news,
            sizing_mode="stretch_width",
            margin=(0, 12, 0, 0),
        )

    def _reading(self, source: Path, output: Path) -> tuple[Any, ...]:
        return (
            read_product_upload,
            str(source),
            str(output),
            self._page.state.at_variable,
            str(self._units.value or ""),
            float(self._scale.value or 1.0),
            int(self._first.value or 0) or None,
            product_grid(self._product).edges,
        )

    def _taken(self, upload: Upload) -> None:
        del upload
        self._on_change()

    def _speak(self) -> None:
        super()._speak()
        if self.upload is not None:
            facts = {key: str(value) for key, value in self.upload.summary.items()}
            words = self._page.t("compare.read", name=self.upload.name, **facts)
            self._news.append(plain(words))


class Comparison:
    """The tab.

    Parameters
    ----------
    page
        The page.
    product
        The national product.
    """

    def __init__(self, page: PageView, product: NationalProduct) -> None:
        self._page, self._product = page, product
        self._found: list[tuple[str, Compared]] = []
        self._latest = Latest(self._take, self._fail)
        self._own = Latest(lambda frame: self._put("own", frame), self._fail)
        self._cards = [ProductCard(page, product, n, self.show) for n in (1, 2)]
        self._tables = {
            name: pn.Column(sizing_mode="stretch_width", margin=0)
            for name in ("own", "published", "agreement", "towers", "state")
        }
        self._difference = MapChart("atlas_compare_difference", "BrBG")
        self._ratio = MapChart("atlas_compare_ratio", "PuOr")
        self._scatter, self._zonal = ScatterChart(), ZonalChart()
        self._taylor = TaylorChart()
        self._charts = pn.Column(
            self._row(self._difference, self._ratio),
            self._row(self._scatter, self._zonal),
            pn.Row(
                chart_pane(self._taylor.chart, margin=(8, 12, 0, 0)),
                self._tables["agreement"],
                sizing_mode="stretch_width",
            ),
            self._tables["towers"],
            sizing_mode="stretch_width",
            visible=False,
        )
        self.view = pmui.Column(
            heading(page, "compare.published"),
            note(page, "compare.published_note"),
            self._tables["published"],
            heading(page, "compare.own"),
            note(page, "compare.own_note"),
            self._tables["own"],
            heading(page, "compare.products"),
            note(page, "compare.products_note"),
            pmui.Row(*(card.view for card in self._cards), sizing_mode="stretch_width", margin=0),
            self._tables["state"],
            self._charts,
            sizing_mode="stretch_both",
            scroll="y-auto",
            margin=0,
            sx={"padding": "8px 16px"},
        )
        watch = page.state.param.watch
        watch(lambda _: self._speak(), "lang")
        watch(lambda _: self._flux_changed(), "at_variable")
        self._speak()

    def show(self) -> None:
        """Compare the products that were read."""
        uploads = [card.upload for card in self._cards if card.upload is not None]
        if not uploads:
            return
        words = plain(self._page.t("compare.comparing"))
        self._tables["state"].objects = [words]
        names = [upload.name for upload in uploads]
        if len(set(names)) < len(names):
            names = [f"{name} ({number})" for number, name in enumerate(names, start=1)]
        named = [(name, item.path) for name, item in zip(names, uploads, strict=True)]
        self._latest.run(_all, self._product, self._page.state.at_variable, named)

    def _flux_changed(self) -> None:
        """Read products as those of another flux; what was found is of the old one."""
        self._latest.forget()
        self._found, self._charts.visible = [], False
        for card in self._cards:
            card.upload = None
            card.read_again()
        self._speak()

    def _take(self, found: list[tuple[str, Compared]]) -> None:
        self._found = found
        self._tables["state"].objects = []
        _, first = found[0]
        difference = first.both.difference()
        top = difference_limit(difference)
        self._difference.show(difference, -top, top)
        self._ratio.show(first.both.ratio(), 0.0, 2.0)
        self._scatter.show(first.counts)
        self._zonal.show(first.zones)
        self._taylor.show([(name, item.agreement) for name, item in found])
        self._speak()
        self._charts.visible = True

    def _fail(self, error: FluxscapeError) -> None:
        self._found, self._charts.visible = [], False
        self._tables["state"].objects = [error_alert(error, self._page.state.lang)]

    def _speak(self) -> None:
        """Word tables and charts."""
        page, lang = self._page, self._page.state.lang
        flux = page.state.at_variable
        self._put("published", published_table(lang))
        self._own.run(own_table, self._product, lang)
        if not self._found:
            return
        name, first = self._found[0]
        years = first.both.years
        period = f"{years[0]}–{years[-1]}"
        unit_words = unit(flux, lang)
        ours, theirs = page.t("compare.ours"), name
        facts = {"name": name, "period": period}
        self._difference.speak(page.t("compare.difference", **facts), unit_words)
        self._ratio.speak(page.t("compare.ratio", **facts), page.t("compare.ratio_axis"))
        self._scatter.speak(
            page.t("compare.scatter", period=period),
            f"{ours} [{unit_words}]",
            f"{theirs} [{unit_words}]",
            page.t("atlas.area_unit_small"),
        )
        self._zonal.speak(
            page.t("compare.zonal", period=period),
            unit_words,
            page.t("compare.latitude"),
            (ours, theirs),
        )
        self._taylor.speak(
            page.t("compare.taylor"), page.t("compare.spread"), page.t("compare.correlation")
        )
        parts: list[Any] = [
            heading(page, "compare.agreement"),
            small_table(agreement_table(self._found, unit_words, lang)),
        ]
        if any(item.trends is not None for _, item in self._found):
            parts += [
                heading(page, "compare.trends"),
                note(page, "compare.trends_note"),
                small_table(trend_table(self._found, lang)),
            ]
        if len(self._found) == 2:
            parts += self._triple(unit_words, lang)
        self._tables["agreement"].objects = parts
        rows = tower_rows(first, unit_words, theirs, lang)
        self._tables["towers"].objects = [
            heading(page, "compare.towers"),
            note(page, "compare.towers_note"),
            small_table(rows),
        ]

    def _triple(self, unit_words: str, lang: str) -> list[Any]:
        """Return triple collocation of ours and both products."""
        (first_name, first), (second_name, second) = self._found
        found = triple(first, second)
        if found is None:
            return []
        names = (self._page.t("compare.ours"), first_name, second_name)
        return [
            heading(self._page, "compare.triple"),
            note(self._page, "compare.triple_note"),
            small_table(triple_rows(found, names, unit_words, lang)),
        ]

    def _put(self, name: str, frame: pd.DataFrame) -> None:
        self._tables[name].objects = [small_table(frame)]

    @staticmethod
    def _row(*charts: Any) -> Any:
        panes = [chart_pane(chart.chart, sizing_mode="stretch_width") for chart in charts]
        return pn.Row(*panes, sizing_mode="stretch_width", margin=0)


def _all(
    product: NationalProduct, flux: str, named: list[tuple[str, str]]
) -> list[tuple[str, Compared]]:
    """Compare ours with each product."""
    return [(name, compared(product, flux, path)) for name, path in named]
