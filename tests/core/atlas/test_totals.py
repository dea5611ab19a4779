"""Zones and their totals: exact shares of cells, sums that add up, intervals, errors."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import xarray as xr

from fluxscape.assets import asset
from fluxscape.atlas.product import LAND_FRACTION, figures_of
from fluxscape.atlas.pyramid import open_pyramid
from fluxscape.atlas.totals import figures_table, zone_figures
from fluxscape.atlas.totals_zones import (
    KINDS,
    CellGrid,
    Zone,
    class_cells,
    own_zones,
    polygon_cells,
    polygon_coverage,
    zone_cells,
)
from fluxscape.atlas.trend_intervals import memory_interval
from fluxscape.atlas.trends import series_trend
from fluxscape.atlas.zones import band_area
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError

YEARS = np.arange(1979.0, 2013.0)


def grid() -> CellGrid:
    return CellGrid(np.arange(30.5, 36.0), np.arange(100.5, 108.0))


def fluxes(values: np.ndarray, units: str = "g m-2 year-1") -> xr.DataArray:
    """Return values (time, y, x) on the grid."""
    g = grid()
    return xr.DataArray(
        values,
        dims=("time", "y", "x"),
        coords={"time": YEARS[: values.shape[0]], "y": g.y, "x": g.x},
        attrs={"units": units},
        name="annual_gross_primary_production",
    )


def test_the_coverage_is_that_of_shapely_in_every_cell() -> None:
    g = grid()
    polygon = shapely.Polygon(
        [(100.3, 30.2), (107.1, 31.7), (104.4, 35.9), (101.2, 33.3)]
    ).difference(shapely.Point(104.0, 33.0).buffer(0.8))
    expected = [
        [shapely.box(x - 0.5, y - 0.5, x + 0.5, y + 0.5).intersection(polygon).area for x in g.x]
        for y in g.y
    ]
    np.testing.assert_allclose(polygon_coverage(polygon, g), expected, atol=2e-7)


def test_a_rectangle_has_the_ellipsoidal_area_between_its_sides() -> None:
    box = shapely.box(101.0, 31.0, 104.0, 34.0)
    (cells,) = polygon_cells([(Zone("own:1", "box", "box"), box)], grid())
    (found,) = zone_figures(fluxes(np.ones((12, 6, 8))), [cells])
    area = float(band_area(31.0, 34.0, 3.0))
    assert found.area == pytest.approx(area, rel=1e-7)
    assert found.mean == pytest.approx(area / 1e15, rel=1e-7)
    assert found.units == "Pg year-1"
    assert found.per_area == pytest.approx(1.0)


def test_half_a_cell_counts_by_half_and_water_is_no_mean() -> None:
    values = np.full((12, 6, 8), 400.0)
    values[:, 0, 0] = 900.0
    data = fluxes(values, "kg m-2 year-1")
    polygon = shapely.box(100.5, 30.0, 102.0, 31.0)
    (cells,) = polygon_cells([(Zone("own:1", "a", "a"), polygon)], grid())
    (found,) = zone_figures(data, [cells])
    assert found.units == "mm year-1"
    assert found.mean == pytest.approx((0.5 * 900 + 400) / 1.5, rel=1e-6)


def test_land_on_the_border_counts_with_the_part_that_lies_in_the_zone() -> None:
    nation = shapely.box(100.0, 30.0, 100.5, 31.0).union(shapely.box(101.0, 30.0, 102.0, 31.0))
    zones = [
        (Zone("own:1", "coast", "coast"), shapely.box(99.0, 29.0, 100.8, 32.0)),
        (Zone("own:2", "inland", "inland"), shapely.box(100.8, 29.0, 103.0, 32.0)),
    ]
    coast, inland = polygon_cells(zones, grid(), outline=nation)
    # All the land of the first cell lies in the coast though the polygon covers 0.8 of the cell.
    assert coast.share.tolist() == [[1.0]]
    assert inland.share.tolist() == [[1.0]]


def test_missing_years_and_cells_are_told() -> None:
    values = np.full((12, 6, 8), 500.0)
    values[3] = np.nan
    values[:, 0, 1] = np.nan
    (cells,) = polygon_cells(
        [(Zone("own:1", "a", "a"), shapely.box(100.0, 30.0, 102.0, 31.0))], grid()
    )
    (found,) = zone_figures(fluxes(values), [cells])
    assert np.isnan(found.series[3])
    assert found.missing == pytest.approx(0.5)
    assert found.per_area == pytest.approx(500.0)


def test_classes_are_counted_in_the_active_part_of_finer_cells() -> None:
    latitude = np.arange(30.05, 32.0, 0.1)
    longitude = np.arange(100.05, 102.0, 0.1)
    numbers = np.ones((20, 20))
    numbers[:, 5:] = 2.0
    numbers[:, 10:] = 3.0
    active = np.ones((20, 20), bool)
    active[:, 0] = False
    fine = xr.DataArray(
        numbers,
        dims=("latitude", "longitude"),
        coords={"latitude": latitude, "longitude": longitude},
    )
    names = {n: Zone(f"class:{n}", str(n), str(n)) for n in (1, 2, 3, 4)}
    found = class_cells(fine, active, names, grid())
    assert [cells.zone.name_en for cells in found] == ["1", "2", "3"]
    assert found[0].share == pytest.approx(np.full((2, 1), 4 / 9))
    assert found[1].share == pytest.approx(np.full((2, 1), 5 / 9))
    finer = CellGrid(np.arange(30.025, 31, 0.05), np.arange(100.025, 102, 0.05))
    sampled = class_cells(fine, active, names, finer)
    assert set(np.unique(sampled[0].share)) == {1.0}


@pytest.mark.parametrize("kind", ["province", "koppen", "land_cover"])
def test_zones_that_share_the_nation_add_up_to_it(kind: str) -> None:
    pyramid = open_pyramid(asset("atlas/national.zarr"))
    fraction = pyramid.read_native(LAND_FRACTION)
    production = pyramid.read_native("annual_gross_primary_production")[:3]
    found = zone_figures(
        production, zone_cells(kind, CellGrid.of(fraction)), land_fraction=fraction
    )
    nation = figures_of(pyramid.attrs)[0]
    assert np.nansum([f.mean for f in found]) == pytest.approx(np.mean(nation.series[:3]), rel=1e-6)
    assert sum(f.area for f in found) == pytest.approx(nation.area, rel=1e-6)
    table = figures_table(found)
    assert len(table) == len(found)
    assert table["zone"].is_unique


def test_the_plateau_by_height_is_as_large_as_published() -> None:
    # Zhang, Li and Zheng 2002, Geographical Research 21(1), 1-8: 2.5724 million km2 in China.
    pyramid = open_pyramid(asset("atlas/national.zarr"))
    fraction = pyramid.read_native(LAND_FRACTION)
    production = pyramid.read_native("annual_gross_primary_production")[:1]
    zones = zone_cells("plateau", CellGrid.of(fraction))
    (found,) = zone_figures(production, zones, land_fraction=fraction)
    assert found.area / 1e12 == pytest.approx(2.57, rel=0.03)
    assert found.trend is None


def test_there_are_no_basins_and_the_message_says_what_to_do() -> None:
    with pytest.raises(MissingVariableError, match="give the basin as a polygon"):
        zone_cells("basin", grid())
    with pytest.raises(MissingVariableError, match="Did you mean 'province'"):
        zone_cells("provinces", grid())
    assert "province" in KINDS


def test_a_polygon_elsewhere_is_refused_by_name() -> None:
    shape = {"name": "Sahara", "wkb": shapely.to_wkb(shapely.box(0, 20, 10, 30))}
    with pytest.raises(OutOfBoundsError, match="Sahara has no part in the product"):
        polygon_cells(own_zones([shape]), grid())


def test_uneven_axes_are_refused() -> None:
    data = fluxes(np.ones((12, 6, 8))).assign_coords(x=np.arange(8.0) ** 2)
    with pytest.raises(DimsError, match="evenly spaced"):
        zone_figures(data, [])


def test_the_interval_widens_with_memory_and_stands_about_the_slope() -> None:
    rng = np.random.default_rng(8)
    noise = np.zeros(34)
    for year in range(1, 34):
        noise[year] = 0.6 * noise[year - 1] + rng.normal()
    values = 0.1 * YEARS + noise
    (cells,) = polygon_cells(
        [(Zone("own:1", "a", "a"), shapely.box(100.0, 30.0, 102.0, 31.0))], grid()
    )
    data = fluxes(np.broadcast_to(values[:, None, None], (34, 6, 8)), "kg m-2 year-1")
    (found,) = zone_figures(data, [cells])
    assert found.trend is not None
    assert found.interval is not None
    assert found.interval.autocorrelation > 0.2
    assert found.interval.low <= found.trend.slope <= found.interval.high
    assert found.interval.high - found.interval.low > found.trend.slope_high - found.trend.slope_low
    breaks = found.breaks()
    assert breaks is not None
    assert 1979 <= breaks.line.time <= 2012


def test_a_series_without_memory_keeps_the_plain_interval() -> None:
    values = (-1.0) ** np.arange(34) + 0.01 * np.random.default_rng(1).normal(size=34)
    plain = series_trend(values, YEARS)
    interval = memory_interval(values, YEARS)
    assert (interval.low, interval.high) == (plain.slope_low, plain.slope_high)
    assert interval.autocorrelation == 0.0


def test_years_after_a_gap_have_no_predecessor_and_still_an_interval() -> None:
    smooth = np.convolve(np.random.default_rng(2).normal(size=38), np.ones(5) / 5, mode="valid")
    smooth[[7, 20]] = np.nan
    interval = memory_interval(smooth, YEARS)
    assert interval.autocorrelation > 0.2
    assert interval.low < interval.high
