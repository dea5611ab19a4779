"""Regions of the Atlas page: their names, outlines and figures, found once a process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from fluxscape.atlas.cells import CLASS_CODES
from fluxscape.atlas.product import FLUXES, LAND_FRACTION
from fluxscape.atlas.totals import SeriesBreaks, ZoneFigures, series_breaks, zone_figures
from fluxscape.atlas.totals_zones import (
    CellGrid,
    Zone,
    ZoneCells,
    polygon_cells,
    zone_cells,
)
from fluxscape.atlas.trend_intervals import memory_interval
from fluxscape.io.basemap import read_nation, read_provinces
from fluxscape.io.climatology import read_climatology
from fluxscape_dashboard.mercator import to_mercator
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.atlas_product import NationalProduct
from fluxscape_dashboard.views.towers import class_name

Floats = npt.NDArray[np.float64]

NATION: Final = "nation:100000"
DRAWN: Final = "drawn:1"
MOST_CORNERS: Final = 60
"""Corners of a drawn polygon, so that it fits into an address."""


@dataclass(frozen=True)
class Region:
    """A region with what is known of one flux over it.

    Attributes
    ----------
    figures
        Series, mean, spread, trend with interval, area.
    breaks
        What changes at a moment, None for short series.
    rings
        Outline in Web Mercator [m]; empty for the nation and for classes.
    """

    figures: ZoneFigures
    breaks: SeriesBreaks | None
    rings: tuple[Floats, ...]


@cache
def zone_keys() -> tuple[str, ...]:
    """Return the keys of all embedded zones in the order of the list."""
    provinces = [f"province:{region.code}" for region in read_provinces()]
    climates = read_climatology().layer("climate_zone").classes.values()
    return (
        NATION,
        "plateau:2500",
        *provinces,
        *(f"koppen:{name}" for name in climates),
        *(f"land_cover:{code}" for code in CLASS_CODES.values()),
    )


def zone_name(key: str, lang: str, given: str = "") -> str:
    """Return the name of a zone; ``given`` is that of a user's own."""
    kind, _, code = key.partition(":")
    if kind == "province":
        return next(
            (r.name_zh if lang == "zh" else r.name_en for r in read_provinces() if r.code == code),
            code,
        )
    if kind == "land_cover":
        return class_name(code, lang)
    if kind == "koppen":
        return t(f"atlas.koppen_{code}", lang)
    if kind == "own":
        return given or t("atlas.region_own", lang)
    return t(f"atlas.region_{kind}", lang)


def region(
    product: NationalProduct, flux: str, key: str, polygon: shapely.Geometry | None = None
) -> Region:
    """Return a region with its figures.

    Parameters
    ----------
    product
        The national product.
    flux
        ``gpp`` or ``et``.
    key
        Key of an embedded zone, or of a polygon of the user's.
    polygon
        The user's polygon [degrees].

    Raises
    ------
    OutOfBoundsError
        If it has no part in the product.
    """
    if key == NATION:
        figures, kept = nation_at_once(product, flux).figures, product.figures[flux]
        interval = memory_interval(kept.series, kept.years, found=kept.trend)
        return Region(
            replace(figures, interval=interval), series_breaks(kept.series, kept.years), ()
        )
    grid = product_grid(product)
    if polygon is not None:
        (cells,) = polygon_cells(
            [(Zone(key, key, key), polygon)], grid, outline=read_nation().polygon
        )
        return _region(product, flux, cells, outline(polygon))
    kind, _, code = key.partition(":")
    found = next(cells for cells in kind_cells(product, kind) if cells.zone.key == key)
    rings: tuple[Floats, ...] = ()
    if kind == "province":
        shape = next(r.polygon for r in read_provinces() if r.code == code)
        rings = outline(shape)
    return _region(product, flux, found, rings)


def kind_figures(product: NationalProduct, flux: str, kind: str) -> tuple[ZoneFigures, ...]:
    """Return the figures of all zones of a kind, found once."""
    key = f"{flux}:{kind}"
    if key not in product.found:
        cells = kind_cells(product, kind)
        values = product.pyramid.read_native(FLUXES[flux])
        fraction = product.pyramid.read_native(LAND_FRACTION)
        product.found[key] = zone_figures(values, cells, land_fraction=fraction)
    return tuple(product.found[key])


def kind_cells(product: NationalProduct, kind: str) -> tuple[ZoneCells, ...]:
    """Return the cells of all zones of a kind, found once."""
    key = f"cells:{kind}"
    if key not in product.found:
        product.found[key] = zone_cells(kind, product_grid(product))
    return tuple(product.found[key])


def product_grid(product: NationalProduct) -> CellGrid:
    """Return the grid of the native copy."""
    if "grid" not in product.found:
        product.found["grid"] = CellGrid.of(product.pyramid.read_native(LAND_FRACTION))
    grid: CellGrid = product.found["grid"]
    return grid


def outline(polygon: shapely.Geometry) -> tuple[Floats, ...]:
    """Return the rings of a polygon in Web Mercator [m]."""
    rings = []
    for part in shapely.get_parts(polygon):
        for ring in (part.exterior, *part.interiors):
            x, y = to_mercator(*shapely.get_coordinates(ring).T)
            rings.append(np.column_stack([x, y]))
    return tuple(rings)


def drawn_polygon(numbers: list[float]) -> shapely.Geometry | None:
    """Return the polygon that an address or a hand has drawn, None if it is none.

    Parameters
    ----------
    numbers
        Longitude and latitude of each corner in turn [degrees].
    """
    points = np.asarray(numbers, dtype=np.float64)
    if points.size < 6 or points.size % 2 or points.size > 2 * MOST_CORNERS:
        return None
    points = points.reshape(-1, 2)
    if not np.isfinite(points).all() or (np.abs(points) > [180.0, 85.0]).any():
        return None
    valid = shapely.make_valid(shapely.Polygon(points))
    parts = [part for part in shapely.get_parts(valid) if part.geom_type.endswith("Polygon")]
    whole = shapely.union_all(parts) if parts else None
    return whole if whole is not None and whole.area > 0 else None


def corners(longitude: Floats, latitude: Floats) -> list[float]:
    """Return the corners of a free-hand line, few enough for an address."""
    line = shapely.LineString(np.column_stack([longitude, latitude]))
    west, south, east, north = line.bounds
    tolerance = max(east - west, north - south, 1e-6) / 400
    while shapely.get_num_coordinates(line) > MOST_CORNERS:
        line = shapely.simplify(line, tolerance)
        tolerance *= 1.5
    return [round(float(value), 3) for value in shapely.get_coordinates(line).ravel()]


def _region(
    product: NationalProduct, flux: str, cells: ZoneCells, rings: tuple[Floats, ...]
) -> Region:
    """Return a region, of whose window alone the values are read."""
    grid = product_grid(product)
    rows, columns = _wide(cells.rows, grid.y.size), _wide(cells.columns, grid.x.size)
    moved = ZoneCells(
        cells.zone,
        slice(cells.rows.start - rows.start, cells.rows.stop - rows.start),
        slice(cells.columns.start - columns.start, cells.columns.stop - columns.start),
        cells.share,
    )
    window: dict[str, Any] = {"rows": rows, "columns": columns}
    values = product.pyramid.read_native(FLUXES[flux], **window)
    fraction = product.pyramid.read_native(LAND_FRACTION, **window)
    (found,) = zone_figures(values, [moved], land_fraction=fraction)
    return Region(found, found.breaks(), rings)


def _wide(window: slice[int, int, None], size: int) -> slice[int, int, None]:
    """Return a window of two cells or more: an axis of one has no spacing."""
    start = min(window.start, size - 2)
    return slice(start, max(window.stop, start + 2))


def nation_at_once(product: NationalProduct, flux: str) -> Region:
    """Return what the product keeps of the nation, without interval and breaks."""
    figures, nation = product.figures[flux], read_nation()
    gpp = figures.flux == "gpp"
    found = ZoneFigures(
        zone=Zone(NATION, nation.name_en, nation.name_zh),
        flux=figures.flux,
        units=figures.units,
        years=figures.years,
        series=figures.series,
        mean=figures.mean,
        interannual_spread=figures.interannual_spread,
        per_area=figures.mean * 1e15 / figures.area if gpp else figures.mean,
        per_area_units="g m-2 year-1" if gpp else figures.units,
        trend=figures.trend,
        interval=None,
        area=figures.area,
        missing=0.0,
    )
    return Region(found, None, ())
