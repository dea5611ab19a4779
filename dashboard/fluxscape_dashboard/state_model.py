"""What the Model page shows: parameters prefixed ``dlm_`` of the session state.

The prefix is that of the page's first model; models of light-use efficiency share it.
"""

from __future__ import annotations

from typing import Final

import param

from fluxscape_dashboard.work.model_sets import MODEL_NAMES
from fluxscape_dashboard.work.periods import PARTS

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

STREAM_NAMES: Final = ("nee", "gpp", "le", "h", "ts", "swc")
"""Short names of what parameters can be calibrated to."""

FIRST_STREAMS: Final = ("nee", "le")
"""Streams that are chosen where nobody chooses."""


class ModelState(param.Parameterized):
    """What the Model page shows."""

    dlm_model = param.Selector(
        default="dlm", objects=list(MODEL_NAMES), doc="Model, by its name in the library."
    )
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
        objects=[
            "week",
            "diurnal",
            "daily",
            "cumulative",
            "profile",
            "budget",
            "scores",
            "calibrate",
        ],
        doc="How the series are shown.",
    )
    dlm_week = param.Integer(default=28, bounds=(1, 53), doc="Week of the half-hourly view.")
    dlm_compare = param.Selector(
        default="default",
        objects=["none", "default", "previous", "kept"],
        doc="Parameter set drawn for comparison.",
    )
    dlm_kept = param.Dict(
        default={}, doc="Model, land cover, soil and changed parameters that were kept to compare."
    )
    dlm_year = param.Integer(
        default=0, bounds=(0, 2200), doc="Year that is shown and scored; the whole record if 0."
    )
    dlm_part = param.Selector(
        default="year", objects=list(PARTS), doc="Part of the year that is shown and scored."
    )
    dlm_cal_streams = param.List(
        default=list(FIRST_STREAMS), item_type=str, doc="What parameters are calibrated to."
    )
    dlm_cal_parameters = param.List(
        default=[], item_type=str, doc="Calibrated parameters; the usual ones if empty."
    )
    dlm_cal_members = param.Selector(
        default=40, objects=[10, 20, 40, 100, 200], doc="Members of the ensemble."
    )
    dlm_cal_method = param.Selector(
        default="ies", objects=["ies", "es-mda"], doc="Method of the calibration."
    )
    dlm_cal_passes = param.Selector(
        default=4, objects=[1, 2, 3, 4, 6, 8], doc="Passes of the ensemble smoother."
    )
    dlm_cal_truth = param.Selector(
        default="drawn",
        objects=["drawn", "present", "kept"],
        doc="Parameters that a twin experiment takes for true.",
    )
