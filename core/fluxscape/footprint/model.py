"""What a footprint model is: a plume function, its validity rules and where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fluxscape.footprint.plume import Plume
from fluxscape.footprint.rules import Rule

PlumeFunction = Callable[[float, float, float, float, float, float, float, float], Plume]
"""(height, roughness, wind_speed, friction_velocity, obukhov_length, lateral_std,
boundary_layer_height, von_karman) -> Plume."""


@dataclass(frozen=True, slots=True)
class FootprintModel:
    """One footprint model as data.

    Attributes
    ----------
    name
        Name on the command line and in files.
    title, long_title
        What figures and tables call it.
    reference
        Paper with DOI.
    provenance
        "published ..." or "reconstruction after ..."; stands in every product.
    plume
        From the inputs of one half-hour to its :class:`Plume`.
    spread_kind
        Which law sigma_y follows.
    needs
        Variables without which a record is rejected as missing.
    profile_inputs
        Variables of which one must be there to fix the wind profile, in order of preference.
    rules
        Bounds, in the order in which they are tried.
    paper_distance
        Closed form of x_R in the paper where it differs from the exact quantile.
    """

    name: str
    title: str
    long_title: str
    reference: str
    provenance: str
    plume: PlumeFunction
    spread_kind: int
    needs: tuple[str, ...]
    profile_inputs: tuple[str, ...]
    rules: tuple[Rule, ...]
    paper_distance: Callable[[Plume, float], float] | None = None
