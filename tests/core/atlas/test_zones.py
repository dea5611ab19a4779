"""Cell areas against the reference cases, and means and totals in closed form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from fluxscape.atlas.zones import area_mean, area_total, band_area, cell_areas
from fluxscape.errors import DimsError, OutOfBoundsError, UnitsError

CASES = json.loads((Path(__file__).parents[2] / "reference" / "trend_cases.json").read_text())
AREAS = CASES["pixel_area"]["cases"]


def grid(step: float = 0.25) -> tuple[xr.DataArray, xr.DataArray]:
    """Return centre axes of a small grid."""
    latitude = xr.DataArray(np.arange(30.0, 32.0, step), dims="y")
    longitude = xr.DataArray(np.arange(100.0, 103.0, step), dims="x")
    return latitude, longitude


@pytest.mark.parametrize("case", AREAS)
def test_band_area_equals_the_reference(case: dict[str, float]) -> None:
    area = float(band_area(case["lat_s"], case["lat_n"], case["dlon"]))
    assert area == pytest.approx(case["area"], rel=1e-11)  # small cells cancel digits


def test_the_whole_ellipsoid_has_its_known_area() -> None:
    assert float(band_area(-90.0, 90.0, 360.0)) == pytest.approx(510.0656217e12, rel=1e-9)


def test_cell_areas_sum_to_the_band() -> None:
    latitude, longitude = grid()
    total = cell_areas(latitude, longitude).sum().item()
    assert total == pytest.approx(float(band_area(29.875, 31.875, 3.0)), rel=1e-12)


def test_the_mean_of_a_constant_is_the_constant_and_missing_cells_do_not_count() -> None:
    latitude, longitude = grid()
    area = cell_areas(latitude, longitude)
    field = xr.full_like(area, 5.0).assign_attrs(units="kg m-2 year-1")
    field[0, 0] = np.nan
    assert area_mean(field, area).item() == pytest.approx(5.0, rel=1e-14)
    total = area_total(field, area)
    wanted = 5.0 * (area.sum().item() - area[0, 0].item())
    assert total.item() == pytest.approx(wanted, rel=1e-14)
    assert total.attrs["units"] == "kg year-1"


def test_errors_name_the_axis_or_the_unit() -> None:
    latitude, longitude = grid()
    area = cell_areas(latitude, longitude)
    with pytest.raises(OutOfBoundsError, match="south below north"):
        band_area(10.0, 0.0, 1.0)
    with pytest.raises(DimsError, match="axis 'y' must be evenly spaced"):
        cell_areas(latitude[::-1], longitude)
    with pytest.raises(UnitsError, match="must be per m-2"):
        area_total(area, area)
    shifted = area.assign_coords(y=area.y + 1e-3).assign_attrs(units="kg m-2")
    with pytest.raises(DimsError, match="is not that of the cell areas"):
        area_mean(shifted, area)
