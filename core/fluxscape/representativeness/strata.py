"""Strata of a network: bioclimate times plant functional type, and seats by Hamilton's method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fluxscape.errors import OutOfBoundsError
from fluxscape.towers import IGBP_CLASSES

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

PLANT_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "needleleaf forest": ("ENF", "DNF"),
    "broadleaf forest": ("EBF", "DBF"),
    "mixed forest": ("MF",),
    "shrubland": ("CSH", "OSH"),
    "savanna": ("WSA", "SAV"),
    "grassland": ("GRA",),
    "wetland": ("WET", "WAT"),
    "cropland": ("CRO", "CVM"),
    "barren": ("BSV", "SNO"),
    "urban": ("URB",),
}
"""Plant functional types as groups of IGBP classes; water joins wetland, ice the barren land."""

CLIMATE_ZONES: Final = {1: "tropical", 2: "arid", 3: "temperate", 4: "cold", 5: "polar"}
"""The five main classes of Koeppen and Geiger."""

_GROUP_NAMES: Final = tuple(PLANT_GROUPS)
_GROUP_OF: Final = {code: name for name, codes in PLANT_GROUPS.items() for code in codes}


def plant_group(code: str) -> str:
    """Return the plant functional type of an IGBP code.

    Raises
    ------
    OutOfBoundsError
        If there is no such code.

    Examples
    --------
    >>> plant_group("EBF"), plant_group("CVM")
    ('broadleaf forest', 'cropland')
    """
    if code not in _GROUP_OF:
        msg = f"{code!r} is no IGBP class; known are {', '.join(IGBP_CLASSES)}"
        raise OutOfBoundsError(msg, got=code)
    return _GROUP_OF[code]


def stratum_numbers(zones: Floats, groups: Sequence[str]) -> Integers:
    """Return a number for each pair of climate zone and plant group; see :func:`stratum_name`."""
    places = np.array([_GROUP_NAMES.index(group) for group in groups], dtype=np.int64)
    return np.asarray(zones.astype(np.int64) * len(_GROUP_NAMES) + places)


def stratum_name(number: int) -> str:
    """Return the name of a stratum.

    >>> stratum_name(int(stratum_numbers(np.array([3.0]), ["cropland"])[0]))
    'temperate cropland'
    """
    zone, group = divmod(int(number), len(_GROUP_NAMES))
    return f"{CLIMATE_ZONES[zone]} {_GROUP_NAMES[group]}"


def hamilton(
    shares: Floats,
    seats: int,
    *,
    at_least: int = 0,
    at_most: Integers | None = None,
) -> Integers:
    """Return seats by shares with Hamilton's method of largest remainders.

    Each party gets the whole part of its quota, the seats left go to the largest remainders; of
    equal remainders to the larger share, then to the first. Parties below ``at_least`` or above
    ``at_most`` are set there, and the rest is shared among the others.

    Parameters
    ----------
    shares
        Not negative, of any sum, shape (party,).
    seats
        To give away.
    at_least
        Seats of every party; their seats are not more than there are.
    at_most
        Most seats of each party; no limit when absent.

    Raises
    ------
    OutOfBoundsError
        If shares are negative or all 0, or seats do not fit the limits.

    References
    ----------
    Balinski and Young 2001, *Fair Representation*, ch. 3.
    """
    limits = np.full(shares.size, seats) if at_most is None else np.asarray(at_most)
    floors = np.minimum(at_least, limits)
    if (shares < 0).any() or not shares.sum() > 0 or not floors.sum() <= seats <= limits.sum():
        msg = (
            f"{seats} seats cannot be shared among {shares.size} parties with at least {at_least} "
            f"and at most {limits.tolist()} seats by shares {np.round(shares, 4).tolist()}"
        )
        raise OutOfBoundsError(msg, seats=seats)
    given = np.full(shares.size, -1, dtype=np.int64)
    while (free := given < 0).any():
        left = seats - int(given[~free].sum())
        wanted = _largest_remainders(shares[free], left)
        beyond, below = wanted > limits[free], wanted < floors[free]
        places = np.flatnonzero(free)
        if beyond.any():
            given[places[beyond]] = limits[free][beyond]
        elif below.any():
            given[places[below]] = floors[free][below]
        else:
            given[free] = wanted
    return _balanced(given, seats, shares, floors, limits)


def _largest_remainders(shares: Floats, seats: int) -> Integers:
    total = float(shares.sum())
    # Parties without a share take part once all others are full.
    quota = seats * (shares / total if total > 0.0 else np.full(shares.size, 1 / shares.size))
    whole = np.floor(quota + 1e-9).astype(np.int64)
    order = np.lexsort((np.arange(shares.size), -shares, -np.round(quota - whole, 12)))
    whole[order[: seats - int(whole.sum())]] += 1
    return whole


def _balanced(
    given: Integers, seats: int, shares: Floats, floors: Integers, limits: Integers
) -> Integers:
    """Return seats that sum up: limits set in turn may have left one too many or too few."""
    total = max(float(shares.sum()), 1e-300)
    while (missing := seats - int(given.sum())) != 0:
        step = 1 if missing > 0 else -1
        possible = given < limits if step > 0 else given > floors
        need = step * (seats * shares / total - given)
        given[int(np.argmax(np.where(possible, need, -np.inf)))] += step
    return given
