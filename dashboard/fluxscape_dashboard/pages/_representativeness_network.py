"""The network on the Representativeness page: map, chosen towers, coverage, changes by hand."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui
from bokeh.events import Tap

from fluxscape import __version__
from fluxscape.errors import RunError
from fluxscape.io.atomic import write_netcdf
from fluxscape.io.exports import write_csv
from fluxscape_dashboard import maps
from fluxscape_dashboard.pages._downloads import data_button, file_name, picture_button
from fluxscape_dashboard.pages._network_words import (
    Result,
    headline,
    provenance_rows,
    reason_words,
    saved_table,
    strata_table,
    stratum_words,
    towers_table,
    write_map,
)
from fluxscape_dashboard.pages._raster_upload import option_words
from fluxscape_dashboard.pages._refill import Facts, Lines, Messages, Table
from fluxscape_dashboard.pages._run import RunControl
from fluxscape_dashboard.pages._widgets import chart_pane, choice, heading, note
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.text import t
from fluxscape_dashboard.theme import (
    STACKED_WHEN_COMPACT,
)
from fluxscape_dashboard.views.network import CURVE_HEIGHT, USUAL_WIDTH, CoverageChart, NetworkMap

RUN_PARAMETERS: Final = ("rep_by", "rep_share", "rep_add", "rep_remove")
"""Parameters whose change asks for a new run."""

MAP_HEIGHT: Final = 620
TABLE_HEIGHT: Final = 400
"""Heights of the map with its legends and of the table of towers [pixel]."""

_KEPT: Final = {"flex-shrink": "0"}
"""Style of what keeps its height where the page is lower than all of it: the page scrolls."""

INSET_WIDTH: Final = 116

_WIDE: Final[dict[str, Any]] = {"sizing_mode": "stretch_width", "margin": 0}


class NetworkHalf:
    """See the module.

    Parameters
    ----------
    page
        The page.

    Attributes
    ----------
    selectors, display, details
        The three zones.
    """

    def __init__(self, page: PageView) -> None:
        self._page, self._visible, self._stale = page, False, True
        self._result: Result | None = None
        self._run = RunControl(
            page,
            target="fluxscape_dashboard.work.network:network_of_nation",
            on_result=self._take_result,
            timeout_seconds=300.0,
        )
        self._map, self._curve = NetworkMap(), CoverageChart()
        self._empty, self._lines, self._facts = Messages(), Lines(), Facts()
        self._strata, self._towers = Table(), Table()
        self._stage = pn.Column(visible=False, **_WIDE)
        self._map.chart.on_event(Tap, lambda event: self._tapped(event.x, event.y))
        state = page.state
        self._view = maps.MapView(self._map.chart, lambda seen: page.change(map_view=seen))
        self._view.show(state.map_view)
        self.selectors = self._make_selectors()
        self.display = self._make_display()
        self.details = self._make_details()
        state.param.watch(self._refresh, list(RUN_PARAMETERS))
        state.param.watch(lambda _: self._show_map(), "rep_map")
        state.param.watch(lambda _: self._speak(), "lang")
        state.param.watch(lambda event: self._view.show(event.new), "map_view")

    # ------------------------------------------------------------------ zones
    def _make_selectors(self) -> Any:
        page, state = self._page, self._page.state
        by, shown = (
            choice(
                page,
                f"rep_{name}",
                f"representativeness.{name}",
                state.param[f"rep_{name}"].objects,
                partial(option_words, name),
                buttons=True,
            )
            for name in ("by", "map")
        )
        share = pmui.IntSlider(
            label=page.bound("representativeness.share"),
            start=state.param.rep_share.bounds[0],
            end=state.param.rep_share.bounds[1],
            value=state.param.rep_share,
            value_label=pn.bind(lambda value: f"{value} %", state.param.rep_share),
            size="small",
            sizing_mode="stretch_width",
            margin=(10, 10, 6, 10),
        )
        share.param.watch(lambda event: page.change(rep_share=event.new), "value_throttled")
        self._reset = pmui.Button(
            label=page.bound("representativeness.hand_reset"),
            icon="restart_alt",
            size="small",
            variant="outlined",
            on_click=lambda _: page.change(rep_add=[], rep_remove=[]),
            disabled=pn.bind(
                lambda add, remove: not (add or remove), state.param.rep_add, state.param.rep_remove
            ),
            margin=(4, 0),
        )
        return pmui.Column(
            note(page, "representativeness.by"),
            by,
            share,
            note(page, "representativeness.map"),
            shown,
            note(page, "representativeness.hand_help"),
            self._reset,
            self._run.view,
            **_WIDE,
        )

    def _make_display(self) -> Any:
        # Below the map on every screen: beside it there is no room that the nation would not need.
        inset = pn.Row(
            pn.pane.Bokeh(maps.south_china_sea_inset("network_inset", width=INSET_WIDTH), margin=0),
            pmui.Typography(
                pn.bind(maps.inset_caption, self._page.state.param.lang),
                variant="caption",
                margin=(0, 0, 0, 8),
            ),
            margin=(0, 0, 0, 12),
            styles=_KEPT,
        )
        self._map.chart.update(sizing_mode="stretch_width", height=MAP_HEIGHT)
        self._stage.objects = [
            self._lines.pane,
            chart_pane(self._map.chart, height=MAP_HEIGHT, styles=_KEPT, **_WIDE),
            inset,
            pn.Row(
                chart_pane(self._curve.chart, **_WIDE),
                _scrolling(self._strata.pane, CURVE_HEIGHT, width=400, margin=(0, 0, 0, 12)),
                stylesheets=[STACKED_WHEN_COMPACT],
                styles=_KEPT,
                **_WIDE,
            ),
            _scrolling(self._towers.pane, TABLE_HEIGHT, **_WIDE),
        ]
        return pn.Column(self._empty.column, self._stage, **_WIDE)

    def _make_details(self) -> Any:
        page = self._page

        def button(key: str, suffix: str, write: Any) -> Any:
            return data_button(
                page,
                key,
                lambda: file_name("network", page.state.rep_by, suffix=suffix),
                lambda path: write(self._saved(), path),
            )

        self._exports = pmui.Column(
            heading(page, "work.save"),
            pmui.FlexBox(
                picture_button(page, self._map.chart, "representativeness.save_network"),
                picture_button(page, self._curve.chart, "representativeness.save_coverage"),
                button("work.save_csv", ".csv", lambda r, path: write_csv(saved_table(r), path)),
                button("work.save_geotiff", ".tif", write_map),
                button("work.save_netcdf", ".nc", lambda r, path: write_netcdf(r["map"], path)),
                margin=0,
            ),
            visible=False,
            **_WIDE,
        )
        return pn.Column(self._facts.pane, self._exports, **_WIDE)

    # ------------------------------------------------------------------ running
    def show(self, *, visible: bool) -> None:
        """Run if something has changed since the last visit."""
        self._visible = visible
        if visible and self._stale:
            self._refresh()

    def _refresh(self, *_: Any) -> None:
        """Ask for a run with the present settings."""
        state = self._page.state
        if not self._visible:
            self._stale = True
            return
        self._stale = False
        self._speak()
        self._run.request(
            {
                "by": state.rep_by,
                "share": state.rep_share / 100.0,
                "add": list(state.rep_add),
                "remove": list(state.rep_remove),
            }
        )

    def _take_result(self, result: Result, _: Any) -> None:
        self._result = result
        self._curve.show(result)
        self._show_map()
        self._speak()

    def _tapped(self, x: float, y: float) -> None:
        """Add the tower at a tap to the set, or take it away."""
        chart, state = self._map.chart, self._page.state
        pixel = (chart.x_range.end - chart.x_range.start) / (chart.inner_width or USUAL_WIDTH)
        site = self._map.nearest(x, y, pixel)
        if site is None or self._result is None:
            return
        kind = next(row["state"] for row in self._result["towers"] if row["site"] == site)
        name = "rep_remove" if kind in {"chosen", "removed"} else "rep_add"
        listed = [one for one in getattr(state, name) if one != site]
        if kind in {"chosen", "left"}:
            listed.append(site)
        self._page.change(**{name: listed})

    def _saved(self) -> Result:
        """Return what is shown; the buttons that ask are hidden while there is nothing."""
        if self._result is None:
            msg = "there is no choice of towers to save yet"
            raise RunError(msg)
        return self._result

    # ------------------------------------------------------------------ showing
    def _show_map(self) -> None:
        if self._result is not None:
            kind = self._page.state.rep_map
            self._map.show(self._result["map"], self._result["threshold"], kind)

    def _speak(self) -> None:
        """Put everything that is not bound by itself into the present language."""
        lang, result = self._page.state.lang, self._result
        self._stage.visible = self._exports.visible = result is not None
        wait = t("representativeness.network_wait", lang)
        self._empty.show([("info", wait)] if result is None else [])
        if result is None:
            return
        self._lines.show(headline(result, lang))
        rows = [
            {**row, "stratum_words": stratum_words(row["stratum"], lang)}
            for row in result["towers"]
        ]
        words = {row["site"]: reason_words(row, lang) for row in rows}
        self._map.show_towers(rows, words)
        self._map.speak(lang, title=t("representativeness.network_label", lang))
        self._curve.speak(
            lang,
            title=t("representativeness.coverage_title", lang),
            source=t("representativeness.coverage_source", lang, version=__version__),
        )
        self._strata.show(strata_table(result, lang))
        self._facts.show(provenance_rows(result, lang))
        self._towers.show(towers_table(result, lang))


def _scrolling(pane: Any, height: int, **options: Any) -> Any:
    """Return a pane in a column of a fixed height that scrolls."""
    return pn.Column(pane, height=height, scroll="y-auto", **options)
