"""How far one tower stands for its surroundings, for the page: footprint, maps, assessment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.footprint import footprint_climatology, source_areas
from fluxscape.io.climatology import read_climatology
from fluxscape.io.guards import open_netcdf_guarded
from fluxscape.representativeness.assessment import Assessment
from fluxscape.representativeness.bias import bias_profile
from fluxscape.representativeness.evaluation import assess
from fluxscape.representativeness.frame import Place, grid_of
from fluxscape.representativeness.landscape import simulate_landscape
from fluxscape.representativeness.limits import Limits
from fluxscape.representativeness.regrid import class_field, field_on
from fluxscape.representativeness.surroundings import surroundings_of
from fluxscape_dashboard.work.footprint import Report
from fluxscape_dashboard.work.footprint_parts import blocks_of, months_by_day, of_month
from fluxscape_dashboard.work.records import simulated_year, uploaded_table

CELLS: Final = 150
"""Cells of the footprint's grid from the tower to its edge."""

FRACTIONS: Final = (0.5, 0.6, 0.7, 0.8, 0.9)
"""Shares of the flux whose source areas are shown."""

REPLICATES: Final = 500
"""Bootstrap replicates of the monthly bias."""

INDEX: Final = "ndvi"
"""Name of the simulated landscape's index."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a tower stands and what it stands for; see :class:`fluxscape.towers.Tower`."""

    latitude: float
    longitude: float
    igbp: str


def assess_place(
    report: Report,
    *,
    latitude: float,
    longitude: float,
    table: str,
    model: str,
    height: float,
    canopy: float,
    extent: float,
    cover: str,
    seed: int,
    layers: dict[str, dict[str, str]],
    limits: dict[str, float],
) -> dict[str, Any]:
    """Return everything that is known of how far a tower stands for its surroundings.

    Parameters
    ----------
    report
        Told the fraction done and the key of the text that names the step.
    latitude, longitude
        [degree].
    table
        netCDF of an uploaded table, or empty for simulated weather.
    model
        Footprint model.
    height, canopy
        Above ground [m].
    extent
        Half-width of the footprint's grid [m].
    cover
        IGBP class that the tower stands for; empty for that which the footprint holds most of.
    seed
        Of the simulated landscape.
    layers
        ``path`` of the netCDF that an uploaded raster became and ``name`` of what it shows, by
        kind: ``cover``, ``index``, ``elevation``. Empty for the simulated landscape.
    limits
        Limits of the levels that differ from the defaults.

    Returns
    -------
    dict
        ``facts`` (:meth:`Assessment.to_dict`), ``tables`` (:meth:`Assessment.datasets`),
        ``months`` (Dataset: bias of the rated index by month with its interval), ``ground``
        (Dataset: index and land cover on the cells of the map of places), ``areas`` (source
        areas: fraction, area, rings) and ``about`` (facts of the footprint).
    """
    report(0.02, "work.step_weather")
    climatology, blocks = _footprints(
        Wanted(table, latitude, longitude, model, height, canopy, extent), report
    )
    report(0.62, "work.step_landscape")
    maps = _uploaded(layers) if layers else _simulated(latitude, longitude, cover, seed)
    rules = Limits().replace(limits)
    stand = Stand(latitude, longitude, cover)
    indices = {str(array.name): array for array in (maps.get("index"),) if array is not None}
    assessment = assess(
        climatology,
        stand,
        land_cover=maps.get("cover"),
        indices=indices,
        elevation=maps.get("elevation"),
        parts=months_by_day(blocks),
        thresholds=rules,
        on_progress=lambda fraction, _: report(0.65 + 0.27 * fraction, "work.step_score"),
    )
    report(0.93, "work.step_months")
    index = maps.get("index")
    return {
        "facts": assessment.to_dict(),
        "tables": assessment.datasets(),
        "months": None if index is None else _months(blocks, index, stand, rules),
        "ground": _ground(assessment, maps, stand),
        "areas": [
            {"fraction": one.fraction, "area": one.area, "rings": list(one.rings)}
            for one in source_areas(climatology, FRACTIONS)
            if one.reachable
        ],
        "about": {
            name: climatology.attrs[name]
            for name in ("model", "n_used", "captured_fraction", "data_status", "source")
        },
    }


@dataclass(frozen=True, slots=True)
class Wanted:
    """The footprint that is asked for; see :func:`assess_place`."""

    table: str
    latitude: float
    longitude: float
    model: str
    height: float
    canopy: float
    extent: float

    def records(self) -> xr.Dataset:
        """Return the half-hours."""
        if self.table:
            return uploaded_table(self.table)
        return simulated_year(self.latitude, self.longitude, height=self.height, canopy=self.canopy)

    def options(self) -> dict[str, Any]:
        """Return the arguments of :func:`fluxscape.footprint.footprint_climatology`."""
        return {
            "model": self.model,
            "measurement_height": self.height,
            "canopy_height": self.canopy,
            "resolution": self.extent / CELLS,
            "extent": self.extent,
            "latitude": self.latitude,
            "longitude": self.longitude,
        }


_KEPT: Final[dict[Wanted, tuple[xr.Dataset, xr.Dataset]]] = {}
"""The last footprint of this process: a change of limits or maps need not make it anew."""


def _footprints(wanted: Wanted, report: Report) -> tuple[xr.Dataset, xr.Dataset]:
    """Return a climatology and its blocks; callers must not change them."""
    if wanted not in _KEPT:
        records, options = wanted.records(), wanted.options()
        report(0.1, "work.step_footprint")
        climatology = footprint_climatology(
            records,
            **options,
            on_progress=lambda done, _: report(0.1 + 0.2 * done, "work.step_footprint"),
        )
        blocks = blocks_of(
            records,
            options,
            lambda done: report(0.3 + 0.3 * done, "work.step_parts"),
        )
        _KEPT.clear()
        _KEPT[wanted] = climatology, blocks
    return _KEPT[wanted]


@lru_cache(maxsize=2)
def _simulated(
    latitude: float, longitude: float, cover: str, seed: int
) -> Mapping[str, xr.DataArray]:
    landscape = simulate_landscape(
        surroundings_of(read_climatology(), latitude, longitude),
        latitude=latitude,
        longitude=longitude,
        land_cover=cover,
        seed=seed,
    )
    return {
        "cover": landscape["land_cover"],
        "index": landscape["normalized_difference_vegetation_index"].rename(INDEX),
        "elevation": landscape["surface_altitude"],
    }


def _uploaded(layers: dict[str, dict[str, str]]) -> Mapping[str, xr.DataArray]:
    """Return uploaded rasters by kind."""
    found = {}
    for kind, layer in layers.items():
        with open_netcdf_guarded(Path(layer["path"])) as dataset:
            found[kind] = dataset[kind].load().rename(layer["name"])
    return found


def _months(blocks: xr.Dataset, index: xr.DataArray, stand: Stand, limits: Limits) -> xr.Dataset:
    """Return the bias of each month at the rated radius, with a 95 % interval over records.

    A month has its own footprint, and its own scene where there are several.
    """
    radius = limits.bias_radius
    rows = []
    for month in range(1, 13):
        scene = _scene(index, month)
        pieces, whole = of_month(blocks, month)
        if scene is None or whole is None:
            continue
        profile = bias_profile(
            whole,
            scene,
            stand,
            parts=pieces,
            radii=(radius,),
            sides=(radius,),
            replicates=REPLICATES,
            limits=limits,
        )
        rows.append((month, *profile.bias_at(radius), profile.footprint_mean))
    columns = np.array(rows, dtype=np.float64).reshape(-1, 5).T
    names = ("bias", "low", "high", "footprint_mean")
    return xr.Dataset(
        {name: ("month", column) for name, column in zip(names, columns[1:], strict=True)},
        coords={"month": columns[0].astype(np.int64)},
        attrs={"radius": radius, "replicates": REPLICATES},
    )


def _scene(index: xr.DataArray, month: int) -> xr.DataArray | None:
    """Return the mean scene of a month, the only one there is, or None."""
    if "time" not in index.dims:
        return index
    chosen = index["time"].dt.month.to_numpy() == month
    if not chosen.any():
        return None
    return index.isel(time=chosen).mean("time").assign_attrs(index.attrs)


def _ground(
    assessment: Assessment, maps: Mapping[str, xr.DataArray], stand: Stand
) -> xr.Dataset | None:
    """Return the index and the commonest class in each cell of the map of places."""
    if not assessment.rated:
        return None
    place = Place(stand.latitude, stand.longitude)
    grid = grid_of(assessment.maps[assessment.rated])
    index = maps["index"]
    mean = index.mean("time").assign_attrs(index.attrs) if "time" in index.dims else index
    variables: dict[str, Any] = {
        "index": (("y", "x"), field_on(mean, grid, place).labelled().to_numpy().astype(np.float32))
    }
    if "cover" in maps:
        field = class_field(maps["cover"], grid, place)
        codes = np.array(field.codes, dtype=np.float32)[field.share.argmax(axis=0)]
        known = field.share.sum(axis=0) > 0.0
        variables["cover"] = (("y", "x"), np.where(known, codes, np.nan).astype(np.float32))
    return xr.Dataset(variables, coords=grid.coords())
