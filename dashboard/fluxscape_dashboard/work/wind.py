"""How often the wind blows from where and how fast."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

SECTORS: Final = 16
"""Wind directions of 22.5 degrees, the first centred on north."""

SPEED_LIMITS: Final = (0.0, 1.0, 2.0, 4.0, 6.0, math.inf)
"""Edges of the speed classes [m s-1]."""


def wind_shares(
    direction: npt.NDArray[np.float64], speed: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the share of records [1] by sector and speed class, of shape (SECTORS, classes).

    Parameters
    ----------
    direction
        Direction the wind comes from, clockwise from north [degree].
    speed
        Wind speed [m s-1]. Records without one of the two are left out.

    >>> shares = wind_shares(np.array([359.0, 90.0]), np.array([0.5, 3.0]))
    >>> float(shares[0, 0]), float(shares[4, 2])
    (0.5, 0.5)
    """
    known = np.isfinite(direction) & np.isfinite(speed)
    width = 360.0 / SECTORS
    sector = np.floor((direction[known] + width / 2) / width).astype(int) % SECTORS
    kind = np.searchsorted(SPEED_LIMITS, speed[known], side="right") - 1
    counts = np.zeros((SECTORS, len(SPEED_LIMITS) - 1))
    np.add.at(counts, (sector, np.clip(kind, 0, counts.shape[1] - 1)), 1.0)
    total = counts.sum()
    return counts / total if total else counts
