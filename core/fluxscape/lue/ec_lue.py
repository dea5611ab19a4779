"""EC-LUE (Yuan et al. 2007) and its revision for two classes of leaves (Zheng et al. 2020).

2007: GPP = eps FPAR PAR min(Ts, Ws), FPAR = 1.24 NDVI - 0.168, Ws = LE / (LE + H);
doi:10.1016/j.agrformet.2006.12.001.

2020: GPP = (eps_msu APAR_su + eps_msh APAR_sh) Cs min(Ts, Ws), Cs = (Ci - phi) / (Ci + 2 phi),
Ws = VPD0 / (VPD0 + VPD); doi:10.5194/essd-12-2725-2020.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from fluxscape.lue import _loops as loops
from fluxscape.lue._assembly import (
    SUNLIT_SHARE,
    TwoLeafParameters,
    big_leaf,
    structure_of,
    two_leaf,
)
from fluxscape.lue._parabola import temperature_scalar
from fluxscape.lue.common import FloatArray, LueParameters, LueResult
from fluxscape.lue.inputs import Inputs
from fluxscape.parameters import parameter

_YUAN: Final = "Yuan et al. 2007, doi:10.1016/j.agrformet.2006.12.001"
_ZHENG: Final = "Zheng et al. 2020, doi:10.5194/essd-12-2725-2020"
_LATENT: Final = "latent_heat_flux"
_SENSIBLE: Final = "sensible_heat_flux"
_EFFICIENCY: Final = 2.14


@dataclass(frozen=True)
class EcLueTemperatures(LueParameters):
    """Cardinal temperatures of EC-LUE, one set for all vegetation."""

    lowest_temperature: float = parameter(
        0.0,
        lower=-10.0,
        upper=10.0,
        unit="degC",
        source=_YUAN,
        description="Air temperature at and below which nothing grows",
        group="Temperature",
        symbol="T_min",
    )
    best_temperature: float = parameter(
        20.33,
        lower=10.5,
        upper=35.0,
        unit="degC",
        source=_YUAN,
        description="Air temperature at which the scalar is 1",
        group="Temperature",
        symbol="T_opt",
    )
    highest_temperature: float = parameter(
        40.0,
        lower=35.5,
        upper=60.0,
        unit="degC",
        source=_YUAN,
        description="Air temperature at and above which nothing grows",
        group="Temperature",
        symbol="T_max",
    )


@dataclass(frozen=True)
class EcLueParameters(EcLueTemperatures):
    """Parameters of EC-LUE; one set for all vegetation."""

    leading: ClassVar[str] = "maximum_light_use_efficiency"

    maximum_light_use_efficiency: float = parameter(
        _EFFICIENCY,
        lower=0.5,
        upper=5.0,
        unit="g MJ-1",
        source=_YUAN,
        description="Carbon for absorbed light without stress",
        group="Efficiency",
        symbol="eps_max",
    )


@dataclass(frozen=True)
class EcLue2020Parameters(EcLueTemperatures, TwoLeafParameters):
    """Parameters of the revised EC-LUE, one set but for clumping and albedo by type."""

    sunlit_light_use_efficiency: float = parameter(
        SUNLIT_SHARE * _EFFICIENCY,
        lower=0.05,
        upper=5.0,
        unit="g MJ-1",
        source=f"assumed: {SUNLIT_SHARE} of the efficiency of {_YUAN}; the table of {_ZHENG} is "
        "not verified",
        description="Carbon for light absorbed by sunlit leaves without stress",
        group="Efficiency",
        symbol="eps_msu",
    )
    half_deficit: float = parameter(
        1000.0,
        lower=200.0,
        upper=5000.0,
        unit="Pa",
        source=f"assumed; {_ZHENG} fit it by type",
        description="Vapour pressure deficit at which half the efficiency is left",
        group="Water",
        symbol="VPD0",
    )
    compensation_point: float = parameter(
        42.75,
        lower=10.0,
        upper=80.0,
        unit="umol mol-1",
        source="Bernacchi et al. 2001, doi:10.1111/j.1365-3040.2001.00668.x, at 25 degrees C; "
        f"{_ZHENG} fit it by type",
        description="Carbon dioxide at which uptake ends, without respiration in the dark",
        group="Carbon dioxide",
        symbol="phi",
    )
    cost_ratio: float = parameter(
        356.51,
        lower=50.0,
        upper=600.0,
        unit="1",
        source=f"as given by {_ZHENG}",
        description="Cost of carboxylation over that of transpiration",
        group="Carbon dioxide",
        symbol="beta",
    )


def by_type(plant_type: str) -> EcLueParameters:  # noqa: ARG001 (one set for all types)
    """Return the parameters, which do not depend on the type."""
    return EcLueParameters()


def by_type_2020(plant_type: str) -> EcLue2020Parameters:
    """Return the parameters with clumping and albedo of a type."""
    return EcLue2020Parameters.from_dict(structure_of(plant_type))


def simulate(inputs: Inputs, p: EcLueParameters, soil: FloatArray) -> LueResult:
    """Return what EC-LUE gives; ``soil`` is a further scalar of water."""
    if not (inputs.has(_LATENT) and inputs.has(_SENSIBLE)):
        absent = [name for name in (_LATENT, _SENSIBLE) if not inputs.has(name)]
        raise inputs.missing(absent[0], use="EC-LUE's evaporative fraction")
    warm = temperature_scalar(inputs, p)
    water = np.empty_like(warm)
    loops.fill_evaporative_fraction(inputs.energy(_LATENT), inputs.energy(_SENSIBLE), water)
    scalars = {"temperature_scalar": warm, "water_scalar": water}
    fraction = inputs.absorbed_fraction("normalized_difference_vegetation_index")
    return big_leaf(inputs, p, scalars, fraction, soil, weaker_only=True)


def simulate_2020(inputs: Inputs, p: EcLue2020Parameters, soil: FloatArray) -> LueResult:
    """Return what the revised EC-LUE gives; ``soil`` is a further scalar of water."""
    warm, deficit = temperature_scalar(inputs, p), inputs.deficit()
    water, carbon = np.empty_like(warm), np.empty_like(warm)
    loops.fill_dryness(deficit, p.half_deficit, water)
    loops.fill_carbon_dioxide(
        inputs.carbon_dioxide(),
        inputs.temperature(),
        deficit,
        inputs.pressure(),
        p.cost_ratio,
        p.compensation_point,
        carbon,
    )
    scalars = {
        "temperature_scalar": warm,
        "water_scalar": water,
        "carbon_dioxide_scalar": carbon,
    }
    return two_leaf(inputs, p, scalars, soil, weaker_only=True)
