"""The embedded climatology: layers, points, coasts, and agreement with what towers measured."""

from __future__ import annotations

import numpy as np
import pytest

from fluxscape.errors import FileFormatError, MissingVariableError, OutOfBoundsError
from fluxscape.io.climatology import LAYERS, Climatology, annual_co2, read_climatology
from fluxscape.towers import find_tower, load_towers
from fluxscape.vocabulary import VARIABLES


def at(site, *names):
    tower = find_tower(site)
    return read_climatology().values(tower.latitude, tower.longitude, names)


def test_a_point_has_every_layer_with_its_units_and_dimensions():
    point = read_climatology().sample(42.4025, 128.0958)
    assert set(point.data_vars) == set(LAYERS)
    assert point["elevation"].dims == ()
    assert point["air_temperature"].dims == ("month",)
    assert point["irradiance_quantiles"].dims == ("month", "quantile")
    assert point["water_vapour_density"].dims == ("exceedance",)
    assert point["air_temperature"].attrs["units"] == "K"
    assert list(point["month"].to_numpy()) == list(range(1, 13))
    assert all(point[name].attrs["source"] for name in LAYERS)
    assert not point.isnull().any().to_array().any()


def test_rows_and_grids_of_points_give_what_single_points_give():
    climatology = read_climatology()
    latitude, longitude = (
        np.array([[42.40, 26.74], [30.50, 23.17]]),
        np.array([[128.10, 115.06], [91.07, 112.54]]),
    )
    grid = climatology.values(latitude, longitude)
    row = climatology.sample(latitude.ravel(), longitude.ravel())
    assert row["precipitation"].dims == ("point", "month")
    for name in LAYERS:
        for index in np.ndindex(latitude.shape):
            single = climatology.values(latitude[index], longitude[index], [name])[name]
            np.testing.assert_array_equal(grid[name][index], single)
        np.testing.assert_array_equal(
            row[name].to_numpy(), grid[name].reshape(-1, *grid[name].shape[2:])
        )


def test_every_tower_has_a_value_of_every_layer():
    towers = [tower for tower in load_towers() if tower.has_position]
    values = read_climatology().values(
        [tower.latitude for tower in towers], [tower.longitude for tower in towers]
    )
    for name, layer in values.items():
        lacking = np.isnan(layer.reshape(len(towers), -1)).any(axis=1)
        assert not lacking.any(), (
            name,
            [t.site for t, bad in zip(towers, lacking, strict=True) if bad],
        )


# Classes that the land-cover and climate maps have at towers, read from the source packages by
# another program: IGBP class of MCD12C1 in 2019, main Koeppen class.
CLASSES = [
    ("CN-Cha", 4, "D"),
    ("CN-Din", 2, "C"),
    ("CN-Qia", 8, "C"),
    ("CN-Mao", 4, "D"),
    ("CN-HeD", 16, "B"),
    ("XLD", 9, "D"),
    ("CN-Dzo", 8, "A"),
    ("NAQ", 10, "E"),
    ("CN-Tao", 14, "C"),
    ("CN-BeO", 13, "D"),
    ("SAJ", 12, "D"),
]


@pytest.mark.parametrize(("site", "land_cover", "climate"), CLASSES)
def test_classes_at_towers_are_those_of_the_source(site, land_cover, climate):
    values = at(site, "land_cover", "climate_zone")
    assert values["land_cover"] == land_cover
    assert " ABCDE"[int(values["climate_zone"])] == climate


# Mean monthly air temperature [degC] and incoming shortwave radiation [W m-2], January to
# December, over the years of each tower in FLUXNET2015 (TA_F, SW_IN_F; CC-BY-4.0,
# Pastorello et al. 2020, doi:10.1038/s41597-020-0534-3).
TOWER_MEANS = {
    "CN-Cha": (
        [-13.7, -10.0, -4.0, 6.5, 12.2, 17.4, 18.9, 18.2, 13.7, 6.5, -1.6, -12.5],
        [98, 132, 186, 195, 204, 221, 178, 203, 180, 145, 99, 86],
    ),
    "CN-Din": (
        [11.5, 13.7, 15.2, 20.9, 24.2, 25.5, 26.8, 26.5, 25.5, 22.4, 19.0, 13.7],
        [99, 77, 78, 111, 152, 147, 194, 166, 177, 189, 139, 132],
    ),
    "CN-Du2": (
        [-16.4, -11.3, -3.3, 4.7, 11.4, 16.7, 19.1, 17.7, 12.3, 4.7, -5.1, -13.3],
        [103, 151, 188, 222, 247, 236, 248, 224, 202, 149, 106, 83],
    ),
    "CN-HaM": (
        [-14.8, -10.6, -5.4, 1.2, 3.4, 8.3, 10.7, 10.1, 5.7, -0.7, -8.0, -12.5],
        [142, 169, 206, 255, 248, 264, 248, 224, 193, 176, 151, 126],
    ),
    "CN-Qia": (
        [5.1, 8.9, 11.7, 19.9, 23.1, 26.0, 29.6, 27.9, 24.9, 19.0, 14.9, 7.7],
        [64, 84, 94, 154, 155, 183, 242, 197, 172, 145, 101, 98],
    ),
}


@pytest.mark.parametrize("site", TOWER_MEANS)
def test_the_monthly_climate_is_near_what_the_tower_measured(site):
    values = at(site, "air_temperature", "irradiance_mean")
    temperature, irradiance = (np.array(row) for row in TOWER_MEANS[site])
    difference = values["air_temperature"] - 273.15 - temperature
    assert np.abs(difference).max() < 3.0
    # MERRA-2 is brighter than the towers, by 11 to 39 %; see docs/data.md.
    assert 1.0 < values["irradiance_mean"].mean() / irradiance.mean() < 1.45
    if site != "CN-Din":  # no clear season in the monsoon subtropics
        assert np.corrcoef(values["irradiance_mean"], irradiance)[0, 1] > 0.9


def test_quantiles_of_irradiance_rise_and_surround_the_mean():
    values = at("CN-HaM", "irradiance_mean", "irradiance_quantiles")
    assert (np.diff(values["irradiance_quantiles"], axis=1) > 0).all()
    assert (values["irradiance_quantiles"][:, 0] < values["irradiance_mean"]).all()
    assert (values["irradiance_quantiles"][:, -1] > values["irradiance_mean"]).all()


def test_a_coastal_point_has_the_value_of_the_nearest_cell_with_one():
    climatology = read_climatology()
    assert np.isnan(climatology["ndvi_maximum"].sel(
        latitude=31.525, longitude=122.125, method="nearest"))  # fmt: skip
    value = climatology.values(31.525, 122.125, ["ndvi_maximum"])["ndvi_maximum"]
    assert 0.0 < value < 1.0


def test_the_open_ocean_has_no_vegetation():
    assert np.isnan(read_climatology().values(20.0, 130.0, ["ndvi_maximum"])["ndvi_maximum"])


def test_a_whole_layer_has_increasing_axes_and_physical_values():
    temperature = read_climatology()["air_temperature"]
    assert temperature.dims == ("month", "latitude", "longitude")
    assert (np.diff(temperature["latitude"]) > 0).all()
    assert (np.diff(temperature["longitude"]) > 0).all()
    bounds = VARIABLES["air_temperature"]
    assert bounds.lower < float(temperature.min()) < float(temperature.max()) < bounds.upper
    july = temperature.sel(month=7)
    assert july.sel(latitude=39, longitude=84, method="nearest") > july.sel(
        latitude=33, longitude=88, method="nearest"
    )


def test_class_names_come_with_the_layer():
    layer = read_climatology().layer("land_cover")
    assert layer.categorical
    assert layer.classes[12] == "cropland"
    assert layer.classes[0] == "water body"


@pytest.mark.parametrize(("latitude", "longitude"), [(10.0, 115.0), (48.0, 2.0), (np.nan, 100.0)])
def test_a_point_outside_is_an_error_that_names_the_frame(latitude, longitude):
    with pytest.raises(OutOfBoundsError, match=r"N, .* E lies outside the embedded climatology"):
        read_climatology().sample(latitude, longitude)


def test_an_unknown_layer_is_an_error_with_a_proposal():
    with pytest.raises(MissingVariableError, match=r"no layer 'ndvi_max'.*'ndvi_maximum'"):
        read_climatology().layer("ndvi_max")


def test_sample_wants_a_point_or_a_row():
    with pytest.raises(OutOfBoundsError, match=r"one point or a row"):
        read_climatology().sample(np.full((2, 2), 30.0), 100.0)


def test_a_layer_in_another_reference_system_is_refused(tmp_path):
    import rasterio  # noqa: PLC0415
    from affine import Affine  # noqa: PLC0415

    with rasterio.open(
        tmp_path / "elevation.tif", "w", driver="GTiff", height=2, width=2, count=1, dtype="int16",
        crs="EPSG:3857", transform=Affine(10.0, 0.0, 0.0, 0.0, -10.0, 0.0),
    ) as raster:  # fmt: skip
        raster.write(np.zeros((1, 2, 2), dtype="int16"))
    with pytest.raises(FileFormatError, match=r"must be in EPSG:4326"):
        Climatology(tmp_path).layer("elevation")


def test_carbon_dioxide_is_known_by_year_and_no_further():
    assert annual_co2(1979) == pytest.approx(336.62)
    assert annual_co2(2012) == pytest.approx(392.65)
    assert annual_co2(1700) == pytest.approx(277.57)
    with pytest.raises(OutOfBoundsError, match=r"known for 1700 to 2024, not for 2025"):
        annual_co2(2025)
