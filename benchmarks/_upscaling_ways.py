"""Footprint, centre pixel and box mean on a simulated landscape whose flux is known.

Simulated: an index of mean 0.4 and spread 0.1 in patches 300 m across, proportional to the flux of
every cell. The tower measures its mean weighted by the day's footprint after Kormann and Meixner;
the predictor is weighted after Kljun et al., as no model is the truth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from fluxscape.errors import RunError
from fluxscape.footprint import footprint_climatology
from fluxscape.io.climatology import read_climatology
from fluxscape.meteorology.point_climate import point_climate
from fluxscape.meteorology.weather import simulate_weather
from fluxscape.representativeness.random_fields import correlated_field
from fluxscape.upscaling.predictors import WAYS, extract_predictors

STEP, HALF = 30.0, 1500.0
SITE = {"measurement_height": 30.0, "canopy_height": 8.0, "resolution": STEP, "extent": HALF}
MODELS = ("ffp", "km01")
SCENES = 20


def daily_footprints(days: int, seed: int) -> list[xr.DataArray]:
    """Return days' footprints of two models, of days that both have."""
    weather = simulate_weather(
        point_climate(read_climatology(), 35.0, 114.0), start_year=2001, seed=seed
    )
    pairs: list[list[xr.DataArray]] = []
    for day in range(0, 360, 360 // days):
        records = weather.isel(time=slice(48 * day, 48 * (day + 1)))
        try:
            pair = [footprint_climatology(records, model=model, **SITE) for model in MODELS]
        except RunError:
            continue  # a day of weak wind
        pairs.append([made["footprint"].fillna(0.0) for made in pair])
    return [xr.concat([pair[k] for pair in pairs], "time") for k in range(len(MODELS))]


def compare_on_simulated_landscape(days: int = 60, seed: int = 1) -> dict[str, Any]:
    """Return the relative error of a day's predictor by way, in the median of landscapes."""
    seen, true = daily_footprints(days, seed)
    rng = np.random.default_rng(seed)
    errors: dict[str, list[float]] = {way: [] for way in WAYS}
    captured = []
    for _ in range(SCENES):
        field = seen.isel(time=0, drop=True).copy(
            data=0.4 + 0.1 * correlated_field(rng, seen.sizes["y"], STEP, 300.0)
        )
        field.attrs = {"units": "1", "data_status": "simulated"}
        truth = (field * true).sum(("y", "x")) / true.sum(("y", "x"))
        extracted = extract_predictors(field, seen, least_captured=0.5)
        captured.append(float(extracted["captured"].mean()))
        for way in WAYS:
            error = (extracted[way] - truth) / truth
            errors[way].append(float(np.sqrt(np.nanmean(error**2))))
    return {
        "data_status": "simulated",
        "relative_rmse": {way: float(np.median(values)) for way, values in errors.items()},
        "captured": float(np.median(captured)),
        "days": int(seen.sizes["time"]),
        "landscapes": SCENES,
    }
