"""The region of the Atlas page: picked from a list, drawn on the map, or a user's own polygon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import panel as pn
import panel_material_ui as pmui
import shapely
from bokeh.events import SelectionGeometry
from bokeh.models import LassoSelectTool

from fluxscape.errors import FluxscapeError
from fluxscape.io.polygons import SUFFIXES, read_polygons
from fluxscape_dashboard import maps
from fluxscape_dashboard.pages._background import Latest
from fluxscape_dashboard.pages._errors import error_alert
from fluxscape_dashboard.pages._upload import FileCard, Upload
from fluxscape_dashboard.pages._widgets import MARGIN, note, plain
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.safe import label
from fluxscape_dashboard.views.atlas_product import NationalProduct
from fluxscape_dashboard.views.atlas_zones import (
    DRAWN,
    NATION,
    Region,
    corners,
    drawn_polygon,
    nation_at_once,
    region,
    zone_keys,
    zone_name,
)

_OWN: Final = "own"


class PolygonCard(FileCard):
    """The button for a user's polygons."""

    def __init__(self, page: PageView, on_change: Callable[[], None]) -> None:
        key = "atlas.region_upload"
        super().__init__(page, label_key=key, again_key=key, stem="polygon", suffixes=SUFFIXES)
        self._on_change = on_change
        self.view = pmui.Column(self._button, self._news, sizing_mode="stretch_width", margin=0)

    @property
    def polygons(self) -> list[dict[str, Any]]:
        """Name and well-known binary of each polygon."""
        return [] if self.upload is None else list(self.upload.summary["polygons"])

    def _reading(self, source: Path, output: Path) -> tuple[Any, ...]:
        del output
        return _read_upload, str(source)

    def _taken(self, upload: Upload) -> None:
        del upload
        self._on_change()

    def _speak(self) -> None:
        super()._speak()
        if self.upload is not None:
            words = self._page.t(
                "atlas.region_read", name=self.upload.name, count=len(self.polygons)
            )
            self._news.append(plain(words))


def _read_upload(path: str) -> dict[str, Any]:
    """Read a user's polygons, in a child process."""
    return {"polygons": read_polygons(path)}


class RegionChoice:
    """Everything by which a region is chosen, and its figures.

    Parameters
    ----------
    page
        The page.
    product
        The national product.
    on_region
        Called with the figures of the region that the state asks for, None while there are none.
    """

    def __init__(
        self,
        page: PageView,
        product: NationalProduct,
        on_region: Callable[[Region | None], None],
    ) -> None:
        self._page, self._product, self._on_region = page, product, on_region
        self._latest = Latest(self._found, self._failed)
        self._card = PolygonCard(page, self._uploaded)
        self._error = pn.Column(sizing_mode="stretch_width", margin=0)
        self._select = pmui.AutocompleteInput(
            label=page.bound("atlas.region"),
            options=self._options(),
            value=page.state.at_region,
            case_sensitive=False,
            search_strategy="includes",
            min_characters=0,
            restrict=True,
            size="small",
            sizing_mode="stretch_width",
            margin=MARGIN,
        )
        self._select.param.watch(self._picked, "value")
        self.view = pmui.Column(
            self._select,
            note(page, "atlas.region_help"),
            self._card.view,
            self._error,
            sizing_mode="stretch_width",
            margin=0,
        )
        watch = page.state.param.watch
        watch(lambda *_: self.show(), ["at_variable", "at_region", "at_polygon"])
        watch(lambda _: self._relabel(), "lang")

    def attach(self, chart: Any) -> None:
        """Let a free-hand line on a figure choose a region."""
        tool = LassoSelectTool(
            continuous=False,
            renderers=[],
            description=self._page.t("atlas.region_draw"),
            tags=["region"],
        )
        chart.add_tools(tool)
        self._tool = tool
        chart.on_event(SelectionGeometry, self._drawn)

    def name(self, lang: str) -> str:
        """Return the name of the region in a language."""
        return self._name(self._page.state.at_region, lang)

    def show(self) -> None:
        """Find the figures of the region that the state asks for."""
        state = self._page.state
        key, polygon = state.at_region, None
        if key == DRAWN:
            polygon = drawn_polygon(state.at_polygon)
        elif key.startswith(_OWN):
            polygon = self._own(key)
        elif key not in zone_keys():
            key = NATION
        if key.partition(":")[0] in {"drawn", _OWN} and polygon is None:
            # An address cannot carry a user's file, and may be wrong.
            key = NATION
        if key != state.at_region:
            self._page.change(at_region=key)
            return
        self._error.clear()
        if self._select.value != key:
            self._select.options = self._options()
            self._select.value = key
        if key == NATION:
            # Interval and breaks follow; kernels that are new take a while to compile.
            self._on_region(nation_at_once(self._product, state.at_variable))
        self._latest.run(region, self._product, state.at_variable, key, polygon)

    def speak(self) -> None:
        """Word the drawing tool."""
        if hasattr(self, "_tool"):
            self._tool.description = self._page.t("atlas.region_draw")

    def _options(self) -> dict[str, str]:
        lang = self._page.state.lang
        keys = list(zone_keys())
        if self._page.state.at_polygon:
            keys.insert(1, DRAWN)
        keys[1:1] = [f"{_OWN}:{n + 1}" for n in range(len(self._card.polygons))]
        return {self._name(key, lang): key for key in keys}

    def _name(self, key: str, lang: str) -> str:
        kind, _, number = key.partition(":")
        polygons = self._card.polygons
        if kind == _OWN and number.isdigit() and 0 < int(number) <= len(polygons):
            return label(f"{self._page.t('atlas.region_own')} {polygons[int(number) - 1]['name']}")
        return zone_name(key, lang)

    def _own(self, key: str) -> shapely.Geometry | None:
        number = key.partition(":")[2]
        polygons = self._card.polygons
        if not number.isdigit() or not 0 < int(number) <= len(polygons):
            return None
        return shapely.from_wkb(polygons[int(number) - 1]["wkb"])

    def _picked(self, event: Any) -> None:
        if event.new and event.new != self._page.state.at_region:
            self._page.change(at_region=event.new)

    def _uploaded(self) -> None:
        self._select.options = self._options()
        key = f"{_OWN}:1"
        if self._page.state.at_region == key:
            self.show()
        else:
            self._page.change(at_region=key)

    def _drawn(self, event: Any) -> None:
        geometry = event.geometry
        if not event.final or geometry.get("type") != "poly":
            return
        x, y = (np.asarray(geometry[axis], dtype=np.float64) for axis in ("x", "y"))
        if x.size < 3 or x.size != y.size:
            return
        longitude, latitude = maps.to_degrees(x, y)
        self._page.change(at_polygon=corners(longitude, latitude), at_region=DRAWN)

    def _relabel(self) -> None:
        # The browser knows the choice by its words, which are others now.
        value = self._select.value
        self._select.options = self._options()
        self._select.value = value
        self._select.param.trigger("value")
        self.speak()

    def _found(self, found: Region) -> None:
        self._on_region(found)

    def _failed(self, error: FluxscapeError) -> None:
        self._error.objects = [error_alert(error, self._page.state.lang)]
        self._on_region(None)
