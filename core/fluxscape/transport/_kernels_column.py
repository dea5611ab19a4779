"""Compiled implicit transport of a tracer in one column: factors, forward solves, adjoint solves.

Symbols: ``c`` mole fraction [umol mol-1] of layers counted from the ground, ``a`` amount of air of
a layer [mol m-2], ``n`` molar density of air at the faces between layers [mol m-3], ``g``
conductance between neighbouring layers [m s-1], ``w`` vertical velocity at the upper face of each
layer [m s-1], ``r`` rate at which a layer takes air of the background [s-1], ``E`` air that the
lowest layer exchanges with each layer aloft by convection [mol m-2 s-1], ``G`` share of the surface
flux that the counter-gradient term carries through each face, ``dt`` step [s], ``s`` step over
amount of air [m2 s mol-1].

One backward Euler step solves A c' = c + dt (F s + background + advection). A is tridiagonal but
for its first column and first row, which non-local mixing fills. Layers are eliminated from the top
down to the lowest, so that first column and row cost no more than themselves:

    row i:  lower_i c_(i-1) + diagonal_i c_i + upper_i c_(i+1) + column_i c_0 = f_i

and the transpose runs the same operations backwards, which makes the adjoint exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import inlined_kernel, kernel

Floats = NDArray[np.float64]

CLOSE_TO_ONE = 1.0 - 1e-9


@kernel
def _local_rows(
    s: Floats,
    n: Floats,
    g: Floats,
    w: Floats,
    r: Floats,
    dt: float,
    lower: Floats,
    column: Floats,
    pivot: Floats,
    up: Floats,
    row: Floats,
) -> None:
    """Fill the rows of A that diffusion, vertical velocity (upwind) and inflow make."""
    size = s.size
    lower[0] = 0.0
    entering = 0.0
    for i in range(size - 1):
        sinking = n[i] * (g[i] + max(-w[i], 0.0)) * s[i]
        rising = n[i] * (g[i] + max(w[i], 0.0)) * s[i + 1]
        column[i] = 0.0
        row[i] = 0.0
        up[i] = -sinking
        lower[i + 1] = -rising
        pivot[i] = 1.0 + dt * r[i] + sinking + entering
        entering = rising
    column[size - 1] = 0.0
    row[size - 1] = 0.0
    up[size - 1] = 0.0
    pivot[size - 1] = 1.0 + dt * r[size - 1] + entering


@kernel
def _nonlocal_rows(
    s: Floats,
    E: Floats,
    symmetric: bool,
    column: Floats,
    pivot: Floats,
    up: Floats,
    row: Floats,
) -> bool:
    """Add the exchange with the lowest layer; return whether there is any.

    Air goes up from the lowest layer at once. It comes down at once too if ``symmetric``, else
    layer by layer: ``below`` is what comes down through the upper face.
    """
    below = 0.0
    wide = False
    first = s[0]
    for i in range(s.size - 1, 0, -1):
        if E[i] <= 0.0 and below <= 0.0:
            continue
        wide = True
        here = s[i]
        column[i] -= here * E[i]
        if symmetric:
            pivot[i] += here * E[i]
            pivot[0] += first * E[i]
            row[i] -= first * E[i]
        else:
            up[i] -= here * below
            below += E[i]
            pivot[i] += here * below
    pivot[0] += first * below
    up[0] -= first * below
    return wide


@kernel
def factorise(
    s: Floats,
    n: Floats,
    g: Floats,
    w: Floats,
    r: Floats,
    E: Floats,
    symmetric: bool,
    dt: float,
    lower: Floats,
    column: Floats,
    pivot: Floats,
    up: Floats,
    row: Floats,
) -> bool:
    """Fill the factors of A for one step; return whether first row or column reach past layer 1.

    ``lower`` and ``column`` come out multiplied by the inverse pivots ``pivot``; ``up`` and ``row``
    are the multipliers by which a layer is eliminated from its lower neighbour and layer 0.
    """
    _local_rows(s, n, g, w, r, dt, lower, column, pivot, up, row)
    wide = _nonlocal_rows(s, E, symmetric, column, pivot, up, row)
    column[1] += lower[1]
    lower[1] = 0.0
    row[1] += up[0]
    last = s.size - 1
    ground, here, aside, first = pivot[0], pivot[last], column[last], row[last]
    for i in range(last, 0, -1):
        inverse = 1.0 / here
        share = first * inverse
        ground -= share * aside
        below = lower[i]
        pivot[i] = inverse
        row[i] = share
        lower[i] = below * inverse
        column[i] = aside * inverse
        if i > 1:
            multiplier = up[i - 1] * inverse
            up[i - 1] = multiplier
            here = pivot[i - 1] - multiplier * below
            aside = column[i - 1] - multiplier * aside
            first = row[i - 1] - share * below
    pivot[0] = 1.0 / ground
    return wide


@inlined_kernel
def solve(
    f: Floats,
    lower: Floats,
    column: Floats,
    pivot: Floats,
    up: Floats,
    row: Floats,
    nonlocal_: bool,
) -> None:
    """Replace ``f`` by A^-1 f."""
    size = f.size
    if nonlocal_:
        for i in range(size - 1, 0, -1):
            if i > 1:
                f[i - 1] -= up[i - 1] * f[i]
            f[0] -= row[i] * f[i]
        ground = f[0] * pivot[0]
        f[0] = ground
        f[1] = f[1] * pivot[1] - column[1] * ground
        for i in range(2, size):
            f[i] = f[i] * pivot[i] - column[i] * ground - lower[i] * f[i - 1]
        return
    value = f[size - 1]
    for i in range(size - 2, 0, -1):
        value = f[i] - up[i] * value
        f[i] = value
    value = (f[0] - row[1] * value) * pivot[0]
    f[0] = value
    value = f[1] * pivot[1] - column[1] * value
    f[1] = value
    for i in range(2, size):
        value = f[i] * pivot[i] - lower[i] * value
        f[i] = value


@inlined_kernel
def solve_transposed(
    x: Floats,
    lower: Floats,
    column: Floats,
    pivot: Floats,
    up: Floats,
    row: Floats,
) -> None:
    """Replace ``x`` by A^-T x: the operations of :func:`solve` backwards and transposed."""
    size = x.size
    for i in range(size - 1, 0, -1):
        if i > 1:
            x[i - 1] -= lower[i] * x[i]
        x[0] -= column[i] * x[i]
        x[i] *= pivot[i]
    x[0] *= pivot[0]
    for i in range(1, size):
        x[i] -= row[i] * x[0]
        if i > 1:
            x[i] -= up[i - 1] * x[i - 1]


@kernel
def flux_source(
    s: Floats,
    G: Floats,
    lower: Floats,
    column: Floats,
    pivot: Floats,
    up: Floats,
    row: Floats,
    nonlocal_: bool,
    source: Floats,
    work: Floats,
) -> float:
    """Fill what a unit surface flux adds to each layer in a step; return the share of G kept.

    The counter-gradient flux is explicit and could draw a layer below zero where its tracer has
    not yet come. G is lessened, by one factor for the whole column, until the response to an upward
    flux into clean air is nowhere negative. That depends on mixing and step only, so the
    transport stays linear.
    """
    size = s.size
    source[:] = 0.0
    source[0] = s[0]
    carried = False
    for i in range(size - 1):
        carried = carried or G[i] > 0.0
    if not carried:
        return 1.0
    plain = work[0]
    counter = work[1]
    plain[:] = source
    counter[0] = -G[0] * s[0]
    for i in range(1, size):
        leaving = G[i] if i < size - 1 else 0.0
        counter[i] = (G[i - 1] - leaving) * s[i]
    kept = 1.0
    moved = work[2]
    moved[:] = counter
    solve(plain, lower, column, pivot, up, row, nonlocal_)
    solve(moved, lower, column, pivot, up, row, nonlocal_)
    for i in range(size):
        if plain[i] + kept * moved[i] < 0.0:
            kept = -CLOSE_TO_ONE * plain[i] / moved[i]
    for i in range(size):
        source[i] += kept * counter[i]
    return kept


@kernel
def factorise_all(
    a: Floats,
    n: Floats,
    g: Floats,
    G: Floats,
    w: Floats,
    r: Floats,
    E: Floats,
    symmetric: bool,
    dt: float,
    lower: Floats,
    column: Floats,
    pivot: Floats,
    up: Floats,
    row: Floats,
    nonlocal_: NDArray[np.bool_],
    source: Floats,
    inflow: Floats,
    kept: Floats,
) -> None:
    """Fill factors, flux response, background response and kept counter-gradient of all steps."""
    work = np.empty((3, a.size))
    s = dt / a
    for t in range(g.shape[0]):
        nonlocal_[t] = factorise(
            s, n, g[t], w[t], r[t], E[t], symmetric, dt,
            lower[t], column[t], pivot[t], up[t], row[t],
        )  # fmt: skip
        kept[t] = flux_source(
            s, G[t], lower[t], column[t], pivot[t], up[t], row[t], nonlocal_[t],
            source[t], work,
        )  # fmt: skip
        for i in range(a.size):
            inflow[t, i] = dt * r[t, i]
