"""The middle of the Model page: one view of the series at a time, drawn when it is looked at."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import panel as pn
import panel_material_ui as pmui
import xarray as xr

from fluxscape_dashboard.pages._model_words import ModelRun, budget_table, scores_table
from fluxscape_dashboard.pages._widgets import chart_pane, plain, small_table
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.model import VIEWS, BudgetCharts, Run, ScatterGrid, SeriesGrid
from fluxscape_dashboard.views.series import QUANTITIES, Quantity, local_times

SCATTERED: Final = (
    Quantity("gross_primary_production", "umol m-2 s-1"),
    Quantity("net_ecosystem_exchange", "umol m-2 s-1"),
    Quantity("latent_heat_flux", "W m-2"),
    Quantity("sensible_heat_flux", "W m-2"),
)
"""Fluxes drawn as observed against modelled."""

_HALF: Final = {"flex": "1 1 340px", "min-width": "320px"}
"""Style of a chart: two share a row where there is room."""

_NAMES: Final = tuple({item.name for items in QUANTITIES.values() for item in items})


class ModelDisplay:
    """Charts of the series, the budget and the scores.

    A view is built when it is first chosen, and brought up to date when it is looked at: hidden
    charts cost nothing.
    """

    def __init__(self) -> None:
        self.view = pn.Column(sizing_mode="stretch_width", margin=0)
        self._built: dict[str, Any] = {}
        self._zones: dict[str, Any] = {}
        self._panes: dict[str, list[Any]] = {}
        self._stale: set[str] = set()
        self._runs: dict[str, ModelRun | None] = {"modelled": None, "compared": None}
        self._lang, self._compared, self._week = "en", "", 1

    def update(
        self,
        *,
        view: str,
        run: ModelRun | None,
        compared: ModelRun | None,
        compared_name: str,
        week: int,
        lang: str,
    ) -> None:
        """Show a view of the runs; everything that has not changed stays as it is."""
        present = (run, compared, compared_name, week, lang)
        if present != (
            self._runs["modelled"],
            self._runs["compared"],
            self._compared,
            self._week,
            self._lang,
        ):
            self._stale = set(self._built)
        self._runs = {"modelled": run, "compared": compared}
        self._compared, self._week, self._lang = compared_name, week, lang
        if view not in self._built:
            self._build(view)
            self._stale.add(view)
        if view in self._stale and run is not None:
            self._fill(view, run, compared)
            self._stale.discard(view)
        # New charts join the page with their data: Panel sends what joins a page later than what
        # changes in a chart, and a browser that is told of an unknown chart drops the message.
        if self._zones[view] not in self.view.objects:
            self.view.append(self._zones[view])
        for name, zone in self._zones.items():
            zone.visible = name == view

    def _build(self, view: str) -> None:
        charts: list[Any]
        extra: list[Any] = []
        if view in VIEWS:
            grid = SeriesGrid(view)
            self._built[view] = grid
            charts = [item.chart for item in grid.charts]
        elif view == "budget":
            budget = self._built[view] = BudgetCharts()
            charts = list(budget.charts.values())
            extra = [pn.Column(sizing_mode="stretch_width", margin=0)]
        else:
            scatter = self._built[view] = ScatterGrid(SCATTERED)
            charts = list(scatter.charts.values())
            extra = [pn.Column(sizing_mode="stretch_width", margin=0)]
        panes = [
            chart_pane(chart, sizing_mode="stretch_width", margin=4, styles=_HALF)
            for chart in charts
        ]
        self._panes[view] = panes
        box = pmui.FlexBox(*panes, sizing_mode="stretch_width", margin=0)
        self._zones[view] = pn.Column(*extra, box, sizing_mode="stretch_width", margin=0)

    def _fill(self, view: str, run: ModelRun, compared: ModelRun | None) -> None:
        built, lang = self._built[view], self._lang
        if view in VIEWS:
            built.show("modelled", series_of(run), week=self._week)
            built.show("compared", series_of(compared) if compared else None, week=self._week)
            built.show("observed", observed_of(run), week=self._week)
            offset = run.place.utc_offset_hours
            built.speak(lang, compared=self._compared, offset_hours=offset)
            return
        if view == "budget":
            times = local_times(run.data["time"].to_numpy(), run.place.utc_offset_hours)
            names = ("energy_residual", "water_residual")
            built.show(times, {name: run.data[name].to_numpy().astype("f8") for name in names})
            built.speak(lang)
            self._zones[view][0].objects = [small_table(budget_table(run, lang))]
            return
        pairs = pairs_of(run)
        built.show(pairs)
        for quantity, pane in zip(SCATTERED, self._panes[view], strict=True):
            pane.visible = quantity.name in pairs
        built.speak(lang)
        table: Any = plain(t("model.no_observations", lang))
        if run.scores:
            table = small_table(scores_table(run, lang))
        self._zones[view][0].objects = [table]


def series_of(run: ModelRun) -> Run:
    """Return the drawn series of a run as plain arrays."""
    return _plain(run.data, run)


def observed_of(run: ModelRun) -> Run | None:
    """Return measured series as plain arrays, or None."""
    return None if run.observed is None else _plain(run.observed, run)


def _plain(data: xr.Dataset, run: ModelRun) -> Run:
    return Run(
        times=data["time"].to_numpy(),
        step_seconds=int(run.data.attrs["time_step_seconds"]),
        offset_hours=run.place.utc_offset_hours,
        series={name: data[name].to_numpy().astype("f8") for name in _NAMES if name in data},
    )


def pairs_of(run: ModelRun) -> dict[str, tuple[Any, Any]]:
    """Return observed and modelled values by flux, on the steps that both have."""
    if run.observed is None:
        return {}
    _, at_run, at_observed = np.intersect1d(
        run.data["time"].to_numpy(), run.observed["time"].to_numpy(), return_indices=True
    )
    return {
        item.name: (
            run.observed[item.name].to_numpy()[at_observed].astype("f8"),
            run.data[item.name].to_numpy()[at_run].astype("f8"),
        )
        for item in SCATTERED
        if item.name in run.observed and item.name in run.scores
    }
