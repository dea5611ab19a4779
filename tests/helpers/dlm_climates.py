"""Made-up climates that drive the land-surface model in tests, from polar night to monsoon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from fluxscape.dlm import Forcing
from fluxscape.meteorology.humidity import saturation_vapour_pressure
from fluxscape.meteorology.solar import sun_over_steps
from fluxscape.vocabulary import VARIABLES


@dataclass(frozen=True)
class Climate:
    """A climate of a place and a season."""

    latitude: float = 42.0
    start: str = "2005-06-20"
    temperature: float = 290.0
    swing: float = 5.0
    humidity: float = 0.65
    wind: float = 2.5
    clearness: float = 0.55
    rain_share: float = 0.03
    rain_amount: float = 1.5
    leaf_area: float = 3.0
    sky: float = 0.8
    """Emissivity of the sky [1]."""


CLIMATES = {
    "temperate summer": Climate(),
    "polar night": Climate(75.0, "2005-12-10", 243.0, 1.0, 0.9, 4.0, 0.5, 0.05, 0.2, 0.3, 0.75),
    "hot desert": Climate(28.0, "2005-07-01", 311.0, 11.0, 0.08, 3.0, 0.75, 0.0, 0.0, 0.1, 0.75),
    "monsoon": Climate(23.0, "2005-06-15", 300.0, 3.0, 0.95, 2.0, 0.3, 0.6, 6.0, 5.0, 0.95),
    "snowy winter": Climate(48.0, "2005-01-05", 268.0, 5.0, 0.85, 3.0, 0.4, 0.3, 1.0, 1.0, 0.85),
    "spring thaw": Climate(50.0, "2005-03-20", 274.0, 7.0, 0.8, 2.0, 0.5, 0.1, 1.0, 1.0, 0.8),
    "calm and foggy": Climate(35.0, "2005-10-20", 283.0, 4.0, 1.0, 0.0, 0.2, 0.1, 0.1, 4.0, 1.0),
    "gale": Climate(35.0, "2005-04-20", 285.0, 4.0, 0.5, 25.0, 0.6, 0.0, 0.0, 2.0, 0.8),
    "bare": Climate(leaf_area=0.0),
    "dense": Climate(leaf_area=10.0, humidity=0.85),
}


def climate_dataset(
    climate: Climate, *, days: float = 10, step_seconds: int = 1800, seed: int = 0
) -> xr.Dataset:
    """Return a climate as forcing at longitude 0."""
    n = round(days * 86400 / step_seconds)
    start = np.datetime64(climate.start, "ns")
    times = start + np.arange(n) * np.timedelta64(step_seconds, "s")
    hours = (np.arange(n) + 0.5) * step_seconds / 3600.0
    draw = np.random.default_rng(seed)
    sun = sun_over_steps(times, step_seconds, climate.latitude, 0.0)
    temperature = climate.temperature + climate.swing * np.sin(2.0 * np.pi * (hours - 9.0) / 24.0)
    hourly = max(round(3600 / step_seconds), 1)
    wet = np.repeat(draw.random(-(-n // hourly)) < climate.rain_share, hourly)[:n]
    values = {
        "surface_downwelling_shortwave_flux": sun.irradiance * climate.clearness,
        "surface_downwelling_longwave_flux": climate.sky * 5.67e-8 * temperature**4,
        "air_temperature": temperature,
        "vapour_pressure_deficit": saturation_vapour_pressure(temperature)
        * (1.0 - climate.humidity),
        "wind_speed": np.full(n, climate.wind),
        "air_pressure": np.full(n, 95000.0),
        "precipitation_flux": np.where(wet, climate.rain_amount / 1800.0, 0.0),
        "carbon_dioxide_mole_fraction": np.full(n, 400.0),
        "leaf_area_index": np.full(n, climate.leaf_area),
    }
    variables = {
        name: ("time", array, {"units": VARIABLES[name].units}) for name, array in values.items()
    }
    attrs = {"data_status": "simulated", "site": "test", "time_step_seconds": step_seconds}
    return xr.Dataset(variables, coords={"time": times}, attrs=attrs)


def climate_arrays(
    climate: Climate, *, days: float = 10, step_seconds: int = 1800, seed: int = 0
) -> Forcing:
    """Return a climate as plain arrays of one point."""
    data = climate_dataset(climate, days=days, step_seconds=step_seconds, seed=seed)
    sun = sun_over_steps(data["time"].to_numpy(), step_seconds, climate.latitude, 0.0)
    temperature = data["air_temperature"].to_numpy()
    vapour = saturation_vapour_pressure(temperature) - data["vapour_pressure_deficit"].to_numpy()
    series = (
        sun.cosine_zenith,
        sun.irradiance,
        data["surface_downwelling_shortwave_flux"].to_numpy(),
        data["surface_downwelling_longwave_flux"].to_numpy(),
        temperature,
        np.maximum(vapour, 1.0),
        data["air_pressure"].to_numpy(),
        data["wind_speed"].to_numpy(),
        data["precipitation_flux"].to_numpy(),
        data["carbon_dioxide_mole_fraction"].to_numpy(),
        data["leaf_area_index"].to_numpy(),
    )
    return Forcing(*(np.array(item, ndmin=2) for item in series))
