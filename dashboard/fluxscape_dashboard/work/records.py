"""The half-hourly records that runs start from: simulated weather, or a table that was uploaded."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import xarray as xr

from fluxscape.io.climatology import read_climatology
from fluxscape.io.guards import open_netcdf_guarded
from fluxscape.meteorology.weather import PointClimate, point_climate, simulate_weather

START_YEAR: Final = 2010
"""Calendar year of the simulated weather. The climatology knows no single years; the year sets
the sun's course and the carbon dioxide."""

SEED: Final = 20_100
"""Seed of the simulated weather: one tower always has the same year."""


def simulated_year(
    latitude: float, longitude: float, *, height: float, canopy: float
) -> xr.Dataset:
    """Return a year of half-hourly simulated weather at a place.

    Parameters
    ----------
    latitude, longitude
        [degree].
    height, canopy
        Of the instrument and the vegetation above ground [m]; wind and stability follow them.
    """
    return simulate_weather(
        _climate(latitude, longitude),
        start_year=START_YEAR,
        seed=SEED,
        measurement_height=height,
        canopy_height=canopy,
    )


@lru_cache(maxsize=32)
def _climate(latitude: float, longitude: float) -> PointClimate:
    return point_climate(read_climatology(), latitude, longitude)


@lru_cache(maxsize=4)
def uploaded_table(path: str) -> xr.Dataset:
    """Return a table that was read from an upload; callers must not change it."""
    with open_netcdf_guarded(Path(path)) as dataset:
        return dataset.load()
