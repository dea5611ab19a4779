"""Annual fluxes of a batch of cells: the land-surface model or a light-use-efficiency model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.atlas.cells import CLASS_CODES
from fluxscape.atlas.settings import DLM, RunSettings
from fluxscape.atlas.start import climate_states
from fluxscape.constants import MOLAR_MASS_CARBON
from fluxscape.dlm import DlmArrays, DlmParameters, Forcing, parameters_for, run_dlm_arrays
from fluxscape.lue import LueParameters, lue_parameters_for, run_lue
from fluxscape.meteorology.humidity import saturation_vapour_pressure
from fluxscape.meteorology.point_climate import PointClimate
from fluxscape.parameters import ParameterSet
from fluxscape.vocabulary import VARIABLES

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ABOVE_CANOPY: Final = 10.0
"""Height of wind, temperature and humidity above the canopy [m]."""

_DAY: Final = 86400
_GRAMS_PER_MICROMOLE: Final = 1e-3 * MOLAR_MASS_CARBON
_LUE_COVER: Final = {"URB": "GRA"}
"""Classes that no light-use-efficiency model knows, and what stands in, as in the DLM."""

YearOfForcing = Callable[[int], Forcing]


@dataclass(frozen=True)
class BatchResult:
    """Annual sums of a batch of cells.

    Attributes
    ----------
    gpp
        [g m-2 year-1], shape (member, cell, year), NaN where the model failed.
    et
        [kg m-2 year-1], likewise; of shape (0, cell, year) for models without it.
    status
        First status of any member that is not 0, shape (cell,).
    """

    gpp: FloatArray
    et: FloatArray
    status: IntArray


def has_evapotranspiration(settings: RunSettings) -> bool:
    """Return whether the model of a run gives evapotranspiration."""
    return settings.model == DLM


def default_parameters(settings: RunSettings, cover: str) -> ParameterSet:
    """Return the parameters of an IGBP class without what the run replaces."""
    if settings.model == DLM:
        return parameters_for(cover, settings.soil_texture)
    return lue_parameters_for(_LUE_COVER.get(cover, cover), settings.model)


def members(settings: RunSettings) -> int:
    """Return how many parameter sets a cell runs with."""
    return 1 if settings.ensemble is None else settings.ensemble.members


def dlm_parameters(settings: RunSettings, cover: int, member: int = 0) -> DlmParameters:
    """Return the parameters that cells of a class number run with."""
    code = CLASS_CODES[cover]
    made = parameters_for(code, settings.soil_texture).replace(settings.parameters.of(code))
    if settings.ensemble is None:
        return made
    return made.replace(settings.ensemble.member(member, code))


def run_dlm_batch(
    settings: RunSettings,
    cover: IntArray,
    climates: Sequence[PointClimate],
    forcing_of: YearOfForcing,
) -> BatchResult:
    """Run the land-surface model at a batch of cells, every member with the same weather.

    Parameters
    ----------
    settings
        Of the run.
    cover
        Class number of each cell, shape (cell,).
    climates
        Of the cells.
    forcing_of
        Gives the forcing of a calendar year.
    """
    sets = [
        [dlm_parameters(settings, int(number), member) for number in cover]
        for member in range(members(settings))
    ]
    shape = (len(sets), cover.size, len(settings.years))
    gpp, et = np.full(shape, np.nan), np.full(shape, np.nan)
    status = np.zeros(cover.size, np.int64)
    states = [climate_states(rows, climates) for rows in sets]
    for year in range(settings.first_year - settings.spin_up_years, settings.last_year + 1):
        forcing = forcing_of(year)
        for member, rows in enumerate(sets):
            result = run_dlm_arrays(
                forcing,
                rows,
                step_seconds=settings.step_seconds,
                reference_height=np.array([row.canopy_height + ABOVE_CANOPY for row in rows]),
                states=states[member],
                mode=settings.mode,
            )
            states[member] = result.states
            status = np.where(status == 0, result.status, status)
            if year >= settings.first_year:
                seconds = forcing.air_temperature.shape[1] * settings.step_seconds
                column = year - settings.first_year
                gpp[member, :, column], et[member, :, column] = _annual(result, seconds)
    gpp[:, status != 0] = np.nan
    et[:, status != 0] = np.nan
    return BatchResult(gpp, et, status)


def run_lue_batch(
    settings: RunSettings,
    cover: IntArray,
    climates: Sequence[PointClimate],
    forcing_of: YearOfForcing,
) -> BatchResult:
    """Run a light-use-efficiency model at a batch of cells on daily means; see above."""
    shape = (members(settings), cover.size, len(settings.years))
    gpp = np.full(shape, np.nan)
    for year in settings.years:
        daily = _daily(forcing_of(year), settings.step_seconds, year, climates)
        for number in np.unique(cover):
            code = CLASS_CODES[int(number)]
            part = np.flatnonzero(cover == number)
            for member in range(shape[0]):
                parameters = _lue_parameters(settings, code, member)
                result = run_lue(daily.isel(tower=part), parameters, model=settings.model)
                rate = result["gross_primary_production"].to_numpy()
                gpp[member, part, year - settings.first_year] = (
                    rate.mean(axis=1) * _GRAMS_PER_MICROMOLE * rate.shape[1] * _DAY
                )
    status = np.where(np.isfinite(gpp).all(axis=(0, 2)), 0, 1).astype(np.int64)
    return BatchResult(gpp, np.empty((0, *shape[1:])), status)


def _lue_parameters(settings: RunSettings, code: str, member: int) -> LueParameters:
    """Return the parameters of a class."""
    made = lue_parameters_for(_LUE_COVER.get(code, code), settings.model)
    made = made.replace(settings.parameters.of(code))
    if settings.ensemble is None:
        return made
    return made.replace(settings.ensemble.member(member, code))


def _annual(result: DlmArrays, seconds: float) -> tuple[FloatArray, FloatArray]:
    """Return the year's carbon [g m-2] and water [kg m-2] from the means of its steps."""
    carbon = result.mean("gross_primary_production")[:, 0] * _GRAMS_PER_MICROMOLE * seconds
    water = result.mean("evapotranspiration")[:, 0] * seconds
    return carbon, water


def _daily(
    forcing: Forcing, step_seconds: int, year: int, climates: Sequence[PointClimate]
) -> xr.Dataset:
    """Return daily means of a year of forcing over (tower, time); a cell counts as a tower."""
    per_day = _DAY // step_seconds

    def days(values: FloatArray) -> FloatArray:
        return values.reshape(values.shape[0], -1, per_day)

    saturated = saturation_vapour_pressure(forcing.air_temperature)
    deficit = np.maximum(saturated - forcing.vapour_pressure, 0.0)
    columns = {
        "air_temperature": days(forcing.air_temperature).mean(axis=2),
        "daily_minimum_air_temperature": days(forcing.air_temperature).min(axis=2),
        "vapour_pressure_deficit": days(deficit).mean(axis=2),
        "surface_downwelling_shortwave_flux": days(forcing.shortwave_down).mean(axis=2),
        "air_pressure": days(forcing.air_pressure).mean(axis=2),
        "carbon_dioxide_mole_fraction": days(forcing.carbon_dioxide).mean(axis=2),
        "leaf_area_index": days(forcing.leaf_area_index).mean(axis=2),
    }
    count = columns["air_temperature"].shape[1]
    times = np.datetime64(f"{year:04d}-01-01", "ns") + np.arange(count) * np.timedelta64(1, "D")
    return xr.Dataset(
        {
            name: (("tower", "time"), values, VARIABLES[name].attrs())
            for name, values in columns.items()
        },
        coords={
            "time": times,
            "latitude": ("tower", [climate.latitude for climate in climates]),
            "longitude": ("tower", [climate.longitude for climate in climates]),
        },
        attrs={"time_reference": "start of step, UTC", "time_step_seconds": _DAY},
    )
