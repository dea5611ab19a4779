"""Boundary-layer height after appendix B of Kljun et al. 2015."""

from __future__ import annotations

import numpy as np
import pytest

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.meteorology.boundary_layer import boundary_layer_height, coriolis_parameter

STEP = 1800.0


def height(length, ustar=0.3, *, latitude=45.0, gaps=None):
    """Return h [m] of a series of Obukhov lengths."""
    lengths = np.asarray(length, dtype=float)
    seconds = np.arange(lengths.size) * STEP if gaps is None else np.asarray(gaps, dtype=float)
    ustars = np.full(lengths.shape, ustar) if np.isscalar(ustar) else np.asarray(ustar)
    return boundary_layer_height(
        seconds, ustars, lengths, np.full(lengths.shape, 288.15), latitude=latitude
    )


@pytest.mark.kernel
def test_neutral_height_is_0_3_of_the_rotation_limit() -> None:
    # 0.3 u* / |f| = 872.7 m at 45 degrees and u* = 0.3 m/s.
    assert height([1e12])[0] == pytest.approx(872.7, abs=0.1)


@pytest.mark.kernel
def test_stable_height_tends_to_the_neutral_one() -> None:
    heights = height([20.0, 200.0, 2e4, 2e7])
    assert list(heights) == sorted(heights)
    assert heights[-1] == pytest.approx(872.7, rel=1e-3)


@pytest.mark.kernel
def test_stable_height_follows_the_closed_form() -> None:
    length, ustar, f = 50.0, 0.3, coriolis_parameter(45.0)
    expected = length / 3.8 * (-1.0 + np.sqrt(1.0 + 2.28 * ustar / (f * length)))
    assert height([length])[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.kernel
def test_convective_day_grows_to_a_kilometre_and_starts_anew_after_the_night() -> None:
    day = [30.0] * 4 + [-20.0] * 16 + [30.0] * 4
    heights = height(day * 2, ustar=0.35)
    growing = heights[4:20]
    assert (np.diff(growing) > 0.0).all()
    assert 500.0 < growing[-1] < 2500.0
    assert heights[24:] == pytest.approx(heights[:24])


@pytest.mark.kernel
def test_gap_of_a_day_starts_the_layer_anew() -> None:
    apart = height([-20.0, -20.0, -20.0], gaps=[0.0, STEP, STEP + 86400.0])
    assert apart[2] == pytest.approx(apart[0])
    assert apart[1] > apart[0]


@pytest.mark.kernel
def test_missing_or_impossible_records_give_nothing() -> None:
    heights = height([np.nan, 0.0, -20.0, 30.0], ustar=[0.3, 0.3, 0.0, 0.3])
    assert np.isnan(heights[:3]).all()
    assert np.isfinite(heights[3])


def test_missing_temperature_moves_the_height_little() -> None:
    seconds = np.arange(10) * STEP
    known, unknown = (
        boundary_layer_height(
            seconds,
            np.full(10, 0.3),
            np.full(10, -20.0),
            np.full(10, temperature),
            latitude=45.0,
        )
        for temperature in (300.0, np.nan)
    )
    assert unknown == pytest.approx(known, rel=0.05)


def test_equator_has_a_finite_height() -> None:
    assert height([1e12], latitude=0.0)[0] == height([1e12], latitude=5.0)[0]


def test_impossible_latitude_is_refused() -> None:
    with pytest.raises(OutOfBoundsError, match="latitude"):
        coriolis_parameter(91.0)


def test_records_of_different_length_are_refused() -> None:
    with pytest.raises(DimsError, match="shape"):
        boundary_layer_height(np.zeros(3), np.zeros(2), np.zeros(3), np.zeros(3), latitude=40.0)
