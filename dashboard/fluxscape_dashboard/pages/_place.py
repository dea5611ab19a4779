"""Where a run takes place: the chosen tower, or what a user says of an uploaded table."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import panel_material_ui as pmui

from fluxscape.towers import Tower
from fluxscape_dashboard.pages._upload import Upload
from fluxscape_dashboard.pages._widgets import NumberField
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.safe import label
from fluxscape_dashboard.sites import CHINA_OFFSET, cover_of, has_position
from fluxscape_dashboard.tower_table import tower_or_none


@dataclass(frozen=True, slots=True)
class Place:
    """A place with its records.

    Attributes
    ----------
    tower
        The chosen tower; its land cover and heights are taken.
    latitude, longitude
        [degree].
    precision
        Uncertainty of the position [m]; NaN if unknown.
    utc_offset_hours
        Clock ahead of UTC [h].
    upload
        The table, or None for simulated weather.
    """

    tower: Tower
    latitude: float
    longitude: float
    precision: float
    utc_offset_hours: float
    upload: Upload | None

    @property
    def cover(self) -> str:
        """IGBP class."""
        return cover_of(self.tower)

    @property
    def table(self) -> str:
        """Path of the uploaded table, or an empty text."""
        return self.upload.path if self.upload else ""

    @property
    def words(self) -> str:
        """Code and name of the tower, or the table's name and position."""
        if self.upload is None:
            return f"{label(self.tower.site)} {label(self.tower.name, limit=40)}"
        return f"{self.upload.name} ({self.latitude:.4f}, {self.longitude:.4f})"

    @property
    def short(self) -> str:
        """Code of the tower, or the table's name without its ending."""
        return self.tower.site if self.upload is None else self.upload.name.split(".")[0]

    @property
    def status_key(self) -> str:
        """Key of the text that says what the records are."""
        return "work.records_upload" if self.upload else "work.records_simulated"


class PositionFields:
    """Latitude and longitude of an uploaded table; the tower's own until they are changed."""

    def __init__(self, page: PageView, on_change: Callable[[], None]) -> None:
        self._page = page
        common: dict[str, Any] = {
            "on_change": lambda _: on_change(),
            "step": 0.01,
            "pattern": "0.0000",
        }
        self.latitude = NumberField(page, "work.latitude", (-90.0, 90.0), **common)
        self.longitude = NumberField(page, "work.longitude", (-180.0, 180.0), **common)
        self.view = pmui.Row(
            self.latitude.widget, self.longitude.widget, margin=0, sizing_mode="stretch_width"
        )
        self.follow_tower()

    def follow_tower(self) -> None:
        """Put the chosen tower's coordinates into the fields."""
        tower = tower_or_none(self._page.state.tower)
        if tower is not None and has_position(tower):
            self.latitude.show(tower.latitude)
            self.longitude.show(tower.longitude)

    def place(self, tower: Tower, upload: Upload | None, utc_offset_hours: float) -> Place:
        """Return the place of a run."""
        if upload is None:
            return Place(
                tower,
                tower.latitude,
                tower.longitude,
                tower.coordinate_precision,
                CHINA_OFFSET,
                None,
            )
        latitude = _number(self.latitude.value, tower.latitude)
        longitude = _number(self.longitude.value, tower.longitude)
        at_tower = math.hypot(latitude - tower.latitude, longitude - tower.longitude) < 1e-6
        precision = tower.coordinate_precision if at_tower else math.nan
        return Place(tower, latitude, longitude, precision, utc_offset_hours, upload)


def _number(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else float(value)
