import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.constants import LATENT_HEAT_FUSION, ZERO_CELSIUS
from fluxscape.dlm import _soil_heat as heat
from fluxscape.dlm._retention import water_at_suction
from helpers.dlm_soils import soil

pytestmark = pytest.mark.kernel


def conduct(temperature, capacity, link, flux, step):
    n = temperature.size
    intercept, coupling = np.zeros(n), np.zeros(n)
    base, pliancy = heat.eliminate_column(temperature, capacity, link, 0, step, intercept, coupling)
    heat.substitute_column(temperature, 0, base + pliancy * flux, intercept, coupling)


@given(
    start=st.lists(st.floats(240.0, 320.0), min_size=2, max_size=8),
    flux=st.floats(-300.0, 600.0),
    step=st.sampled_from([300.0, 1800.0, 3600.0]),
)
def test_conduction_keeps_energy(start, flux, step):
    temperature = np.array(start)
    n = temperature.size
    capacity = np.linspace(5e4, 2e6, n)
    before = np.sum(capacity * temperature)
    conduct(temperature, capacity, np.linspace(1.0, 40.0, n), flux, step)
    gained = np.sum(capacity * temperature) - before
    assert gained == pytest.approx(flux * step, abs=1e-9 * before)


def test_the_top_answers_to_heat_as_promised():
    temperature, capacity = np.array([280.0, 285.0, 290.0]), np.array([1e5, 2e5, 4e5])
    link = np.array([0.0, 10.0, 5.0])
    work = np.zeros(3), np.zeros(3)
    base, pliancy = heat.eliminate_column(temperature, capacity, link, 0, 1800.0, *work)
    for flux in (-50.0, 0.0, 200.0):
        column = temperature.copy()
        conduct(column, capacity, link, flux, 1800.0)
        assert column[0] == pytest.approx(base + pliancy * flux)


@given(
    temperature=st.floats(250.0, 300.0),
    liquid=st.floats(0.0, 100.0),
    ice=st.floats(0.0, 100.0),
    kept=st.floats(0.0, 30.0),
)
def test_freezing_and_thawing_keep_energy_and_mass(temperature, liquid, ice, kept):
    capacity = 2e5
    after, water, frozen = heat.change_phase(temperature, liquid, ice, capacity, kept)
    assert water + frozen == pytest.approx(liquid + ice, abs=1e-9)
    gained = capacity * (after - temperature) - LATENT_HEAT_FUSION * (frozen - ice)
    assert gained == pytest.approx(0.0, abs=1e-3)
    assert min(water, frozen) >= -1e-9
    assert (after - ZERO_CELSIUS) * (temperature - ZERO_CELSIUS) >= -1e-6


def test_water_freezes_before_the_ground_gets_colder():
    after, liquid, ice = heat.change_phase(273.0, 50.0, 0.0, 1e5, 5.0)
    assert after == pytest.approx(ZERO_CELSIUS)
    assert ice == pytest.approx(0.15 * 1e5 / LATENT_HEAT_FUSION)
    assert liquid == pytest.approx(50.0 - ice)


def test_less_water_stays_liquid_the_colder_it_is():
    amounts = [
        water_at_suction(soil(porosity=0.46), heat.freezing_suction(273.15 - d))
        for d in (0.01, 0.5, 5.0, 20.0)
    ]
    assert amounts == sorted(amounts, reverse=True)
    assert amounts[0] <= 0.46


def test_conductivity_rises_from_dry_to_wet_and_with_ice():
    dry = heat.dry_conductivity(0.46)
    full = heat.saturated_conductivity(0.46, 0.4)
    frozen = heat.frozen_factor(0.46)
    values = [heat.thermal_conductivity(s, 0.0, dry, full, frozen) for s in (0.0, 0.3, 1.0)]
    assert values[0] == dry
    assert values == sorted(values)
    assert values[-1] == pytest.approx(full)
    assert heat.thermal_conductivity(1.0, 1.0, dry, full, frozen) == pytest.approx(full * frozen)
    assert 0.1 < dry < 0.4 < full < 3.0
