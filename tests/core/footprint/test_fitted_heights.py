"""Displacement and roughness by wind direction, and what the product says of filled inputs."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fluxscape.footprint import footprint_climatology
from fluxscape.footprint.geometry import DISPLACEMENT_RATIO, ROUGHNESS_RATIO, find_geometry
from fluxscape.footprint.roughness import fit_sector_canopy
from fluxscape.meteorology.similarity import log_wind
from helpers.footprints import SITE, make_records

HEIGHT = 10.0


def wind_over_canopy(canopy: np.ndarray, ustar: float, obukhov: float) -> np.ndarray:
    """Return the wind at ``HEIGHT`` over canopies with d and z0 in the package's ratios."""
    above = HEIGHT - DISPLACEMENT_RATIO * canopy
    return np.array(
        [
            log_wind(float(z), float(ROUGHNESS_RATIO * h), ustar, float(z) / obukhov)
            for z, h in zip(above, canopy, strict=True)
        ]
    )


@pytest.mark.parametrize("obukhov", [1e6, 400.0, -400.0])
def test_sectors_recover_a_canopy_that_turns_with_the_wind(obukhov: float) -> None:
    direction = np.linspace(0.0, 360.0, 1200, endpoint=False)
    truth = np.where((direction > 90.0) & (direction < 270.0), 4.0, 1.0)
    fit = fit_sector_canopy(
        direction,
        wind_over_canopy(truth, 0.4, obukhov),
        np.full(direction.size, 0.4),
        np.full(direction.size, obukhov),
        measurement_height=HEIGHT,
    )
    assert fit.at(np.array([180.0]))[0] == pytest.approx(4.0, rel=1e-3)
    assert fit.at(np.array([0.0, 350.0])) == pytest.approx([1.0, 1.0], rel=1e-3)


def test_fitted_displacement_and_roughness_serve_the_climatology() -> None:
    direction = np.linspace(0.0, 350.0, 200)
    wind = wind_over_canopy(np.full(200, 3.0), 0.4, 1e6)
    records = make_records(
        200,
        wind_from_direction=direction,
        wind_speed=wind,
        obukhov_length=1e6,
        friction_velocity=0.4,
    )
    heights = {"measurement_height": HEIGHT, "extent": 200.0, "model": "km01"}
    given = footprint_climatology(records, canopy_height=3.0, **heights)
    fitted = footprint_climatology(records, displacement_height="sectors", **heights)
    for name in ("x_peak", "displacement_height", "roughness_length"):
        assert fitted.attrs[name] == pytest.approx(given.attrs[name], rel=1e-3)
    assert "fitted by wind direction" in json.loads(fitted.attrs["assumptions"])[0]


def test_a_given_roughness_stands_beside_a_fitted_displacement() -> None:
    records = make_records(2)
    geometry = find_geometry(
        records, measurement_height=5.0, displacement_height="sectors", roughness_length=0.02
    )
    assert geometry.fit_displacement
    assert not geometry.fit_roughness
    assert geometry.roughness_length == 0.02


def test_every_filled_value_is_flagged_in_its_record() -> None:
    records = make_records(6)
    sigma = records["lateral_velocity_std"].to_numpy().copy()
    sigma[[1, 4]] = np.nan
    records["lateral_velocity_std"].values = sigma
    depth = records["boundary_layer_height"].to_numpy().copy()
    depth[4] = np.nan
    records["boundary_layer_height"].values = depth
    field = footprint_climatology(records, **SITE, extent=100.0)
    flags = field["record_filled"]
    meanings = str(flags.attrs["flag_meanings"]).split()
    masks = dict(zip(meanings, flags.attrs["flag_masks"], strict=True))
    sigma_flag = (flags.to_numpy() & masks["lateral_velocity_std"]) > 0
    assert np.flatnonzero(sigma_flag).tolist() == [1, 4]
    assert np.flatnonzero(flags.to_numpy() & masks["boundary_layer_height"]).tolist() == [4]
    assert json.loads(field.attrs["n_filled"]) == {
        "boundary_layer_height": 1,
        "lateral_velocity_std": 2,
    }
