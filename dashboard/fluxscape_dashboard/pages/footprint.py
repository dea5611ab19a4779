"""The Footprint page: what ground the tower sees, over a map, with a first score."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar, Final

import panel as pn
import panel_material_ui as pmui

from fluxscape.errors import RunError
from fluxscape_dashboard.pages._downloads import picture_button
from fluxscape_dashboard.pages._footprint_choices import (
    RecordChoices,
    grid_words,
    log_switch,
    model_words,
    select,
    side_by_side,
)
from fluxscape_dashboard.pages._footprint_exports import Saved, export_row
from fluxscape_dashboard.pages._footprint_stage import Figures
from fluxscape_dashboard.pages._footprint_words import (
    areas_table,
    assumption_lines,
    distances_table,
    empty_words,
    notes,
    period_words,
    provenance_rows,
    records_table,
    score_words,
)
from fluxscape_dashboard.pages._place import Place, PositionFields
from fluxscape_dashboard.pages._refill import Facts, Lines, Messages, Table
from fluxscape_dashboard.pages._run import RunControl
from fluxscape_dashboard.pages._surroundings import map_cells, pixels_around
from fluxscape_dashboard.pages._upload import Upload, UploadCard
from fluxscape_dashboard.pages._widgets import (
    NumberField,
    chart_pane,
    description,
    heading,
    tower_choice,
)
from fluxscape_dashboard.pages.base import PageView, Services
from fluxscape_dashboard.sites import Heights, has_position, heights_of
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.state_footprint import NO_MODEL, grid_of
from fluxscape_dashboard.tower_table import tower_or_none
from fluxscape_dashboard.views.footprint_scene import MapCells

RUN_PARAMETERS: Final = (
    "tower",
    "fp_source",
    "fp_model",
    "fp_other",
    "fp_height",
    "fp_canopy",
    "fp_period",
    "fp_light",
    "fp_year",
    "fp_weight",
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


class FootprintPage(PageView):
    """See the module."""

    key: ClassVar[str] = "footprint"

    def __init__(self, state: AppState, services: Services) -> None:
        super().__init__(state, services)
        self._visible = False
        self._stale = True
        self._shown: Saved | None = None
        self._figures = Figures()
        self._choices = RecordChoices(self)
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
        self._notes, self._empty = Messages(), Messages()
        self._facts, self._score = Facts(), Lines()
        self._areas, self._distances = Table(), Table()
        self._records, self._assumptions = Table(), Lines()
        # An empty map with a scale would look like a finding: there is none before a result.
        self._stage = pn.Column(sizing_mode="stretch_width", margin=0, visible=False)
        self._tabs: dict[str, Any] = {}
        self._exports = pmui.Column(
            heading(self, "work.save"),
            export_row(self, self._pictures(), self._saved),
            sizing_mode="stretch_width",
            margin=0,
            visible=False,
        )
        state.param.watch(self._refresh, list(RUN_PARAMETERS))
        state.param.watch(self._show_layer, "fp_layer")
        state.param.watch(lambda event: self._figures.scale(log=event.new), "fp_log")
        state.param.watch(self._show_tab, "fp_tab")
        state.param.watch(lambda _: self._speak(), "lang")

    def _pictures(self) -> list[Any]:
        """Return the buttons that save the maps."""
        figures = self._figures
        beside = pn.bind(lambda other: other != NO_MODEL, self.state.param.fp_other)
        second = picture_button(self, figures.second.chart, "footprint.save_second")
        difference = picture_button(self, figures.difference.chart, "footprint.save_difference")
        for button in (second, difference):
            button.visible = beside
        return [picture_button(self, figures.map.chart), second, difference]

    # ------------------------------------------------------------------ zones
    def selectors(self) -> Any:
        """Return tower, records, models, heights, period, weight, grid and map layer."""
        state = self.state
        upload = pmui.Column(
            self._position.view,
            self._card.view,
            visible=pn.bind(lambda source: source == "upload", state.param.fp_source),
            sizing_mode="stretch_width",
            margin=0,
        )
        heights = side_by_side(*(field.widget for field in self._heights.values()))
        heights.visible = pn.bind(bool, state.param.tower)
        return pmui.Column(
            tower_choice(self),
            select(self, "source", buttons=True),
            upload,
            select(self, "model", model_words),
            select(self, "other", model_words),
            heights,
            select(self, "period", period_words),
            side_by_side(select(self, "light"), self._choices.year),
            self._choices.weight,
            side_by_side(
                select(self, "resolution", grid_words), select(self, "extent", grid_words)
            ),
            select(self, "layer"),
            log_switch(self),
            self._run.view,
            sizing_mode="stretch_width",
            margin=0,
        )

    def display(self) -> Any:
        """Return the maps and, below them, tables and charts."""
        figures = self._figures
        wide: dict[str, Any] = {"sizing_mode": "stretch_width", "margin": 0}
        self._tabs = {
            "areas": pn.Column(pmui.Row(self._areas.pane, self._distances.pane, **wide), **wide),
            "wind": pn.Column(
                pmui.Row(
                    pn.Column(chart_pane(figures.rose.chart, margin=0), width=400, margin=0),
                    chart_pane(figures.stability.chart, **wide),
                    **wide,
                ),
                pmui.Row(
                    picture_button(self, figures.rose.chart, "footprint.save_rose"),
                    picture_button(self, figures.stability.chart, "footprint.save_stability"),
                    margin=0,
                ),
                **wide,
            ),
            "score": pn.Column(
                self._score.pane,
                chart_pane(figures.bias.chart, **wide),
                picture_button(self, figures.bias.chart, "footprint.save_bias"),
                **wide,
            ),
            "records": pn.Column(self._records.pane, self._assumptions.pane, **wide),
        }
        self._show_tab()
        self._stage.objects = [
            figures.maps,
            select(self, "tab", buttons=True),
            *self._tabs.values(),
        ]
        return pmui.Column(
            self._notes.column,
            self._empty.column,
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
            self._facts.pane,
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
        height = state.fp_height or heights.measurement
        canopy = state.fp_canopy or heights.canopy
        resolution, extent = grid_of(state.fp_resolution, state.fp_extent, height, canopy)
        arguments = {
            "latitude": place.latitude,
            "longitude": place.longitude,
            "utc_offset_hours": place.utc_offset_hours,
            "table": place.table,
            "model": state.fp_model,
            "other": "" if state.fp_other == NO_MODEL else state.fp_other,
            "weight": state.fp_weight,
            "height": height,
            "canopy": canopy,
            "period": state.footprint_period,
            "resolution": resolution,
            "extent": extent,
            "cover": place.cover,
            "with_score": state.fp_tab == "score",
        }
        self._run.request(arguments, (place, state.footprint_period))

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
        self._choices.follow(upload)
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
        state = self.state
        self._figures.show(self._shown, self._cells(), log=state.fp_log, lang=state.lang)
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
        place, reach = self._shown.place, 2.0 * self._shown.reach
        around = pixels_around(layer, place.longitude, place.latitude, reach)
        return map_cells(layer, around, self.state.lang)

    def _show_layer(self, *_: Any) -> None:
        self._figures.show_cells(self._cells())

    def _show_tab(self, *_: Any) -> None:
        for name, tab in self._tabs.items():
            tab.visible = name == self.state.fp_tab
        shown = self._shown
        if self.state.fp_tab == "score" and shown is not None and not shown.result["with_score"]:
            self._refresh()

    def _show_notes(self) -> None:
        lang, place = self.state.lang, self._present_place()
        self._notes.show(notes(self.state, self._shown, place, lang))
        words = empty_words(self.state, place, lang) if self._shown is None else []
        self._empty.show([("info", *words)] if words else [])

    def _speak(self) -> None:
        """Put everything that is not bound by itself into the present language."""
        lang, shown = self.state.lang, self._shown
        self._exports.visible = self._stage.visible = shown is not None
        self._show_notes()
        if shown is None:
            return
        self._figures.show_cells(self._cells())
        self._figures.speak(shown, lang)
        result = shown.result
        self._areas.show(areas_table(result, lang))
        self._distances.show(distances_table(result, lang))
        self._score.show(score_words(shown, lang))
        self._records.show(records_table(result, lang))
        self._assumptions.show(assumption_lines(result, lang))
        self._facts.show(provenance_rows(result, lang))


def _own_height(heights: Heights, name: str) -> float:
    return heights.measurement if name == "height" else heights.canopy
