"""The fast loop against the plain sum, and the integral of the captured share."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxscape.footprint import _kernels
from fluxscape.footprint.plume import (
    DRAXLER,
    POWER,
    ROOT_LINEAR,
    Plume,
    crosswind_integrated,
    density,
    distance_of_share,
    peak_distance,
    share_within,
    spread,
    spread_slope,
    total,
)

PLUMES = {
    POWER: Plume(2.0, 1.9, 30.0, 0.0, 0.4, 0.85, 0.0),
    ROOT_LINEAR: Plume(1.5, 1.9914, 25.0, 2.3, 0.5, 1.0, 0.3),
    DRAXLER: Plume(2.0, 2.1, 30.0, 0.0, 0.4, 0.9, 0.01),
}
"""One plume of each spread law; the amplitude is set so that its integral is one."""

KINDS = tuple(PLUMES)


def unit_plume(plume: Plume) -> Plume:
    """Return the plume with an integral of one."""
    return plume._replace(log_amplitude=plume.log_amplitude - math.log(total(plume)))


def table(kind: int, directions: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return a table of one plume from several directions."""
    out = np.empty((directions.size, _kernels.PLUME_COLUMNS))
    out[:, : _kernels.SINE] = unit_plume(PLUMES[kind])
    out[:, _kernels.SINE] = np.sin(np.deg2rad(directions))
    out[:, _kernels.COSINE] = np.cos(np.deg2rad(directions))
    out[:, _kernels.WEIGHT] = 1.0 if weights is None else weights
    return out


def both(plumes: np.ndarray, kind: int, half: int, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the fast and the plain sum on a square grid."""
    columns = 2 * half + 1
    padded = columns + (-columns) % _kernels.PADDING
    fast, plain = np.zeros((columns, padded)), np.zeros((columns, columns))
    corner = -half * step
    _kernels.accumulate(plumes, kind, corner, corner, step, columns, fast)
    _kernels.accumulate_direct(plumes, kind, corner, corner, step, columns, plain)
    return fast[:, :columns], plain


@pytest.mark.kernel
@pytest.mark.parametrize("kind", KINDS)
def test_fast_loop_equals_the_plain_sum(kind: int) -> None:
    directions = np.array([0.0, 37.0, 90.0, 180.0, 215.5, 360.0])
    fast, plain = both(table(kind, directions, np.arange(1.0, 7.0)), kind, half=12, step=9.0)
    assert np.abs(fast - plain).max() < 1e-4 * plain.max()
    assert np.abs(fast - plain).sum() < 1e-4 * plain.sum()


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    exponent=st.floats(1.3, 4.0),
    decay=st.floats(1.0, 500.0),
    spread_scale=st.floats(0.05, 2.0),
    spread_exponent=st.floats(0.6, 1.0),
    saturation=st.floats(0.0, 1.0),
    direction=st.floats(0.0, 360.0),
)
def test_fast_loop_equals_the_plain_sum_for_any_plume(
    kind: int,
    exponent: float,
    decay: float,
    spread_scale: float,
    spread_exponent: float,
    saturation: float,
    direction: float,
) -> None:
    shape = Plume(0.0, exponent, decay, 0.0, spread_scale, spread_exponent, saturation)
    if kind == ROOT_LINEAR:
        shape = shape._replace(spread_exponent=1.0, shift=0.1 * decay)
    plumes = table(kind, np.array([direction]))
    plumes[0, : _kernels.SINE] = unit_plume(shape)
    fast, plain = both(plumes, kind, half=60, step=5.0)
    if plain.max() > 0.0:
        assert np.abs(fast - plain).max() < 1e-4 * max(plain.max(), 1e-12)
        assert np.abs(fast - plain).sum() < 1e-4 * plain.sum() + 1e-15
    assert fast.min() >= 0.0


@pytest.mark.kernel
@pytest.mark.parametrize("kind", KINDS)
def test_compiled_density_equals_the_plain_formula(kind: int) -> None:
    plume = unit_plume(PLUMES[kind])
    row = table(kind, np.array([0.0]))[0]
    for along, across in ((3.0, 0.0), (20.0, -4.0), (150.0, 60.0), (-5.0, 0.0), (1.0, 1.0)):
        expected = density(plume, kind, along, across)
        assert _kernels.plume_density(row, kind, along, across) == pytest.approx(
            expected, rel=1e-12
        )


@pytest.mark.parametrize("kind", KINDS)
def test_slope_of_the_spread_is_its_derivative(kind: int) -> None:
    plume = PLUMES[kind]
    for x in (0.5, 10.0, 300.0):
        difference = (
            math.log(spread(plume, kind, x * 1.0001)) - math.log(spread(plume, kind, x / 1.0001))
        ) / (2.0 * math.log(1.0001))
        assert spread_slope(plume, kind, x) == pytest.approx(difference, rel=1e-6)
        sigma, slope = _kernels.spread_and_slope(
            kind, plume.spread_scale, plume.spread_exponent, plume.saturation, x
        )
        assert sigma == pytest.approx(spread(plume, kind, x), rel=1e-12)
        assert slope == pytest.approx(sigma / x * spread_slope(plume, kind, x), rel=1e-12)


@pytest.mark.kernel
@pytest.mark.parametrize("kind", KINDS)
def test_outline_holds_all_cells_within_five_sigma(kind: int) -> None:
    plume = table(kind, np.array([251.0]))[0]
    lines = np.empty((_kernels.LINES, 3))
    reach = 400.0
    _kernels.outline(plume, kind, reach, lines)
    nearest = plume[_kernels.SHIFT] + plume[_kernels.DECAY] / _kernels.CUT_DECAY
    for u in np.geomspace(nearest * 1.01, reach, 40):
        sigma, _ = _kernels.spread_and_slope(
            kind,
            plume[_kernels.SPREAD_SCALE],
            plume[_kernels.SPREAD_EXPONENT],
            plume[_kernels.SATURATION],
            u,
        )
        for v in (-4.99 * sigma, 0.0, 4.99 * sigma):
            x = u * plume[_kernels.SINE] + v * plume[_kernels.COSINE]
            y = u * plume[_kernels.COSINE] - v * plume[_kernels.SINE]
            assert (lines @ np.array([x, y, 1.0]) > -1e-9).all()


@pytest.mark.kernel
@pytest.mark.parametrize("kind", KINDS)
def test_captured_share_of_a_wide_domain_is_the_cumulative_share(kind: int) -> None:
    plume = unit_plume(PLUMES[kind])
    out = np.empty(1)
    # A domain that ends 300 m upwind and is wide as the plume is not.
    _kernels.captured_shares(table(kind, np.array([0.0])), kind, -1e5, 1e5, -1e5, 300.0, 4000, out)
    assert out[0] == pytest.approx(share_within(plume, 300.0), abs=2e-3)


@pytest.mark.kernel
@pytest.mark.parametrize("kind", KINDS)
def test_captured_share_equals_the_sum_of_fine_cells(kind: int) -> None:
    directions = np.array([20.0])
    out = np.empty(1)
    plumes = table(kind, directions)
    half, step = (60, 2.0)
    edge = (half + 0.5) * step
    _kernels.captured_shares(plumes, kind, -edge, edge, -edge, edge, 320, out)
    fast, _ = both(plumes, kind, half, step) if kind == POWER else (None, None)
    if fast is not None:
        assert out[0] == pytest.approx(fast.sum() * step**2, abs=2e-3)
    assert 0.0 < out[0] < 1.0


@pytest.mark.kernel
def test_domain_downwind_of_the_tower_captures_nothing() -> None:
    out = np.empty(1)
    _kernels.captured_shares(
        table(POWER, np.array([0.0])), POWER, -50.0, 50.0, -500.0, -1.0, 50, out
    )
    assert out[0] == 0.0


def test_distances_invert_the_cumulative_share() -> None:
    for plume in map(unit_plume, PLUMES.values()):
        for share in (0.05, 0.5, 0.9):
            assert share_within(plume, distance_of_share(plume, share)) == pytest.approx(share)
        assert share_within(plume, plume.shift) == 0.0
        assert distance_of_share(plume, 1.5) == math.inf


def test_peak_is_where_the_crosswind_integral_is_largest() -> None:
    for plume in map(unit_plume, PLUMES.values()):
        peak = peak_distance(plume)
        top = crosswind_integrated(plume, peak)
        assert top > crosswind_integrated(plume, peak * 1.01)
        assert top > crosswind_integrated(plume, peak * 0.99)
        assert crosswind_integrated(plume, plume.shift) == 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_result_does_not_depend_on_the_number_of_threads(kind: int) -> None:
    plumes = table(kind, np.linspace(0.0, 360.0, 50))
    before = numba.get_num_threads()
    fields = []
    try:
        for threads in (1, before):
            numba.set_num_threads(threads)
            fields.append(both(plumes, kind, half=40, step=5.0)[0])
    finally:
        numba.set_num_threads(before)
    assert (fields[0] == fields[1]).all()
