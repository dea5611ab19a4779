"""The tab of the Atlas page that tabulates provinces, climates, vegetation or the plateau."""

from __future__ import annotations

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from fluxscape.atlas.totals import ZoneFigures, figures_table
from fluxscape.errors import FluxscapeError
from fluxscape.io.exports import write_csv
from fluxscape_dashboard.pages._atlas_words import number, p_text, unit
from fluxscape_dashboard.pages._background import Latest
from fluxscape_dashboard.pages._downloads import data_button, file_name
from fluxscape_dashboard.pages._errors import error_alert
from fluxscape_dashboard.pages._widgets import choice, note, small_table
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.atlas_product import NationalProduct
from fluxscape_dashboard.views.atlas_zones import kind_figures, zone_name


class ZoneTables:
    """The tab; it computes when it is first seen.

    Parameters
    ----------
    page
        The page.
    product
        The national product.
    """

    def __init__(self, page: PageView, product: NationalProduct) -> None:
        self._page, self._product = page, product
        self._figures: tuple[ZoneFigures, ...] = ()
        self._latest = Latest(self._found, self._failed)
        self._place = pn.Column(sizing_mode="stretch_width", margin=0)
        state = page.state
        kinds = choice(
            page,
            "at_zones",
            "atlas.zones",
            state.param.at_zones.objects,
            lambda value, lang: t(f"atlas.zones_{value}", lang),
            buttons=True,
        )
        save = data_button(
            page,
            "atlas.save_table",
            lambda: file_name("atlas", state.at_variable, state.at_zones, suffix=".csv"),
            lambda path: write_csv(
                figures_table(self._figures).assign(data_status="simulated"), path
            ),
        )
        self.view = pmui.Column(
            kinds,
            note(page, "atlas.zones_note"),
            self._place,
            save,
            sizing_mode="stretch_width",
            margin=(8, 16),
        )
        state.param.watch(lambda *_: self.show(), ["at_variable", "at_zones", "at_tab"])
        state.param.watch(lambda _: self._speak(), "lang")

    def show(self) -> None:
        """Find the figures, if the tab is on display."""
        state = self._page.state
        if state.at_tab != "regions":
            return
        self._place.objects = [
            pmui.Typography(self._page.t("atlas.finding"), variant="body2", margin=(8, 0))
        ]
        self._latest.run(kind_figures, self._product, state.at_variable, state.at_zones)

    def _found(self, figures: tuple[ZoneFigures, ...]) -> None:
        self._figures = figures
        self._speak()

    def _failed(self, error: FluxscapeError) -> None:
        self._place.objects = [error_alert(error, self._page.state.lang)]

    def _speak(self) -> None:
        if self._figures:
            lang = self._page.state.lang
            self._place.objects = [small_table(zone_table(self._figures, lang))]


def zone_table(figures: tuple[ZoneFigures, ...], lang: str) -> pd.DataFrame:
    """Return figures as a table in a language, largest first."""
    flux = figures[0].flux
    names = {
        "zone": t("atlas.column_zone", lang),
        "mean": f"{t('atlas.column_mean', lang)} [{unit(flux, lang, kind='total')}]",
        "per_area": f"{t('atlas.column_per_area', lang)} [{unit(flux, lang)}]",
        "slope": f"{t('atlas.row_slope', lang)} [{unit(flux, lang, kind='total_trend')}]",
        "interval": t("atlas.row_interval", lang),
        "p": t("atlas.row_p_white", lang),
        "area": t("atlas.column_area", lang),
    }
    if flux == "et":
        del names["per_area"]
    rows = []
    for item in sorted(figures, key=lambda item: -item.area):
        row = {"zone": zone_name(item.zone.key, lang), "area": f"{item.area / 1e9:,.1f}"}
        row |= dict.fromkeys(("mean", "per_area", "slope", "interval", "p"), "–")
        if item.area > 0:
            row["mean"] = f"{number(item.mean)} ± {number(item.interannual_spread, 2)}"
            row["per_area"] = number(item.per_area)
        if item.trend is not None and item.interval is not None:
            low, high = number(item.interval.low), number(item.interval.high)
            row["slope"] = number(item.trend.slope)
            row["interval"] = t("atlas.interval", lang, low=low, high=high)
            row["p"] = p_text(item.trend.p_value_wang_swail, lang)
        rows.append({names[key]: row[key] for key in names})
    return pd.DataFrame(rows)
