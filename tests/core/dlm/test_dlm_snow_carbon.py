import pytest

from fluxscape.constants import HEAT_CAPACITY_ICE, LATENT_HEAT_FUSION
from fluxscape.dlm import _carbon as carbon
from fluxscape.dlm import _snow as snow
from fluxscape.dlm._canopy import intercept_rain, wet_fraction

pytestmark = pytest.mark.kernel


def test_precipitation_turns_from_snow_to_rain_over_two_degrees():
    assert snow.snow_share(272.0) == 1.0
    assert snow.snow_share(274.15) == pytest.approx(0.5)
    assert snow.snow_share(276.0) == 0.0


def test_snow_settles_and_darkens_and_new_snow_renews_it():
    density, albedo = 80.0, 0.84
    for _ in range(48 * 30):
        density = snow.settle(density, 1800.0)
        albedo = snow.age_albedo(albedo, True, 0.5, 1800.0)
    assert density == pytest.approx(300.0, abs=1.0)
    assert albedo == pytest.approx(0.5, abs=0.01)
    assert snow.refresh_albedo(albedo, 10.0, 0.84) == pytest.approx(0.84)
    assert snow.age_albedo(0.84, False, 0.5, 86400.0 * 60) == pytest.approx(0.70, abs=1e-3)


def test_fresh_snow_is_lighter_the_colder_it_falls():
    assert snow.fresh_density(258.0) < snow.fresh_density(272.0) < 130.0


def test_snow_holds_some_water_and_lets_the_rest_go():
    fusion = LATENT_HEAT_FUSION
    assert snow.drain_layer(103.0, 3.0 * fusion) == 0.0
    assert snow.drain_layer(108.0, 8.0 * fusion) == pytest.approx(3.0)
    assert snow.drain_layer(2.0, 2.0 * fusion) == pytest.approx(2.0)


def test_one_enthalpy_tells_temperature_and_phase():
    fusion, capacity = LATENT_HEAT_FUSION, HEAT_CAPACITY_ICE
    assert snow.layer_temperature(10.0, -10.0 * capacity * 5.0) == pytest.approx(268.15)
    assert snow.layer_liquid(10.0, -1.0) == 0.0
    assert snow.layer_temperature(10.0, 4.0 * fusion) == 273.15
    assert snow.layer_liquid(10.0, 4.0 * fusion) == pytest.approx(4.0)
    assert snow.layer_liquid(10.0, 11.0 * fusion) == 10.0
    assert snow.layer_capacity(10.0, -1.0) == pytest.approx(10.0 * capacity)


def test_snow_conducts_better_as_it_settles():
    assert 0.02 < snow.snow_conductivity(80.0) < 0.05
    assert snow.snow_conductivity(300.0) == pytest.approx(0.212, abs=0.005)


def test_soil_respires_by_lloyd_and_taylor():
    assert carbon.temperature_response(283.15, 308.56) == pytest.approx(1.0, abs=1e-3)
    # exp(308.56 (1 / 56.02 - 1 / 66.02)): more than a doubling from 10 to 20 degrees Celsius.
    assert carbon.temperature_response(293.15, 308.56) == pytest.approx(2.303, abs=0.001)
    assert carbon.temperature_response(200.0, 308.56) < 1e-10


def test_moisture_response_peaks_in_moist_soil():
    assert carbon.moisture_response(0.54) == pytest.approx(1.0, abs=0.01)
    assert carbon.moisture_response(0.05) == 0.3
    assert carbon.moisture_response(1.0) == 0.3


def test_the_running_mean_is_the_same_in_one_step_or_many():
    mean = carbon.running_mean(0.0, 10.0, carbon.newest_weight(86400.0, 7.0))
    parts = 0.0
    for _ in range(48):
        parts = carbon.running_mean(parts, 10.0, carbon.newest_weight(1800.0, 7.0))
    assert mean == pytest.approx(parts, rel=1e-12)


def test_rain_is_held_or_falls_through():
    held, through = intercept_rain(0.2, 2.0, 0.8, 0.3)
    assert held == 0.8
    assert held + through == pytest.approx(2.2)
    held, through = intercept_rain(0.5, 0.0, 0.1, 0.3)  # leaves fell: their water drips
    assert (held, through) == pytest.approx((0.1, 0.4))


def test_leaves_are_wet_by_the_two_thirds_power():
    assert wet_fraction(0.1, 0.8) == pytest.approx(0.25)
    assert wet_fraction(1.0, 0.8) == 1.0
    assert wet_fraction(0.0, 0.0) == 0.0
