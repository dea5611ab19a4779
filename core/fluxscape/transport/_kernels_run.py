"""Compiled runs of a column through a period: one tracer, many members, the transpose.

Symbols as in :mod:`fluxscape.transport._kernels_column`, whose factors these loops use.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import kernel
from fluxscape.transport._kernels_column import solve, solve_transposed

Floats = NDArray[np.float64]


@kernel
def advance(
    state: Floats,
    fixed: Floats,
    substeps: int,
    lower: Floats,
    column: Floats,
    pivot: Floats,
    up: Floats,
    row: Floats,
    nonlocal_: bool,
    mean: Floats,
) -> None:
    """Advance one column by ``substeps`` with the addition ``fixed`` each; mean of the states."""
    size = state.size
    mean[:] = 0.0
    for _ in range(substeps):
        for i in range(size):
            state[i] += fixed[i]
        solve(state, lower, column, pivot, up, row, nonlocal_)
        for i in range(size):
            mean[i] += state[i]
    for i in range(size):
        mean[i] /= substeps


@kernel
def run_one(
    state: Floats,
    flux: Floats,
    background: Floats,
    tendency: Floats,
    substeps: int,
    source: Floats,
    inflow: Floats,
    dt: float,
    lower: Floats,
    column: Floats,
    pivot: Floats,
    up: Floats,
    row: Floats,
    nonlocal_: NDArray[np.bool_],
    mean: Floats,
    ends: Floats,
) -> None:
    """Advance one column through all steps; arguments as :func:`run_members` without members.

    ``ends`` (time, layer) is filled with the states at the end of steps unless its size is zero.
    """
    fixed = np.empty(state.size)
    for t in range(flux.size):
        for i in range(state.size):
            fixed[i] = source[t, i] * flux[t] + inflow[t, i] * background[t]
        if tendency.shape[0] > 0:
            for i in range(state.size):
                fixed[i] += dt * tendency[t, i]
        advance(
            state, fixed, substeps, lower[t], column[t], pivot[t], up[t], row[t], nonlocal_[t],
            mean[t],
        )  # fmt: skip
        if ends.shape[0] > 0:
            ends[t] = state


@kernel
def solve_members(
    f: Floats,
    lower: Floats,
    column: Floats,
    pivot: Floats,
    up: Floats,
    row: Floats,
    nonlocal_: bool,
) -> None:
    """Replace ``f`` (layer, member) by A^-1 f; members lie side by side for vector registers."""
    size, members = f.shape
    for i in range(size - 1, 0, -1):
        if i > 1:
            for k in range(members):
                f[i - 1, k] -= up[i - 1] * f[i, k]
        if nonlocal_ or i == 1:
            for k in range(members):
                f[0, k] -= row[i] * f[i, k]
    for k in range(members):
        f[0, k] *= pivot[0]
        f[1, k] = f[1, k] * pivot[1] - column[1] * f[0, k]
    for i in range(2, size):
        for k in range(members):
            f[i, k] = f[i, k] * pivot[i] - lower[i] * f[i - 1, k]
        if nonlocal_:
            for k in range(members):
                f[i, k] -= column[i] * f[0, k]


@kernel
def run_members(
    state: Floats,
    flux: Floats,
    background: Floats,
    tendency: Floats,
    substeps: int,
    source: Floats,
    inflow: Floats,
    dt: float,
    lower: Floats,
    column: Floats,
    pivot: Floats,
    up: Floats,
    row: Floats,
    nonlocal_: NDArray[np.bool_],
    mean: Floats,
) -> None:
    """Advance all members, shape (layer, member), through all steps; fill step means.

    ``flux``, ``background`` have shape (time, member), ``tendency`` (time, layer, member) or size
    zero along time, ``mean`` (time, layer, member).
    """
    fixed = np.empty(state.shape)
    for t in range(flux.shape[0]):
        for i in range(state.shape[0]):
            fixed[i] = source[t, i] * flux[t] + inflow[t, i] * background[t]
            if tendency.shape[0] > 0:
                fixed[i] += dt * tendency[t, i]
        mean[t] = 0.0
        for _ in range(substeps):
            state += fixed
            solve_members(state, lower[t], column[t], pivot[t], up[t], row[t], nonlocal_[t])
            mean[t] += state
        mean[t] /= substeps


@kernel
def run_adjoint(
    sensitivity: Floats,
    final: Floats,
    substeps: int,
    source: Floats,
    inflow: Floats,
    dt: float,
    lower: Floats,
    column: Floats,
    pivot: Floats,
    up: Floats,
    row: Floats,
    flux: Floats,
    background: Floats,
    tendency: Floats,
    state: Floats,
) -> None:
    """Run the transpose of :func:`run_members` for one column, last step first.

    ``sensitivity`` (time, layer) weighs step means, ``final`` (layer,) the last state; filled are
    the gradients with respect to ``flux`` and ``background`` (time,), ``tendency`` (time, layer)
    and the first ``state`` (layer,).
    """
    steps, size = sensitivity.shape
    state[:] = final
    gathered = np.empty(size)
    for t in range(steps - 1, -1, -1):
        gathered[:] = 0.0
        for _ in range(substeps):
            for i in range(size):
                state[i] += sensitivity[t, i] / substeps
            solve_transposed(state, lower[t], column[t], pivot[t], up[t], row[t])
            for i in range(size):
                gathered[i] += state[i]
        flux[t] = 0.0
        background[t] = 0.0
        for i in range(size):
            flux[t] += source[t, i] * gathered[i]
            background[t] += inflow[t, i] * gathered[i]
            tendency[t, i] = dt * gathered[i]
