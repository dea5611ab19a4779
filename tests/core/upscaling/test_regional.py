"""A region's cells get what the same months of a tower get."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from fluxscape.errors import DimsError, MissingVariableError
from fluxscape.upscaling.model import FluxModel, fit_flux_model
from fluxscape.upscaling.regional import COLUMNS, predict_region
from fluxscape.vocabulary import VARIABLES
from helpers.site_months import site_months


@pytest.fixture(scope="module")
def model() -> FluxModel:
    frame = site_months(late=3)
    return fit_flux_model(frame, "GPP", n_folds=3, nested=False, settings={"n_committees": 2})[0]


def _grid(frame: pd.DataFrame, sites: list[str]) -> tuple[xr.Dataset, np.ndarray]:
    """Return the months of sites as a grid of one row each."""
    parts = [frame[frame["Site"] == site] for site in sites]
    time = pd.to_datetime(parts[0]["TIMESTAMP"].astype(str), format="%Y%m").to_numpy()
    grid = xr.Dataset(
        {
            name: (
                ("time", "y", "x"),
                np.stack([(part[column] - offset) / factor for part in parts], 1)[:, :, None],
                VARIABLES[name].attrs(),
            )
            for name, (column, factor, offset) in COLUMNS.items()
        },
        coords={"time": time, "y": [part["Lat"].iloc[0] for part in parts], "x": [0.0]},
        attrs={"data_status": "simulated"},
    )
    return grid, np.array([[part["PFT"].iloc[0]] for part in parts])


def test_cells_equal_towers_whose_leaves_are_in_their_own_month(model: FluxModel) -> None:
    frame = site_months(late=0)
    place = frame.groupby("Site")["Lat"].first().sort_values()
    sites = place.index[-3:].tolist()
    grid, kinds = _grid(frame, sites)
    made = predict_region(model, grid, kinds, blocks=2)
    lags = tuple(replace(lag, steps=0) for lag in model.features.lags)
    unmoved = replace(model, features=replace(model.features, lags=lags))
    for row, site in enumerate(sites):
        expected = unmoved.predict(frame[frame["Site"] == site]).flux
        found = made["gross_primary_production"].isel(y=row, x=0)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    assert made.attrs["data_status"] == "simulated"


def test_unknown_types_and_empty_cells_stay_empty(model: FluxModel) -> None:
    frame = site_months(late=0)
    sites = frame.groupby("Site")["Lat"].first().sort_values().index[-3:].tolist()
    grid, kinds = _grid(frame, sites)
    kinds[0, 0] = "ICE"
    grid["leaf_area_index"][:, 1] = np.nan
    flux = predict_region(model, grid, kinds)["gross_primary_production"]
    assert np.isnan(flux.isel(y=[0, 1])).all()
    assert np.isfinite(flux.isel(y=2)).all()
    with pytest.raises(MissingVariableError, match="wind_speed"):
        predict_region(model, grid.drop_vars("wind_speed"), kinds)
    with pytest.raises(DimsError, match="plant_type"):
        predict_region(model, grid, kinds[:1])
