"""The figures of the Footprint page: one map, or two models and their difference, and the charts.

With a second model the two maps stand side by side with the same colours and axes; below them lie
their difference and a table of what sets them apart.
"""

from __future__ import annotations

from typing import Any, Final

import panel as pn
import panel_material_ui as pmui

from fluxscape_dashboard.pages._footprint_exports import Saved
from fluxscape_dashboard.pages._footprint_words import (
    caption_words,
    difference_words,
    models_table,
    short_title,
    title_words,
)
from fluxscape_dashboard.pages._refill import Lines, Table
from fluxscape_dashboard.pages._widgets import chart_pane
from fluxscape_dashboard.state_footprint import FRACTIONS
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import save_as
from fluxscape_dashboard.views.footprint import HEIGHT, FootprintMap, colour_top
from fluxscape_dashboard.views.footprint_difference import DifferenceMap
from fluxscape_dashboard.views.footprint_scene import MapCells, Scene
from fluxscape_dashboard.views.local_frame import LocalFrame
from fluxscape_dashboard.views.location_bias import LocationBiasChart
from fluxscape_dashboard.views.stability import StabilityChart
from fluxscape_dashboard.views.wind_rose import WindRose

BESIDE_HEIGHT: Final = 540
BESIDE_BORDER: Final = 216
"""Height of each of several maps, and the room below it that holds any legend [pixel]: maps of
one height with one border have frames of one size, which their common axes ask for."""


TITLE_LETTERS: Final = 20
"""Letters of a place's name in the titles of small charts."""


def shorten(name: str, letters: int) -> str:
    """Return a name cut to some letters.

    >>> shorten("footprint_US-UTE_2024", 12)
    'footprint_U…'
    """
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


class Figures:
    """All charts of the page; they are made once and filled again and again."""

    def __init__(self) -> None:
        self.map = FootprintMap()
        self.second = FootprintMap("footprint_map_second", beside=self.map)
        self.difference = DifferenceMap(self.map)
        self.rose = WindRose()
        self.stability = StabilityChart()
        self.bias = LocationBiasChart()
        wide: dict[str, Any] = {"sizing_mode": "stretch_width", "margin": 0}
        # A pane hands its visibility to the chart, which forgets it; a column around it does not.
        self._beside = pn.Column(chart_pane(self.second.chart, **wide), visible=False, **wide)
        self._models, self._apart = Table(), Lines()
        self._below = pmui.Row(
            chart_pane(self.difference.chart, **wide),
            pn.Column(self._models.pane, self._apart.pane, **wide),
            visible=False,
            **wide,
        )
        self.maps = pmui.Column(
            pmui.Row(chart_pane(self.map.chart, **wide), self._beside, **wide), self._below, **wide
        )

    def show(self, saved: Saved, cells: MapCells, *, log: bool, lang: str) -> None:
        """Show a result."""
        result = saved.result
        first = scene_of(result, saved, cells)
        other = result["other"]
        several = other is not None
        height, border = (BESIDE_HEIGHT, BESIDE_BORDER) if several else (HEIGHT, 0)
        self.map.arrange(height=height, border=border)
        self._beside.visible = self._below.visible = several
        if several:
            second = scene_of(other, saved, cells)
            top = colour_top(first, second)
            self.second.arrange(height=height, border=border)
            self.difference.arrange(height=height, border=border)
            self.second.show(second, log=log, top=top)
            self.difference.show(first, second, log=log)
            self.map.show(first, log=log, top=top)
        else:
            self.map.show(first, log=log)
        self.rose.show(result["wind"], lang)
        self.stability.show(result["stability"])
        if (score := result["score"]) is not None:
            self.bias.show(score["radii"], score["bias"], score["means"])

    def show_cells(self, cells: MapCells) -> None:
        """Change the map layer below the footprints."""
        self.map.show_cells(cells)
        self.second.show_cells(cells)

    def scale(self, *, log: bool) -> None:
        """Colour all maps on a logarithmic or a linear scale."""
        for chart in (self.map, self.second, self.difference):
            chart.scale(log=log)

    def speak(self, saved: Saved, lang: str) -> None:
        """Put every word of the charts into a language."""
        other = saved.result["other"]
        title = title_words(saved, lang) if other is None else short_title(saved, lang, None)
        self.map.speak(lang, title=title, source=caption_words(saved, lang))
        save_as(self.map.chart, saved.name(".png"))
        if other is not None:
            self._speak_second(saved, lang)
        # The names of files may be longer than a title has room for.
        short = shorten(saved.place.short, TITLE_LETTERS)
        self.rose.speak(lang, title=t("footprint.rose_title", lang, place=short))
        save_as(self.rose.chart, saved.name("_wind.png"))
        self.stability.speak(
            lang,
            title=t("footprint.stability_title", lang, place=short),
            source=t("footprint.stability_source", lang),
        )
        save_as(self.stability.chart, saved.name("_stability.png"))
        title = t("footprint.score_title", lang, place=short)
        self.bias.speak(lang, title=title, source=t("footprint.score_source", lang))
        save_as(self.bias.chart, saved.name("_bias.png"))

    def _speak_second(self, saved: Saved, lang: str) -> None:
        """Word the second map, the difference and the table beside it."""
        other = saved.result["other"]
        self.second.speak(
            lang,
            title=short_title(saved, lang, other),
            source=caption_words(saved, lang, other["climatology"]),
        )
        words = difference_words(saved, lang)
        self.difference.speak(lang, title=words.title, models=words.models)
        save_as(self.second.chart, saved.name("_second.png"))
        save_as(self.difference.chart, saved.name("_difference.png"))
        self._models.show(models_table(saved.result, lang))
        self._apart.show(words.lines)


def scene_of(result: dict[str, Any], saved: Saved, cells: MapCells) -> Scene:
    """Return what a map shows of one model's climatology and areas."""
    density = result["climatology"]["footprint"]
    x = density["x"].to_numpy()
    place = saved.place
    rings = {
        area["fraction"]: [ring for polygon in area["polygons"] for ring in polygon]
        for area in result["areas"]
        if area["fraction"] in FRACTIONS
    }
    return Scene(
        frame=LocalFrame.at(place.longitude, place.latitude),
        half_width=float(x[-1] + 0.5 * (x[1] - x[0])),
        density=density.to_numpy(),
        rings=rings,
        cells=cells,
        precision=place.precision,
    )
