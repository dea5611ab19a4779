"""TL-LUE: sunlit and shaded leaves under the scalars of MOD17 (He et al. 2013).

GPP = (eps_msu APAR_su + eps_msh APAR_sh) ramp(Tmin) [1 - ramp(VPD)]. He et al. 2013,
doi:10.1016/j.agrformet.2013.01.003; Zhou et al. 2016, doi:10.1002/2014JG002876.
"""

from __future__ import annotations

from dataclasses import dataclass

from fluxscape.lue._assembly import SUNLIT_SHARE, TwoLeafParameters, structure_of, two_leaf
from fluxscape.lue.common import FloatArray, LueResult
from fluxscape.lue.inputs import Inputs
from fluxscape.lue.mod17 import COLUMNS, VALUES_BY_TYPE, Mod17Stress, stress


@dataclass(frozen=True)
class TlLueParameters(Mod17Stress, TwoLeafParameters):
    """Parameters of TL-LUE; defaults of a deciduous broadleaf forest."""


def by_type(plant_type: str) -> TlLueParameters:
    """Return the parameters of a type of :data:`fluxscape.lue.common.TYPES`."""
    highest, *rest = VALUES_BY_TYPE[plant_type]
    values = structure_of(plant_type) | dict(zip(COLUMNS[1:], rest, strict=True))
    values["sunlit_light_use_efficiency"] = SUNLIT_SHARE * highest
    return TlLueParameters.from_dict(values)


def simulate(inputs: Inputs, p: TlLueParameters, soil: FloatArray) -> LueResult:
    """Return what TL-LUE gives; ``soil`` is a further scalar of water."""
    return two_leaf(inputs, p, stress(inputs, p), soil)
