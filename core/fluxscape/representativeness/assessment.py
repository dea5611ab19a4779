"""What an assessment of a tower holds, as a record that pages, commands and files read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import xarray as xr

from fluxscape.contracts import provenance
from fluxscape.representativeness._plain import plain
from fluxscape.representativeness.bias import BiasProfile
from fluxscape.representativeness.chu import FootprintShape, Steadiness
from fluxscape.representativeness.cover import CoverProfile
from fluxscape.representativeness.limits import Limits
from fluxscape.representativeness.rating import Reason, Score
from fluxscape.representativeness.structure import Structure
from fluxscape.representativeness.terrain import Terrain


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """How far a tower stands for its surroundings.

    Attributes
    ----------
    latitude, longitude
        Of the tower [degree].
    score
        Three aspects, the overall score and its reasons.
    limits
        Every limit that was used.
    captured_fraction
        Share of the flux on the climatology's grid.
    shape
        Extent and symmetry of the 80 % source area; None if the grid does not capture 80 %.
    steadiness
        Overlap of months, days and nights; None without parts.
    cover
        Land cover; None without a map.
    biases
        Location bias of every index, and of ``elevation`` and ``slope``.
    structures, maps
        Spatial structure and location-bias map of every index.
    terrain
        The ground in the footprint; None without heights.
    rated
        Index that the score rates; empty without one.
    notes
        What makes the numbers less certain than their intervals say.
    seed, replicates
        Of the bootstrap.
    data_status
        ``observed``, ``simulated``, ``reconstructed`` or ``mixed``.
    """

    latitude: float
    longitude: float
    score: Score
    limits: Limits
    captured_fraction: float
    shape: FootprintShape | None
    steadiness: Steadiness | None
    cover: CoverProfile | None
    biases: dict[str, BiasProfile]
    structures: dict[str, Structure]
    maps: dict[str, xr.Dataset]
    terrain: Terrain | None
    rated: str
    notes: tuple[Reason, ...]
    seed: int
    replicates: int
    data_status: str

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the maps as JSON types; unknown numbers are None."""
        parts = {"shape": self.shape, "steadiness": self.steadiness, "terrain": self.terrain}
        made: dict[str, Any] = plain(
            {
                "latitude": self.latitude,
                "longitude": self.longitude,
                "score": self.score.to_dict(),
                "rated": self.rated,
                "notes": [note.to_dict() for note in self.notes],
                "limits": self.limits.to_dict(),
                "captured_fraction": self.captured_fraction,
                **{k: None if part is None else part.to_dict() for k, part in parts.items()},
                "land_cover": None if self.cover is None else self.cover.to_dict(),
                "location_bias": {name: one.to_dict() for name, one in self.biases.items()},
                "spatial_structure": {k: one.to_dict() for k, one in self.structures.items()},
                "seed": self.seed,
                "replicates": self.replicates,
                "data_status": self.data_status,
            }
        )
        return made

    def datasets(self) -> dict[str, xr.Dataset]:
        """Return curves and maps by name, each with its provenance, for files."""
        found: dict[str, xr.Dataset] = {}
        if self.cover is not None:
            found["land_cover"] = self.cover.table
        for name, profile in self.biases.items():
            found[f"location_bias_{name}"] = profile.table
        for name, structure in self.structures.items():
            found[f"variogram_{name}"] = structure.variogram
            found[f"footprint_variogram_{name}"] = structure.weighted_variogram
            found[f"windows_{name}"] = structure.windows
            found[f"bias_map_{name}"] = self.maps[name]
        if self.terrain is not None:
            found["terrain_sectors"] = self.terrain.sectors
        about = provenance(
            status=self.data_status,
            source="representativeness of a flux footprint climatology",
            parameters=self.limits.to_dict(),
            seed=self.seed,
            latitude=self.latitude,
            longitude=self.longitude,
        )
        return {name: table.assign_attrs(table.attrs | about) for name, table in found.items()}
