"""The Model page: turn the land-surface model's parameters and see the fluxes move."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Final

import panel as pn
import panel_material_ui as pmui

from fluxscape.dlm import DlmParameters, parameters_for
from fluxscape.errors import FluxscapeError, MissingVariableError, OutOfBoundsError, RunError
from fluxscape_dashboard.pages._errors import error_alert
from fluxscape_dashboard.pages._model_display import ModelDisplay
from fluxscape_dashboard.pages._model_exports import ParameterLoader, export_row
from fluxscape_dashboard.pages._model_words import ModelRun, notes, provenance_rows, sums_table
from fluxscape_dashboard.pages._parameters import ParameterSliders
from fluxscape_dashboard.pages._place import Place, PositionFields
from fluxscape_dashboard.pages._run import RunControl
from fluxscape_dashboard.pages._upload import UploadCard
from fluxscape_dashboard.pages._widgets import (
    MARGIN,
    choice,
    description,
    fact,
    heading,
    message,
    small_table,
    tower_choice,
)
from fluxscape_dashboard.pages.base import PageView, Services
from fluxscape_dashboard.sites import UNKNOWN_COVER, has_position, heights_of
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.state_model import COVER_TYPES
from fluxscape_dashboard.text import t
from fluxscape_dashboard.tower_table import tower_or_none
from fluxscape_dashboard.views.series import weeks_in

RUN_PARAMETERS: Final = ("tower", "dlm_source", "dlm_type", "dlm_soil", "dlm_params")
"""Parameters whose change asks for a new run."""

SHOW_PARAMETERS: Final = ("dlm_view", "dlm_week", "dlm_compare", "lang")
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
"""Inputs of the model, and what happens without each."""


class ModelPage(PageView):
    """See the module."""

    key: ClassVar[str] = "model"

    def __init__(self, state: AppState, services: Services) -> None:
        super().__init__(state, services)
        self._visible, self._stale = False, True
        self._shown: ModelRun | None = None
        self._default: ModelRun | None = None
        self._previous: ModelRun | None = None
        self._file_error: tuple[FluxscapeError, str] | None = None
        self._display = ModelDisplay()
        self._run = RunControl(
            self,
            target="fluxscape_dashboard.work.model:run_model",
            on_result=self._take_result,
        )
        self._card = UploadCard(self, wanted=WANTED, on_upload=lambda _: self._refresh())
        self._position = PositionFields(self, self._refresh)
        self._sliders = ParameterSliders(
            self, on_change=self._change_parameter, on_reset=self._reset_parameters
        )
        self._loader = ParameterLoader(
            self, base=self._base, on_load=self._load_parameters, on_error=self._refuse_file
        )
        self._notes = pn.Column(sizing_mode="stretch_width", margin=0)
        self._facts = pn.Column(sizing_mode="stretch_width", margin=0)
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
        """Return tower, forcing, land cover, soil, the run, and the parameters."""
        state = self.state
        upload = pmui.Column(
            self._position.view,
            self._card.view,
            visible=pn.bind(lambda source: source == "upload", state.param.dlm_source),
            sizing_mode="stretch_width",
            margin=0,
        )
        return pmui.Column(
            tower_choice(self),
            choice(
                self,
                "dlm_source",
                "model.forcing",
                state.param.dlm_source.objects,
                lambda value, lang: t(f"footprint.source_{value}", lang),
                buttons=True,
            ),
            upload,
            choice(self, "dlm_type", "model.type", ("", *COVER_TYPES), _type_words),
            choice(
                self,
                "dlm_soil",
                "model.soil",
                state.param.dlm_soil.objects,
                lambda value, lang: t(f"model.soil_{value}", lang),
            ),
            choice(
                self,
                "dlm_compare",
                "model.compare",
                state.param.dlm_compare.objects,
                lambda value, lang: t(f"model.compare_{value}", lang),
            ),
            self._run.view,
            heading(self, "model.parameters"),
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
            self._notes,
            views,
            pmui.Row(
                self._week,
                visible=pn.bind(lambda view: view == "week", self.state.param.dlm_view),
                margin=0,
            ),
            self._display.view,
            sizing_mode="stretch_both",
            scroll="y-auto",
            margin=0,
            sx={"padding": "12px 16px", "height": "100%"},
        )

    def details(self) -> Any:
        """Return the description, the sums of the year, the provenance and the downloads."""
        return pmui.Column(
            heading(self, "model.title"),
            description(self, "model.description"),
            self._facts,
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

    # ------------------------------------------------------------------ parameters
    def _base(self) -> tuple[str, str]:
        """Return land cover and soil of the default parameters."""
        tower = tower_or_none(self.state.tower)
        own = tower.igbp if tower is not None and tower.igbp in COVER_TYPES else UNKNOWN_COVER
        return self.state.dlm_type or own, self.state.dlm_soil

    def _parameters(self) -> tuple[DlmParameters, DlmParameters]:
        """Return the parameters in force and their defaults; what an address spoilt is dropped."""
        defaults = parameters_for(*self._base())
        kept: dict[str, float] = {}
        for name, value in self.state.dlm_params.items():
            try:
                defaults.replace({name: value})
            except (MissingVariableError, OutOfBoundsError):
                self.services.notify("warning", "model.bad_parameter", name=name, value=value)
            else:
                kept[name] = value
        if kept != self.state.dlm_params:
            self.state.dlm_params = kept
        return defaults.replace(kept), defaults

    def _change_parameter(self, name: str, value: float) -> None:
        _, defaults = self._parameters()
        changes = dict(self.state.dlm_params) | {name: value}
        if math.isclose(value, getattr(defaults, name), rel_tol=1e-9):
            del changes[name]
        self.state.dlm_params = changes

    def _reset_parameters(self, names: tuple[str, ...]) -> None:
        changes = {k: v for k, v in self.state.dlm_params.items() if k not in names}
        self.state.dlm_params = changes

    def _load_parameters(self, changes: dict[str, float], name: str) -> None:
        self._file_error = None
        self.services.notify("success", "model.loaded", name=name, count=len(changes))
        self.state.dlm_params = changes
        self._speak()

    def _refuse_file(self, error: FluxscapeError, name: str) -> None:
        self._file_error = (error, name)
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
        """Ask for a run with the present settings."""
        if any(event.name == "tower" for event in events):
            self._position.follow_tower()
        if not self._visible:
            self._stale = True
            return
        self._stale = False
        parameters, defaults = self._parameters()
        self._sliders.show(parameters, defaults)
        place = self._present_place()
        if place is None:
            self._speak()
            return
        igbp, soil = self._base()
        changes = dict(self.state.dlm_params)
        elevation = place.tower.elevation
        arguments = {
            "latitude": place.latitude,
            "longitude": place.longitude,
            "elevation": elevation if math.isfinite(elevation) and not place.upload else None,
            "height": heights_of(place.tower).measurement,
            "table": place.table,
            "igbp": igbp,
            "soil": soil,
            "changes": changes,
            "with_default": bool(changes) and not _same_base(self._default, place, igbp, soil),
        }
        self._run.request(arguments, (place, igbp, soil, changes))

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

    def _take_result(self, result: dict[str, Any], context: tuple[Any, ...]) -> None:
        place, igbp, soil, changes = context

        def made(data: Any, changed: dict[str, float]) -> ModelRun:
            observed, scores = result["observed"], result["scores"]
            return ModelRun(data, place, igbp, soil, changed, observed, scores)

        run = made(result["run"], changes)
        same = _same_base(self._shown, place, igbp, soil)
        self._previous = self._shown if same else None
        if not changes:
            self._default = run
        elif result["default"] is not None:
            self._default = made(result["default"], {})
        self._shown = run
        self._speak()

    def _saved(self) -> ModelRun:
        """Return what is shown; the buttons that ask are hidden while there is nothing."""
        if self._shown is None:
            msg = "there is no run to save yet"
            raise RunError(msg)
        return self._shown

    # ------------------------------------------------------------------ showing
    def _compared(self) -> ModelRun | None:
        """Return the run that is drawn beside the present one."""
        run = self._shown
        if run is None or self.state.dlm_compare == "none":
            return None
        if self.state.dlm_compare == "previous":
            return self._previous
        base = self._default if run.changes else None
        return base if _same_base(base, run.place, run.igbp, run.soil) else None

    def _speak(self) -> None:
        """Bring charts and words up to the present run, view and language."""
        if not self._visible:
            self._stale = True
            return
        state, lang = self.state, self.state.lang
        place = self._present_place()
        known = place is not None and place.tower.igbp in COVER_TYPES
        alerts = [message("info", words) for words in notes(state, place, known, lang)]
        if self._file_error is not None:
            error, name = self._file_error
            headline = t("work.upload_failed", lang, name=name)
            alerts.insert(0, error_alert(error, lang, headline=headline))
        self._notes.objects = alerts
        if self._shown is not None:
            weeks = weeks_in(self._shown.data["time"].to_numpy())
            self._week.end = max(2, weeks)
            if state.dlm_week > weeks:
                # This parameter is watched: what follows is done with the week that there is.
                state.dlm_week = weeks
                return
        compare = "previous" if state.dlm_compare == "previous" else "default"
        self._display.update(
            view=state.dlm_view,
            run=self._shown,
            compared=self._compared(),
            compared_name=t(f"model.legend_{compare}", lang),
            week=state.dlm_week,
            lang=lang,
        )
        self._exports.visible = self._shown is not None
        if self._shown is not None:
            self._facts.objects = [
                small_table(sums_table(self._shown, lang)),
                *(fact(name, value) for name, value in provenance_rows(self._shown, lang)),
            ]


def _type_words(value: str, lang: str) -> str:
    return t(f"towers.igbp_{value}", lang) if value else t("model.type_own", lang)


def _same_base(run: ModelRun | None, place: Place, igbp: str, soil: str) -> bool:
    """Return whether a run was made at the same place with the same default parameters."""
    return run is not None and (run.place, run.igbp, run.soil) == (place, igbp, soil)
