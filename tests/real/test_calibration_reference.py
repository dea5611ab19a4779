"""Four parameters at a real tower: the smoothers against Monte Carlo."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from fluxscape.assimilation.calibration import CalibrationSettings, calibrate
from fluxscape.assimilation.dlm_forward import DlmForward, SiteProblem
from fluxscape.assimilation.problem import site_problem
from fluxscape.assimilation.sampler import sample_posterior
from fluxscape.dlm import parameters_for
from fluxscape.vocabulary import VARIABLES
from helpers.shared import shared_file

NAMES = (
    "vcmax25",
    "heterotrophic_respiration10",
    "respiration_activation",
    "autotrophic_share",
)


def alpine_month() -> SiteProblem:
    """Return CN-HaM, June 2002: daily means of measured NEE; what the file lacks is assumed."""
    rows = pd.read_parquet(shared_file("data/fluxnet2015_halfhourly.parquet"))
    times = rows["time_utc"].to_numpy().astype("datetime64[ns]")
    inside = (times >= np.datetime64("2002-06-01")) & (times < np.datetime64("2002-07-01"))
    rows = rows[inside & (rows["site"] == "CN-HaM").to_numpy()]
    count = len(rows)
    columns = {
        "surface_downwelling_shortwave_flux": rows["sw_in"].clip(lower=0.0),
        "air_temperature": rows["ta"] + 273.15,
        "vapour_pressure_deficit": rows["vpd"].clip(lower=0.0) * 100.0,
        "wind_speed": np.full(count, 2.5),
        "precipitation_flux": np.full(count, 4e-5),
        "air_pressure": np.full(count, 68_000.0),
        "leaf_area_index": np.full(count, 2.5),
    }
    data = xr.Dataset(
        {
            name: ("time", np.asarray(values, np.float64), VARIABLES[name].attrs())
            for name, values in columns.items()
        },
        coords={"time": rows["time_utc"].to_numpy().astype("datetime64[ns]")},
        attrs={
            "time_step_seconds": 1800,
            "time_reference": "start of step, UTC",
            "site": "CN-HaM",
            "data_status": "observed",
        },
    )
    name = "net_ecosystem_exchange"
    nee = rows["nee"].where(rows["nee_qc"] == 0).to_numpy(np.float64)
    return site_problem(
        data,
        data.assign({name: ("time", nee, VARIABLES[name].attrs())}),
        parameters_for("GRA"),
        site="CN-HaM",
        latitude=37.607,
        longitude=101.332,
        elevation=3190.0,
        streams=("nee",),
        # A day counts a tenth of an observation: errors of a model last for weeks.
        weights={"nee": 0.1},
        mode="lean",
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_smoothers_agree_with_monte_carlo_at_a_real_tower() -> None:
    problem = alpine_month()
    seen = problem.observations
    assert seen.size >= 20
    found = {}
    for method, passes in (("ies", None), ("es-mda", 4)):
        settings = CalibrationSettings(
            method=method, passes=passes, parameters=NAMES, members=200, seed=5
        )
        done = calibrate([problem], {"CN-HaM": "GRA"}, settings, threads=2)
        found[method] = done.result.posterior
    space = done.layout.spaces["GRA"]
    model = DlmForward(problem, space, threads=2)
    sample = sample_posterior(space, model, seen.values, seen.sigma, steps=600, seed=5, walkers=16)
    mean, spread = sample.z.mean(axis=0), sample.z.std(axis=0)
    for z in found.values():
        # Two thirds of a posterior spread; chains and members alone differ by a tenth.
        assert (np.abs(z.mean(axis=0) - mean) / spread < 0.65).all()
        ratio = z.std(axis=0, ddof=1) / spread
        assert ((ratio > 0.7) & (ratio < 1.4)).all()
