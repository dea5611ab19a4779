"""Selects of the Model page: model, records, land cover, soil, period and what stands beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui

from fluxscape_dashboard.pages._model_words import model_words
from fluxscape_dashboard.pages._widgets import MARGIN, choice
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.state_model import COVER_TYPES
from fluxscape_dashboard.text import t
from fluxscape_dashboard.work.model_sets import DLM, MODEL_NAMES


def model_choice(page: PageView) -> Any:
    """Return the select of models."""
    return choice(page, "dlm_model", "model.model", MODEL_NAMES, model_words)


def source_choice(page: PageView) -> Any:
    """Return the choice between simulated weather and a table."""
    return choice(
        page,
        "dlm_source",
        "model.forcing",
        page.state.param.dlm_source.objects,
        lambda value, lang: t(f"footprint.source_{value}", lang),
        buttons=True,
    )


def ground_choices(page: PageView) -> list[Any]:
    """Return the selects of land cover and, for the model that has a soil, of its texture."""
    soil = choice(
        page,
        "dlm_soil",
        "model.soil",
        page.state.param.dlm_soil.objects,
        lambda value, lang: t(f"model.soil_{value}", lang),
    )
    return [
        choice(page, "dlm_type", "model.type", ("", *COVER_TYPES), _type_words),
        pmui.Column(
            soil,
            visible=pn.bind(lambda model: model == DLM, page.state.param.dlm_model),
            sizing_mode="stretch_width",
            margin=0,
        ),
    ]


def compare_choice(page: PageView, on_keep: Callable[[], None]) -> Any:
    """Return the select of what is drawn beside, and the button that keeps the present run."""
    return pmui.Column(
        choice(
            page,
            "dlm_compare",
            "model.compare",
            page.state.param.dlm_compare.objects,
            lambda value, lang: t(f"model.compare_{value}", lang),
        ),
        pmui.Button(
            label=page.bound("model.keep"),
            icon="push_pin",
            variant="text",
            size="small",
            on_click=lambda _: on_keep(),
            margin=(0, 0),
        ),
        sizing_mode="stretch_width",
        margin=0,
    )


def _type_words(value: str, lang: str) -> str:
    return t(f"towers.igbp_{value}", lang) if value else t("model.type_own", lang)


def part_words(value: str, lang: str) -> str:
    """Return the name of a part of the year."""
    if value.startswith("month_"):
        return t(f"work.{value}", lang)
    return t(f"model.part_{value}", lang)


class PeriodChoices:
    """The selects of year and part of the year; the years are those of the record.

    Parameters
    ----------
    page
        The page.
    """

    def __init__(self, page: PageView) -> None:
        self._page = page
        self._years: list[int] = []
        self._year = pmui.Select(
            label=page.bound("model.year"),
            options={t("model.year_all", page.state.lang): 0},
            value=page.state.param.dlm_year,
            size="small",
            sizing_mode="stretch_width",
            margin=MARGIN,
            visible=False,
        )
        self._year.param.watch(self._take, "value")
        part = choice(page, "dlm_part", "model.part", page.state.param.dlm_part.objects, part_words)
        self.view = pmui.Row(self._year, part, sizing_mode="stretch_width", margin=0)
        page.state.param.watch(lambda _: self._word(), "lang")

    def show(self, years: list[int]) -> None:
        """Offer the years of a record."""
        if years == self._years:
            return
        self._years = years
        self._word()

    def _word(self) -> None:
        state = self._page.state
        if state.dlm_year and state.dlm_year not in self._years:
            state.dlm_year = 0
        words = {t("model.year_all", state.lang): 0} | {str(year): year for year in self._years}
        self._year.param.update(options=words, visible=len(self._years) > 1)
        # The browser knows the choice by its words, which are others now.
        self._year.param.trigger("value")

    def _take(self, event: Any) -> None:
        if event.new is not None and event.new != self._page.state.dlm_year:
            self._page.state.param.update(dlm_year=event.new)
