"""The column against closed forms of diffusion, the slab against its own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erfc

from fluxscape.transport import (
    ColumnGrid,
    SlabAir,
    boundary_layer_budget,
    column_operator,
    conductance_of_faces,
    conductance_of_layers,
    plain_mixing,
    run_slab,
    slab_flux,
    uniform_grid,
)


def _operator(grid: ColumnGrid, diffusivity: float, *, seconds: float, steps: int, parts: int = 1):
    conductance = conductance_of_layers(grid, np.full(grid.layers, diffusivity))
    return column_operator(
        grid,
        plain_mixing(grid, conductance, steps=steps),
        step_seconds=seconds / steps,
        substeps=parts,
    )


def _uneven(layers: int, top: float) -> ColumnGrid:
    """Return a grid whose layers thicken upwards threefold, smoothly, whatever their number."""
    share = np.linspace(0.0, 1.0, layers + 1)
    faces = top * (share + share**2) / 2.0
    return ColumnGrid(faces, np.diff(faces))


def _cosine_error(grid: ColumnGrid) -> float:
    """Return the error of a cosine mode after an hour against the means of the exact solution."""
    K, H, n, seconds = 10.0, 1000.0, 2, 3600.0
    wave = n * np.pi / H
    shape = np.diff(np.sin(wave * grid.faces)) / (wave * grid.thickness)
    # Steps so short that only the error in space is left.
    operator = _operator(grid, K, seconds=seconds, steps=1, parts=20_000)
    _, final = operator.run(380.0 + 5.0 * shape, np.zeros(1))
    exact = 380.0 + 5.0 * shape * np.exp(-K * wave**2 * seconds)
    return float(np.sqrt(np.average((final - exact) ** 2, weights=grid.thickness)))


@pytest.mark.parametrize("make", [lambda n: uniform_grid(n, 1000.0), lambda n: _uneven(n, 1000.0)])
def test_a_cosine_mode_decays_with_second_order_in_space(make) -> None:
    errors = [_cosine_error(make(layers)) for layers in (10, 20, 40)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders == pytest.approx([2.0, 2.0], abs=0.15)


def test_time_is_of_first_order_as_backward_euler_is() -> None:
    grid = uniform_grid(10, 1000.0)
    wave = 2.0 * np.pi / 1000.0
    first = 5.0 * np.cos(wave * grid.centres)
    # The mode of the discrete operator decays by its own eigenvalue: only time is left.
    rate = 10.0 * (2.0 * np.sin(0.5 * wave * 100.0) / 100.0) ** 2
    exact = first * np.exp(-rate * 3600.0)
    errors = [
        np.abs(
            _operator(grid, 10.0, seconds=3600.0, steps=n).run(first, np.zeros(n))[1] - exact
        ).max()
        for n in (20, 40, 80)
    ]
    assert np.log2(np.array(errors[:-1]) / np.array(errors[1:])) == pytest.approx(1.0, abs=0.05)


def test_a_constant_flux_enters_a_half_space() -> None:
    K, F, seconds = 5.0, 0.2, 7200.0
    grid = uniform_grid(300, 3000.0)
    steps = 720
    _, final = _operator(grid, K, seconds=seconds, steps=steps).run(
        np.zeros(grid.layers), np.full(steps, F)
    )
    z = grid.centres
    root = np.sqrt(K * seconds)
    exact = F / K * (2.0 * root / np.sqrt(np.pi) * np.exp(-((z / (2.0 * root)) ** 2)))
    exact -= F / K * z * erfc(z / (2.0 * root))
    assert final == pytest.approx(exact, abs=2e-3 * exact[0])


def test_a_periodic_flux_leads_the_surface_by_an_eighth_of_its_period() -> None:
    K, F, period = 8.0, 0.3, 86400.0
    grid = uniform_grid(300, 3000.0)
    steps, days = 720, 6
    moments = (np.arange(steps * days) + 1.0) * period / steps
    frequency = 2.0 * np.pi / period
    operator = _operator(grid, K, seconds=days * period, steps=steps * days)
    flux = F * np.cos(frequency * moments)
    ends = np.empty((flux.size, grid.layers))
    operator.run(np.zeros(grid.layers), flux, ends=ends)
    # To the surface: half a layer below the lowest centre with the flux through it.
    surface = (ends[:, 0] + flux * 0.5 * grid.thickness[0] / K)[-steps:]
    angle = np.angle(np.sum(surface * np.exp(1j * frequency * moments[-steps:])))
    assert np.rad2deg(angle) == pytest.approx(45.0, abs=0.5)
    amplitude = 2.0 * np.abs(np.mean(surface * np.exp(1j * frequency * moments[-steps:])))
    assert amplitude == pytest.approx(F / np.sqrt(K * frequency), rel=5e-3)


def test_a_pulse_spreads_with_diffusivity_linear_in_height() -> None:
    # K = a z: C = Q / (a t) exp(-z / (a t)).
    a, Q, start, stop, steps = 0.1, 1000.0, 1800.0, 5400.0, 2000
    faces = np.concatenate([[0.0], np.geomspace(0.5, 6000.0, 160)])
    grid = ColumnGrid(faces, np.diff(faces))

    def means(t: float) -> np.ndarray:
        return Q * -np.diff(np.exp(-faces / (a * t))) / grid.thickness

    conductance = a / np.diff(np.log(grid.centres))
    operator = column_operator(
        grid, plain_mixing(grid, conductance, steps=steps), step_seconds=(stop - start) / steps
    )
    _, final = operator.run(means(start), np.zeros(steps))
    assert final == pytest.approx(means(stop), abs=5e-3 * means(stop)[0])


def test_two_layers_conduct_in_series() -> None:
    F, above = 0.2, 385.0
    grid = uniform_grid(40, 1000.0)
    K = np.where(grid.centres < 50.0, 0.5, 20.0)
    mixing = plain_mixing(
        grid,
        conductance_of_layers(grid, K),
        steps=1,
        top_conductance=K[-1] / (0.5 * grid.thickness[-1]),
    )
    operator = column_operator(grid, mixing, step_seconds=1e12)
    _, final = operator.run(np.full(40, above), np.array([F]), np.array([above]))
    surface = final[0] + F * 0.5 * grid.thickness[0] / K[0]
    assert surface == pytest.approx(414.5, abs=1e-6)
    edge = final[2] + F * 0.5 * grid.thickness[2] / K[2]
    assert edge == pytest.approx(394.5, abs=1e-6)


def test_a_closed_well_mixed_column_is_a_box() -> None:
    grid = uniform_grid(40, 800.0, air_density=40.0)
    steps = 48
    operator = _operator(grid, 1e8, seconds=86400.0, steps=steps)
    _, final = operator.run(np.full(40, 380.0), np.full(steps, -10.0))
    assert final == pytest.approx(380.0 - 10.0 * 86400.0 / (40.0 * 800.0), abs=1e-3)


def test_a_closed_column_ends_in_a_parabola() -> None:
    F, K, H = 0.1, 20.0, 800.0
    grid = uniform_grid(80, H)
    operator = _operator(grid, K, seconds=40.0 * H * H / K, steps=4000)
    _, final = operator.run(np.zeros(80), np.full(4000, F))
    z = grid.centres
    exact = F / K * ((H - z) ** 2 / (2.0 * H) - H / 6.0)
    assert final - final.mean() == pytest.approx(exact, abs=1e-4)


def test_steps_ten_thousand_times_the_explicit_limit_neither_ring_nor_grow() -> None:
    grid = uniform_grid(40, 400.0)
    dz, dt = 10.0, 300.0
    K = 1e4 * dz * dz / dt
    operator = _operator(grid, K, seconds=dt * 100, steps=100)
    first = np.where(np.arange(40) % 2 == 0, 0.0, 1000.0)
    ends = np.empty((100, 40))
    operator.run(first, np.zeros(100), ends=ends)
    spread = np.ptp(ends, axis=1)
    assert (np.diff(spread) <= 1e-10).all()
    assert ends.min() >= 0.0
    assert ends.max() <= 1000.0
    assert ends[-1] == pytest.approx(500.0)


def test_conductances_of_faces_and_layers_agree_where_diffusivity_is_constant() -> None:
    grid = _uneven(20, 900.0)
    assert conductance_of_faces(grid, np.full(19, 3.0)) == pytest.approx(
        conductance_of_layers(grid, np.full(20, 3.0))
    )


def test_a_growing_slab_dilutes_by_the_closed_form() -> None:
    moments = np.arange(25) * 1800.0
    depth = 300.0 + 0.03 * moments
    air = SlabAir(depth, np.full(24, 380.0), 1800.0, 40.0)
    found = run_slab(air, np.full(24, -8.0), 400.0)
    exact = 380.0 + (300.0 * 20.0 - 8.0 / 40.0 * moments) / depth
    assert found == pytest.approx(exact, abs=1e-10)


def test_a_slab_held_down_by_sinking_air_relaxes_exponentially() -> None:
    # dh/dt = 0 and w < 0: h dC/dt = F/n - w (C_above - C) ... with D = -w/h.
    h, w, F, n = 1000.0, -0.01, 2.0, 40.0
    air = SlabAir(np.full(49, h), np.full(48, 380.0), 1800.0, n, vertical_velocity=np.full(48, w))
    found = run_slab(air, np.full(48, F), 400.0)
    rate = -w / h
    steady = 380.0 + F / n / (h * rate)
    exact = steady + (400.0 - steady) * np.exp(-rate * np.arange(49) * 1800.0)
    assert found == pytest.approx(exact, abs=1e-9)


def test_the_inverse_of_the_slab_returns_its_flux_to_rounding() -> None:
    draw = np.random.default_rng(1)
    steps = 200
    depth = np.maximum(150.0, 600.0 + np.cumsum(draw.normal(0.0, 80.0, steps + 1)))
    air = SlabAir(
        depth,
        380.0 + draw.normal(0.0, 2.0, steps),
        1800.0,
        40.0,
        vertical_velocity=draw.normal(0.0, 0.01, steps),
        advection=draw.normal(0.0, 1e-4, steps),
        fossil=draw.uniform(0.0, 2.0, steps),
    )
    flux = draw.normal(-3.0, 12.0, steps)
    record = run_slab(air, flux, 395.0)
    assert slab_flux(air, record) == pytest.approx(flux, abs=1e-9)
    terms = boundary_layer_budget(air, record)
    assert terms.storage - terms.entrainment - terms.advection - terms.fossil == pytest.approx(flux)


def test_growth_without_entrainment_of_others_air_changes_nothing() -> None:
    air = SlabAir(np.linspace(800.0, 200.0, 13), np.full(12, 350.0), 1800.0, 40.0)
    assert run_slab(air, np.zeros(12), 400.0) == pytest.approx(np.full(13, 400.0))
