"""Comparison of maps: conservative regridding, units, Taylor statistics, trends, collocation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest
import rasterio
import xarray as xr
from rasterio.transform import Affine

from fluxscape.atlas.compare import (
    agreement,
    pair,
    scatter,
    site_values,
    trend_agreement,
    zonal_means,
)
from fluxscape.atlas.compare_grid import regrid
from fluxscape.atlas.compare_products import date_of_name, read_product
from fluxscape.atlas.compare_published import published_numbers
from fluxscape.atlas.compare_sites import read_site_values
from fluxscape.atlas.compare_triple import from_covariances, triple_collocation
from fluxscape.atlas.compare_units import annual_amounts, flux_unit
from fluxscape.atlas.totals_zones import CellGrid
from fluxscape.atlas.zones import band_area, cell_areas
from fluxscape.errors import (
    DimsError,
    FluxscapeError,
    MissingVariableError,
    OutOfBoundsError,
    UnitsError,
)
from fluxscape.io.guards import run_in_child

Y, X = np.arange(30.25, 36, 0.5), np.arange(100.25, 108, 0.5)
YEARS = np.arange(1990, 2010)


def maps(
    values: np.ndarray, y: np.ndarray = Y, x: np.ndarray = X, first: int = 1990
) -> xr.DataArray:
    """Return annual maps (time, y, x)."""
    time = np.array([f"{first + n}-01-01" for n in range(values.shape[0])], "datetime64[ns]")
    return xr.DataArray(
        values,
        dims=("time", "y", "x"),
        coords={"time": time, "y": y, "x": x},
        attrs={"units": "g m-2 year-1", "crs": "EPSG:4326"},
        name="maps",
    )


def random_maps(seed: int = 1, count: int = 20) -> xr.DataArray:
    return maps(np.random.default_rng(seed).uniform(200, 1500, (count, Y.size, X.size)))


@pytest.mark.parametrize("step", [0.25, 1.0, 2.0])
def test_regridding_keeps_the_total_on_any_grid(step: float) -> None:
    source = random_maps(count=2)
    total = (source * cell_areas(source["y"], source["x"]).to_numpy()).sum(("y", "x")).to_numpy()
    grid = CellGrid(np.arange(30 + step / 2, 36, step), np.arange(100 + step / 2, 108, step))
    other = regrid(source, grid)
    area = cell_areas(other["y"], other["x"]).to_numpy()
    assert (other.to_numpy() * area).sum(axis=(1, 2)) == pytest.approx(total, rel=1e-12)


def test_the_weight_of_a_cell_is_the_ellipsoidal_area_of_its_overlap() -> None:
    source = maps(np.arange(1.0, 3.0)[None, :, None] * np.ones((1, 2, 2)), Y[:2], X[:2])
    (mean,) = regrid(source, CellGrid(np.array([30.5, 31.5]), np.array([100.5, 101.5])))[0, 0, :1]
    south, north = band_area([30.0, 30.5], [30.5, 31.0], 1.0)
    assert float(mean) == pytest.approx((south + 2 * north) / (south + north), rel=1e-13)


def test_a_cell_of_which_more_than_half_is_missing_is_missing() -> None:
    values = np.full((1, Y.size, X.size), 5.0)
    values[0, 0, :2] = np.nan
    values[0, 1, 0] = np.nan
    coarse = regrid(maps(values), CellGrid(np.arange(30.5, 36), np.arange(100.5, 108)))
    assert np.isnan(coarse[0, 0, 0])
    assert coarse[0, 0, 1] == 5.0


@pytest.mark.parametrize(
    ("text", "flux", "expected"),
    [
        ("g C m-2 yr-1", "gpp", (1.0, "year")),
        ("gC/m2/day", "gpp", (1.0, "day")),
        ("kgC/m^2/8day", "gpp", (1000.0, "8 days")),
        ("kg m-2 s-1", "et", (1.0, "second")),
        ("mm/month", "et", (1.0, "month")),
        ("mm a-1", "et", (1.0, "year")),
        ("mm d^-1", "et", (1.0, "day")),
        ("g m-2 year-1", "et", (0.001, "year")),
        ("mm", "et", (1.0, "step")),
    ],
)
def test_units_are_read_as_products_spell_them(
    text: str, flux: str, expected: tuple[float, str]
) -> None:
    assert flux_unit(text, flux) == expected


@pytest.mark.parametrize(
    "text", ["", "W m-2", "mm", "g", "gCO2 m-2 yr-1", "g m-2 fortnight-1", "mm m-2 yr-1", "9" * 500]
)
def test_a_unit_that_is_none_of_production_is_refused(text: str) -> None:
    with pytest.raises(UnitsError, match="name them"):
        flux_unit(text, "gpp")


@pytest.mark.parametrize(
    ("frequency", "units", "expected"),
    [
        ("YS", "mm yr-1", 1.0),
        ("YS", "mm d-1", 366.0),
        ("MS", "mm month-1", 12.0),
        ("MS", "mm d-1", 366.0),
        ("MS", "mm", 12.0),
        ("D", "kg m-2 s-1", 366 * 86400.0),
        ("8D", "kg m-2 8day-1", 46.0),
        ("8D", "mm d-1", 366.0),
        ("MS", "mm yr-1", 1.0),
    ],
)
def test_a_year_is_the_sum_of_its_steps(frequency: str, units: str, expected: float) -> None:
    days = pd.date_range("2004-01-01", "2004-12-31", freq=frequency)
    values = xr.DataArray(np.ones(days.size), dims="time", coords={"time": days}, name="et")
    annual = annual_amounts(values, "et", units=units)
    assert annual.to_numpy() == pytest.approx([expected])
    assert annual.attrs["units"] == "mm year-1"


def test_a_year_that_lacks_a_month_is_left_out() -> None:
    months = pd.date_range("2004-01-01", "2005-11-30", freq="MS")
    values = xr.DataArray(np.ones(months.size), dims="time", coords={"time": months})
    assert annual_amounts(values, "et", units="mm").sizes["time"] == 1
    seasons = values.isel(time=slice(0, 24, 3))
    with pytest.raises(DimsError, match="values a year"):
        annual_amounts(seasons, "et", units="mm")


def test_a_product_against_itself_agrees_wholly() -> None:
    ours = random_maps()
    both = pair(ours, ours)
    found = agreement(both)
    assert found.correlation == pytest.approx(1.0)
    assert found.rmse == pytest.approx(0.0, abs=1e-9)
    assert found.bias == 0.0
    assert found.cells == Y.size * X.size
    assert float(np.abs(both.difference()).max()) < 1e-9
    assert np.nanmax(both.ratio()) == pytest.approx(1.0)
    trends = trend_agreement(both)
    assert trends is not None
    assert trends.same_sign == 1.0
    assert trends.opposite == 0.0


def test_the_taylor_triangle_closes_and_counts_by_area() -> None:
    ours, theirs = random_maps(1), random_maps(2)
    found = agreement(pair(ours, theirs))
    expected = (
        found.spread_ours**2
        + found.spread_theirs**2
        - 2 * found.spread_ours * found.spread_theirs * found.correlation
    )
    assert found.centred_rmse**2 == pytest.approx(expected)
    assert found.rmse**2 == pytest.approx(found.centred_rmse**2 + found.bias**2)
    area = cell_areas(ours["y"], ours["x"]).to_numpy()
    mean = (ours.mean("time").to_numpy() * area).sum() / area.sum()
    assert found.mean_ours == pytest.approx(mean)


def test_only_common_years_and_cells_count() -> None:
    ours = random_maps()
    values = ours.to_numpy()[5:] * 2
    values[:, :6] = np.nan
    both = pair(ours, maps(values, first=1995), land_fraction=xr.full_like(ours[0], 0.5))
    assert both.years == tuple(range(1995, 2010))
    found = agreement(both)
    assert found.cells == 6 * X.size
    assert found.mean_theirs == pytest.approx(2 * found.mean_ours)
    assert found.area == pytest.approx(cell_areas(ours["y"], ours["x"])[6:].sum().item() / 2)
    zones = zonal_means(both)
    assert zones["y"].to_numpy().tolist() == Y[6:].tolist()
    counts = scatter(both)
    assert float(counts.sum()) == pytest.approx(found.area)
    sites = [("in", 100.3, 35.6), ("masked", 100.3, 30.3), ("far", 10.0, 30.0)]
    rows = site_values(both, sites)
    assert [row["site"] for row in rows] == ["in"]
    assert rows[0]["theirs"] == pytest.approx(2 * float(rows[0]["ours"]))


def test_trends_of_opposite_sign_are_counted_as_such() -> None:
    rise = np.arange(20.0)[:, None, None] * 10
    noise = np.random.default_rng(3).normal(0, 1, (2, 20, Y.size, X.size))
    found = trend_agreement(pair(maps(800 + rise + noise[0]), maps(800 - rise + noise[1])))
    assert found is not None
    assert found.opposite == pytest.approx(1.0)
    assert found.both_rise == found.neither == 0.0
    assert trend_agreement(pair(random_maps(1, 5), random_maps(2, 5))) is None


def test_nothing_in_common_is_told() -> None:
    with pytest.raises(OutOfBoundsError, match="none in common"):
        pair(random_maps(), maps(np.ones((3, Y.size, X.size)), first=2015))
    far = random_maps().assign_coords(x=X - 80)
    with pytest.raises(OutOfBoundsError, match="no value on the grid"):
        pair(random_maps(), far)


def test_triple_collocation_equals_its_closed_form() -> None:
    # Truth of variance 4, gains 1, 2 and 0.5, errors of standard deviation 1, 0.5 and 0.25.
    gain, error = np.array([1.0, 2.0, 0.5]), np.array([1.0, 0.5, 0.25])
    q = 4.0 * np.outer(gain, gain) + np.diag(error**2)
    found = from_covariances(q, 100)
    assert found.error == pytest.approx(tuple(error))
    assert found.gain == pytest.approx(tuple(gain))
    expected = np.sqrt(4 * gain**2 / (4 * gain**2 + error**2))
    assert found.correlation == pytest.approx(tuple(expected))


def test_triple_collocation_finds_the_errors_of_samples() -> None:
    rng = np.random.default_rng(5)
    truth = rng.normal(0, 2, 200_000)
    products = [
        g * truth + rng.normal(0, e, truth.size) for g, e in ((1, 1), (2, 0.5), (0.5, 0.25))
    ]
    found = triple_collocation(*products)
    assert found.error == pytest.approx((1.0, 0.5, 0.25), rel=0.02)
    products[0][:5] = np.nan
    assert triple_collocation(*products).count == 199_995
    with pytest.raises(DimsError, match="triplets"):
        triple_collocation(*(p[:6] for p in products))


def test_errors_that_contradict_the_assumptions_are_no_numbers() -> None:
    found = from_covariances(np.array([[1.0, 2.0, 2.0], [2.0, 9.0, 1.0], [2.0, 1.0, 9.0]]), 50)
    assert np.isnan(found.error[0])
    assert np.isnan(found.correlation[0])


def geotiff(
    path: Path, bands: np.ndarray, crs: str, bounds: tuple[float, ...], **tags: str
) -> Path:
    count, height, width = bands.shape
    west, south, east, north = bounds
    pixel = ((east - west) / width, (north - south) / height)
    transform = Affine(pixel[0], 0.0, west, 0.0, -pixel[1], north)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=count,
        height=height,
        width=width,
        crs=crs,
        transform=transform,
        dtype="float32",
    ) as raster:
        raster.write(bands.astype("float32"))
        raster.update_tags(**tags)
    return path


def test_yearly_geotiffs_of_a_folder_become_a_product(tmp_path: Path) -> None:
    for year in (2001, 2002):
        bands = np.full((1, 12, 16), year / 1000.0)
        geotiff(tmp_path / f"MOD17A3_{year}.tif", bands, "EPSG:4326", (100, 30, 108, 36))
    found = run_in_child(read_product, str(tmp_path), "gpp", units="kg C m-2 yr-1")
    assert found["time"].dt.year.to_numpy().tolist() == [2001, 2002]
    assert found[:, 0, 0].to_numpy() == pytest.approx([2001.0, 2002.0])


def test_bands_take_their_years_from_the_first(tmp_path: Path) -> None:
    path = geotiff(tmp_path / "gpp.tif", np.full((3, 12, 16), 8e3), "EPSG:4326", (100, 30, 108, 36))
    found = read_product(str(path), "gpp", units="kg m-2 yr-1", scale=1e-4, first_year=2000)
    assert found["time"].dt.year.to_numpy().tolist() == [2000, 2001, 2002]
    assert float(found.max()) == pytest.approx(800.0)
    with pytest.raises(MissingVariableError, match="first year"):
        read_product(str(path), "gpp", units="kg m-2 yr-1")
    with pytest.raises(OutOfBoundsError, match="name unit and scale"):
        read_product(str(path), "gpp", units="kg m-2 yr-1", first_year=2000)
    with pytest.raises(UnitsError, match="name them"):
        read_product(str(path), "gpp", first_year=2000)


def test_a_projected_map_lands_on_the_same_cells(tmp_path: Path) -> None:
    # Values are latitudes: a map in Albers' projection must give them back.
    crs = "ESRI:102025"
    to_map = pyproj.Transformer.from_crs(4326, crs, always_xy=True)
    left, bottom, right, top = to_map.transform_bounds(98, 28, 110, 38)
    height = width = 400
    x = left + (np.arange(width) + 0.5) * (right - left) / width
    y = top - (np.arange(height) + 0.5) * (top - bottom) / height
    _, latitude = to_map.transform(*np.meshgrid(x, y), direction="INVERSE")
    path = geotiff(tmp_path / "et_2001.tif", latitude[np.newaxis], crs, (left, bottom, right, top))
    product = read_product(str(path), "et", units="mm yr-1")
    found = regrid(product, CellGrid(Y, X))[0].to_numpy()
    assert found == pytest.approx(np.repeat(Y[:, None], X.size, axis=1), abs=0.02)


def test_netcdf_with_scaled_integers_and_falling_latitudes_is_read(tmp_path: Path) -> None:
    months = pd.date_range("2003-01-01", periods=24, freq="MS")
    values = np.full((24, 12, 16), 30.0)
    data = xr.Dataset(
        {"E": (("time", "lat", "lon"), values, {"units": "mm/month"})},
        coords={"time": months, "lat": Y[::-1], "lon": X},
    )
    path = tmp_path / "gleam.nc"
    data.to_netcdf(path, encoding={"E": {"dtype": "int16", "scale_factor": 0.1, "_FillValue": -99}})
    found = run_in_child(read_product, str(path), "et", bounds=(101.0, 31.0, 105.0, 34.0))
    assert float(found.mean()) == pytest.approx(360.0)
    assert found.sizes["time"] == 2
    assert float(found["y"].min()) > 31.0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tif", b"II*\0junk"),
        ("a.nc", b"\x89HDF\r\n\x1a\n" + b"\0" * 64),
        ("a.nc", b"CDF\x01"),
        ("a.tif", b"<VRTDataset/>"),
    ],
)
def test_hostile_products_are_refused_in_a_child(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FluxscapeError):
        run_in_child(read_product, str(path), "gpp", units="g m-2 yr-1", first_year=2000)


def test_dates_come_from_names_of_files() -> None:
    assert date_of_name("x") is None
    assert str(date_of_name("ET_v4_1999_full.nc"))[:10] == "1999-01-01"
    assert str(date_of_name("MOD16A2.A2004366.h26v05.tif"))[:10] == "2004-12-31"


def test_published_numbers_are_those_of_the_sources_and_blanks_stay_blank() -> None:
    rows = {row.key: row for row in published_numbers()}
    project = rows["project_gpp"]
    assert (project.mean, project.trend, project.period) == (4.32, 6.68e-3, "1979-2012")
    assert (rows["project_et"].mean, rows["project_et"].mean_uncertainty) == (351.24, 10.7)
    assert rows["project_et"].trend == 0.72
    assert rows["project_et_plateau"].trend == 0.92
    assert rows["project_et_plateau"].mean is None
    assert (rows["mstmip_gpp"].mean, rows["mstmip_gpp"].mean_uncertainty) == (7.4, 1.8)
    assert rows["mte_gpp"].mean is None
    assert rows["pml_gpp"].trend == 8.99
    assert rows["gleam_et"].mean == 421.9
    assert {row.origin for row in rows.values()} == {"project", "literature"}
    assert all(row.doi is None or row.doi.startswith("10.") for row in rows.values())


def test_measured_means_of_towers_are_read_and_named_when_broken(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_text("Site,Value\nCN-Cha,1300\nCN-Cha,1500\nCN-Din,\n")
    assert read_site_values(path) == {"CN-Cha": 1400.0}
    path.write_text("site,value\nCN-Cha,many\n")
    with pytest.raises(FluxscapeError, match="row 2"):
        read_site_values(path)
    path.write_text("tower,value\nCN-Cha,1\n")
    with pytest.raises(MissingVariableError, match="wanted site and value"):
        read_site_values(path)
