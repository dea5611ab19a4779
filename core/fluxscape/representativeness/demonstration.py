"""Weather and landscape of a tower, both simulated: for demonstration, and labelled so.

Where neither records nor fine maps of a tower are at hand, both are drawn from the embedded
climatology. The result says how a tower of this kind, in such a mix of land cover, would stand for
its surroundings; it says nothing of the true ground around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr

from fluxscape.footprint.climatology import footprint_climatology
from fluxscape.meteorology._weather_land import CANOPY_HEIGHT, instrument_height
from fluxscape.meteorology.point_climate import SamplesPoints, point_climate
from fluxscape.meteorology.weather import DISPLACEMENT_SHARE, simulate_weather
from fluxscape.representativeness.landscape import class_number, simulate_landscape
from fluxscape.representativeness.surroundings import surroundings_of
from fluxscape.towers import Tower

YEAR: Final = 2010
"""Calendar year of the simulated weather; the climatology knows no single years."""

SEED: Final = 20_100

STEP_SECONDS: Final = 3600
"""Step of the simulated weather [s]."""

EXTENT_PER_HEIGHT: Final = 75.0
EXTENTS: Final = (500.0, 2000.0)
CELLS: Final = 100
"""Half-width of the footprint's grid over the instrument's height above displacement, its bounds
[m], and cells along it: most of the flux comes from within a hundred heights."""

_MARGIN: Final = 1.2
"""How far above its canopy an instrument stands at least, over the canopy's height [1]; assumed."""


@dataclass(frozen=True, slots=True)
class Heights:
    """Heights above ground [m], and whether the tower table tells them.

    Attributes
    ----------
    measurement, canopy
        Of the instrument and the vegetation.
    known
        Whether both are the table's.
    """

    measurement: float
    canopy: float
    known: bool


def usual_heights(tower: Tower, map_class: int) -> Heights:
    """Return the heights of a tower; usual ones of its land cover where the table has none.

    Parameters
    ----------
    tower
        From the tower table.
    map_class
        Class of the land-cover map at the tower, for a tower without a class.
    """
    kind = class_number(tower.igbp) if tower.igbp else map_class
    known = np.isfinite(tower.measurement_height) and np.isfinite(tower.canopy_height)
    canopy = tower.canopy_height if np.isfinite(tower.canopy_height) else CANOPY_HEIGHT[kind]
    measurement = tower.measurement_height
    if not np.isfinite(measurement):
        measurement = instrument_height(canopy)
        if np.isfinite(tower.tower_height):
            measurement = min(measurement, tower.tower_height)
    # An instrument inside the assumed canopy shows that the canopy is lower.
    if not np.isfinite(tower.canopy_height):
        canopy = min(canopy, measurement / _MARGIN)
    measurement = max(measurement, _MARGIN * canopy)
    return Heights(float(measurement), float(max(canopy, 0.01)), bool(known))


def demonstration_records(
    climatology: SamplesPoints, tower: Tower, *, seed: int = SEED
) -> xr.Dataset:
    """Return a year of simulated half-hours at a tower."""
    climate = point_climate(climatology, tower.latitude, tower.longitude)
    heights = usual_heights(tower, climate.land_cover)
    return simulate_weather(
        climate,
        start_year=YEAR,
        step_seconds=STEP_SECONDS,
        seed=seed,
        measurement_height=heights.measurement,
        canopy_height=heights.canopy,
    )


def demonstration_footprint(
    climatology: SamplesPoints,
    tower: Tower,
    *,
    model: str = "ffp",
    seed: int = SEED,
) -> xr.Dataset:
    """Return the footprint climatology of a simulated year at a tower.

    Parameters
    ----------
    climatology
        From :func:`fluxscape.io.climatology.read_climatology`.
    tower
        With a position.
    model
        A key of :data:`fluxscape.footprint.models.MODELS`.
    seed
        Of the weather.
    """
    climate = point_climate(climatology, tower.latitude, tower.longitude)
    heights = usual_heights(tower, climate.land_cover)
    above = heights.measurement - DISPLACEMENT_SHARE * heights.canopy
    extent = float(np.clip(EXTENT_PER_HEIGHT * above, *EXTENTS))
    return footprint_climatology(
        demonstration_records(climatology, tower, seed=seed),
        measurement_height=heights.measurement,
        canopy_height=heights.canopy,
        model=model,
        resolution=extent / CELLS,
        extent=extent,
        latitude=tower.latitude,
        longitude=tower.longitude,
    )


def demonstration_landscape(
    climatology: SamplesPoints, tower: Tower, *, seed: int = SEED
) -> xr.Dataset:
    """Return the simulated landscape around a tower."""
    return simulate_landscape(
        surroundings_of(climatology, tower.latitude, tower.longitude),
        latitude=tower.latitude,
        longitude=tower.longitude,
        land_cover=tower.igbp,
        seed=seed,
    )
