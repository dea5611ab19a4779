"""Location bias, structure and map of one surface property after the other, each laid out once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from fluxscape.errors import OutOfBoundsError
from fluxscape.footprint.vector import local_crs
from fluxscape.representativeness._bias_sums import SceneSums, scene_sums
from fluxscape.representativeness.areas import SIZES, check_sizes
from fluxscape.representativeness.bias import BiasProfile, curve_radii, profile_of
from fluxscape.representativeness.cover import FRACTIONS
from fluxscape.representativeness.frame import Lattice, Place, Weights
from fluxscape.representativeness.limits import Limits
from fluxscape.representativeness.placement import bias_of_field
from fluxscape.representativeness.regrid import Field, field_on, pixel_size
from fluxscape.representativeness.structure import Structure, lags_of, structure_of
from fluxscape.representativeness.terrain import FINEST, slope_aspect
from fluxscape.representativeness.variogram import LagBins, pooled


class IndexRun:
    """What an assessment gathers index by index."""

    def __init__(
        self,
        weights: Weights,
        place: Place,
        parts: xr.Dataset | None,
        limits: Limits,
        replicates: int,
        seed: int,
    ) -> None:
        self.weights, self.place, self.parts = weights, place, parts
        self.limits, self.replicates, self.seed = limits, replicates, seed
        self.sums: dict[str, SceneSums] = {}
        self.lags: dict[str, tuple[list[LagBins], list[Any]]] = {}
        self.biases: dict[str, BiasProfile] = {}
        self.structures: dict[str, Structure] = {}
        self.maps: dict[str, xr.Dataset] = {}
        self.radii = check_sizes(sorted({*SIZES, limits.bias_radius}))

    def add_index(self, name: str, raster: xr.DataArray) -> None:
        """Add bias, structure and map of an index."""
        window = 2.0 * self.limits.bias_radius
        scenes = _SceneMean()
        bins: list[LagBins] = []
        moments: list[Any] = []

        def note(wide: Field) -> None:
            scenes.add(wide)
            try:
                lags, counts = lags_of(wide, window)
            except OutOfBoundsError:
                # A scene that is missing around the tower says nothing of structure.
                return
            bins.append(lags)
            moments.append(counts)

        self._add_bias(name, raster, note)
        if not bins:
            msg = f"{name} has no value within {self.limits.bias_radius:g} m of the tower"
            raise OutOfBoundsError(msg, index=name)
        mean = scenes.field()
        self.lags[name] = (bins, moments)
        self.structures[name] = structure_of(
            name,
            mean,
            self.weights,
            pooled(bins),
            np.sum(moments, axis=0),
            window=window,
            footprint_mean=self.biases[name].footprint_mean,
            limits=self.limits,
        )
        self.maps[name] = bias_of_field(mean, self.weights, size=self.limits.bias_radius)

    def add_terrain(self, elevation: xr.DataArray, say: Callable[[str], None]) -> None:
        """Add the bias of elevation and slope."""
        self._add_bias("elevation", elevation.rename("elevation"), None)
        say("slope")
        step = max(pixel_size(elevation, self.place), FINEST)
        reach = max(self.radii[-1], self.weights.grid.reach) + step
        field = field_on(elevation, Lattice.around(reach, step), self.place)
        heights = field.labelled("slope")
        slope, _ = slope_aspect(heights.to_numpy(), step)
        attrs = {
            "crs": local_crs(self.place.latitude, self.place.longitude),
            "units": "degree",
        }
        self._add_bias("slope", heights.copy(data=slope).assign_attrs(attrs), None)

    def _add_bias(self, name: str, raster: xr.DataArray, note: Any) -> None:
        self.sums[name] = scene_sums(
            self.weights,
            raster,
            self.place,
            parts=self.parts,
            radii=curve_radii(self.radii),
            sides=SIZES,
            fractions=FRACTIONS,
            limits=self.limits,
            on_scene=note,
        )
        self.biases[name] = profile_of(
            self.sums[name],
            self.radii,
            raster,
            replicates=self.replicates,
            seed=self.seed,
            limits=self.limits,
        )


class _SceneMean:
    """Mean over scenes of a property, cell by cell, by valid share."""

    def __init__(self) -> None:
        self._grid: Lattice | None = None
        self._total: Any = 0.0
        self._share: Any = 0.0
        self._scenes = 0

    def add(self, field: Field) -> None:
        """Add one scene."""
        self._grid = field.grid
        self._total = self._total + field.value * field.valid
        self._share = self._share + field.valid
        self._scenes += 1

    def field(self) -> Field:
        """Return the mean."""
        if self._grid is None:
            msg = "a mean needs at least one scene"
            raise OutOfBoundsError(msg)
        held = self._share > 0.0
        value = np.where(held, self._total / np.where(held, self._share, 1.0), 0.0)
        return Field(self._grid, value, self._share / self._scenes)
