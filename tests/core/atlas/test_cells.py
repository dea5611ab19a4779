"""Cells of a small made-up nation, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import xarray as xr

from fluxscape.atlas.cells import CLASS_CODES, national_cells
from fluxscape.errors import DimsError, OutOfBoundsError

STEP = 0.05


def cover_map(value: int = 10) -> xr.DataArray:
    """Return a land-cover map of 2 x 3 degrees of one class."""
    latitude = 30.0 + STEP * (np.arange(40) + 0.5)
    longitude = 100.0 + STEP * (np.arange(60) + 0.5)
    return xr.DataArray(
        np.full((40, 60), value, dtype=np.float32),
        dims=("latitude", "longitude"),
        coords={"latitude": latitude, "longitude": longitude},
    )


def test_class_numbers_are_those_of_modis() -> None:
    assert CLASS_CODES[1] == "ENF"
    assert CLASS_CODES[12] == "CRO"
    assert CLASS_CODES[16] == "BSV"


def test_whole_cells_align_with_multiples_of_the_resolution() -> None:
    cells = national_cells(shapely.box(100.5, 30.5, 101.25, 31.0), cover_map(), resolution=0.25)
    assert cells.y.to_numpy().tolist() == [30.625, 30.875]
    assert cells.x.to_numpy().tolist() == [100.625, 100.875, 101.125]
    assert (cells["land_fraction"] == 1).all()
    assert (cells["point_latitude"] == cells.y).all()


def test_partial_cells_count_with_their_share_and_slivers_are_left_out() -> None:
    outline = shapely.box(100.5, 30.5, 100.88, 30.75)  # 0.13 of the second cell: 3 of 5 columns
    cells = national_cells(outline, cover_map(), resolution=0.25)
    assert cells["land_fraction"].to_numpy() == pytest.approx(np.array([[1.0, 0.6]]))
    sliver = national_cells(shapely.box(100.5, 30.5, 100.8, 30.75), cover_map(), resolution=0.25)
    assert sliver["land_fraction"].to_numpy() == pytest.approx(np.array([[1.0, 0.2]]))
    none = national_cells(
        shapely.box(100.5, 30.5, 100.8, 30.75), cover_map(), resolution=0.25, minimum_share=0.3
    )
    assert none["land_fraction"].to_numpy().tolist() == [[1.0, 0.0]]
    assert none["land_cover"].to_numpy().tolist() == [[10, 0]]
    assert np.isnan(none["point_latitude"].to_numpy()[0, 1])


def test_water_and_ice_are_not_active_and_the_commonest_class_stands_for_the_cell() -> None:
    cover = cover_map()
    cover[10:15, 10:12] = 0
    cover[10:12, 12:15] = 15
    cover[13:15, 12:15] = 5
    cells = national_cells(shapely.box(100.5, 30.5, 100.75, 30.75), cover, resolution=0.25)
    # 25 members: 10 water, 6 ice, 6 of class 5, 3 of class 10.
    assert cells["land_fraction"].item() == pytest.approx(9 / 25)
    assert cells["inside"].item() == 1.0
    assert cells["land_cover"].item() == 5
    # The nearest member of class 5 to the middle (12, 12) is (13, 12).
    assert cells["point_latitude"].item() == pytest.approx(30.0 + STEP * 13.5)
    assert cells["point_longitude"].item() == pytest.approx(100.0 + STEP * 12.5)


def test_the_resolution_must_fit_the_map() -> None:
    box = shapely.box(100.5, 30.5, 101.0, 31.0)
    with pytest.raises(DimsError, match=r"0\.12 degrees must be a whole multiple"):
        national_cells(box, cover_map(), resolution=0.12)
    with pytest.raises(OutOfBoundsError, match="no cell has active land"):
        national_cells(box, cover_map(0), resolution=0.25)
    fine = national_cells(box, cover_map(), resolution=0.05)
    assert fine.sizes == {"y": 10, "x": 10}
