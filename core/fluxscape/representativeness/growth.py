"""How coverage grows with the number of towers, and where a new tower would add most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fluxscape.errors import OutOfBoundsError
from fluxscape.representativeness import _kernels_network as kernels
from fluxscape.representativeness.network import NetworkSpace

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CURVE_DRAWS: Final = 200

QUANTILES: Final = (0.05, 0.5, 0.95)

EVERY: Final = 16
"""Every sixteenth cell is tried as the place of a new tower."""


@dataclass(frozen=True, eq=False)
class CoverageCurve:
    """Coverage over the number of towers, without strata.

    Attributes
    ----------
    sites
        Towers in the order in which each next one brings towers nearest to the cells.
    coverage, mean_distance
        With the first one, two, ... towers of that order.
    random_low, random_median, random_high
        5, 50 and 95 % quantiles of the coverage of random sets of that size.
    """

    sites: tuple[str, ...]
    coverage: Floats
    mean_distance: Floats
    random_low: Floats
    random_median: Floats
    random_high: Floats


@dataclass(frozen=True, slots=True)
class NewPlace:
    """A place for a new tower.

    Attributes
    ----------
    latitude, longitude
        Centre of the cell [degrees].
    coverage
        Coverage with this and the places before it.
    gain
        What it adds.
    """

    latitude: float
    longitude: float
    coverage: float
    gain: float


def coverage_curve(
    network: NetworkSpace, *, draws: int = CURVE_DRAWS, seed: int = 0
) -> CoverageCurve:
    """Return coverage over the number of towers.

    Parameters
    ----------
    network
        From :func:`fluxscape.representativeness.network.network_space`.
    draws
        Random orders of all towers to compare with, at least 1.
    seed
        Of the orders.

    Raises
    ------
    OutOfBoundsError
        If there is no draw or the seed is negative.
    """
    if draws < 1 or seed < 0:
        msg = f"draws must be positive and seed not negative, got {draws} and {seed}"
        raise OutOfBoundsError(msg, draws=draws, seed=seed)
    d, weights = network.distances, network.weights
    count = d.shape[0]
    least = np.full(weights.size, np.inf)
    means = np.empty(count)
    chosen: list[int] = []
    covered, mean = np.empty(count), np.empty(count)
    for place in range(count):
        kernels.fill_joint_means(d, weights, least, means)
        means[chosen] = np.inf
        best = int(means.argmin())
        chosen.append(best)
        kernels.lower_to(d[best], least)
        covered[place] = weights[least <= network.threshold].sum()
        mean[place] = means[best]
    random = np.random.default_rng(seed)
    orders = np.stack([random.permutation(count) for _ in range(draws)])
    growing = np.empty((draws, count))
    kernels.fill_growing_coverage(d, weights, orders, network.threshold, growing)
    low, median, high = np.quantile(growing, QUANTILES, axis=0)
    sites = tuple(network.sites[place] for place in chosen)
    return CoverageCurve(sites, covered, mean, low, median, high)


def new_places(
    network: NetworkSpace, sites: Iterable[str], *, count: int = 5
) -> tuple[NewPlace, ...]:
    """Return where new towers would add most coverage to a set, one after the other.

    Every sixteenth cell is tried. Whether a tower can stand there is another question.

    Raises
    ------
    MissingVariableError
        If a tower is unknown.
    OutOfBoundsError
        If the count is not positive.
    """
    if count < 1:
        msg = f"the number of new places must be positive, got {count}"
        raise OutOfBoundsError(msg, got=count)
    tried = np.arange(0, network.weights.size, EVERY)
    scores = network.space.scores
    reached = np.empty((tried.size, network.weights.size))
    kernels.fill_distances(scores, np.ascontiguousarray(scores[tried]), reached)
    near = reached <= network.threshold
    covered = np.zeros(network.weights.size, dtype=bool)
    for place in network.places(sites):
        covered |= network.distances[place] <= network.threshold
    found = []
    for _ in range(count):
        gains = near @ np.where(covered, 0.0, network.weights)
        best = int(gains.argmax())
        covered |= near[best]
        cell = tried[best]
        found.append(
            NewPlace(
                latitude=float(network.latitude[network.space.rows[cell]]),
                longitude=float(network.longitude[network.space.columns[cell]]),
                coverage=float(network.weights[covered].sum()),
                gain=float(gains[best]),
            )
        )
    return tuple(found)
