"""Monthly fluxes of a region: the model of towers over a grid of weather, vegetation and types."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.contracts import Need, check_dataset, driven_status, provenance
from fluxscape.errors import DimsError
from fluxscape.upscaling.features import PLANT_TYPE
from fluxscape.upscaling.model import FluxModel
from fluxscape.upscaling.tables import LATITUDE, SITE, TARGETS, TIME

if TYPE_CHECKING:
    import pandas as pd

_GRID: Final = ("time", "y", "x")

COLUMNS: Final = {
    "air_temperature": ("TA_F", 1.0, -273.15),
    "surface_downwelling_shortwave_flux": ("SW_IN_F", 1.0, 0.0),
    "surface_downwelling_longwave_flux": ("LW_IN_F", 1.0, 0.0),
    "vapour_pressure_deficit": ("VPD_F", 0.01, 0.0),
    "air_pressure": ("PA_F", 0.001, 0.0),
    "precipitation_flux": ("P_F", 86400.0, 0.0),
    "wind_speed": ("WS_F", 1.0, 0.0),
    "leaf_area_index": ("LAI", 1.0, 0.0),
    "enhanced_vegetation_index": ("EVI", 1.0, 0.0),
}
"""Variables of a grid: column of the table of site months, factor and offset to its unit."""


def predict_region(
    model: FluxModel, grid: xr.Dataset, plant_type: npt.NDArray[Any], *, blocks: int = 2000
) -> xr.Dataset:
    """Return monthly fluxes over a grid, as an alternative product for the atlas.

    Parameters
    ----------
    model
        From :func:`fluxscape.upscaling.model.fit_flux_model`.
    grid
        Variables of :data:`COLUMNS`, dimensions (time, y, x), monthly, with CF units; ``y`` in
        degrees north. Cells where a variable is always missing stay NaN. Vegetation is taken to
        be in its own month: what the training table had late is not moved here.
    plant_type
        Plant type of each cell, as the training table names it, shape (y, x); cells of other
        types stay NaN.
    blocks
        Cells that are predicted at once.

    Returns
    -------
    xarray.Dataset
        The flux and its ``_lower`` and ``_upper`` ends, ``dissimilarity`` and ``applicable``,
        dimensions (time, y, x).

    Raises
    ------
    DimsError, UnitsError, MissingVariableError, OutOfBoundsError
        If the grid lacks something or is not what it says.
    """
    checked = check_dataset(grid, [Need(name, _GRID) for name in COLUMNS], where="grid")
    shape = tuple(checked.sizes[dim] for dim in _GRID)
    if plant_type.shape != shape[1:]:
        msg = f"plant_type has shape {plant_type.shape}, wanted {shape[1:]}"
        raise DimsError(msg, got=plant_type.shape)
    layers: dict[str, npt.NDArray[np.float64]] = {
        column: np.reshape(checked[name].to_numpy() * factor + offset, (shape[0], -1))
        for name, (column, factor, offset) in COLUMNS.items()
    }
    known = np.isin(plant_type.astype(str).reshape(-1), model.features.plant_types)
    for values in layers.values():
        known &= np.isfinite(values).any(axis=0)
    month = checked["time"].to_numpy().astype("datetime64[M]").astype(np.int64) + 1970 * 12
    stamp = (month // 12) * 100 + month % 12 + 1
    latitude = np.repeat(checked["y"].to_numpy().astype(np.float64), shape[2])
    unmoved = replace(
        model, features=replace(model.features, lags=tuple(_in_place(model)))
    )  # fmt: skip
    cells = np.flatnonzero(known)
    results = np.full((5, shape[0], plant_type.size), np.nan)
    for first in range(0, cells.size, blocks):
        part = cells[first : first + blocks]
        frame = _table(layers, part, stamp, latitude, plant_type.reshape(-1))
        made = unmoved.predict(frame, where="grid")
        stacked = (made.flux, made.lower, made.upper, made.dissimilarity, made.applies)
        for row, made_values in enumerate(stacked):
            table = np.asarray(made_values, dtype=np.float64).reshape(part.size, -1)
            results[row][:, part] = table.T
    facts = TARGETS[model.target]
    names = (facts.name, f"{facts.name}_lower", f"{facts.name}_upper")
    units = dict.fromkeys(names, facts.units) | {"dissimilarity": "1", "applicable": "1"}
    out = xr.Dataset(
        {
            name: (_GRID, results[row].reshape(shape), {"units": unit})
            for row, (name, unit) in enumerate(units.items())
        },
        coords={dim: checked[dim] for dim in _GRID},
    )
    out.attrs = provenance(
        status=driven_status(grid),
        source=f"modified regression tree of {len(model.facts.get('sites', ()))} towers",
        target=model.target,
    )
    return out


def _in_place(model: FluxModel) -> list[Any]:
    """Return the model's lags with nothing to move."""
    return [replace(lag, steps=0) for lag in model.features.lags]


def _table(
    layers: dict[str, npt.NDArray[np.float64]],
    cells: npt.NDArray[np.int64],
    stamp: npt.NDArray[np.int64],
    latitude: npt.NDArray[np.float64],
    plant_type: npt.NDArray[Any],
) -> pd.DataFrame:
    """Return cells as a table of site months, month by month of one cell after another."""
    import pandas as pd  # noqa: PLC0415

    columns = {name: values[:, cells].T.reshape(-1) for name, values in layers.items()}
    return pd.DataFrame(
        {
            SITE: np.repeat([f"cell{i:08d}" for i in cells], stamp.size),
            TIME: np.tile(stamp, cells.size),
            LATITUDE: np.repeat(latitude[cells], stamp.size),
            PLANT_TYPE: np.repeat(plant_type[cells].astype(str), stamp.size),
        }
        | columns
    )
