"""The calculator of one half-hour."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaincc, gammainccinv

from fluxscape.errors import MissingVariableError, OutOfBoundsError
from fluxscape.footprint import MODELS, point_footprint
from fluxscape.footprint._gamma import inverse_upper_gamma_share, upper_gamma_share

GIVEN = {
    "height": 20.0,
    "roughness_length": 0.1,
    "wind_speed": 5.0,
    "friction_velocity": 0.4,
    "obukhov_length": -50.0,
    "lateral_velocity_std": 0.6,
    "boundary_layer_height": 1000.0,
}


@pytest.mark.parametrize("model", MODELS)
def test_distances_grow_with_the_share(model: str) -> None:
    result = point_footprint(model, **GIVEN)
    distances = [result[f"x_{share}"] for share in range(10, 100, 10)]
    assert distances == sorted(distances)
    assert result["x_10"] < result["x_peak"] < result["x_50"]
    assert result["x_peak_axis"] < result["x_peak"]
    assert result["valid"]


@pytest.mark.parametrize("model", MODELS)
def test_integral_is_one_within_the_rounding_of_the_fit(model: str) -> None:
    assert point_footprint(model, **GIVEN)["total"] == pytest.approx(1.0, abs=0.002)


@pytest.mark.parametrize("model", MODELS)
def test_broken_rules_are_named_beside_the_numbers(model: str) -> None:
    result = point_footprint(model, **(GIVEN | {"friction_velocity": 0.05}))
    assert "friction_velocity_too_low" in result["violations"]
    assert not result["valid"]
    assert result["x_peak"] > 0.0


def test_wind_speed_follows_from_roughness_where_it_is_absent() -> None:
    given = GIVEN | {"wind_speed": math.nan}
    assert point_footprint("km01", **given)["x_peak"] > 0.0


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"obukhov_length": 0.0}, OutOfBoundsError, "obukhov_length"),
        ({"friction_velocity": 0.0}, OutOfBoundsError, "friction_velocity"),
        ({"friction_velocity": math.nan}, MissingVariableError, "friction_velocity"),
        ({"height": -1.0}, OutOfBoundsError, "height"),
        ({"wind_speed": -1.0}, OutOfBoundsError, "wind_speed"),
        (
            {"wind_speed": math.nan, "roughness_length": math.nan},
            MissingVariableError,
            "wind_speed or roughness_length",
        ),
        ({"wind_speed": math.nan, "roughness_length": 30.0}, OutOfBoundsError, "no solution"),
    ],
)
def test_impossible_input_is_named(
    changes: dict[str, float], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        point_footprint("km01", **(GIVEN | changes))


def test_kljun_needs_a_boundary_layer_height() -> None:
    with pytest.raises(MissingVariableError, match="boundary_layer_height"):
        point_footprint("ffp", **(GIVEN | {"boundary_layer_height": math.nan}))


@given(shape=st.floats(0.2, 6.0), x=st.floats(1e-6, 60.0))
def test_incomplete_gamma_equals_that_of_scipy(shape: float, x: float) -> None:
    assert upper_gamma_share(shape, x) == pytest.approx(float(gammaincc(shape, x)), rel=1e-11)


@given(shape=st.floats(0.2, 6.0), share=st.floats(1e-4, 0.999))
def test_inverse_incomplete_gamma_equals_that_of_scipy(shape: float, share: float) -> None:
    expected = float(gammainccinv(shape, share))
    assert inverse_upper_gamma_share(shape, share) == pytest.approx(expected, rel=1e-9)


def test_ends_of_the_incomplete_gamma() -> None:
    assert upper_gamma_share(1.2, 0.0) == 1.0
    assert upper_gamma_share(1.2, math.inf) == 0.0
    assert inverse_upper_gamma_share(1.2, 1.0) == 0.0
    assert inverse_upper_gamma_share(1.2, 0.0) == math.inf
