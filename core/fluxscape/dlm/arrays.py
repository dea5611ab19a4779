"""Many members or pixels at once, without labels: the entry of the atlas and the assimilation.

Forcing comes as plain arrays, parameters and states as record arrays, and only sums over periods
are kept, so a nation of pixels or a hundred members run with flat memory. The loops release the
interpreter lock; results do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fluxscape.dlm._loop import run_members
from fluxscape.dlm._records import (
    CARBON_LOST,
    ENERGY_LOST,
    N_LAYERS,
    N_OUTPUTS,
    N_RESIDUALS,
    NOT_CONVERGED,
    NOT_FINITE,
    OK,
    OUTPUT_DTYPE,
    OUTPUT_NAMES,
    WATER_LOST,
    Forcing,
)
from fluxscape.dlm._work import WORK_DTYPE
from fluxscape.dlm.carbon import returning_carbon
from fluxscape.dlm.options import run_settings
from fluxscape.dlm.parameters import DlmParameters, parameter_records
from fluxscape.dlm.state import start_states
from fluxscape.errors import DimsError, MissingVariableError, RunError, did_you_mean

STATUS_TEXT = {
    OK: "completed",
    NOT_CONVERGED: "the energy balance did not converge",
    ENERGY_LOST: "energy was not conserved",
    WATER_LOST: "water was not conserved",
    NOT_FINITE: "a flux is not a finite number",
    CARBON_LOST: "carbon was not conserved",
}
"""What each status of a step means."""


@dataclass(frozen=True)
class DlmArrays:
    """Output of :func:`run_dlm_arrays`.

    Attributes
    ----------
    means
        Means over the steps of each period, shape (member, period, output); outputs stand in the
        order of :data:`OUTPUT_NAMES`.
    profiles
        Means of soil temperature [K], liquid water and ice [kg m-2], shape
        (member, period, 3, layer); of length 0 along ``period`` unless asked for.
    states
        State of each member after the last step, a record array.
    worst_energy_residual, worst_water_residual, worst_carbon_residual
        Largest residual of any step [W m-2], [kg m-2], [kg m-2], shape (member,).
    status, reached
        Status of each member and the step it reached, shape (member,); see :data:`STATUS_TEXT`.
    """

    means: npt.NDArray[np.float64]
    profiles: npt.NDArray[np.float64]
    states: npt.NDArray[np.void]
    worst_energy_residual: npt.NDArray[np.float64]
    worst_water_residual: npt.NDArray[np.float64]
    worst_carbon_residual: npt.NDArray[np.float64]
    status: npt.NDArray[np.int64]
    reached: npt.NDArray[np.int64]

    def mean(self, name: str) -> npt.NDArray[np.float64]:
        """Return the means of one output, shape (member, period).

        Raises
        ------
        MissingVariableError
            If there is no such output.
        """
        if name not in OUTPUT_NAMES:
            msg = f"the DLM has no output {name!r}.{did_you_mean(name, OUTPUT_NAMES)}"
            raise MissingVariableError(msg, variable=name)
        return self.means[:, :, OUTPUT_NAMES.index(name)]

    def raise_for_status(self) -> None:
        """Raise RunError that names the first member that failed, its step and why."""
        bad = np.flatnonzero(self.status != OK)
        if bad.size:
            member = int(bad[0])
            step, code = int(self.reached[member]), int(self.status[member])
            msg = (
                f"DLM: member {member} stopped at step {step}: {STATUS_TEXT[code]} (largest "
                f"residuals {self.worst_energy_residual[member]:.3g} W m-2, "
                f"{self.worst_water_residual[member]:.3g} kg m-2 of water, "
                f"{self.worst_carbon_residual[member]:.3g} kg m-2 of carbon; {bad.size} of "
                f"{self.status.size} members failed)"
            )
            raise RunError(msg, member=member, step=step, status=code)


def run_dlm_arrays(
    forcing: Forcing,
    parameters: Sequence[DlmParameters] | npt.NDArray[np.void],
    *,
    step_seconds: float,
    reference_height: float | npt.NDArray[np.float64],
    period: npt.NDArray[np.int64] | None = None,
    states: npt.NDArray[np.void] | None = None,
    hold_soil_water: bool | npt.NDArray[np.bool_] = False,
    keep_profiles: bool = False,
    carbon: str = "basal",
    mode: str = "full",
    threads: int = 1,
) -> DlmArrays:
    """Run many members or pixels over the same steps.

    Parameters
    ----------
    forcing
        Arrays of shape (point, time), float64 and C-ordered; ``point`` is 1 (shared by all
        members) or the number of members.
    parameters
        One set a member, or their records (:func:`fluxscape.dlm.parameters.parameter_records`).
    step_seconds
        Length of a step [s].
    reference_height
        Height of air temperature, humidity and wind above ground [m], one number or one a member.
    period
        Period of each step, shape (time,), counted from 0; steps of a negative period run without
        being kept. One period for all when absent.
    states
        Start states, a record array as in :attr:`DlmArrays.states`; soil at field capacity and
        mean air temperature when absent. It is not changed.
    hold_soil_water
        Whether the soil is held at field capacity (where rain is unknown).
    keep_profiles
        Whether profiles of soil temperature and water are kept.
    carbon
        ``"basal"`` or ``"pools"``, as in :func:`fluxscape.dlm.run_dlm`. Pools are not spun up here:
        :func:`fluxscape.dlm.steady_carbon` balances them with the means of a year.
    mode
        ``"full"`` or ``"lean"``, see :data:`fluxscape.dlm.MODES`.
    threads
        Threads to run on; 1 stays in the calling thread.

    Returns
    -------
    DlmArrays
        Nothing is raised for a member that fails: its status says so and its means are NaN.

    Raises
    ------
    DimsError
        If shapes do not agree.
    OutOfBoundsError
        If an option is unknown.
    """
    records = (
        parameters if isinstance(parameters, np.ndarray) else parameter_records(list(parameters))
    )
    members = records.shape[0]
    n_time = _check_forcing(forcing, members)
    rows = np.zeros(n_time, np.int64) if period is None else np.asarray(period, np.int64)
    if rows.shape != (n_time,):
        msg = f"period has shape {rows.shape}, wanted ({n_time},)"
        raise DimsError(msg)
    n_periods = int(rows.max(initial=-1)) + 1
    if states is None:
        if isinstance(parameters, np.ndarray):
            names = parameters.dtype.names or ()
            parameters = [
                DlmParameters(**{name: float(row[name]) for name in names}) for row in parameters
            ]
        mean_temperature = np.broadcast_to(forcing.air_temperature.mean(axis=1), (members,))
        after = start_states(parameters, mean_temperature)
    else:
        if states.shape != (members,):
            msg = f"states have shape {states.shape}, wanted ({members},)"
            raise DimsError(msg)
        after = states.copy()
    scratch = np.zeros(members, OUTPUT_DTYPE)
    sums = np.zeros((members, n_periods, N_OUTPUTS))
    profiles = np.zeros((members, n_periods if keep_profiles else 0, 3, N_LAYERS))
    worst = np.zeros((members, N_RESIDUALS))
    status = np.zeros((members, 2), np.int64)
    by_member = {
        "parameters": records.view(np.recarray),
        "states": after.view(np.recarray),
        "records": scratch.view(np.recarray),
        "works": np.zeros(members, WORK_DTYPE).view(np.recarray),
        "values": scratch.view(np.float64).reshape(members, N_OUTPUTS),
        "heights": np.array(np.broadcast_to(reference_height, (members,)), np.float64),
        "water_held": np.array(np.broadcast_to(hold_soil_water, (members,)), np.bool_),
        "sums": sums,
        "profiles": profiles,
        "worst": worst,
        "status": status,
    }
    constant = {
        "settings": run_settings(step_seconds, mode=mode, carbon=carbon),
        "first_step": 0,
        "last_step": n_time,
        "period": rows,
    }
    _run_in_threads(forcing, by_member, constant, min(threads, members))
    counts = np.bincount(rows[rows >= 0], minlength=n_periods).astype(np.float64)
    with np.errstate(invalid="ignore"):
        means = sums / counts[:, None]
        profiles /= counts[: profiles.shape[1], None, None]
    means[status[:, 0] != OK] = np.nan
    return DlmArrays(means, profiles, after, *worst.T, *status.T)


def _run_in_threads(
    forcing: Forcing, by_member: dict[str, Any], constant: dict[str, Any], threads: int
) -> None:
    """Give each thread its part of the members; the kernel releases the interpreter lock."""
    members = by_member["status"].shape[0]
    shared = forcing.air_temperature.shape[0] == 1

    def run_part(first: int, last: int) -> None:
        part = forcing if shared else Forcing(*(item[first:last] for item in forcing))
        rows = {name: item[first:last] for name, item in by_member.items()}
        run_members(part, **rows, **constant)

    if threads <= 1:
        run_part(0, members)
        return
    edges = np.linspace(0, members, threads + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run_part, edges[:-1], edges[1:]))


def compile_dlm() -> None:
    """Load or compile the model's kernels, so that the first run is as fast as the others.

    Compiling takes about a quarter of a minute, once; afterwards kernels come from a cache.
    """
    night = {"air_temperature": 283.0, "vapour_pressure": 900.0, "air_pressure": 1e5}
    night |= {"longwave_down": 300.0, "wind_speed": 2.0, "carbon_dioxide": 400.0}
    series = {name: np.full((1, 1), night.get(name, 0.0)) for name in Forcing._fields}
    run_dlm_arrays(
        Forcing(**series), (DlmParameters(),), step_seconds=1800.0, reference_height=40.0
    )
    returning_carbon(DlmParameters(), np.ones(2), np.ones(2), 1800.0)


def _check_forcing(forcing: Forcing, members: int) -> int:
    """Return the number of steps, or raise DimsError if shapes do not agree."""
    shape = forcing.air_temperature.shape
    for name, array in forcing._asdict().items():
        if array.ndim != 2 or array.shape != shape or shape[0] not in {1, members}:
            msg = (
                f"forcing {name} has shape {array.shape}, wanted (1, time) or ({members}, time) "
                "as all others"
            )
            raise DimsError(msg, variable=name, got=array.shape)
        if array.dtype != np.float64 or not array.flags.c_contiguous:
            msg = f"forcing {name} must be float64 and C-ordered, got {array.dtype}"
            raise DimsError(msg, variable=name)
    return int(shape[1])
