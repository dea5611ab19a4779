"""What the Model page shows: parameters prefixed ``dlm_`` of the session state."""

from __future__ import annotations

from typing import Final

import param

SOIL_TEXTURES: Final = (
    "sand",
    "loamy_sand",
    "sandy_loam",
    "loam",
    "silt_loam",
    "sandy_clay_loam",
    "clay_loam",
    "silty_clay_loam",
    "sandy_clay",
    "silty_clay",
    "clay",
)
"""Soil textures of the United States Department of Agriculture."""

COVER_TYPES: Final = (
    "ENF",
    "EBF",
    "DNF",
    "DBF",
    "MF",
    "CSH",
    "OSH",
    "WSA",
    "SAV",
    "GRA",
    "WET",
    "CRO",
    "URB",
    "CVM",
    "BSV",
)
"""IGBP classes for which the model has parameters."""


class ModelState(param.Parameterized):
    """What the Model page shows."""

    dlm_source = param.Selector(
        default="simulated",
        objects=["simulated", "upload"],
        doc="Forcing: simulated weather at the tower, or the file uploaded in this session.",
    )
    dlm_type = param.Selector(
        default="",
        objects=["", *COVER_TYPES],
        doc="IGBP class of the default parameters; the tower's own if empty.",
    )
    dlm_soil = param.Selector(
        default="loam", objects=list(SOIL_TEXTURES), doc="Soil texture of the default parameters."
    )
    dlm_params = param.Dict(default={}, doc="Parameters that differ from their default, by name.")
    dlm_view = param.Selector(
        default="week",
        objects=["week", "diurnal", "daily", "cumulative", "budget", "scores"],
        doc="How the series are shown.",
    )
    dlm_week = param.Integer(default=28, bounds=(1, 53), doc="Week of the half-hourly view.")
    dlm_compare = param.Selector(
        default="default",
        objects=["none", "default", "previous"],
        doc="Parameter set drawn for comparison.",
    )
