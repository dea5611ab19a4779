"""Representativeness: whether what the tower sees stands for its surroundings.

Names load on first use, so that a caller of one metric does not wait for all.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fluxscape.representativeness.assessment import Assessment
    from fluxscape.representativeness.bias import BiasProfile, bias_profile
    from fluxscape.representativeness.chu import footprint_shape, scene_regression, steadiness
    from fluxscape.representativeness.cover import CoverProfile, cover_profile
    from fluxscape.representativeness.evaluation import assess
    from fluxscape.representativeness.frame import Place
    from fluxscape.representativeness.land_cover import LandCoverShare, land_cover_share
    from fluxscape.representativeness.legends import LEGENDS, find_legend, guess_legend
    from fluxscape.representativeness.limits import Limits
    from fluxscape.representativeness.location_bias import RADII, LocationBias
    from fluxscape.representativeness.placement import bias_map
    from fluxscape.representativeness.regrid import to_footprint_grid
    from fluxscape.representativeness.scale import relative_coefficients, window_statistics
    from fluxscape.representativeness.score import SiteScore, rate, score_raster
    from fluxscape.representativeness.terrain import describe_terrain
    from fluxscape.representativeness.variogram import semivariogram
    from fluxscape.representativeness.variogram_fit import anisotropy, fit_semivariogram

_HOME = {
    "LEGENDS": "legends",
    "RADII": "location_bias",
    "Assessment": "assessment",
    "BiasProfile": "bias",
    "CoverProfile": "cover",
    "LandCoverShare": "land_cover",
    "Limits": "limits",
    "LocationBias": "location_bias",
    "Place": "frame",
    "SiteScore": "score",
    "anisotropy": "variogram_fit",
    "assess": "evaluation",
    "bias_map": "placement",
    "bias_profile": "bias",
    "cover_profile": "cover",
    "describe_terrain": "terrain",
    "find_legend": "legends",
    "fit_semivariogram": "variogram_fit",
    "footprint_shape": "chu",
    "guess_legend": "legends",
    "land_cover_share": "land_cover",
    "rate": "score",
    "relative_coefficients": "scale",
    "scene_regression": "chu",
    "score_raster": "score",
    "semivariogram": "variogram",
    "steadiness": "chu",
    "to_footprint_grid": "regrid",
    "window_statistics": "scale",
}

__all__ = [
    "LEGENDS",
    "RADII",
    "Assessment",
    "BiasProfile",
    "CoverProfile",
    "LandCoverShare",
    "Limits",
    "LocationBias",
    "Place",
    "SiteScore",
    "anisotropy",
    "assess",
    "bias_map",
    "bias_profile",
    "cover_profile",
    "describe_terrain",
    "find_legend",
    "fit_semivariogram",
    "footprint_shape",
    "guess_legend",
    "land_cover_share",
    "rate",
    "relative_coefficients",
    "scene_regression",
    "score_raster",
    "semivariogram",
    "steadiness",
    "to_footprint_grid",
    "window_statistics",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
