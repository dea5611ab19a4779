"""The Calibrate tab: what measured fluxes say of the parameters, watched pass by pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from fluxscape.assimilation.observations import STREAMS
from fluxscape.dlm import DlmParameters
from fluxscape.errors import RunError
from fluxscape.io.atomic import write_netcdf
from fluxscape_dashboard.pages._downloads import data_button, file_name
from fluxscape_dashboard.pages._model_calibration_plan import PlanChoices
from fluxscape_dashboard.pages._model_calibration_words import (
    parameters_frame,
    scores_frame,
    stream_words,
)
from fluxscape_dashboard.pages._model_display import pictures_button
from fluxscape_dashboard.pages._model_runs import site_fields
from fluxscape_dashboard.pages._place import Place
from fluxscape_dashboard.pages._refill import Lines, Messages, Table
from fluxscape_dashboard.pages._run import RunControl
from fluxscape_dashboard.pages._widgets import chart_pane
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.model_calibration import BandChart, MisfitChart, RidgeChart
from fluxscape_dashboard.views.series import QUANTITIES, Quantity
from fluxscape_dashboard.work.calibration_task import Plan, posterior_members
from fluxscape_dashboard.work.model_sets import ModelSet

_HALF = {"flex": "1 1 340px", "min-width": "320px"}

_DAILY = {
    item.name: Quantity(item.name, item.unit, item.factor, item.offset)
    for item in QUANTITIES["half-hourly"]
}
"""Streams as daily means, in the units of the half-hours."""


class CalibrationTab:
    """Plan, progress, charts and tables of a calibration.

    Parameters
    ----------
    page
        The page.
    place
        Gives the present place, or None.
    made_with
        Gives model and parameters in force.
    kept
        Gives the set that was kept to compare with, or None.
    on_accept
        Called with the posterior medians by name, and the words that name them.
    """

    def __init__(
        self,
        page: PageView,
        *,
        place: Callable[[], Place | None],
        made_with: Callable[[], ModelSet],
        kept: Callable[[], ModelSet | None],
        on_accept: Callable[[dict[str, float], str], None],
    ) -> None:
        self._page, self._place = page, place
        self._made_with, self._kept, self._on_accept = made_with, kept, on_accept
        self._plan: Plan | None = None
        self._found: dict[str, Any] | None = None
        self._notes, self._status = Messages(), Lines()
        self._run = RunControl(
            page,
            target="fluxscape_dashboard.work.calibration:calibration_pass",
            on_result=self._take_pass,
            timeout_seconds=600.0,
        )
        self._run.cancel_button.label = page.bound("model.cal_stop")
        self._ranking = RunControl(
            page,
            target="fluxscape_dashboard.work.calibration:rank_candidates",
            on_result=self._take_ranking,
            timeout_seconds=600.0,
        )
        self._choices = PlanChoices(page)
        self._start = self._button("model.cal_start", "play_arrow", self._begin, "contained")
        self._rank = self._button("model.cal_rank", "sort", self._begin_ranking, "outlined")
        self._accept = self._button("model.cal_accept", "check", self._use, "contained")
        self._save = data_button(page, "model.cal_save", self._file_name, self._write)
        self._ridges, self._misfit = RidgeChart(), MisfitChart()
        self._bands = {name: BandChart(_DAILY[STREAMS[name]]) for name in STREAMS}
        self._scores, self._parameters = Table(), Table()
        self._form = pmui.Column(
            self._choices.view,
            pmui.FlexBox(self._start, self._rank, margin=0),
            self._run.view,
            self._ranking.view,
            sizing_mode="stretch_width",
            margin=0,
        )
        self._results: Any = None
        self.view = pn.Column(
            self._notes.column, self._form, sizing_mode="stretch_width", margin=0, visible=False
        )

    def _button(self, key: str, icon: str, action: Callable[[], None], variant: str) -> Any:
        return pmui.Button(
            label=self._page.bound(key),
            icon=icon,
            variant=variant,
            size="small",
            on_click=lambda _: action(),
            margin=(4, 8, 4, 0),
        )

    # ------------------------------------------------------------------ showing
    def show(self, *, visible: bool) -> None:
        """Bring the tab up to the present place, model and language, if it is looked at."""
        if not visible:
            self.view.visible = False
            return
        lang = self._page.state.lang
        place, made_with = self._place(), self._made_with()
        possible = place is not None and made_with.is_dlm
        self._form.visible = possible
        boxes: list[tuple[str, ...]] = []
        if place is not None and not made_with.is_dlm:
            boxes.append(("info", t("model.cal_only_dlm", lang)))
        if possible:
            twin = place is not None and place.upload is None
            boxes.append(("info", t(f"model.cal_{'twin' if twin else 'real'}_help", lang)))
            self._choices.show(self._streams(place), twin=twin)
            ready = self._truth_problem()
            if ready:
                boxes.append(("warning", t(ready, lang)))
            elif not self._choices.streams():
                boxes.append(("warning", t("model.cal_no_streams", lang)))
            self._start.disabled = bool(ready) or not self._choices.streams()
            self._rank.disabled = self._start.disabled
        self._notes.show(boxes)
        if self._found is not None:
            self._draw(self._found)
        self.view.visible = True

    def _streams(self, place: Place | None) -> tuple[str, ...]:
        """Return the streams that there are: all of a twin's, or those of the table."""
        if place is None or place.upload is None:
            return tuple(STREAMS)
        upload = place.upload
        return tuple(stream for stream, name in STREAMS.items() if upload.has(name))

    def _truth_problem(self) -> str:
        """Return the key of what a twin's truth lacks, or nothing."""
        place = self._place()
        if place is None or place.upload is not None:
            return ""
        wanted = self._page.state.dlm_cal_truth
        kept = self._kept()
        if wanted == "kept" and (kept is None or not kept.is_dlm):
            return "model.cal_nothing_kept"
        return ""

    # ------------------------------------------------------------------ running
    def _make_plan(self) -> Plan | None:
        """Return the plan that the choices make."""
        place, state = self._place(), self._page.state
        made_with = self._made_with()
        if place is None or not made_with.is_dlm or self._truth_problem():
            return None
        truth: dict[str, Any] | None = None
        if place.upload is None:
            kept = self._kept()
            truth = {"drawn": 1}
            if state.dlm_cal_truth == "present":
                truth = made_with.to_entries()
            elif state.dlm_cal_truth == "kept" and kept is not None:
                truth = kept.to_entries()
        return Plan(
            site=site_fields(place),
            name=place.short,
            made_with=made_with.to_entries(),
            parameters=self._choices.parameters(),
            streams=self._choices.streams(),
            members=state.dlm_cal_members,
            passes=state.dlm_cal_passes,
            method=state.dlm_cal_method,
            year=state.dlm_year,
            part=state.dlm_part,
            truth=truth,
        )

    def _begin(self) -> None:
        plan = self._plan = self._make_plan()
        if plan is None:
            return
        self._found = None
        if self._results is not None:
            self._results.visible = False
        self._request(plan, None)

    def _request(self, plan: Plan, state: dict[str, Any] | None) -> None:
        self._run.request({"plan": asdict(plan), "before": state}, plan)

    def _take_pass(self, found: dict[str, Any], plan: Plan) -> None:
        if plan is not self._plan:
            return
        self._found = found
        if not found["finished"]:
            self._request(plan, found["state"])
        if self._page.state.dlm_view == "calibrate":
            self._draw(found)

    def _begin_ranking(self) -> None:
        plan = self._make_plan()
        if plan is not None:
            self._ranking.request({"plan": asdict(plan)}, plan)

    def _take_ranking(self, found: dict[str, Any], _: Plan | None) -> None:
        self._choices.rank({row["parameter"]: row["influence"] for row in found["ranking"]})

    def _use(self) -> None:
        """Put the posterior medians into the sliders and among the saved sets."""
        if self._found is None or self._plan is None:
            return
        rows = {row.name: row for row in DlmParameters.table()}
        medians = np.median(self._found["values"], axis=0)
        changes = {}
        for name, value in zip(self._found["names"], medians, strict=True):
            row = rows[name]
            changes[name] = min(max(float(f"{value:.4g}"), row.lower), row.upper)
        lang = self._page.state.lang
        streams = ", ".join(stream_words(stream, lang) for stream in self._plan.streams)
        self._on_accept(changes, t("model.cal_set", lang, name=self._plan.name, streams=streams))

    def _file_name(self) -> str:
        name = self._plan.name if self._plan is not None else ""
        return file_name("posterior", name, suffix=".nc")

    def _write(self, path: Path) -> None:
        """Write the members as maps read them."""
        if self._found is None or self._plan is None:
            msg = "there is no calibration to save yet"
            raise RunError(msg)
        write_netcdf(posterior_members(self._plan, self._found), path)

    # ------------------------------------------------------------------ results
    def _draw(self, found: dict[str, Any]) -> None:
        """Show the ensemble as it is now."""
        lang = self._page.state.lang
        table = {row.name: row for row in DlmParameters.table()}
        rows = [table[name] for name in found["names"]]
        truth, reduction = found["truth"], found["reduction"]
        self._ridges.show(rows, found["prior"], found["values"], truth)
        self._ridges.speak(lang, rows, reduction)
        self._misfit.show(found["misfit"])
        self._misfit.speak(lang)
        observed = found["observed"]
        for stream, chart in self._bands.items():
            if stream in observed["streams"]:
                part = observed["stream"] == observed["streams"].index(stream)
                chart.show(
                    observed["times"][part],
                    observed["values"][part],
                    {name: values[part] for name, values in found["band"].items()},
                    {name: values[part] for name, values in found["prior_band"].items()},
                )
                chart.speak(lang, twin=truth is not None)
        self._parameters.show(
            parameters_frame(rows, found["prior"], found["values"], reduction, truth, lang)
        )
        summary = found["summary"]
        frame = pd.DataFrame() if summary is None else scores_frame(summary["scores"], lang)
        self._scores.show(frame)
        self._scores.pane.visible = summary is not None
        self._status.show(self._state_words(found, lang))
        self._show_results(observed["streams"])

    def _state_words(self, found: dict[str, Any], lang: str) -> list[str]:
        """Return how far the calibration is."""
        plan = self._plan
        facts = {
            "passes": found["passes"],
            "whole": plan.passes if plan is not None else found["passes"],
            "first": f"{found['misfit'][0]:.3g}",
            "last": f"{found['misfit'][-1]:.3g}",
        }
        key = "model.cal_done" if found["finished"] else "model.cal_pass"
        words = [t(key, lang, **facts)]
        if found["dropped"]:
            words.append(t("model.cal_dropped", lang, count=found["dropped"]))
        return words

    def _show_results(self, streams: list[str]) -> None:
        """Let the charts join the page with their data, and show those that have any."""
        if self._results is None:
            self._band_panes = {
                name: chart_pane(item.chart, sizing_mode="stretch_width", margin=4, styles=_HALF)
                for name, item in self._bands.items()
            }
            charts = [self._ridges.chart, self._misfit.chart]
            common = {"sizing_mode": "stretch_width", "margin": 4}
            self._results = pn.Column(
                self._status.pane,
                pmui.FlexBox(
                    self._accept,
                    self._save,
                    pictures_button(
                        self._page, [*charts, *(item.chart for item in self._bands.values())]
                    ),
                    margin=0,
                ),
                self._scores.pane,
                chart_pane(charts[0], **common),
                self._parameters.pane,
                pmui.FlexBox(
                    *self._band_panes.values(),
                    chart_pane(charts[1], styles=_HALF, **common),
                    sizing_mode="stretch_width",
                    margin=0,
                ),
                sizing_mode="stretch_width",
                margin=0,
            )
        for name, pane in self._band_panes.items():
            pane.visible = name in streams
        if self._results not in self.view.objects:
            self.view.append(self._results)
        self._results.visible = True
