"""The maps that ``fluxscape represent`` is given."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fluxscape.io.maps import join_scenes, read_map
from fluxscape.representativeness.raster_checks import known_range
from fluxscape.towers import METRES_PER_DEGREE, Tower

if TYPE_CHECKING:
    import xarray as xr

REACH: Final = 8000.0
"""Half-width of what is read around a tower [m]: more than the largest disc and square."""


def read_one(text: str | None, tower: Tower, *, categorical: bool = False) -> xr.DataArray | None:
    """Return the map around a tower that ``FILE`` or ``FILE::VARIABLE`` names."""
    if not text:
        return None
    file, _, variable = text.partition("::")
    north = REACH / METRES_PER_DEGREE
    east = north / max(math.cos(math.radians(tower.latitude)), 0.05)
    bounds = (
        tower.longitude - east,
        tower.latitude - north,
        tower.longitude + east,
        tower.latitude + north,
    )
    found = read_map(file, bounds=bounds, categorical=categorical, variable=variable)
    if "time" in found.dims and found.sizes["time"] == 1:
        found = found.isel(time=0)
    return found


def read_indices(texts: Iterable[str], tower: Tower) -> dict[str, xr.DataArray]:
    """Return surface properties by name; several files of one name are scenes."""
    groups: dict[str, list[xr.DataArray]] = {}
    for text in texts:
        name, mark, file = text.partition("=")
        if not mark:
            file = text
            stem = file.partition("::")[2] or Path(file.partition("::")[0]).stem
            known = known_range(stem)
            name = known[0] if known else stem
        found = read_one(file, tower)
        if found is not None:
            groups.setdefault(name, []).append(found)
    return {name: join_scenes(maps, name) for name, maps in groups.items()}
