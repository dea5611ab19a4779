"""The loop over steps and members: one pass fills sums over any periods, or every single step."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fluxscape._jit import kernel
from fluxscape.dlm._records import N_LAYERS, N_OUTPUTS, OK, Forcing
from fluxscape.dlm._step import advance
from fluxscape.dlm._work import Settings, Static, Weather, prepare_static

_Array = npt.NDArray[np.float64]


@kernel
def run_member(
    forcing: Forcing,
    point: int,
    p: Any,
    s: Any,
    o: Any,
    work: Any,
    values: _Array,
    height: float,
    water_held: bool,
    settings: Settings,
    first_step: int,
    last_step: int,
    period: npt.NDArray[np.int64],
    sums: _Array,
    profiles: _Array,
    worst: _Array,
) -> tuple[int, int]:
    """Run one member over steps ``first_step`` to ``last_step``; return status and the step.

    ``values`` shares the memory of the output record ``o``; its sums go to row ``period[t]`` of
    ``sums`` (row, output) and, for soil temperature, liquid and ice, of ``profiles``
    (row, 3, layer). A negative period is run and not kept. ``worst`` takes the largest residual of
    energy, water and carbon.
    """
    static: Static = prepare_static(p, height, water_held, settings.step, work)
    for t in range(first_step, last_step):
        weather = Weather(
            forcing.cosine_zenith[point, t],
            forcing.extraterrestrial[point, t],
            forcing.shortwave_down[point, t],
            forcing.longwave_down[point, t],
            forcing.air_temperature[point, t],
            forcing.vapour_pressure[point, t],
            forcing.air_pressure[point, t],
            forcing.wind_speed[point, t],
            forcing.precipitation[point, t],
            forcing.carbon_dioxide[point, t],
            forcing.leaf_area_index[point, t],
        )
        status = advance(p, s, o, static, work, weather, settings)
        worst[0] = max(worst[0], abs(o.energy_residual))
        worst[1] = max(worst[1], abs(o.water_residual))
        worst[2] = max(worst[2], abs(o.carbon_residual))
        if status != OK:
            return status, t
        row = period[t]
        if row < 0:
            continue
        for k in range(N_OUTPUTS):
            sums[row, k] += values[k]
        if profiles.shape[0] > 0:
            for i in range(N_LAYERS):
                profiles[row, 0, i] += s.soil_temperature[i]
                profiles[row, 1, i] += s.soil_liquid[i]
                profiles[row, 2, i] += s.soil_ice[i]
    return OK, last_step


@kernel
def run_members(
    forcing: Forcing,
    parameters: Any,
    states: Any,
    records: Any,
    works: Any,
    values: _Array,
    heights: _Array,
    water_held: npt.NDArray[np.bool_],
    settings: Settings,
    first_step: int,
    last_step: int,
    period: npt.NDArray[np.int64],
    sums: _Array,
    profiles: _Array,
    worst: _Array,
    status: npt.NDArray[np.int64],
) -> None:
    """Run members one after another; ``status`` (member, 2) takes status and last step of each.

    Members share nothing that is written, so callers may give parts of them to threads.
    """
    shared = forcing.air_temperature.shape[0] == 1
    for i in range(parameters.shape[0]):
        code, reached = run_member(
            forcing,
            0 if shared else i,
            parameters[i],
            states[i],
            records[i],
            works[i],
            values[i],
            heights[i],
            water_held[i],
            settings,
            first_step,
            last_step,
            period,
            sums[i],
            profiles[i],
            worst[i],
        )
        status[i, 0] = code
        status[i, 1] = reached
