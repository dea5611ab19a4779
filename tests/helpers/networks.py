"""Toy nations: towers and cells at stated places of an environmental space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fluxscape.representativeness.environment import EnvironmentalSpace
from fluxscape.representativeness.network import NetworkSpace


def toy_network(
    cells: Sequence[Sequence[float]] | np.ndarray,
    towers: Sequence[int],
    *,
    weights: Sequence[float] | np.ndarray | None = None,
    cell_strata: Sequence[int] | None = None,
    tower_strata: Sequence[int] | None = None,
    threshold: float = 1.0,
) -> NetworkSpace:
    """Return a network whose towers stand on the numbered cells and are called T0, T1, ..."""
    scores = np.asarray(cells, dtype=np.float64)
    count = scores.shape[0]
    share = np.full(count, 1.0) if weights is None else np.asarray(weights, dtype=np.float64)
    places = np.asarray(towers, dtype=np.int64)
    # Stratum 32 is temperate barren or whatever the numbering says: a valid zone of 1 to 5.
    strata = np.full(count, 30) if cell_strata is None else np.asarray(cell_strata)
    return NetworkSpace(
        sites=tuple(f"T{number}" for number in range(places.size)),
        left_out=(),
        tower_cells=places,
        weights=share / share.sum(),
        by="area",
        distances=np.linalg.norm(scores[places][:, None] - scores[None], axis=2),
        threshold=threshold,
        cell_strata=strata.astype(np.int64),
        tower_strata=(strata[places] if tower_strata is None else np.asarray(tower_strata)).astype(
            np.int64
        ),
        space=EnvironmentalSpace(
            scores=scores,
            explained=np.ones(scores.shape[1]),
            blocks={},
            rows=np.zeros(count, dtype=np.intp),
            columns=np.arange(count),
        ),
        latitude=np.array([30.0, 30.25]),
        longitude=100.0 + 0.25 * np.arange(count),
    )
