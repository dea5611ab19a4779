"""What was left out is scored by members that have not seen it."""

from dataclasses import replace

import numpy as np
import pytest

from fluxscape.assimilation.calibration import CalibrationSettings
from fluxscape.assimilation.dlm_forward import SiteProblem
from fluxscape.assimilation.problem import site_problem
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.assimilation.validation import held_out_rows, leave_one_out
from fluxscape.dlm import parameters_for, run_dlm
from fluxscape.errors import OutOfBoundsError
from helpers.dlm_climates import CLIMATES, climate_dataset

SETTINGS = CalibrationSettings(
    members=16, passes=2, seed=4, parameters=("vcmax25",), departures=0.1
)
TYPES = {"one": "DBF", "two": "DBF"}


@pytest.fixture(scope="module")
def problem() -> SiteProblem:
    forcing = climate_dataset(CLIMATES["temperate summer"], days=20)
    base = parameters_for("DBF")
    run = run_dlm(forcing, base.replace({"vcmax25": 90.0}), latitude=42.0, longitude=0.0)
    found = site_problem(
        forcing, run, base, site="one", latitude=42.0, longitude=0.0, streams=("gpp",)
    )
    # Half of the days fall into another year.
    times = found.observations.times.copy()
    times[10:] += np.timedelta64(365, "D")
    return replace(found, observations=replace(found.observations, times=times))


def test_each_year_is_scored_by_the_others(problem: SiteProblem) -> None:
    told: list[float] = []
    found = leave_one_out(
        [problem],
        TYPES,
        SETTINGS,
        by="year",
        on_progress=lambda share, _: told.append(share),
    )
    assert [row["n"] for row in found["rows"]] == [10, 10]
    assert len({row["left_out"] for row in found["rows"]}) == 2
    assert found["improved"] == 1.0
    assert found["degraded"] == []
    assert told == sorted(told)


def test_a_site_is_scored_by_its_type(problem: SiteProblem) -> None:
    both = [problem, replace(problem, site="two")]
    found = leave_one_out(both, TYPES, SETTINGS, by="site")
    assert [row["left_out"] for row in found["rows"]] == ["one", "two"]
    assert all(row["rmse_after"] < 0.5 * row["rmse_before"] for row in found["rows"])
    assert 0.0 <= found["coverage90"] <= 1.0


def test_what_was_left_out_does_not_teach(problem: SiteProblem) -> None:
    wrong = replace(
        problem.observations,
        values=np.where(np.arange(20) < 10, problem.observations.values, 0.0),
    )
    spoilt = replace(problem, observations=wrong)
    found = leave_one_out([spoilt], TYPES, SETTINGS, by="year")
    honest = leave_one_out([problem], TYPES, SETTINGS, by="year")
    # Days of nothing are predicted as badly as by those who never saw them: the second fold.
    assert found["rows"][1]["rmse_after"] > 5.0 * honest["rows"][1]["rmse_after"]


def test_a_stream_of_one_observation_is_not_scored(problem: SiteProblem) -> None:
    one = problem.observations.select(np.arange(20) == 3)
    space = ParameterSpace.of(problem.parameters, ("vcmax25",))
    z = space.draw(4, seed=1)
    assert held_out_rows(replace(problem, observations=one), space, z, z) == []


def test_nothing_can_be_left_out_of_one(problem: SiteProblem) -> None:
    with pytest.raises(OutOfBoundsError, match="left out of one site: one"):
        leave_one_out([problem], TYPES, SETTINGS, by="site")
    with pytest.raises(OutOfBoundsError, match="year, site"):
        leave_one_out([problem], TYPES, SETTINGS, by="half-hour")
