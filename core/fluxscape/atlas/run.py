"""The national run: the land-surface model at every cell of a nation, year by year.

Each cell stands for its most frequent land cover at one point (:mod:`fluxscape.atlas.cells`). Its
weather is simulated there from the embedded climatology, hour by hour, averaged to the model's
step, and drawn for each cell and year on its own: neighbours share a climate, not a storm. Carbon
dioxide is the measured annual mean. The run is a table of tasks of some cells each
(:mod:`fluxscape.atlas.tasks`); a task runs all years, so state is carried from year to year.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape._version import __version__
from fluxscape.atlas.cells import CLASS_CODES, COVER, national_cells
from fluxscape.atlas.forcing import year_of_forcing
from fluxscape.atlas.product import ET, GPP, LAND_FRACTION
from fluxscape.atlas.settings import RunSettings
from fluxscape.atlas.start import climate_states
from fluxscape.atlas.tasks import TaskTable, run_tasks
from fluxscape.constants import MOLAR_MASS_CARBON
from fluxscape.contracts import provenance
from fluxscape.dlm import DlmArrays, DlmParameters, parameters_for, run_dlm_arrays
from fluxscape.errors import OutOfBoundsError, RunError
from fluxscape.io.basemap import read_nation
from fluxscape.io.climatology import read_climatology
from fluxscape.io.stores import write_dataset, write_store
from fluxscape.meteorology.point_climate import point_climates
from fluxscape.vocabulary import VARIABLES

FloatArray = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

CELLS_PER_TASK: Final = 48
"""A task takes about half a minute, and a year of its forcing 12 MB."""

MOST_FAILURES: Final = 0.01
"""Share of cells whose model may fail before the whole run counts as failed."""

ABOVE_CANOPY: Final = 10.0
"""Height of wind, temperature and humidity above the canopy [m]."""

_GRAMS_PER_MICROMOLE: Final = 1e-3 * MOLAR_MASS_CARBON

SOURCE: Final = (
    "land-surface model DLM on simulated weather; real climatology, vegetation, terrain and CO2"
)


@dataclass(frozen=True)
class RunSetup:
    """What every task gets: the settings and the cells to run, in a fixed order.

    Attributes
    ----------
    settings
        Of the run.
    latitude, longitude
        Point of each cell [degrees], shape (cell,).
    cover
        Class number of each cell, shape (cell,).
    """

    settings: RunSettings
    latitude: FloatArray
    longitude: FloatArray
    cover: npt.NDArray[np.int64]

    @property
    def tasks(self) -> int:
        """Number of tasks."""
        return -(-self.latitude.size // CELLS_PER_TASK)


def run_national(
    settings: RunSettings,
    out: str | Path,
    *,
    workers: int = 1,
    on_progress: Progress | None = None,
) -> xr.Dataset:
    """Run a nation and write its annual maps; a run that was stopped goes on where it was.

    Parameters
    ----------
    settings
        What to run.
    out
        Directory of the Zarr store to make or replace. Results of tasks lie beside it in
        ``<out>.tasks`` until the store is written.
    workers
        Processes; the result does not depend on them.
    on_progress
        Called with the number of finished tasks and of all.

    Returns
    -------
    xarray.Dataset
        ``annual_gross_primary_production`` [g m-2 year-1, as carbon] and
        ``annual_evapotranspiration`` [kg m-2 year-1] over (time, y, x), and the cells.

    Raises
    ------
    OutOfBoundsError
        If the settings cannot be run.
    RunError
        If an unfinished run with other settings lies there, workers are killed again and again, or
        more than 1 % of the cells fail.
    """
    cells = _cells(settings)
    setup = _setup(settings, cells)
    target = Path(out)
    folder = target.with_name(target.name + ".tasks")
    table = TaskTable.open(folder, setup.tasks, {**settings.to_dict(), "version": __version__})
    run_tasks(table, run_cells, setup, workers=workers, on_progress=on_progress)
    dataset = _assemble(table, setup, cells)
    chunks = {"y": 16, "x": 16}

    def build(group: Any) -> None:
        write_dataset(group, dataset, chunks=chunks, shards={})

    write_store(build, target)
    table.remove()
    return dataset


def run_cells(setup: RunSetup, number: int) -> dict[str, npt.NDArray[Any]]:
    """Return annual sums of the cells of one task.

    Returns
    -------
    dict
        ``gpp`` [g m-2 year-1] and ``et`` [kg m-2 year-1], shape (cell, year), NaN where the model
        failed; ``status`` (cell,), the first status that is not 0.
    """
    settings = setup.settings
    part = slice(number * CELLS_PER_TASK, (number + 1) * CELLS_PER_TASK)
    climates = point_climates(read_climatology(), setup.latitude[part], setup.longitude[part])
    parameters = [_parameters(int(cover), settings) for cover in setup.cover[part]]
    canopies = [item.canopy_height for item in parameters]
    heights = [canopy + ABOVE_CANOPY for canopy in canopies]
    count = len(climates)
    gpp, et = (np.full((count, len(settings.years)), np.nan) for _ in range(2))
    status = np.zeros(count, np.int64)
    states = climate_states(parameters, climates)
    for year in range(settings.first_year - settings.spin_up_years, settings.last_year + 1):
        forcing = year_of_forcing(
            climates,
            year,
            step_seconds=settings.step_seconds,
            seed=settings.seed,
            canopy_heights=canopies,
            reference_heights=heights,
        )
        result = run_dlm_arrays(
            forcing,
            parameters,
            step_seconds=settings.step_seconds,
            reference_height=np.array(heights),
            states=states,
        )
        states = result.states
        status = np.where(status == 0, result.status, status)
        if year >= settings.first_year:
            seconds = forcing.air_temperature.shape[1] * settings.step_seconds
            column = year - settings.first_year
            gpp[:, column], et[:, column] = _annual(result, seconds)
    gpp[status != 0] = np.nan
    et[status != 0] = np.nan
    return {"gpp": gpp, "et": et, "status": status}


def _annual(result: DlmArrays, seconds: float) -> tuple[FloatArray, FloatArray]:
    """Return the year's carbon [g m-2] and water [kg m-2] from the means of its steps."""
    carbon = result.mean("gross_primary_production")[:, 0] * _GRAMS_PER_MICROMOLE * seconds
    water = result.mean("evapotranspiration")[:, 0] * seconds
    return carbon, water


def _parameters(cover: int, settings: RunSettings) -> DlmParameters:
    """Return the parameters of a land cover."""
    return parameters_for(CLASS_CODES[cover], settings.soil_texture)


def _cells(settings: RunSettings) -> xr.Dataset:
    """Return the cells of the run, inside the bounds that were asked for."""
    land_cover = read_climatology()["land_cover"]
    cells = national_cells(read_nation().polygon, land_cover, resolution=settings.resolution)
    if settings.bounds is None:
        return cells
    west, south, east, north = settings.bounds
    part = cells.sel(y=slice(south, north), x=slice(west, east))
    if part.sizes["y"] < 2 or part.sizes["x"] < 2 or not (part[LAND_FRACTION] > 0).any():
        msg = f"no land of the nation lies within {west:g} to {east:g} E, {south:g} to {north:g} N"
        raise OutOfBoundsError(msg, got=settings.bounds)
    return part


def _setup(settings: RunSettings, cells: xr.Dataset) -> RunSetup:
    """Return what the tasks get: cells row by row from the south-west."""
    run = cells[LAND_FRACTION].to_numpy() > 0
    return RunSetup(
        settings=settings,
        latitude=cells["point_latitude"].to_numpy()[run],
        longitude=cells["point_longitude"].to_numpy()[run],
        cover=cells[COVER].to_numpy()[run].astype(np.int64),
    )


def _assemble(table: TaskTable, setup: RunSetup, cells: xr.Dataset) -> xr.Dataset:
    """Return the maps made of the results of all tasks."""
    settings = setup.settings
    results = [table.load(number) for number in range(table.count)]
    status = np.concatenate([result["status"] for result in results])
    failed = int((status != 0).sum())
    if failed > MOST_FAILURES * status.size:
        first = int(np.argmax(status != 0))
        msg = (
            f"the model failed at {failed} of {status.size} cells, first at "
            f"{setup.latitude[first]:.3f} N, {setup.longitude[first]:.3f} E with status "
            f"{status[first]}"
        )
        raise RunError(msg, failed=failed)
    run = cells[LAND_FRACTION].to_numpy() > 0
    dataset = xr.Dataset(coords={"time": _times(settings), "y": cells.y, "x": cells.x})
    for name, key in ((GPP, "gpp"), (ET, "et")):
        values = np.full((len(settings.years), *run.shape), np.nan, np.float32)
        values[:, run] = np.concatenate([result[key] for result in results]).T
        dataset[name] = (("time", "y", "x"), values, VARIABLES[name].attrs())
    for name in (LAND_FRACTION, "inside", COVER):
        kind = np.int8 if name == COVER else np.float32
        dataset[name] = (("y", "x"), cells[name].to_numpy().astype(kind), cells[name].attrs)
    dataset.attrs = _attrs(settings, status.size, failed)
    return dataset


def _times(settings: RunSettings) -> xr.DataArray:
    """Return the starts of the years."""
    times = np.array([f"{year}-01-01" for year in settings.years], dtype="datetime64[ns]")
    return xr.DataArray(times, dims="time", attrs={"long_name": "start of the year, UTC"})


def _attrs(settings: RunSettings, cells: int, failed: int) -> dict[str, Any]:
    """Return the provenance; without a time stamp, so that equal runs make equal bytes."""
    soil = settings.soil_texture
    attrs = provenance(
        status="simulated",
        source=SOURCE,
        seed=settings.seed,
        period=f"{settings.first_year} to {settings.last_year}",
        time_step_seconds=settings.step_seconds,
        spin_up_years=settings.spin_up_years,
        resolution_degrees=settings.resolution,
        cells=cells,
        cells_failed=failed,
        weather=(
            "simulated hourly, independent in every cell and year, averaged to the step; years "
            "have the same climate, so trends come from carbon dioxide alone"
        ),
        vegetation=(
            "most frequent class of MCD12C1 2019 in the cell, at one 0.05 degree point of that "
            "class; leaf area from the NDVI there; the same in every year; all plants C3"
        ),
        soil=f"{soil} everywhere",
        mask=(
            "inside the nation and neither water nor permanent ice for at least a fifth of the "
            "cell; totals count that share"
        ),
        carbon_dioxide="measured annual means",
    )
    attrs["history"] = f"created by fluxscape {__version__}"
    if settings.bounds is not None:
        attrs["bounds"] = json.dumps(settings.bounds)
    return attrs
