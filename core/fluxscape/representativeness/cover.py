"""Land cover by source area and by surroundings: shares, chi-square tests and levels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.errors import OutOfBoundsError
from fluxscape.representativeness.areas import (
    SIZES,
    Shape,
    area_of,
    check_sizes,
    coverage,
    half_width,
)
from fluxscape.representativeness.chu import composition_test, cover_level
from fluxscape.representativeness.frame import (
    LATTICE_STEP,
    Floats,
    Lattice,
    Located,
    Weights,
    footprint_weights,
    place_of,
    truncated,
    within_source_area,
)
from fluxscape.representativeness.legends import Legend, find_legend, guess_legend
from fluxscape.representativeness.limits import Limits
from fluxscape.representativeness.regrid import ClassField, class_field

FRACTIONS: Final = (0.5, 0.6, 0.7, 0.8, 0.9)
"""Source areas by the share of the flux that they stand for."""

HOMOGENEOUS: Final = "homogeneous"
REPRESENTATIVE: Final = "representative"
DISTURBED: Final = "disturbed"


@dataclass(frozen=True, slots=True, eq=False)
class CoverProfile:
    """Land cover of a footprint and of its surroundings.

    Attributes
    ----------
    legend
        Name of the map's legend.
    target, target_codes
        What the tower stands for, a plant functional type, a code or ``dominant``, and its codes.
    dominant
        Code with the largest share of the source area.
    target_share
        Share of the target in the source area of ``Limits.source_area``, among valid pixels.
    valid_share
        Share of the gridded footprint on pixels with a class.
    homogeneity
        ``homogeneous`` from 80 % of the target cover in the source area, ``representative`` from
        50 %, else ``disturbed`` (limits of Goeckede et al. 2008, doi:10.5194/bg-5-433-2008; the
        words are ours).
    table
        Shares by class of the whole grid (``footprint_share``), of each source area
        (``source_area_share``), of discs and squares (``disc_share``, ``square_share``), the
        target's share in each, and chi-square, degrees of freedom, p and level against each disc
        and square.
    """

    legend: str
    target: str
    target_codes: tuple[int, ...]
    dominant: int
    target_share: float
    valid_share: float
    homogeneity: str
    table: xr.Dataset

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and texts; the table as lists."""
        table = self.table
        facts = {
            "legend": self.legend,
            "target": self.target,
            "target_codes": list(self.target_codes),
            "dominant": self.dominant,
            "target_share": self.target_share,
            "valid_share": self.valid_share,
            "homogeneity": self.homogeneity,
        }
        return facts | {
            str(name): table[name].to_numpy().tolist() for name in (*table.coords, *table.data_vars)
        }


def cover_profile(
    climatology: xr.Dataset,
    raster: xr.DataArray,
    tower: Located | None = None,
    *,
    target: str | int | None = None,
    legend: str | None = None,
    fractions: Sequence[float] = FRACTIONS,
    radii: Sequence[float] = SIZES,
    sides: Sequence[float] = SIZES,
    limits: Limits | None = None,
) -> CoverProfile:
    """Return the land cover of a footprint's source areas against that of discs and squares.

    Shares of the footprint are taken on its own cells. Tests use the fixed 30 m lattice about the
    tower, whatever the map's pixels: chi-square depends on the number of cells.

    Parameters
    ----------
    climatology
        As :func:`fluxscape.footprint.footprint_climatology` returns it.
    raster
        Class codes (y, x), NaN where missing; attribute ``crs``, and ``legend`` if it knows.
    tower
        Position; by default the climatology's attributes. Its ``igbp``, if it has one, is the
        target unless ``target`` is given.
    target
        Plant functional type (an IGBP class such as ``GRA``) or a code of the legend. By default
        the tower's, else the footprint's dominant class.
    legend
        Name from :data:`fluxscape.representativeness.legends.LEGENDS`; by default the raster's
        attribute, else the only one that fits the codes.
    fractions, radii, sides
        Source areas [1], discs and squares [m].
    limits
        Of the levels.

    Raises
    ------
    DimsError, FileFormatError, OutOfBoundsError
        As :func:`fluxscape.representativeness.regrid.to_footprint_grid`; also if a code is not in
        the legend or no single legend fits.
    """
    rules = limits if limits is not None else Limits()
    weights, place = footprint_weights(climatology), place_of(tower, climatology)
    lattice = Lattice.around(max(*radii, *(0.5 * side for side in sides)), LATTICE_STEP)
    fine, wide = class_field(raster, weights.grid, place), class_field(raster, lattice, place)
    known, codes = _known_codes(raster, legend, {*fine.codes, *wide.codes})
    fine, wide = _reordered(fine, codes), _reordered(wide, codes)
    seen = _class_shares(fine, truncated(weights, rules.source_area))
    dominant = codes[int(np.argmax(seen))]
    named, wanted = _target(known, target, tower, dominant)
    whole = _class_shares(fine, weights)
    by_fraction = np.full((len(fractions), len(codes)), np.nan)
    for i, fraction in enumerate(fractions):
        inside = within_source_area(weights, fraction)
        if inside is not None:
            by_fraction[i] = _class_shares(fine, inside)
    coords = {
        "class": list(codes),
        "fraction": ("fraction", [float(f) for f in fractions]),
        "class_name": ("class", [known.label(code) for code in codes]),
        "plant_functional_type": ("class", [known.plant_functional_type(c) for c in codes]),
    }
    table = xr.Dataset(coords=coords)
    member = np.isin(codes, wanted)
    table["footprint_share"] = ("class", whole)
    table["source_area_share"] = (("fraction", "class"), by_fraction)
    table["source_area_target_share"] = ("fraction", by_fraction[:, member].sum(axis=1))
    for shape, dim, sizes in (("disc", "radius", radii), ("square", "side", sides)):
        around = _surroundings(wide, cast("Shape", shape), check_sizes(sizes), rules)
        _compare(table, shape, dim, sizes, around, seen, codes.index(dominant), member, rules)
    held = float((fine.valid * weights.share).sum() / weights.captured)
    share = float(seen[member].sum())
    return CoverProfile(
        legend=known.name,
        target=named,
        target_codes=wanted,
        dominant=dominant,
        target_share=share if held >= rules.least_valid else math.nan,
        valid_share=held,
        homogeneity=_homogeneity(share, rules),
        table=table,
    )


def _known_codes(
    raster: xr.DataArray, name: str | None, found: set[int]
) -> tuple[Legend, tuple[int, ...]]:
    """Return the legend and the codes around the tower, less those that stand for no data."""
    given = name if name is not None else raster.attrs.get("legend")
    where = str(raster.name or "land cover")
    if given is None:
        legend = guess_legend(found, where=where)
    else:
        legend = find_legend(str(given))
        legend.check(found, where=where)
    kept = tuple(sorted(code for code in found if code in legend.classes))
    if not kept:
        msg = f"{where}: every pixel around the tower is missing in {legend.title}"
        raise OutOfBoundsError(msg, codes=sorted(found))
    return legend, kept


def _reordered(field: ClassField, codes: tuple[int, ...]) -> ClassField:
    """Return the field with planes for the given codes, zero for those that it lacks."""
    if field.codes == codes:
        return field
    share = np.zeros((len(codes), *field.grid.shape))
    for i, code in enumerate(codes):
        if code in field.codes:
            share[i] = field.share[field.codes.index(code)]
    return ClassField(field.grid, codes, share)


def _class_shares(field: ClassField, weights: Weights) -> Floats:
    """Return the share of each class among the valid part of a footprint; NaN if there is none."""
    sums = np.tensordot(field.share, weights.share, axes=((1, 2), (0, 1)))
    total = float(sums.sum())
    return np.asarray(sums / total if total > 0.0 else np.full(sums.shape, np.nan))


def _target(
    legend: Legend, target: str | int | None, tower: Located | None, dominant: int
) -> tuple[str, tuple[int, ...]]:
    """Return what the tower stands for and its codes."""
    if isinstance(target, int):
        legend.check((target,), where="target")
        return str(target), (target,)
    asked = target if target is not None else getattr(tower, "igbp", "")
    if asked:
        codes = legend.codes_of(str(asked))
        if codes:
            return str(asked), codes
        if target is not None:
            msg = f"the legend {legend.name} has no class for {target!r}; name one of its codes"
            raise OutOfBoundsError(msg, got=target, legend=legend.name)
    return "dominant", (dominant,)


def _surroundings(
    field: ClassField, shape: Shape, sizes: tuple[float, ...], limits: Limits
) -> tuple[Floats, Floats]:
    """Return the share of each class in each area and the number of its classified cells."""
    shares = np.full((len(sizes), len(field.codes)), np.nan)
    cells = np.full(len(sizes), np.nan)
    for i, size in enumerate(sizes):
        part = _window(field, half_width(shape, size))
        inside = coverage(part.grid, shape, size)
        sums = np.tensordot(part.share, inside, axes=((1, 2), (0, 1)))
        total = float(sums.sum())
        if total * LATTICE_STEP**2 >= limits.least_valid * area_of(shape, size) and total > 0.0:
            shares[i], cells[i] = sums / total, total
    return shares, cells


def _window(field: ClassField, reach: float) -> ClassField:
    """Return the cells of a field that a centred area can touch."""
    half = 0.5 * field.grid.resolution
    columns = np.abs(field.grid.x) - half < reach
    rows = np.abs(field.grid.y) - half < reach
    grid = Lattice(field.grid.x[columns], field.grid.y[rows], field.grid.resolution)
    return ClassField(grid, field.codes, field.share[:, rows][:, :, columns])


def _compare(
    table: xr.Dataset,
    shape: str,
    dim: str,
    sizes: Sequence[float],
    around: tuple[Floats, Floats],
    seen: Floats,
    dominant: int,
    member: NDArray[np.bool_],
    limits: Limits,
) -> None:
    """Write shares, tests and levels of one kind of area into the table."""
    shares, cells = around
    tests = [composition_test(seen, share, n) for share, n in zip(shares, cells, strict=True)]
    levels = [
        cover_level(
            float(seen[dominant]),
            float(share[dominant]),
            test[2],
            high=limits.cover_high,
            medium=limits.cover_medium,
            significance=limits.significance,
        )
        for share, test in zip(shares, tests, strict=True)
    ]
    table.coords[dim] = (dim, [float(size) for size in sizes], {"units": "m"})
    table[f"{shape}_share"] = ((dim, "class"), shares)
    table[f"{shape}_target_share"] = (dim, shares[:, member].sum(axis=1))
    table[f"{shape}_chi_square"] = (dim, [test[0] for test in tests])
    table[f"{shape}_degrees_of_freedom"] = (dim, [test[1] for test in tests])
    table[f"{shape}_p_value"] = (dim, [test[2] for test in tests])
    table[f"{shape}_level"] = (dim, levels)


def _homogeneity(share: float, limits: Limits) -> str:
    if math.isnan(share):
        return ""
    if share >= limits.cover_high:
        return HOMOGENEOUS
    return REPRESENTATIVE if share >= limits.cover_medium else DISTURBED
