"""Where the tower should stand: a tower to drag, and what its bias would be there."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui
from bokeh.events import Tap

from fluxscape import __version__
from fluxscape_dashboard.mercator import to_degrees
from fluxscape_dashboard.pages._refill import Table
from fluxscape_dashboard.pages._representativeness_words import (
    Assessed,
    class_words,
    cover_colours,
    index_words,
    maps_words,
    percent_words,
)
from fluxscape_dashboard.pages._widgets import NumberField, chart_pane, choice, note
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.text import t
from fluxscape_dashboard.theme import STACKED_WHEN_COMPACT
from fluxscape_dashboard.views.charts import with_unit
from fluxscape_dashboard.views.local_frame import LocalFrame
from fluxscape_dashboard.views.representativeness_place import (
    Ground,
    PlacementMap,
    best_place,
    value_at,
)

_FARTHEST = 5000.0
"""How far the fields let the tower go [m]."""

_FRAME = 2.5
"""Radii of the rated disc that the map opens with."""

_OUTLINED = (0.5, 0.8)
_TITLES = {"bias": "place_title", "index": "index_title", "cover": "ground_title"}


class PlaceControl:
    """The map of places with the tower to move, fields for its place, and a table of what is there.

    Parameters
    ----------
    page
        The page; ``rep_place`` of its state is where the tower is tried.
    """

    def __init__(self, page: PageView) -> None:
        self._page = page
        self._shown: Assessed | None = None
        self._map, self._table = PlacementMap(), Table()
        self._best: tuple[float, float] | None = None
        self.chart = self._map.chart
        state = page.state
        self._map.tower.on_change("data", self._dragged)
        self.chart.on_event(Tap, lambda event: self._take(event.x, event.y))
        self._fields = {
            axis: NumberField(
                page,
                f"representativeness.{axis}",
                (-_FARTHEST, _FARTHEST),
                partial(self._typed, axis),
                value=0.0,
                step=30.0,
                pattern="0",
            )
            for axis in ("east", "north")
        }
        buttons = [
            pmui.Button(
                label=page.bound(f"representativeness.{key}"),
                variant="outlined",
                size="small",
                on_click=action,
                margin=(2, 6, 2, 0),
            )
            for key, action in (
                ("to_best", lambda _: self._take(*(self._best or (0.0, 0.0)))),
                ("to_home", lambda _: self._take(0.0, 0.0)),
            )
        ]
        layer = choice(
            page,
            "rep_layer",
            "representativeness.layer",
            state.param.rep_layer.objects,
            lambda value, lang: t(f"representativeness.layer_{value}", lang),
            buttons=True,
        )
        wide: dict[str, Any] = {"sizing_mode": "stretch_width", "margin": 0}
        self.view = pn.Row(
            chart_pane(self.chart, **wide),
            pn.Column(
                layer,
                note(page, "representativeness.place_help"),
                pmui.Row(*(field.widget for field in self._fields.values()), **wide),
                pmui.FlexBox(*buttons, margin=0),
                self._table.pane,
                width=300,
                margin=(0, 0, 0, 12),
            ),
            stylesheets=[STACKED_WHEN_COMPACT],
            **wide,
        )
        state.param.watch(lambda _: self._move(), "rep_place")
        state.param.watch(lambda _: self._layer(), "rep_layer")

    # ------------------------------------------------------------------ showing
    def show(self, shown: Assessed) -> None:
        """Take a result."""
        self._shown = shown
        radius = float(shown.facts["limits"]["bias_radius"])
        table = shown.table("bias_map")
        x, y = table["x"].to_numpy(), table["y"].to_numpy()
        self._best = best_place(x, y, table["location_bias"], radius)

    def _ground(self, shown: Assessed) -> Ground:
        """Return what the map shows, cut to where a bias is known."""
        kind = self._page.state.rep_layer
        table, ground = shown.table("bias_map"), shown.result["ground"]
        kind = kind if kind != "cover" or "cover" in ground else "bias"
        known = np.isfinite(table["location_bias"].to_numpy())
        rows, columns = (np.flatnonzero(known.any(axis=axis)) for axis in (1, 0))
        part = {
            "y": slice(int(rows[0]), int(rows[-1]) + 1) if rows.size else slice(None),
            "x": slice(int(columns[0]), int(columns[-1]) + 1) if columns.size else slice(None),
        }
        layer = (table["location_bias"] if kind == "bias" else ground[kind]).isel(part)
        return Ground(
            layer["x"].to_numpy(),
            layer["y"].to_numpy(),
            layer.to_numpy(),
            kind,
            _colours(shown.facts["land_cover"]),
        )

    def _layer(self) -> None:
        if self._shown is not None and self._shown.rated:
            self.speak(self._shown, self._page.state.lang)

    def speak(self, shown: Assessed, lang: str) -> None:
        """Draw the map and put every word into a language."""
        rings = [
            ring
            for one in shown.result["areas"]
            if one["fraction"] in _OUTLINED
            for ring in one["rings"]
        ]
        ground = self._ground(shown)
        radius_metres = float(shown.facts["limits"]["bias_radius"])
        self._map.show(ground, rings, self._best, min(_FRAME * radius_metres, _FARTHEST))
        words = {
            "place": shown.place.short,
            "maps": maps_words(shown, lang),
            "index": index_words(shown.rated, lang),
        }
        radius = f"{radius_metres:.0f}"
        value = {
            "bias": with_unit(t("representativeness.place_value", lang), "%", lang),
            "index": words["index"],
            "cover": t("representativeness.layer_cover", lang),
        }[ground.kind]
        self._map.speak(
            lang,
            title=t(f"representativeness.{_TITLES[ground.kind]}", lang, **words),
            source=t("representativeness.place_source", lang, version=__version__, radius=radius),
            value=value,
            kind=ground.kind,
        )
        self._move()

    # ------------------------------------------------------------------ moving
    def _dragged(self, _: str, __: Any, new: Any) -> None:
        if len(new["x"]):
            self._take(float(new["x"][0]), float(new["y"][0]))

    def _typed(self, axis: str, value: float) -> None:
        place = dict(zip(("east", "north"), self._page.state.tried_place, strict=True))
        self._take(**(place | {axis: value}))

    def _take(self, east: float, north: float) -> None:
        """Try the tower at a place."""
        if self._shown is None:
            return
        axis = self._shown.table("bias_map")["x"].to_numpy()
        low, high = float(axis[0]), float(axis[-1])
        place = tuple(float(round(min(max(one, low), high))) for one in (east, north))
        if place != self._page.state.tried_place:
            self._page.change(rep_place=None if place == (0.0, 0.0) else place)
        else:
            self._move()

    def _move(self) -> None:
        """Show the tower where it is tried and what its bias is there."""
        if self._shown is None or not self._shown.rated:
            return
        east, north = self._page.state.tried_place
        self._map.move(east, north)
        for axis, value in (("east", east), ("north", north)):
            self._fields[axis].show(value)
        self._table.show(place_table(self._shown, east, north, self._page.state.lang))


def place_table(shown: Assessed, east: float, north: float, lang: str) -> pd.DataFrame:
    """Return what the tower would see at a place, metres east and north of where it stands."""
    table = shown.table("bias_map")
    x, y = table["x"].to_numpy(), table["y"].to_numpy()

    def at(name: str, where: tuple[float, float] = (east, north)) -> float:
        return value_at(x, y, table[name], *where)

    index = index_words(shown.rated, lang)
    radius = f"{shown.facts['limits']['bias_radius']:.0f}"
    bias = at("location_bias")
    unknown = t("representativeness.here_unknown", lang)
    rows = [
        ("here_bias", {}, percent_words(bias, signed=True) if math.isfinite(bias) else unknown),
        ("here_home", {}, percent_words(at("location_bias", (0.0, 0.0)), signed=True)),
        ("here_footprint", {"index": index}, _index(at("footprint_mean"))),
        ("here_around", {"index": index, "radius": radius}, _index(at("area_mean"))),
        ("here_target", {}, percent_words(at("target_bias"), signed=True)),
        ("here_cover", {}, _cover_at(shown, east, north, lang)),
        ("here_distance", {}, _distance(east, north, lang)),
        ("here_position", {}, _position(shown, east, north)),
    ]
    named = [(t(f"representativeness.{key}", lang, **values), word) for key, values, word in rows]
    columns = [t(f"representativeness.column_{name}", lang) for name in ("quantity", "value")]
    return pd.DataFrame(named, columns=columns)


def _colours(cover: dict[str, Any] | None) -> dict[int, str]:
    """Return the colour of every class code."""
    if cover is None:
        return {}
    return dict(zip(map(int, cover["class"]), cover_colours(cover), strict=True))


def _index(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "–"


def _cover_at(shown: Assessed, east: float, north: float, lang: str) -> str:
    ground, cover = shown.result["ground"], shown.facts["land_cover"]
    if cover is None or "cover" not in ground:
        return "–"
    code = value_at(ground["x"].to_numpy(), ground["y"].to_numpy(), ground["cover"], east, north)
    names = dict(zip(map(int, cover["class"]), class_words(cover, lang), strict=True))
    return names.get(int(code), "–") if math.isfinite(code) else "–"


def _distance(east: float, north: float, lang: str) -> str:
    metres = math.hypot(east, north)
    if metres < 1.0:
        return t("representativeness.here_at_tower", lang)
    degrees = math.degrees(math.atan2(east, north)) % 360.0
    return t(
        "representativeness.here_distance_words",
        lang,
        metres=f"{metres:.0f}",
        degrees=f"{degrees:.0f}",
    )


def _position(shown: Assessed, east: float, north: float) -> str:
    """Return latitude and longitude of a place, within a metre over a few kilometres."""
    frame = LocalFrame.at(shown.place.longitude, shown.place.latitude)
    longitude, latitude = to_degrees(frame.map_x(east), frame.map_y(north))
    return f"{float(latitude):.4f}° N, {float(longitude):.4f}° E"
