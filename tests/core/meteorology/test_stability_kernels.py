"""Friction velocity and Obukhov length close the profile that they were taken from."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxscape.constants import GRAVITY, VON_KARMAN
from fluxscape.meteorology._kernels_stability import (
    NIGHT_SCALE,
    lateral_deviation,
    stable_air,
    unstable_air,
)
from fluxscape.meteorology.similarity import log_wind

pytestmark = pytest.mark.kernel


@settings(deadline=None, max_examples=50)
@given(wind=st.floats(4.0, 20.0), height=st.floats(2.0, 12.0), cloud=st.floats(0.0, 1.0))
def test_stable_air_closes_the_log_linear_profile(wind, height, cloud) -> None:
    friction, length, scale = stable_air(wind, height, 0.05, 280.0, cloud)
    assert scale == pytest.approx(NIGHT_SCALE * (1 - 0.5 * cloud**2))
    assert log_wind(height, 0.05, friction, height / length) == pytest.approx(wind, rel=1e-6)
    assert length == pytest.approx(friction**2 * 280.0 / (VON_KARMAN * GRAVITY * scale))


def test_calm_nights_fall_to_nothing_without_a_jump() -> None:
    # The critical wind of this profile.
    drag = VON_KARMAN / math.log(10 / 0.05)
    critical = math.sqrt(20 * 10 * GRAVITY * NIGHT_SCALE / 280.0 / drag)
    above = stable_air(critical * 1.0000001, 10.0, 0.05, 280.0, 0.0)
    below = stable_air(critical * 0.9999999, 10.0, 0.05, 280.0, 0.0)
    assert above == pytest.approx(below, rel=2e-3)
    friction, length, scale = stable_air(0.3, 10.0, 0.05, 280.0, 0.0)
    assert 0 < friction < 0.02
    assert 0 < scale < 0.03
    assert length > 0


@settings(deadline=None, max_examples=50)
@given(wind=st.floats(1.5, 20.0), kinematic=st.floats(0.001, 0.35))
def test_convective_air_closes_the_diabatic_profile(wind: float, kinematic: float) -> None:
    friction, length = unstable_air(wind, 5.0, 0.05, 295.0, kinematic)
    assert length < 0
    top = log_wind(5.0, 0.05, friction, 5.0 / length)
    bottom = log_wind(0.05, 0.05, friction, 0.05 / length)
    assert top - bottom == pytest.approx(wind, rel=5e-3)


def test_convection_makes_the_cross_wind_vary_more() -> None:
    assert lateral_deviation(0.3, 50.0, 200.0) == pytest.approx(0.57)
    # Panofsky et al. 1977: (12 + 0.5 * 1000 / 20)^(1/3) = 3.332.
    assert lateral_deviation(0.3, -20.0, 1000.0) == pytest.approx(0.3 * 3.3322, rel=1e-4)
