"""The figures of one tower: cards, bias over radius and month, land cover, variogram, places."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import panel as pn

from fluxscape import __version__
from fluxscape.representativeness.variogram_fit import VariogramFit
from fluxscape_dashboard.pages._downloads import picture_button
from fluxscape_dashboard.pages._refill import Lines, Table
from fluxscape_dashboard.pages._representativeness_move import PlaceControl
from fluxscape_dashboard.pages._representativeness_words import (
    Assessed,
    aspect_interval,
    aspect_number,
    class_words,
    cover_colours,
    cover_tests,
    fit_name,
    index_words,
    largest_words,
    maps_words,
    number,
    overall_words,
    percent_words,
    reason_words,
    score_interval,
    structure_rows,
)
from fluxscape_dashboard.pages._widgets import chart_pane
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.text import t
from fluxscape_dashboard.theme import STACKED_WHEN_COMPACT
from fluxscape_dashboard.views.aspect_cards import Card, Cards
from fluxscape_dashboard.views.representativeness import BiasCurve, MonthlyBias
from fluxscape_dashboard.views.representativeness_ground import CoverBars, VariogramChart

WIDE: Final[dict[str, Any]] = {"sizing_mode": "stretch_width", "margin": 0}

_CURVE_POINTS: Final = 120


class TowerFigures:
    """All charts of one tower; they are made once and filled again and again."""

    def __init__(self, page: PageView) -> None:
        self._page = page
        self.cards = Cards()
        self.curve, self.months = BiasCurve(), MonthlyBias()
        self.cover, self.variogram = CoverBars(), VariogramChart()
        self.place = PlaceControl(page)
        self._largest, self._tests = Lines(), Table()
        self._tests_note, self._structure = Lines(), Table()
        self._lacks = {name: Lines() for name in ("index", "cover")}
        self._parts = {
            "bias": pn.Column(
                self._largest.pane,
                chart_pane(self.curve.chart, **WIDE),
                chart_pane(self.months.chart, **WIDE),
                **WIDE,
            ),
            "place": self.place.view,
            "cover": pn.Row(
                chart_pane(self.cover.chart, **WIDE),
                pn.Column(self._tests_note.pane, self._tests.pane, width=330, margin=(0, 0, 0, 12)),
                stylesheets=[STACKED_WHEN_COMPACT],
                **WIDE,
            ),
            "structure": pn.Row(
                chart_pane(self.variogram.chart, **WIDE),
                pn.Column(self._structure.pane, width=300, margin=(0, 0, 0, 12)),
                stylesheets=[STACKED_WHEN_COMPACT],
                **WIDE,
            ),
        }
        self.tabs = {
            name: pn.Column(
                self._lacks["cover" if name == "cover" else "index"].pane,
                part,
                visible=False,
                **WIDE,
            )
            for name, part in self._parts.items()
        }

    def pictures(self) -> list[Any]:
        """Return the buttons that save the charts, each visible with its tab."""
        page, tab = self._page, self._page.state.param.rep_tab
        charts = (
            ("bias", self.curve.chart, "save_curve"),
            ("bias", self.months.chart, "save_months"),
            ("place", self.place.chart, "save_map"),
            ("cover", self.cover.chart, "save_cover"),
            ("structure", self.variogram.chart, "save_variogram"),
        )
        buttons = []
        for name, chart, key in charts:
            button = picture_button(page, chart, f"representativeness.{key}")
            button.visible = pn.bind(lambda shown, name=name: shown == name, tab)
            buttons.append(button)
        return buttons

    def show(self, shown: Assessed) -> None:
        """Show a result."""
        facts, limit = shown.facts, float(shown.facts["limits"]["bias_medium"])
        has_index, has_cover = bool(shown.rated), facts["land_cover"] is not None
        for name, part in self._parts.items():
            part.visible = has_cover if name == "cover" else has_index
        if has_index:
            areas = {one["fraction"]: one["area"] for one in shown.result["areas"]}
            largest = number(facts["location_bias"][shown.rated]["largest_radius"])
            self.curve.show(shown.table("location_bias"), areas, largest, limit)
            self.months.show(shown.result["months"], limit)
            fit = facts["spatial_structure"][shown.rated]["fit"]
            self.variogram.show(shown.table("variogram"), fit, _model_curve(shown, fit))
            self.place.show(shown)

    def speak(self, shown: Assessed, lang: str) -> None:
        """Put every word into a language."""
        facts, place, maps = shown.facts, shown.place.short, maps_words(shown, lang)
        self.cards.show(cards_of(shown, lang))
        lacks_index = [] if shown.rated else [t("representativeness.no_index", lang)]
        self._lacks["index"].show(lacks_index)
        has_cover = facts["land_cover"] is not None
        self._lacks["cover"].show([] if has_cover else [t("representativeness.no_cover", lang)])
        if has_cover:
            self._speak_cover(shown, lang)
        if not shown.rated:
            return
        words = {"index": index_words(shown.rated, lang), "place": place, "maps": maps}
        limit = percent_words(float(facts["limits"]["bias_medium"]))
        self._largest.show([largest_words(facts, lang)])
        self.curve.speak(
            lang,
            title=t("representativeness.curve_title", lang, **words),
            source=t("representativeness.curve_source", lang, version=__version__, limit=limit),
        )
        radius = f"{facts['limits']['bias_radius']:.0f}"
        self.months.speak(
            lang,
            title=t("representativeness.months_title", lang, radius=radius, **words),
            source=t(
                "representativeness.months_source",
                lang,
                draws=shown.result["months"].attrs["replicates"],
            ),
        )
        self.variogram.speak(
            lang,
            title=t("representativeness.variogram_title", lang, **words),
            source=t("representativeness.variogram_source", lang, version=__version__),
            model=fit_name(facts, lang),
        )
        self._structure.show(structure_rows(facts, lang))
        self.place.speak(shown, lang)

    def _speak_cover(self, shown: Assessed, lang: str) -> None:
        cover = shown.facts["land_cover"]
        self.cover.show(cover_rows(cover, lang), class_words(cover, lang), cover_colours(cover))
        self.cover.speak(
            lang,
            title=t(
                "representativeness.cover_title",
                lang,
                place=shown.place.short,
                maps=maps_words(shown, lang),
            ),
            source=t(
                "representativeness.cover_source",
                lang,
                version=__version__,
                legend=t(f"representativeness.legend_{cover['legend']}", lang),
            ),
        )
        self._tests_note.show([t("representativeness.cover_caption", lang)])
        self._tests.show(cover_tests(shown.facts, lang))


def _model_curve(shown: Assessed, fit: dict[str, Any] | None) -> tuple[Any, Any]:
    """Return distances and semivariances of the fitted model."""
    if fit is None:
        return (), ()
    known: dict[str, Any] = {
        name: math.nan if value is None else value for name, value in fit.items()
    }
    reach = float(shown.table("variogram")["distance"].max())
    distance = np.linspace(0.0, reach, _CURVE_POINTS)
    return distance, VariogramFit(**known).semivariance(distance)


def cards_of(shown: Assessed, lang: str) -> list[Card]:
    """Return the cards: the score first, then its aspects."""
    facts = shown.facts
    score = facts["score"]
    overall = Card(
        level=score["score"],
        name=t("representativeness.aspect_score", lang),
        level_words=t(f"representativeness.level_{score['score']}", lang),
        number=t("representativeness.score_number", lang, score=score["score"] or "–"),
        interval=score_interval(facts, lang),
        reason=overall_words(facts, lang),
    )
    return [overall, *(_aspect_card(aspect, lang) for aspect in score["aspects"])]


def _aspect_card(aspect: dict[str, Any], lang: str) -> Card:
    level = aspect["level"]
    words = t(f"representativeness.level_{level}", lang)
    if level:
        words = t("representativeness.level_words", lang, level=words, number=level)
    return Card(
        level=level,
        name=t(f"representativeness.aspect_{aspect['name']}", lang),
        level_words=words,
        number=aspect_number(aspect),
        interval=aspect_interval(aspect, lang),
        reason=reason_words(aspect["reason"], lang),
    )


def cover_rows(cover: dict[str, Any], lang: str) -> list[tuple[str, list[float]]]:
    """Return the bars: source areas, then discs, then squares."""
    rows = []
    for key, sizes, share in (
        ("source_area", [round(100 * f) for f in cover["fraction"]], cover["source_area_share"]),
        ("disc", [f"{size:.0f}" for size in cover["radius"]], cover["disc_share"]),
        ("square", [f"{size:.0f}" for size in cover["side"]], cover["square_share"]),
    ):
        field = {"source_area": "percent", "disc": "radius", "square": "side"}[key]
        for size, shares in zip(sizes, share, strict=True):
            values = [number(value) for value in shares]
            if np.isfinite(values).any():
                words = t(f"representativeness.bar_{key}", lang, **{field: size})
                rows.append((words, values))
    return rows
