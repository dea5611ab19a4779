"""A first score of a site: land cover in the footprint and location bias, each in three levels.

The class limits are a proposal after Gockede et al. 2008, doi:10.5194/bg-5-433-2008 (80 and 50 % of
land cover), and Chen et al. 2011, doi:10.1016/j.agrformet.2010.09.005 (10 % of location bias).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from fluxscape.errors import OutOfBoundsError
from fluxscape.representativeness.land_cover import LandCoverShare, land_cover_share
from fluxscape.representativeness.limits import Limits
from fluxscape.representativeness.location_bias import LocationBias, score_raster

__all__ = [
    "BIAS_LEVELS",
    "COVER_LEVELS",
    "SiteScore",
    "land_cover_share",
    "level_of",
    "rate",
    "score_raster",
]

_DEFAULTS: Final = Limits()

COVER_LEVELS: Final = (_DEFAULTS.cover_high, _DEFAULTS.cover_medium)
"""Least share of the target class for level 3 and level 2."""

BIAS_LEVELS: Final = (_DEFAULTS.bias_high, _DEFAULTS.bias_medium)
"""Largest absolute location bias for level 3 and level 2."""


@dataclass(frozen=True, slots=True)
class SiteScore:
    """Levels of a site: 3 high, 2 medium, 1 low, 0 unknown because data are missing.

    Attributes
    ----------
    land_cover_level, location_bias_level
        Level of each aspect.
    land_cover_share
        Share of the target class in the footprint.
    location_bias
        Location bias at ``radius``.
    radius
        Radius of the disc [m] that the bias is rated at.
    """

    land_cover_level: int
    location_bias_level: int
    land_cover_share: float
    location_bias: float
    radius: float


def rate(cover: LandCoverShare, bias: LocationBias, *, radius: float = 1000.0) -> SiteScore:
    """Return the levels of a site.

    Parameters
    ----------
    cover, bias
        Land cover and location bias of the same footprint.
    radius
        Radius of the disc [m] that the bias is rated at; one of ``bias.radii``.

    Raises
    ------
    OutOfBoundsError
        If there is no disc of that radius.
    """
    if radius not in bias.radii:
        msg = f"there is no disc of {radius:g} m; known are {bias.radii}"
        raise OutOfBoundsError(msg, radius=radius)
    difference = bias.relative_difference[bias.radii.index(radius)]
    return SiteScore(
        land_cover_level=level_of(-cover.footprint_share, [-limit for limit in COVER_LEVELS]),
        location_bias_level=level_of(abs(difference), BIAS_LEVELS),
        land_cover_share=cover.footprint_share,
        location_bias=difference,
        radius=radius,
    )


def level_of(value: float, limits: tuple[float, float] | list[float]) -> int:
    """Return 3 up to the first limit, 2 up to the second, 1 beyond, 0 for NaN."""
    if math.isnan(value):
        return 0
    return 3 - sum(int(value > limit) for limit in limits)
