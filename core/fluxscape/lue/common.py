"""What all light-use-efficiency models share: parameters, result, yields, the name of a type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from fluxscape.constants import MOLAR_MASS_CARBON, PAR_FRACTION, PAR_PHOTONS_PER_JOULE
from fluxscape.errors import MissingVariableError, did_you_mean
from fluxscape.parameters import ParameterSet, parameter

FloatArray = npt.NDArray[np.float64]

GRAMS_CARBON_PER_MOLE: Final = MOLAR_MASS_CARBON * 1000.0
"""Molar mass of carbon [g mol-1]."""

GRAMS_PER_MEGAJOULE: Final = GRAMS_CARBON_PER_MOLE * PAR_PHOTONS_PER_JOULE
"""Carbon per light energy [g MJ-1] that equals one molecule a photon: 54.9."""

TYPES: Final = ("ENF", "EBF", "DNF", "DBF", "MF", "CSH", "OSH", "WSA", "SAV", "GRA", "CRO")
"""Plant functional types of the parameter tables: classes of the IGBP."""

_STAND_INS: Final = {"WET": "GRA", "CVM": "CRO", "BSV": "OSH", "SH": "OSH", "DF": "DBF"}


@dataclass(frozen=True)
class LueParameters(ParameterSet):
    """Parameters that every light-use-efficiency model has.

    Bounds serve as the prior: any value between them is as likely.
    """

    leading: ClassVar[str] = ""
    """Name of the parameter that productivity is proportional to."""

    par_fraction: float = parameter(
        PAR_FRACTION,
        lower=0.4,
        upper=0.55,
        unit="1",
        source="Monteith 1972, doi:10.2307/2401901; Meek et al. 1984, "
        "doi:10.2134/agronj1984.00021962007600060018x",
        description="Photosynthetically active share of global radiation, by energy",
        group="Light",
    )
    light_extinction: float = parameter(
        0.5,
        lower=0.2,
        upper=1.0,
        unit="1",
        source="Monsi and Saeki 1953, in English 2005, doi:10.1093/aob/mci052, Beer's law; 0.5 is "
        "that of leaves of spherical orientation under a high sun, assumed",
        description="Extinction of light by leaf area, where only leaf area is known",
        group="Light",
        symbol="k",
    )
    field_capacity: float = parameter(
        0.3,
        lower=0.05,
        upper=0.6,
        unit="m3 m-3",
        source="assumed; a property of the soil",
        description="Soil water content at which soil moisture stress is reckoned from",
        group="Water",
    )
    soil_stress_floor: float = parameter(
        0.733,
        lower=0.0,
        upper=1.0,
        unit="1",
        source="Stocker et al. 2020, doi:10.5194/gmd-13-1545-2020, setup FULL at a mean ratio of "
        "actual to potential evapotranspiration of 1",
        description="Efficiency left in dry soil, if soil moisture stress is asked for",
        group="Water",
        symbol="beta_0",
    )

    def highest_efficiency(self) -> float:
        """Return the highest light-use efficiency [mol mol-1]."""
        return float(getattr(self, self.leading)) / GRAMS_PER_MEGAJOULE


@dataclass(frozen=True)
class LueResult:
    """What a model gives, arrays of shape (pixel, time).

    Attributes
    ----------
    production
        Gross primary production [umol m-2 s-1].
    absorbed
        Photons absorbed by leaves [umol m-2 s-1].
    scalars
        Scalars and further variables by name of the vocabulary.
    """

    production: FloatArray
    absorbed: FloatArray
    scalars: Mapping[str, FloatArray] = field(default_factory=dict)


def type_of(igbp: str) -> str:
    """Return the plant functional type of an IGBP class.

    Wetlands take the parameters of grassland, crop mosaics of crops, barren land of open shrubs.

    Raises
    ------
    MissingVariableError
        If there is none.
    """
    cover = igbp.strip().upper()
    found = _STAND_INS.get(cover, cover)
    if found not in TYPES:
        known = (*TYPES, *_STAND_INS)
        msg = (
            f"no light-use efficiency is known for the IGBP class {igbp!r}, wanted one of "
            f"{', '.join(known)}.{did_you_mean(cover, known)}"
        )
        raise MissingVariableError(msg, igbp=igbp)
    return found
