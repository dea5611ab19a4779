"""Selects of the Footprint page; those of weight and year follow what the records hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel_material_ui as pmui

from fluxscape.footprint.weights import SOURCES
from fluxscape_dashboard.pages._upload import Upload
from fluxscape_dashboard.pages._widgets import MARGIN, choice
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.state_footprint import AUTOMATIC, NO_MODEL
from fluxscape_dashboard.text import t

Words = Callable[[Any, str], str]


def select(page: PageView, name: str, words: Words | None = None, *, buttons: bool = False) -> Any:
    """Return the select of ``fp_<name>``, whose texts begin with its name."""
    return choice(
        page,
        f"fp_{name}",
        f"footprint.{name}",
        page.state.param[f"fp_{name}"].objects,
        words or (lambda value, lang: t(f"footprint.{name}_{value}", lang)),
        buttons=buttons,
    )


def side_by_side(*widgets: Any) -> Any:
    """Return widgets in a row."""
    return pmui.Row(*widgets, margin=0, sizing_mode="stretch_width")


def log_switch(page: PageView) -> Any:
    """Return the switch between logarithmic and linear colours."""
    state = page.state
    switch = pmui.Switch(label=page.bound("footprint.log"), value=state.param.fp_log, margin=MARGIN)
    switch.param.watch(lambda event: state.param.update(fp_log=event.new), "value")
    return switch


def metre_words(value: int, _: str) -> str:
    """Return a length."""
    return f"{value} m"


def grid_words(value: int, lang: str) -> str:
    """Return a length, or that it follows from the heights."""
    return metre_words(value, lang) if value != AUTOMATIC else t("footprint.automatic", lang)


def model_words(model: str, lang: str) -> str:
    """Return the name of a model, or that there is none."""
    key = "other_none" if model == NO_MODEL else f"model_{model}"
    return t(f"footprint.{key}", lang)


class RecordChoices:
    """The selects of weight and year; what the records cannot serve is said.

    Parameters
    ----------
    page
        The page.
    """

    def __init__(self, page: PageView) -> None:
        self._page = page
        self._upload: Upload | None = None
        self.weight = select(page, "weight")
        self.year = pmui.Select(
            label=page.bound("footprint.year"),
            options=self._year_options(page.state.lang),
            value=page.state.fp_year,
            size="small",
            sizing_mode="stretch_width",
            margin=MARGIN,
            visible=False,
        )
        self.year.param.watch(self._take_year, "value")
        page.state.param.watch(self._show, ["lang", "fp_source", "fp_year"])
        self._show()

    def follow(self, upload: Upload) -> None:
        """Offer what a table holds."""
        self._upload = upload
        if self._page.state.fp_year not in (0, *self._years()):
            self._page.change(fp_year=0)
        self._show()

    def _years(self) -> list[int]:
        if self._page.state.fp_source != "upload" or self._upload is None:
            return []
        facts = self._upload.summary
        return list(range(int(facts["first"][:4]), int(facts["last"][:4]) + 1))

    def _year_options(self, lang: str) -> dict[str, int]:
        words = {t("footprint.year_all", lang): 0}
        return words | {str(year): year for year in self._years()}

    def _take_year(self, event: Any) -> None:
        if event.new is not None and event.new != self._page.state.fp_year:
            self._page.change(fp_year=event.new)

    def _show(self, *_: Any) -> None:
        """Bring both selects up to the records and the language."""
        lang, years = self._page.state.lang, self._years()
        self.year.param.update(
            options=self._year_options(lang),
            value=self._page.state.fp_year if self._page.state.fp_year in years else 0,
            visible=len(years) > 1,
        )
        upload = self._upload if self._page.state.fp_source == "upload" else None
        lacking = [
            weight
            for weight, names in SOURCES.items()
            if upload is None or not any(upload.has(name) for name in names)
        ]
        words = t("footprint.period_join", lang).join(
            t(f"footprint.weight_{weight}", lang) for weight in lacking
        )
        # A select refuses to grey what it shows, and an address may ask for anything: say it.
        self.weight.helper_text = t("footprint.weight_needs", lang, weights=words) if words else ""
