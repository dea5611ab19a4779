"""Automatic grids that say what they chose, and densities in other frames."""

from __future__ import annotations

import numpy as np
import pytest
from pyproj import CRS, Transformer

from fluxscape.errors import OutOfBoundsError
from fluxscape.footprint import compare_models, footprint_climatology
from fluxscape.footprint.domain import MOST_CELLS, Domain
from fluxscape.footprint.projected import FRAMES, frame_crs, projected_density
from fluxscape.footprint.vector import local_crs
from helpers.footprints import SITE, make_records

PLACE = {"latitude": 37.7, "longitude": -111.6}


def test_a_given_grid_has_nothing_to_say() -> None:
    field = footprint_climatology(make_records(), **SITE, extent=100.0)
    assert "grid_choice" not in field.attrs


def test_an_automatic_grid_says_what_it_chose() -> None:
    field = footprint_climatology(make_records(), **SITE, resolution="auto", extent="auto")
    assert "a fifth of the near peaks" in field.attrs["grid_choice"]
    assert f"{float(field['x'][-1]):g} m" in field.attrs["grid_choice"]


def test_a_capped_extent_says_what_it_costs() -> None:
    records = make_records(obukhov_length=8.0)
    field = footprint_climatology(records, **SITE, model="km01", resolution=0.2, extent="auto")
    assert field.sizes["x"] == MOST_CELLS
    assert "would need" in field.attrs["grid_choice"]
    share = f"captures {field.attrs['captured_fraction']:.1%} of all flux"
    assert share in field.attrs["grid_choice"]


def test_models_on_one_grid_each_say_what_they_capture() -> None:
    fields = compare_models(make_records(), "km01,ffp", **SITE, resolution="auto", extent="auto")
    assert len({field.sizes["x"] for field in fields.values()}) == 1
    assert all("half-width" in field.attrs["grid_choice"] for field in fields.values())


def test_an_unreachable_distance_is_capped_and_not_lost() -> None:
    assert Domain(1.0, 1000.0, float("inf"), ("extent",)).capped
    assert not Domain(1.0, 1000.0).capped


def test_the_product_names_its_projection() -> None:
    field = footprint_climatology(make_records(), **SITE, **PLACE, extent=100.0)
    assert field["footprint"].attrs["grid_mapping"] == "crs"
    named = CRS.from_cf(field["crs"].attrs)
    there = Transformer.from_crs(named, local_crs(**PLACE), always_xy=True).transform(800.0, 600.0)
    assert there == pytest.approx((800.0, 600.0), abs=0.01)
    assert field["x"].attrs["standard_name"] == "projection_x_coordinate"


@pytest.mark.parametrize("frame", FRAMES)
def test_a_density_keeps_its_place_and_its_flux_in_every_frame(frame: str) -> None:
    records = make_records(wind_from_direction=45.0)
    field = footprint_climatology(records, **SITE, **PLACE, resolution=2.0, extent=300.0)
    moved = projected_density(field, frame, **PLACE)
    values = np.nan_to_num(moved.to_numpy())
    x, y = np.meshgrid(moved["x"], moved["y"])
    back = Transformer.from_crs(frame_crs(frame, **PLACE), local_crs(**PLACE), always_xy=True)
    east, north = back.transform(x, y)
    centroid = [float((values * axis).sum() / values.sum()) for axis in (east, north)]
    assert centroid == pytest.approx(field.attrs["centroid_xy"], abs=0.5)
    step_x, step_y = (float(abs(moved[d][1] - moved[d][0])) for d in ("x", "y"))
    metres = 111_200.0 if frame == "wgs84" else 1.0
    narrow = np.cos(np.radians(PLACE["latitude"])) if frame == "wgs84" else 1.0
    flux = float(values.sum()) * step_x * step_y * metres**2 * narrow
    assert flux == pytest.approx(field.attrs["sum"], rel=5e-3)


def test_an_unknown_frame_is_refused() -> None:
    with pytest.raises(OutOfBoundsError, match="wgs84"):
        frame_crs("mercator", 40.0, 116.0)
