"""The choice of some of a network's towers, and an honest comparison with chance.

Seats go to strata of bioclimate and plant functional type by their share of the nation
(:func:`fluxscape.representativeness.strata.hamilton`). In a stratum towers of the best site score
come first. Among equals a greedy k-centre search (farthest first: Gonzalez 1985,
doi:10.1016/0304-3975(85)90224-5) picks towers by environmental distance, and interchanges within
strata (Teitz and Bart 1968, doi:10.1287/opre.16.5.955) go on until none brings towers nearer to
the nation's cells. The same seats are then drawn at random many times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fluxscape.errors import OutOfBoundsError
from fluxscape.representativeness import _kernels_network as kernels
from fluxscape.representativeness.network import (
    Coverage,
    NetworkSpace,
    coverage_of_places,
)
from fluxscape.representativeness.strata import hamilton, stratum_name

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SHARE: Final = 1.0 / 3.0
"""Share of the towers that is chosen."""

DRAWS: Final = 1000
MOST_INTERCHANGES: Final = 1000


@dataclass(frozen=True, slots=True)
class Stratum:
    """One stratum of a choice.

    Attributes
    ----------
    name
        Bioclimate and plant functional type.
    share
        Share of the nation's weight.
    towers, chosen
        Number of towers there are and of those chosen.
    covered
        Share of the stratum's weight that the choice covers.
    """

    name: str
    share: float
    towers: int
    chosen: int
    covered: float


@dataclass(frozen=True, eq=False)
class NetworkChoice:
    """Towers chosen from a network.

    Attributes
    ----------
    coverage
        Of the chosen towers, in the order in which the search took them.
    greedy
        Of the search before interchanges.
    everything
        Of all towers.
    strata
        Every stratum of the nation, the largest first; also those without a tower.
    interchanges
        Number of interchanges made.
    random_coverage, random_mean_distance
        Of each random draw with the same seats.
    beaten_coverage, beaten_mean_distance
        Share of the draws that the choice beats; a tie counts half.
    seed
        Of the draws.
    """

    coverage: Coverage
    greedy: Coverage
    everything: Coverage
    strata: tuple[Stratum, ...]
    interchanges: int
    random_coverage: Floats
    random_mean_distance: Floats
    beaten_coverage: float
    beaten_mean_distance: float
    seed: int

    @property
    def sites(self) -> tuple[str, ...]:
        """The chosen towers."""
        return self.coverage.sites


def choose_towers(
    network: NetworkSpace,
    *,
    share: float = SHARE,
    count: int | None = None,
    scores: Mapping[str, float] | None = None,
    at_least: int = 1,
    draws: int = DRAWS,
    seed: int = 0,
) -> NetworkChoice:
    """Return the towers that represent the nation best within the seats of its strata.

    Parameters
    ----------
    network
        From :func:`fluxscape.representativeness.network.network_space`.
    share
        Share of the towers to choose, in (0, 1].
    count
        Number of towers instead of a share.
    scores
        Site score by tower, higher is better, such as the overall 1-3 of an assessment. In a
        stratum no tower is taken while one of a higher score is left. A tower without one, or with
        NaN, comes after all others.
    at_least
        Seats of every stratum that has a tower, if there are seats enough for all.
    draws
        Random draws to compare with; they do not look at scores.
    seed
        Of the draws, not negative.

    Raises
    ------
    OutOfBoundsError
        If share, count, draws or seed are impossible.
    MissingVariableError
        If a score names an unknown tower.
    """
    wanted = _wanted(network, share, count)
    if draws < 0 or seed < 0:
        msg = f"draws and seed must not be negative, got {draws} and {seed}"
        raise OutOfBoundsError(msg, draws=draws, seed=seed)
    numbers, seats = _seats(network, wanted, at_least)
    levels = _levels(network, scores or {})
    fixed, groups = _groups(network, numbers, seats, levels)
    greedy = _greedy(network, fixed, groups)
    chosen, interchanges = _interchanged(network, groups, greedy)
    covered = coverage_of_places(network, chosen)
    statistics = _random_draws(network, numbers, seats, draws, seed)
    return NetworkChoice(
        coverage=covered,
        greedy=coverage_of_places(network, greedy),
        everything=coverage_of_places(network, np.arange(len(network.sites))),
        strata=_strata(network, covered, chosen),
        interchanges=interchanges,
        random_coverage=statistics[:, 0],
        random_mean_distance=statistics[:, 1],
        beaten_coverage=_beaten(statistics[:, 0], covered.share),
        beaten_mean_distance=_beaten(-statistics[:, 1], -covered.mean_distance),
        seed=seed,
    )


def _wanted(network: NetworkSpace, share: float, count: int | None) -> int:
    towers = len(network.sites)
    if count is None:
        if not 0.0 < share <= 1.0:
            msg = f"the share of towers must lie in (0, 1], got {share!r}"
            raise OutOfBoundsError(msg, got=share)
        return max(1, round(share * towers))
    if not 1 <= count <= towers:
        msg = f"1 to {towers} towers can be chosen, not {count}"
        raise OutOfBoundsError(msg, got=count)
    return count


def _seats(network: NetworkSpace, wanted: int, at_least: int) -> tuple[Integers, Integers]:
    """Return the strata that have towers and their seats."""
    numbers, towers = np.unique(network.tower_strata, return_counts=True)
    shares = np.array([network.weights[network.cell_strata == n].sum() for n in numbers])
    floor = at_least if np.minimum(at_least, towers).sum() <= wanted else 0
    if not shares.sum() > 0.0:
        shares = towers / towers.sum()
    return numbers, hamilton(shares, wanted, at_least=floor, at_most=towers)


def _levels(network: NetworkSpace, scores: Mapping[str, float]) -> Floats:
    """Return the score of every tower, -inf where there is none."""
    levels = np.full(len(network.sites), -np.inf)
    for site, score in scores.items():
        if np.isinf(score):
            msg = f"the score of {site} is infinite"
            raise OutOfBoundsError(msg, site=site, got=score)
        if not np.isnan(score):
            levels[network.places([site])] = score
    return levels


def _groups(
    network: NetworkSpace, numbers: Integers, seats: Integers, levels: Floats
) -> tuple[list[int], list[tuple[Integers, int]]]:
    """Return towers that scores decide on, and groups of equals with the seats left for them."""
    fixed: list[int] = []
    groups: list[tuple[Integers, int]] = []
    for number, available in zip(numbers, seats, strict=True):
        members = np.flatnonzero(network.tower_strata == number)
        left = int(available)
        for level in sorted(set(levels[members].tolist()), reverse=True):
            equals = members[levels[members] == level]
            if equals.size <= left:
                fixed.extend(equals.tolist())
            elif left > 0:
                groups.append((equals, left))
            left = max(left - equals.size, 0)
    return fixed, groups


def _greedy(
    network: NetworkSpace, fixed: list[int], groups: list[tuple[Integers, int]]
) -> Integers:
    """Return towers by farthest first: the cell that gains most by an available tower gets it."""
    d, weights = network.distances, network.weights
    chosen = list(fixed)
    least = d[fixed].min(axis=0) if fixed else np.full(weights.size, np.inf)
    left = [seats for _, seats in groups]
    group_of = {int(place): g for g, (members, _) in enumerate(groups) for place in members}
    while any(left):
        open_places = np.array(
            [p for p, g in group_of.items() if left[g] and p not in chosen], dtype=np.int64
        )
        if np.isinf(least).all():
            best = int(open_places[int((d[open_places] @ weights).argmin())])
        else:
            nearest = d[open_places].min(axis=0)
            cell = int((least - nearest).argmax())
            best = int(open_places[int(d[open_places, cell].argmin())])
        chosen.append(best)
        left[group_of[best]] -= 1
        least = np.minimum(least, d[best])
    return np.array(chosen, dtype=np.int64)


def _interchanged(
    network: NetworkSpace,
    groups: list[tuple[Integers, int]],
    start: Integers,
) -> tuple[Integers, int]:
    """Return the towers after the best interchange within a group, again and again."""
    d, weights = network.distances, network.weights
    chosen = start.copy()
    group_of = np.full(d.shape[0], -1)
    for number, (members, _) in enumerate(groups):
        group_of[members] = number
    first, second = np.empty(weights.size), np.empty(weights.size)
    nearest = np.empty(weights.size, dtype=np.int64)
    for made in range(MOST_INTERCHANGES):
        candidates = np.setdiff1d(np.flatnonzero(group_of >= 0), chosen)
        if not candidates.size:
            return chosen, made
        kernels.nearest_two(d, chosen, first, second, nearest)
        change = np.empty((candidates.size, chosen.size))
        kernels.fill_interchanges(
            d, weights, candidates, chosen.size, first, second, nearest, change
        )
        allowed = group_of[candidates][:, np.newaxis] == group_of[chosen]
        change = np.where(allowed, change, np.inf)
        place = int(change.argmin())
        row, column = divmod(place, chosen.size)
        if not change[row, column] < -1e-12:
            return chosen, made
        chosen[column] = candidates[row]
    return chosen, MOST_INTERCHANGES


def _random_draws(
    network: NetworkSpace, numbers: Integers, seats: Integers, draws: int, seed: int
) -> Floats:
    """Return covered share and mean distance of random towers with the same seats."""
    random = np.random.default_rng(seed)
    sets = np.empty((draws, int(seats.sum())), dtype=np.int64)
    pools = [np.flatnonzero(network.tower_strata == number) for number in numbers]
    for draw in range(draws):
        picked = [
            random.choice(pool, size=int(n), replace=False)
            for pool, n in zip(pools, seats, strict=True)
        ]
        sets[draw] = np.concatenate(picked)
    out = np.empty((draws, 2))
    kernels.fill_set_statistics(network.distances, network.weights, sets, network.threshold, out)
    return out


def _beaten(values: Floats, own: float) -> float:
    """Return the share of values below one's own; equals count half."""
    if not values.size:
        return float("nan")
    return float(((values < own).sum() + 0.5 * (values == own).sum()) / values.size)


def _strata(network: NetworkSpace, covered: Coverage, chosen: Integers) -> tuple[Stratum, ...]:
    rows = []
    near = covered.distance <= network.threshold
    for number in np.union1d(network.cell_strata, network.tower_strata):
        weights = np.where(network.cell_strata == number, network.weights, 0.0)
        share = float(weights.sum())
        rows.append(
            Stratum(
                name=stratum_name(number),
                share=share,
                towers=int((network.tower_strata == number).sum()),
                chosen=int((network.tower_strata[chosen] == number).sum()),
                covered=float(weights[near].sum()) / share if share > 0.0 else float("nan"),
            )
        )
    return tuple(sorted(rows, key=lambda row: -row.share))
