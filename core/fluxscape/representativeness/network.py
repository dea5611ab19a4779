"""A network of towers in environmental space: what it covers, where it lacks, which to choose.

The distance of a cell from a tower is the Euclidean distance of their environments
(:mod:`fluxscape.representativeness.environment`); a network represents a cell as well as its
nearest tower does, and the cells nearest to one tower are its constituency (Hargrove and Hoffman
2004, doi:10.1007/s00267-003-1084-0; Hargrove et al. 2003, doi:10.1029/2003EO480001).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.contracts import provenance
from fluxscape.errors import MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.representativeness import _kernels_network as kernels
from fluxscape.representativeness.environment import EnvironmentalSpace, environmental_space
from fluxscape.representativeness.legends import LEGENDS
from fluxscape.representativeness.strata import plant_group, stratum_numbers
from fluxscape.towers import Tower

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FARTHEST_CELL: Final = 1.0
"""How far from land of the nation a tower may stand [degrees]: on an island or a coast."""

WEIGHTS: Final = ("area", "gpp")
GPP: Final = "gross_primary_production"

TAIL: Final = 0.95
"""Share of the weight within the distance called radius."""


@dataclass(frozen=True, eq=False)
class NetworkSpace:
    """A nation's cells, its towers and the environmental distances between them.

    Attributes
    ----------
    sites
        Names of the towers.
    left_out
        Towers without a position or too far from the nation's land.
    tower_cells
        Cell of each tower.
    weights
        Weight of each cell, by area or gross primary production; sum 1.
    by
        Which of the two.
    distances
        (tower, cell); 1 is the root mean square distance of cells from the nation's mean.
    threshold
        Distance up to which a cell counts as covered: the root mean square distance of cells from
        the mean of their stratum, by area.
    cell_strata, tower_strata
        Numbers of bioclimate times plant functional type.
    space
        The environmental space.
    latitude, longitude
        Axes of the grid [degrees].
    """

    sites: tuple[str, ...]
    left_out: tuple[str, ...]
    tower_cells: Integers
    weights: Floats
    by: str
    distances: Floats
    threshold: float
    cell_strata: Integers
    tower_strata: Integers
    space: EnvironmentalSpace
    latitude: Floats
    longitude: Floats

    def places(self, sites: Iterable[str]) -> Integers:
        """Return the rows of some towers, each once, in the order given.

        Raises
        ------
        MissingVariableError
            If a tower is unknown; proposes the nearest name.
        """
        known = {site.casefold(): place for place, site in enumerate(self.sites)}
        found: dict[int, None] = {}
        for site in sites:
            if site.strip().casefold() not in known:
                msg = f"no tower is called {site!r} in this network of {len(known)} towers."
                msg += did_you_mean(site, self.sites)
                raise MissingVariableError(msg, site=site)
            found[known[site.strip().casefold()]] = None
        return np.array(list(found), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Coverage:
    """How well a set of towers represents a nation.

    Attributes
    ----------
    sites
        The set.
    share
        Share of the nation's weight within the threshold of a tower: the coverage [1].
    mean_distance
        Mean distance from the nearest tower, by weight.
    radius
        Distance within which 95 % of the weight lies.
    distance
        Of each cell from its nearest tower; infinite without towers.
    constituency
        Place in ``sites`` of the nearest tower of each cell, -1 without towers.
    constituency_shares
        Share of the nation's weight in each tower's constituency.
    """

    sites: tuple[str, ...]
    share: float
    mean_distance: float
    radius: float
    distance: Floats
    constituency: Integers
    constituency_shares: Floats


def network_space(
    environment: xr.Dataset,
    towers: Sequence[Tower],
    *,
    by: str = "area",
    blocks: dict[str, float] | None = None,
) -> NetworkSpace:
    """Return the distances between a nation's cells and its towers.

    Parameters
    ----------
    environment
        As :func:`fluxscape.representativeness.environment.national_environment` returns it.
    towers
        Those without a position, or farther than a degree from land, are left out and named. A
        tower has the environment of its cell, or of the nearest one.
    by
        What cells count by: ``"area"`` or ``"gpp"``, the variable ``gross_primary_production`` per
        area times their area.
    blocks
        Weights of the environment's blocks.

    Raises
    ------
    MissingVariableError, OutOfBoundsError
        If ``by`` is neither, its variable is absent, or no tower is left.
    """
    space = environmental_space(environment, blocks=blocks)
    latitude, longitude = (environment[dim].to_numpy().astype(np.float64) for dim in ("y", "x"))
    cells, found = _cells_of(towers, latitude[space.rows], longitude[space.columns])
    kept = [tower for tower, inside in zip(towers, found, strict=True) if inside]
    if not kept:
        msg = f"none of the {len(towers)} towers stands on the nation's land"
        raise OutOfBoundsError(msg)
    cells = cells[found]
    zones = _at_cells(environment, "climate_zone", space)
    covers = _at_cells(environment, "land_cover", space)
    codes = [LEGENDS["igbp"].plant_functional_type(int(number)) for number in covers]
    groups = [plant_group(code) for code in codes]
    own = [plant_group(tower.igbp or codes[cell]) for tower, cell in zip(kept, cells, strict=True)]
    area = _at_cells(environment, "land_area", space)
    strata = stratum_numbers(zones, groups)
    distances = np.empty((len(kept), space.scores.shape[0]))
    kernels.fill_distances(space.scores, np.ascontiguousarray(space.scores[cells]), distances)
    return NetworkSpace(
        sites=tuple(tower.site for tower in kept),
        left_out=tuple(t.site for t, inside in zip(towers, found, strict=True) if not inside),
        tower_cells=cells,
        weights=_weights(environment, space, area, by),
        by=by,
        distances=distances,
        threshold=_spread_within(space.scores, strata, area),
        cell_strata=strata,
        tower_strata=stratum_numbers(zones[cells], own),
        space=space,
        latitude=latitude,
        longitude=longitude,
    )


def coverage(network: NetworkSpace, sites: Iterable[str]) -> Coverage:
    """Return how well a set of towers represents the nation.

    Raises
    ------
    MissingVariableError
        If a tower is unknown.
    """
    return coverage_of_places(network, network.places(sites))


def coverage_of_places(network: NetworkSpace, members: Integers) -> Coverage:
    """Return the coverage of towers by their rows."""
    count = network.weights.size
    first, second = np.empty(count), np.empty(count)
    nearest = np.empty(count, dtype=np.int64)
    kernels.nearest_two(network.distances, members, first, second, nearest)
    weights = network.weights
    shares = np.bincount(nearest[nearest >= 0], weights[nearest >= 0], minlength=members.size)
    return Coverage(
        sites=tuple(network.sites[place] for place in members),
        share=float(weights[first <= network.threshold].sum()),
        mean_distance=float(weights @ first) if members.size else float("inf"),
        radius=_weighted_quantile(first, weights, TAIL),
        distance=first,
        constituency=nearest,
        constituency_shares=np.asarray(shares, dtype=np.float64),
    )


def coverage_change(
    network: NetworkSpace,
    sites: Iterable[str],
    *,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
) -> tuple[Coverage, Coverage]:
    """Return the coverage of a set before and after towers are added and removed by hand.

    Raises
    ------
    MissingVariableError
        If a tower is unknown, or one to remove is not in the set.
    """
    before = network.places(sites)
    away = network.places(remove)
    absent = [network.sites[place] for place in away if place not in before]
    if absent:
        msg = f"{absent[0]} cannot be removed: it is not among the {before.size} towers of the set"
        raise MissingVariableError(msg, site=absent[0])
    kept = [place for place in before if place not in away]
    after = np.array(list(dict.fromkeys([*kept, *network.places(add)])), dtype=np.int64)
    return coverage_of_places(network, before), coverage_of_places(network, after)


def representativeness_map(network: NetworkSpace, covered: Coverage) -> xr.Dataset:
    """Return a coverage as maps over (y, x) in degrees.

    Returns
    -------
    xarray.Dataset
        ``environmental_distance`` from the nearest tower [1], ``constituency`` (place in the
        attribute ``sites``, comma-separated) and ``gap`` (1 beyond the threshold), NaN outside.
    """
    rows, columns = network.space.rows, network.space.columns
    shape = (network.latitude.size, network.longitude.size)

    def grid(values: Floats, long_name: str) -> tuple[tuple[str, str], Floats, dict[str, str]]:
        full = np.full(shape, np.nan)
        full[rows, columns] = values
        return ("y", "x"), full, {"units": "1", "long_name": long_name}

    beyond = (covered.distance > network.threshold).astype(np.float64)
    constituency = covered.constituency.astype(np.float64)
    return xr.Dataset(
        {
            "environmental_distance": grid(covered.distance, "distance from the nearest tower"),
            "constituency": grid(constituency, "place of the nearest tower in sites"),
            "gap": grid(beyond, "whether the distance exceeds the threshold"),
        },
        coords={
            "y": ("y", network.latitude, {"units": "degrees_north"}),
            "x": ("x", network.longitude, {"units": "degrees_east"}),
        },
        attrs=provenance(
            status="mixed",
            source="environmental distance of cells from their nearest tower",
            sites=",".join(covered.sites),
            threshold=network.threshold,
            coverage=covered.share,
            mean_distance=covered.mean_distance,
            weighted_by=network.by,
            crs="EPSG:4326",
        ),
    )


def _at_cells(environment: xr.Dataset, name: str, space: EnvironmentalSpace) -> Floats:
    values = environment[name].transpose("y", "x").to_numpy()
    return np.asarray(values[space.rows, space.columns], dtype=np.float64)


def _weights(environment: xr.Dataset, space: EnvironmentalSpace, area: Floats, by: str) -> Floats:
    if by not in WEIGHTS:
        msg = f"cells count by {' or '.join(WEIGHTS)}, not by {by!r}"
        raise OutOfBoundsError(msg, got=by)
    weights = area
    if by == "gpp":
        if GPP not in environment:
            msg = f"to count cells by gpp the environment needs the variable {GPP!r}"
            raise MissingVariableError(msg, variable=GPP)
        production = _at_cells(environment, GPP, space)
        weights = area * np.maximum(np.nan_to_num(production), 0.0)
    total = float(weights.sum())
    if not total > 0.0:
        msg = f"the cells' weights by {by} sum to nothing"
        raise OutOfBoundsError(msg, got=total)
    return np.asarray(weights / total)


def _cells_of(
    towers: Sequence[Tower], latitude: Floats, longitude: Floats
) -> tuple[Integers, NDArray[np.bool_]]:
    """Return the nearest cell of each tower and whether it is near enough."""
    cells = np.zeros(len(towers), dtype=np.int64)
    found = np.zeros(len(towers), dtype=bool)
    for place, tower in enumerate(towers):
        if not tower.has_position:
            continue
        east = (longitude - tower.longitude) * np.cos(np.radians(tower.latitude))
        square = (latitude - tower.latitude) ** 2 + east**2
        cells[place] = int(square.argmin())
        found[place] = square[cells[place]] <= FARTHEST_CELL**2
    return cells, found


def _spread_within(scores: Floats, strata: Integers, area: Floats) -> float:
    """Return the root mean square distance of cells from the mean of their stratum, by area."""
    _, member = np.unique(strata, return_inverse=True)
    total = np.bincount(member, area)
    centres = np.stack([np.bincount(member, area * column) / total for column in scores.T], axis=1)
    square = ((scores - centres[member]) ** 2).sum(axis=1)
    return float(np.sqrt(area @ square / area.sum()))


def _weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    order = np.argsort(values, kind="stable")
    place = int(np.searchsorted(np.cumsum(weights[order]), share - 1e-12))
    return float(values[order[min(place, order.size - 1)]])
