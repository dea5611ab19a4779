"""Carbon budgets from landscape to nation held together: who says what, and who contributes what.

Estimates and links y = A x + e with covariance V are reconciled by generalised least squares,

    x = (A' V^-1 A)^-1 A' V^-1 y,

Aitken 1936, doi:10.1017/S0370164600014346. The leverage of an estimate, its diagonal element of
A (A' V^-1 A)^-1 A' V^-1, is what it contributes: leverages add up to the number of unknowns. A link
says that a place is the weighted mean of others within an error of representation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from fluxscape.errors import MissingVariableError, did_you_mean
from fluxscape.transport.covariance import cholesky
from fluxscape.transport.scales import COUNTS, LEVELS, Estimate, Link

Floats = NDArray[np.float64]

GRAMS_PER_PETAGRAM: Final = 1e15

_SMALLEST: Final = 1e-10
_ESTIMABLE: Final = 1e-8


@dataclass(frozen=True)
class Reconciliation:
    """What estimates say together.

    Attributes
    ----------
    unknowns
        (place, component) of each unknown.
    known
        Orthonormal directions in the space of the unknowns that the estimates see, shape
        (direction, unknown). Where only sums of components were estimated, only those are known.
    mean, covariance
        Of least norm [g m-2 year-1] and its square; for known sums only.
    labels
        Of estimates and links, in the order of what follows.
    observed, fitted, deviation
        Of estimates and links, shape (row,).
    residual
        (observed - fitted) over its standard deviation [1], shape (row,): beyond 3 it disagrees.
    leverage
        What each row contributes, shape (row,).
    weights
        Of the rows in each unknown, shape (unknown, row).
    chi_square, degrees_of_freedom
        Of the residuals.
    """

    unknowns: tuple[tuple[str, str], ...]
    known: Floats
    mean: Floats
    covariance: Floats
    labels: tuple[str, ...]
    observed: Floats
    fitted: Floats
    deviation: Floats
    residual: Floats
    leverage: Floats
    weights: Floats
    chi_square: float
    degrees_of_freedom: int

    def of(self, place: str, counts: str) -> tuple[float, float, dict[str, float]]:
        """Return a flux, its deviation, and the weight of each estimate in it.

        Parameters
        ----------
        place
            Name of the place.
        counts
            One of :data:`COUNTS`.

        Raises
        ------
        MissingVariableError
            If the estimates do not determine it.
        """
        if not self.knows(place, counts):
            msg = (
                f"the estimates do not determine {counts} of {place!r}: it stands nowhere, or only "
                "in sums with others. Give an estimate of it, if need be zero with its uncertainty"
            )
            raise MissingVariableError(msg, place=place, counts=counts)
        direction = self._direction(place, counts)
        weights = dict(zip(self.labels, (direction @ self.weights).tolist(), strict=True))
        variance = float(direction @ self.covariance @ direction)
        return float(direction @ self.mean), float(np.sqrt(variance)), weights

    def knows(self, place: str, counts: str) -> bool:
        """Return whether the estimates determine a count of a place."""
        if any((place, component) not in self.unknowns for component in COUNTS[counts]):
            return False
        direction = self._direction(place, counts)
        seen = self.known.T @ (self.known @ direction)
        return bool(np.abs(seen - direction).max() < _ESTIMABLE)

    def _direction(self, place: str, counts: str) -> Floats:
        """Return a count of a place in the space of the unknowns."""
        return np.array(
            [
                COUNTS[counts].get(component, 0.0) if where == place else 0.0
                for where, component in self.unknowns
            ]
        )


def reconcile(
    estimates: Sequence[Estimate],
    links: Iterable[Link] = (),
    *,
    group_correlation: float = 0.5,
) -> Reconciliation:
    """Return the fluxes that estimates and links say together.

    Parameters
    ----------
    estimates
        Of any places.
    links
        Between places.
    group_correlation
        Of the errors of estimates of one group [1]; assumed.

    Raises
    ------
    OutOfBoundsError
        If the covariance is singular.
    MissingVariableError
        If there is no estimate, or a link names a place without any.
    """
    links = tuple(links)
    if not estimates:
        msg = "a budget needs at least one estimate"
        raise MissingVariableError(msg)
    unknowns = _unknowns(estimates, links)
    number = {key: i for i, key in enumerate(unknowns)}
    rows, observed, deviation, labels = [], [], [], []
    for item in estimates:
        row = np.zeros(len(unknowns))
        for component, sign in COUNTS[item.counts].items():
            row[number[item.place, component]] = sign
        rows.append(row)
        observed.append(item.flux)
        deviation.append(item.uncertainty)
        labels.append(item.label)
    for link, component in _link_rows(links, number):
        row = np.zeros(len(unknowns))
        row[number[link.place, component]] = 1.0
        for place, weight in link.parts.items():
            row[number[place, component]] -= weight
        rows.append(row)
        observed.append(0.0)
        deviation.append(link.uncertainty)
        labels.append(f"link, {component}, {link.place}")
    A, y, sigma = np.array(rows), np.array(observed), np.array(deviation)
    correlation = np.eye(y.size)
    for i, first in enumerate(estimates):
        for j, second in enumerate(estimates):
            if i != j and first.group and first.group == second.group:
                correlation[i, j] = group_correlation
    V = sigma[:, np.newaxis] * sigma * correlation
    return _solve(unknowns, A, y, V, tuple(labels))


def _unknowns(estimates: Sequence[Estimate], links: Sequence[Link]) -> tuple[tuple[str, str], ...]:
    """Return the components that estimates count, or links carry to a place that they name."""
    found = {(item.place, part): None for item in estimates for part in COUNTS[item.counts]}
    for _ in range(len(links) + 1):
        for link in links:
            places = (link.place, *link.parts)
            for part in link.components:
                if any((place, part) in found for place in places):
                    found |= {(place, part): None for place in places}
    known = {place for place, _ in found}
    for link in links:
        for place in (link.place, *link.parts):
            if place not in known:
                hint = did_you_mean(place, known)
                msg = f"a link names {place!r}, of which no estimate tells.{hint}"
                raise MissingVariableError(msg, got=place)
    return tuple(found)


def _link_rows(
    links: Sequence[Link], number: Mapping[tuple[str, str], int]
) -> Iterable[tuple[Link, str]]:
    for link in links:
        for component in link.components:
            if (link.place, component) in number:
                yield link, component


def _solve(
    unknowns: tuple[tuple[str, str], ...], A: Floats, y: Floats, V: Floats, labels: tuple[str, ...]
) -> Reconciliation:
    """Return the generalised least-squares solution."""
    C = cholesky(V, "the covariance of the estimates")
    white = scipy.linalg.solve_triangular(C, A, lower=True)
    left, values, right = np.linalg.svd(white, full_matrices=False)
    kept = values > _SMALLEST * values.max()
    left, values, right = left[:, kept], values[kept], right[kept]
    inverse = (right.T / values**2) @ right
    weights = scipy.linalg.solve_triangular(
        C, (right.T / values @ left.T).T, lower=True, trans="T"
    ).T
    mean = weights @ y
    fitted = A @ mean
    hat = np.sum(A * weights.T, axis=1)
    misfit = scipy.linalg.solve_triangular(C, y - fitted, lower=True)
    spread = np.sqrt(np.maximum(np.diag(V - A @ inverse @ A.T), 0.0))
    sigma = np.sqrt(np.diag(V))
    with np.errstate(invalid="ignore", divide="ignore"):
        residual = np.where(spread > 1e-9 * sigma, (y - fitted) / spread, 0.0)
    return Reconciliation(
        unknowns,
        right,
        mean,
        inverse,
        labels,
        y,
        fitted,
        sigma,
        residual,
        hat,
        weights,
        float(misfit @ misfit),
        y.size - values.size,
    )


def budget_table(
    result: Reconciliation,
    estimates: Sequence[Estimate],
    areas: Mapping[str, float] | None = None,
) -> list[dict[str, Any]]:
    """Return a row for every place and count: each source beside the reconciled flux.

    Parameters
    ----------
    result
        From :func:`reconcile`.
    estimates
        That went into it.
    areas
        Of places [m2]; totals [Pg year-1 of carbon] are given where they are known.
    """
    levels = {item.place: item.level for item in estimates}
    order = {place: LEVELS.index(level) for place, level in levels.items()}
    rows: list[dict[str, Any]] = []
    for place in sorted(levels, key=lambda name: (order[name], name)):
        for counts in COUNTS:
            here = [item for item in estimates if (item.place, item.counts) == (place, counts)]
            if not result.knows(place, counts):
                continue
            flux, deviation, weights = result.of(place, counts)
            row: dict[str, Any] = {
                "level": levels[place],
                "place": place,
                "counts": counts,
                "flux": flux,
                "uncertainty": deviation,
                "sources": {
                    item.source: {
                        "flux": item.flux,
                        "uncertainty": item.uncertainty,
                        "data_status": item.data_status,
                        "weight": weights[item.label],
                    }
                    for item in here
                },
            }
            if areas and place in areas:
                share = areas[place] / GRAMS_PER_PETAGRAM
                row |= {"total": flux * share, "total_uncertainty": deviation * share}
            rows.append(row)
    return rows
