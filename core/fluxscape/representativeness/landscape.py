"""A simulated landscape around a tower, for demonstrations where no fine map is at hand.

The embedded maps know land cover and the extremes of the vegetation index in cells of 0.05 degrees,
too coarse for a footprint. From them :func:`simulate_landscape` draws land cover, twelve monthly
scenes of the vegetation index and terrain at 30 m, such that the mix of classes is that of the
cells around, every class has patches of its own size and the tower stands on its own class. **No
pixel of it was observed**: every variable says ``data_status = "simulated"``. The method, with what
is assumed, is told in ``docs/methods/network.md``.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline
from scipy.special import ndtri

from fluxscape.contracts import provenance
from fluxscape.errors import FileFormatError, OutOfBoundsError, did_you_mean
from fluxscape.footprint.vector import local_crs, utm_crs
from fluxscape.representativeness.random_fields import (
    correlated_field,
    fractal_field,
    matern_correlation,
)
from fluxscape.representativeness.surroundings import Surroundings, monthly_season
from fluxscape.towers import IGBP_CLASSES
from fluxscape.vocabulary import VARIABLES

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SMOOTHING: Final = 4000.0
"""Width of the Gaussian with which the surrounding cells count [m]; assumed, near their size."""

LEAST_TOWER_SHARE: Final = 0.05
"""Share of the landscape that the tower's class has at least [1]; assumed. Three towers in ten
stand on a class that no map cell around them has."""

PATCH: Final = {
    0: 1200.0, 1: 1500.0, 2: 1500.0, 3: 1500.0, 4: 1500.0, 5: 1500.0, 6: 800.0, 7: 1500.0,
    8: 900.0, 9: 900.0, 10: 1800.0, 11: 1000.0, 12: 1500.0, 13: 700.0, 14: 600.0, 15: 1500.0,
    16: 2000.0,
}  # fmt: skip
"""Distance at which a class forgets itself [m] (correlation 0.05), by class of MCD12C1; assumed."""

TYPICAL_NDVI: Final = {
    0: (-0.05, 0.05), 1: (0.21, 0.83), 2: (0.60, 0.88), 3: (0.06, 0.85), 4: (0.09, 0.89),
    5: (0.17, 0.87), 6: (0.17, 0.85), 7: (0.08, 0.39), 8: (0.09, 0.83), 9: (0.29, 0.81),
    10: (-0.01, 0.55), 11: (0.17, 0.73), 12: (0.18, 0.78), 13: (0.17, 0.66), 14: (0.31, 0.79),
    15: (-0.06, 0.01), 16: (0.0, 0.11),
}  # fmt: skip
"""Least and greatest vegetation index of the year [1] by class: medians of the embedded maps over
70 to 140 E, 15 to 55 N. They stand in where no cell within half a degree has the class. Water,
whose cells hold shores, is assumed."""

TEXTURE: Final = {
    0: (0.01, 400.0), 1: (0.03, 150.0), 2: (0.03, 150.0), 3: (0.03, 150.0), 4: (0.03, 150.0),
    5: (0.04, 150.0), 6: (0.05, 200.0), 7: (0.04, 300.0), 8: (0.06, 200.0), 9: (0.06, 250.0),
    10: (0.05, 500.0), 11: (0.06, 300.0), 12: (0.06, 250.0), 13: (0.10, 150.0), 14: (0.07, 200.0),
    15: (0.01, 400.0), 16: (0.02, 500.0),
}  # fmt: skip
"""Standard deviation [1] and reach [m] of the vegetation index within a class; assumed."""

SCENE_NOISE: Final = (0.01, 200.0)
"""Standard deviation [1] and reach [m] of what is peculiar to one scene; assumed."""

NDVI_BOUNDS: Final = (-0.2, 1.0)

HURST: Final = 0.7
"""Roughness of terrain below 10 km, 0.4 (rough) to 0.9 (smooth) in nature; assumed."""

LONGEST_RELIEF: Final = 9000.0
"""Longest wavelength of drawn terrain [m]: longer ones are in the elevation map."""

NOMINAL_YEAR: Final = 2010
"""Calendar year of the scenes' dates; the climatology knows no single year."""

SIZES: Final = (300.0, 30_000.0)
MOST_CELLS: Final = 2001
"""Bounds of the landscape's side [m], and of the cells along it."""


class _Frame(NamedTuple):
    """Where the pixels lie, and what draws them."""

    axis: Floats
    resolution: float
    around: Surroundings
    roots: tuple[int, ...]

    def random(self, *purpose: int) -> np.random.Generator:
        """Return a source of randomness of its own for each purpose."""
        sequence = np.random.SeedSequence([*self.roots, *purpose])
        return np.random.Generator(np.random.PCG64(sequence))

    def field(self, reach: float, *purpose: int) -> Floats:
        """Return a correlated field of mean 0 and variance 1."""
        return correlated_field(self.random(*purpose), self.axis.size, self.resolution, reach)


_COVER, _PLACE, _TEXTURE, _SCENE, _TERRAIN = range(5)


def simulate_landscape(
    surroundings: Surroundings,
    *,
    latitude: float,
    longitude: float,
    land_cover: str = "",
    seed: int,
    size: float = 10_000.0,
    resolution: float = 30.0,
) -> xr.Dataset:
    """Return a simulated landscape around a tower.

    Parameters
    ----------
    surroundings
        From :func:`fluxscape.representativeness.surroundings.surroundings_of`, for this place.
    latitude, longitude
        Of the tower [degrees].
    land_cover
        IGBP class at the tower, a key of :data:`fluxscape.towers.IGBP_CLASSES`; that of the map's
        cell when empty.
    seed
        Not negative. One seed, place and class always give the same pixels, byte for byte.
    size
        Side of the square [m]; the tower stands in the middle of the middle pixel.
    resolution
        Size of a pixel [m].

    Returns
    -------
    xarray.Dataset
        Over ``y`` and ``x``, metres north and east of the tower: ``land_cover`` (class number of
        MCD12C1), ``normalized_difference_vegetation_index`` [1] with ``time`` (twelve months of a
        nominal year) and ``surface_altitude`` [m]. Attribute ``crs`` is the tower's own frame of
        metres, in which footprints live too; ``utm_crs`` names the UTM zone.

    Raises
    ------
    OutOfBoundsError
        If seed, size, resolution or place are impossible.
    FileFormatError
        If the land cover is no IGBP class.
    """
    frame = _frame(surroundings, latitude, longitude, seed, size, resolution)
    own = class_number(land_cover) if land_cover else surroundings.own_class
    shares = _class_shares(frame, own)
    cover = _draw_cover(frame, shares, own)
    scenes = _draw_scenes(frame, cover, shares)
    terrain = _draw_terrain(frame)
    return _labelled(frame, cover, scenes, terrain, own, seed)


def _frame(
    around: Surroundings,
    latitude: float,
    longitude: float,
    seed: int,
    size: float,
    resolution: float,
) -> _Frame:
    if seed < 0:
        msg = f"seed must not be negative, got {seed!r}"
        raise OutOfBoundsError(msg, got=seed)
    half = int(size / 2.0 / resolution) if resolution > 0.0 else 0
    if not (SIZES[0] <= size <= SIZES[1] and half >= 2 and 2 * half + 1 <= MOST_CELLS):
        msg = (
            f"a landscape of {size:g} m in pixels of {resolution:g} m is not possible: the side "
            f"must lie between {SIZES[0]:g} and {SIZES[1]:g} m and have 5 to {MOST_CELLS} pixels"
        )
        raise OutOfBoundsError(msg, size=size, resolution=resolution)
    if max(abs(latitude - around.latitude), abs(longitude - around.longitude)) > 1e-6:
        msg = (
            f"the surroundings are those of {around.latitude:g} N, {around.longitude:g} E, not of "
            f"{latitude:g} N, {longitude:g} E"
        )
        raise OutOfBoundsError(msg, latitude=latitude, longitude=longitude)
    axis = np.arange(-half, half + 1, dtype=np.float64) * float(resolution)
    roots = (seed, round((latitude + 90.0) * 1e5), round((longitude + 360.0) * 1e5))
    return _Frame(axis, float(resolution), around, roots)


def class_number(code: str) -> int:
    """Return the class number of MCD12C1 of an IGBP code; water is 0.

    Raises
    ------
    FileFormatError
        If there is no such code.
    """
    codes = tuple(IGBP_CLASSES)
    if code not in codes:
        msg = f"{code!r} is no IGBP class.{did_you_mean(code, codes)}"
        raise FileFormatError(msg, got=code)
    return (codes.index(code) + 1) % len(codes)


def _smoothed(frame: _Frame, values: Floats) -> Floats:
    """Return the mean of lattice values around every pixel, weighted by a Gaussian."""
    weights = []
    for places in (frame.around.north, frame.around.east):
        raw = np.exp(-0.5 * ((frame.axis[:, np.newaxis] - places) / SMOOTHING) ** 2)
        weights.append(raw / raw.sum(axis=1, keepdims=True))
    return np.asarray(weights[0] @ values @ weights[1].T)


def _class_shares(frame: _Frame, own: int) -> dict[int, Floats]:
    """Return the share of each class around every pixel, the tower's first, then small patches."""
    cover = frame.around.land_cover
    shares = {
        int(code): _smoothed(frame, (cover == code).astype(np.float64)) for code in np.unique(cover)
    }
    # Classes of cells that only a far tail of the Gaussian reaches would be specks.
    shares = {code: share for code, share in shares.items() if share.mean() > 0.002 or code == own}
    mine = shares.pop(own, np.zeros((frame.axis.size, frame.axis.size)))
    rest = sum(shares.values(), np.full_like(mine, 1e-12))
    mine = np.maximum(mine, LEAST_TOWER_SHARE)
    scale = (1.0 - mine) / rest if shares else 0.0
    if not shares:
        mine = np.ones_like(mine)
    order = sorted(shares, key=lambda code: (PATCH[code], code))
    return {own: mine} | {code: shares[code] * scale for code in order}


def _draw_cover(frame: _Frame, shares: dict[int, Floats], own: int) -> Integers:
    """Return class numbers: fields cut off one after the other, each at its share of the rest.

    Truncated Gaussian fields after Galli et al. 1994, doi:10.1007/978-94-015-8267-4_18. The cut is
    by rank, so that the landscape has the shares to a pixel.
    """
    cover = np.full((frame.axis.size, frame.axis.size), -1, dtype=np.int64)
    left = np.ones(cover.shape)
    *first, last = shares
    for code in first:
        field = frame.field(PATCH[code], _COVER, code)
        if code == own:
            field = _at_tower(frame, field, PATCH[code], float(shares[code].mean()))
        odds = np.clip(shares[code] / np.maximum(left, 1e-9), 1e-6, 1.0 - 1e-6)
        score = np.where(cover < 0, field - ndtri(odds), np.inf)
        count = min(round(float(shares[code].sum())), int((cover < 0).sum()))
        chosen = np.argsort(score, axis=None, kind="stable")[:count]
        cover.ravel()[chosen] = code
        left = left - shares[code]
    cover[cover < 0] = last
    middle = frame.axis.size // 2
    cover[middle, middle] = own
    return cover


def _at_tower(frame: _Frame, field: Floats, reach: float, share: float) -> Floats:
    """Return a field conditioned to lie below its cut at the tower, in the patch's inner half.

    Kriging of one residual: Journel and Huijbregts 1978, *Mining Geostatistics*, ch. VII.B.
    """
    depth = frame.random(_PLACE).uniform(0.05, 0.5)
    target = float(ndtri(share * depth))
    middle = frame.axis.size // 2
    distance = np.hypot(frame.axis[:, np.newaxis], frame.axis)
    pull = matern_correlation(distance, reach)
    return np.asarray(field + (target - field[middle, middle]) * pull)


def _draw_scenes(frame: _Frame, cover: Integers, shares: dict[int, Floats]) -> Floats:
    """Return the vegetation index, shape (month, y, x)."""
    around = frame.around
    least, most = _class_extremes(around, tuple(shares))
    least_map, most_map = least[cover], most[cover]
    texture = np.empty(cover.shape)
    # Classes share a texture field by its reach: their pixels never meet.
    for number, reach in enumerate(sorted({TEXTURE[code][1] for code in shares})):
        field = frame.field(reach, _TEXTURE, number)
        for code in (code for code in shares if TEXTURE[code][1] == reach):
            member = cover == code
            texture[member] = TEXTURE[code][0] * field[member]
    least_map += _surplus(frame, cover, around.ndvi_minimum, least)
    most_map += _surplus(frame, cover, around.ndvi_maximum, most)
    season = monthly_season(around.latitude, around.air_temperature)
    spread, reach = SCENE_NOISE
    scenes = np.empty((12, *cover.shape))
    for month in range(12):
        green = least_map + (most_map - least_map) * season[month]
        # Texture grows with the leaves: bare fields look alike.
        strength = 0.4 + 0.6 * season[month]
        scenes[month] = green + strength * texture + spread * frame.field(reach, _SCENE, month)
    return np.clip(scenes, *NDVI_BOUNDS)


def _surplus(frame: _Frame, cover: Integers, observed: Floats, by_class: Floats) -> Floats:
    """Return how much greener the map's cells are than their classes say, for pixels of land."""
    classes = frame.around.land_cover
    difference = np.where(classes == 0, 0.0, observed - by_class[classes])
    surplus = _smoothed(frame, np.nan_to_num(difference))
    return np.where(cover == 0, 0.0, surplus)


def _class_extremes(around: Surroundings, classes: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return least and greatest vegetation index by class number, from cells of the class."""
    out = np.array([TYPICAL_NDVI[code] for code in sorted(TYPICAL_NDVI)]).T.copy()
    for code in {*classes, *np.unique(around.land_cover).tolist()} - {0}:
        member = around.land_cover == code
        for row, values in enumerate((around.ndvi_minimum, around.ndvi_maximum)):
            found = values[member & np.isfinite(values)]
            if found.size:
                out[row, code] = float(found.mean())
    return out[0], out[1]


def _draw_terrain(frame: _Frame) -> Floats:
    """Return the height of the ground [m]: the map's, smooth, with drawn relief on it."""
    around = frame.around
    smooth = RectBivariateSpline(around.north, around.east, around.elevation)(
        frame.axis, frame.axis
    )
    relief = fractal_field(
        frame.random(_TERRAIN),
        frame.axis.size,
        frame.resolution,
        hurst=HURST,
        longest=LONGEST_RELIEF,
    )
    terrain = np.asarray(smooth + relief_per_kilometre(around) * relief)
    middle = frame.axis.size // 2
    return np.asarray(terrain - terrain[middle, middle] + around.tower_elevation)


def relief_per_kilometre(around: Surroundings) -> float:
    """Return the root mean squared difference of height over 1 km [m].

    From that of the map over two cells of the lattice, 0.1 degree, by the law of self-affine
    terrain: differences grow with distance to the power H.
    """
    height = around.elevation
    differences = (height[2:] - height[:-2], height[:, 2:] - height[:, :-2])
    steps = (around.north[2] - around.north[0], around.east[2] - around.east[0])
    # Plain slopes are in the map itself: the mean difference is no relief.
    squares = [
        float(np.var(difference)) * (1000.0 / step) ** (2.0 * HURST)
        for difference, step in zip(differences, steps, strict=True)
    ]
    return float(np.sqrt(np.mean(squares)))


def _labelled(
    frame: _Frame, cover: Integers, scenes: Floats, terrain: Floats, own: int, seed: int
) -> xr.Dataset:
    around = frame.around
    place = {
        "crs": local_crs(around.latitude, around.longitude),
        "utm_crs": utm_crs(around.latitude, around.longitude),
        "data_status": "simulated",
    }
    names = tuple(IGBP_CLASSES.values())
    classes: dict[str, Any] = {
        "units": "1",
        "long_name": "land cover, IGBP class numbers of MCD12C1",
        "legend": "igbp",
        "kind": "categorical",
        "flag_values": np.arange(17, dtype=np.int16),
        "flag_meanings": " ".join(names[(code - 1) % 17].replace(" ", "_") for code in range(17)),
    }
    months = np.array([f"{NOMINAL_YEAR}-{month:02d}-01" for month in range(1, 13)])
    return xr.Dataset(
        {
            "land_cover": (("y", "x"), cover.astype(np.int16), classes | place),
            "normalized_difference_vegetation_index": (
                ("time", "y", "x"),
                scenes.astype(np.float32),
                VARIABLES["normalized_difference_vegetation_index"].attrs() | place,
            ),
            "surface_altitude": (
                ("y", "x"),
                terrain.astype(np.float32),
                VARIABLES["surface_altitude"].attrs() | place,
            ),
        },
        coords={
            "time": months.astype("datetime64[ns]"),
            "y": ("y", frame.axis, {"units": "m", "long_name": "metres north of the tower"}),
            "x": ("x", frame.axis, {"units": "m", "long_name": "metres east of the tower"}),
        },
        attrs=provenance(
            status="simulated",
            source="simulated landscape, drawn from the embedded maps of land cover, vegetation "
            "index and elevation around the place",
            parameters={"smoothing": SMOOTHING, "hurst": HURST, "resolution": frame.resolution},
            seed=seed,
            latitude=around.latitude,
            longitude=around.longitude,
            tower_land_cover=own,
            time_reference="months of a nominal year",
            **{key: value for key, value in place.items() if key != "data_status"},
        ),
    )
