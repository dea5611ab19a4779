"""Where pools of carbon start: the steady state of their growth and climate, by linear algebra.

Nobody waits for humus: with rates of 0.02 a year it would take centuries of spin-up. Pools are
linear in themselves and nothing depends on them, so one year of growth and decay modifiers has one
state that it returns to, which two solutions find: :func:`steady_carbon` from the means of the year
(Xia et al. 2012, eq. 5), for members and pixels, and :func:`returning_carbon` from every step of
it, which is exact (mean respiration of a repeated year is its mean growth).

References
----------
Xia et al. 2012: doi:10.5194/gmd-5-1259-2012. Carvalhais et al. 2008: doi:10.1029/2007GB003033
(soils below their steady state).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.dlm._carbon_pools import (
    DECOMPOSABLE_RATE,
    HUMUS_RATE,
    MASS_PER_MICROMOLE,
    MICROBIAL_RATE,
    MICROBIAL_SHARE,
    RESISTANT_RATE,
    SECONDS_PER_YEAR,
    kept_share,
    repeat_pools,
)
from fluxscape.dlm._records import STATE_DTYPE
from fluxscape.dlm.parameters import DlmParameters
from fluxscape.errors import DimsError

FloatArray = npt.NDArray[np.float64]

POOLS: Final = (
    "plant_carbon",
    "decomposable_litter_carbon",
    "resistant_litter_carbon",
    "microbial_carbon",
    "humus_carbon",
)
"""Names of the pools in the state, from the fastest flow to the last."""

POOL_OUTPUTS: Final = ("plant_carbon", "litter_carbon", "soil_carbon", "carbon_residual")
"""Outputs that mean something with pools only."""

_SLOW: Final = ("resistant_litter_carbon", "microbial_carbon", "humus_carbon")

_LEAST_MODIFIER: Final = 1e-4
"""Mean modifier of decay below which a place is as good as frozen for ever [1]."""


def steady_carbon(
    states: npt.NDArray[np.void],
    parameters: Sequence[DlmParameters],
    growth: FloatArray,
    modifier: FloatArray,
) -> npt.NDArray[np.void]:
    """Return states with pools in balance with mean growth and mean decay modifiers.

    Parameters
    ----------
    states
        Record array of states of shape (member,), as in :attr:`fluxscape.dlm.DlmArrays.states`.
    parameters
        One set a member.
    growth
        Mean net primary production [umol m-2 s-1], shape (member,); below 0 it counts as 0.
    modifier
        Mean of the output ``decomposition_modifier`` [1], shape (member,).

    Raises
    ------
    DimsError
        If there is not one number for each member.

    References
    ----------
    Xia et al. 2012, doi:10.5194/gmd-5-1259-2012, eq. 5: 0 = A xi C + B u.
    """
    members = len(parameters)
    for name, array in (("states", states), ("growth", growth), ("modifier", modifier)):
        if array.shape != (members,):
            msg = f"{name} has shape {array.shape}, wanted ({members},)"
            raise DimsError(msg, variable=name)
    after = states.copy()
    flow = np.maximum(growth, 0.0) * MASS_PER_MICROMOLE * SECONDS_PER_YEAR  # [kg m-2 year-1]
    pace = np.maximum(modifier, _LEAST_MODIFIER)
    kept = np.array([kept_share(item.clay_fraction) for item in parameters])
    quick = np.array([item.decomposable_litter_share for item in parameters])
    slow = np.array([item.slow_carbon_share for item in parameters])
    recycled = flow * kept / (1.0 - kept)
    after["plant_carbon"] = flow * [item.tissue_turnover_time for item in parameters]
    after["decomposable_litter_carbon"] = quick * flow / (DECOMPOSABLE_RATE * pace)
    after["resistant_litter_carbon"] = slow * (1.0 - quick) * flow / (RESISTANT_RATE * pace)
    after["microbial_carbon"] = slow * MICROBIAL_SHARE * recycled / (MICROBIAL_RATE * pace)
    after["humus_carbon"] = slow * (1.0 - MICROBIAL_SHARE) * recycled / (HUMUS_RATE * pace)
    return after.view(np.recarray)


def returning_carbon(
    parameters: DlmParameters, growth: FloatArray, modifier: FloatArray, step_seconds: float
) -> dict[str, float]:
    """Return the pools [kg m-2] that a repeated record of growth and modifiers comes back to.

    A record maps pools to pools by C' = M C + v; M is found by running the record without growth
    from one kilogram in each pool, v by running it with growth from nothing, and C = M C + v.

    Parameters
    ----------
    parameters
        Of the point.
    growth, modifier
        Net primary production [umol m-2 s-1] and decay modifier [1] of each step, shape (time,);
        a record that loses carbon over all counts as one that gains none.
    step_seconds
        Length of a step [s].
    """
    start = np.zeros(1, STATE_DTYPE)
    if not (float(growth.mean()) > 0.0 and float(modifier.mean()) > _LEAST_MODIFIER):
        mean = np.array([float(growth.mean())]), np.array([float(modifier.mean())])
        steady = steady_carbon(start, (parameters,), *mean)
        return {name: float(steady[name][0]) for name in POOLS}
    record = parameters.to_record()[0]
    supply = growth * (MASS_PER_MICROMOLE * step_seconds)

    def end(pool: str, share: float) -> FloatArray:
        state: Any = np.zeros(1, STATE_DTYPE).view(np.recarray)
        if pool:
            state[pool] = 1.0
        repeat_pools(record, state[0], supply, modifier, share, step_seconds)
        return np.array([float(state[name][0]) for name in POOLS])

    once = np.column_stack([end(name, 0.0) for name in POOLS])
    pools = np.linalg.solve(np.eye(len(POOLS)) - once, end("", 1.0))
    found = dict(zip(POOLS, np.maximum(pools, 0.0).tolist(), strict=True))
    return {
        name: value * (parameters.slow_carbon_share if name in _SLOW else 1.0)
        for name, value in found.items()
    }
