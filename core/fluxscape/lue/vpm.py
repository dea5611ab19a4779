"""VPM: the vegetation photosynthesis model (Xiao et al. 2004; Zhang et al. 2017).

GPP = eps_0 Ts Ws FPAR_chl PPFD, FPAR_chl = 1.25 (EVI - 0.1), Ws = (1 + LSWI) / (1 + LSWI_max). Xiao
et al. 2004, doi:10.1016/j.rse.2004.03.010; Zhang et al. 2017, doi:10.1038/sdata.2017.165, who leave
the scalar of leaf age out, as is done here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from fluxscape.lue import _loops as loops
from fluxscape.lue._assembly import big_leaf
from fluxscape.lue._parabola import temperature_scalar
from fluxscape.lue.common import GRAMS_CARBON_PER_MOLE, FloatArray, LueParameters, LueResult
from fluxscape.lue.inputs import Inputs
from fluxscape.parameters import parameter

_ZHANG: Final = "Zhang et al. 2017, doi:10.1038/sdata.2017.165"
_BY_BIOME: Final = f"{_ZHANG}, table by biome, as in the program of its first author"
_LSWI: Final = "land_surface_water_index"

TEMPERATURES_BY_TYPE: Final = {
    "ENF": (-1.0, 20.0, 40.0),
    "EBF": (2.0, 28.0, 48.0),
    "DNF": (-1.0, 20.0, 40.0),
    "DBF": (-1.0, 20.0, 40.0),
    "MF": (-1.0, 19.0, 48.0),
    "CSH": (-1.0, 25.0, 48.0),
    "OSH": (1.0, 31.0, 48.0),
    "WSA": (-1.0, 24.0, 48.0),
    "SAV": (1.0, 30.0, 48.0),
    "GRA": (0.0, 27.0, 48.0),
    "CRO": (-1.0, 30.0, 48.0),
}


@dataclass(frozen=True)
class VpmParameters(LueParameters):
    """Parameters of VPM; defaults of a deciduous broadleaf forest of C3 plants."""

    leading: ClassVar[str] = "maximum_light_use_efficiency"

    maximum_light_use_efficiency: float = parameter(
        0.42,
        lower=0.1,
        upper=1.2,
        unit="g mol-1",
        source=f"{_ZHANG}: 0.42 for C3 plants, 0.63 for C4 plants",
        description="Carbon for absorbed photons without stress",
        group="Efficiency",
        symbol="eps_0",
    )
    lowest_temperature: float = parameter(
        -1.0,
        lower=-10.0,
        upper=10.0,
        unit="degC",
        source=_BY_BIOME,
        description="Air temperature at and below which nothing grows",
        group="Temperature",
        symbol="T_min",
    )
    best_temperature: float = parameter(
        20.0,
        lower=10.5,
        upper=35.0,
        unit="degC",
        source=_BY_BIOME,
        description="Air temperature at which the scalar is 1",
        group="Temperature",
        symbol="T_opt",
    )
    highest_temperature: float = parameter(
        40.0,
        lower=35.5,
        upper=60.0,
        unit="degC",
        source=_BY_BIOME,
        description="Air temperature at and above which nothing grows",
        group="Temperature",
        symbol="T_max",
    )
    highest_water_index: float = parameter(
        0.4,
        lower=0.0,
        upper=0.9,
        unit="1",
        source="assumed; a property of the site: the largest land surface water index of its "
        "growing seasons (Xiao et al. 2004)",
        description="Land surface water index at which water is no limit",
        group="Water",
        symbol="LSWI_max",
    )

    def highest_efficiency(self) -> float:
        """Return the highest light-use efficiency [mol mol-1]."""
        return self.maximum_light_use_efficiency / GRAMS_CARBON_PER_MOLE


def by_type(plant_type: str) -> VpmParameters:
    """Return the parameters of a type of :data:`fluxscape.lue.common.TYPES`, C3 plants."""
    names = ("lowest_temperature", "best_temperature", "highest_temperature")
    values = dict(zip(names, TEMPERATURES_BY_TYPE[plant_type], strict=True))
    return VpmParameters.from_dict(values)


def simulate(inputs: Inputs, p: VpmParameters, soil: FloatArray) -> LueResult:
    """Return what VPM gives; ``soil`` is a further scalar of water."""
    warm = temperature_scalar(inputs, p)
    water = np.ones_like(warm)
    if inputs.has(_LSWI):
        loops.fill_water_index(inputs.composite(_LSWI), p.highest_water_index, water)
    else:
        inputs.note("water_scalar", f"1, no limit: the forcing has no {_LSWI}")
    scalars = {"temperature_scalar": warm, "water_scalar": water}
    fraction = inputs.absorbed_fraction("enhanced_vegetation_index")
    return big_leaf(inputs, p, scalars, fraction, soil)
