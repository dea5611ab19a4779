"""The limits that turn numbers into levels, as data: stated, adjustable, saved with every result.

Fang et al. 2024 (doi:10.1038/s41597-024-03291-3) rate sites by three aspects in three levels each
but do not publish their numeric limits. Those of land cover are published by others; those of
location bias and spatial structure are this project's proposal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fluxscape.parameters import ParameterSet, parameter

_COVER: Final = "Goeckede et al. 2008, doi:10.5194/bg-5-433-2008; Chu et al. 2021"
_CHU: Final = "Chu et al. 2021, doi:10.1016/j.agrformet.2021.108350, section 2.4"
_OURS: Final = "proposal of this project: the limits of Fang et al. 2024 are not public"


@dataclass(frozen=True)
class Limits(ParameterSet):
    """Limits of the levels: 3 high, 2 medium, 1 low."""

    cover_high: float = parameter(
        0.8,
        lower=0.0,
        upper=1.0,
        unit="1",
        source=_COVER,
        group="land cover",
        description="least share of the target cover for level 3",
    )
    cover_medium: float = parameter(
        0.5,
        lower=0.0,
        upper=1.0,
        unit="1",
        source=_COVER,
        group="land cover",
        description="least share of the target cover for level 2",
    )
    significance: float = parameter(
        0.05,
        lower=0.0,
        upper=1.0,
        unit="1",
        source=_CHU,
        group="land cover",
        description="probability below which the covers of footprint and area differ",
    )
    bias_high: float = parameter(
        0.05,
        lower=0.0,
        upper=10.0,
        unit="1",
        source=_OURS,
        group="location bias",
        description="largest absolute bias for level 3",
    )
    bias_medium: float = parameter(
        0.10,
        lower=0.0,
        upper=10.0,
        unit="1",
        source=_CHU + ", after Chen et al. 2011, doi:10.1016/j.agrformet.2010.09.005",
        group="location bias",
        description="largest absolute bias for level 2 and for a representative area",
    )
    bias_radius: float = parameter(
        1000.0,
        lower=50.0,
        upper=50_000.0,
        unit="m",
        source=_OURS,
        group="location bias",
        description="radius of the disc at which the bias is rated",
    )
    structure_high: float = parameter(
        0.05,
        lower=0.0,
        upper=10.0,
        unit="1",
        source=_OURS,
        group="spatial structure",
        description="largest bias that the variogram lets expect for level 3",
    )
    structure_medium: float = parameter(
        0.10,
        lower=0.0,
        upper=10.0,
        unit="1",
        source=_OURS,
        group="spatial structure",
        description="largest bias that the variogram lets expect for level 2",
    )
    slope: float = parameter(
        5.0,
        lower=0.0,
        upper=90.0,
        unit="degree",
        source="proposal of this project",
        group="terrain",
        description="slope beyond which ground counts as steep",
    )
    height: float = parameter(
        20.0,
        lower=0.0,
        upper=5000.0,
        unit="m",
        source="proposal of this project",
        group="terrain",
        description="height above or below the tower's ground beyond which ground counts as apart",
    )
    surroundings: float = parameter(
        1000.0,
        lower=50.0,
        upper=50_000.0,
        unit="m",
        source="proposal of this project",
        group="terrain",
        description="radius of the surroundings above which heights are taken",
    )
    source_area: float = parameter(
        0.8,
        lower=0.05,
        upper=0.99,
        unit="1",
        source=_CHU,
        group="footprint",
        description="share of the flux whose source area stands for the footprint",
    )
    least_valid: float = parameter(
        0.8,
        lower=0.0,
        upper=1.0,
        unit="1",
        source="proposal of this project",
        group="footprint",
        description="least share of an area or footprint on valid pixels for a number to be given",
    )
