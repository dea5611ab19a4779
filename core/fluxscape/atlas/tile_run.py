"""One tile of a national run, as a worker runs it: opaque to whoever hands out the tasks.

A worker gets the folder of a run and a number, opens the plan, the store and the forcing once, and
writes its tile into the store. Memory holds the forcing of a few cells for a year at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.atlas.cells import COVER
from fluxscape.atlas.forcing import year_of_forcing
from fluxscape.atlas.gridded import GriddedWeather
from fluxscape.atlas.models import (
    ABOVE_CANOPY,
    BatchResult,
    dlm_parameters,
    has_evapotranspiration,
    run_dlm_batch,
    run_lue_batch,
)
from fluxscape.atlas.product import ET, GPP, LAND_FRACTION
from fluxscape.atlas.settings import DLM, RunSettings
from fluxscape.atlas.tasks import TaskTable
from fluxscape.dlm import Forcing
from fluxscape.io.climatology import read_climatology
from fluxscape.io.forcing_files import read_index
from fluxscape.io.region_stores import RegionArray, RegionStore
from fluxscape.meteorology.point_climate import PointClimate, point_climates
from fluxscape.vocabulary import VARIABLES

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CELLS_PER_BATCH: Final = 48
"""Cells whose forcing is in memory at once: a year of it takes 12 MB."""

SPREAD: Final = "_standard_deviation"
"""Suffix of the standard deviation over members of each year's flux."""

UNCERTAINTY: Final = "_uncertainty"
"""Suffix of the standard deviation over members of the mean of all years."""

STORE: Final = "annual.zarr"
INDEX: Final = "forcing.json"
"""Store and index of the forcing in the folder of a run."""

FIXED: Final = (LAND_FRACTION, "inside", COVER, "point_latitude", "point_longitude")
"""Maps of the store that are written before the first task."""


def region_arrays(settings: RunSettings, shape: tuple[int, ...]) -> list[RegionArray]:
    """Return the arrays that tasks fill."""
    annual, flat = (len(settings.years), *shape), shape
    names = (GPP, ET) if has_evapotranspiration(settings) else (GPP,)
    arrays = []
    for name in names:
        attrs = VARIABLES[name].attrs()
        dims = ("time", "y", "x")
        arrays.append(RegionArray(name, dims, annual, attrs))
        if settings.ensemble is not None:
            text = f"{attrs['long_name']}: standard deviation over members"
            spread = {"units": attrs["units"], "long_name": text}
            whole = {"units": attrs["units"], "long_name": f"{text}, of the mean of all years"}
            arrays.append(RegionArray(name + SPREAD, dims, annual, spread))
            arrays.append(RegionArray(name + UNCERTAINTY, dims[1:], flat, whole))
    return arrays


@dataclass(frozen=True)
class _Context:
    """What a worker opens once for a run."""

    settings: RunSettings
    store: RegionStore
    tiles: IntArray
    weather: GriddedWeather | None


_opened: dict[tuple[str, int], _Context] = {}
"""The run that this process works on, opened once."""


def _context(folder: str) -> _Context:
    """Return the opened run of a folder; that of another one is closed."""
    key = folder, Path(folder, "plan.json").stat().st_mtime_ns
    if key not in _opened:
        close_runs()
        _opened[key] = _open(folder)
    return _opened[key]


def close_runs() -> None:
    """Close the files of the run that this process works on."""
    for context in _opened.values():
        if context.weather is not None:
            context.weather.close()
    _opened.clear()


def _open(folder: str) -> _Context:
    """Return the opened run of a folder."""
    table = TaskTable(Path(folder), 0)
    plan = table.plan
    settings = RunSettings.from_dict(
        {name: plan[name] for name in RunSettings.__dataclass_fields__}
    )
    store = RegionStore(Path(folder, STORE), settings.tile)
    weather = None
    if not settings.simulated:
        weather = GriddedWeather(
            read_index(Path(folder, INDEX)),
            settings.step_seconds,
            settings.first_year,
        )
    return _Context(settings, store, store.read("tiles"), weather)


def run_tile(folder: str, number: int) -> dict[str, npt.NDArray[Any]]:
    """Run the cells of one tile and write them into the store of the run's folder.

    Parameters
    ----------
    folder
        That :func:`run_national` laid out.
    number
        Of the tile.

    Returns
    -------
    dict
        ``status`` (cell,), the first status that is not 0; ``latitude`` and ``longitude`` of the
        cells; ``checksums`` of the regions that were written.
    """
    context = _context(folder)
    settings, store = context.settings, context.store
    top, left = (int(value) for value in context.tiles[number])
    shape = store.shape(LAND_FRACTION)
    region = (
        slice(top, min(top + settings.tile, shape[0])),
        slice(left, min(left + settings.tile, shape[1])),
    )
    fixed = {name: store.read(name, region) for name in FIXED}
    run = fixed[LAND_FRACTION] > 0
    cells = {name: values[run] for name, values in fixed.items()}
    if context.weather is not None:
        for name in ("forcing_row", "forcing_column"):
            cells[name] = store.read(name, region)[run]
    count = int(run.sum())
    results = [
        _run_batch(context, {k: v[i : i + CELLS_PER_BATCH] for k, v in cells.items()})
        for i in range(0, count, CELLS_PER_BATCH)
    ]
    joined = BatchResult(
        np.concatenate([item.gpp for item in results], axis=1),
        np.concatenate([item.et for item in results], axis=1),
        np.concatenate([item.status for item in results]),
    )
    values = _outputs(settings, joined)
    checksums = []
    for item in region_arrays(settings, run.shape):
        block = np.full(item.shape, np.nan, np.float32)
        block[..., run] = values[item.name]
        checksums.append(store.write(item.name, region, block))
    return {
        "status": joined.status,
        "latitude": cells["point_latitude"],
        "longitude": cells["point_longitude"],
        "checksums": np.array(checksums, np.int64),
    }


def _run_batch(context: _Context, cells: dict[str, npt.NDArray[Any]]) -> BatchResult:
    """Run a few cells through all years."""
    settings = context.settings
    latitude, longitude = cells["point_latitude"], cells["point_longitude"]
    cover = cells[COVER].astype(np.int64)
    climates = point_climates(read_climatology(), latitude, longitude)

    def forcing_of(year: int) -> Forcing:
        if context.weather is not None:
            rows, columns = cells["forcing_row"], cells["forcing_column"]
            return context.weather.year(climates, rows, columns, year)
        return simulated_year(settings, climates, cover, year)

    run_batch = run_dlm_batch if settings.model == DLM else run_lue_batch
    return run_batch(settings, cover, climates, forcing_of)


def simulated_year(
    settings: RunSettings, climates: list[PointClimate], cover: IntArray, year: int
) -> Forcing:
    """Return a year of simulated weather, changed as the scenario says."""
    sets = [dlm_parameters(settings, int(number)) for number in cover]
    forcing = year_of_forcing(
        climates,
        year,
        step_seconds=settings.step_seconds,
        seed=settings.seed,
        canopy_heights=[item.canopy_height for item in sets],
        reference_heights=[item.canopy_height + ABOVE_CANOPY for item in sets],
    )
    settings.scenario.apply(forcing, year)
    return forcing


def _outputs(settings: RunSettings, result: BatchResult) -> dict[str, FloatArray]:
    """Return the values of every array at the cells, shape (year, cell) or (cell,)."""
    out = {}
    for name, values in ((GPP, result.gpp), (ET, result.et)):
        if values.shape[0] == 0:
            continue
        out[name] = values.mean(axis=0).T
        if settings.ensemble is not None:
            out[name + SPREAD] = values.std(axis=0, ddof=1).T
            out[name + UNCERTAINTY] = values.mean(axis=2).std(axis=0, ddof=1)
    return out
