"""Many sites at once: parameters of types, and how each site departs from its type.

A site's z is that of its type plus a departure of its own, whose prior is centred on 0 and narrow.
Types learn from all their sites; a departure learns from its own site only: by blocks
(localisation) or, exactly, by views, as observations of a site see the sum of the two.
Parameters of a type without departures carry over to sites that were never seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from fluxscape.assimilation.iterative import View
from fluxscape.assimilation.passes import Forward
from fluxscape.assimilation.smoother import Block
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.errors import DimsError, MissingVariableError

FloatArray = npt.NDArray[np.float64]

DEPARTURE_SPREAD: Final = 0.3
"""Prior standard deviation of a site's departure on the logit scale; assumed."""


@dataclass(frozen=True)
class SiteHierarchy:
    """Layout of z: the parameters of each type, then the departures of each site.

    Attributes
    ----------
    spaces
        Space of each type.
    types
        Type of each site.
    sites
        Names of the sites.
    spread
        Prior standard deviation of departures; 0 for none, and then z has no columns for them.
    """

    spaces: Mapping[str, ParameterSpace]
    types: tuple[str, ...]
    sites: tuple[str, ...]
    spread: float

    @classmethod
    def of(
        cls,
        spaces: Mapping[str, ParameterSpace],
        site_types: Mapping[str, str],
        *,
        spread: float = DEPARTURE_SPREAD,
    ) -> Self:
        """Make a layout for sites by name and type.

        Raises
        ------
        MissingVariableError
            If a site's type has no space, or there is no site.
        DimsError
            If the spaces of the types estimate different parameters.
        """
        missing = sorted(set(site_types.values()) - set(spaces))
        if missing or not site_types:
            msg = f"no parameters are given for the types {', '.join(missing) or '(no site)'}"
            raise MissingVariableError(msg, types=missing)
        used = {name: spaces[name] for name in dict.fromkeys(site_types.values())}
        if len({space.names for space in used.values()}) != 1:
            msg = "all types must estimate the same parameters in the same order"
            raise DimsError(msg)
        return cls(used, tuple(site_types.values()), tuple(site_types), spread)

    @property
    def per_type(self) -> int:
        """Number of parameters of a type."""
        return next(iter(self.spaces.values())).size

    @property
    def size(self) -> int:
        """Number of columns of z."""
        departures = len(self.sites) if self.spread > 0.0 else 0
        return (len(self.spaces) + departures) * self.per_type

    def draw(self, members: int, seed: int) -> FloatArray:
        """Return z of an ensemble from the prior, shape (member, column)."""
        parts = [
            space.draw(members, seed + 1000 * number)
            for number, space in enumerate(self.spaces.values())
        ]
        if self.spread > 0.0:
            noise = np.random.default_rng([seed, 1]).standard_normal(
                (members, len(self.sites) * self.per_type)
            )
            parts.append(self.spread * (noise - noise.mean(axis=0)))
        return np.concatenate(parts, axis=1)

    def type_columns(self, name: str) -> npt.NDArray[np.int64]:
        """Return the columns of a type's parameters."""
        start = list(self.spaces).index(name) * self.per_type
        return np.arange(start, start + self.per_type)

    def site_columns(self, index: int) -> npt.NDArray[np.int64]:
        """Return the columns of a site's departures."""
        start = (len(self.spaces) + index) * self.per_type
        return np.arange(start, start + self.per_type)

    def site_z(self, z: FloatArray, index: int) -> FloatArray:
        """Return the z of one site, shape (member, parameter)."""
        shared = z[:, self.type_columns(self.types[index])]
        return shared + z[:, self.site_columns(index)] if self.spread > 0.0 else shared

    def prior_spread(self) -> FloatArray:
        """Return the prior standard deviations of z, shape (column,)."""
        parts = [space.prior_spread for space in self.spaces.values()]
        if self.spread > 0.0:
            parts.append(np.full(len(self.sites) * self.per_type, self.spread))
        return np.concatenate(parts)

    def views(self, observations: Sequence[int]) -> list[View]:
        """Return through which sums of columns each site's observations see z.

        Parameters
        ----------
        observations
            Number of observations of each site, in order.
        """
        owner = np.repeat(np.arange(len(self.sites)), observations)
        return [
            View(owner == index, self.site_z(np.eye(self.size), index).T)
            for index in range(len(self.sites))
        ]

    def blocks(self, observations: Sequence[int]) -> list[Block]:
        """Return which observations move which columns.

        Parameters
        ----------
        observations
            Number of observations of each site, in order.
        """
        owner = np.repeat(np.arange(len(self.sites)), observations)
        types = np.array([list(self.spaces).index(name) for name in self.types])
        found = []
        for number, name in enumerate(self.spaces):
            columns = self.type_columns(name)
            own = [self.site_columns(int(i)) for i in np.flatnonzero(types == number)]
            design = np.concatenate([columns, *own]) if self.spread > 0.0 else columns
            found.append(Block(columns, types[owner] == number, design))
        if self.spread > 0.0:
            for index, name in enumerate(self.types):
                columns = self.site_columns(index)
                design = np.concatenate([self.type_columns(name), columns])
                found.append(Block(columns, owner == index, design))
        return found

    def forward(self, operators: Sequence[Forward]) -> Forward:
        """Return one operator of all sites from those of each, in order."""
        if len(operators) != len(self.sites):
            msg = f"{len(operators)} operators for {len(self.sites)} sites"
            raise DimsError(msg)

        def all_sites(z: FloatArray) -> FloatArray:
            parts = [run(self.site_z(z, index)) for index, run in enumerate(operators)]
            return np.concatenate(parts, axis=1)

        return all_sites
