"""The Footprint page: what ground the tower sees, over a map, with a first score."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Final

import panel as pn
import panel_material_ui as pmui

from fluxscape.errors import RunError
from fluxscape_dashboard.pages._footprint_exports import Saved, export_row
from fluxscape_dashboard.pages._footprint_words import (
    areas_table,
    caption_words,
    distances_table,
    notes,
    period_words,
    provenance_rows,
    records_table,
    score_words,
    title_words,
)
from fluxscape_dashboard.pages._place import Place, PositionFields
from fluxscape_dashboard.pages._run import RunControl
from fluxscape_dashboard.pages._surroundings import map_cells, pixels_around
from fluxscape_dashboard.pages._upload import Upload, UploadCard
from fluxscape_dashboard.pages._widgets import (
    MARGIN,
    NumberField,
    chart_pane,
    choice,
    description,
    fact,
    heading,
    message,
    plain,
    small_table,
    tower_choice,
)
from fluxscape_dashboard.pages.base import PageView, Services
from fluxscape_dashboard.sites import Heights, has_position, heights_of
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.text import t
from fluxscape_dashboard.tower_table import tower_or_none
from fluxscape_dashboard.views.charts import save_as
from fluxscape_dashboard.views.footprint import FootprintMap, MapCells, Scene
from fluxscape_dashboard.views.local_frame import LocalFrame
from fluxscape_dashboard.views.location_bias import LocationBiasChart
from fluxscape_dashboard.views.wind_rose import WindRose

RUN_PARAMETERS: Final = (
    "tower",
    "fp_source",
    "fp_model",
    "fp_height",
    "fp_canopy",
    "fp_period",
    "fp_resolution",
    "fp_extent",
)
"""Parameters whose change asks for a new run."""

WANTED: Final = (
    ("friction_velocity", "work.needed"),
    ("wind_from_direction", "work.needed"),
    ("obukhov_length", "footprint.without_obukhov"),
    ("wind_speed", "footprint.without_wind"),
    ("lateral_velocity_std", "footprint.without_sigma_v"),
    ("boundary_layer_height", "footprint.without_boundary_layer"),
)
"""Inputs of a footprint, and what happens without each."""


Words = Callable[[Any, str], str]


class FootprintPage(PageView):
    """See the module."""

    key: ClassVar[str] = "footprint"

    def __init__(self, state: AppState, services: Services) -> None:
        super().__init__(state, services)
        self._visible = False
        self._stale = True
        self._shown: Saved | None = None
        self._map = FootprintMap()
        self._rose = WindRose()
        self._bias = LocationBiasChart()
        self._run = RunControl(
            self,
            target="fluxscape_dashboard.work.footprint:footprint_of_place",
            on_result=self._take_result,
        )
        self._card = UploadCard(self, wanted=WANTED, on_upload=self._take_upload)
        self._position = PositionFields(self, self._refresh)
        self._heights = {
            name: NumberField(
                self,
                f"footprint.{name}",
                state.param[f"fp_{name}"].bounds,
                partial(self._take_height, name),
            )
            for name in ("height", "canopy")
        }
        self._show_heights()
        self._notes = pn.Column(sizing_mode="stretch_width", margin=0)
        self._facts = pn.Column(sizing_mode="stretch_width", margin=0)
        # An empty map with a scale would look like a finding: there is none before a result.
        self._stage = pn.Column(sizing_mode="stretch_width", margin=0, visible=False)
        self._tabs: dict[str, Any] = {}
        self._exports = pmui.Column(
            heading(self, "work.save"),
            export_row(self, self._map.chart, self._saved),
            sizing_mode="stretch_width",
            margin=0,
            visible=False,
        )
        state.param.watch(self._refresh, list(RUN_PARAMETERS))
        state.param.watch(self._show_layer, "fp_layer")
        state.param.watch(lambda event: self._map.scale(log=event.new), "fp_log")
        state.param.watch(self._show_tab, "fp_tab")
        state.param.watch(lambda _: self._speak(), "lang")

    # ------------------------------------------------------------------ zones
    def selectors(self) -> Any:
        """Return tower, records, model, heights, period, grid and map layer."""
        state = self.state
        upload = pmui.Column(
            self._position.view,
            self._card.view,
            visible=pn.bind(lambda source: source == "upload", state.param.fp_source),
            sizing_mode="stretch_width",
            margin=0,
        )
        return pmui.Column(
            tower_choice(self),
            self._choice("source", buttons=True),
            upload,
            self._choice("model"),
            self._side_by_side(*(field.widget for field in self._heights.values())),
            self._choice("period", period_words),
            self._side_by_side(
                self._choice("resolution", _metres), self._choice("extent", _metres)
            ),
            self._choice("layer"),
            self._log_switch(),
            self._run.view,
            sizing_mode="stretch_width",
            margin=0,
        )

    def _choice(self, name: str, words: Words | None = None, *, buttons: bool = False) -> Any:
        """Return the select of ``fp_<name>``, whose texts begin with its name."""
        return choice(
            self,
            f"fp_{name}",
            f"footprint.{name}",
            self.state.param[f"fp_{name}"].objects,
            words or (lambda value, lang: t(f"footprint.{name}_{value}", lang)),
            buttons=buttons,
        )

    def _side_by_side(self, *widgets: Any) -> Any:
        return pmui.Row(*widgets, margin=0, sizing_mode="stretch_width")

    def _log_switch(self) -> Any:
        switch = pmui.Switch(
            label=self.bound("footprint.log"), value=self.state.param.fp_log, margin=MARGIN
        )
        switch.param.watch(lambda event: self.state.param.update(fp_log=event.new), "value")
        return switch

    def display(self) -> Any:
        """Return the map and, below it, tables and charts."""
        wind = chart_pane(self._rose.chart, margin=0)
        score = chart_pane(self._bias.chart, sizing_mode="stretch_width", margin=0)
        self._tabs = {
            "areas": pn.Column(sizing_mode="stretch_width", margin=0),
            "wind": pn.Column(wind, margin=0),
            "score": pn.Column(pn.Column(margin=0), score, sizing_mode="stretch_width", margin=0),
            "records": pn.Column(sizing_mode="stretch_width", margin=0),
        }
        self._show_tab()
        self._stage.objects = [
            chart_pane(self._map.chart, sizing_mode="stretch_width", margin=0),
            self._choice("tab", buttons=True),
            *self._tabs.values(),
        ]
        return pmui.Column(
            self._notes,
            self._stage,
            sizing_mode="stretch_both",
            scroll="y-auto",
            margin=0,
            sx={"padding": "12px 16px", "height": "100%"},
        )

    def details(self) -> Any:
        """Return the description, the provenance and the downloads."""
        return pmui.Column(
            heading(self, "footprint.title"),
            description(self, "footprint.description"),
            self._facts,
            self._exports,
            pmui.Column(
                self._card.report,
                visible=pn.bind(lambda source: source == "upload", self.state.param.fp_source),
                sizing_mode="stretch_width",
                margin=0,
            ),
            sizing_mode="stretch_width",
            margin=0,
        )

    # ------------------------------------------------------------------ running
    def on_show(self) -> None:
        """Run if something has changed since the last visit."""
        self._visible = True
        if self._stale:
            self._refresh()

    def on_hide(self) -> None:
        """Let later changes wait for the next visit."""
        self._visible = False

    def _refresh(self, *events: Any) -> None:
        """Ask for a run with the present settings."""
        changed = {event.name for event in events}
        if "tower" in changed:
            self._position.follow_tower()
            # Heights belong to a tower: those typed for another one go.
            if not changed & {"fp_height", "fp_canopy"}:
                self.state.param.update(fp_height=None, fp_canopy=None)
        self._show_heights()
        if not self._visible:
            self._stale = True
            return
        self._stale = False
        place = self._present_place()
        self._show_notes()
        if place is None:
            return
        heights = heights_of(place.tower)
        state = self.state
        arguments = {
            "latitude": place.latitude,
            "longitude": place.longitude,
            "utc_offset_hours": place.utc_offset_hours,
            "table": place.table,
            "model": state.fp_model,
            "height": state.fp_height or heights.measurement,
            "canopy": state.fp_canopy or heights.canopy,
            "period": state.fp_period,
            "resolution": float(state.fp_resolution),
            "extent": float(state.fp_extent),
            "cover": place.cover,
        }
        self._run.request(arguments, (place, state.fp_period))

    def _present_place(self) -> Place | None:
        """Return the place of the next run, or None if there is nothing to run."""
        tower = tower_or_none(self.state.tower)
        if tower is None or not has_position(tower):
            return None
        if self.state.fp_source == "simulated":
            return self._position.place(tower, None, 0.0)
        if self._card.upload is None:
            return None
        return self._position.place(tower, self._card.upload, self._card.utc_offset_hours)

    def _take_upload(self, upload: Upload) -> None:
        del upload
        self._refresh()

    def _take_height(self, name: str, value: float) -> None:
        tower = tower_or_none(self.state.tower)
        own = _own_height(heights_of(tower), name) if tower else None
        self.state.param.update(**{f"fp_{name}": None if value == own else value})

    def _show_heights(self) -> None:
        """Put the heights in force into their fields."""
        tower = tower_or_none(self.state.tower)
        if tower is None:
            return
        for name, field in self._heights.items():
            own = _own_height(heights_of(tower), name)
            field.show(getattr(self.state, f"fp_{name}") or own)

    def _take_result(self, result: dict[str, Any], context: tuple[Place, str]) -> None:
        place, period = context
        self._shown = Saved(result, place, period)
        density = result["climatology"]["footprint"]
        x = density["x"].to_numpy()
        rings = {
            area["fraction"]: [ring for polygon in area["polygons"] for ring in polygon]
            for area in result["areas"]
        }
        scene = Scene(
            frame=LocalFrame.at(place.longitude, place.latitude),
            half_width=float(x[-1] + 0.5 * (x[1] - x[0])),
            density=density.to_numpy(),
            rings=rings,
            cells=self._cells(),
            precision=place.precision,
        )
        self._map.show(scene, log=self.state.fp_log)
        self._rose.show(result["wind"], self.state.lang)
        if (score := result["score"]) is not None:
            self._bias.show(score["radii"], score["bias"], score["means"])
        self._speak()

    def _saved(self) -> Saved:
        """Return what is shown; the buttons that ask are hidden while there is nothing."""
        if self._shown is None:
            msg = "there is no footprint to save yet"
            raise RunError(msg)
        return self._shown

    # ------------------------------------------------------------------ showing
    def _cells(self) -> MapCells:
        layer = self.state.fp_layer
        if self._shown is None or layer == "none":
            return MapCells.none()
        place, reach = self._shown.place, 2.0 * float(self.state.fp_extent)
        around = pixels_around(layer, place.longitude, place.latitude, reach)
        return map_cells(layer, around, self.state.lang)

    def _show_layer(self, *_: Any) -> None:
        self._map.show_cells(self._cells())
        self._speak()

    def _show_tab(self, *_: Any) -> None:
        for name, tab in self._tabs.items():
            tab.visible = name == self.state.fp_tab

    def _show_notes(self) -> None:
        found = notes(self.state, self._shown, self._present_place(), self.state.lang)
        self._notes.objects = [message(kind, words) for kind, words in found]

    def _speak(self) -> None:
        """Put everything that is not bound by itself into the present language."""
        lang, shown = self.state.lang, self._shown
        self._exports.visible = self._stage.visible = shown is not None
        self._show_notes()
        if shown is None:
            return
        self._map.show_cells(self._cells())
        self._map.speak(lang, title=title_words(shown, lang), source=caption_words(shown, lang))
        save_as(self._map.chart, shown.name(".png"))
        self._rose.speak(lang, title=t("footprint.rose_title", lang, place=shown.place.short))
        self._speak_score(shown, lang)
        self._tabs["areas"].objects = [
            pmui.Row(
                small_table(areas_table(shown.result, lang)),
                small_table(distances_table(shown.result, lang)),
                sizing_mode="stretch_width",
                margin=0,
            )
        ]
        self._tabs["records"].objects = [small_table(records_table(shown.result, lang))]
        self._facts.objects = [
            fact(name, value) for name, value in provenance_rows(shown.result, lang)
        ]

    def _speak_score(self, shown: Saved, lang: str) -> None:
        words = score_words(shown, lang)
        title = t("footprint.score_title", lang, place=shown.place.short)
        self._bias.speak(lang, title=title, source=t("footprint.score_source", lang))
        self._tabs["score"][0].objects = [plain(line) for line in words]


def _metres(value: int, _: str) -> str:
    return f"{value} m"


def _own_height(heights: Heights, name: str) -> float:
    return heights.measurement if name == "height" else heights.canopy
