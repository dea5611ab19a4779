from dataclasses import replace

import numpy as np
import pytest

from fluxscape.assimilation import ParameterSpace
from fluxscape.assimilation.dlm_forward import SiteProblem
from fluxscape.assimilation.filter import kalman_filter, parameter_course
from fluxscape.assimilation.problem import site_problem
from fluxscape.dlm import parameters_for, run_dlm
from fluxscape.errors import OutOfBoundsError
from helpers.dlm_climates import CLIMATES, climate_dataset

PLACE = {"latitude": 42.0, "longitude": 0.0}
NAMES = ("vcmax25", "stomatal_slope")
BASE = parameters_for("DBF")
SPACE = ParameterSpace.of(BASE, NAMES)


@pytest.fixture(scope="module")
def problem() -> SiteProblem:
    forcing = climate_dataset(CLIMATES["temperate summer"], days=30)
    truth = BASE.replace({"vcmax25": 90.0, "stomatal_slope": 3.0})
    run = run_dlm(forcing, truth, **PLACE)
    seen = run[["gross_primary_production", "latent_heat_flux"]]
    return site_problem(forcing, seen, BASE, site="twin", streams=("gpp", "le"), **PLACE)


def test_parameters_move_to_the_truth_window_by_window(problem: SiteProblem) -> None:
    found = kalman_filter(problem, SPACE, window_days=5, members=40, seed=1)
    course = parameter_course(found, SPACE)["vcmax25"]
    assert course["median"].shape == (6,)
    assert course["median"][-1] == pytest.approx(90.0, rel=0.25)
    assert course["p95"][-1] - course["p5"][-1] < 0.6 * (course["p95"][0] - course["p5"][0]) + 40.0
    observed = problem.observations.values
    before = np.abs(found.forecast.mean(axis=0) - observed)
    after = np.abs(found.analysis.mean(axis=0) - observed)
    assert after.mean() < before.mean()
    assert found.skipped.size == 0


def test_what_the_analysis_adds_to_the_soil_is_told(problem: SiteProblem) -> None:
    wet = kalman_filter(problem, SPACE, window_days=5, members=12, seed=1)
    assert np.abs(wet.analysis_increment).max() > 0.0
    dry = kalman_filter(problem, SPACE, window_days=5, members=12, seed=1, update_water=False)
    assert (dry.analysis_increment == 0.0).all()


def test_threads_change_nothing(problem: SiteProblem) -> None:
    one, two = (
        kalman_filter(problem, SPACE, window_days=10, members=8, seed=3, threads=threads)
        for threads in (1, 2)
    )
    assert one.z.tobytes() == two.z.tobytes()


def test_windows_without_observations_leave_parameters_alone(problem: SiteProblem) -> None:
    late = problem.observations.times >= problem.observations.times[0] + np.timedelta64(15, "D")

    some = replace(problem, observations=problem.observations.select(late))
    found = kalman_filter(some, SPACE, window_days=5, members=8, seed=3)
    assert found.skipped.tolist() == [0, 1, 2]
    assert (found.z[0] == found.z[2]).all()
    assert (found.analysis_increment[:3] == 0.0).all()


def test_options_that_cannot_be_used_are_refused(problem: SiteProblem) -> None:
    with pytest.raises(OutOfBoundsError, match="windows of 1 day"):
        kalman_filter(problem, SPACE, window_days=0, members=8, seed=3)
    with pytest.raises(OutOfBoundsError, match="discount"):
        kalman_filter(problem, SPACE, window_days=5, members=8, seed=3, discount=0.2)


def test_windows_that_hold_no_whole_observation_are_refused(problem: SiteProblem) -> None:
    seen = problem.observations
    wide = np.where(seen.row >= 0, np.arange(2)[:, np.newaxis], -1)
    both = replace(
        seen.select(np.isin(np.arange(seen.size), [0, int(np.argmax(seen.stream))])), row=wide
    )
    with pytest.raises(OutOfBoundsError, match="no daily observation lies wholly inside"):
        kalman_filter(replace(problem, observations=both), SPACE, window_days=5, members=4, seed=1)
