"""Distances of the Horst-Weil footprint (FSAM), a variant for studies of sensitivity.

Horst and Weil 1994, doi:10.1175/1520-0426(1994)011<1018:HFIFET>2.0.CO;2, in the form of Schmid
1994, doi:10.1007/BF00713146. The mean plume height grows along the profile itself, without power
laws, so that the crosswind-integrated footprint has no closed form and is summed here.

Symbols: ``zb`` mean plume height [m], ``r`` shape of the vertical profile, U(zb) plume speed.
"""

from __future__ import annotations

import math
from typing import Final

from fluxscape.meteorology.similarity import momentum_profile_dyer, scalar_gradient

SHAPE: Final = 1.5
"""r; with it A = 0.73 and b = 1.52."""

DISPERSION_FACTOR: Final = 1.55
SPEED_FACTOR: Final = 0.63
"""p and c of Horst and Weil 1992, doi:10.1007/BF00119817."""

NODES: Final = 4000
HIGHEST: Final = 400.0
"""Mean plume heights from z0 to this many measurement heights are summed."""


def distances_fsam(
    *,
    height: float,
    roughness: float,
    obukhov_length: float,
    shares: tuple[float, ...],
    von_karman: float,
) -> dict[str, float]:
    """Return ``x_peak``, ``x_10`` ... [m] and ``total`` of one half-hour; lengths [m].

    The friction velocity cancels: only the shape of the wind profile counts.
    """
    gamma_1, gamma_2 = math.gamma(1.0 / SHAPE), math.gamma(2.0 / SHAPE)
    amplitude = SHAPE * gamma_2 / gamma_1**2
    b = gamma_1 / gamma_2
    wind = math.log(height / roughness) - momentum_profile_dyer(height / obukhov_length)
    step = math.log(HIGHEST * height / roughness) / NODES
    x, share, before = 0.0, 0.0, (0.0, 0.0)
    peak, peak_x = 0.0, math.nan
    wanted = dict.fromkeys(shares, math.inf)
    for node in range(NODES):
        zb = roughness * math.exp((node + 0.5) * step)
        dispersion, speed = (
            math.log(factor * zb / roughness) - momentum_profile_dyer(factor * zb / obukhov_length)
            for factor in (DISPERSION_FACTOR, SPEED_FACTOR)
        )
        slowness = dispersion * scalar_gradient(DISPERSION_FACTOR * zb / obukhov_length)
        # dx / dzb, the inverse of Horst and Weil's Eq. 10.
        rate = slowness / von_karman**2
        dz = zb * step
        x += rate * dz
        if speed <= 0.0 or rate <= 0.0:
            continue
        per_height = (
            height / zb**2 * wind / speed * amplitude * math.exp(-((height / (b * zb)) ** SHAPE))
        )
        if per_height / rate > peak:
            peak, peak_x = per_height / rate, x - 0.5 * rate * dz
        share += per_height * dz
        for target in [t for t in wanted if math.isinf(wanted[t]) and share >= t]:
            along = (target - before[0]) / (share - before[0])
            wanted[target] = before[1] + along * (x - before[1])
        before = (share, x)
    found = {f"x_{round(100 * target)}": distance for target, distance in wanted.items()}
    return {"x_peak": peak_x, **found, "total": share}
