"""Unit texts from files are never computed: what is no plain unit is refused at once."""

from __future__ import annotations

import time

import numpy as np
import pytest
import xarray as xr

from fluxscape.contracts import convert_units
from fluxscape.errors import UnitsError


def convert(units: str, wanted: str) -> float:
    array = xr.DataArray(np.array([1.0]), name="x", attrs={"units": units})
    return float(convert_units(array, wanted, where="test")[0])


@pytest.mark.parametrize(
    "units",
    ["10**10**10 m", "9^9^9 m", "(((((m", "m\x00'(", "__import__('os')", "m" * 1000, "1e999999 m"],
)
def test_a_text_that_is_no_unit_is_refused_at_once(units: str) -> None:
    start = time.perf_counter()
    with pytest.raises(UnitsError, match="is no unit"):
        convert(units, "m")
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize(
    ("units", "wanted", "one"),
    [
        ("hPa", "Pa", 100.0),
        ("mm/day", "m s-1", 1e-3 / 86400),
        ("1/s", "s-1", 1.0),
        ("W m^-2", "W m-2", 1.0),
        ("g kg**-1", "1", 1e-3),
        ("m2.s-2", "m2 s-2", 1.0),
        ("°C", "K", 274.15),
        ("%", "1", 0.01),
        ("µmol m-2 s-1", "umol m-2 s-1", 1.0),
    ],
)
def test_units_as_files_write_them_are_read(units: str, wanted: str, one: float) -> None:
    assert convert(units, wanted) == pytest.approx(one, rel=1e-12)
