import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.dlm import _photosynthesis as leaf
from fluxscape.dlm._canopy import Capacity
from fluxscape.dlm._leaf import leaf_exchange, leaf_kinetics
from fluxscape.dlm._stomata import (
    ball_berry_slope,
    coupled_assimilation,
    leaf_gas_exchange_c3,
    leaf_gas_exchange_c4,
    medlyn_conductance,
    medlyn_slope,
)
from fluxscape.dlm.parameters import parameters_for

pytestmark = pytest.mark.kernel


@given(
    rate=st.floats(0.5, 150.0),
    offset=st.floats(50.0, 2000.0),
    respiration=st.floats(0.0, 5.0),
    g0=st.floats(0.0, 0.1),
    g1=st.floats(0.0, 10.0),
    deficit=st.floats(0.05, 6.0),
    co2=st.floats(120.0, 1500.0),
)
def test_assimilation_and_conductance_satisfy_both_laws(
    rate, offset, respiration, g0, g1, deficit, co2
):
    slope = medlyn_slope(g1, deficit, co2)
    net = coupled_assimilation(rate, offset, 40.0, respiration, g0, slope, co2)
    at_surface = rate * (co2 - 40.0) / (co2 + offset) - respiration
    if at_surface <= 0.0:
        assert net == pytest.approx(at_surface, abs=1e-9)
        return
    if net < 1e-9:  # shut stomata: what the leaf takes up inside is what it respires
        inside = co2 - 1.6 / slope
        assert g0 < 1e-6
        assert rate * (inside - 40.0) / (inside + offset) <= respiration + 1e-6
        return
    conductance = medlyn_conductance(g0, g1, net, deficit, co2)
    inside = co2 - 1.6 * net / conductance
    assert net + respiration == pytest.approx(
        rate * (inside - 40.0) / (inside + offset), rel=1e-6, abs=1e-6
    )


@pytest.mark.parametrize("g0", [0.0, 0.01, 0.1])
def test_assimilation_is_continuous_through_zero(g0):
    slope = medlyn_slope(4.0, 1.0, 400.0)
    rates = np.linspace(0.0, 6.0, 2001)
    net = [coupled_assimilation(rate, 600.0, 40.0, 1.0, g0, slope, 400.0) for rate in rates]
    assert np.abs(np.diff(net)).max() < 0.02
    assert net[0] == pytest.approx(-1.0)


def test_a_dark_leaf_respires_and_keeps_its_least_conductance():
    net, conductance = leaf_gas_exchange_c3(60.0, 0.0, 0.9, 700.0, 42.0, 0.01, 0.02, 400.0)
    assert net == pytest.approx(-0.9)
    assert conductance == 0.01


def test_dry_soil_shuts_the_leaf():
    moist, parched = medlyn_slope(4.0, 1.0, 400.0), medlyn_slope(0.0, 1.0, 400.0)
    wet, _ = leaf_gas_exchange_c3(60.0, 100.0, 0.9, 700.0, 42.0, 0.0, moist, 400.0)
    dry, conductance = leaf_gas_exchange_c3(60.0, 100.0, 0.9, 700.0, 42.0, 0.0, parched, 400.0)
    assert dry < 0.1 * wet
    assert conductance < 0.01


def test_electron_transport_solves_its_quadratic_and_saturates():
    rate = leaf.electron_transport(500.0, 120.0, 0.3, 0.9)
    assert 0.9 * rate**2 - (150.0 + 120.0) * rate + 150.0 * 120.0 == pytest.approx(0.0, abs=1e-8)
    assert leaf.electron_transport(1e6, 120.0, 0.3, 0.9) == pytest.approx(120.0, rel=1e-3)
    assert leaf.electron_transport(0.0, 120.0, 0.3, 0.9) == 0.0


def test_temperature_responses_are_one_at_25_degrees_and_peak_above():
    entropy, _, ratio = leaf.peak_entropies(293.15)
    norm = leaf.peak_norm(entropy)
    assert leaf.vcmax_response(298.15, entropy, norm) == pytest.approx(1.0)
    assert leaf.leaf_respiration_response(298.15) == 1.0
    assert ratio == pytest.approx(2.59 - 0.035 * 20.0)
    course = [leaf.vcmax_response(273.15 + t, entropy, norm) for t in range(0, 56)]
    assert 33 <= int(np.argmax(course)) <= 45
    # C92: factors of about 1.02 and 1.04 hold the response just below one at 25 degrees.
    assert leaf.c4_capacity_response(298.15) == pytest.approx(0.939, abs=0.02)


def test_a_c4_leaf_gains_more_per_water_than_a_c3_leaf():
    thirsty, thrifty = medlyn_slope(5.25, 2.0, 400.0), medlyn_slope(1.62, 2.0, 400.0)
    c3, g3 = leaf_gas_exchange_c3(80.0, 150.0, 1.0, 700.0, 42.0, 0.0, thirsty, 400.0)
    c4, g4 = leaf_gas_exchange_c4(30.0, 1500.0, 0.5, 0.54, 0.0, thrifty, 400.0)
    assert c4 / g4 > 1.5 * c3 / g3
    assert 15.0 < c4 < 32.0


def test_the_ball_berry_law_is_met():
    # BWB: gs = g0 + g1 hs An / Cs.
    slope = ball_berry_slope(9.0, 0.7, 380.0)
    net, conductance = leaf_gas_exchange_c3(60.0, 120.0, 0.9, 700.0, 42.0, 0.01, slope, 380.0)
    assert conductance == pytest.approx(0.01 + 9.0 * 0.7 * net / 380.0)
    inside = 380.0 - 1.6 * net / conductance
    rubisco = 60.0 * (inside - 42.0) / (inside + 700.0)
    light = 30.0 * (inside - 42.0) / (inside + 84.0)
    assert net + 0.9 == pytest.approx(min(rubisco, light), rel=1e-6)
    assert ball_berry_slope(9.0, 0.05, 380.0) == 1.6 / 380.0


@pytest.mark.parametrize("igbp", ["DBF", "C4"])
def test_light_raises_assimilation_monotonically(igbp):
    p = parameters_for(igbp).to_record()[0]
    entropies = leaf.peak_entropies(293.15)
    norms = leaf.peak_norm(entropies[0]), leaf.peak_norm(entropies[1])
    capacity = Capacity(1.0, 1.0, 1.0, 1.0, entropies[2], entropies[0], entropies[1], *norms)
    kinetics = leaf_kinetics(p, capacity, 298.15, True)
    net = [
        leaf_exchange(p, kinetics, p.vcmax25, 298.15, light, 0.02, 390.0)[0]
        for light in np.linspace(0.0, 2000.0, 41)
    ]
    assert np.all(np.diff(net) >= -1e-12)
    assert net[0] < 0.0 < net[-1]


def test_the_smooth_minimum_stays_below_both_and_near_the_smaller():
    low = leaf.smooth_minimum(10.0, 30.0, 0.93)
    assert 9.0 < low < 10.0
    assert leaf.smooth_minimum(0.0, 30.0, 0.93) == 0.0
    assert math.isclose(leaf.smooth_minimum(10.0, 30.0, 0.999999), 10.0, rel_tol=1e-3)
