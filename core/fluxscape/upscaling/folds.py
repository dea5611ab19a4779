"""Folds that cannot flatter: whole sites, blocks of sites, years, or both are left out.

A random split of rows leaves the other months of every test site in the training set, and the score
says how well a model recognises sites: on the same real table 0.83 by rows and 0.69 by sites. Such
a split is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import DimsError, OutOfBoundsError, did_you_mean

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Labels = npt.NDArray[Any]

SPLITS: Final = ("site", "block", "year", "site-year")
"""Ways to split: by site; by blocks of sites with a dead zone as wide as the range of the residual
variogram; by year; by site and year together."""

_RANDOM: Final = ("random", "rows", "kfold", "shuffle")

EARTH_RADIUS: Final = 6371.0
"""Mean radius of the Earth [km]."""


@dataclass(frozen=True)
class Split:
    """One fold: rows to train on and rows to score."""

    train: BoolArray
    test: BoolArray


def fold_numbers(labels: Labels, n_folds: int, *, seed: int = 0) -> IntArray:
    """Return the fold of each row, all rows of a label in one, labels dealt out at random.

    Raises
    ------
    OutOfBoundsError
        If there are fewer labels than folds, or fewer than two folds.
    """
    names, index = np.unique(labels, return_inverse=True)
    if not 2 <= n_folds <= names.size:
        msg = f"{n_folds} folds need 2 folds at least and no more than the {names.size} groups"
        raise OutOfBoundsError(msg, got=n_folds, groups=names.size)
    order = np.random.default_rng(seed).permutation(names.size)
    number = np.empty(names.size, dtype=np.int64)
    number[order] = np.arange(names.size) % n_folds
    return number[index]


def make_splits(
    split: str,
    site: Labels,
    *,
    year: Labels | None = None,
    latitude: FloatArray | None = None,
    longitude: FloatArray | None = None,
    separation: float | None = None,
    n_folds: int = 10,
    seed: int = 0,
) -> list[Split]:
    """Return the folds of a validation.

    Parameters
    ----------
    split
        One of :data:`SPLITS`.
    site
        Site of each row, shape (row,).
    year
        Year of each row, for splits by year.
    latitude, longitude
        Place of each row [degrees], for blocks.
    separation
        Least distance between a test site and any training site [km], for blocks: the range of the
        residual variogram.
    n_folds
        Folds of sites or blocks; years are at most as many.
    seed
        Of the deal.

    Raises
    ------
    OutOfBoundsError
        If the split is random or unknown, or a fold would have no training row.
    DimsError
        If what the split needs is absent.
    """
    if split in _RANDOM:
        msg = (
            f"split {split!r} is refused: rows of the same site would stand on both sides, and the "
            "score would tell how well sites are recognised (0.83 against 0.69 NSE on the same "
            f"real table); use one of {', '.join(SPLITS)}"
        )
        raise OutOfBoundsError(msg, got=split)
    if split not in SPLITS:
        msg = f"split must be one of {', '.join(SPLITS)}, got {split!r}."
        raise OutOfBoundsError(msg + did_you_mean(split, SPLITS), got=split)
    if split == "site":
        made = _by_label(fold_numbers(site, n_folds, seed=seed))
    elif split == "block":
        if latitude is None or longitude is None or separation is None:
            msg = "blocks need latitude, longitude and separation"
            raise DimsError(msg)
        made = list(_blocks(site, latitude, longitude, separation, n_folds, seed))
    else:
        if year is None:
            msg = f"split {split!r} needs the year of each row"
            raise DimsError(msg)
        by_year = fold_numbers(year, min(n_folds, np.unique(year).size), seed=seed)
        made = _by_label(by_year)
        if split == "site-year":
            by_site = fold_numbers(site, n_folds, seed=seed)
            made = list(_both(by_site, by_year))
    _check(made, split)
    return made


def distances(latitude: FloatArray, longitude: FloatArray) -> FloatArray:
    """Return great-circle distances between places [km], shape (place, place)."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    half = (
        np.sin(0.5 * (phi[:, None] - phi)) ** 2
        + np.cos(phi[:, None]) * np.cos(phi) * np.sin(0.5 * (lam[:, None] - lam)) ** 2
    )
    return np.asarray(2.0 * EARTH_RADIUS * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


def _by_label(number: IntArray) -> list[Split]:
    return [Split(number != k, number == k) for k in np.unique(number)]


def _both(by_site: IntArray, by_year: IntArray) -> Iterator[Split]:
    """Return folds of sites and years that both are unseen."""
    for k in np.unique(by_site):
        for m in np.unique(by_year):
            test = (by_site == k) & (by_year == m)
            if test.any():
                yield Split((by_site != k) & (by_year != m), test)


def _blocks(
    site: Labels,
    latitude: FloatArray,
    longitude: FloatArray,
    separation: float,
    n_folds: int,
    seed: int,
) -> Iterator[Split]:
    """Return folds of compact blocks of sites; training sites near a test site are left out."""
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415
    from scipy.spatial.distance import squareform  # noqa: PLC0415

    names, first, index = np.unique(site, return_index=True, return_inverse=True)
    apart = distances(latitude[first], longitude[first])
    if names.size < 2 or not np.isfinite(apart).all():
        msg = "blocks need two sites or more, each with a place"
        raise OutOfBoundsError(msg, sites=names.size)
    tree = linkage(squareform(apart, checks=False), "complete")
    block = fcluster(tree, max(separation, 1e-9), criterion="distance")
    folds = fold_numbers(block, min(n_folds, np.unique(block).size), seed=seed)
    for k in np.unique(folds):
        test = folds == k
        near = apart[:, test].min(axis=1) <= separation
        yield Split(~(near | test)[index], test[index])


def _check(splits: list[Split], split: str) -> None:
    """Raise OutOfBoundsError if a fold has nothing to train on."""
    for number, part in enumerate(splits):
        if not part.train.any() or not part.test.any():
            msg = f"fold {number + 1} of split {split!r} has no row to train on or none to score"
            raise OutOfBoundsError(msg, split=split, fold=number + 1)
