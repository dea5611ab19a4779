"""Forcing of light-use-efficiency models: what is read, what is derived, and how it is said.

Nothing is checked or filled before a model asks for it, so that a table with a broken column that
no model reads still runs. Arrays are of shape (pixel, time).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.constants import PAR_PHOTONS_PER_JOULE, ZERO_CELSIUS
from fluxscape.contracts import Need, check_dataset
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError
from fluxscape.lue._time import (
    DAY,
    SunOverTime,
    TimeArray,
    interpolated,
    over_a_day,
    step_lengths,
    sun_of_steps,
)
from fluxscape.lue.common import LueParameters
from fluxscape.meteorology.estimates import annual_carbon_dioxide, standard_pressure
from fluxscape.meteorology.humidity import vapour_pressure_deficit
from fluxscape.vocabulary import VARIABLES

FloatArray = npt.NDArray[np.float64]

LAYOUTS: Final = (("time",), ("tower", "time"), ("time", "y", "x"))
"""Dimensions that a forcing may have; all its variables must have the same."""

LARGEST_GAP_DAYS: Final = 40.0
"""Longest gap in leaf area or a vegetation index that is interpolated [d]."""

_SHORTWAVE: Final = "surface_downwelling_shortwave_flux"
_PHOTONS: Final = "photosynthetic_photon_flux_density"
_NDVI: Final = "normalized_difference_vegetation_index"
_EVI: Final = "enhanced_vegetation_index"
_TEMPERATURE: Final = "air_temperature"
_FRACTION: Final = "absorbed_par_fraction"
_LEAF_AREA: Final = "leaf_area_index"

GREENNESS: Final = (_FRACTION, _LEAF_AREA, _NDVI, _EVI)
"""Any of these tells the fraction of light that leaves absorb."""


class Inputs:
    """Forcing of one run.

    Parameters
    ----------
    dataset
        Variables of the vocabulary over one of :data:`LAYOUTS`.
    parameters
        Of the run: share of PAR, extinction of light.
    latitude, longitude
        Of the point [degrees north, east]; else coordinates or attributes of these names.
    """

    def __init__(
        self,
        dataset: xr.Dataset,
        parameters: LueParameters,
        *,
        latitude: float | None = None,
        longitude: float | None = None,
    ) -> None:
        self.where = str(dataset.attrs.get("site", "")) or "LUE forcing"
        self.dataset = dataset
        self.parameters = parameters
        self.fills: dict[str, dict[str, Any]] = {}
        self._place = {"latitude": latitude, "longitude": longitude}
        self._kept: dict[str, FloatArray] = {}
        self.layout = self._find_layout()
        self.times: TimeArray = self._find_times()
        self.lengths = step_lengths(self.times, dataset.attrs.get("time_step_seconds"), self.where)

    @property
    def step_seconds(self) -> int:
        """Usual length of a step [s]."""
        return round(float(np.median(self.lengths)))

    @property
    def subdaily(self) -> bool:
        """Whether steps are shorter than a day."""
        return self.step_seconds < DAY

    def has(self, name: str) -> bool:
        """Return whether the dataset holds any value of a variable."""
        return name in self.dataset and bool(self.dataset[name].notnull().any())

    def array(self, name: str) -> FloatArray:
        """Return a variable, checked, in the vocabulary's unit, shape (pixel, time).

        Raises
        ------
        MissingVariableError, UnitsError, DimsError, OutOfBoundsError
            If it is absent or not what the vocabulary says.
        """
        if name not in self._kept:
            checked = check_dataset(self.dataset, [Need(name, self.layout)], where=self.where)
            values = np.moveaxis(checked[name].to_numpy(), self.layout.index("time"), -1)
            self._kept[name] = np.ascontiguousarray(values.reshape(-1, self.times.size))
        return self._kept[name]

    def labelled(self, name: str, values: FloatArray) -> xr.DataArray:
        """Return an array of shape (pixel, time) as a variable over the dataset's dimensions."""
        sizes = [self.dataset.sizes[dim] for dim in self.layout if dim != "time"]
        shaped = np.moveaxis(values.reshape(*sizes, -1), -1, self.layout.index("time"))
        return xr.DataArray(shaped, dims=self.layout, attrs=VARIABLES[name].attrs())

    def note(self, name: str, method: str, share: float = 1.0) -> None:
        """Keep how a variable was derived or filled, and which share of it."""
        self.fills[name] = {"share": round(share, 6), "method": method}

    def missing(self, *names: str, use: str) -> MissingVariableError:
        """Return the error that none of some variables is there."""
        listed = ", ".join(f"{name} [{VARIABLES[name].units}]" for name in names)
        word = "one of " if len(names) > 1 else ""
        msg = f"{self.where}: {use} needs {word}{listed}; the forcing has none"
        return MissingVariableError(msg, wanted=names, where=self.where)

    def temperature(self) -> FloatArray:
        """Return air temperature [degC]."""
        return self.array(_TEMPERATURE) - ZERO_CELSIUS

    def minimum_temperature(self) -> FloatArray:
        """Return the day's lowest air temperature [degC]."""
        name = "daily_minimum_air_temperature"
        if self.has(name):
            return self.array(name) - ZERO_CELSIUS
        if self.subdaily:
            self.note(name, "lowest air temperature of the 24 h around each step")
            return over_a_day(self.temperature(), self.step_seconds, lowest=True)
        self.note(name, "mean air temperature of the step, which is warmer than the minimum")
        return self.temperature()

    def deficit(self) -> FloatArray:
        """Return vapour pressure deficit [Pa]."""
        name = "vapour_pressure_deficit"
        if self.has(name):
            return self.array(name)
        if not self.has("relative_humidity"):
            raise self.missing(name, "relative_humidity", use="dryness of the air")
        self.note(name, "from relative humidity and air temperature")
        return vapour_pressure_deficit(self.array(_TEMPERATURE), self.array("relative_humidity"))

    def par(self) -> FloatArray:
        """Return incoming photons of photosynthetically active light [umol m-2 s-1], at least 0."""
        factor = self.parameters.par_fraction * PAR_PHOTONS_PER_JOULE
        if not self.has(_PHOTONS):
            if not self.has(_SHORTWAVE):
                raise self.missing(_SHORTWAVE, _PHOTONS, use="light")
            self.note(_PHOTONS, f"shortwave radiation x {factor:.4g} umol J-1")
            return np.maximum(self.array(_SHORTWAVE) * factor, 0.0)
        photons = self.array(_PHOTONS)
        gaps = ~np.isfinite(photons)
        if gaps.any() and self.has(_SHORTWAVE):
            share = float(gaps.mean())
            self.note(_PHOTONS, f"gaps: shortwave radiation x {factor:.4g} umol J-1", share)
            photons = np.where(gaps, self.array(_SHORTWAVE) * factor, photons)
        return np.maximum(photons, 0.0)

    def composite(self, name: str) -> FloatArray:
        """Return leaf area or an index, its gaps of up to 40 days interpolated in time."""
        values = self.array(name)
        filled = interpolated(values, self.times, LARGEST_GAP_DAYS)
        share = float((np.isfinite(filled) & ~np.isfinite(values)).mean())
        if share > 0.0:
            self.note(name, f"gaps to {LARGEST_GAP_DAYS:g} days interpolated in time", share)
        return filled

    def absorbed_fraction(self, *first: str) -> FloatArray:
        """Return the fraction of light that leaves absorb [1].

        Parameters
        ----------
        *first
            Variables of :data:`GREENNESS` to prefer over their usual order.
        """
        ways: dict[str, Callable[[FloatArray], FloatArray]] = {
            _FRACTION: lambda x: x,
            _LEAF_AREA: lambda x: 1.0 - np.exp(-self.parameters.light_extinction * x),
            _NDVI: lambda x: 1.24 * x - 0.168,
            _EVI: lambda x: 1.25 * (x - 0.1),
        }
        words = {
            _LEAF_AREA: f"Beer's law, 1 - exp(-{self.parameters.light_extinction:g} LAI)",
            _NDVI: "1.24 NDVI - 0.168",
            _EVI: "1.25 (EVI - 0.1)",
        }
        for name in dict.fromkeys((*first, *GREENNESS)):
            if self.has(name):
                fraction = np.clip(ways[name](self.composite(name)), 0.0, 1.0)
                if name in words:
                    self.note(_FRACTION, words[name])
                return np.asarray(fraction)
        raise self.missing(*GREENNESS, use="absorbed light")

    def leaf_area(self) -> FloatArray:
        """Return leaf area index [1], from the absorbed fraction where it is not there."""
        if self.has(_LEAF_AREA):
            return self.composite(_LEAF_AREA)
        extinction = self.parameters.light_extinction
        fraction = np.minimum(self.absorbed_fraction(), 1.0 - np.exp(-extinction * 10.0))
        self.note(_LEAF_AREA, f"Beer's law inverted, -ln(1 - f) / {extinction:g}, at most 10")
        return np.asarray(-np.log1p(-fraction) / extinction)

    def energy(self, name: str) -> FloatArray:
        """Return a heat flux [W m-2]; of 24 h around the step where steps are shorter."""
        values = self.array(name)
        if not self.subdaily:
            return values
        self.note(name, "mean of the 24 h around each step")
        return over_a_day(values, self.step_seconds)

    def pressure(self) -> FloatArray:
        """Return air pressure [Pa]; gaps from the standard atmosphere."""
        elevation = float(self.dataset.attrs.get("elevation", 0.0))
        guess = np.full(self._shape(), standard_pressure(elevation))
        return self._or("air_pressure", guess, f"standard atmosphere at {elevation:.0f} m")

    def carbon_dioxide(self) -> FloatArray:
        """Return carbon dioxide [umol mol-1]; gaps from the global mean of the year."""
        year = self.times.astype("datetime64[Y]").astype(np.float64) + 1970.0
        guess = np.broadcast_to(annual_carbon_dioxide(year), self._shape())
        return self._or("carbon_dioxide_mole_fraction", guess, "global mean of the year")

    def relative_soil_water(self) -> FloatArray:
        """Return soil water content over that at field capacity [1]."""
        name = "soil_water_content"
        if not self.has(name):
            raise self.missing(name, use="soil moisture stress")
        return self.array(name) / self.parameters.field_capacity

    def clearness(self) -> FloatArray:
        """Return incoming radiation over that outside the atmosphere [1]."""
        if self.has(_SHORTWAVE):
            shortwave = self.array(_SHORTWAVE)
        else:
            factor = self.parameters.par_fraction * PAR_PHOTONS_PER_JOULE
            shortwave = self.par() / factor
        irradiance = self.sun().irradiance
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(irradiance > 1.0, shortwave / irradiance, 0.0)

    def sun(self) -> SunOverTime:
        """Return the sun over the steps.

        Raises
        ------
        MissingVariableError
            If the place is not known.
        DimsError
            If times are not UTC and steps are shorter than a day.
        """
        reference = str(self.dataset.attrs.get("time_reference", "start of step, UTC"))
        if self.subdaily and "UTC" not in reference:
            msg = f"{self.where}: times are {reference!r}, the sun needs 'start of step, UTC'"
            raise DimsError(msg, got=reference)
        return sun_of_steps(
            self.times, self.lengths, self.degrees("latitude"), self.degrees("longitude")
        )

    def degrees(self, name: str) -> FloatArray:
        """Return latitude or longitude of each pixel [degrees], shape (pixel,).

        Raises
        ------
        MissingVariableError
            If the place is not known.
        OutOfBoundsError
            If it does not lie on Earth.
        """
        given = self._place[name]
        found: Any = given
        if given is None and name in self.dataset.coords:
            dims = [dim for dim in self.layout if dim != "time"]
            like = self.dataset[_TEMPERATURE].isel(time=0)
            found = self.dataset[name].broadcast_like(like).transpose(*dims).to_numpy().ravel()
        elif given is None:
            found = self.dataset.attrs.get(name)
        if found is None:
            msg = f"{self.where}: this model needs the place: give {name} [degrees]"
            raise MissingVariableError(msg, variable=name)
        degrees = np.broadcast_to(np.asarray(found, np.float64), self._shape()[:1])
        limit = 90.0 if name == "latitude" else 180.0
        if not (np.abs(degrees) <= limit).all():
            msg = f"{self.where}: {name} must lie within -{limit:g} to {limit:g}, got {found}"
            raise OutOfBoundsError(msg, got=found)
        return degrees

    def _or(self, name: str, guess: FloatArray, method: str) -> FloatArray:
        """Return a variable with its gaps taken from a guess."""
        if not self.has(name):
            self.note(name, method)
            return np.ascontiguousarray(guess)
        values = self.array(name)
        gaps = ~np.isfinite(values)
        if gaps.any():
            self.note(name, method, float(gaps.mean()))
        return np.where(gaps, guess, values)

    def _shape(self) -> tuple[int, int]:
        """Return the numbers of pixels and times."""
        shape = self.array(_TEMPERATURE).shape
        return shape[0], shape[1]

    def _find_layout(self) -> tuple[str, ...]:
        """Return the dimensions of the forcing."""
        if _TEMPERATURE not in self.dataset:
            raise self.missing(_TEMPERATURE, use="a light-use-efficiency model")
        dims = tuple(str(dim) for dim in self.dataset[_TEMPERATURE].dims)
        if dims not in LAYOUTS:
            msg = f"{self.where}: air_temperature has dimensions {dims}, wanted one of {LAYOUTS}"
            raise DimsError(msg, got=dims, wanted=LAYOUTS)
        return dims

    def _find_times(self) -> TimeArray:
        """Return the starts of the steps."""
        if "time" not in self.dataset.coords or self.dataset["time"].dtype.kind != "M":
            msg = f"{self.where}: a time coordinate of datetime64 is wanted"
            raise DimsError(msg)
        return self.dataset["time"].to_numpy().astype("datetime64[ns]")
