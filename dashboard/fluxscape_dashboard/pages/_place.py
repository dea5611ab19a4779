"""Where a run takes place: the chosen tower, or what a user says of an uploaded table."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import panel_material_ui as pmui

from fluxscape.towers import Tower
from fluxscape_dashboard.pages._upload import Upload
from fluxscape_dashboard.pages.base import PageView
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
    def status_key(self) -> str:
        """Key of the text that says what the records are."""
        return "work.records_upload" if self.upload else "work.records_simulated"


class PositionFields:
    """Latitude and longitude of an uploaded table; the tower's own until they are changed."""

    def __init__(self, page: PageView, on_change: Callable[[], None]) -> None:
        self._page, self._on_change, self._quiet = page, on_change, False
        common: dict[str, Any] = {
            "size": "small",
            "format": "0.0000",
            "step": 0.01,
            "margin": (4, 4, 4, 0),
            "width": 128,
        }
        self.latitude = pmui.FloatInput(
            label=page.bound("work.latitude"), start=-90, end=90, **common
        )
        self.longitude = pmui.FloatInput(
            label=page.bound("work.longitude"), start=-180, end=180, **common
        )
        self.view = pmui.Row(self.latitude, self.longitude, margin=0)
        self.follow_tower()
        for field in (self.latitude, self.longitude):
            field.param.watch(self._changed, "value")

    def follow_tower(self) -> None:
        """Put the chosen tower's coordinates into the fields."""
        tower = tower_or_none(self._page.state.tower)
        if tower is not None and has_position(tower):
            self._quiet = True
            self.latitude.value, self.longitude.value = tower.latitude, tower.longitude
            self._quiet = False

    def _changed(self, _: Any) -> None:
        if not self._quiet:
            self._on_change()

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
