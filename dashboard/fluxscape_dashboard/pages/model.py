"""The Model page: turn a model's parameters, see the fluxes move, calibrate it to measured ones."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import panel as pn
import panel_material_ui as pmui

from fluxscape.errors import FluxscapeError, RunError
from fluxscape_dashboard.pages._model_calibration import CalibrationTab
from fluxscape_dashboard.pages._model_choices import (
    PeriodChoices,
    compare_choice,
    ground_choices,
    model_choice,
    source_choice,
)
from fluxscape_dashboard.pages._model_display import ModelDisplay, Picture
from fluxscape_dashboard.pages._model_exports import ParameterLoader, export_row
from fluxscape_dashboard.pages._model_parameters import ModelParameters
from fluxscape_dashboard.pages._model_runs import ModelRun, RunStore, place_key, site_fields
from fluxscape_dashboard.pages._model_words import (
    notes,
    provenance_rows,
    series_title,
    set_words,
    sums_table,
)
from fluxscape_dashboard.pages._parameters import ParameterSliders
from fluxscape_dashboard.pages._place import Place, PositionFields
from fluxscape_dashboard.pages._refill import Facts, Messages, Table
from fluxscape_dashboard.pages._run import RunControl
from fluxscape_dashboard.pages._upload import UploadCard
from fluxscape_dashboard.pages._widgets import (
    MARGIN,
    choice,
    description,
    heading,
    tower_choice,
)
from fluxscape_dashboard.pages.base import PageView, Services
from fluxscape_dashboard.sites import has_position
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.text import t
from fluxscape_dashboard.tower_table import tower_or_none
from fluxscape_dashboard.views.series import weeks_in
from fluxscape_dashboard.work.model_sets import ModelSet
from fluxscape_dashboard.work.periods import Period

RUN_PARAMETERS: Final = (
    "tower",
    "dlm_model",
    "dlm_source",
    "dlm_type",
    "dlm_soil",
    "dlm_params",
    "dlm_compare",
    "dlm_kept",
)
"""Parameters whose change may ask for a new run."""

SHOW_PARAMETERS: Final = (
    "dlm_view",
    "dlm_week",
    "dlm_year",
    "dlm_part",
    "dlm_cal_streams",
    "dlm_cal_parameters",
    "dlm_cal_truth",
    "lang",
)
"""Parameters whose change only redraws."""

WANTED: Final = (
    ("surface_downwelling_shortwave_flux", "model.without_shortwave"),
    ("air_temperature", "work.needed"),
    ("vapour_pressure_deficit", "model.without_humidity"),
    ("surface_downwelling_longwave_flux", "model.without_longwave"),
    ("wind_speed", "model.without_wind"),
    ("air_pressure", "model.without_pressure"),
    ("precipitation_flux", "model.without_rain"),
    ("carbon_dioxide_mole_fraction", "model.without_co2"),
    ("leaf_area_index", "model.without_lai"),
)
"""Inputs of the models, and what happens without each."""


class ModelPage(PageView):
    """See the module."""

    key: ClassVar[str] = "model"

    def __init__(self, state: AppState, services: Services) -> None:
        super().__init__(state, services)
        self._visible, self._stale = False, True
        self._store = RunStore()
        self._shown: ModelRun | None = None
        self._previous: ModelRun | None = None
        self._file_error: tuple[FluxscapeError, str] | None = None
        self._display = ModelDisplay(self)
        self._run = RunControl(
            self,
            target="fluxscape_dashboard.work.model:run_models",
            on_result=self._take_result,
        )
        self._card = UploadCard(self, wanted=WANTED, on_upload=lambda _: self._refresh())
        self._position = PositionFields(self, self._refresh)
        self._parameters = parameters = ModelParameters(self)
        self._sliders = ParameterSliders(
            self, on_change=parameters.change_one, on_reset=parameters.reset
        )
        self._loader = ParameterLoader(
            self,
            defaults=parameters.defaults,
            on_load=self._load_parameters,
            on_error=self._refuse_file,
        )
        self._calibration = CalibrationTab(
            self,
            place=self._present_place,
            made_with=self._parameters.present,
            kept=self._parameters.kept,
            on_accept=self._parameters.accept,
        )
        self._period = PeriodChoices(self)
        self._notes, self._sums, self._facts = Messages(), Table(), Facts()
        self._exports = pmui.Column(
            heading(self, "work.save"),
            export_row(self, self._saved),
            sizing_mode="stretch_width",
            margin=0,
            visible=False,
        )
        self._week = pmui.IntSlider(
            label=self.bound("model.week"),
            start=1,
            end=53,
            value=state.param.dlm_week,
            size="small",
            width=260,
            margin=(0, 16),
        )
        self._week.param.watch(
            lambda event: state.param.update(dlm_week=event.new), "value_throttled"
        )
        state.param.watch(self._refresh, list(RUN_PARAMETERS))
        state.param.watch(lambda *_: self._speak(), list(SHOW_PARAMETERS))

    # ------------------------------------------------------------------ zones
    def selectors(self) -> Any:
        """Return tower, model, forcing, land cover, soil, the run, and the parameters."""
        upload = pmui.Column(
            self._position.view,
            self._card.view,
            visible=pn.bind(lambda source: source == "upload", self.state.param.dlm_source),
            sizing_mode="stretch_width",
            margin=0,
        )
        return pmui.Column(
            tower_choice(self),
            model_choice(self),
            source_choice(self),
            upload,
            *ground_choices(self),
            self._period.view,
            compare_choice(self, self._parameters.keep),
            self._run.view,
            heading(self, "model.parameters"),
            self._parameters.sets.view,
            self._sliders.view,
            pmui.Button(
                label=self.bound("model.reset_all"),
                icon="restart_alt",
                variant="text",
                size="small",
                on_click=lambda _: self.state.param.update(dlm_params={}),
                margin=MARGIN,
            ),
            self._loader.button,
            sizing_mode="stretch_width",
            margin=0,
        )

    def display(self) -> Any:
        """Return the charts of the chosen view."""
        views = choice(
            self,
            "dlm_view",
            "model.view",
            self.state.param.dlm_view.objects,
            lambda value, lang: t(f"model.view_{value}", lang),
            buttons=True,
        )
        return pmui.Column(
            self._notes.column,
            views,
            pmui.Row(
                self._week,
                visible=pn.bind(lambda view: view == "week", self.state.param.dlm_view),
                margin=0,
            ),
            self._display.view,
            self._calibration.view,
            sizing_mode="stretch_both",
            scroll="y-auto",
            margin=0,
            sx={"padding": "12px 16px", "height": "100%"},
        )

    def details(self) -> Any:
        """Return the description, the sums of the period, the provenance and the downloads."""
        return pmui.Column(
            heading(self, "model.title"),
            description(self, "model.description"),
            self._sums.pane,
            self._facts.pane,
            self._exports,
            pmui.Column(
                self._card.report,
                visible=pn.bind(lambda source: source == "upload", self.state.param.dlm_source),
                sizing_mode="stretch_width",
                margin=0,
            ),
            sizing_mode="stretch_width",
            margin=0,
        )

    def _refuse_file(self, error: FluxscapeError, name: str) -> None:
        self._file_error = (error, name)
        self._speak()

    def _load_parameters(self, changes: dict[str, float], name: str) -> None:
        self._file_error = None
        self._parameters.load(changes, name)
        self._speak()

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
        """Show the run with the present settings, or ask for it."""
        changed = {event.name: event for event in events}
        if "tower" in changed:
            self._position.follow_tower()
        if "dlm_model" in changed and "dlm_params" not in changed:
            own = dict(self.state.dlm_params)
            self._parameters.switch_model(changed["dlm_model"].old)
            if own != self.state.dlm_params:
                # That change was watched too, and has done what follows.
                return
        if not self._visible:
            self._stale = True
            return
        self._stale = False
        made_with = self._parameters.present()
        self._sliders.show(made_with.parameters(), made_with.defaults())
        place = self._present_place()
        if place is None:
            self._speak()
            return
        wanted = dict.fromkeys([made_with, *self._beside(made_with)])
        missing = [item for item in wanted if self._store.find(place, item) is None]
        present = self._store.find(place, made_with)
        if present is not None:
            self._show(present)
        if missing:
            arguments = {
                "site": site_fields(place),
                "sets": [item.to_entries() for item in missing],
            }
            self._run.request(arguments, (place, missing))

    def _beside(self, made_with: ModelSet) -> list[ModelSet]:
        """Return what must be run to be drawn beside the present run."""
        if self.state.dlm_compare == "default" and made_with.changes:
            return [made_with.default]
        kept = self._parameters.kept() if self.state.dlm_compare == "kept" else None
        return [] if kept is None else [kept]

    def _present_place(self) -> Place | None:
        """Return the place of the next run, or None if there is nothing to run."""
        tower = tower_or_none(self.state.tower)
        if tower is None or not has_position(tower):
            return None
        if self.state.dlm_source == "simulated":
            return self._position.place(tower, None, 0.0)
        if self._card.upload is None:
            return None
        return self._position.place(tower, self._card.upload, self._card.utc_offset_hours)

    def _take_result(self, result: dict[str, Any], context: Any) -> None:
        place, sets = context
        for made_with, parts in zip(sets, result["runs"], strict=True):
            run = ModelRun(parts["series"], parts["profile"], place, made_with, result["observed"])
            self._store.keep(run)
        # What the sliders said when the run began may be the past by now.
        wanted = self._present_place()
        present = None if wanted is None else self._store.find(wanted, self._parameters.present())
        found = present or self._store.find(place, sets[0])
        if found is not None:
            self._show(found)

    def _show(self, run: ModelRun) -> None:
        before = self._shown
        if run is not before:
            near = before is not None and place_key(before.place) == place_key(run.place)
            self._previous, self._shown = before if near else None, run
        self._speak()

    def _saved(self) -> ModelRun:
        """Return what is shown; the buttons that ask are hidden while there is nothing."""
        if self._shown is None:
            msg = "there is no run to save yet"
            raise RunError(msg)
        return self._within(self._shown)

    # ------------------------------------------------------------------ showing
    def _compared(self) -> ModelRun | None:
        """Return the run that is drawn beside the present one."""
        run = self._shown
        if run is None or self.state.dlm_compare == "none":
            return None
        if self.state.dlm_compare == "previous":
            return self._previous
        beside = self._beside(run.made_with)
        found = self._store.find(run.place, beside[0]) if beside else None
        return None if found is run else found

    def _within(self, run: ModelRun) -> ModelRun:
        """Return the part of a run that lies in the chosen period."""
        return run.within(Period(self.state.dlm_year, self.state.dlm_part))

    def _speak(self) -> None:
        """Bring charts and words up to the present run, view, period and language."""
        if not self._visible:
            self._stale = True
            return
        state, lang = self.state, self.state.lang
        place, run = self._present_place(), self._shown
        self._say_notes(place, lang)
        if run is not None:
            self._period.show(run.years())
            run = self._within(run)
            weeks = weeks_in(run.data["time"].to_numpy())
            self._week.end = max(2, weeks)
            if state.dlm_week > weeks:
                # This parameter is watched: what follows is done with the week that there is.
                state.dlm_week = weeks
                return
        self._calibration.show(visible=state.dlm_view == "calibrate")
        if state.dlm_view == "calibrate":
            self._display.hide()
        else:
            self._display.update(state.dlm_view, None if run is None else self._picture(run))
        self._exports.visible = run is not None
        if run is not None:
            self._sums.show(sums_table(run, lang))
            self._facts.show(provenance_rows(run, lang))

    def _say_notes(self, place: Place | None, lang: str) -> None:
        """Show what must be said above the charts."""
        words = notes(self.state, place, self._parameters.present(), self._shown, lang)
        boxes: list[tuple[str, ...]] = [("info", line) for line in words]
        if self.state.dlm_compare == "kept" and not self.state.dlm_kept:
            boxes.append(("info", t("model.note_nothing_kept", lang)))
        if self._file_error is not None:
            error, name = self._file_error
            boxes.insert(0, ("error", t("work.upload_failed", lang, name=name), error.message))
        self._notes.show(boxes)

    def _picture(self, run: ModelRun) -> Picture:
        """Return what the charts draw."""
        lang = self.state.lang
        compared = self._compared()
        other = None if compared is None else compared.made_with
        names = {
            "modelled": series_title(run.made_with, other, lang),
            "compared": "" if other is None else self._beside_words(other, lang),
            "observed": t("model.legend_observed", lang),
        }
        beside = None if compared is None else self._within(compared)
        return Picture(run, beside, names, self.state.dlm_week, lang)

    def _beside_words(self, other: ModelSet, lang: str) -> str:
        """Return the name of what stands beside the present run."""
        if self.state.dlm_compare == "kept":
            return t("model.legend_kept", lang, name=set_words(other, lang))
        return t(f"model.legend_{self.state.dlm_compare}", lang)
