"""What the Representativeness page shows: parameters prefixed ``rep_`` of the session state.

The model and the heights of the footprint are those of the Footprint page (``fp_``).
"""

from __future__ import annotations

import math
from typing import Any, Final

import param

from fluxscape.errors import FluxscapeError
from fluxscape.representativeness.limits import Limits

VIEWS: Final = ("tower", "network")
"""The two halves of the page."""

TABS: Final = ("bias", "place", "cover", "structure")
"""What is shown below the cards of a tower."""

LIMITS: Final = (
    "cover_high",
    "cover_medium",
    "structure_high",
    "structure_medium",
    "bias_high",
    "bias_medium",
    "bias_radius",
)
"""Limits of the levels that the page offers to change."""

EXTENTS: Final = (300, 750, 1500, 3000, 4500)
"""Half-widths of the footprint's grid [m]; its cells are a hundred and fiftieth of that."""

SEED: Final = 20_100
"""Seed of the simulated landscape, that of ``fluxscape represent``."""

INDICES: Final = ("ndvi", "evi", "lai", "other")
"""What an uploaded index may be; values are held against the range of a known one."""

SHARE: Final = 33
"""Share of the towers that is chosen [%]."""


class LimitChanges(param.Dict):
    """Limits that differ from the defaults, by name; any other name or value is refused."""

    def _validate(self, val: Any) -> None:
        super()._validate(val)
        try:
            limits_of(val)
        except FluxscapeError as error:
            raise ValueError(str(error)) from error


def limits_of(changes: dict[str, float]) -> Limits:
    """Return the limits with some of them changed.

    Raises
    ------
    FluxscapeError
        If a name is unknown or a value out of its bounds.
    """
    return Limits().replace(changes)


class RepresentativenessState(param.Parameterized):
    """What the Representativeness page shows."""

    rep_view = param.Selector(
        default="tower", objects=list(VIEWS), doc="One tower, or the network of all."
    )
    rep_source = param.Selector(
        default="simulated",
        objects=["simulated", "upload"],
        doc="Records of the footprint: simulated weather, or a file of this session.",
    )
    rep_maps = param.Selector(
        default="simulated",
        objects=["simulated", "upload"],
        doc="Maps: the simulated landscape, or rasters uploaded in this session.",
    )
    rep_legend = param.Selector(
        default="guess",
        objects=["guess", "igbp", "worldcover", "cci", "from-glc"],
        doc="Legend of an uploaded land-cover map.",
    )
    rep_index = param.Selector(
        default="ndvi", objects=list(INDICES), doc="What an uploaded vegetation index is."
    )
    rep_seed = param.Integer(
        default=SEED, bounds=(0, 99_999), doc="Seed of the simulated landscape: one draw of it."
    )
    rep_extent = param.Selector(
        default=1500, objects=list(EXTENTS), doc="Half-width of the footprint's grid [m]."
    )
    rep_limits = LimitChanges(default={}, doc="Limits of the levels that differ from the defaults.")
    rep_tab = param.Selector(default="bias", objects=list(TABS), doc="What is below the cards.")
    rep_place = param.NumericTuple(
        default=None,
        length=2,
        allow_None=True,
        doc="Where the tower is tried: metres east and north of where it stands.",
    )
    rep_layer = param.Selector(
        default="bias", objects=["bias", "index", "cover"], doc="What the map of places shows."
    )
    rep_by = param.Selector(default="area", objects=["area", "gpp"], doc="What a cell counts by.")
    rep_share = param.Integer(
        default=SHARE, bounds=(5, 100), doc="Share of the towers that is chosen [%]."
    )
    rep_map = param.Selector(
        default="distance", objects=["distance", "gap"], doc="What the national map shows."
    )
    rep_add = param.List(default=[], item_type=str, doc="Towers added to the choice by hand.")
    rep_remove = param.List(default=[], item_type=str, doc="Towers taken from the choice by hand.")

    @property
    def tried_place(self) -> tuple[float, float]:
        """Where the tower is tried [m east, m north]; where it stands by default."""
        if self.rep_place is None or not all(map(math.isfinite, self.rep_place)):
            return 0.0, 0.0
        return float(self.rep_place[0]), float(self.rep_place[1])
