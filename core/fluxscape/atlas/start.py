"""Where a national run starts: soil water near what the climate sustains.

Three metres of soil need decades to forget a wrong start where it is dry: from field capacity, dry
cells evaporate 10 mm a year too much after three years and 4 mm after ten, which would pass for a
trend. From the start below, and after three years of spin-up, national means are within 0.1 % of
their final climate (``docs/methods/trends.md``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape.dlm import LAYER_THICKNESS, DlmParameters, start_states
from fluxscape.meteorology.point_climate import PointClimate

NET_SHARE: Final = 0.5
"""Share of net radiation in incoming shortwave radiation over a year [1]; assumed."""

LATENT_HEAT: Final = 2.45e6
"""Latent heat of vaporisation near 20 degrees Celsius [J kg-1], Allen et al. 1998, FAO-56."""

DRIEST: Final = 0.15
"""Share of available water that the driest soils keep [1]; from runs of 16 years."""

_SECONDS_PER_YEAR: Final = 365.2425 * 86400.0
_WATER_PER_METRE: Final = 1000.0


def humidity_index(climate: PointClimate) -> float:
    """Return annual rain over the water that net radiation could evaporate [1].

    The inverse of Budyko's radiative index of dryness (Budyko 1974, *Climate and Life*).
    """
    radiation = NET_SHARE * float(np.mean(climate.irradiance_mean))
    demand = radiation * _SECONDS_PER_YEAR / LATENT_HEAT
    return float(np.sum(climate.precipitation)) / demand


def climate_states(
    parameters: Sequence[DlmParameters], climates: Sequence[PointClimate]
) -> npt.NDArray[np.void]:
    """Return start states, a record array with one state a point.

    Soil water stands between wilting point and field capacity, at ``DRIEST`` plus the humidity
    index of the way, at most at field capacity; temperatures are annual means.
    """
    temperatures = np.array([float(np.mean(climate.air_temperature)) for climate in climates])
    states = start_states(list(parameters), temperatures)
    thickness = np.array(LAYER_THICKNESS) * _WATER_PER_METRE
    for i, (item, climate) in enumerate(zip(parameters, climates, strict=True)):
        share = min(DRIEST + humidity_index(climate), 1.0)
        content = item.wilting_point + share * (item.field_capacity - item.wilting_point)
        states["soil_liquid"][i] = content * thickness
    return states
