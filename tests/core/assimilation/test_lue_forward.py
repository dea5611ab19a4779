"""Light-use efficiency is estimated and ranked by the methods that serve the land-surface model."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from fluxscape.assimilation.iterative import iterative_smoother
from fluxscape.assimilation.lue_forward import LueForward
from fluxscape.assimilation.observations import Observations, collect_observations
from fluxscape.assimilation.sensitivity import rank_parameters
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.errors import MissingVariableError
from fluxscape.lue import lue_parameters_for, run_lue
from helpers.dlm_climates import CLIMATES, climate_dataset

NAMES = ("maximum_light_use_efficiency", "vapour_pressure_deficit_high")
TRUTH = {"maximum_light_use_efficiency": 2.0, "vapour_pressure_deficit_high": 3500.0}
PLACE = {"latitude": 42.0, "longitude": 0.0}


@pytest.fixture(scope="module")
def forcing() -> xr.Dataset:
    data = climate_dataset(CLIMATES["temperate summer"], days=20)
    # A dry spell, or the deficit would say nothing.
    days = np.arange(data.sizes["time"]) // 48
    deficit = data["vapour_pressure_deficit"]
    return data.assign(
        vapour_pressure_deficit=(deficit * (0.5 + days / 8.0)).assign_attrs(deficit.attrs)
    )


@pytest.fixture(scope="module")
def observations(forcing: xr.Dataset) -> Observations:
    base = lue_parameters_for("DBF", "mod17")
    run = run_lue(forcing, base.replace(TRUTH), model="mod17", **PLACE)
    return collect_observations(run, forcing["time"].to_numpy(), ("gpp",))


def forward(forcing: xr.Dataset, observations: Observations) -> LueForward:
    base = lue_parameters_for("DBF", "mod17")
    space = ParameterSpace.of(base, NAMES)
    return LueForward(forcing, observations, base, space, model="mod17", **PLACE)


def test_predictions_are_the_means_of_a_run(
    forcing: xr.Dataset, observations: Observations
) -> None:
    model = forward(forcing, observations)
    z = model.space.inside(np.array([[TRUTH[name] for name in NAMES]]))
    np.testing.assert_allclose(model(z)[0], observations.values, rtol=1e-6)


def test_efficiency_is_found_again(forcing: xr.Dataset, observations: Observations) -> None:
    model = forward(forcing, observations)
    result = iterative_smoother(
        model.space.draw(40, seed=1),
        model,
        observations.values,
        observations.sigma,
        prior_spread=model.space.prior_spread,
        seed=1,
    )
    found = np.median(model.space.outside(result.posterior), axis=0)
    assert found[0] == pytest.approx(2.0, rel=0.1)
    assert result.misfit[-1] < 0.2 * result.misfit[0]


def test_parameters_are_ranked(forcing: xr.Dataset, observations: Observations) -> None:
    model = forward(forcing, observations)
    found = rank_parameters(
        model.space, model, observations.values, observations.sigma, size=6, seed=1
    )
    assert found.ranking()[0]["parameter"] == "maximum_light_use_efficiency"


def test_other_streams_are_refused(forcing: xr.Dataset, observations: Observations) -> None:

    with pytest.raises(MissingVariableError, match="give no latent_heat_flux"):
        forward(forcing, replace(observations, names=("latent_heat_flux",)))
