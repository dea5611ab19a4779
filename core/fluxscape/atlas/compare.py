"""Two maps of one flux beside each other: difference, ratio, scatter, Taylor, zones, trends, sites.

Everything is counted by the ellipsoidal area of the cells that *both* maps have, in the years that
both have; the size of that domain stands with every result.

References
----------
Taylor diagram: Taylor 2001, doi:10.1029/2000JD900719. Triple collocation: Stoffelen 1998,
doi:10.1029/97JC03180, extended by McColl et al. 2014, doi:10.1002/2014GL061322.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.atlas.compare_grid import regrid
from fluxscape.atlas.significance import field_significance
from fluxscape.atlas.totals_zones import CellGrid
from fluxscape.atlas.trends import MINIMUM_COUNT, trend
from fluxscape.atlas.zones import cell_areas
from fluxscape.errors import DimsError, OutOfBoundsError

FloatArray = npt.NDArray[np.float64]

SCATTER_BINS: Final = 60
_LEAST_CELLS: Final = 10


@dataclass(frozen=True, eq=False)
class Pair:
    """Two products on one grid, in the same years, where both have values.

    Attributes
    ----------
    ours, theirs
        (time, y, x), NaN where either is missing.
    area
        Area that counts (y, x) [m2], 0 where either has no value in any year.
    """

    ours: xr.DataArray
    theirs: xr.DataArray
    area: xr.DataArray

    @property
    def years(self) -> tuple[int, ...]:
        """Years that both have."""
        return tuple(int(year) for year in _years(self.ours))

    def means(self) -> tuple[FloatArray, FloatArray]:
        """Return the means over the years, (y, x)."""
        return (
            self.ours.mean("time", skipna=True).to_numpy(),
            self.theirs.mean("time", skipna=True).to_numpy(),
        )

    def difference(self) -> xr.DataArray:
        """Return ours less theirs, mean of the years (y, x)."""
        ours, theirs = self.means()
        return self._map(ours - theirs, "difference", str(self.ours.attrs.get("units", "")))

    def ratio(self) -> xr.DataArray:
        """Return ours over theirs, of the means of the years; NaN unless theirs is positive."""
        ours, theirs = self.means()
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._map(np.where(theirs > 0, ours / theirs, np.nan), "ratio", "1")

    def _map(self, values: FloatArray, name: str, units: str) -> xr.DataArray:
        coords = {"y": self.area["y"], "x": self.area["x"]}
        attrs = {"units": units, "long_name": f"{name} of the two products"}
        return xr.DataArray(values, dims=("y", "x"), coords=coords, name=name, attrs=attrs)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two maps agree; moments are those of the means of the years, by area.

    Attributes
    ----------
    cells, area
        Number and area [m2] of the cells that both have.
    mean_ours, mean_theirs, bias, rmse
        In the unit of the maps; bias is ours less theirs.
    spread_ours, spread_theirs
        Standard deviations in space.
    correlation
        Pearson's, NaN where a map is constant.
    centred_rmse
        Without the bias; Taylor 2001, eq. 2: E'2 = s1 2 + s2 2 - 2 s1 s2 R.
    """

    cells: int
    area: float
    mean_ours: float
    mean_theirs: float
    bias: float
    rmse: float
    spread_ours: float
    spread_theirs: float
    correlation: float
    centred_rmse: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TrendAgreement:
    """Shares of the common area by what the two trends say [1].

    Attributes
    ----------
    same_sign
        Both slopes have one sign.
    both_rise, both_fall
        Both are significant and of that sign.
    opposite
        Both are significant, of opposite signs.
    only_ours, only_theirs
        One is significant.
    neither
        None is.
    years, level
        Number of years, and the false discovery rate within the common cells that Wang and Swail's
        p-values were held against.
    """

    same_sign: float
    both_rise: float
    both_fall: float
    opposite: float
    only_ours: float
    only_theirs: float
    neither: float
    years: int
    level: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def pair(
    ours: xr.DataArray, theirs: xr.DataArray, *, land_fraction: xr.DataArray | None = None
) -> Pair:
    """Bring two annual products together on our grid.

    Parameters
    ----------
    ours
        (time, y, x) on a grid of degrees, with units.
    theirs
        (time, y, x) on any grid with a ``crs`` attribute, in the same units.
    land_fraction
        Share of every cell of ours that counts (y, x) [1].

    Raises
    ------
    DimsError
        If an array has other dimensions.
    OutOfBoundsError
        If they have no year, or fewer than ten cells, in common.
    """
    for array in (ours, theirs):
        if array.dims != ("time", "y", "x"):
            msg = f"compare: {array.name} has dimensions {array.dims}, wanted (time, y, x)"
            raise DimsError(msg, got=array.dims)
    mine, others = _years(ours), _years(theirs)
    common = np.intersect1d(mine, others)
    if common.size == 0:
        msg = (
            f"compare: ours has the years {mine[0]} to {mine[-1]}, {theirs.name} {others[0]} to "
            f"{others[-1]}: none in common"
        )
        raise OutOfBoundsError(msg, ours=mine.tolist(), theirs=others.tolist())
    left = ours.isel(time=np.isin(mine, common))
    right = regrid(theirs.isel(time=np.isin(others, common)), CellGrid.of(ours))
    right = right.assign_coords(time=left["time"])
    known = np.isfinite(left.to_numpy()) & np.isfinite(right.to_numpy())
    area = cell_areas(left["y"], left["x"])
    if land_fraction is not None:
        area = area * np.nan_to_num(land_fraction.to_numpy())
    area = area.where(known.any(axis=0), 0.0)
    if int((area > 0).sum()) < _LEAST_CELLS:
        msg = f"compare: {theirs.name} and ours have {int((area > 0).sum())} cells in common"
        raise OutOfBoundsError(msg, got=int((area > 0).sum()), wanted=_LEAST_CELLS)
    return Pair(left.where(known), right.where(known), area)


def agreement(both: Pair) -> Agreement:
    """Return how the means of the years agree over the common cells, by area."""
    ours, theirs, weight = _columns(both)
    weight = weight / weight.sum()
    mean_a, mean_b = float(weight @ ours), float(weight @ theirs)
    spread_a = float(np.sqrt(weight @ (ours - mean_a) ** 2))
    spread_b = float(np.sqrt(weight @ (theirs - mean_b) ** 2))
    covariance = float(weight @ ((ours - mean_a) * (theirs - mean_b)))
    tiny = 1e-12 * max(abs(mean_a), abs(mean_b), 1e-300)
    varies = spread_a > tiny and spread_b > tiny
    return Agreement(
        cells=int(ours.size),
        area=float(both.area.sum()),
        mean_ours=mean_a,
        mean_theirs=mean_b,
        bias=mean_a - mean_b,
        rmse=float(np.sqrt(weight @ (ours - theirs) ** 2)),
        spread_ours=spread_a,
        spread_theirs=spread_b,
        correlation=covariance / (spread_a * spread_b) if varies else float("nan"),
        centred_rmse=float(np.sqrt(max(spread_a**2 + spread_b**2 - 2 * covariance, 0.0))),
    )


def scatter(both: Pair, *, bins: int = SCATTER_BINS) -> xr.DataArray:
    """Return the area in every square of values, (ours, theirs) [m2].

    Both axes reach from the least to the 99.5th percentile of all values; what lies beyond counts
    in the last square.
    """
    ours, theirs, weight = _columns(both)
    values = np.concatenate([ours, theirs])
    low, high = float(min(values.min(), 0.0)), float(np.percentile(values, 99.5))
    high = high if high > low else low + 1.0
    edges = np.linspace(low, high, bins + 1)
    counts, _, _ = np.histogram2d(
        np.clip(ours, low, high), np.clip(theirs, low, high), bins=[edges, edges], weights=weight
    )
    centres = (edges[1:] + edges[:-1]) / 2
    return xr.DataArray(
        counts,
        dims=("ours", "theirs"),
        coords={"ours": centres, "theirs": centres},
        name="area",
        attrs={"units": "m2", "long_name": "area of cells with these values"},
    )


def zonal_means(both: Pair) -> xr.Dataset:
    """Return the mean over every row of cells that has common ones, by area; (y)."""
    area = both.area
    rows = area.sum("x")
    ours, theirs = both.means()
    coords = {"y": area["y"]}
    out = xr.Dataset(coords=coords, attrs={"units": str(both.ours.attrs.get("units", ""))})
    for name, values in (("ours", ours), ("theirs", theirs)):
        total = np.nansum(np.where(area.to_numpy() > 0, values * area.to_numpy(), 0.0), axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            out[name] = ("y", np.where(rows > 0, total / rows.to_numpy(), np.nan))
    return out.isel(y=(rows > 0).to_numpy())


def trend_agreement(both: Pair, *, level: float = 0.05) -> TrendAgreement | None:
    """Return how the trends of the common years agree; None for fewer than ten years."""
    if len(both.years) < MINIMUM_COUNT:
        return None
    slopes, marks = [], []
    inside = both.area.to_numpy() > 0
    for values in (both.ours, both.theirs):
        found = trend(values, method="wang_swail")
        p_values = np.where(inside, found["p_value"].to_numpy(), np.nan)
        slopes.append(found["slope"].to_numpy())
        marks.append(field_significance(p_values, alpha=level).significant)
    tested = inside & np.isfinite(slopes[0]) & np.isfinite(slopes[1])
    weight = np.where(tested, both.area.to_numpy(), 0.0)
    total = float(weight.sum())
    if total == 0.0:
        return None

    def share(mask: npt.NDArray[np.bool_]) -> float:
        return float(weight[mask].sum()) / total

    same = np.sign(slopes[0]) == np.sign(slopes[1])
    mine, others = marks
    return TrendAgreement(
        same_sign=share(same),
        both_rise=share(mine & others & same & (slopes[0] > 0)),
        both_fall=share(mine & others & same & (slopes[0] < 0)),
        opposite=share(mine & others & ~same),
        only_ours=share(mine & ~others),
        only_theirs=share(~mine & others),
        neither=share(~mine & ~others),
        years=len(both.years),
        level=level,
    )


def site_values(
    both: Pair, sites: Sequence[tuple[str, float, float]]
) -> list[dict[str, float | str | int]]:
    """Return both maps at sites, mean of the common years.

    Parameters
    ----------
    both
        The pair.
    sites
        Name, longitude and latitude [degrees].

    Returns
    -------
    list of dict
        ``site``, ``ours``, ``theirs`` of the cell that holds the site, and number of ``years``;
        sites outside the common cells or without a position are left out.
    """
    grid = CellGrid.of(both.ours)
    ours, theirs = both.means()
    high, wide = grid.steps
    rows: list[dict[str, float | str | int]] = []
    for name, longitude, latitude in sites:
        if not (np.isfinite(longitude) and np.isfinite(latitude)):
            continue
        row = int(np.floor((latitude - grid.y[0]) / high + 0.5))
        column = int(np.floor((longitude - grid.x[0]) / wide + 0.5))
        inside = 0 <= row < grid.y.size and 0 <= column < grid.x.size
        if inside and float(both.area[row, column]) > 0:
            count = int(np.isfinite(both.ours[:, row, column]).sum())
            rows.append(
                {
                    "site": name,
                    "ours": float(ours[row, column]),
                    "theirs": float(theirs[row, column]),
                    "years": count,
                }
            )
    return rows


def _columns(both: Pair) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return means of both and areas of the common cells as rows."""
    ours, theirs = both.means()
    inside = both.area.to_numpy() > 0
    return ours[inside], theirs[inside], both.area.to_numpy()[inside]


def _years(values: xr.DataArray) -> npt.NDArray[np.int64]:
    """Return the calendar years of an annual array."""
    time = values["time"].to_numpy()
    if time.dtype.kind == "M":
        return np.asarray(time.astype("datetime64[Y]").astype(np.int64) + 1970)
    return np.asarray(np.floor(time), dtype=np.int64)
