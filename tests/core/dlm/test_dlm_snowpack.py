"""The stack of snow layers: what is divided, melted, taken and drained is neither made nor lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.constants import HEAT_CAPACITY_ICE, LATENT_HEAT_FUSION
from fluxscape.dlm import _snowpack as pack
from fluxscape.dlm._records import N_SNOW, STATE_DTYPE
from fluxscape.dlm._snow import layer_liquid, layer_temperature
from fluxscape.dlm._work import WORK_DTYPE
from fluxscape.dlm.parameters import parameters_for

pytestmark = pytest.mark.kernel

LAYER = st.tuples(
    st.floats(0.05, 60.0),  # mass [kg m-2]
    st.floats(-40.0, 0.6),  # below 0: degrees under freezing; above: share that is liquid
    st.floats(60.0, 300.0),  # density [kg m-3]
)
STACK = st.lists(LAYER, min_size=1, max_size=N_SNOW)


def records(layers):
    """Return state and work records with layers of snow, the top one first."""
    s = np.zeros(1, STATE_DTYPE).view(np.recarray)[0]
    work = np.zeros(1, WORK_DTYPE).view(np.recarray)[0]
    for k, (mass, heat, density) in enumerate(layers, start=N_SNOW - len(layers)):
        s.snow_mass[k], s.snow_density[k] = mass, density
        unit = LATENT_HEAT_FUSION if heat > 0.0 else HEAT_CAPACITY_ICE
        s.snow_enthalpy[k] = heat * mass * unit
    return s, work


def is_packed(s):
    """Return whether layers lie on the soil without gaps, and nothing is left above them."""
    first = pack.top_layer(s)
    return not s.snow_mass[:first].any() and not s.snow_enthalpy[:first].any()


@given(STACK)
def test_dividing_keeps_mass_enthalpy_and_depth(layers):
    s, work = records(layers)
    before = s.snow_mass.sum(), s.snow_enthalpy.sum(), pack.snow_depth(s)
    pack.divide(s, work, pack.top_layer(s))
    after = s.snow_mass.sum(), s.snow_enthalpy.sum(), pack.snow_depth(s)
    assert after == pytest.approx(before, rel=1e-12, abs=1e-6)
    assert is_packed(s)
    first = pack.top_layer(s)
    assert first == (0 if before[2] > 0.05 else N_SNOW - 1)
    if first == 0:
        thickness = s.snow_mass / s.snow_density
        assert np.all(np.abs(thickness[:2] - 0.02) <= 0.01 + 1e-12)


def test_dividing_keeps_the_order_of_cold_and_wet():
    s, work = records([(20.0, -10.0, 200.0), (40.0, 0.1, 200.0)])
    pack.divide(s, work, 1)
    heat = s.snow_enthalpy / s.snow_mass
    assert heat[0] == pytest.approx(-10.0 * HEAT_CAPACITY_ICE)
    assert heat[1] == pytest.approx(-10.0 * HEAT_CAPACITY_ICE)
    assert heat[0] < heat[2] < 0.1 * LATENT_HEAT_FUSION


@given(STACK, st.floats(0.0, 2e7))
def test_heat_melts_from_the_top_and_what_is_left_is_returned(layers, heat):
    s, work = records(layers)
    first = pack.top_layer(s)
    before = s.snow_enthalpy.sum()
    left = pack.warm_snow(s, work, first, heat)
    assert s.snow_enthalpy.sum() + left == pytest.approx(before + heat, rel=1e-12, abs=1e-6)
    if left > 0.0:
        assert pack.snow_ice(s, first) == pytest.approx(0.0, abs=1e-9)
    assert np.all(s.snow_enthalpy <= LATENT_HEAT_FUSION * s.snow_mass * (1 + 1e-12))


@given(STACK, st.floats(-1.0, 80.0))
def test_sublimation_takes_ice_and_leaves_temperature_and_water(layers, mass):
    s, _ = records(layers)
    first = pack.top_layer(s)
    ice = pack.snow_ice(s, first)
    water = s.snow_mass.sum() - ice
    warmth = [layer_temperature(*pair) for pair in zip(s.snow_mass, s.snow_enthalpy, strict=True)]
    missing = pack.sublimate(s, first, mass)
    assert missing == pytest.approx(max(mass - ice, 0.0), abs=1e-9)
    assert pack.snow_ice(s, first) == pytest.approx(max(ice - mass, 0.0), abs=1e-9)
    liquid = [layer_liquid(*pair) for pair in zip(s.snow_mass, s.snow_enthalpy, strict=True)]
    assert sum(liquid) == pytest.approx(water, abs=1e-9)
    for k in range(first, N_SNOW):
        if s.snow_mass[k] > 1e-6:
            now = layer_temperature(s.snow_mass[k], s.snow_enthalpy[k])
            assert now == pytest.approx(warmth[k], abs=1e-6)


@given(STACK, st.floats(0.0, 30.0))
def test_draining_loses_no_water_and_borrows_what_it_melts(layers, rain):
    s, _ = records(layers)
    first = pack.top_layer(s)
    mass, heat = s.snow_mass.sum(), pack.snow_heat(s, first)
    out, borrowed = pack.drain_snow(s, first, rain)
    assert s.snow_mass.sum() + out == pytest.approx(mass + rain, rel=1e-12)
    # Counted from water at freezing point, what runs out carries nothing.
    now = pack.snow_heat(s, pack.top_layer(s))
    assert now == pytest.approx(heat + borrowed, rel=1e-9, abs=1e-5)
    assert is_packed(s)
    for k in range(pack.top_layer(s), N_SNOW):
        liquid = layer_liquid(s.snow_mass[k], s.snow_enthalpy[k])
        assert liquid <= 0.05 * (s.snow_mass[k] - liquid) + 1e-9


def test_rain_freezes_in_cold_snow_below():
    s, _ = records([(3.0, 0.04, 150.0), (3.0, -20.0, 150.0), (50.0, -20.0, 200.0)])
    out, borrowed = pack.drain_snow(s, 0, 0.3)
    assert (out, borrowed) == (0.0, 0.0)
    assert layer_temperature(s.snow_mass[1], s.snow_enthalpy[1]) > 253.15 + 1.0
    assert layer_liquid(s.snow_mass[1], s.snow_enthalpy[1]) == 0.0


def test_a_molten_layer_in_the_middle_closes():
    s, _ = records([(3.0, -5.0, 150.0), (3.0, 1.0, 150.0), (50.0, -5.0, 200.0)])
    pack.drain_snow(s, 0, 0.0)
    assert pack.top_layer(s) == 1
    assert is_packed(s)
    assert s.snow_mass[1] == pytest.approx(3.0)


def test_snowfall_builds_layers_and_wind_of_time_settles_them():
    p = parameters_for("GRA").to_record()[0]
    s, work = records([])
    fallen = 0.0
    for _ in range(48):
        pack.add_snow(s, p, work, 1.0, 265.0, 1800.0)
        fallen += 1.0
    assert pack.top_layer(s) == 0
    assert s.snow_mass.sum() == pytest.approx(fallen)
    assert s.snow_enthalpy.sum() == pytest.approx(-8.15 * HEAT_CAPACITY_ICE * fallen)
    depth = pack.snow_depth(s)
    for _ in range(48 * 20):
        pack.add_snow(s, p, work, 0.0, 265.0, 1800.0)
    assert pack.snow_depth(s) < 0.6 * depth
    assert s.snow_mass.sum() == pytest.approx(fallen)
