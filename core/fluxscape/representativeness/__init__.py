"""Representativeness: whether what the tower sees stands for its surroundings."""

from fluxscape.representativeness.land_cover import LandCoverShare, land_cover_share
from fluxscape.representativeness.location_bias import RADII, LocationBias
from fluxscape.representativeness.score import SiteScore, rate, score_raster

__all__ = [
    "RADII",
    "LandCoverShare",
    "LocationBias",
    "SiteScore",
    "land_cover_share",
    "rate",
    "score_raster",
]
