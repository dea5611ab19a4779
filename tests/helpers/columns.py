"""Simulated forcing of a column of air for tests: days and nights of known size."""

from __future__ import annotations

import numpy as np
import xarray as xr

from fluxscape.vocabulary import VARIABLES


def column_forcing(days: int = 10, *, seed: int = 1, longitude: float = 0.0) -> xr.Dataset:
    """Return half-hours with convection and uptake by day, stable air and respiration by night."""
    draw = np.random.default_rng(seed)
    hours = np.arange(days * 48) / 2.0
    sun = np.sin(((hours + longitude / 15.0) % 24.0 - 6.0) / 12.0 * np.pi)
    daily = np.repeat(draw.uniform(0.6, 1.4, days), 48)
    rows = {
        "air_temperature": 288.0 + 6.0 * sun,
        "air_pressure": np.full(hours.size, 1.0e5),
        "friction_velocity": np.where(sun > 0.0, 0.4, 0.15) * draw.uniform(0.7, 1.3, hours.size),
        "sensible_heat_flux": np.where(sun > 0.0, 220.0 * sun * daily, -20.0),
        "net_ecosystem_exchange": np.where(sun > 0.0, -15.0 * sun * daily, 4.0),
        "background_carbon_dioxide_mole_fraction": np.full(hours.size, 380.0),
        "wind_speed": np.full(hours.size, 4.0),
        "wind_from_direction": np.full(hours.size, 270.0),
    }
    return xr.Dataset(
        {name: ("time", values, VARIABLES[name].attrs()) for name, values in rows.items()},
        coords={
            "time": np.datetime64("2005-06-01", "ns")
            + (hours * 3600.0).astype("int64").astype("timedelta64[s]")
        },
        attrs={"time_step_seconds": 1800, "site": "simulated", "data_status": "simulated"},
    )
