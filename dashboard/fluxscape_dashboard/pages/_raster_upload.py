"""A user's own rasters: a button for each kind, what was read, and what is wrong with a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import panel_material_ui as pmui

from fluxscape.representativeness.legends import LEGENDS
from fluxscape_dashboard.pages._representativeness_words import percent_words
from fluxscape_dashboard.pages._upload import FileCard, Upload
from fluxscape_dashboard.pages._widgets import choice, note, plain
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.sites import has_position
from fluxscape_dashboard.text import t
from fluxscape_dashboard.tower_table import tower_or_none
from fluxscape_dashboard.work.raster_uploads import read_raster_upload

KINDS: Final = ("cover", "index", "elevation")
"""Kinds of raster that the page takes."""

SUFFIXES: Final = (".tif", ".tiff")


class RasterCard(FileCard):
    """The button of one kind of raster.

    Parameters
    ----------
    page
        The page; the raster is cut about the chosen tower.
    kind
        One of :data:`KINDS`.
    on_change
        Called when a raster was read or left out.
    """

    def __init__(self, page: PageView, kind: str, on_change: Callable[[], None]) -> None:
        key = f"representativeness.raster_button_{kind}"
        super().__init__(page, label_key=key, again_key=key, stem="raster", suffixes=SUFFIXES)
        self._kind, self._on_change = kind, on_change
        self._drop = pmui.Button(
            label=page.bound("representativeness.raster_drop"),
            icon="close",
            size="small",
            variant="text",
            on_click=lambda _: self._leave_out(),
            visible=False,
            margin=0,
        )
        self.view = pmui.Column(
            self._button, self._news, self._drop, sizing_mode="stretch_width", margin=0
        )

    @property
    def name(self) -> str:
        """What the raster shows."""
        if self._kind == "index":
            return str(self._page.state.rep_index)
        return {"cover": "land_cover", "elevation": "elevation"}[self._kind]

    def layer(self) -> dict[str, str] | None:
        """Return path and name for the run, or None without a raster."""
        return None if self.upload is None else {"path": self.upload.path, "name": self.name}

    def _reading(self, source: Path, output: Path) -> tuple[Any, ...]:
        tower = tower_or_none(self._page.state.tower)
        place = (tower.longitude, tower.latitude) if tower and has_position(tower) else (0.0, 0.0)
        legend = self._page.state.rep_legend
        known = legend if legend in LEGENDS else ""
        return (read_raster_upload, str(source), str(output), self._kind, self.name, known, *place)

    def _taken(self, upload: Upload) -> None:
        del upload
        self._on_change()

    def _fail(self, error: Any, name: str) -> None:
        # What was read for another tower or another legend must not stand in for this one.
        if self.upload is not None and self._stored is not None and self.upload.name == name:
            self.upload = None
            self._on_change()
        super()._fail(error, name)

    def _leave_out(self) -> None:
        self.upload, self._stored, self._error = None, None, None
        self._speak()
        self._on_change()

    def _speak(self) -> None:
        super()._speak()
        self._drop.visible = self.upload is not None
        if self.upload is not None:
            self._news.append(plain(raster_words(self.upload, self._page.state.lang)))


def raster_words(upload: Upload, lang: str) -> str:
    """Return what was read of a raster."""
    facts = upload.summary
    words: dict[str, object] = {
        "name": upload.name,
        "cells": f"{facts['columns']} × {facts['rows']}",
        "pixel": f"{facts['pixel']:.3g}",
        "valid": percent_words(facts["valid"]),
    }
    if facts["legend"]:
        legend = t(f"representativeness.legend_{facts['legend']}", lang)
        words |= {"legend": legend, "classes": facts["classes"]}
        return t("representativeness.raster_words_cover", lang, **words)
    words |= {"low": f"{facts['low']:.3g}", "high": f"{facts['high']:.3g}"}
    return t("representativeness.raster_words", lang, **words)


def option_words(name: str, value: Any, lang: str) -> str:
    """Return the words of one option of ``rep_<name>``."""
    return t(f"representativeness.{name}_{value}", lang)


class RasterCards:
    """The buttons of all kinds with the legend and the name of the index.

    Parameters
    ----------
    page
        The page.
    on_change
        Called when the rasters have changed.
    """

    def __init__(self, page: PageView, on_change: Callable[[], None]) -> None:
        self._cards = {kind: RasterCard(page, kind, on_change) for kind in KINDS}
        state = page.state
        legend, index = (
            choice(
                page,
                f"rep_{name}",
                f"representativeness.{name}",
                state.param[f"rep_{name}"].objects,
                partial(option_words, name),
            )
            for name in ("legend", "index")
        )
        self.view = pmui.Column(
            note(page, "representativeness.raster_help"),
            self._cards["cover"].view,
            legend,
            self._cards["index"].view,
            index,
            self._cards["elevation"].view,
            sizing_mode="stretch_width",
            margin=0,
        )
        state.param.watch(lambda _: self._cards["cover"].read_again(), "rep_legend")
        state.param.watch(lambda _: self._cards["index"].read_again(), "rep_index")
        state.param.watch(lambda _: self._follow_tower(), "tower")

    def layers(self) -> dict[str, dict[str, str]]:
        """Return path and name of every raster by kind."""
        found = {kind: card.layer() for kind, card in self._cards.items()}
        return {kind: layer for kind, layer in found.items() if layer is not None}

    def _follow_tower(self) -> None:
        """Cut the rasters about another tower."""
        for card in self._cards.values():
            card.upload = None
            card.read_again()
