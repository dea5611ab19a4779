"""CASA (Potter et al. 1993): net production, turned to gross by a fixed ratio.

NPP = eps* T1 T2 W FPAR PAR, PAR = 0.5 SW; GPP = NPP / (NPP/GPP). Potter et al. 1993,
doi:10.1029/93GB02725. Steps were months there; shorter ones are taken as they come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from fluxscape.constants import EPSILON_WATER, HEAT_CAPACITY_DRY_AIR, ZERO_CELSIUS
from fluxscape.lue import _loops as loops
from fluxscape.lue._assembly import big_leaf
from fluxscape.lue.common import GRAMS_PER_MEGAJOULE, FloatArray, LueParameters, LueResult
from fluxscape.lue.inputs import Inputs
from fluxscape.meteorology.humidity import (
    latent_heat_of_vaporisation,
    saturation_vapour_pressure_slope,
)
from fluxscape.parameters import parameter

_POTTER: Final = "Potter et al. 1993, doi:10.1029/93GB02725"
_LATENT: Final = "latent_heat_flux"
_SENSIBLE: Final = "sensible_heat_flux"

EFFICIENCY_BY_TYPE: Final = {
    "ENF": 0.389,
    "EBF": 0.985,
    "DNF": 0.485,
    "DBF": 0.692,
    "MF": 0.475,
    "CSH": 0.429,
    "OSH": 0.429,
    "WSA": 0.542,
    "SAV": 0.542,
    "GRA": 0.542,
    "CRO": 0.542,
}


@dataclass(frozen=True)
class CasaParameters(LueParameters):
    """Parameters of CASA; defaults of a deciduous broadleaf forest."""

    leading: ClassVar[str] = "maximum_light_use_efficiency"

    maximum_light_use_efficiency: float = parameter(
        0.692,
        lower=0.1,
        upper=2.5,
        unit="g MJ-1",
        source="Zhu et al. 2006, doi:10.1007/s11434-006-0457-1, China by type, verified for the "
        f"range only, 0.389 to 0.985; one value, 0.389, in {_POTTER}",
        description="Carbon of net production for absorbed light without stress",
        group="Efficiency",
        symbol="eps*",
    )
    net_over_gross: float = parameter(
        0.5,
        lower=0.3,
        upper=0.7,
        unit="1",
        source="assumed near the 0.47 of Waring et al. 1998, doi:10.1093/treephys/18.2.129",
        description="Net over gross primary production",
        group="Efficiency",
    )
    best_temperature: float = parameter(
        20.0,
        lower=0.0,
        upper=35.0,
        unit="degC",
        source=f"assumed; {_POTTER} take the mean temperature of the site's greenest month",
        description="Air temperature of the greenest month",
        group="Temperature",
        symbol="T_opt",
    )

    def highest_efficiency(self) -> float:
        """Return the highest light-use efficiency of gross production [mol mol-1]."""
        return self.maximum_light_use_efficiency / self.net_over_gross / GRAMS_PER_MEGAJOULE


def by_type(plant_type: str) -> CasaParameters:
    """Return the parameters of a type of :data:`fluxscape.lue.common.TYPES`."""
    efficiency = EFFICIENCY_BY_TYPE[plant_type]
    return CasaParameters.from_dict({"maximum_light_use_efficiency": efficiency})


def simulate(inputs: Inputs, p: CasaParameters, soil: FloatArray) -> LueResult:
    """Return what CASA gives; ``soil`` is a further scalar of water."""
    temperature = inputs.temperature()
    warm = np.empty_like(temperature)
    loops.fill_casa_temperature(temperature, p.best_temperature, warm)
    scalars = {"temperature_scalar": warm, "water_scalar": _water(inputs)}
    return big_leaf(inputs, p, scalars, inputs.absorbed_fraction(), soil)


def _water(inputs: Inputs) -> FloatArray:
    """Return W = 0.5 + 0.5 EET / PET from heat fluxes, 1 where there are none.

    Potential evapotranspiration after Priestley and Taylor on LE + H, where Potter et al. used
    Thornthwaite's formula and a bucket.
    """
    temperature = inputs.temperature()
    out = np.ones_like(temperature)
    if not (inputs.has(_LATENT) and inputs.has(_SENSIBLE)):
        inputs.note("water_scalar", f"1, no limit: the forcing lacks {_LATENT} or {_SENSIBLE}")
        return out
    latent = inputs.energy(_LATENT)
    available = latent + inputs.energy(_SENSIBLE)
    kelvin = temperature + ZERO_CELSIUS
    slope = np.asarray(saturation_vapour_pressure_slope(kelvin))
    heat = np.asarray(latent_heat_of_vaporisation(kelvin))
    gamma = HEAT_CAPACITY_DRY_AIR * inputs.pressure() / (EPSILON_WATER * heat)
    loops.fill_casa_water(latent, available, slope, gamma, out)
    inputs.note(
        "water_scalar", "potential evapotranspiration after Priestley and Taylor 1972 on LE + H"
    )
    return out
