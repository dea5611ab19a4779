"""The heat equation's closed form: a sinusoid at the surface dies out and lags with depth."""

import numpy as np
import pytest

from fluxscape.dlm._soil_heat import eliminate_column, substitute_column


@pytest.mark.kernel
def test_a_daily_wave_dies_out_and_lags_as_the_closed_form_says():
    # T(z, t) = A exp(-z / D) sin(w t - z / D), D = sqrt(2 lambda / (C w)); van Wijk 1963.
    conductivity, capacity, period, step = 1.2, 2.5e6, 86400.0, 600.0
    w = 2.0 * np.pi / period
    damping = np.sqrt(2.0 * conductivity / (capacity * w))
    n, thickness = 60, 0.01
    depth = (np.arange(n) + 0.5) * thickness
    temperature = 290.0 * np.ones(n)
    heat = np.full(n, capacity * thickness)
    link = np.full(n, conductivity / thickness)
    work = np.zeros(n), np.zeros(n)
    surface = conductivity / (0.5 * thickness)
    days = 12
    steps = round(period / step)
    last = []
    for i in range(days * steps):
        top = 290.0 + 10.0 * np.sin(w * (i + 1) * step)
        base, pliancy = eliminate_column(temperature, heat, link, 0, step, *work)
        flux = surface / (1.0 + surface * pliancy) * (top - base)
        substitute_column(temperature, 0, base + pliancy * flux, *work)
        if i >= (days - 1) * steps:
            last.append(temperature.copy())
    course = np.array(last)
    time = (np.arange(steps) + 1) * step
    for k in (0, 4, 9, 14, 19):
        z = depth[k]
        exact = 290.0 + 10.0 * np.exp(-z / damping) * np.sin(w * time - z / damping)
        assert np.abs(course[:, k] - exact).max() < 0.03 * 10.0
