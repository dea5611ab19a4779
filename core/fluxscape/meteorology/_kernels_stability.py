"""Compiled friction velocity and stability from wind, radiation and cloud.

Symbols: ``u`` wind speed [m s-1] at ``z`` metres above the displacement height, ``z0`` roughness
length [m], ``T`` air temperature [K], ``us`` friction velocity [m s-1], ``ts`` temperature scale
[K], ``L`` Obukhov length [m], ``H`` sensible heat flux [W m-2], ``k`` von Karman constant.
"""

from __future__ import annotations

import math

from fluxscape._jit import kernel
from fluxscape.constants import GRAVITY, VON_KARMAN
from fluxscape.meteorology.similarity import paulson_profile

NIGHT_SCALE = 0.09
"""Temperature scale of a clear night [K], van Ulden and Holtslag 1985."""

LONGEST = 1e5
"""Obukhov length beyond which air counts as neutral [m]."""

ITERATIONS = 6

_unstable_profile = kernel(paulson_profile)


@kernel
def stable_air(u: float, z: float, z0: float, T: float, cloud: float) -> tuple[float, float, float]:
    """Return us, L and ts of a stable surface layer under a share ``cloud`` of clouded sky.

    As AERMOD does it, Cimorelli et al. 2005, doi:10.1175/JAM2227.1. van Ulden and Holtslag 1985,
    doi:10.1175/1520-0450(1985)024<1196:EOABLV>2.0.CO;2: ts = 0.09 (1 - 0.5 N^2). Venkatram 1980,
    doi:10.1007/BF00117909: us = C u / 2 [1 + sqrt(1 - (2 u0 / u)^2 / C)], u0^2 = 5 z g ts / T, C =
    k / ln(z / z0). Below the wind at which the root vanishes us and ts fall with it in proportion.
    """
    ts = NIGHT_SCALE * (1.0 - 0.5 * cloud * cloud)
    drag = VON_KARMAN / math.log(z / z0)
    critical = math.sqrt(4.0 * 5.0 * z * GRAVITY * ts / T / drag)
    if u >= critical:
        us = 0.5 * drag * u * (1.0 + math.sqrt(1.0 - (critical / u) ** 2))
    else:
        us = 0.5 * drag * u
        ts *= u / critical
    L = us * us * T / (VON_KARMAN * GRAVITY * ts)
    return us, min(L, LONGEST), ts


@kernel
def unstable_air(u: float, z: float, z0: float, T: float, kinematic: float) -> tuple[float, float]:
    """Return us and L of a convective surface layer with kinematic heat flux [K m s-1].

    Fixed-point iteration of the diabatic profile u = us / k [ln(z / z0) - psi(z / L) + psi(z0 /
    L)], Paulson 1970; L is kept from -1 m on, where similarity ends.
    """
    log_height = math.log(z / z0)
    us = VON_KARMAN * u / log_height
    L = -LONGEST
    for _ in range(ITERATIONS):
        L = -(us**3) * T / (VON_KARMAN * GRAVITY * kinematic)
        L = min(-1.0, max(L, -LONGEST))
        profile = log_height - _unstable_profile(z / L, 16.0) + _unstable_profile(z0 / L, 16.0)
        us = VON_KARMAN * u / max(profile, 0.3 * log_height)
    return us, L


@kernel
def lateral_deviation(us: float, L: float, h: float) -> float:
    """Return the standard deviation of the cross-wind [m s-1].

    Convective air: us (12 + 0.5 h / |L|)^(1/3), Panofsky et al. 1977, doi:10.1007/BF02186086;
    neutral and stable air: 1.9 us, Panofsky and Dutton 1984.
    """
    if L < 0.0:
        return us * math.pow(12.0 + 0.5 * h / -L, 1.0 / 3.0)
    return 1.9 * us
