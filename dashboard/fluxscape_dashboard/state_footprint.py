"""What the Footprint page shows: parameters prefixed ``fp_`` of the session state."""

from __future__ import annotations

from typing import Final

import param

SHARES: Final = tuple(share / 10 for share in range(1, 10))
"""Shares of the flux whose source areas are tabled and saved."""

FRACTIONS: Final = SHARES[4:]
"""Shares of the flux whose source areas are outlined on the map."""

MODELS: Final = (
    "ffp",
    "km01",
    "hsieh",
    "safe-f",
    "safe-f-analytic",
    "safe-f-draxler",
    "safe-f-analytic-draxler",
)
"""Footprint models on offer, variants last."""

NO_MODEL: Final = "none"
"""No second model."""

SEASONS: Final = ("DJF", "MAM", "JJA", "SON")
"""Meteorological seasons by the initials of their months."""

PERIODS: Final = ("all", *SEASONS, *(f"month-{month:02d}" for month in range(1, 13)))
"""Parts of the year that a climatology may be confined to."""

LIGHTS: Final = ("all", "day", "night")
"""Parts of the day."""

WEIGHTS: Final = ("equal", "hours", "gpp", "et", "nee")
"""Weights of the records."""


AUTOMATIC: Final = 0
"""Cell size or half-width that follows from the height of the instrument."""

REACHES: Final = (250, 500, 1000, 2000, 4000)
"""Half-widths of the grid [m]."""

_REACH_OVER_HEIGHT: Final = 120.0
"""Half-width over the height above the canopy's displacement: four fifths of the flux of most
hours come from nearer (FFP, neutral: 40 heights; stable nights reach farther)."""


def grid_of(resolution: int, extent: int, height: float, canopy: float) -> tuple[float, float]:
    """Return cell size and half-width [m], those that are automatic from the heights [m]."""
    above = max(height - 0.67 * canopy, 1.0)
    fitting = next((reach for reach in REACHES if reach >= _REACH_OVER_HEIGHT * above), REACHES[-1])
    reach = float(extent or fitting)
    return float(resolution) or reach / 100.0, reach


class FootprintState(param.Parameterized):
    """What the Footprint page shows."""

    fp_source = param.Selector(
        default="simulated",
        objects=["simulated", "upload"],
        doc="Records: simulated weather at the tower, or the file uploaded in this session.",
    )
    fp_model = param.Selector(default="ffp", objects=list(MODELS), doc="Footprint model.")
    fp_other = param.Selector(
        default=NO_MODEL,
        objects=[NO_MODEL, *MODELS],
        doc="Second model, shown beside the first with their difference.",
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
    fp_light = param.Selector(default="all", objects=list(LIGHTS), doc="Part of the day.")
    fp_year = param.Integer(
        default=0, bounds=(0, 2200), doc="Year of a file with several; all of them if 0."
    )
    fp_weight = param.Selector(
        default="equal", objects=list(WEIGHTS), doc="What a record counts for."
    )
    fp_resolution = param.Selector(
        default=AUTOMATIC,
        objects=[AUTOMATIC, 2, 4, 10, 20, 40],
        doc="Cell size [m]; a hundredth of the half-width if 0.",
    )
    fp_extent = param.Selector(
        default=AUTOMATIC,
        objects=[AUTOMATIC, *REACHES],
        doc="Half-width of the grid [m]; what the instrument's height asks for if 0.",
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

    @property
    def footprint_period(self) -> str:
        """The whole period as :func:`fluxscape.footprint.period_mask` reads it."""
        year = str(self.fp_year) if self.fp_year else "all"
        parts = [part for part in (self.fp_period, self.fp_light, year) if part != "all"]
        return "+".join(parts) or "all"
