"""What crosses between processes is data, and only data."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxscape.errors import UnsafeInputError
from fluxscape.io import wire


def _through_wire(value: object, max_bytes: int = 2**30) -> Any:
    messages: list[bytes] = []
    wire.send(value, lambda part: messages.append(bytes(part)))
    waiting = iter(messages)
    return wire.receive(lambda _limit: bytearray(next(waiting)), max_bytes=max_bytes)


def _receive_forged(tree: object, *buffers: bytes, max_bytes: int = 2**20) -> Any:
    waiting = iter([json.dumps(tree).encode(), *buffers])
    return wire.receive(lambda _limit: bytearray(next(waiting)), max_bytes=max_bytes)


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.dates()
    | st.datetimes()
)
_TREES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.integers()), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(_TREES)
def test_plain_data_come_back_equal_and_of_the_same_type(value: object) -> None:
    back = _through_wire(value)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(10)[::3],
        np.array(3.0),
        np.empty((0, 4), np.float32),
        np.array(["2020-01-01", "NaT"], "M8[ns]"),
        np.array([1, 2], "m8[s]"),
        np.array(["a", "通量"]),
        np.array([1 + 2j]),
        np.array([True, False]),
        np.array([1, 2], ">i4"),
    ],
)
def test_arrays_keep_values_shape_and_type(array: np.ndarray[Any, Any]) -> None:
    back = _through_wire(array)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    np.testing.assert_array_equal(back, array)


def test_numpy_scalars_stay_scalars() -> None:
    back = _through_wire({"a": np.float32(1.5), "b": np.datetime64("2020-01-01")})
    assert back == {"a": np.float32(1.5), "b": np.datetime64("2020-01-01")}
    assert isinstance(back["a"], np.float32)


def test_datasets_keep_coordinates_attributes_and_text() -> None:
    dataset = xr.Dataset(
        {"flux": (("time", "x"), np.arange(6.0).reshape(2, 3), {"units": "m"})},
        coords={
            "time": pd.date_range("2020-01-01", periods=2, freq="30min"),
            "site": ("x", np.array(["CN-Cha", "CN-Ha2", None], dtype=object)),
        },
        attrs={"seed": 7, "levels": [1, 2], "scale": np.float64(0.5)},
    )
    back = _through_wire(dataset)
    xr.testing.assert_identical(back, dataset)
    array = _through_wire(dataset.flux)
    xr.testing.assert_identical(array, dataset.flux)
    assert array.name == "flux"


def test_missing_text_of_pandas_comes_back_as_none() -> None:
    back = _through_wire(np.array(["a", np.nan], dtype=object))
    assert back.tolist() == ["a", None]


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": [1, object()]}, r"result\['a'\]\[1\]"),
        ({"f": print}, r"result\['f'\]"),
        (np.array([object()]), "array of objects"),
        (np.zeros(2, [("a", "f4")]), "array of type"),
        ({object(): 1}, "a key of type object"),
        (xr.Dataset({"v": ("x", np.array([1, "a"], dtype=object))}), r"result\.v"),
    ],
)
def test_what_is_not_plain_is_refused_with_its_place(value: object, place: str) -> None:
    with pytest.raises(UnsafeInputError, match=place):
        _through_wire(value)


def test_endless_nesting_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(UnsafeInputError, match="nested deeper"):
        _through_wire(value)


def test_results_that_are_too_large_are_refused_before_they_are_sent() -> None:
    sent: list[object] = []
    with pytest.raises(UnsafeInputError, match="2 MiB; at most 1 MiB"):
        wire.send(np.zeros(2**18), sent.append, max_bytes=2**20)
    assert sent == []


@pytest.mark.parametrize(
    ("tree", "buffers"),
    [
        ({"value": {"array": 0, "scalar": False}, "arrays": [["|O", [1]]]}, [b"12345678"]),
        ({"value": {"array": 0, "scalar": False}, "arrays": [["|V8", [1]]]}, [b"12345678"]),
        ({"value": {"array": 0, "scalar": False}, "arrays": [["<f8", [-1]]]}, [b""]),
        ({"value": {"array": 0, "scalar": False}, "arrays": [["<f8", [2**50]]]}, [b""]),
        ({"value": {"array": 0, "scalar": False}, "arrays": [["<f8", [2]]]}, [b"12345678"]),
        ({"value": {"array": 3, "scalar": False}, "arrays": []}, []),
        ({"value": {"eval": "1"}, "arrays": []}, []),
        ({"value": {}, "arrays": []}, []),
        ({"arrays": []}, []),
        ([1, 2], []),
        ({"value": {"bytes": "zz"}, "arrays": []}, []),
        ({"value": {"time": "later", "date": True}, "arrays": []}, []),
        ({"value": {"labelled": {"variables": [[1]], "attrs": None}}, "arrays": []}, []),
        ({"value": {"text": ["a"], "shape": [9]}, "arrays": []}, []),
        ({"value": {"dict": [[{"list": []}, 1]]}, "arrays": []}, []),
    ],
)
def test_forged_answers_are_a_named_error(tree: object, buffers: list[bytes]) -> None:
    with pytest.raises(UnsafeInputError):
        _receive_forged(tree, *buffers)


def test_an_answer_that_is_no_json_is_a_named_error() -> None:
    for message in (b"\x80\x04\x95", b"[" * 100_000, b"\xff\xfe"):
        with pytest.raises(UnsafeInputError):
            wire.receive(lambda _limit, m=message: bytearray(m), max_bytes=10)


def test_dates_keep_their_zone() -> None:
    moment = dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC)
    assert _through_wire(moment) == moment
