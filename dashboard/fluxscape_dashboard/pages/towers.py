"""The Towers page: find a tower on the map, in the list or by name, and read its card."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar, Final

import panel as pn
import panel_material_ui as pmui
from bokeh.events import Tap

from fluxscape.towers import Tower
from fluxscape_dashboard import maps, safe
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.theme import (
    BELOW_WHEN_SQUARE,
    GONE_WHEN_SQUARE,
    GROWS_WHEN_SQUARE,
    HIDDEN_ON_PHONE,
    LOW_ON_PHONE,
    STACKED_WHEN_SQUARE,
)
from fluxscape_dashboard.tower_table import all_towers, tower_or_none
from fluxscape_dashboard.views import tower_card
from fluxscape_dashboard.views import towers as view

FIRST_YEAR: Final = 1995
LAST_YEAR: Final = 2025
LONGEST_LIST: Final = 60
"""Towers listed beside the map; more are told as a number."""

INSET_WIDTH: Final = 116
"""Width of the inset of the South China Sea [pixel]."""

USUAL_WIDTH: Final = 700
"""Width of a map whose browser has not told it yet [pixel]."""

_FILTERS: Final = ("tw_search", "tw_igbp", "tw_network", "tw_years")


class TowersPage(PageView):
    """National map of the towers, filters, list, table and card."""

    key: ClassVar[str] = "towers"

    def selectors(self) -> Any:
        """Return search, filters and the list of what they leave."""
        search = pmui.TextInput(
            label=self.bound("towers.search"),
            placeholder=self.bound("towers.search_hint"),
            value=self.state.param.tw_search,
            size="small",
            sizing_mode="stretch_width",
        )
        search.param.watch(lambda event: self.change(tw_search=event.new), "value_input")
        self._list = pmui.MenuList(
            items=[], dense=True, sizing_mode="stretch_width", margin=(0, -8), sx=_LIST_SX
        )
        self._list.on_click(self._pick_item)
        self._count = pmui.Typography("", variant="caption", margin=(6, 0, 0, 10))
        return pmui.Column(
            search,
            self._choice("tw_igbp", "towers.filter_class", self._class_options),
            self._choice("tw_network", "towers.filter_network", self._network_options),
            self._year_slider(),
            self._count,
            self._list,
            sizing_mode="stretch_width",
            margin=0,
        )

    def display(self) -> Any:
        """Return the map with its legend and inset, and the table."""
        self.chart = maps.national_figure("towers_map")
        self._marks = view.TowerMarks(self.chart)
        self._view = maps.MapView(self.chart, self._moved)
        self._view.show(self.state.map_view)
        self.chart.on_event(Tap, self._tapped)
        self._legend = pn.Column(
            margin=0, sizing_mode="stretch_width", stylesheets=[HIDDEN_ON_PHONE, GROWS_WHEN_SQUARE]
        )
        inset = pn.Column(
            pn.pane.Bokeh(maps.south_china_sea_inset(width=INSET_WIDTH), margin=0),
            pmui.Typography(
                pn.bind(maps.inset_caption, self.state.param.lang),
                variant="caption",
                margin=(4, 0, 0, 0),
            ),
            margin=0,
            width=INSET_WIDTH + 20,
        )
        beside = pn.Column(
            self._legend,
            pn.VSpacer(stylesheets=[GONE_WHEN_SQUARE]),
            inset,
            width=170,
            sizing_mode="stretch_height",
            margin=(4, 12, 8, 12),
            stylesheets=[BELOW_WHEN_SQUARE],
        )
        self._map = pn.Row(
            pn.pane.Bokeh(
                self.chart, sizing_mode="stretch_both", margin=0, stylesheets=[LOW_ON_PHONE]
            ),
            beside,
            sizing_mode="stretch_both",
            margin=0,
            stylesheets=[STACKED_WHEN_SQUARE],
        )
        self._table = pmui.Column(sizing_mode="stretch_both", margin=(0, 12), visible=False)
        return pmui.Column(
            self._view_switch(),
            self._map,
            self._table,
            sizing_mode="stretch_both",
            margin=0,
            sx={"height": "100%"},
        )

    def details(self) -> Any:
        """Return the card of the chosen tower and where the table comes from."""
        self._card = pmui.Column(margin=0, sizing_mode="stretch_width")
        self.state.param.watch(lambda _: self._show_towers(), list(_FILTERS))
        self.state.param.watch(lambda _: self._show_choice(), "tower")
        self.state.param.watch(lambda _: self._show_all(), "lang")
        self.state.param.watch(lambda _: self._show_view(), "tw_view")
        self.state.param.watch(lambda event: self._view.show(event.new), "map_view")
        self._show_all()
        return self._card

    # ------------------------------------------------------------------ what is shown
    def _show_all(self) -> None:
        maps.set_language(self.chart, self.state.lang, label=self.t("towers.map_label"))
        classes = [
            key for key in view.CLASS_STYLES if key in set(map(view.class_key, all_towers()))
        ]
        self._legend.objects = [
            pmui.Typography(self.t("towers.legend"), variant="h6", margin=0),
            view.legend(classes, self.state.lang),
        ]
        self._show_towers()
        self._show_choice()
        self._show_view()

    def _show_towers(self) -> None:
        state = self.state
        found = view.select(
            all_towers(),
            words=state.tw_search,
            classes=state.tw_igbp,
            networks=state.tw_network,
            years=state.tw_years,
        )
        placed = [tower for tower in found if tower.has_position]
        x, y = maps.to_mercator(
            [tower.longitude for tower in placed], [tower.latitude for tower in placed]
        )
        self._marks.show(placed, x, y, state.lang)
        self._found = found
        self._show_count(len(found), len(placed))
        self._list.items = [_item(tower) for tower in found[:LONGEST_LIST]]
        if state.tw_view == "table":
            self._show_table()

    def _show_count(self, found: int, placed: int) -> None:
        words = self.t("towers.count", found=found, total=len(all_towers()))
        if found > placed:
            words += " " + self.t("towers.count_unplaced", number=found - placed)
        self._count.object = words if found else self.t("towers.nothing_found")

    def _show_table(self) -> None:
        frame = view.table(self._found, self.state.lang)
        grid = safe.table(
            frame,
            show_index=False,
            disabled=True,
            selectable=1,
            layout="fit_data_stretch",
            sizing_mode="stretch_both",
            stylesheets=[_TABLE_STYLE],
            text_align=dict.fromkeys(frame.columns, "left"),
        )
        found = self._found
        grid.on_click(lambda event: self.change(tower=found[event.row].site))
        self._table.objects = [grid]

    def _show_view(self) -> None:
        wants_table = self.state.tw_view == "table"
        if wants_table:
            self._show_table()
        self._table.visible, self._map.visible = wants_table, not wants_table

    def _show_choice(self) -> None:
        tower = tower_or_none(self.state.tower)
        if tower is None or not tower.has_position:
            self._marks.choose(None, None)
        else:
            x, y = maps.to_mercator(tower.longitude, tower.latitude)
            self._marks.choose(float(x), float(y))
        self._card.objects = self._empty_card() if tower is None else self._full_card(tower)

    def _empty_card(self) -> list[Any]:
        return [
            pmui.Typography(self.t("towers.none_chosen"), variant="h5", margin=(0, 0, 6, 0)),
            pmui.Typography(self.t("towers.none_chosen_text"), variant="body1", margin=0),
            pmui.Divider(margin=(14, 0)),
            pmui.Typography(self.t("towers.about"), variant="body2", margin=0),
        ]

    def _full_card(self, tower: Tower) -> list[Any]:
        lang = self.state.lang
        return [
            tower_card.card(tower, lang),
            pmui.Row(
                *(self._way_to(page, tower) for page in ("footprint", "model")),
                margin=(12, 0, 4, 0),
                sizing_mode="stretch_width",
            ),
            pmui.Divider(margin=(10, 0)),
            tower_card.sources(tower, lang),
            pmui.Divider(margin=(14, 0)),
            pmui.Typography(self.t("towers.about"), variant="body2", margin=0),
        ]

    def _way_to(self, page: str, tower: Tower) -> Any:
        button = pmui.Button(
            label=self.t(f"common.page_{page}"),
            variant="contained" if page == "footprint" else "outlined",
            disabled=not tower.has_position,
            sizing_mode="stretch_width",
            margin=(0, 6, 0, 0),
        )
        button.on_click(lambda _: self.change(page=page))
        return button

    # ------------------------------------------------------------------ what the user does
    def _tapped(self, event: Any) -> None:
        span = self.chart.x_range.end - self.chart.x_range.start
        pixel = span / (self.chart.inner_width or USUAL_WIDTH)
        tower = self._marks.nearest(event.x, event.y, pixel, self.state.tower)
        self.change(tower=tower.site if tower else "")

    def _pick_item(self, item: Any) -> None:
        if isinstance(item, dict) and tower_or_none(str(item.get("site"))):
            self.change(tower=str(item["site"]))

    def _moved(self, seen: maps.View | None) -> None:
        self.change(map_view=seen)

    # ------------------------------------------------------------------ widgets
    def _choice(self, name: str, key: str, options: Any) -> Any:
        widget = pmui.MultiChoice(
            label=self.bound(key),
            options=pn.bind(options, self.state.param.lang),
            value=self.state.param[name],
            placeholder=self.bound("towers.all"),
            searchable=False,
            sizing_mode="stretch_width",
        )
        widget.param.watch(lambda event: self.change(**{name: event.new}), "value")
        return widget

    @staticmethod
    def _class_options(lang: str) -> dict[str, str]:
        present = Counter(map(view.class_key, all_towers()))
        return {view.class_name(key, lang): key for key in view.CLASS_STYLES if present.get(key, 0)}

    @staticmethod
    def _network_options(lang: str) -> dict[str, str]:
        del lang  # names of networks are the same in every language
        counts = Counter(network for tower in all_towers() for network in tower.networks)
        return {safe.label(name, limit=60): name for name, _ in counts.most_common()}

    def _year_slider(self) -> Any:
        slider = pmui.IntRangeSlider(
            label=self.bound("towers.filter_years"),
            start=FIRST_YEAR,
            end=LAST_YEAR,
            value=self.state.tw_years or (FIRST_YEAR, LAST_YEAR),
            value_label=pn.bind(_year_words, self.state.param.tw_years),
            size="small",
            sizing_mode="stretch_width",
        )

        def changed(event: Any) -> None:
            whole = tuple(event.new) == (FIRST_YEAR, LAST_YEAR)
            self.change(tw_years=None if whole else tuple(event.new))

        slider.param.watch(changed, "value_throttled")
        self.state.param.watch(
            lambda event: slider.param.update(value=event.new or (FIRST_YEAR, LAST_YEAR)),
            "tw_years",
        )
        return slider

    def _view_switch(self) -> Any:
        switch = pmui.RadioButtonGroup(
            options=pn.bind(
                lambda _: {self.t(f"towers.view_{key}"): key for key in ("map", "table")},
                self.state.param.lang,
            ),
            value=self.state.param.tw_view,
            variant="outlined",
            size="small",
            width=180,
            margin=(8, 12, 0, 12),
        )
        switch.param.watch(lambda event: self.change(tw_view=event.new), "value")
        return switch


_TABLE_STYLE: Final = (
    ":host .tabulator { font-size: 0.8rem } "
    ":host .tabulator .tabulator-cell { padding: 4px 8px; height: auto } "
    ":host .tabulator .tabulator-col-content { padding: 6px 8px }"
)
_LIST_SX: Final = {
    "& .MuiListItemAvatar-root, & .MuiAvatar-root": {"display": "none"},
    "& .MuiListItemButton-root": {"paddingTop": "1px", "paddingBottom": "1px"},
    "& .MuiListItemText-primary": {"fontSize": "0.85rem"},
    "& .MuiListItemText-secondary": {"fontSize": "0.75rem"},
}


def _year_words(years: tuple[int, int] | None) -> str:
    first, last = years or (FIRST_YEAR, LAST_YEAR)
    return f"{first}–{last}"


def _item(tower: Tower) -> dict[str, str]:
    # The list is drawn as text by the browser; label() cleans and shortens it.
    return {
        "label": safe.label(tower.name, limit=80),
        "secondary": " · ".join((tower.site, *([tower.igbp] if tower.igbp else []))),
        "site": tower.site,
    }
