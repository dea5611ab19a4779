"""Humidity agrees with the R package bigleaf, its own inverses and printed values."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxscape.errors import OutOfBoundsError
from fluxscape.meteorology.humidity import (
    MAGNUS_COEFFICIENTS,
    dew_point_temperature,
    latent_heat_of_vaporisation,
    relative_humidity,
    saturation_vapour_pressure,
    saturation_vapour_pressure_slope,
    specific_humidity,
    vapour_pressure,
    vapour_pressure_deficit,
)

CASES = json.loads(
    (Path(__file__).parents[2] / "reference" / "humidity_cases.json").read_text(encoding="utf-8")
)
KELVIN = np.array(CASES["celsius"]) + 273.15

temperatures = st.floats(235.0, 325.0)


@pytest.mark.kernel
@pytest.mark.parametrize("method", MAGNUS_COEFFICIENTS)
def test_saturation_agrees_with_bigleaf(method: str) -> None:
    ours = saturation_vapour_pressure(KELVIN, method) / 1000
    np.testing.assert_allclose(ours, CASES["saturation_kpa"][method], rtol=1e-7)


@pytest.mark.kernel
def test_deficit_agrees_with_bigleaf() -> None:
    ours = vapour_pressure_deficit(KELVIN, np.array(CASES["relative_humidity"])) / 1000
    np.testing.assert_allclose(ours, CASES["deficit_kpa_sonntag1990"], atol=1e-8)


def test_saturation_at_twenty_degrees_is_that_of_the_tables() -> None:
    # WMO-No. 8: 23.37 hPa at 20 degrees Celsius.
    assert float(saturation_vapour_pressure(293.15)) == pytest.approx(2337.0, rel=2e-3)


@pytest.mark.kernel
@settings(deadline=None)
@given(temperature=temperatures)
def test_slope_is_the_derivative_of_saturation(temperature: float) -> None:
    above, below = saturation_vapour_pressure(np.array([temperature + 0.01, temperature - 0.01]))
    slope = float(saturation_vapour_pressure_slope(temperature))
    assert slope == pytest.approx((above - below) / 0.02, rel=1e-5)


@settings(deadline=None)
@given(temperature=temperatures)
def test_dew_point_inverts_saturation(temperature: float) -> None:
    pressure = saturation_vapour_pressure(temperature)
    assert float(dew_point_temperature(pressure)) == pytest.approx(temperature, abs=1e-6)


@settings(deadline=None)
@given(pressure=st.floats(1.0, 6000.0), air=st.floats(4e4, 1.05e5))
def test_specific_humidity_inverts_to_vapour_pressure(pressure: float, air: float) -> None:
    humidity = specific_humidity(pressure, air)
    assert float(vapour_pressure(humidity, air)) == pytest.approx(pressure, rel=1e-9)


@settings(deadline=None)
@given(temperature=temperatures, humidity=st.floats(0.0, 1.0))
def test_relative_humidity_inverts_the_deficit(temperature: float, humidity: float) -> None:
    deficit = vapour_pressure_deficit(temperature, humidity)
    assert float(relative_humidity(temperature, deficit)) == pytest.approx(humidity, abs=1e-9)


def test_fog_has_no_negative_deficit() -> None:
    assert float(vapour_pressure_deficit(280.0, 1.05)) == 0.0


def test_dry_air_has_no_dew_point() -> None:
    assert np.isnan(dew_point_temperature(0.0))


def test_latent_heat_of_print() -> None:
    assert float(latent_heat_of_vaporisation(273.15)) == 2.501e6
    assert float(latent_heat_of_vaporisation(293.15)) == pytest.approx(2.4536e6)


def test_arrays_broadcast_and_missing_values_stay_missing() -> None:
    found = vapour_pressure_deficit(np.array([[280.0], [np.nan]]), np.array([0.5, 0.6, np.nan]))
    assert found.shape == (2, 3)
    assert np.isnan(found).tolist() == [[False, False, True], [True, True, True]]


def test_degrees_celsius_are_refused() -> None:
    with pytest.raises(OutOfBoundsError, match=r"air_temperature = 20 .* 170 to 340 K"):
        saturation_vapour_pressure(20.0)


def test_per_cent_are_refused() -> None:
    with pytest.raises(OutOfBoundsError, match="relative_humidity = 60"):
        vapour_pressure_deficit(290.0, 60.0)


def test_an_unknown_method_gets_a_hint() -> None:
    with pytest.raises(OutOfBoundsError, match="Did you mean 'sonntag1990'"):
        saturation_vapour_pressure(290.0, "sontag1990")
