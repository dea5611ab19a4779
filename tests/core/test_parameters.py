"""Parameter sets: bounds, names, copies."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.errors import MissingVariableError, OutOfBoundsError
from fluxscape.parameters import ParameterSet, parameter


@dataclass(frozen=True)
class Leaf(ParameterSet):
    """A small set for the tests."""

    maximum_carboxylation_rate: float = parameter(
        60.0, lower=5.0, upper=200.0, unit="umol m-2 s-1", source="test", group="photosynthesis"
    )
    clumping_index: float = parameter(0.7, lower=0.3, upper=1.0, unit="1", source="test")


def test_the_table_keeps_the_declared_order_and_facts() -> None:
    first, second = Leaf.table()
    assert (first.name, first.default, first.unit) == (
        "maximum_carboxylation_rate",
        60.0,
        "umol m-2 s-1",
    )
    assert first.group == "photosynthesis"
    assert second.upper == 1.0


def test_a_set_survives_the_way_through_a_dict() -> None:
    leaf = Leaf(clumping_index=0.5)
    assert Leaf.from_dict(leaf.to_dict()) == leaf


def test_an_unknown_name_is_answered_with_the_nearest_known_one() -> None:
    with pytest.raises(MissingVariableError, match="Did you mean 'clumping_index'"):
        Leaf.from_dict({"clumping_indx": 0.5})


@pytest.mark.parametrize("value", [0.0, 1.01, float("nan"), float("inf"), "0.5", None, True])
def test_a_value_out_of_bounds_or_no_number_names_parameter_and_bounds(value: object) -> None:
    with pytest.raises(OutOfBoundsError, match="clumping_index"):
        Leaf.from_dict({"clumping_index": value})


def test_making_a_set_directly_checks_its_bounds_too() -> None:
    with pytest.raises(OutOfBoundsError, match=r"0\.3 to 1 1"):
        Leaf(clumping_index=2.0)


def test_a_default_outside_its_bounds_is_the_programmers_error() -> None:
    with pytest.raises(ValueError, match="lies outside"):
        parameter(2.0, lower=0.0, upper=1.0, unit="1", source="test")


@given(st.floats(0.3, 1.0))
def test_every_value_inside_the_bounds_is_kept_exactly(value: float) -> None:
    assert Leaf.from_dict({"clumping_index": value}).clumping_index == value
