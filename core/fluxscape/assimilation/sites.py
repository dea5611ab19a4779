"""Many sites at once: what all types share, parameters of types, and departures of sites.

A site's z is that of its type plus a departure of its own, whose prior is centred on 0 and narrow.
Types learn from all their sites; a departure learns from its own site only: by blocks
(localisation) or, exactly, by views, as observations of a site see the sum of the two.
A share of the types' prior variance may be common to all of them: then one type learns from
another, and a type that was never seen gets what they have in common. ``SiteHierarchy.new_site``
gives the parameters of a site that was never seen, as uncertain as types and departures are.
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
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError

FloatArray = npt.NDArray[np.float64]

DEPARTURE_SPREAD: Final = 0.3
"""Prior standard deviation of a site's departure on the logit scale; assumed."""


@dataclass(frozen=True)
class SiteHierarchy:
    """Layout of z: what types share, the parameters of each type, the departures of each site.

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
    common
        Share of the types' prior variance that is common to all, 0 to below 1; 0 for nothing, and
        then z has no columns for it.
    """

    spaces: Mapping[str, ParameterSpace]
    types: tuple[str, ...]
    sites: tuple[str, ...]
    spread: float
    common: float = 0.0

    @classmethod
    def of(
        cls,
        spaces: Mapping[str, ParameterSpace],
        site_types: Mapping[str, str],
        *,
        spread: float = DEPARTURE_SPREAD,
        common: float = 0.0,
    ) -> Self:
        """Make a layout for sites by name and type.

        Raises
        ------
        MissingVariableError
            If a site's type has no space, or there is no site.
        DimsError
            If the spaces of the types estimate different parameters.
        OutOfBoundsError
            If the common share does not lie from 0 to below 1.
        """
        missing = sorted(set(site_types.values()) - set(spaces))
        if missing or not site_types:
            msg = f"no parameters are given for the types {', '.join(missing) or '(no site)'}"
            raise MissingVariableError(msg, types=missing)
        if not 0.0 <= common < 1.0:
            msg = f"the common share of the prior variance must lie in 0 to 1, got {common:g}"
            raise OutOfBoundsError(msg, got=common)
        used = {name: spaces[name] for name in dict.fromkeys(site_types.values())}
        if len({space.names for space in used.values()}) != 1:
            msg = "all types must estimate the same parameters in the same order"
            raise DimsError(msg)
        return cls(used, tuple(site_types.values()), tuple(site_types), spread, common)

    @property
    def per_type(self) -> int:
        """Number of parameters of a type."""
        return next(iter(self.spaces.values())).size

    @property
    def size(self) -> int:
        """Number of columns of z."""
        departures = len(self.sites) if self.spread > 0.0 else 0
        return (self._first_type + len(self.spaces) + departures) * self.per_type

    @property
    def _first_type(self) -> int:
        """Number of groups of columns before the types'."""
        return int(self.common > 0.0)

    def draw(self, members: int, seed: int) -> FloatArray:
        """Return z of an ensemble from the prior, shape (member, column)."""
        own = np.sqrt(1.0 - self.common)
        parts = []
        if self.common > 0.0:
            first = next(iter(self.spaces.values()))
            shared = first.draw(members, seed + 999) - first.prior_mean
            parts.append(np.sqrt(self.common) * shared)
        for number, space in enumerate(self.spaces.values()):
            z = space.draw(members, seed + 1000 * number)
            parts.append(space.prior_mean + own * (z - space.prior_mean) if self.common else z)
        if self.spread > 0.0:
            noise = np.random.default_rng([seed, 1]).standard_normal(
                (members, len(self.sites) * self.per_type)
            )
            parts.append(self.spread * (noise - noise.mean(axis=0)))
        return np.concatenate(parts, axis=1)

    def type_columns(self, name: str) -> npt.NDArray[np.int64]:
        """Return the columns of a type's parameters."""
        start = (self._first_type + list(self.spaces).index(name)) * self.per_type
        return np.arange(start, start + self.per_type)

    def site_columns(self, index: int) -> npt.NDArray[np.int64]:
        """Return the columns of a site's departures."""
        start = (self._first_type + len(self.spaces) + index) * self.per_type
        return np.arange(start, start + self.per_type)

    def type_z(self, z: FloatArray, name: str) -> FloatArray:
        """Return the z of a type, shape (member, parameter)."""
        own = z[:, self.type_columns(name)]
        return own + z[:, : self.per_type] if self.common > 0.0 else own

    def site_z(self, z: FloatArray, index: int) -> FloatArray:
        """Return the z of one site, shape (member, parameter)."""
        shared = self.type_z(z, self.types[index])
        return shared + z[:, self.site_columns(index)] if self.spread > 0.0 else shared

    def new_site(self, z: FloatArray, space: ParameterSpace, name: str, seed: int) -> FloatArray:
        """Return the z of a site that was never seen, shape (member, parameter).

        Parameters
        ----------
        z
            Shape (member, column).
        space
            Space of the site's type: its prior, should the type never have been seen either.
        name
            Name of the type.
        seed
            Of the departures, and of a type that was never seen.
        """
        draw = np.random.default_rng([seed, 2])
        size = (z.shape[0], self.per_type)
        if name in self.spaces:
            found = self.type_z(z, name)
        else:
            own = np.sqrt(1.0 - self.common) * space.prior_spread * draw.standard_normal(size)
            shared = z[:, : self.per_type] if self.common > 0.0 else 0.0
            found = space.prior_mean + shared + own
        return np.asarray(found + self.spread * draw.standard_normal(size))

    def prior_spread(self) -> FloatArray:
        """Return the prior standard deviations of z, shape (column,)."""
        own = np.sqrt(1.0 - self.common)
        parts = [own * space.prior_spread for space in self.spaces.values()]
        if self.common > 0.0:
            first = next(iter(self.spaces.values()))
            parts.insert(0, np.sqrt(self.common) * first.prior_spread)
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
        every = np.arange(self.per_type * self._first_type)
        found = [Block(every, np.ones(owner.size, bool))] if self.common > 0.0 else []
        for number, name in enumerate(self.spaces):
            columns = self.type_columns(name)
            own = [self.site_columns(int(i)) for i in np.flatnonzero(types == number)]
            design = (
                np.concatenate([every, columns, *own])
                if self.spread > 0.0
                else np.concatenate([every, columns])
            )
            found.append(Block(columns, types[owner] == number, design))
        if self.spread > 0.0:
            for index, name in enumerate(self.types):
                columns = self.site_columns(index)
                design = np.concatenate([every, self.type_columns(name), columns])
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
