"""The middle of the Model page: one view of the series at a time, drawn when it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui
import xarray as xr

from fluxscape_dashboard.pages._model_runs import ModelRun
from fluxscape_dashboard.pages._model_words import budget_table, scores_table
from fluxscape_dashboard.pages._refill import Lines, Table
from fluxscape_dashboard.pages._widgets import chart_pane
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import save_tool
from fluxscape_dashboard.views.model import VIEWS, Run, SeriesGrid
from fluxscape_dashboard.views.model_checks import RESIDUALS, BudgetCharts, ScatterGrid
from fluxscape_dashboard.views.model_profile import ProfileCharts
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


@dataclass(frozen=True, eq=False)
class Picture:
    """What a view draws.

    Attributes
    ----------
    run, compared
        The present run and the one beside it, cut to the period; None if there is none.
    names
        Names of the three series in the present language.
    week
        Of the view of half-hours.
    lang
        Language.
    """

    run: ModelRun
    compared: ModelRun | None
    names: dict[str, str]
    week: int
    lang: str

    def same(self, other: Picture | None) -> bool:
        """Return whether both would look alike."""
        return other is not None and (
            self.run is other.run
            and self.compared is other.compared
            and (self.names, self.week, self.lang) == (other.names, other.week, other.lang)
        )


class View(Protocol):
    """One way of showing a run."""

    def charts(self) -> list[Any]:
        """Return its figures."""

    def words(self) -> list[Any]:
        """Return what stands above them."""

    def fill(self, picture: Picture) -> list[bool]:
        """Draw, and return which charts have something to show."""


class ModelDisplay:
    """Charts of the series, the soil, the budgets and the scores.

    A view is built when it is first chosen, and brought up to date when it is looked at: hidden
    charts cost nothing.
    """

    def __init__(self, page: PageView) -> None:
        self._page = page
        self.view = pn.Column(sizing_mode="stretch_width", margin=0)
        self._views: dict[str, View] = {}
        self._zones: dict[str, Any] = {}
        self._panes: dict[str, list[Any]] = {}
        self._drawn: dict[str, Picture] = {}

    def update(self, view: str, picture: Picture | None) -> None:
        """Show a view; everything that has not changed stays as it is."""
        if view not in self._views:
            self._build(view)
        if picture is not None and not picture.same(self._drawn.get(view)):
            shown = self._views[view].fill(picture)
            for pane, visible in zip(self._panes[view], shown, strict=True):
                pane.visible = visible
            self._drawn[view] = picture
        # New charts join the page with their data: Panel sends what joins a page later than what
        # changes in a chart, and a browser that is told of an unknown chart drops the message.
        if self._zones[view] not in self.view.objects:
            self.view.append(self._zones[view])
        for name, zone in self._zones.items():
            zone.visible = name == view and (picture is not None or name in self._drawn)

    def hide(self) -> None:
        """Show none of the views."""
        for zone in self._zones.values():
            zone.visible = False

    def _build(self, view: str) -> None:
        made = self._views[view] = _make(view)
        charts = made.charts()
        panes = [
            chart_pane(chart, sizing_mode="stretch_width", margin=4, styles=_HALF)
            for chart in charts
        ]
        self._panes[view] = panes
        self._zones[view] = pn.Column(
            *made.words(),
            pmui.FlexBox(*panes, sizing_mode="stretch_width", margin=0),
            pictures_button(self._page, charts),
            sizing_mode="stretch_width",
            margin=0,
        )


def pictures_button(page: PageView, charts: list[Any]) -> Any:
    """Return a button that saves every chart of a view as PNG, drawn by the browser."""
    button = pmui.Button(
        label=page.bound("model.save_pictures"),
        icon="image",
        variant="outlined",
        size="small",
        margin=(4, 4),
    )
    tools = [save_tool(chart) for chart in charts]
    # A browser takes several downloads at once for an attack unless they come one by one.
    code = "tools.forEach((tool, i) => setTimeout(() => tool.do.emit('save'), 250 * i))"
    button.js_on_click(args={"tools": tools}, code=code)
    return button


def _make(view: str) -> View:
    if view in VIEWS:
        return _Series(view)
    kinds: dict[str, Callable[[], View]] = {
        "budget": _Budget,
        "profile": _Profile,
        "scores": _Scores,
    }
    return kinds[view]()


class _Series:
    def __init__(self, view: str) -> None:
        self._grid = SeriesGrid(view)
        self._sums = view == "cumulative"

    def charts(self) -> list[Any]:
        return [item.chart for item in self._grid.charts]

    def words(self) -> list[Any]:
        return []

    def fill(self, picture: Picture) -> list[bool]:
        run, compared = picture.run, picture.compared
        modelled, observed = series_of(run), observed_of(run)
        other = None if compared is None else series_of(compared)
        notes: dict[str, str] = {}
        if self._sums and observed is not None:
            modelled, other, notes = _where_measured(modelled, other, observed, picture.lang)
        self._grid.show("modelled", modelled, week=picture.week)
        self._grid.show("compared", other, week=picture.week)
        self._grid.show("observed", observed, week=picture.week)
        self._grid.speak(
            picture.lang,
            names=picture.names,
            offset_hours=run.place.utc_offset_hours,
            notes=notes,
        )
        return [chart.has_values for chart in self._grid.charts]


class _Budget:
    def __init__(self) -> None:
        self._charts, self._table, self._empty = BudgetCharts(), Table(), Lines()

    def charts(self) -> list[Any]:
        return list(self._charts.charts.values())

    def words(self) -> list[Any]:
        return [self._empty.pane, self._table.pane]

    def fill(self, picture: Picture) -> list[bool]:
        run, lang = picture.run, picture.lang
        known = [name for name in RESIDUALS if name in run.data]
        self._empty.show([] if known else [t("model.no_budget", lang)])
        self._table.show(budget_table(run, lang) if known else pd.DataFrame())
        self._table.pane.visible = bool(known)
        times = local_times(run.data["time"].to_numpy(), run.place.utc_offset_hours)
        self._charts.show(times, {name: run.data[name].to_numpy().astype("f8") for name in known})
        self._charts.speak(lang)
        return [name in known for name in RESIDUALS]


class _Profile:
    def __init__(self) -> None:
        self._charts, self._empty = ProfileCharts(), Lines()

    def charts(self) -> list[Any]:
        return list(self._charts.charts.values())

    def words(self) -> list[Any]:
        return [self._empty.pane]

    def fill(self, picture: Picture) -> list[bool]:
        profile = picture.run.profile
        key = "model.profile_note" if profile is not None else "model.no_profile"
        self._empty.show([t(key, picture.lang)])
        self._charts.show(profile)
        self._charts.speak(picture.lang)
        return [profile is not None] * len(self._charts.charts)


class _Scores:
    def __init__(self) -> None:
        self._charts, self._table, self._empty = ScatterGrid(SCATTERED), Table(), Lines()

    def charts(self) -> list[Any]:
        return list(self._charts.charts.values())

    def words(self) -> list[Any]:
        return [self._empty.pane, self._table.pane]

    def fill(self, picture: Picture) -> list[bool]:
        run, lang = picture.run, picture.lang
        pairs = pairs_of(run)
        self._charts.show(pairs)
        self._charts.speak(lang)
        self._empty.show([] if run.scores else [t("model.no_observations", lang)])
        self._table.show(_both_scores(picture) if run.scores else pd.DataFrame())
        self._table.pane.visible = bool(run.scores)
        return [quantity.name in pairs for quantity in SCATTERED]


def _both_scores(picture: Picture) -> pd.DataFrame:
    """Return the scores of the present run, and under them those of the one beside it."""
    frames = []
    heading = t("model.score_set", picture.lang)
    for kind, run in (("modelled", picture.run), ("compared", picture.compared)):
        if run is not None and run.scores:
            frame = scores_table(run, picture.lang)
            frame.insert(0, heading, picture.names[kind])
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _where_measured(
    modelled: Run, other: Run | None, observed: Run, lang: str
) -> tuple[Run, Run | None, dict[str, str]]:
    """Return modelled series without the steps that were not measured, and notes that say so.

    A sum with gaps and one without cannot be compared.
    """
    notes = {}
    masks = {}
    for name, values in observed.series.items():
        known = np.isfinite(values)
        if known.any() and name in modelled.series:
            masks[name] = np.isin(modelled.times, observed.times[known])
            notes[name] = t("model.measured_steps_only", lang)

    def masked(run: Run) -> Run:
        series = {
            name: np.where(masks[name], values, np.nan)
            if name in masks and values.size == masks[name].size
            else values
            for name, values in run.series.items()
        }
        return Run(run.times, run.step_seconds, run.offset_hours, series)

    return masked(modelled), None if other is None else masked(other), notes


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
