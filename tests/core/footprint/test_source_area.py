"""Source areas and their GeoJSON."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import xarray as xr

from fluxscape.errors import OutOfBoundsError
from fluxscape.footprint import footprint_climatology, source_areas
from fluxscape.footprint.source_area import ring_area
from fluxscape.footprint.vector import contours_geojson
from helpers.footprints import SITE, make_records


def field(density: np.ndarray, step: float = 10.0) -> xr.Dataset:
    """Return a field around the tower."""
    rows, columns = density.shape
    x = (np.arange(columns) - columns // 2) * step
    y = (np.arange(rows) - rows // 2) * step
    return xr.Dataset({"footprint": (("y", "x"), density)}, coords={"x": x, "y": y})


def ring_field() -> xr.Dataset:
    """Return a ring-shaped field whose source area has a hole, holding 0.9 of the flux."""
    axis = np.arange(-50, 51) * 10.0
    x, y = np.meshgrid(axis, axis)
    density = np.exp(-0.5 * ((np.hypot(x, y) - 250.0) / 40.0) ** 2)
    return field(0.9 * density / density.sum() / 100.0)


def test_share_is_of_all_flux_and_not_of_what_the_grid_captures() -> None:
    whole = ring_field()
    half = whole.copy(deep=True)
    half["footprint"] = half["footprint"] / 2.0
    (area,) = source_areas(whole, (0.4,))
    (smaller,) = source_areas(half, (0.2,))
    assert area.area == smaller.area


def test_unreachable_share_gives_advice_and_no_number() -> None:
    (area,) = source_areas(ring_field(), (0.95,))
    assert not area.reachable
    assert math.isnan(area.area)
    assert math.isnan(area.polygon_area)
    assert area.rings == ()
    assert "90.0%" in area.advice
    assert "enlarge" in area.advice


def test_hole_is_not_counted() -> None:
    (area,) = source_areas(ring_field(), (0.5,))
    assert len(area.polygons) == 1
    assert len(area.polygons[0]) == 2
    assert area.polygon_area == pytest.approx(area.area, rel=0.02)
    outer, hole = (abs(ring_area(ring)) for ring in area.polygons[0])
    assert area.polygon_area == pytest.approx(outer - hole)


def test_larger_shares_hold_smaller_ones() -> None:
    areas = source_areas(ring_field(), (0.1, 0.3, 0.5, 0.7, 0.85))
    assert [a.area for a in areas] == sorted(a.area for a in areas)
    assert [a.level for a in areas] == sorted((a.level for a in areas), reverse=True)


def test_cells_of_an_area_hold_its_share() -> None:
    data = ring_field()
    for area in source_areas(data, (0.2, 0.8)):
        inside = data["footprint"].to_numpy() >= area.level
        assert data["footprint"].to_numpy()[inside].sum() * 100.0 >= area.fraction
        assert inside.sum() * 100.0 == area.area


def test_area_cut_by_the_edge_is_closed_and_says_so() -> None:
    climatology = footprint_climatology(
        make_records(wind_from_direction=0.0), **SITE, resolution=1.0, extent=40.0
    )
    areas = source_areas(climatology, (0.1, 0.2, 0.3, 0.4))
    cut = next(area for area in areas if area.touches_edge)
    assert "enlarge" in cut.advice
    for ring in cut.rings:
        assert ring[0] == pytest.approx(ring[-1])


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 1.5, math.nan])
def test_impossible_share_is_refused(fraction: float) -> None:
    with pytest.raises(OutOfBoundsError, match="fraction"):
        source_areas(ring_field(), (fraction,))


def test_geojson_without_coordinates_says_that_it_is_local() -> None:
    collection = contours_geojson(source_areas(ring_field(), (0.5, 0.95)))
    reached, unreached = collection["features"]
    assert "metres" in reached["properties"]["coordinate_frame"]
    assert unreached["geometry"] is None
    assert unreached["properties"]["reachable"] is False


def test_geojson_turns_outer_rings_left_and_holes_right() -> None:
    collection = contours_geojson(
        source_areas(ring_field(), (0.5,)), latitude=37.7, longitude=-111.6
    )
    ((outer, hole),) = collection["features"][0]["geometry"]["coordinates"]
    assert ring_area(np.array(outer)) > 0.0
    assert ring_area(np.array(hole)) < 0.0
    longitude, latitude = np.array(outer).mean(axis=0)
    assert (longitude, latitude) == pytest.approx((-111.6, 37.7), abs=1e-3)
    json.dumps(collection["features"][0]["geometry"], allow_nan=False)


def test_geojson_keeps_true_north() -> None:
    climatology = footprint_climatology(
        make_records(wind_from_direction=0.0), **SITE, resolution=2.0, extent=200.0
    )
    # Far from the central meridian of its UTM zone, where grid north is two degrees off.
    collection = contours_geojson(source_areas(climatology, (0.5,)), latitude=45.0, longitude=2.9)
    (polygon,) = collection["features"][0]["geometry"]["coordinates"]
    east, north = (np.array(polygon[0]).mean(axis=0) - (2.9, 45.0)) * (78_847.0, 111_132.0)
    assert math.degrees(math.atan2(east, north)) == pytest.approx(0.0, abs=0.3)


def test_impossible_coordinates_are_refused() -> None:
    with pytest.raises(OutOfBoundsError, match="coordinates"):
        contours_geojson(source_areas(ring_field(), (0.5,)), latitude=95.0, longitude=0.0)
