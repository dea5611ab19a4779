"""The land-surface model's parts against worked examples and closed forms from print.

Values stand here by value with their source, so that the tests run anywhere.
"""

import math

import pytest

from fluxscape.dlm import _photosynthesis as leaf
from fluxscape.dlm._energy import (
    penman_monteith,
    saturation_vapour_pressure,
    stability_corrections,
)
from fluxscape.dlm._retention import hydraulic_conductivity, matric_potential
from fluxscape.dlm._stomata import medlyn_conductance
from fluxscape.meteorology.estimates import standard_pressure

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize(
    ("celsius", "kc", "ko", "gamma_star"),
    [
        (10.0, 74.15236711472431, 127.94147984284764, 19.04672040897007),
        (25.0, 404.9, 278.4, 42.75),
    ],
)
def test_michaelis_constants_of_bernacchi_2001(celsius, kc, ko, gamma_star):
    # Bernacchi et al. 2001, doi:10.1111/j.1365-3040.2001.00668.x, R = 8.314 J mol-1 K-1.
    got = leaf.michaelis_constants(celsius + 273.15)
    assert got == pytest.approx((kc, ko, gamma_star), rel=1e-9)


def test_limits_of_farquhar_1980():
    # Farquhar et al. 1980, doi:10.1007/BF00386231: V 60, J 100, Ci 280, 25 degrees C, O 210.
    kc, ko, gamma_star = leaf.michaelis_constants(298.15)
    assert leaf.rubisco_limited(280.0, 60.0, kc, ko, gamma_star) == pytest.approx(
        14.374137937788324, rel=1e-9
    )
    assert leaf.light_limited(280.0, 100.0, gamma_star) == pytest.approx(
        16.22777017783858, rel=1e-9
    )


def test_conductance_of_medlyn_2011():
    # Medlyn et al. 2011, doi:10.1111/j.1365-2486.2010.02375.x: g1 4, A 10, D 1 kPa, Ca 400.
    assert medlyn_conductance(0.0, 4.0, 10.0, 1.0, 400.0) == pytest.approx(0.2, rel=1e-12)


@pytest.mark.parametrize(
    ("soil", "share", "psi", "k"),
    [
        ((4.05, 0.121, 1.76e-4), 1.0, -0.121, 1.76e-4),
        ((4.05, 0.121, 1.76e-4), 0.3, -15.865153876959575, 2.764130831759895e-10),
        ((5.39, 0.478, 6.95e-6), 1.0, -0.478, 6.95e-6),
        ((5.39, 0.478, 6.95e-6), 0.3, -314.58958005489376, 4.3322717886097133e-13),
        ((11.4, 0.405, 1.28e-6), 1.0, -0.405, 1.28e-6),
        ((11.4, 0.405, 1.28e-6), 0.3, -370060.489887368, 4.139409017448638e-20),
    ],
)
def test_hydraulics_of_clapp_and_hornberger_1978(soil, share, psi, k):
    # Clapp and Hornberger 1978, doi:10.1029/WR014i004p00601, Table 2: sand, loam, clay.
    b, psi_s, k_s = soil
    assert matric_potential(share, psi_s, b) == pytest.approx(psi, rel=1e-9)
    assert hydraulic_conductivity(share, k_s, b) == pytest.approx(k, rel=1e-9)


@pytest.mark.parametrize(
    ("zeta", "psi_m", "psi_h"),
    [
        (-2.0, 1.4946911231395577, 2.431178931723096),
        (-0.1, 0.28361371121278056, 0.5342837819484251),
        (0.0, 0.0, 0.0),
        (0.1, -0.5, -0.5),
    ],
)
def test_stability_of_paulson_1970(zeta, psi_m, psi_h):
    assert stability_corrections(zeta) == pytest.approx((psi_m, psi_h), abs=1e-9)


def saturated(celsius):
    """FAO-56, eq. 11 [Pa]."""
    return 610.8 * math.exp(17.27 * celsius / (celsius + 237.3))


def test_daily_reference_evapotranspiration_of_bangkok():
    # FAO-56 (Allen et al. 1998), example 17, 5.72 mm d-1; by its eq. 3 with rs 70, ra 208 / u2.
    warm, cold = 34.8, 25.6
    mean = 0.5 * (warm + cold)
    slope = 4098.0 * saturated(mean) / (mean + 237.3) ** 2
    pressure = standard_pressure(2.0)
    flux = penman_monteith(
        (14.33 - 0.14) * 1e6 / 86400.0,
        slope,
        0.665e-3 * pressure,
        pressure / (1.01 * (mean + 273.0) * 287.0),
        1013.0,
        0.5 * (saturated(warm) + saturated(cold)) - 2850.0,
        208.0 / 2.0,
        70.0,
    )
    assert flux * 86400.0 / 2.45e6 == pytest.approx(5.72, abs=0.03)


def test_hourly_reference_evapotranspiration():
    # FAO-56, example 19, 0.63 mm h-1 between 14 and 15 h.
    slope = 4098.0 * saturated(38.0) / (38.0 + 237.3) ** 2
    pressure = 67.3 / 0.665e-3
    flux = penman_monteith(
        (1.749 - 0.175) * 1e6 / 3600.0,
        slope,
        67.3,
        pressure / (1.01 * (38.0 + 273.0) * 287.0),
        1013.0,
        saturated(38.0) * (1.0 - 0.52),
        208.0 / 3.3,
        70.0,
    )
    assert flux * 3600.0 / 2.45e6 == pytest.approx(0.63, abs=0.01)


def test_pressure_at_1800_metres():
    # FAO-56, example 2: 81.8 kPa, psychrometric constant 0.054 kPa per degree.
    assert standard_pressure(1800.0) == pytest.approx(81800.0, abs=50.0)
    assert 0.665e-6 * standard_pressure(1800.0) == pytest.approx(0.054, abs=0.0005)


def test_vapour_pressure_of_sonntag_1990():
    # R package bigleaf, Esat.slope with formula "Sonntag_1990", 0 to 6 degrees Celsius [kPa].
    expected = [0.6112, 0.65694602, 0.70570024, 0.7576318, 0.81291764, 0.87174275, 0.93430042]
    got = [saturation_vapour_pressure(273.15 + celsius)[0] / 1000.0 for celsius in range(7)]
    assert got == pytest.approx(expected, abs=1e-8)


def test_vapour_pressure_from_extremes_of_humidity():
    # FAO-56, example 5: 18 to 25 degrees C, 82 to 54 %, 1.70 kPa; by its eq. 17.
    actual = 0.5 * (saturated(18.0) * 0.82 + saturated(25.0) * 0.54)
    ours = 0.5 * (
        saturation_vapour_pressure(291.15)[0] * 0.82 + saturation_vapour_pressure(298.15)[0] * 0.54
    )
    assert actual / 1000.0 == pytest.approx(1.70, abs=0.005)
    assert ours == pytest.approx(actual, rel=5e-3)
