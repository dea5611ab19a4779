"""Records for footprint tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from fluxscape.vocabulary import VARIABLES

TYPICAL = {
    "friction_velocity": 0.4,
    "obukhov_length": -50.0,
    "lateral_velocity_std": 0.8,
    "boundary_layer_height": 1000.0,
    "wind_speed": 3.5,
    "wind_from_direction": 200.0,
}
"""One windy, moderately unstable half-hour."""

SITE = {"measurement_height": 5.0, "displacement_height": 0.0, "roughness_length": 0.05}
"""A tower over grass."""


def make_records(count: int = 1, **changes: Any) -> xr.Dataset:
    """Return records like :data:`TYPICAL` with some variables changed; None leaves one out."""
    values = TYPICAL | changes
    start = np.datetime64("2021-06-01T00:00", "ns")
    return xr.Dataset(
        {
            name: (
                ("time",),
                np.broadcast_to(np.asarray(value, dtype=np.float64), (count,)).copy(),
                {"units": VARIABLES[name].units},
            )
            for name, value in values.items()
            if value is not None
        },
        coords={"time": start + np.arange(count) * np.timedelta64(30, "m")},
        attrs={"time_step_seconds": 1800, "data_status": "observed"},
    )


def varied_records(count: int, seed: int = 1) -> xr.Dataset:
    """Return plausible records of all stabilities and directions."""
    rng = np.random.default_rng(seed)
    friction_velocity = rng.uniform(0.12, 0.7, count)
    stability = np.where(
        rng.random(count) < 0.5, -(10.0 ** rng.uniform(-3, 0.3, count)), rng.uniform(0, 1, count)
    )
    correction = np.where(stability > 0.0, 5.0 * stability, 0.5 * stability)
    profile = np.log(5.0 / 0.05) + correction
    return make_records(
        count,
        friction_velocity=friction_velocity,
        obukhov_length=5.0 / stability,
        lateral_velocity_std=friction_velocity * rng.uniform(1.5, 3.0, count),
        boundary_layer_height=rng.uniform(100.0, 2000.0, count),
        wind_speed=friction_velocity / 0.4 * profile,
        wind_from_direction=rng.uniform(0.0, 360.0, count),
    )
