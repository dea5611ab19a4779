"""One tower on the Representativeness page: choices, run, figures, downloads."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui

from fluxscape.errors import RunError
from fluxscape_dashboard.pages._footprint_choices import metre_words, model_words
from fluxscape_dashboard.pages._place import Place, PositionFields
from fluxscape_dashboard.pages._raster_upload import RasterCards, option_words
from fluxscape_dashboard.pages._refill import Facts, Messages
from fluxscape_dashboard.pages._representativeness_exports import export_row
from fluxscape_dashboard.pages._representativeness_limits import LimitFields
from fluxscape_dashboard.pages._representativeness_stage import WIDE, TowerFigures
from fluxscape_dashboard.pages._representativeness_words import (
    Assessed,
    notes,
    provenance_rows,
)
from fluxscape_dashboard.pages._run import RunControl
from fluxscape_dashboard.pages._upload import UploadCard
from fluxscape_dashboard.pages._widgets import NumberField, choice, heading, tower_choice
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.pages.footprint import WANTED
from fluxscape_dashboard.safe import label
from fluxscape_dashboard.sites import has_position, heights_of
from fluxscape_dashboard.state_footprint import MODELS
from fluxscape_dashboard.state_representativeness import EXTENTS, TABS
from fluxscape_dashboard.text import t
from fluxscape_dashboard.tower_table import tower_or_none

RUN_PARAMETERS: Final = (
    "tower",
    "fp_model",
    "fp_height",
    "fp_canopy",
    "rep_source",
    "rep_maps",
    "rep_seed",
    "rep_extent",
    "rep_limits",
)
"""Parameters whose change asks for a new run."""


class TowerHalf:
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
        self._shown: Assessed | None = None
        state = page.state
        self._run = RunControl(
            page,
            target="fluxscape_dashboard.work.representativeness:assess_place",
            on_result=self._take_result,
            timeout_seconds=300.0,
        )
        self._card = UploadCard(page, wanted=WANTED, on_upload=lambda _: self._refresh())
        self._position = PositionFields(page, self._refresh)
        self._rasters = RasterCards(page, self._refresh)
        self._limits = LimitFields(page)
        self._seed = NumberField(
            page,
            "representativeness.seed",
            state.param.rep_seed.bounds,
            lambda value: page.change(rep_seed=int(value)),
            value=state.rep_seed,
            step=1,
            pattern="0",
        )
        self._figures = TowerFigures(page)
        self._notes, self._empty, self._facts = Messages(), Messages(), Facts()
        self._stage = pn.Column(visible=False, **WIDE)
        self.selectors = self._make_selectors()
        self.display = self._make_display()
        self.details = self._make_details()
        state.param.watch(self._refresh, list(RUN_PARAMETERS))
        state.param.watch(lambda _: self._show_tab(), "rep_tab")
        state.param.watch(lambda _: self._speak(), "lang")

    # ------------------------------------------------------------------ zones
    def _select(self, name: str, *, buttons: bool = False) -> Any:
        page = self._page
        return choice(
            page,
            f"rep_{name}",
            f"representativeness.{name}",
            page.state.param[f"rep_{name}"].objects,
            partial(option_words, name),
            buttons=buttons,
        )

    def _make_selectors(self) -> Any:
        page, state = self._page, self._page.state
        source = choice(
            page,
            "rep_source",
            "footprint.source",
            state.param.rep_source.objects,
            lambda value, lang: t(f"footprint.source_{value}", lang),
            buttons=True,
        )
        upload = pmui.Column(
            self._position.view,
            self._card.view,
            visible=pn.bind(lambda chosen: chosen == "upload", state.param.rep_source),
            **WIDE,
        )
        another = pmui.Button(
            label=page.bound("representativeness.seed_next"),
            icon="casino",
            size="small",
            variant="outlined",
            on_click=lambda _: page.change(rep_seed=(state.rep_seed + 1) % 100_000),
            margin=(4, 0),
        )
        simulated = pmui.Column(
            self._seed.widget,
            another,
            visible=pn.bind(lambda chosen: chosen == "simulated", state.param.rep_maps),
            **WIDE,
        )
        rasters = pmui.Column(
            self._rasters.view,
            visible=pn.bind(lambda chosen: chosen == "upload", state.param.rep_maps),
            **WIDE,
        )
        model = choice(page, "fp_model", "footprint.model", MODELS, model_words)
        extent = choice(page, "rep_extent", "representativeness.extent", EXTENTS, metre_words)
        return pmui.Column(
            tower_choice(page),
            source,
            upload,
            self._select("maps", buttons=True),
            simulated,
            rasters,
            model,
            extent,
            self._limits.view,
            self._run.view,
            **WIDE,
        )

    def _make_display(self) -> Any:
        self._stage.objects = [
            self._figures.cards.pane,
            choice(
                self._page,
                "rep_tab",
                "representativeness.tab",
                TABS,
                partial(option_words, "tab"),
                buttons=True,
            ),
            *self._figures.tabs.values(),
        ]
        self._show_tab()
        return pn.Column(self._notes.column, self._empty.column, self._stage, **WIDE)

    def _make_details(self) -> Any:
        page = self._page
        self._exports = pmui.Column(
            heading(page, "work.save"),
            export_row(page, self._figures.pictures(), self._saved),
            visible=False,
            **WIDE,
        )
        report = pmui.Column(
            self._card.report,
            visible=pn.bind(lambda chosen: chosen == "upload", page.state.param.rep_source),
            **WIDE,
        )
        return pn.Column(self._facts.pane, self._exports, report, **WIDE)

    # ------------------------------------------------------------------ running
    def show(self, *, visible: bool) -> None:
        """Run if something has changed since the last visit."""
        self._visible = visible
        if visible and self._stale:
            self._refresh()

    def _refresh(self, *events: Any) -> None:
        """Ask for a run with the present settings."""
        state = self._page.state
        changed = {event.name for event in events}
        if "tower" in changed:
            self._position.follow_tower()
            self._page.change(rep_place=None)
        self._seed.show(state.rep_seed)
        if not self._visible:
            self._stale = True
            return
        self._stale = False
        place = self._present_place()
        self._show_notes()
        layers = self._layers()
        if place is None or layers is None:
            return
        heights = heights_of(place.tower)
        arguments = {
            "latitude": place.latitude,
            "longitude": place.longitude,
            "table": place.table,
            "model": state.fp_model,
            "height": state.fp_height or heights.measurement,
            "canopy": state.fp_canopy or heights.canopy,
            "extent": float(state.rep_extent),
            "cover": place.tower.igbp,
            "seed": state.rep_seed,
            "layers": layers,
            "limits": dict(state.rep_limits),
        }
        self._run.request(arguments, (place, not layers))

    def _present_place(self) -> Place | None:
        """Return the place of the next run, or None if there is nothing to run."""
        tower = tower_or_none(self._page.state.tower)
        if tower is None or not has_position(tower):
            return None
        if self._page.state.rep_source == "simulated":
            return self._position.place(tower, None, 0.0)
        if self._card.upload is None:
            return None
        return self._position.place(tower, self._card.upload, self._card.utc_offset_hours)

    def _layers(self) -> dict[str, dict[str, str]] | None:
        """Return the uploaded rasters, none for the simulated landscape, or None to wait."""
        if self._page.state.rep_maps == "simulated":
            return {}
        return self._rasters.layers() or None

    def _take_result(self, result: dict[str, Any], context: tuple[Place, bool]) -> None:
        self._shown = Assessed(result, context[0], simulated=context[1])
        self._figures.show(self._shown)
        self._speak()

    def _saved(self) -> Assessed:
        """Return what is shown; the buttons that ask are hidden while there is nothing."""
        if self._shown is None:
            msg = "there is no assessment to save yet"
            raise RunError(msg)
        return self._shown

    # ------------------------------------------------------------------ showing
    def _show_tab(self) -> None:
        for name, tab in self._figures.tabs.items():
            tab.visible = name == self._page.state.rep_tab

    def _show_notes(self) -> None:
        lang, place = self._page.state.lang, self._present_place()
        found = notes(self._shown, place, lang)
        if place is not None and self._layers() is None:
            found.insert(0, ("info", t("representativeness.empty_rasters", lang)))
        self._notes.show(found)
        words = [] if self._shown is not None else self._empty_words(place, lang)
        self._empty.show([("info", *words)] if words else [])

    def _empty_words(self, place: Place | None, lang: str) -> list[str]:
        if place is not None:
            if self._layers() is None:
                return [t("representativeness.empty_what", lang)]
            return [t("representativeness.empty_wait", lang)]
        tower = tower_or_none(self._page.state.tower)
        if tower is None:
            return [t("work.choose_tower", lang), t("representativeness.empty_what", lang)]
        if not has_position(tower):
            return [t("work.no_position", lang, site=label(tower.site))]
        return [t("work.choose_file", lang), t("representativeness.empty_what", lang)]

    def _speak(self) -> None:
        """Put everything that is not bound by itself into the present language."""
        lang, shown = self._page.state.lang, self._shown
        self._exports.visible = self._stage.visible = shown is not None
        self._show_notes()
        if shown is not None:
            self._figures.speak(shown, lang)
            self._facts.show(provenance_rows(shown, lang))
