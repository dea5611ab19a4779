"""What the Model page shows: parameters prefixed ``dlm_`` of the session state."""

from __future__ import annotations

import param


class ModelState(param.Parameterized):
    """What the Model page shows."""

    dlm_source = param.Selector(
        default="simulated",
        objects=["simulated", "upload"],
        doc="Forcing: simulated weather at the tower, or the file uploaded in this session.",
    )
    dlm_type = param.String(
        default="", regex=r"^[A-Za-z]{0,4}$", doc="IGBP class of the parameters; the tower's if ''."
    )
    dlm_soil = param.String(default="loam", regex=r"^[a-z_]{1,20}$", doc="Soil texture.")
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
