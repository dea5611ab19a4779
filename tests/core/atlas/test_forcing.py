"""A year of forcing: means of hours, the same whoever asks for it."""

from __future__ import annotations

import numpy as np
import pytest

from fluxscape.atlas.forcing import year_of_forcing
from fluxscape.dlm import Forcing
from fluxscape.errors import OutOfBoundsError
from fluxscape.io.climatology import read_climatology
from fluxscape.meteorology.point_climate import point_climates


def forcing(north: list[float], east: list[float], step: int, year: int = 1980) -> Forcing:
    """Return a year at some points."""
    climates = point_climates(read_climatology(), north, east)
    return year_of_forcing(
        climates,
        year,
        step_seconds=step,
        seed=1,
        canopy_heights=[1.0] * len(climates),
        reference_heights=[11.0] * len(climates),
    )


def test_long_steps_are_means_of_hours() -> None:
    hourly, coarse = (forcing([30.1], [103.2], step) for step in (3600, 10800))
    assert hourly.air_temperature.shape == (1, 366 * 24)
    assert coarse.air_temperature.shape == (1, 366 * 8)
    for name in ("shortwave_down", "air_temperature", "precipitation", "vapour_pressure"):
        wanted = getattr(hourly, name).reshape(-1, 3).mean(axis=1)
        np.testing.assert_allclose(getattr(coarse, name)[0], wanted, rtol=1e-12)
    # The sun is integrated over the step itself.
    wanted = hourly.extraterrestrial.reshape(-1, 3).mean(axis=1)
    np.testing.assert_allclose(coarse.extraterrestrial[0], wanted, rtol=1e-3, atol=0.5)
    assert coarse.shortwave_down[coarse.cosine_zenith == 0].max() < 1.0


def test_a_point_has_the_same_weather_alone_and_in_a_row() -> None:
    alone = forcing([30.1], [103.2], 7200)
    row = forcing([25.0, 30.1], [110.0, 103.2], 7200)
    for one, many in zip(alone, row, strict=True):
        np.testing.assert_array_equal(one[0], many[1])


def test_carbon_dioxide_is_that_of_the_year() -> None:
    early, late = (forcing([30.1], [103.2], 10800, year) for year in (1979, 2012))
    assert early.carbon_dioxide[0, 0] == pytest.approx(336.8, abs=1.5)
    assert late.carbon_dioxide[0, 0] == pytest.approx(392.5, abs=2.0)
    assert (early.carbon_dioxide == early.carbon_dioxide[0, 0]).all()


def test_a_step_that_fits_no_hour_is_refused() -> None:
    with pytest.raises(OutOfBoundsError, match="whole multiple of an hour"):
        forcing([30.1], [103.2], 5400)
