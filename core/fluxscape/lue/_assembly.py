"""From light and scalars to production, for canopies of one and of two classes of leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from fluxscape.lue import _loops as loops
from fluxscape.lue.common import (
    FloatArray,
    LueParameters,
    LueResult,
)
from fluxscape.lue.inputs import Inputs
from fluxscape.parameters import parameter

SUNLIT_SHARE: Final = 0.53
"""Highest efficiency of sunlit leaves over that of the canopy, assumed: with
:data:`SHADED_OVER_SUNLIT` both agree where sunlit leaves absorb 65 % of the light."""

SHADED_OVER_SUNLIT: Final = 3.5
"""Highest efficiency of shaded over sunlit leaves, assumed inside the 2.63 to 4.59 that Zhou et al.
2016, doi:10.1002/2014JG002876, found by type at 98 towers."""

STRUCTURE_BY_TYPE: Final = {
    #      omega albedo
    "ENF": (0.62, 0.035),
    "EBF": (0.63, 0.040),
    "DNF": (0.68, 0.035),
    "DBF": (0.70, 0.040),
    "MF": (0.69, 0.038),
    "CSH": (0.71, 0.045),
    "OSH": (0.71, 0.045),
    "WSA": (0.75, 0.050),
    "SAV": (0.75, 0.050),
    "GRA": (0.75, 0.055),
    "CRO": (0.80, 0.055),
}


@dataclass(frozen=True)
class TwoLeafParameters(LueParameters):
    """Efficiency of sunlit and shaded leaves, clumping; defaults of DBF."""

    leading: ClassVar[str] = "sunlit_light_use_efficiency"

    sunlit_light_use_efficiency: float = parameter(
        SUNLIT_SHARE * 1.526,
        lower=0.05,
        upper=3.0,
        unit="g MJ-1",
        source=f"assumed: {SUNLIT_SHARE} of the highest efficiency of the canopy",
        description="Carbon for light absorbed by sunlit leaves without stress",
        group="Efficiency",
        symbol="eps_msu",
    )
    shaded_over_sunlit: float = parameter(
        SHADED_OVER_SUNLIT,
        lower=1.0,
        upper=6.0,
        unit="1",
        source="assumed inside the 2.63 to 4.59 of Zhou et al. 2016, doi:10.1002/2014JG002876",
        description="Efficiency of shaded leaves over that of sunlit ones",
        group="Efficiency",
        symbol="eps_msh/eps_msu",
    )
    clumping_index: float = parameter(
        0.70,
        lower=0.3,
        upper=1.0,
        unit="1",
        source="Chen et al. 2005, doi:10.1016/j.rse.2005.05.003, means by cover type",
        description="Foliage clumping; 1 where leaves stand at random",
        group="Light",
        symbol="Omega",
    )
    canopy_albedo: float = parameter(
        0.04,
        lower=0.0,
        upper=0.3,
        unit="1",
        source="albedo of visible light by type as in BEPS; that of He et al. 2013 not verified",
        description="Share of photosynthetically active light that the canopy reflects",
        group="Light",
        symbol="alpha",
    )


def structure_of(plant_type: str) -> dict[str, object]:
    """Return clumping and albedo of a type."""
    omega, albedo = STRUCTURE_BY_TYPE[plant_type]
    return {"clumping_index": omega, "canopy_albedo": albedo}


def big_leaf(
    inputs: Inputs,
    p: LueParameters,
    scalars: dict[str, FloatArray],
    fraction: FloatArray,
    soil: FloatArray,
    *,
    weaker_only: bool = False,
) -> LueResult:
    """Return absorbed light times the highest efficiency and the scalars.

    Parameters
    ----------
    inputs, p
        Forcing and parameters.
    scalars
        Of temperature and water, shape (pixel, time).
    fraction
        Of light that leaves absorb [1], shape (pixel, time).
    soil
        A further scalar of water, shape (pixel, time).
    weaker_only
        Whether the smaller scalar counts instead of the product.
    """
    absorbed = inputs.par() * fraction
    return _produced(absorbed, absorbed, p, scalars, soil, weaker_only=weaker_only)


def two_leaf(
    inputs: Inputs,
    p: TwoLeafParameters,
    scalars: dict[str, FloatArray],
    soil: FloatArray,
    *,
    weaker_only: bool = False,
) -> LueResult:
    """Return what sunlit and shaded leaves absorb times their efficiencies and the scalars."""
    par = inputs.par()
    sunlit, shaded = np.empty_like(par), np.empty_like(par)
    loops.fill_two_leaf_par(
        par,
        inputs.clearness(),
        inputs.sun().cosine_zenith,
        inputs.leaf_area(),
        p.clumping_index,
        p.canopy_albedo,
        sunlit,
        shaded,
    )
    found = scalars | {"sunlit_absorbed_par": sunlit, "shaded_absorbed_par": shaded}
    weighted = sunlit + p.shaded_over_sunlit * shaded
    return _produced(weighted, sunlit + shaded, p, found, soil, weaker_only=weaker_only)


def _produced(
    light: FloatArray,
    absorbed: FloatArray,
    p: LueParameters,
    scalars: dict[str, FloatArray],
    soil: FloatArray,
    *,
    weaker_only: bool,
) -> LueResult:
    """Return light times the highest efficiency and the scalars."""
    water = scalars["water_scalar"] * soil
    production = np.empty_like(absorbed)
    loops.fill_production(
        light * p.highest_efficiency(),
        scalars["temperature_scalar"],
        water,
        scalars.get("carbon_dioxide_scalar", np.ones_like(absorbed)),
        weaker_only,
        production,
    )
    return LueResult(production, absorbed, scalars | {"water_scalar": water})
