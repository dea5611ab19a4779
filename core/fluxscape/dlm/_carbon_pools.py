r"""Pools of carbon: living tissue, two kinds of litter, microbes and humus, fed by growth.

Tissue falls as litter at a constant rate; litter splits into decomposable and resistant material;
all soil pools decay by first order, their rates times one modifier of temperature and moisture,
and what is not respired becomes microbes and humus. That is RothC (Jenkinson 1990; rates,
partition and clay after Coleman and Jenkinson 1996) without its inert pool, as JULES has it (Clark
et al. 2011, section 5), with its plant material from a store of tissue.

Pools feed nothing back on leaves and are linear in themselves, which is what makes their steady
state a matter of linear algebra (Xia et al. 2012; see :mod:`fluxscape.dlm.carbon`).

``s`` is the record of the state, ``p`` that of the parameters.

References
----------
Jenkinson 1990: doi:10.1098/rstb.1990.0177. Coleman and Jenkinson 1996:
doi:10.1007/978-3-642-61094-3_17. Clark et al. 2011: doi:10.5194/gmd-4-701-2011. Xia et al. 2012:
doi:10.5194/gmd-5-1259-2012.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from fluxscape._jit import kernel
from fluxscape.constants import MOLAR_MASS_CARBON

SECONDS_PER_YEAR: Final = 365.2425 * 86400.0

MASS_PER_MICROMOLE: Final = 1e-6 * MOLAR_MASS_CARBON
"""Carbon of a micromole [kg umol-1]."""

DECOMPOSABLE_RATE: Final = 10.0
RESISTANT_RATE: Final = 0.3
MICROBIAL_RATE: Final = 0.66
HUMUS_RATE: Final = 0.02
"""Decay rates where the modifier is 1 [year-1] (Coleman and Jenkinson 1996)."""

MICROBIAL_SHARE: Final = 0.46
"""Share of what is not respired that microbes take; humus has the rest (the same)."""


class Turnover(NamedTuple):
    """What a member's parameters settle for its pools; rates are those of one step [1]."""

    tissue: float
    """Share of tissue that falls as litter."""
    decomposable: float
    resistant: float
    microbial: float
    humus: float
    decomposable_share: float
    """Share of litter that is decomposable."""
    kept: float
    """Share of what decays that becomes microbes and humus."""


@kernel
def kept_share(clay: float) -> float:
    """Return the share of decayed carbon that soil keeps, for a clay fraction.

    1 / (x + 1) with x = 1.67 (1.85 + 1.60 exp(-7.86 clay)), the ratio of carbon dioxide to
    microbes and humus (Coleman and Jenkinson 1996).
    """
    return 1.0 / (1.0 + 1.67 * (1.85 + 1.60 * math.exp(-7.86 * clay)))


@kernel
def turnover_of(p: Any, step: float) -> Turnover:
    """Return rates and shares for a step [s]."""
    years = step / SECONDS_PER_YEAR
    return Turnover(
        1.0 - math.exp(-years / p.tissue_turnover_time),
        DECOMPOSABLE_RATE * years,
        RESISTANT_RATE * years,
        MICROBIAL_RATE * years,
        HUMUS_RATE * years,
        p.decomposable_litter_share,
        kept_share(p.clay_fraction),
    )


@kernel
def total_carbon(s: Any) -> float:
    """Return the carbon of all pools [kg m-2]."""
    total: float = s.plant_carbon + s.decomposable_litter_carbon + s.resistant_litter_carbon
    total += s.microbial_carbon + s.humus_carbon
    return total


@kernel
def turn_over(s: Any, rates: Turnover, growth: float, modifier: float) -> float:
    """Advance the pools by a step; return what decay respires [kg m-2].

    ``growth`` is net primary production within the step [kg m-2], ``modifier`` the factor of
    temperature and moisture on decay [1].
    """
    litter = rates.tissue * s.plant_carbon
    # Explicit: at 60 degrees Celsius and hourly steps the fastest pool loses 1.5 % in one.
    decomposable = rates.decomposable * modifier * s.decomposable_litter_carbon
    resistant = rates.resistant * modifier * s.resistant_litter_carbon
    microbial = rates.microbial * modifier * s.microbial_carbon
    humus = rates.humus * modifier * s.humus_carbon
    decayed = decomposable + resistant + microbial + humus
    kept = rates.kept * decayed
    s.plant_carbon += growth - litter
    s.decomposable_litter_carbon += rates.decomposable_share * litter - decomposable
    s.resistant_litter_carbon += (1.0 - rates.decomposable_share) * litter - resistant
    s.microbial_carbon += MICROBIAL_SHARE * kept - microbial
    s.humus_carbon += (1.0 - MICROBIAL_SHARE) * kept - humus
    respired: float = decayed - kept
    return respired


@kernel
def repeat_pools(
    p: Any,
    s: Any,
    growth: npt.NDArray[np.float64],
    modifier: npt.NDArray[np.float64],
    share: float,
    step: float,
) -> None:
    """Advance the pools through a record of growth, times ``share``, and modifiers."""
    rates = turnover_of(p, step)
    for t in range(growth.shape[0]):
        turn_over(s, rates, share * growth[t], modifier[t])
