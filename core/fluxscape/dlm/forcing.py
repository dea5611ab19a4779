"""Forcing of the land-surface model: what it needs, what it fills, and how it says so.

Shortwave radiation, air temperature and humidity must come with the dataset. Everything else has a
stated fill. Every series ends up without gaps, and every value has a quality flag.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.constants import (
    PAR_FRACTION,
    PAR_PHOTONS_PER_JOULE,
)
from fluxscape.contracts import Need, check_dataset, check_place
from fluxscape.dlm._axis import refined, regular_axis, stated_flags, step_of
from fluxscape.dlm._phenology import seasonal_leaf_area
from fluxscape.dlm._records import Forcing
from fluxscape.dlm.parameters import DlmParameters
from fluxscape.errors import MissingVariableError
from fluxscape.meteorology.clock import TimeArray, check_clock
from fluxscape.meteorology.estimates import (
    annual_carbon_dioxide,
    clear_sky_longwave,
    standard_pressure,
)
from fluxscape.meteorology.gaps import METHOD, FloatArray, Quality, fill_gaps
from fluxscape.meteorology.humidity import saturation_vapour_pressure
from fluxscape.meteorology.solar import sun_over_steps

DLM_NEEDS: Final = (
    Need("surface_downwelling_shortwave_flux", required=False),
    Need("photosynthetic_photon_flux_density", required=False),
    Need("air_temperature"),
    Need("vapour_pressure_deficit", required=False),
    Need("relative_humidity", required=False),
    Need("surface_downwelling_longwave_flux", required=False),
    Need("wind_speed", required=False),
    Need("air_pressure", required=False),
    Need("precipitation_flux", required=False),
    Need("carbon_dioxide_mole_fraction", required=False),
    Need("leaf_area_index", required=False),
)
"""What :func:`fluxscape.dlm.run_dlm` takes: shortwave radiation or photon flux density, and vapour
pressure deficit or relative humidity, are needed; the rest is filled where it is absent."""

ASSUMED_WIND: Final = 2.5
"""Wind speed where none was measured [m s-1]."""

_MADE: Final = ("refined_from_step_seconds", "refinement", "completed_from_monthly")

_LEAST_SHARE: Final = 0.1
"""Share of needed values below which a series is no series."""


@dataclass(frozen=True)
class DlmForcing:
    """Gapless forcing of one point.

    Attributes
    ----------
    arrays
        The series, each of shape (1, time).
    times
        Starts of the steps, UTC.
    step_seconds
        Length of a step [s].
    quality
        Quality of each value by variable, see :mod:`fluxscape.meteorology.gaps`.
    fills
        By variable: share filled and method, and the share that the file says it filled.
    rain_known
        Whether the dataset has precipitation.
    clock_shift
        By how much radiation comes late against the sun [h].
    made
        Attributes of the dataset that tell what was made from coarser steps.
    """

    arrays: Forcing
    times: TimeArray
    step_seconds: int
    quality: dict[str, Quality]
    fills: dict[str, dict[str, Any]]
    rain_known: bool
    clock_shift: float
    made: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Filler:
    """Collects series, their quality and how they were filled."""

    data: xr.Dataset
    flags: xr.Dataset
    step: int
    where: str
    quality: dict[str, Quality] = field(default_factory=dict)
    fills: dict[str, dict[str, Any]] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Return whether the dataset holds any value of a variable."""
        return name in self.data and bool(np.isfinite(self.data[name].to_numpy()).any())

    def values(self, name: str) -> FloatArray:
        """Return the values of a variable as they came."""
        return np.asarray(self.data[name].to_numpy(), np.float64)

    def filled(self, name: str) -> FloatArray:
        """Return a variable with its gaps filled by :data:`METHOD`."""
        values = self.values(name)
        share = float(np.isfinite(values).mean())
        if share < _LEAST_SHARE:
            msg = f"{self.where}: only {share:.1%} of {name} are there, too few to fill the rest"
            raise MissingVariableError(msg, variable=name, share=share)
        filled, quality = fill_gaps(values, self.step)
        self.note(name, quality, METHOD)
        return filled

    def modelled(self, name: str, values: FloatArray, method: str) -> FloatArray:
        """Return measured values where there are any, else those of a model."""
        if not self.has(name):
            self.note(name, np.full(values.size, 3, np.int8), method)
            return values
        measured = self.values(name)
        missing = ~np.isfinite(measured)
        self.note(name, np.where(missing, 3, 0).astype(np.int8), method)
        return np.where(missing, values, measured)

    def note(self, name: str, quality: Quality, method: str) -> None:
        """Keep the quality of a variable and, where any value was filled, the method."""
        fill: dict[str, Any] = {}
        share = float((quality > 0).mean())
        if share > 0.0:
            fill = {"share": round(share, 6), "method": method}
        if name in self.flags:
            stated = np.clip(self.flags[name].to_numpy(), 0, 3)
            by_file = (quality == 0) & (stated > 0)
            quality = np.where(by_file, stated, quality).astype(np.int8)
            if by_file.any():
                fill["share_filled_in_file"] = round(float(by_file.mean()), 6)
        self.quality[name] = quality
        if fill:
            self.fills[name] = fill


def prepare_forcing(
    dataset: xr.Dataset,
    parameters: DlmParameters,
    *,
    latitude: float,
    longitude: float,
    elevation: float | None = None,
    seasonal_leaves: bool = True,
    where: str = "DLM forcing",
) -> DlmForcing:
    """Check a dataset and return gapless forcing.

    Parameters
    ----------
    dataset
        Variables of :data:`DLM_NEEDS` over ``time``, UTC, start of step, of 5 minutes to an hour;
        steps of two hours to a day are refined to half-hours first
        (:func:`fluxscape.meteorology.refinement.refine_forcing`).
    parameters
        Of the point; leaf area where the dataset has none.
    latitude, longitude
        Of the point [degrees north, east].
    elevation
        Of the point [m], for pressure where it was not measured.
    seasonal_leaves
        Whether leaf area that the dataset does not have follows the seasons.
    where
        What the dataset is, for messages.

    Raises
    ------
    MissingVariableError, UnitsError, OutOfBoundsError, DimsError, FileFormatError
        If the dataset is not what the model needs; names variable, place and what was wanted.
    """
    check_place(latitude, longitude)
    dataset = refined(dataset, latitude, longitude, where)
    data = regular_axis(check_dataset(dataset, DLM_NEEDS, where=where), where)
    times = data["time"].to_numpy()
    step = step_of(times, dataset, where)
    flags = stated_flags(dataset, (need.name for need in DLM_NEEDS), times)
    filler = _Filler(data, flags, step, where)
    sun = sun_over_steps(times, step, latitude, longitude)
    irradiance = sun.irradiance
    shortwave, shift = _shortwave(filler, times, irradiance, latitude, longitude)
    temperature = filler.filled("air_temperature")
    vapour = _vapour_pressure(filler, temperature)
    pressure_guess = standard_pressure(elevation or 0.0)
    pressure = filler.modelled(
        "air_pressure",
        np.full(times.size, pressure_guess),
        f"standard atmosphere at {elevation or 0.0:.0f} m",
    )
    longwave = filler.modelled(
        "surface_downwelling_longwave_flux",
        clear_sky_longwave(temperature, vapour, shortwave, irradiance),
        "Prata 1996 with the cloud factor of Crawford and Duchon 1999",
    )
    year = times.astype("datetime64[Y]").astype(np.float64) + 1970.0
    carbon_dioxide = filler.modelled(
        "carbon_dioxide_mole_fraction",
        annual_carbon_dioxide(year),
        "quadratic in the year through global annual means 1979-2024",
    )
    arrays = Forcing(
        *(
            # A copy: numba compiles anew for arrays that may not be written to.
            np.array(series, np.float64, ndmin=2)
            for series in (
                sun.cosine_zenith,
                irradiance,
                shortwave,
                longwave,
                temperature,
                vapour,
                pressure,
                _wind(filler, times.size),
                _rain(filler, times.size),
                carbon_dioxide,
                _leaf_area(filler, parameters, times, temperature, latitude, seasonal_leaves),
            )
        )
    )
    rain_known = filler.has("precipitation_flux")
    made = {name: dataset.attrs[name] for name in _MADE if name in dataset.attrs}
    return DlmForcing(arrays, times, step, filler.quality, filler.fills, rain_known, shift, made)


def _shortwave(
    filler: _Filler, times: TimeArray, irradiance: FloatArray, latitude: float, longitude: float
) -> tuple[FloatArray, float]:
    """Return gapless shortwave radiation and the shift of its clock."""
    name, source = "surface_downwelling_shortwave_flux", "photosynthetic_photon_flux_density"
    if filler.has(name):
        values = filler.values(name)
        derived = np.zeros(values.size, bool)
    elif filler.has(source):
        values = filler.values(source) / (PAR_FRACTION * PAR_PHOTONS_PER_JOULE)
        derived = np.isfinite(values)
    else:
        msg = f"{filler.where}: neither {name!r} [W m-2] nor {source!r} [umol m-2 s-1] is there"
        raise MissingVariableError(msg, variable=name)
    shift = check_clock(
        times, filler.step, values, latitude=latitude, longitude=longitude, where=filler.where
    )
    # Gaps are filled in the clearness of the air, so that the course of the sun stays.
    dark = irradiance <= 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        clearness = np.where(irradiance > 20.0, values / irradiance, np.nan)
    known = float(np.isfinite(clearness).sum() / max((irradiance > 20.0).sum(), 1))
    if known < _LEAST_SHARE and (irradiance > 20.0).any():
        msg = f"{filler.where}: only {known:.1%} of daytime {name} are there, too few"
        raise MissingVariableError(msg, variable=name, share=known)
    filled, quality = fill_gaps(clearness, filler.step)
    missing = ~np.isfinite(values)
    guess = np.where(dark | ~np.isfinite(filled), 0.0, filled * irradiance)
    quality = np.where(missing, np.where(dark, 1, np.maximum(quality, 1)), 0)
    quality = np.where(derived, 1, quality).astype(np.int8)
    method = f"clearness: {METHOD}; nights 0"
    if derived.any():
        method = f"photons / ({PAR_PHOTONS_PER_JOULE} umol J-1 x {PAR_FRACTION}); {method}"
    filler.note(name, quality, method)
    return np.maximum(np.where(missing, guess, values), 0.0), shift


def _vapour_pressure(filler: _Filler, temperature: FloatArray) -> FloatArray:
    """Return vapour pressure [Pa] from the deficit, else from relative humidity."""
    saturated = saturation_vapour_pressure(temperature)
    if filler.has("vapour_pressure_deficit"):
        vapour = saturated - filler.filled("vapour_pressure_deficit")
    elif filler.has("relative_humidity"):
        vapour = saturated * np.minimum(filler.filled("relative_humidity"), 1.0)
    else:
        msg = (
            f"{filler.where}: neither 'vapour_pressure_deficit' [Pa] nor 'relative_humidity' [1] "
            "is there"
        )
        raise MissingVariableError(msg, variable="vapour_pressure_deficit")
    return np.maximum(vapour, 0.01 * saturated)


def _wind(filler: _Filler, size: int) -> FloatArray:
    """Return wind speed [m s-1]."""
    if filler.has("wind_speed"):
        return filler.filled("wind_speed")
    filler.note("wind_speed", np.full(size, 3, np.int8), f"assumed {ASSUMED_WIND} m s-1")
    return np.full(size, ASSUMED_WIND)


def _rain(filler: _Filler, size: int) -> FloatArray:
    """Return precipitation [kg m-2 s-1]; gaps are dry."""
    name = "precipitation_flux"
    if not filler.has(name):
        filler.note(name, np.full(size, 3, np.int8), "none; see hold_soil_water")
        return np.zeros(size)
    return filler.modelled(name, np.zeros(size), "gaps taken as dry")


def _leaf_area(
    filler: _Filler,
    parameters: DlmParameters,
    times: TimeArray,
    temperature: FloatArray,
    latitude: float,
    seasonal: bool,
) -> FloatArray:
    """Return leaf area index [1]."""
    name = "leaf_area_index"
    if filler.has(name):
        values = filler.values(name)
        known = np.flatnonzero(np.isfinite(values))
        filler.note(
            name, np.where(np.isfinite(values), 0, 1).astype(np.int8), "interpolated in time"
        )
        return np.interp(np.arange(values.size), known, values[known])
    size = temperature.size
    whole = np.full(size, parameters.leaf_area_index)
    if not seasonal:
        filler.note(name, np.full(size, 3, np.int8), "constant of the type")
        return whole
    filler.note(
        name,
        np.full(size, 3, np.int8),
        "growing season index of Jolly et al. 2005 (no vapour term)",
    )
    return whole * seasonal_leaf_area(
        times, filler.step, temperature, latitude, parameters.leaf_area_minimum_share
    )
