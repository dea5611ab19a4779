"""Two towers of the skill benchmark that come as flux tables of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from _skill_data import Tower
from fluxscape.io.flux_tables import read_flux_table
from fluxscape.vocabulary import QUALITY_SUFFIX


@dataclass(frozen=True)
class TableTower:
    site: str
    file: str
    latitude: float
    longitude: float
    igbp: str
    canopy_height: float | None
    height: float | None
    note: str


FILES = (
    TableTower(
        "US-UTE",
        "footprint_US-UTE_2024.csv",
        37.7353,
        -111.5708,
        "CRO",
        0.3,
        3.5,
        "heights of instrument and canopy assumed; June to September",
    ),
    TableTower(
        "BE-Vie",
        "BE-Vie_2014_halfhourly.csv",
        50.305,
        5.998,
        "MF",
        None,
        None,
        "no rain in the file: soil held at field capacity",
    ),
)


def table_towers(folder: Path, sites: list[str] | None, streams: list[str]) -> list[Tower]:
    return [
        _tower(item, folder, streams)
        for item in FILES
        if (folder / item.file).exists() and (not sites or item.site in sites)
    ]


def _tower(item: TableTower, folder: Path, streams: list[str]) -> Tower:
    table = read_flux_table(
        folder / item.file,
        site=item.site,
        longitude=item.longitude,
        measurement_height=item.height,
        canopy_height=item.canopy_height,
    )
    tower = Tower(
        item.site, item.latitude, item.longitude, None, item.igbp, "loam", table, notes=[item.note]
    )
    tower.canopy_height = item.canopy_height
    half = {}
    for name in streams:
        if name not in table:
            continue
        series = pd.Series(table[name].to_numpy(), index=pd.DatetimeIndex(table["time"].to_numpy()))
        flag = name + QUALITY_SUFFIX
        if flag in table:
            series = series[table[flag].to_numpy() <= 0]
        half[name] = series.dropna()
    tower.observed = {"half-hourly": half, "daily": {}, "monthly": {}}
    return tower
