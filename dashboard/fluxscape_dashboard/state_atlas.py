"""What the Atlas page shows: parameters prefixed ``at_`` of the session state."""

from __future__ import annotations

import param


class AtlasState(param.Parameterized):
    """What the Atlas page shows."""

    at_variable = param.Selector(default="gpp", objects=["gpp", "et"], doc="Flux on the map.")
    at_layer = param.Selector(
        default="annual",
        objects=["annual", "mean", "difference", "trend", "p_value", "uncertainty"],
        doc="One year, the mean of all, the year less the mean, the Theil-Sen slope, the p-value "
        "of its test, or the spread of an ensemble.",
    )
    at_tab = param.Selector(
        default="map", objects=["map", "regions", "comparison"], doc="What stands in the middle."
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
    at_field = param.Boolean(
        default=False, doc="Hold p-values against the false discovery rate of the whole nation."
    )
    at_stretch = param.Selector(
        default="round",
        objects=["round", "p2", "p5"],
        doc="Colours from zero to a round number, or between percentiles of all years.",
    )
    at_colours = param.Selector(
        default="standard", objects=["standard", "viridis", "cividis"], doc="Colours of the map."
    )
    at_second = param.Selector(
        default="none",
        objects=["none", "annual", "mean", "difference", "trend", "p_value", "uncertainty"],
        doc="Layer on the right of the swipe.",
    )
    at_second_year = param.Integer(
        default=1979, bounds=(1850, 2200), doc="Year of an annual layer on the right."
    )
    at_swipe = param.Number(
        default=0.5, bounds=(0.0, 1.0), doc="Place of the swipe, from west to east of the frame."
    )
    at_opacity = param.Number(default=1.0, bounds=(0.2, 1.0), doc="Opacity of the raster.")
    at_point = param.NumericTuple(
        default=None,
        length=2,
        allow_None=True,
        doc="Longitude and latitude of the chosen pixel [degrees].",
    )
    at_region = param.String(
        default="nation:100000",
        regex=r"^(nation|province|koppen|land_cover|plateau|drawn|own):[A-Za-z0-9]{1,20}$",
        doc="Zone of the series.",
    )
    at_zones = param.Selector(
        default="province",
        objects=["province", "koppen", "land_cover", "plateau"],
        doc="Kind of zones in the table.",
    )
    at_polygon = param.List(
        default=[],
        item_type=float,
        doc="Longitudes and latitudes of a drawn polygon in turn [degrees].",
    )
