"""Similarity functions against print and against each other."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fluxscape.meteorology.similarity import (
    kinematic_heat_flux,
    log_wind,
    momentum_gradient,
    momentum_profile_dyer,
    momentum_profile_hogstrom,
    obukhov_length,
    scalar_gradient,
)


@pytest.mark.parametrize("function", [momentum_gradient, scalar_gradient])
def test_gradients_are_one_and_continuous_in_neutral_air(function) -> None:
    assert function(0.0) == 1.0
    assert function(1e-9) == pytest.approx(function(-1e-9), abs=1e-7)


@pytest.mark.parametrize("stability", [-2.0, -0.5, -0.01, 0.01, 0.5, 1.5])
def test_profile_is_the_integral_of_the_gradient(stability: float) -> None:
    # psi(z) = integral of (1 - phi) dz / z.
    zeta = np.linspace(stability * 1e-6, stability, 200_001)
    phi = np.array([momentum_gradient(float(z)) for z in zeta[::100]])
    integral = np.trapezoid((1.0 - phi) / zeta[::100], zeta[::100])
    assert momentum_profile_dyer(stability) == pytest.approx(float(integral), rel=2e-3)


def test_hogstroms_profile_has_his_coefficients() -> None:
    assert momentum_profile_hogstrom(0.2) == pytest.approx(-1.06)
    assert momentum_profile_hogstrom(0.0) == pytest.approx(0.0, abs=1e-15)
    assert momentum_profile_hogstrom(-0.2) > momentum_profile_dyer(-0.2)


def test_neutral_wind_is_the_logarithm() -> None:
    assert log_wind(10.0, 0.1, 0.4, 0.0, 0.4) == pytest.approx(math.log(100.0))


def test_stable_air_needs_more_wind_for_the_same_stress() -> None:
    assert log_wind(10.0, 0.1, 0.4, 0.2) > log_wind(10.0, 0.1, 0.4, -0.2)


def test_obukhov_length_and_heat_flux_are_inverse() -> None:
    ustar, heat = np.array([0.3, 0.5]), np.array([150.0, -40.0])
    temperature, pressure = np.array([293.15, 280.0]), np.array([1e5, 9e4])
    length = obukhov_length(ustar, heat, temperature, pressure)
    assert (np.sign(length) == -np.sign(heat)).all()
    density = pressure / (287.05 * temperature)
    flux = kinematic_heat_flux(ustar, length, temperature)
    assert flux * density * 1004.67 == pytest.approx(heat)
