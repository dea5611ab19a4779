"""The column's linear map: conservation, positivity, transpose, members, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.transport import (
    ColumnGrid,
    column_operator,
    conductance_of_layers,
    grid_from_faces,
    plain_mixing,
    stretched_grid,
    uniform_grid,
)
from fluxscape.transport.operator import Mixing

pytestmark = pytest.mark.kernel


def _mixing(seed: int, steps: int, layers: int, *, symmetric: bool, closed: bool) -> Mixing:
    """Return mixing of every kind at once, drawn at random over many orders of size."""
    draw = np.random.default_rng(seed)
    shape = (steps, layers)
    counter = draw.uniform(0.0, 0.7, shape)
    counter[:, -1] = 0.0
    open_ = 0.0 if closed else 1.0
    velocity = open_ * draw.normal(0.0, 0.01, shape)
    return Mixing(
        10.0 ** draw.uniform(-6.0, 2.0, shape),
        counter,
        10.0 ** draw.uniform(-4.0, 1.0, shape) * (draw.uniform(size=(steps, 1)) > 0.3),
        symmetric,
        velocity,
        open_ * draw.uniform(0.0, 1e-4, shape),
    )


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000), symmetric=st.booleans(), substeps=st.integers(1, 4),
    layers=st.integers(3, 12),
)  # fmt: skip
def test_a_closed_column_keeps_its_carbon(seed, symmetric, substeps, layers) -> None:
    grid = stretched_grid(layers, 10.0, 1500.0)
    mixing = _mixing(seed, 5, layers, symmetric=symmetric, closed=True)
    operator = column_operator(grid, mixing, step_seconds=1800.0, substeps=substeps)
    draw = np.random.default_rng(seed)
    first, flux = draw.uniform(300.0, 500.0, layers), draw.normal(0.0, 20.0, 5)
    _, final = operator.run(first, flux)
    gained = (final - first) @ grid.air_amount
    assert gained == pytest.approx(flux.sum() * 1800.0, abs=1e-11 * (first @ grid.air_amount))


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000), symmetric=st.booleans(), closed=st.booleans(),
    layers=st.integers(3, 12),
)  # fmt: skip
def test_emissions_into_clean_air_are_nowhere_negative(seed, symmetric, closed, layers) -> None:
    grid = stretched_grid(layers, 10.0, 1500.0)
    mixing = _mixing(seed, 6, layers, symmetric=symmetric, closed=closed)
    operator = column_operator(grid, mixing, step_seconds=1800.0, substeps=2)
    flux = np.random.default_rng(seed).uniform(0.0, 20.0, 6)
    mean, final = operator.run(np.zeros(layers), flux, np.full(6, 10.0))
    assert mean.min() >= 0.0
    assert final.min() >= 0.0
    assert (operator.counter_gradient_kept >= 0.0).all()
    assert (operator.counter_gradient_kept <= 1.0).all()


@pytest.mark.parametrize("symmetric", [False, True])
def test_the_adjoint_is_the_transpose(symmetric) -> None:
    steps, layers = 12, 15
    grid = stretched_grid(layers, 10.0, 2000.0)
    mixing = _mixing(3, steps, layers, symmetric=symmetric, closed=False)
    operator = column_operator(grid, mixing, step_seconds=1800.0, substeps=3)
    draw = np.random.default_rng(5)
    initial, flux, above = (draw.standard_normal(size) for size in (layers, steps, steps))
    tendency = draw.standard_normal((steps, layers)) / 1e3
    weights, last = draw.standard_normal((steps, layers)), draw.standard_normal(layers)
    mean, final = operator.run(initial, flux, above, tendency)
    back = operator.adjoint(weights, last)
    left = (mean * weights).sum() + final @ last
    right = back.initial @ initial + back.flux @ flux + back.background @ above
    right += (back.tendency * tendency).sum()
    assert abs(left - right) <= 1e-12 * abs(left)


@pytest.mark.parametrize("symmetric", [False, True])
def test_a_step_solves_the_dense_system(symmetric) -> None:
    layers, dt = 9, 600.0
    grid = stretched_grid(layers, 10.0, 900.0)
    mixing = _mixing(7, 1, layers, symmetric=symmetric, closed=False)
    operator = column_operator(grid, mixing, step_seconds=dt)
    a, n = grid.air_amount, grid.face_density
    rates = np.zeros((layers, layers))
    for i in range(layers - 1):
        mixed = n[i] * mixing.conductance[0, i]
        w = n[i] * mixing.vertical_velocity[0, i]
        down, up = mixed + max(-w, 0.0), mixed + max(w, 0.0)
        rates[i] += (np.eye(layers)[i + 1] - np.eye(layers)[i]) * down / a[i]
        rates[i + 1] += (np.eye(layers)[i] - np.eye(layers)[i + 1]) * up / a[i + 1]
    exchange = mixing.exchange[0]
    for i in range(1, layers):
        rates[i, 0] += exchange[i] / a[i]
        above = 0.0 if symmetric else exchange[i + 1 :].sum()
        rates[i, i] -= (exchange[i] + above) / a[i]
        if not symmetric and i < layers - 1:
            rates[i, i + 1] += above / a[i]
        rates[0, i if symmetric else 1] += exchange[i] / a[0]
        rates[0, 0] -= exchange[i] / a[0]
    rates -= np.diag(mixing.inflow[0])
    first = np.random.default_rng(1).uniform(0.0, 10.0, layers)
    expected = np.linalg.solve(np.eye(layers) - dt * rates, first + dt * mixing.inflow[0] * 3.0)
    _, final = operator.run(first, np.zeros(1), np.array([3.0]))
    assert final == pytest.approx(expected, rel=1e-10)


def test_members_run_side_by_side_as_alone() -> None:
    steps, layers = 6, 10
    grid = stretched_grid(layers, 10.0, 2000.0)
    operator = column_operator(
        grid, _mixing(1, steps, layers, symmetric=False, closed=False), step_seconds=1800.0,
        substeps=2,
    )  # fmt: skip
    draw = np.random.default_rng(2)
    first, flux = draw.uniform(size=(layers, 4)), draw.normal(size=(steps, 4))
    above, tendency = draw.normal(size=(steps, 4)), draw.normal(size=(steps, layers, 4)) / 1e3
    together, ends = operator.run(first, flux, above, tendency)
    for k in range(4):
        alone, end = operator.run(first[:, k], flux[:, k], above[:, k], tendency[:, :, k])
        assert together[..., k] == pytest.approx(alone)
        assert ends[:, k] == pytest.approx(end)


def test_uniform_air_stays_uniform_under_everything() -> None:
    steps, layers = 8, 12
    grid = stretched_grid(layers, 10.0, 2000.0)
    for symmetric in (False, True):
        mixing = _mixing(4, steps, layers, symmetric=symmetric, closed=False)
        operator = column_operator(grid, mixing, step_seconds=1800.0)
        mean, _ = operator.run(np.full(layers, 380.0), np.zeros(steps), np.full(steps, 380.0))
        assert mean == pytest.approx(np.full((steps, layers), 380.0), abs=1e-9)


def test_a_standard_column_holds_the_air_of_its_pressure_fall() -> None:
    grid = stretched_grid(40, 10.0, 3000.0)
    assert grid.layers == 40
    assert grid.thickness[0] == pytest.approx(10.0)
    assert grid.top == 3000.0
    ratio = grid.thickness[1:] / grid.thickness[:-1]
    assert ratio == pytest.approx(np.full(39, ratio[0]), rel=1e-6)
    # ISO 2533: 101325 Pa at the ground, 70109 Pa at 3000 m.
    assert grid.air_amount.sum() * 9.80665 * 0.0289652 == pytest.approx(101325 - 70109, rel=2e-3)


@pytest.mark.parametrize(
    ("faces", "error", "words"),
    [
        ([0.0, 10.0, 5.0, 30.0], DimsError, "must increase strictly, but 5 m follows 10 m"),
        ([0.0, 10.0, np.nan, 30.0], OutOfBoundsError, "is no number"),
        ([1.0, 10.0, 20.0, 30.0], OutOfBoundsError, "lowest face"),
        ([0.0, 10.0], DimsError, "3 or more layers"),
    ],
)
def test_heights_that_cannot_be_are_refused(faces, error, words) -> None:
    with pytest.raises(error, match=words):
        grid_from_faces(np.array(faces))


def test_layers_without_air_and_grids_that_cannot_be_are_refused() -> None:
    with pytest.raises(OutOfBoundsError, match="layer 1 of the column holds 0"):
        ColumnGrid(np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 0.0, 1.0]))
    with pytest.raises(OutOfBoundsError, match="cannot make a column"):
        stretched_grid(40, 100.0, 3000.0)
    with pytest.raises(OutOfBoundsError, match="must be positive"):
        stretched_grid(surface_pressure=-1.0)


def test_negative_diffusivity_is_refused_with_its_place() -> None:
    grid = uniform_grid(5, 100.0)
    K = np.array([1.0, 2.0, -0.5, 1.0, 1.0])
    with pytest.raises(OutOfBoundsError, match=r"diffusivity -0.5 m2 s-1 at position \(2,\)"):
        conductance_of_layers(grid, K)
    with pytest.raises(OutOfBoundsError, match="conductance -1 m s-1"):
        plain_mixing(grid, np.array([1.0, -1.0, 1.0, 1.0]))
    with pytest.raises(DimsError, match="4 conductances"):
        plain_mixing(grid, np.ones(5))


def test_series_of_other_shapes_are_refused() -> None:
    grid = uniform_grid(5, 100.0)
    operator = column_operator(grid, plain_mixing(grid, np.ones(4), steps=3), step_seconds=60.0)
    with pytest.raises(DimsError, match=r"flux has shape \(2,\), wanted \(3,\)"):
        operator.run(np.zeros(5), np.zeros(2))
    with pytest.raises(DimsError, match="initial has shape"):
        operator.run(np.zeros(4), np.zeros(3))
    with pytest.raises(OutOfBoundsError, match="longer than 0 s"):
        column_operator(grid, plain_mixing(grid, np.ones(4)), step_seconds=0.0)
