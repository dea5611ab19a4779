"""What a column needs of a tower or a model: one even step, no gaps, what was filled counted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.constants import HEAT_CAPACITY_DRY_AIR
from fluxscape.contracts import Need, check_dataset, check_place
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError
from fluxscape.meteorology.estimates import annual_carbon_dioxide
from fluxscape.meteorology.gaps import METHOD, fill_gaps
from fluxscape.meteorology.similarity import air_density, kinematic_heat_flux, obukhov_length
from fluxscape.transport.mixing import MixingParameters, Surface

Floats = NDArray[np.float64]

WHERE: Final = "column forcing"

COLUMN_NEEDS: Final = (
    Need("air_temperature"),
    Need("air_pressure"),
    Need("friction_velocity"),
    Need("net_ecosystem_exchange"),
    Need("sensible_heat_flux", required=False),
    Need("obukhov_length", required=False),
    Need("boundary_layer_height", required=False),
    Need("background_carbon_dioxide_mole_fraction", required=False),
    Need("horizontal_divergence", required=False),
    Need("carbon_dioxide_advection", required=False),
    Need("carbon_dioxide_gradient_east", required=False),
    Need("carbon_dioxide_gradient_north", required=False),
    Need("wind_speed", required=False),
    Need("wind_from_direction", required=False),
)
"""What a column reads."""

STEPS: Final = (300, 600, 900, 1200, 1800, 3600)
"""Steps of the forcing [s]."""


@dataclass(frozen=True)
class ColumnForcing:
    """Forcing of a column without gaps; arrays of shape (time,).

    Attributes
    ----------
    times
        Start of each step, UTC.
    step_seconds
        [s].
    latitude
        [degrees north].
    surface
        What drives mixing.
    flux
        Net ecosystem exchange, upwards [umol m-2 s-1].
    background
        Mole fraction above and around [umol mol-1].
    advection
        Tendency of the boundary layer by horizontal wind [umol mol-1 s-1].
    pressure
        Mean air pressure at the ground [Pa].
    facts
        What was filled, raised, computed or assumed, for attributes and pages.
    """

    times: NDArray[np.datetime64]
    step_seconds: int
    latitude: float
    surface: Surface
    flux: Floats
    background: Floats
    advection: Floats
    pressure: float
    facts: dict[str, Any]


def prepare_column(
    forcing: xr.Dataset,
    *,
    latitude: float,
    parameters: MixingParameters | None = None,
    compute_height: bool = False,
    background: float | None = None,
) -> ColumnForcing:
    """Return forcing of a column from a flux table, or a model's output with its weather.

    Parameters
    ----------
    forcing
        Variables of :data:`COLUMN_NEEDS` over ``time``; heat flux or Obukhov length is needed.
    latitude
        [degrees north].
    parameters
        Of mixing; defaults when absent.
    compute_height
        Whether to compute the boundary-layer height even where it is given.
    background
        Mole fraction above and around [umol mol-1] where the forcing has none; the global annual
        mean of the year when absent.

    Raises
    ------
    MissingVariableError, DimsError, UnitsError, OutOfBoundsError
        Naming variable, what was found and wanted.
    """
    check_place(latitude, 0.0)
    p = parameters or MixingParameters()
    data = _even(check_dataset(forcing, COLUMN_NEEDS, where=WHERE))
    if "sensible_heat_flux" not in data and "obukhov_length" not in data:
        msg = f"{WHERE}: sensible_heat_flux [W m-2] or obukhov_length [m] is needed"
        raise MissingVariableError(msg, variable="sensible_heat_flux", where=WHERE)
    times = data["time"].to_numpy()
    step = _step(times, forcing)
    facts: dict[str, Any] = {"filled": {}, "assumed": []}
    series = {
        name: _filled(data, name, step, facts)
        for name in ("air_temperature", "air_pressure", "net_ecosystem_exchange")
    }
    surface = _surface(data, series, step, p, facts)
    height = np.full(times.size, np.nan)
    if "boundary_layer_height" in data and not compute_height:
        height = data["boundary_layer_height"].to_numpy()
        missing = float(np.isnan(height).mean())
        facts["boundary_layer_height"] = "given" + (f", {missing:.1%} computed" if missing else "")
    else:
        facts["boundary_layer_height"] = "computed"
    return ColumnForcing(
        times,
        step,
        latitude,
        surface._replace(height=height),
        series["net_ecosystem_exchange"],
        _background(data, times, step, background, facts),
        _advection(data, step, facts),
        float(series["air_pressure"].mean()),
        facts,
    )


def _even(data: xr.Dataset) -> xr.Dataset:
    """Return the data on an even axis; left-out steps come as NaN."""
    if "time" not in data.coords or data.sizes["time"] < 2 or data["time"].dtype.kind != "M":
        msg = f"{WHERE}: a time coordinate (datetime64) with two steps or more is wanted"
        raise DimsError(msg)
    times = data["time"].to_numpy()
    steps = np.diff(times)
    shortest = steps.min()
    uneven = steps % shortest != np.timedelta64(0, "ns")
    if uneven.any():
        at = int(np.argmax(uneven))
        msg = f"{WHERE}: times are not on one even step: {times[at + 1]} follows {times[at]}"
        raise DimsError(msg, position=at + 1)
    if (steps == shortest).all():
        return data
    return data.reindex(time=np.arange(times[0], times[-1] + shortest, shortest))


def _step(times: NDArray[np.datetime64], forcing: xr.Dataset) -> int:
    step = int((times[1] - times[0]) / np.timedelta64(1, "s"))
    stated = int(forcing.attrs.get("time_step_seconds", step))
    if step not in STEPS or stated != step:
        msg = (
            f"{WHERE}: the step is {step} s (stated: {stated} s), wanted one of "
            f"{', '.join(map(str, STEPS))} s"
        )
        raise DimsError(msg, got=step)
    return step


def _filled(data: xr.Dataset, name: str, step: int, facts: dict[str, Any]) -> Floats:
    """Return a series without gaps and note the share that was filled."""
    values, quality = fill_gaps(data[name].to_numpy(), step)
    if not np.isfinite(values).all():
        msg = f"{WHERE}: {name} has no value at all"
        raise MissingVariableError(msg, variable=name, where=WHERE)
    share = float((quality > 0).mean())
    if share > 0.0:
        facts["filled"][name] = {"share": share, "method": METHOD}
    return values


def _surface(
    data: xr.Dataset,
    series: dict[str, Floats],
    step: int,
    p: MixingParameters,
    facts: dict[str, Any],
) -> Surface:
    """Return what drives mixing; extreme values are raised to their limits and counted."""
    temperature, pressure = series["air_temperature"], series["air_pressure"]
    friction = _filled(data, "friction_velocity", step, facts)
    low = friction < p.smallest_friction_velocity
    friction = np.where(low, p.smallest_friction_velocity, friction)
    if "sensible_heat_flux" in data:
        flux = _filled(data, "sensible_heat_flux", step, facts)
        heat = flux / (air_density(pressure, temperature) * HEAT_CAPACITY_DRY_AIR)
        with np.errstate(divide="ignore"):
            length = obukhov_length(friction, flux, temperature, pressure)
    else:
        inverse = xr.Dataset({"inverse": 1.0 / data["obukhov_length"]})
        facts["assumed"].append("heat flux from the Obukhov length")
        with np.errstate(divide="ignore"):
            length = 1.0 / _filled(inverse, "inverse", step, facts)
        heat = kinematic_heat_flux(friction, length, temperature)
    short = np.abs(length) < p.shortest_obukhov_length
    length = np.where(short, np.copysign(p.shortest_obukhov_length, length), length)
    facts["raised_friction_velocity_share"] = float(low.mean())
    facts["lengthened_obukhov_length_share"] = float(short.mean())
    divergence = np.zeros(friction.size)
    if "horizontal_divergence" in data:
        divergence = _filled(data, "horizontal_divergence", step, facts)
    else:
        facts["assumed"].append("no sinking or rising of the air at large")
    none = np.full(friction.size, np.nan)
    return Surface(friction, length, heat, temperature, divergence, none)


def _background(
    data: xr.Dataset,
    times: NDArray[np.datetime64],
    step: int,
    stated: float | None,
    facts: dict[str, Any],
) -> Floats:
    """Return the background: given by time, stated, or the global annual mean."""
    name = "background_carbon_dioxide_mole_fraction"
    if name in data:
        facts["background"] = "given"
        return _filled(data, name, step, facts)
    if stated is not None:
        if not 100.0 <= stated <= 2000.0:
            msg = f"the background must lie within 100 to 2000 umol mol-1, got {stated:g}"
            raise OutOfBoundsError(msg, got=stated)
        facts["background"] = f"{stated:g} umol mol-1, stated"
        return np.full(times.size, float(stated))
    years = 1970.0 + (times - np.datetime64(0, "s")) / np.timedelta64(1, "s") / 31556952.0
    facts["background"] = "global annual mean, a smooth curve through NOAA and TRENDY"
    facts["assumed"].append("background without seasons")
    return annual_carbon_dioxide(years - 0.5)


def _advection(data: xr.Dataset, step: int, facts: dict[str, Any]) -> Floats:
    """Return the advective tendency, given or -(u dC/dx + v dC/dy) from gradients and wind."""
    if "carbon_dioxide_advection" in data:
        facts["advection"] = "given"
        return _filled(data, "carbon_dioxide_advection", step, facts)
    names = ("carbon_dioxide_gradient_east", "carbon_dioxide_gradient_north")
    if not any(name in data for name in names):
        facts["advection"] = (
            "none: the column stands in uniform air, see the identifiability report"
        )
        return np.zeros(data.sizes["time"])
    for name in ("wind_speed", "wind_from_direction"):
        if name not in data:
            msg = f"{WHERE}: horizontal gradients of carbon dioxide need {name} too"
            raise MissingVariableError(msg, variable=name, where=WHERE)
    facts["advection"] = "from given gradients and wind"
    gradients = [
        _filled(data, name, step, facts) if name in data else np.zeros(data.sizes["time"])
        for name in names
    ]
    speed = _filled(data, "wind_speed", step, facts)
    direction, _ = fill_gaps(np.deg2rad(data["wind_from_direction"].to_numpy()), step)
    return advective_tendency(speed, direction, gradients[0], gradients[1])


def advective_tendency(
    wind_speed: Floats, from_direction: Floats, gradient_east: Floats, gradient_north: Floats
) -> Floats:
    """Return -(u dC/dx + v dC/dy) [umol mol-1 s-1].

    Parameters
    ----------
    wind_speed
        [m s-1].
    from_direction
        Direction the wind comes from, clockwise from north [radians].
    gradient_east, gradient_north
        [umol mol-1 m-1].
    """
    east, north = -wind_speed * np.sin(from_direction), -wind_speed * np.cos(from_direction)
    return np.asarray(-(east * gradient_east + north * gradient_north))


def facts_json(facts: dict[str, Any]) -> str:
    """Return the facts of a forcing as an attribute."""
    return json.dumps(facts, sort_keys=True)
