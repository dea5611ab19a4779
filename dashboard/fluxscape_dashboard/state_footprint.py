"""What the Footprint page shows: parameters prefixed ``fp_`` of the session state."""

from __future__ import annotations

from typing import Final

import param

FRACTIONS: Final = (0.5, 0.8)
"""Shares of the flux whose source areas are outlined."""

SEASONS: Final = ("DJF", "MAM", "JJA", "SON")
"""Meteorological seasons by the initials of their months."""

PERIODS: Final = (
    "all",
    "day",
    "night",
    *SEASONS,
    *(f"month-{month:02d}" for month in range(1, 13)),
)
"""Parts of the year that a climatology may be confined to."""


class FootprintState(param.Parameterized):
    """What the Footprint page shows."""

    fp_source = param.Selector(
        default="simulated",
        objects=["simulated", "upload"],
        doc="Records: simulated weather at the tower, or the file uploaded in this session.",
    )
    fp_model = param.Selector(
        default="ffp", objects=["ffp", "km01", "hsieh", "safe-f"], doc="Footprint model."
    )
    fp_height = param.Number(
        default=None,
        bounds=(0.5, 600.0),
        allow_None=True,
        doc="Height of the instrument above ground [m]; the tower's own if None.",
    )
    fp_canopy = param.Number(
        default=None,
        bounds=(0.01, 100.0),
        allow_None=True,
        doc="Canopy height [m]; the tower's own if None.",
    )
    fp_period = param.Selector(default="all", objects=list(PERIODS), doc="Part of the year.")
    fp_resolution = param.Selector(default=10, objects=[2, 4, 10, 20, 40], doc="Cell size [m].")
    fp_extent = param.Selector(
        default=1000, objects=[250, 500, 1000, 2000, 4000], doc="Half-width of the grid [m]."
    )
    fp_layer = param.Selector(
        default="land_cover",
        objects=["land_cover", "ndvi", "relief", "none"],
        doc="Map layer below the footprint.",
    )
    fp_log = param.Boolean(default=True, doc="Logarithmic colours of the footprint.")
    fp_tab = param.Selector(
        default="areas",
        objects=["areas", "wind", "score", "records"],
        doc="What is shown below the map.",
    )
