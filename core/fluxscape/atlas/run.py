"""The national run: a model at every cell of a grid, year by year, tile by tile.

Each cell stands for its most frequent land cover at one point (:mod:`fluxscape.atlas.cells`).
Simulated weather is drawn for each cell and year on its own: neighbours share a climate, not a
storm; a dataset's weather is that of its cell. A task runs a tile for all years, so state is
carried from year to year, and writes its own shard of a store beside the product
(``<out>.tasks``). The table of tasks makes a restart free; when all are done the product is
written whole and the folder removed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape._version import __version__
from fluxscape.atlas.cells import CLASS_CODES, COVER, PERMANENT_ICE
from fluxscape.atlas.describe import run_attributes
from fluxscape.atlas.ensemble import check_parameters
from fluxscape.atlas.gridded import nearest_cells
from fluxscape.atlas.models import (
    default_parameters,
)
from fluxscape.atlas.product import LAND_FRACTION, write_product
from fluxscape.atlas.settings import RunSettings
from fluxscape.atlas.tasks import TaskTable
from fluxscape.atlas.tile_run import FIXED, INDEX, STORE, close_runs, region_arrays, run_tile
from fluxscape.atlas.tiles import Tile, active_tiles, run_cells_of
from fluxscape.atlas.workers import run_tasks
from fluxscape.errors import OutOfBoundsError, RunError
from fluxscape.io.atomic import write_json
from fluxscape.io.forcing_files import find_index
from fluxscape.io.forcing_index import ForcingIndex
from fluxscape.io.forcing_read import ForcingReader
from fluxscape.io.region_stores import RegionStore, make_region_store
from fluxscape.io.stores import write_dataset, write_store

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]

MOST_FAILURES: Final = 0.01
"""Share of cells whose model may fail before the whole run counts as failed."""

_CHUNK: Final = 16


def run_national(
    settings: RunSettings,
    out: str | Path,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    memory_mb: int | None = None,
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
        Processes of this machine; the result does not depend on them.
    scheduler, memory_mb
        As in :func:`fluxscape.atlas.workers.run_tasks`.
    on_progress
        Called with the number of finished tasks and of all.

    Returns
    -------
    xarray.Dataset
        ``annual_gross_primary_production`` [g m-2 year-1, as carbon] and, from the DLM,
        ``annual_evapotranspiration`` [kg m-2 year-1] over (time, y, x), and the cells. With an
        ensemble these are means over members, beside their ``_standard_deviation`` (time, y, x)
        and ``_uncertainty`` (y, x), the standard deviation of the members' means of all years.

    Raises
    ------
    OutOfBoundsError, MissingVariableError
        If the settings cannot be run.
    FileFormatError, UnitsError, DimsError
        If a forcing dataset is not what its rules say; names file, variable, time and place.
    RunError
        If an unfinished run with other settings lies there, workers are killed again and again, or
        more than 1 % of the cells fail.
    WriteError
        If a disk is full or read-only; an old store is unchanged then.
    """
    target = Path(out).absolute()
    folder = target.with_name(target.name + ".tasks")
    prepared = _prepare(settings, folder)
    try:
        run_tasks(
            prepared.table,
            run_tile,
            str(folder),
            workers=workers,
            scheduler=scheduler,
            memory_mb=memory_mb,
            sound=prepared.sound,
            on_progress=on_progress,
        )
    finally:
        close_runs()
    dataset = _assemble(prepared)
    if settings.pyramid:
        write_product(dataset, target)
    else:
        _write_annual(dataset, target)
    prepared.table.remove()
    return dataset


@dataclass(frozen=True)
class _Prepared:
    """A run whose folder lies there: settings, cells, tiles and table."""

    settings: RunSettings
    cells: xr.Dataset
    tiles: list[Tile]
    table: TaskTable
    index: ForcingIndex | None
    facts: dict[str, Any]

    @property
    def run(self) -> npt.NDArray[np.bool_]:
        """Which cells run."""
        return np.asarray(self.cells[LAND_FRACTION].to_numpy() > 0)

    def sound(self, number: int, result: Any) -> bool:
        """Return whether the shards of a task lie there as they were written."""
        store = RegionStore(self.table.folder / STORE, self.settings.tile)
        names = [item.name for item in region_arrays(self.settings, self.run.shape)]
        region = self.tiles[number].region
        found = [store.checksum(name, region) for name in names]
        return bool(found == result["checksums"].tolist())


def _prepare(settings: RunSettings, folder: Path) -> _Prepared:
    """Check everything that can be checked before the first task, and lay the folder out."""
    covers = [code for number, code in CLASS_CODES.items() if number != PERMANENT_ICE]
    check_parameters(
        lambda cover: default_parameters(settings, cover),
        covers,
        settings.parameters,
        settings.ensemble,
    )
    cells = run_cells_of(settings)
    index, facts = None, dict[str, Any]()
    if not settings.simulated:
        index, checksum = find_index(settings.forcing)
        facts["input_sha256"] = checksum
        cells, facts["cells_without_forcing"] = _with_forcing_cells(cells, index)
    run = np.asarray(cells[LAND_FRACTION].to_numpy() > 0)
    tiles = active_tiles(run, settings.tile)
    plan = {**settings.to_dict(), "version": __version__, **facts}
    table = TaskTable.open(folder, len(tiles), plan)
    if index is not None:
        write_json(index.to_dict(), folder / INDEX, indent=None)
    if not (folder / STORE).exists():
        corners = np.array([[t.rows.start, t.columns.start] for t in tiles], np.int64)
        fixed: dict[str, tuple[tuple[str, ...], npt.NDArray[Any]]] = {
            name: (("y", "x"), cells[name].to_numpy())
            for name in (*FIXED, "forcing_row", "forcing_column")
            if name in cells
        }
        make_region_store(
            folder / STORE,
            region_arrays(settings, run.shape),
            side=settings.tile,
            chunk=_chunk(settings.tile),
            fixed=fixed | {"tiles": (("tile", "axis"), corners)},
        )
    return _Prepared(settings, cells, tiles, table, index, facts)


def _chunk(tile: int) -> int:
    """Return the greatest side of a chunk that divides a tile and does not exceed 16 cells."""
    return next(side for side in range(min(tile, _CHUNK), 0, -1) if tile % side == 0)


def _with_forcing_cells(cells: xr.Dataset, index: ForcingIndex) -> tuple[xr.Dataset, int]:
    """Return the cells with the dataset's cell of each; those without one do not run."""
    run = cells[LAND_FRACTION].to_numpy() > 0
    rows, columns = (np.full(run.shape, -1, np.int64) for _ in range(2))
    reader = ForcingReader(index)
    try:
        rows[run], columns[run] = nearest_cells(
            index,
            reader,
            cells["point_latitude"].to_numpy()[run],
            cells["point_longitude"].to_numpy()[run],
        )
    finally:
        reader.close()
    there = run & (rows >= 0)
    if not there.any():
        msg = (
            f"the forcing lies within {index.latitude[0]:g} to {index.latitude[-1]:g} N, "
            f"{index.longitude[0]:g} to {index.longitude[-1]:g} E and has values at no cell of the "
            "run"
        )
        raise OutOfBoundsError(msg)
    found = cells.assign(forcing_row=(("y", "x"), rows), forcing_column=(("y", "x"), columns))
    attrs = cells[LAND_FRACTION].attrs
    found[LAND_FRACTION] = cells[LAND_FRACTION].where(there, 0.0).assign_attrs(attrs)
    return found, int((run & ~there).sum())


def _assemble(prepared: _Prepared) -> xr.Dataset:
    """Return the maps made of all tiles."""
    settings, cells = prepared.settings, prepared.cells
    results = [prepared.table.load(number) for number in range(prepared.table.count)]
    status = np.concatenate([result["status"] for result in results])
    failed = int((status != 0).sum())
    if failed > MOST_FAILURES * status.size:
        first = int(np.argmax(status != 0))
        north, east = (
            np.concatenate([result[name] for result in results])[first]
            for name in ("latitude", "longitude")
        )
        msg = (
            f"the model failed at {failed} of {status.size} cells, first at {north:.3f} N, "
            f"{east:.3f} E with status {status[first]}"
        )
        raise RunError(msg, failed=failed)
    store = RegionStore(prepared.table.folder / STORE, settings.tile)
    dataset = xr.Dataset(coords={"time": _times(settings), "y": cells.y, "x": cells.x})
    for item in region_arrays(settings, prepared.run.shape):
        dataset[item.name] = (item.dims, store.read(item.name), dict(item.attrs))
    for name in (LAND_FRACTION, "inside", COVER):
        kind = np.int8 if name == COVER else np.float32
        dataset[name] = (("y", "x"), cells[name].to_numpy().astype(kind), cells[name].attrs)
    title = None if prepared.index is None else prepared.index.rules
    dataset.attrs = run_attributes(settings, title, status.size, failed, prepared.facts)
    return dataset


def _write_annual(dataset: xr.Dataset, target: Path) -> None:
    """Write annual maps as a plain store."""
    chunks = {"y": _CHUNK, "x": _CHUNK}

    def build(group: Any) -> None:
        write_dataset(group, dataset, chunks=chunks, shards={})

    write_store(build, target)


def _times(settings: RunSettings) -> xr.DataArray:
    """Return the starts of the years."""
    times = np.array([f"{year}-01-01" for year in settings.years], dtype="datetime64[ns]")
    return xr.DataArray(times, dims="time", attrs={"long_name": "start of the year, UTC"})
