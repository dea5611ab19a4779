"""Zones of totals: which part of every cell of a grid lies in a province, a class or a polygon.

Two kinds of zones, and one rule for both: a zone's share of a cell is its share of the cell's
*active* land, the part that the product's ``land_fraction`` counts. Zones that partition the
nation therefore add up to the nation.

*Polygons* (nation, provinces, a user's own) are laid over the grid exactly, with the coverage
fractions of `exactextract`; a cell on the coast or the border counts with the part of its land
that lies in the polygon.

*Classes* (Köppen-Geiger zone, land cover, height) are counted in the finer cells, 0.05 degrees,
of the embedded maps. River basins are not offered: no outline of a basin is embedded; load one as
a polygon. The Tibetan Plateau is what lies above 2500 m between 73 and 105 E, 25 and 40 N, a
definition by height, because no outline of it is embedded either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr

from fluxscape.atlas.cells import CLASS_CODES, PERMANENT_ICE, WATER
from fluxscape.atlas.zones import even_step
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.io.basemap import read_nation, read_provinces
from fluxscape.io.climatology import read_climatology
from fluxscape.towers import IGBP_CLASSES

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

KINDS: Final = ("nation", "province", "koppen", "land_cover", "plateau")
"""Kinds of embedded zones."""

PLATEAU_BOX: Final = (73.0, 25.0, 105.0, 40.0)
"""West, south, east, north of the Tibetan Plateau [degrees]."""

PLATEAU_HEIGHT: Final = 2500.0
"""Least height of the Tibetan Plateau [m]."""

_KOPPEN_ZH: Final = {
    "tropical": "热带",
    "arid": "干旱带",
    "temperate": "温带",
    "cold": "冷温带",
    "polar": "极地与高山带",
}

_BASIN_WORDS: Final = ("basin", "basins", "river_basin", "river", "catchment")


@dataclass(frozen=True)
class Zone:
    """A zone by name.

    Attributes
    ----------
    key
        ``kind:code``, such as ``province:110000``.
    name_en, name_zh
        Names; the same for zones of a user.
    """

    key: str
    name_en: str
    name_zh: str

    @property
    def kind(self) -> str:
        """Kind of the zone, the part of the key before the colon."""
        return self.key.partition(":")[0]


_PLATEAU: Final = Zone("plateau:2500", "Tibetan Plateau (above 2500 m)", "青藏高原（2500 m 以上）")


@dataclass(frozen=True, eq=False)
class ZoneCells:
    """The cells of a grid that lie in a zone, in the smallest window that holds them.

    Attributes
    ----------
    zone
        The zone.
    rows, columns
        Window of the grid.
    share
        Share of the active land of each cell of the window that lies in the zone [1].
    """

    zone: Zone
    rows: slice[int, int, None]
    columns: slice[int, int, None]
    share: FloatArray


@dataclass(frozen=True, eq=False)
class CellGrid:
    """A regular grid of cells in degrees.

    Attributes
    ----------
    y, x
        Evenly spaced, increasing centres [degrees].
    """

    y: FloatArray
    x: FloatArray

    @classmethod
    def of(cls, values: xr.DataArray | xr.Dataset) -> CellGrid:
        """Return the grid of an array with coordinates ``y`` and ``x``.

        Raises
        ------
        DimsError
            If an axis is absent, uneven or not increasing.
        """
        axes = []
        for name in ("y", "x"):
            if name not in values.coords:
                msg = f"zones: the map has no coordinate {name!r}"
                raise DimsError(msg, axis=name)
            even_step(values[name], name, where="zones")
            axes.append(values[name].to_numpy().astype(np.float64))
        return cls(*axes)

    @property
    def steps(self) -> tuple[float, float]:
        """Height and width of a cell [degrees]."""
        y, x = self.y, self.x
        return float((y[-1] - y[0]) / (y.size - 1)), float((x[-1] - x[0]) / (x.size - 1))

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """West, south, east, north [degrees]."""
        high, wide = self.steps
        return (
            float(self.x[0] - wide / 2),
            float(self.y[0] - high / 2),
            float(self.x[-1] + wide / 2),
            float(self.y[-1] + high / 2),
        )


def polygon_coverage(polygon: shapely.Geometry, grid: CellGrid) -> FloatArray:
    """Return the share of every cell that a polygon covers, exactly; (y, x).

    The intersection of polygon and cell over the cell in degrees: within a cell the width of a
    degree changes by so little that the share of the area is the same to 1e-3 at a quarter degree.
    """
    # exactextract takes part of a second to import, and class zones need it not.
    from exactextract import exact_extract  # noqa: PLC0415
    from exactextract.raster import NumPyRasterSource  # noqa: PLC0415

    shape = (grid.y.size, grid.x.size)
    source = NumPyRasterSource(np.zeros(shape, np.float32), *grid.edges)
    feature = {
        "type": "Feature",
        "geometry": shapely.geometry.mapping(polygon),
        "properties": {},
    }
    (found,) = exact_extract(source, [feature], ["cell_id", "coverage"])
    out = np.zeros(shape[0] * shape[1])
    places = np.asarray(found["properties"]["cell_id"], dtype=np.int64)
    out[places] = np.clip(np.asarray(found["properties"]["coverage"], np.float64), 0.0, 1.0)
    # Its rows run from north to south.
    return out.reshape(shape)[::-1]


def polygon_cells(
    zones: Sequence[tuple[Zone, shapely.Geometry]],
    grid: CellGrid,
    *,
    outline: shapely.Geometry | None = None,
    leave_out: bool = False,
) -> tuple[ZoneCells, ...]:
    """Return the cells of zones given as polygons in degrees.

    Parameters
    ----------
    zones
        Zones and their areas.
    grid
        Grid of the product.
    outline
        Area that the product's ``land_fraction`` lies in; without one, whole cells count.
    leave_out
        Whether zones without a part on the grid are left out, unless all are.

    Raises
    ------
    OutOfBoundsError
        If a polygon has no part on the grid inside the outline; names it.
    """
    whole = None if outline is None else polygon_coverage(outline, grid)
    found: list[ZoneCells] = []
    for zone, polygon in zones:
        part = polygon if outline is None else shapely.intersection(polygon, outline)
        covered = np.zeros((grid.y.size, grid.x.size))
        if not part.is_empty and shapely.area(part) > 0:
            covered = polygon_coverage(part, grid)
        if whole is not None:
            with np.errstate(invalid="ignore", divide="ignore"):
                covered = np.where(whole > 0, np.minimum(covered / whole, 1.0), 0.0)
        reaches = bool((covered > 0).any())
        if not reaches and leave_out and (found or zone is not zones[-1][0]):
            continue
        if not reaches:
            west, south, east, north = (f"{value:.4g}" for value in grid.edges)
            msg = (
                f"{zone.name_en} has no part in the product, which covers {west} to {east} E, "
                f"{south} to {north} N" + (" inside the nation" if outline is not None else "")
            )
            raise OutOfBoundsError(msg, zone=zone.key)
        found.append(_window(zone, covered))
    return tuple(found)


def class_cells(
    numbers: xr.DataArray,
    active: npt.NDArray[np.bool_],
    names: Mapping[int, Zone],
    grid: CellGrid,
) -> tuple[ZoneCells, ...]:
    """Return the cells of zones given as classes of a finer map.

    Parameters
    ----------
    numbers
        Class numbers over ``latitude`` and ``longitude`` (increasing, evenly spaced centres).
    active
        Which of its cells are active land, same shape.
    names
        Zone of each class number; other numbers belong to none.
    grid
        Grid of the product. Where it is finer than the map, a cell is of the class at its centre.

    Returns
    -------
    tuple of ZoneCells
        In the order of ``names``; classes that no cell has are left out.
    """
    fine = CellGrid(
        numbers["latitude"].to_numpy().astype(np.float64),
        numbers["longitude"].to_numpy().astype(np.float64),
    )
    values = numbers.to_numpy().astype(np.int64)
    coarse = min(grid.steps) >= 0.999 * max(fine.steps)
    count = _binned if coarse else _sampled
    total = count(active, fine, grid)
    found = []
    for number, zone in names.items():
        part = count(active & (values == number), fine, grid)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(total > 0, part / total, 0.0)
        if (share > 0).any():
            found.append(_window(zone, share))
    return tuple(found)


def zone_cells(kind: str, grid: CellGrid) -> tuple[ZoneCells, ...]:
    """Return the cells of all embedded zones of a kind.

    Parameters
    ----------
    kind
        One of :data:`KINDS`.
    grid
        Grid of the product.

    Raises
    ------
    MissingVariableError
        If there is no such kind; says why there are no river basins.
    OutOfBoundsError
        If none of the zones lies on the grid.
    """
    if kind in _BASIN_WORDS:
        msg = (
            "no outlines of river basins are embedded: give the basin as a polygon (GeoJSON or "
            "GeoPackage)"
        )
        raise MissingVariableError(msg, got=kind)
    if kind not in KINDS:
        msg = f"there are no zones of kind {kind!r}, only {KINDS}.{did_you_mean(kind, KINDS)}"
        raise MissingVariableError(msg, got=kind)
    if kind == "nation":
        nation = read_nation()
        zone = Zone("nation:100000", nation.name_en, nation.name_zh)
        return polygon_cells([(zone, nation.polygon)], grid, outline=nation.polygon)
    if kind == "province":
        zones = [
            (Zone(f"province:{p.code}", p.name_en, p.name_zh), p.polygon) for p in read_provinces()
        ]
        return polygon_cells(zones, grid, outline=read_nation().polygon, leave_out=True)
    found = class_cells(*_class_map(kind), grid)
    if not found:
        msg = f"no zone of kind {kind!r} lies in the product"
        raise OutOfBoundsError(msg, got=kind)
    return found


@lru_cache(maxsize=4)
def _class_map(kind: str) -> tuple[xr.DataArray, npt.NDArray[np.bool_], dict[int, Zone]]:
    """Return class numbers on the land-cover map's cells, which are active, and the zones."""
    climatology = read_climatology()
    cover = climatology["land_cover"]
    active = _active(cover)
    if kind == "land_cover":
        zones = {
            number: Zone(f"land_cover:{code}", IGBP_CLASSES[code], IGBP_CLASSES[code])
            for number, code in CLASS_CODES.items()
        }
        return cover.fillna(WATER), active, zones
    east, north = np.meshgrid(cover["longitude"].to_numpy(), cover["latitude"].to_numpy())
    values = np.zeros(active.shape)
    layer = {"koppen": "climate_zone", "plateau": "elevation"}[kind]
    points = climatology.values(north[active], east[active], [layer])[layer]
    if kind == "koppen":
        classes = climatology.layer(layer).classes
        zones = {
            number: Zone(f"koppen:{text}", text, _KOPPEN_ZH.get(text, text))
            for number, text in classes.items()
        }
        values[active] = np.nan_to_num(points)
    else:
        west, south, right, top = PLATEAU_BOX
        x, y = east[active], north[active]
        inside = (x >= west) & (x <= right) & (y >= south) & (y <= top)
        values[active] = inside & (points >= PLATEAU_HEIGHT)
        zones = {
            1: Zone("plateau:2500", "Tibetan Plateau (above 2500 m)", "青藏高原（2500 m 以上）")
        }
    return cover.copy(data=values), active, zones


def _active(cover: xr.DataArray) -> npt.NDArray[np.bool_]:
    """Return which cells of the land-cover map are active land of the nation."""
    outline = read_nation().polygon
    shapely.prepare(outline)
    x, y = np.meshgrid(cover["longitude"].to_numpy(), cover["latitude"].to_numpy())
    classes = cover.to_numpy()
    land = np.isfinite(classes) & (classes != WATER) & (classes != PERMANENT_ICE)
    out = np.zeros(land.shape, dtype=bool)
    out[land] = shapely.contains_xy(outline, x[land], y[land])
    return out


def _window(zone: Zone, share: FloatArray) -> ZoneCells:
    """Return the cells of a zone in their smallest window."""
    used = share > 0
    rows, columns = np.flatnonzero(used.any(axis=1)), np.flatnonzero(used.any(axis=0))
    window = (
        slice(int(rows[0]), int(rows[-1]) + 1),
        slice(int(columns[0]), int(columns[-1]) + 1),
    )
    return ZoneCells(zone, *window, np.ascontiguousarray(share[window]))


def _binned(members: npt.NDArray[np.bool_], fine: CellGrid, grid: CellGrid) -> FloatArray:
    """Return how many fine members have their centre in each coarse cell."""
    rows, columns = _holding(fine.y, grid.y), _holding(fine.x, grid.x)
    found_y, found_x = np.nonzero(members)
    row, column = rows[found_y], columns[found_x]
    on = (row >= 0) & (column >= 0)
    size = grid.y.size * grid.x.size
    counts = np.bincount(row[on] * grid.x.size + column[on], minlength=size)
    return counts.reshape(grid.y.size, grid.x.size).astype(np.float64)


def _sampled(members: npt.NDArray[np.bool_], fine: CellGrid, grid: CellGrid) -> FloatArray:
    """Return 1 where the fine cell at a cell's centre is a member."""
    rows, columns = _holding(grid.y, fine.y), _holding(grid.x, fine.x)
    taken = members[np.maximum(rows, 0)[:, np.newaxis], np.maximum(columns, 0)]
    on = (rows >= 0)[:, np.newaxis] & (columns >= 0)
    return np.asarray(taken & on, dtype=np.float64)


def _holding(points: FloatArray, centres: FloatArray) -> IntArray:
    """Return the index of the cell that holds each point, -1 outside."""
    step = (centres[-1] - centres[0]) / (centres.size - 1)
    index = np.floor((points - centres[0]) / step + 0.5).astype(np.int64)
    return np.where((index >= 0) & (index < centres.size), index, -1)


def own_zones(polygons: Sequence[Mapping[str, Any]]) -> list[tuple[Zone, shapely.Geometry]]:
    """Return zones of a user's polygons, as :func:`fluxscape.io.polygons.read_polygons` gives."""
    return [
        (Zone(f"own:{number}", str(item["name"]), str(item["name"])), shapely.from_wkb(item["wkb"]))
        for number, item in enumerate(polygons, start=1)
    ]
