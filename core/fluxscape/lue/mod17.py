"""MOD17: the product of MODIS (Running et al. 2004).

GPP = eps_max ramp(Tmin) [1 - ramp(VPD)] FPAR PAR, PAR = 0.45 SW. Running et al. 2004,
doi:10.1641/0006-3568(2004)054[0547:ACSMOG]2.0.CO;2; Running and Zhao, User's Guide MOD17A2/A3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from fluxscape.lue import _loops as loops
from fluxscape.lue._assembly import big_leaf
from fluxscape.lue.common import FloatArray, LueParameters, LueResult
from fluxscape.lue.inputs import Inputs
from fluxscape.parameters import parameter

_BPLUT: Final = (
    "Biome properties look-up table of Collection 5.1, as the package MOD17 (A. Endsley, MIT "
    "licence) ships it; Zhao and Running 2010, doi:10.1126/science.1192666"
)

COLUMNS: Final = (
    "maximum_light_use_efficiency",
    "minimum_temperature_low",
    "minimum_temperature_high",
    "vapour_pressure_deficit_low",
    "vapour_pressure_deficit_high",
)

VALUES_BY_TYPE: Final = {
    "ENF": (1.211, -8.0, 8.31, 650.0, 3000.0),
    "EBF": (1.405, -8.0, 9.09, 1000.0, 4000.0),
    "DNF": (1.227, -8.0, 10.44, 650.0, 3500.0),
    "DBF": (1.526, -6.0, 9.94, 650.0, 2900.0),
    "MF": (1.226, -7.0, 9.50, 650.0, 2900.0),
    "CSH": (1.495, -8.0, 8.61, 650.0, 4300.0),
    "OSH": (1.027, -8.0, 8.80, 650.0, 4400.0),
    "WSA": (1.498, -8.0, 11.39, 650.0, 3500.0),
    "SAV": (1.454, -8.0, 11.39, 650.0, 3600.0),
    "GRA": (1.215, -8.0, 12.02, 650.0, 4200.0),
    "CRO": (1.300, -8.0, 12.02, 650.0, 4500.0),
}


@dataclass(frozen=True)
class Mod17Stress(LueParameters):
    """Scalars of minimum temperature and vapour pressure deficit; defaults of DBF."""

    minimum_temperature_low: float = parameter(
        -6.0,
        lower=-15.0,
        upper=0.0,
        unit="degC",
        source=_BPLUT,
        description="Daily minimum temperature at and below which nothing grows",
        group="Temperature",
        symbol="TMIN_min",
    )
    minimum_temperature_high: float = parameter(
        9.94,
        lower=1.0,
        upper=20.0,
        unit="degC",
        source=_BPLUT,
        description="Daily minimum temperature from which temperature is no limit",
        group="Temperature",
        symbol="TMIN_max",
    )
    vapour_pressure_deficit_low: float = parameter(
        650.0,
        lower=0.0,
        upper=1500.0,
        unit="Pa",
        source=_BPLUT,
        description="Vapour pressure deficit to which dryness is no limit",
        group="Water",
        symbol="VPD_min",
    )
    vapour_pressure_deficit_high: float = parameter(
        2900.0,
        lower=1600.0,
        upper=8000.0,
        unit="Pa",
        source=_BPLUT,
        description="Vapour pressure deficit from which nothing grows",
        group="Water",
        symbol="VPD_max",
    )


@dataclass(frozen=True)
class Mod17Parameters(Mod17Stress):
    """Parameters of MOD17; defaults of a deciduous broadleaf forest."""

    leading: ClassVar[str] = "maximum_light_use_efficiency"

    maximum_light_use_efficiency: float = parameter(
        1.526,
        lower=0.1,
        upper=5.0,
        unit="g MJ-1",
        source=_BPLUT,
        description="Carbon for absorbed light without stress",
        group="Efficiency",
        symbol="eps_max",
    )
    par_fraction: float = parameter(
        0.45,
        lower=0.4,
        upper=0.55,
        unit="1",
        source="Running and Zhao, User's Guide MOD17A2/A3: PAR = 0.45 SW",
        description="Photosynthetically active share of global radiation, by energy",
        group="Light",
    )


def by_type(plant_type: str) -> Mod17Parameters:
    """Return the parameters of a type of :data:`fluxscape.lue.common.TYPES`."""
    return Mod17Parameters.from_dict(dict(zip(COLUMNS, VALUES_BY_TYPE[plant_type], strict=True)))


def stress(inputs: Inputs, p: Mod17Stress) -> dict[str, FloatArray]:
    """Return the scalars of temperature and water, shape (pixel, time)."""
    coldest, deficit = inputs.minimum_temperature(), inputs.deficit()
    cold, dry = np.empty_like(coldest), np.empty_like(deficit)
    loops.fill_ramp(coldest, p.minimum_temperature_low, p.minimum_temperature_high, cold)
    # A ramp from high to low falls.
    loops.fill_ramp(deficit, p.vapour_pressure_deficit_high, p.vapour_pressure_deficit_low, dry)
    return {"temperature_scalar": cold, "water_scalar": dry}


def simulate(inputs: Inputs, p: Mod17Parameters, soil: FloatArray) -> LueResult:
    """Return what MOD17 gives; ``soil`` is a further scalar of water."""
    return big_leaf(inputs, p, stress(inputs, p), inputs.absorbed_fraction(), soil)
