"""Compiled mixing of a column: height of the boundary layer, conductances, non-local exchange.

Symbols: ``u`` friction velocity [m s-1], ``L`` Obukhov length [m], ``w`` kinematic heat flux
[K m s-1], ``T`` air temperature [K], ``h`` height of the boundary layer [m], ``z`` height above the
displacement height [m], ``per_distance`` inverse distances of centres [m-1], ``k`` von Karman
constant, ``ws`` convective velocity [m s-1], ``wm`` velocity scale of momentum [m s-1], ``Pr``
turbulent Prandtl number, ``g`` conductance between layer centres [m s-1], ``G`` share of the
surface flux that the counter-gradient term carries [1], ``E`` air exchanged with the lowest layer
[mol m-2 s-1], ``gamma`` lapse rate of potential temperature [K m-1], ``D`` divergence of the
horizontal wind [s-1].
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import inlined_kernel, kernel
from fluxscape.constants import GRAVITY, VON_KARMAN
from fluxscape.meteorology._kernels_boundary_layer import growth_rate, stable_height

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]

LOCAL = 0
COUNTER_GRADIENT = 1
ASYMMETRIC = 2
BLACKADAR = 3

STABLE = 0
FORCED = 1
FREE = 2

UNSTABLE_SLOPE = 15.0
STABLE_SLOPE = 5.0
"""Coefficients of the profiles of heat [1], Holtslag and Boville 1993."""

SURFACE_SHARE = 0.1
"""Top of the surface layer over h [1], Troen and Mahrt 1986."""

COUNTER = 7.2
"""a of the counter-gradient term [1], Holtslag and Boville 1993,
doi:10.1175/1520-0442(1993)006<1825:LVNBLD>2.0.CO;2."""

CONVECTIVE = 0.6
"""c1 of wm^3 = u^3 + c1 ws^3 [1], Holtslag et al. 1990."""

FREE_CONVECTION = 1.5
"""-h/L above which convection is free [1], Zhang and Anthes 1982,
doi:10.1175/1520-0450(1982)021<1594:AHRMOT>2.0.CO;2."""

SUBSTEP_SECONDS = 60.0


@inlined_kernel
def scalar_gradient(z: float, L: float) -> float:
    """Return phi_h: 1 + 5 z/L, (1 - 15 z/L)^(-1/2)."""
    if L > 0.0:
        return 1.0 + STABLE_SLOPE * z / L
    return 1.0 / math.sqrt(1.0 - UNSTABLE_SLOPE * z / L)


@kernel
def scalar_profile(z: float, L: float) -> float:
    """Return psi_h, the integral of (1 - phi_h) / z: -5 z/L, 2 ln[(1 + y)/2]."""
    if L > 0.0:
        return -STABLE_SLOPE * z / L
    return 2.0 * math.log(0.5 * (1.0 + math.sqrt(1.0 - UNSTABLE_SLOPE * z / L)))


@kernel
def convective_velocity(h: float, w: float, T: float) -> float:
    """Return ws = (g h w / T)^(1/3), 0 without upward heat flux (Deardorff 1970)."""
    if w <= 0.0:
        return 0.0
    return math.pow(GRAVITY * h * w / T, 1.0 / 3.0)


@kernel
def heights(
    u: Floats,
    L: Floats,
    w: Floats,
    T: Floats,
    D: Floats,
    given: Floats,
    step: float,
    coriolis: float,
    gamma: float,
    gamma_residual: float,
    collapse: float,
    lowest: float,
    ceiling: float,
    h: Floats,
    entrainment: Floats,
) -> int:
    """Fill h at the middle of each step and the entrainment velocity; return steps at the ceiling.

    Convective air grows after Batchvarova and Gryning 1991 (doi:10.1007/BF00120423) against
    ``gamma_residual`` below the top of the residual layer and ``gamma`` above it, and sinks with
    w_s = -D h. Else h relaxes within ``collapse`` seconds to the stable or neutral height; the air
    above stays where it is, as residual layer. ``given`` heights are taken where they are finite.
    """
    now = max(lowest, stable_height(u[0], max(L[0], 1.0) if L[0] > 0.0 else 1e6, coriolis))
    residual = now
    limited = 0
    for i in range(u.size):
        start = now
        if math.isfinite(given[i]):
            h[i] = given[i]
            following = given[min(i + 1, u.size - 1)]
            now = 0.5 * (given[i] + following) if math.isfinite(following) else given[i]
            rate = (now - start) / step if i > 0 else 0.0
            entrainment[i] = max(rate + D[i] * h[i], 0.0) if w[i] > 0.0 else 0.0
            continue
        total = 0.0
        middle = now
        elapsed = 0.0
        while elapsed < step:
            part = min(SUBSTEP_SECONDS, step - elapsed)
            sinking = -D[i] * now
            if w[i] > 0.0 and L[i] < 0.0:
                slope = gamma_residual if now < residual else gamma
                grown = growth_rate(now, u[i], L[i], w[i], T[i], VON_KARMAN, slope)
                total += part * grown
                now += part * (grown + sinking)
            else:
                goal = stable_height(u[i], L[i] if L[i] > 0.0 else 1e6, coriolis)
                now += (goal - now) * (1.0 - math.exp(-part / collapse))
            now = max(now, lowest)
            residual = max(residual + part * min(-D[i] * residual, 0.0), now)
            elapsed += part
            if elapsed <= 0.5 * step:
                middle = now
        if now > ceiling:
            now = ceiling
            residual = min(residual, ceiling)
            limited += 1
        h[i] = min(middle, ceiling)
        entrainment[i] = total / step
    return limited


@kernel
def mixing(
    u: float,
    L: float,
    h: float,
    w: float,
    T: float,
    z: Floats,
    log_z: Floats,
    per_distance: Floats,
    faces: Floats,
    a: Floats,
    smallest: float,
    scale: float,
    scheme: int,
    g: Floats,
    G: Floats,
    E: Floats,
) -> None:
    """Fill conductances, counter-gradient shares and non-local exchange of one step.

    Below h, K = k u z (1 - z/h)^2 / phi_h in stable and neutral air and in the surface layer, and
    k wm z (1 - z/h)^2 / Pr above it in unstable air (Troen and Mahrt 1986, doi:10.1007/BF00122760;
    Holtslag and Boville 1993), times ``scale``. Where phi_h
    holds, the conductance between centres is the exact inverse of the integral of dz / (k u z /
    phi_h), so that the surface layer's profile does not depend on the grid.
    """
    size = z.size
    ws = convective_velocity(h, w, T)
    unstable = L < 0.0 and ws > 0.0
    top = SURFACE_SHARE * h
    per_height = 1.0 / h
    wm = math.pow(u * u * u + CONVECTIVE * ws * ws * ws, 1.0 / 3.0)
    outer = 0.0
    share = 0.0
    if unstable:
        ratio = scalar_gradient(top, L) * wm / u
        prandtl = ratio + COUNTER * VON_KARMAN * SURFACE_SHARE * ws / wm
        outer = VON_KARMAN * wm / prandtl
        share = COUNTER * ws / (wm * wm * h)
    before = log_z[0] - scalar_profile(z[0], L)
    for i in range(size - 1):
        z_face = faces[i + 1]
        inverse = per_distance[i]
        E[i] = 0.0
        G[i] = 0.0
        g[i] = smallest * inverse
        if z_face >= h:
            continue
        shape = (1.0 - z_face * per_height) ** 2
        if unstable and z_face >= top:
            K = outer * z_face * shape
            g[i] += scale * K * inverse
            if scheme == COUNTER_GRADIENT:
                G[i] = K * share
        else:
            after = log_z[i + 1] - scalar_profile(z[i + 1], L)
            g[i] += scale * VON_KARMAN * u * shape / (after - before)
            before = after
    g[size - 1] = 0.0
    E[size - 1] = 0.0
    G[size - 1] = 0.0
    if not unstable or faces[1] >= h:
        return
    if scheme == ASYMMETRIC:
        _asymmetric(h, L, faces, a, g, E)
    elif scheme == BLACKADAR and -h / L > FREE_CONVECTION:
        _blackadar(u, L, h, z, faces, a, smallest, scale, g, E)


@kernel
def _asymmetric(h: float, L: float, faces: Floats, a: Floats, g: Floats, E: Floats) -> None:
    """Split mixing between convective plumes and eddies (ACM2).

    Pleim 2007, doi:10.1175/JAM2539.1: the plumes' share f = [1 + k^(-2/3) / (0.1 a) (-h/L)^(-1/3)]
    ^-1 with a = 7.2 of the exchange through the top of the lowest layer, spread evenly up to h;
    the local conductances keep 1 - f.
    """
    f = 1.0 / (
        1.0 + math.pow(VON_KARMAN, -2.0 / 3.0) / (0.1 * COUNTER) * math.pow(-h / L, -1.0 / 3.0)
    )
    rate = f * g[0] / (h - faces[1])
    for i in range(1, a.size):
        depth = faces[i + 1] - faces[i]
        inside = min(max(h - faces[i], 0.0), depth)
        E[i] = rate * a[i] * inside / depth
    for i in range(a.size - 1):
        if faces[i + 1] < h:
            g[i] *= 1.0 - f


@kernel
def _blackadar(
    u: float,
    L: float,
    h: float,
    z: Floats,
    faces: Floats,
    a: Floats,
    smallest: float,
    scale: float,
    g: Floats,
    E: Floats,
) -> None:
    """Replace eddies by direct exchange of the lowest layer with all below h.

    Blackadar's free convection, Zhang and Anthes 1982: dC_i/dt = M (C_0 - C_i). M
    follows from the heat that leaves the lowest layer over the temperature it is in excess of the
    mixed layer; by flux-gradient similarity that quotient is the surface layer's conductance,
    taken here from the centre of the lowest layer to 0.1 h.
    """
    low = z[0]
    high = max(SURFACE_SHARE * h, z[1])
    difference = math.log(high / low) - scalar_profile(high, L) + scalar_profile(low, L)
    rate = scale * VON_KARMAN * u / difference / (h - faces[1])
    for i in range(1, a.size):
        depth = faces[i + 1] - faces[i]
        inside = min(max(h - faces[i], 0.0), depth)
        E[i] = rate * a[i] * inside / depth
    for i in range(a.size - 1):
        if faces[i + 1] < h:
            g[i] = smallest / (z[i + 1] - z[i])


@kernel
def mix_all(
    u: Floats,
    L: Floats,
    h: Floats,
    w: Floats,
    T: Floats,
    z: Floats,
    log_z: Floats,
    per_distance: Floats,
    faces: Floats,
    a: Floats,
    smallest: float,
    scale: float,
    scheme: int,
    g: Floats,
    G: Floats,
    E: Floats,
) -> None:
    """Fill :func:`mixing` of all steps, shape (time, layer)."""
    for t in range(u.size):
        mixing(
            u[t], L[t], h[t], w[t], T[t], z, log_z, per_distance, faces, a, smallest, scale, scheme,
            g[t], G[t], E[t],
        )  # fmt: skip
