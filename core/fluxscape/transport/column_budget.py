"""The carbon budget of a run of a column, term by term."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from fluxscape.transport.mixing import above_share

if TYPE_CHECKING:
    from fluxscape.transport.column import Column

Floats = NDArray[np.float64]

CHUNK_STEPS: Final = 240
"""Steps whose factors are held at a time: they stay in the cache of a core, and their arrays below
the size that the system hands out as fresh pages, each of which costs a fault."""


def chunks(steps: int) -> Iterator[slice]:
    """Yield the parts of a period whose factors are held at a time."""
    for start in range(0, steps, CHUNK_STEPS):
        yield slice(start, min(start + CHUNK_STEPS, steps))


def column_budget(
    column: Column, flux: Floats, mean: Floats, ends: Floats, first: Floats
) -> dict[str, Floats]:
    """Return the terms of the carbon budget of the whole column [umol m-2 s-1], (time,) each.

    storage = surface + background + subsidence + advection. ``entrainment_flux`` is inside it:
    w_e times the mole fraction above the boundary layer less that within it.

    Parameters
    ----------
    column
        From :func:`make_column`.
    flux
        Surface flux, shape (time,).
    mean, ends
        Step means and states at the end of steps, shape (time, layer).
    first
        First state, shape (layer,).
    """
    amount, density = column.grid.air_amount, column.grid.face_density
    names = ("storage_flux", "background_flux", "subsidence_flux", "advection_flux")
    terms = {name: np.zeros(flux.size) for name in names}
    total = np.concatenate([[float(first @ amount)], ends @ amount])
    terms["storage_flux"] = np.diff(total) / column.forcing.step_seconds
    for part in chunks(flux.size):
        moved = column.mixing(part)
        here = mean[part]
        background = column.forcing.background[part, np.newaxis]
        terms["background_flux"][part] = (moved.inflow * (background - here)) @ amount
        across = density[:-1] * moved.vertical_velocity[:, :-1] * np.diff(here, axis=1)
        terms["subsidence_flux"][part] = -across.sum(axis=1)
        tendency = column.tendency(part)
        if tendency is not None:
            terms["advection_flux"][part] = tendency @ amount
    above = above_share(column.grid, column.heights.height)
    rows = np.arange(flux.size)
    top = np.argmax(above > 0.0, axis=1)
    over = np.minimum(top + 1, column.grid.layers - 1)
    inside = (1.0 - above) * amount
    within = (inside * mean).sum(axis=1) / inside.sum(axis=1)
    entrained = column.heights.entrainment_velocity * column.grid.air_density[top]
    terms["entrainment_flux"] = entrained * (mean[rows, over] - within)
    terms["surface"] = flux
    return terms


def mass_error(column: Column, budget: dict[str, Floats], first: Floats) -> float:
    """Return the unexplained change of carbon over the run, relative to that in the column."""
    inside = ("surface", "background_flux", "subsidence_flux", "advection_flux")
    unexplained = budget["storage_flux"] - sum(budget[name] for name in inside)
    seconds = column.forcing.step_seconds
    scale = float(np.abs(first @ column.grid.air_amount)) + float(
        np.abs(budget["surface"]).sum() * seconds
    )
    return float(abs(unexplained.sum()) * seconds / max(scale, 1e-300))
