"""Compiled loops of the footprint climatology.

Symbols: a plume has ``p`` exponent, ``c`` decay, ``d`` shift, ``s`` spread scale, ``q`` spread
exponent, ``g`` saturation (see :mod:`fluxscape.footprint.plume`); ``u`` upwind and ``v`` crosswind
distance from the tower; ``X`` east and ``Y`` north:

    u = X sin(WD) + Y cos(WD),   v = X cos(WD) - Y sin(WD),

with WD the direction the wind comes from, so that a north wind puts the footprint north.

How the fast loop keeps its pace: the footprint is one power of two of a sum of few terms, computed
in single precision by polynomials that the compiler turns into vector code; each row is cut to the
cells within 5 sigma of the plume's axis, which leaves out 6e-7 of the flux; tiles of rows are
shared among the cores, so that each tile's sums stay in the nearest cache and no two cores write
the same cell. Sums of a block of records move to double precision before they lose digits. The
result does not depend on the number of cores. :func:`accumulate_direct` is the plain sum.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import kernel, parallel_kernel, prange
from fluxscape.footprint._kernels_rows import (
    add_draxler_row,
    add_power_row,
    add_root_linear_row,
)

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

ROOT_LINEAR = 1
DRAXLER = 2

# Columns of a table of plumes.
LOG_AMPLITUDE, EXPONENT, DECAY, SHIFT, SPREAD_SCALE, SPREAD_EXPONENT, SATURATION = range(7)
SINE, COSINE, WEIGHT = 7, 8, 9
PLUME_COLUMNS = 10

TILE_ROWS = 8
BLOCK_RECORDS = 64
PADDING = 8
"""Rows are cut at multiples of this many cells, so that vector code meets no remainder."""

CUT_SIGMAS = 5.0
CUT_DECAY = 36.0
TANGENTS = 4
LINES = 2 * TANGENTS + 1

_LOG2_E = 1.0 / math.log(2.0)
_LOG2_ROOT_2PI = 0.5 * math.log2(2.0 * math.pi)


@kernel
def spread_and_slope(kind: int, s: float, q: float, g: float, x: float) -> tuple[float, float]:
    """Return sigma_y [m] and its derivative [1] at an upwind distance ``x`` [m]."""
    power = x**q
    if kind == ROOT_LINEAR:
        root = math.sqrt(1.0 + g * x)
        sigma = s * power / root
        return sigma, sigma / x * (q - 0.5 * g * x / (1.0 + g * x))
    if kind == DRAXLER:
        root = math.sqrt(g * power)
        sigma = s * power / (1.0 + root)
        return sigma, sigma / x * q * (1.0 - 0.5 * root / (1.0 + root))
    sigma = s * power
    return sigma, sigma / x * q


@kernel
def outline(plume: Floats, kind: int, reach: float, lines: Floats) -> None:
    """Fill ``lines`` with half-planes a X + b Y + c >= 0 that enclose all but the plume's fringe.

    Every spread law is concave, so a plume within n sigma lies below each tangent of n sigma(x).
    """
    sine, cosine = plume[SINE], plume[COSINE]
    nearest = max(plume[SHIFT], 0.0) + plume[DECAY] / CUT_DECAY
    lines[0, 0], lines[0, 1], lines[0, 2] = sine, cosine, -nearest
    growth = (max(reach, 2.0 * nearest) / nearest) ** (1.0 / TANGENTS)
    x = nearest * math.sqrt(growth)
    for k in range(TANGENTS):
        sigma, slope = spread_and_slope(
            kind, plume[SPREAD_SCALE], plume[SPREAD_EXPONENT], plume[SATURATION], x
        )
        steep = CUT_SIGMAS * slope
        base = CUT_SIGMAS * sigma - steep * x
        for side in range(2):
            sign = 1.0 - 2.0 * side
            line = lines[1 + 2 * k + side]
            line[0] = steep * sine - sign * cosine
            line[1] = steep * cosine + sign * sine
            line[2] = base
        x *= growth


@kernel
def clip_row(lines: Floats, x0: float, step: float, columns: int, y: float) -> tuple[int, int]:
    """Return first and end column of the cells of row ``y`` that the half-planes leave."""
    low, high = x0, x0 + step * (columns - 1)
    for k in range(lines.shape[0]):
        a = lines[k, 0]
        rest = lines[k, 1] * y + lines[k, 2]
        if a > 1e-12:
            low = max(low, -rest / a)
        elif a < -1e-12:
            high = min(high, -rest / a)
        elif rest < 0.0:
            return 0, 0
    if not low <= high:
        return 0, 0
    first = math.floor((low - x0) / step)
    end = math.ceil((high - x0) / step) + 1
    first -= first % PADDING
    end += (-end) % PADDING
    return first, end


@kernel
def _add_row(row: Singles, kind: int, plume: Floats, x: float, y: float, step: float) -> None:
    """Add one plume to the cells of a row that starts at ``x``, ``y``."""
    sine, cosine = plume[SINE], plume[COSINE]
    u = x * sine + y * cosine
    v = x * cosine - y * sine
    p, s, q, g = plume[EXPONENT], plume[SPREAD_SCALE], plume[SPREAD_EXPONENT], plume[SATURATION]
    a0 = plume[LOG_AMPLITUDE] * _LOG2_E + math.log2(plume[WEIGHT]) - _LOG2_ROOT_2PI
    c2 = plume[DECAY] * _LOG2_E
    d = plume[SHIFT]
    smallest = plume[DECAY] / (2.0 * CUT_DECAY)
    f32 = np.float32
    du, dv = f32(step * sine), f32(step * cosine)
    inner, aside, least = f32(u - d), f32(v), f32(smallest)
    if kind == ROOT_LINEAR:
        k = f32(1.0 / (s * s))
        add_root_linear_row(
            row, inner, du, aside, dv, least, f32(a0), f32(p), f32(c2), f32(d), k, f32(g)
        )
    elif kind == DRAXLER:
        root_g = f32(math.sqrt(g))
        add_draxler_row(
            row, inner, du, aside, dv, least, f32(a0), f32(p), f32(c2), f32(1.0 / s), f32(q), root_g
        )
    else:
        s2 = f32(-math.log2(s))
        add_power_row(row, inner, du, aside, dv, least, f32(a0), f32(p), f32(c2), s2, f32(q))


@kernel
def _add_tile(
    plumes: Floats,
    lines: Floats,
    kind: int,
    x0: float,
    y0: float,
    step: float,
    columns: int,
    first_row: int,
    tile: Floats,
) -> None:
    """Add every plume to the rows of one tile, whose first row is ``first_row`` of the grid."""
    rows, width = tile.shape
    block = np.zeros((rows, width), dtype=np.float32)
    for start in range(0, plumes.shape[0], BLOCK_RECORDS):
        for record in range(start, min(start + BLOCK_RECORDS, plumes.shape[0])):
            for i in range(rows):
                y = y0 + (first_row + i) * step
                first, end = clip_row(lines[record], x0, step, columns, y)
                if end > first:
                    x = x0 + first * step
                    _add_row(block[i, first:end], kind, plumes[record], x, y, step)
        for i in range(rows):
            for j in range(width):
                tile[i, j] += block[i, j]
                block[i, j] = 0.0


@parallel_kernel
def accumulate(
    plumes: Floats, kind: int, x0: float, y0: float, step: float, columns: int, total: Floats
) -> None:
    """Add the weighted densities of all plumes to ``total``.

    Parameters
    ----------
    plumes
        (record, PLUME_COLUMNS); weights positive.
    kind
        Law of the crosswind spread.
    x0, y0, step
        Centre of the first cell and cell size [m].
    columns
        Cells of a row; ``total`` is wider by its padding.
    total
        (y, padded x), double precision [m-2].
    """
    count = plumes.shape[0]
    rows = total.shape[0]
    lines = np.empty((count, LINES, 3))
    far_x = max(abs(x0), abs(x0 + step * columns))
    far_y = max(abs(y0), abs(y0 + step * rows))
    reach = math.hypot(far_x, far_y)
    for record in prange(count):
        outline(plumes[record], kind, reach, lines[record])
    for tile in prange((rows + TILE_ROWS - 1) // TILE_ROWS):
        first = tile * TILE_ROWS
        end = min(first + TILE_ROWS, rows)
        _add_tile(plumes, lines, kind, x0, y0, step, columns, first, total[first:end])


@kernel
def plume_density(plume: Floats, kind: int, u: float, v: float) -> float:
    """Return f [m-2] at upwind ``u`` and crosswind ``v`` distance [m], in double precision."""
    inner = u - plume[SHIFT]
    if inner <= 0.0 or u <= 0.0:
        return 0.0
    sigma, _ = spread_and_slope(
        kind, plume[SPREAD_SCALE], plume[SPREAD_EXPONENT], plume[SATURATION], u
    )
    along = plume[LOG_AMPLITUDE] - plume[EXPONENT] * math.log(inner) - plume[DECAY] / inner
    return math.exp(along - 0.5 * (v / sigma) ** 2) / (math.sqrt(2.0 * math.pi) * sigma)


@kernel
def accumulate_direct(
    plumes: Floats, kind: int, x0: float, y0: float, step: float, columns: int, total: Floats
) -> None:
    """Add the weighted densities cell by cell, record by record: what the fast loop must equal."""
    for record in range(plumes.shape[0]):
        plume = plumes[record]
        for i in range(total.shape[0]):
            y = y0 + i * step
            for j in range(columns):
                x = x0 + j * step
                u = x * plume[SINE] + y * plume[COSINE]
                v = x * plume[COSINE] - y * plume[SINE]
                total[i, j] += plume[WEIGHT] * plume_density(plume, kind, u, v)


@kernel
def _crosswind_limits(
    u: float, sine: float, cosine: float, west: float, east: float, south: float, north: float
) -> tuple[float, float]:
    """Return the ends of the crosswind line at ``u`` inside a rectangle; first > second if none."""
    low, high = -math.inf, math.inf
    for along, across, start, stop in (
        (sine, cosine, west, east),
        (cosine, -sine, south, north),
    ):
        if abs(across) > 1e-12:
            one, two = (start - u * along) / across, (stop - u * along) / across
            low, high = max(low, min(one, two)), min(high, max(one, two))
        elif not start <= u * along <= stop:
            return 1.0, -1.0
    return low, high


@kernel
def _captured(
    plume: Floats, kind: int, west: float, east: float, south: float, north: float, nodes: int
) -> float:
    """Return the share of one plume's flux inside a rectangle, by the trapezoidal rule in ln x."""
    nearest = plume[DECAY] / CUT_DECAY
    reach = math.hypot(max(abs(west), abs(east)), max(abs(south), abs(north)))
    if reach <= plume[SHIFT] + nearest:
        return 0.0
    begin = math.log(nearest)
    width = (math.log(reach - plume[SHIFT]) - begin) / nodes
    share = 0.0
    for i in range(nodes + 1):
        at = begin + i * width
        inner = math.exp(at)
        u = inner + plume[SHIFT]
        low, high = _crosswind_limits(u, plume[SINE], plume[COSINE], west, east, south, north)
        if low >= high:
            continue
        sigma, _ = spread_and_slope(
            kind, plume[SPREAD_SCALE], plume[SPREAD_EXPONENT], plume[SATURATION], u
        )
        scale = 1.0 / (math.sqrt(2.0) * sigma)
        across = 0.5 * (math.erf(high * scale) - math.erf(low * scale))
        along = math.exp(plume[LOG_AMPLITUDE] - (plume[EXPONENT] - 1.0) * at - plume[DECAY] / inner)
        end = 0.5 if i in (0, nodes) else 1.0
        share += end * across * along
    return share * width


@parallel_kernel
def captured_shares(
    plumes: Floats,
    kind: int,
    west: float,
    east: float,
    south: float,
    north: float,
    nodes: int,
    out: Floats,
) -> None:
    """Fill ``out`` with the absolute share of each plume's flux that arises inside a rectangle."""
    for record in prange(plumes.shape[0]):
        out[record] = _captured(plumes[record], kind, west, east, south, north, nodes)
