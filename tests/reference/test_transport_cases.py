"""Diffusion against numbers computed elsewhere: closed forms, and a column written independently.

Values of ``diffusion`` in the reference file ``upscaling_fusion_trend_cases.json``.
"""

from __future__ import annotations

import numpy as np
import pytest

from fluxscape.transport import (
    column_operator,
    conductance_of_layers,
    diffusivity_profile,
    molar_density,
    plain_mixing,
    uniform_grid,
)

COSINE = (  # z [m], t [s], C [umol mol-1]
    (0.0, 600.0, 383.94546732282964),
    (125.0, 600.0, 382.78986669892276),
    (250.0, 1800.0, 380.0),
    (500.0, 3600.0, 378.7929071339975),
    (875.0, 7200.0, 380.2060612662643),
)
PERIODIC = (
    (0.0, 10800.0, 12.437789380968077),
    (0.0, 43200.0, -8.794845214252557),
    (300.0, 21600.0, 6.491480977994004),
    (800.0, 0.0, -1.7979544156269949),
)
PROFILE = ((50.0, 22.04166666666667), (400.0, 85.33333333333334), (800.0, 42.66666666666667))


def _operator(layers: int, top: float, diffusivity: float, step: float, steps: int):
    grid = uniform_grid(layers, top)
    conductance = conductance_of_layers(grid, np.full(layers, diffusivity))
    return column_operator(grid, plain_mixing(grid, conductance, steps=steps), step_seconds=step)


def test_the_cosine_mode_has_the_values_of_the_case() -> None:
    operator = _operator(400, 1000.0, 10.0, 5.0, 1440)
    z = operator.grid.centres
    ends = np.empty((1440, 400))
    operator.run(380.0 + 5.0 * np.cos(2.0 * np.pi * z / 1000.0), np.zeros(1440), ends=ends)
    assert ends.mean(axis=1) == pytest.approx(np.full(1440, 380.0), abs=1e-9)
    for height, moment, expected in COSINE:
        found = np.interp(height, z, ends[round(moment / 5.0) - 1])
        assert found == pytest.approx(expected, abs=5e-3)


def test_the_periodic_flux_has_the_values_of_the_case() -> None:
    K, F, steps, days = 8.0, 0.3, 1440, 7
    operator = _operator(300, 3000.0, K, 60.0, steps * days)
    moments = (np.arange(steps * days) + 1.0) * 60.0
    flux = F * np.cos(2.0 * np.pi * moments / 86400.0)
    ends = np.empty((flux.size, 300))
    operator.run(np.zeros(300), flux, ends=ends)
    for height, moment, expected in PERIODIC:
        row = (days - 1) * steps + round(moment / 60.0) - 1
        profile = np.concatenate([[ends[row, 0] + flux[row] * 5.0 / K], ends[row]])
        heights = np.concatenate([[0.0], operator.grid.centres])
        assert np.interp(height, heights, profile) == pytest.approx(expected, abs=0.05)


def test_the_rectifier_has_the_values_of_the_case() -> None:
    grid = uniform_grid(100, 2000.0)
    steps = 20 * 288
    hours = (np.arange(steps) * 300.0 / 3600.0) % 24.0
    day = (hours >= 6.0) & (hours < 18.0)
    conductance = np.where(day, 40.0, 0.5)[:, np.newaxis] / np.diff(grid.centres)
    operator = column_operator(grid, plain_mixing(grid, conductance), step_seconds=300.0)
    # Any balanced flux gives the sign; the size is checked against an independent solution below.
    flux = np.where(day, -1.0, 1.0)
    mean, final = operator.run(np.full(100, 380.0), flux)
    assert final.mean() == pytest.approx(380.0, abs=1e-9)
    profile = mean[-288:].mean(axis=0)
    assert profile[0] > profile[-1]
    dense = np.eye(100)
    states = np.full(100, 380.0)
    expected = np.zeros(100)
    inverses = {}
    for strong, K in ((True, 40.0), (False, 0.5)):
        share = 300.0 * K / 400.0
        exchange = 2.0 * dense - np.eye(100, k=1) - np.eye(100, k=-1)
        exchange[0, 0] = exchange[-1, -1] = 1.0
        inverses[strong] = np.linalg.inv(dense + share * exchange)
    for step in range(steps):
        states[0] += 300.0 * flux[step] / 20.0
        states = inverses[bool(day[step])] @ states
        if step >= steps - 288:
            expected += states / 288.0
    assert profile == pytest.approx(expected, abs=1e-8)


def test_the_profile_of_diffusivity_has_the_values_of_the_case() -> None:
    heights, expected = np.array(PROFILE).T
    assert diffusivity_profile(heights, 1.2, 1200.0) == pytest.approx(expected)
    assert diffusivity_profile(np.array([1200.0, 1500.0]), 1.2, 1200.0) == pytest.approx(0.0)


def test_a_molar_flux_becomes_the_kinematic_one_of_the_case() -> None:
    assert molar_density(101325.0, 293.15) == pytest.approx(41.57119691260045, rel=1e-9)
    assert -10.0 / molar_density(101325.0, 293.15) == pytest.approx(-0.24055116866189982, rel=1e-9)
