import numpy as np
import pytest
import xarray as xr

from fluxscape.assimilation.calibration import CalibrationSettings, calibrate
from fluxscape.assimilation.dlm_forward import DlmForward, SiteProblem
from fluxscape.assimilation.problem import facts_of, site_problem
from fluxscape.assimilation.scores import ensemble_scores
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.assimilation.twin import twin_experiment
from fluxscape.dlm import DlmParameters, parameters_for, run_dlm
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError
from helpers.dlm_climates import CLIMATES, climate_dataset

PLACE = {"latitude": 42.0, "longitude": 0.0}
NAMES = ("vcmax25", "stomatal_slope")
SETTINGS = CalibrationSettings(members=40, passes=3, seed=4, parameters=NAMES)
TRUTH = {"vcmax25": 90.0, "stomatal_slope": 3.0}


def forcing(days: int = 25) -> xr.Dataset:
    return climate_dataset(CLIMATES["temperate summer"], days=days)


def measured(parameters: DlmParameters) -> xr.Dataset:
    """Return what the model itself gives with known parameters."""
    run = run_dlm(forcing(), parameters, **PLACE)
    return run[["gross_primary_production", "latent_heat_flux", "soil_water_content"]].drop_dims(
        "layer"
    )


@pytest.fixture(scope="module")
def problem() -> SiteProblem:
    base = parameters_for("DBF")
    return site_problem(
        forcing(),
        measured(base.replace(TRUTH)),
        base,
        site="twin",
        streams=("gpp", "le"),
        **PLACE,
    )


def test_the_forward_operator_gives_the_means_of_a_run(problem: SiteProblem) -> None:
    space = ParameterSpace.of(problem.parameters, NAMES)
    z = space.inside(np.array([[TRUTH["vcmax25"], TRUTH["stomatal_slope"]]]))
    np.testing.assert_allclose(
        DlmForward(problem, space)(z)[0], problem.observations.values, rtol=1e-6
    )


def test_calibration_finds_known_parameters(problem: SiteProblem) -> None:
    seen: list[float] = []
    done = calibrate(
        [problem], {"twin": "DBF"}, SETTINGS, on_progress=lambda share, _: seen.append(share)
    )
    median = np.median(done.site_values(0), axis=0)
    for found, name in zip(median, NAMES, strict=True):
        assert found == pytest.approx(TRUTH[name], rel=0.25)
    assert done.median_parameters(0).vcmax25 == pytest.approx(median[0])
    facts = done.to_dict()
    assert facts["types"]["DBF"]["vcmax25"]["variance_reduction"] > 0.5
    assert all(row["rmse_after"] < row["rmse_before"] for row in facts["scores"])
    assert {row["stream"] for row in facts["scores"]} == {"gpp", "le"}
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)


def test_threads_change_nothing_and_a_stopped_run_goes_on(problem: SiteProblem) -> None:
    kept = []
    one = calibrate([problem], {"twin": "DBF"}, SETTINGS, on_pass=kept.append)
    two = calibrate([problem], {"twin": "DBF"}, SETTINGS, threads=2)
    assert one.result.posterior.tobytes() == two.result.posterior.tobytes()

    def stop(checkpoint: object) -> None:
        kept.append(checkpoint)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        calibrate([problem], {"twin": "DBF"}, SETTINGS, on_pass=stop)
    again = calibrate([problem], {"twin": "DBF"}, SETTINGS, resume=kept[-1])
    assert again.result.posterior.tobytes() == one.result.posterior.tobytes()


def test_two_sites_of_a_type_share_its_parameters(problem: SiteProblem) -> None:
    other = site_problem(
        forcing(),
        measured(problem.parameters.replace({"vcmax25": 80.0, "stomatal_slope": 3.0})),
        problem.parameters,
        site="other",
        streams=("gpp",),
        **PLACE,
    )
    done = calibrate([problem, other], {"twin": "DBF", "other": "DBF"}, SETTINGS)
    shared = np.median(done.type_values("DBF"), axis=0)[0]
    assert 60.0 < shared < 100.0
    assert set(done.to_dict()["sites"]) == {"twin", "other"}


@pytest.mark.parametrize("method", ["es-mda", "eki"])
def test_other_methods_run_too(problem: SiteProblem, method: str) -> None:
    settings = CalibrationSettings(method=method, members=30, seed=4, parameters=NAMES)
    done = calibrate([problem], {"twin": "DBF"}, settings)
    assert done.result.misfit[-1] < done.result.misfit[0]


def test_truths_of_twins_lie_in_their_intervals(problem: SiteProblem) -> None:
    twins = twin_experiment(problem, SETTINGS, trials=4)
    facts = twins.to_dict()
    assert facts["trials"] == 4
    assert facts["coverage90"] >= 0.5
    assert facts["parameters"]["vcmax25"]["variance_reduction"] > 0.5
    assert twins.truth.shape == (4, 2)


def test_soil_water_of_the_top_layer_can_be_assimilated() -> None:
    base = parameters_for("DBF")
    run = run_dlm(forcing(), base, **PLACE)
    top = run["soil_water_content"].isel(layer=0, drop=True).to_dataset()
    found = site_problem(forcing(), top, base, site="twin", streams=("swc",), **PLACE)
    space = ParameterSpace.of(base, NAMES)
    np.testing.assert_allclose(
        DlmForward(found, space)(space.prior_mean[np.newaxis])[0],
        found.observations.values,
        rtol=1e-4,
    )


def test_years_choose_the_observations(problem: SiteProblem) -> None:
    year = int(str(problem.observations.times[0])[:4])
    data = measured(problem.parameters)
    arguments = {"site": "twin", "streams": ("gpp",), **PLACE}
    whole = site_problem(forcing(), data, problem.parameters, years=[year], **arguments)
    assert facts_of(whole)["observations"]["count"]["gpp"] == whole.observations.size
    with pytest.raises(DimsError, match="nothing was measured in 1999"):
        site_problem(forcing(), data, problem.parameters, years=[1999], **arguments)


def test_what_cannot_be_calibrated_is_refused(problem: SiteProblem) -> None:
    with pytest.raises(MissingVariableError, match="no site"):
        calibrate([], {}, SETTINGS)
    with pytest.raises(OutOfBoundsError, match="ies, es-mda, eki"):
        CalibrationSettings(method="magic")
    for name, value in (("members", 3), ("passes", -1), ("seed", -1), ("departures", np.nan)):
        with pytest.raises(OutOfBoundsError, match=f"{name} must be"):
            CalibrationSettings(**{name: value})
    with pytest.raises(OutOfBoundsError, match="trials must be 1 or more, got 0"):
        twin_experiment(problem, SETTINGS, trials=0)
    unknown = CalibrationSettings(members=10, parameters=("vcmax",))
    with pytest.raises(MissingVariableError, match="Did you mean 'vcmax25'"):
        calibrate([problem], {"twin": "DBF"}, unknown)


def test_a_stream_with_one_observation_has_scores_but_no_climatology() -> None:
    members = np.linspace(0.0, 2.0, 9)[:, np.newaxis]
    found = ensemble_scores(members, members, np.array([1.0]), np.array([0.5]))
    assert found["rmse_after"] == pytest.approx(0.0)
    assert found["coverage90"] == 1.0
    assert np.isnan(found["crpss"])
    assert np.isnan(found["nse_after"])
