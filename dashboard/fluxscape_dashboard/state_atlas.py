"""What the Atlas page shows: parameters prefixed ``at_`` of the session state."""

from __future__ import annotations

import param


class AtlasState(param.Parameterized):
    """What the Atlas page shows."""

    at_variable = param.Selector(default="gpp", objects=["gpp", "et"], doc="Flux on the map.")
    at_layer = param.Selector(
        default="annual",
        objects=["annual", "mean", "trend", "p_value"],
        doc="One year, the mean of all, the Theil-Sen slope, or the p-value of its test.",
    )
    at_year = param.Integer(
        default=2012, bounds=(1850, 2200), doc="Year of the annual layer; the nearest there is."
    )
    at_test = param.Selector(
        default="wang_swail",
        objects=["wang_swail", "mann_kendall"],
        doc="Test behind p-values and hatching.",
    )
    at_level = param.Selector(
        default=0.05, objects=[0.01, 0.05, 0.1], doc="Significance level of the hatching."
    )
    at_hatch = param.Boolean(default=True, doc="Hatch trends that are not significant.")
    at_opacity = param.Number(default=1.0, bounds=(0.2, 1.0), doc="Opacity of the raster.")
    at_point = param.NumericTuple(
        default=None,
        length=2,
        allow_None=True,
        doc="Longitude and latitude of the chosen pixel [degrees].",
    )
