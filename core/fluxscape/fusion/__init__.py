"""Fusion of fine but rare with coarse but frequent images of a landscape."""

from __future__ import annotations

from fluxscape.fusion.assessment import assess_candidates, assess_image
from fluxscape.fusion.images import ImagePair
from fluxscape.fusion.model import METHODS, fuse, parameters_of
from fluxscape.fusion.parameters import EstarfmParameters, FsdafParameters, StarfmParameters
from fluxscape.fusion.series import SeriesParameters, daily_series

__all__ = [
    "METHODS",
    "EstarfmParameters",
    "FsdafParameters",
    "ImagePair",
    "SeriesParameters",
    "StarfmParameters",
    "assess_candidates",
    "assess_image",
    "daily_series",
    "fuse",
    "parameters_of",
]
