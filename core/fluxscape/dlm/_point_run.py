"""One point's run through the compiled loop: spin-up, every step, progress, failure."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.dlm._loop import run_members
from fluxscape.dlm._records import (
    CARBON_TOLERANCE,
    ENERGY_TOLERANCE,
    N_LAYERS,
    N_OUTPUTS,
    N_RESIDUALS,
    OK,
    OUTPUT_DTYPE,
    OUTPUT_NAMES,
    WATER_TOLERANCE,
)
from fluxscape.dlm._work import WORK_DTYPE, Settings
from fluxscape.dlm.arrays import STATUS_TEXT
from fluxscape.dlm.carbon import returning_carbon
from fluxscape.dlm.forcing import DlmForcing
from fluxscape.dlm.parameters import DlmParameters
from fluxscape.dlm.state import DlmState
from fluxscape.errors import RunError

Progress = Callable[[float, str], None]

SPIN_UP_LENGTH: Final = np.timedelta64(365, "D")
"""Longest part of the record that a spin-up repeats."""

_CHUNKS: Final = 25


class PointRun:
    """One point's run: the kernels' arguments and the progress of their calls."""

    def __init__(
        self,
        prepared: DlmForcing,
        parameters: DlmParameters,
        settings: Settings,
        height: float,
        held: bool,
        site: str,
        on_progress: Progress | None,
    ) -> None:
        self.prepared = prepared
        self.parameters = parameters
        self.settings = settings
        self.record = parameters.to_record()
        self.height = np.array([height])
        self.held = np.array([held])
        self.site = site
        self.on_progress = on_progress
        self.n_time = prepared.times.size
        self.scratch = np.zeros(1, OUTPUT_DTYPE)
        self.work = np.zeros(1, WORK_DTYPE)

    def spin_up(self, state: DlmState, cycles: int) -> tuple[DlmState, int]:
        """Return the state after some repeats of the first year, and the steps of one.

        Pools of carbon start where the growth and the climate of the last repeat keep them.
        """
        per_year = round(SPIN_UP_LENGTH / np.timedelta64(self.prepared.step_seconds, "s"))
        steps = min(self.n_time, per_year)
        if cycles == 0:
            return state, steps
        record = state.to_record()
        rows = np.full(steps, -1, np.int64)
        sums = np.zeros((1, 0, N_OUTPUTS))
        profiles = np.zeros((1, 0, 3, N_LAYERS))
        worst = np.zeros((1, N_RESIDUALS))
        total = cycles * steps + self.n_time
        for cycle in range(cycles):
            if cycle == cycles - 1 and self.settings.carbon_pools:
                rows, sums = np.arange(steps), np.zeros((1, steps, N_OUTPUTS))
            done = cycle * steps
            self._chunks(record, rows, sums, profiles, worst, steps, done, total, "spin-up")
        after = DlmState.from_record(record[0])
        if self.settings.carbon_pools:
            after.values.update(self._settled(sums[0]))
        return after, steps

    def _settled(self, sums: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[np.float64]]:
        """Return the pools that a repeat of these outputs comes back to."""
        gpp, reco, soil, modifier = (
            sums[:, OUTPUT_NAMES.index(name)].copy()
            for name in (
                "gross_primary_production",
                "ecosystem_respiration",
                "heterotrophic_respiration",
                "decomposition_modifier",
            )
        )
        pools = returning_carbon(
            self.parameters, gpp - reco + soil, modifier, self.prepared.step_seconds
        )
        return {name: np.array(value) for name, value in pools.items()}

    def every_step(
        self, state: DlmState, done: int
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any], list[float], DlmState]:
        """Return every step's outputs and profiles, the worst residuals and the final state."""
        record = state.to_record()
        sums = np.zeros((1, self.n_time, N_OUTPUTS))
        profiles = np.zeros((1, self.n_time, 3, N_LAYERS))
        worst = np.zeros((1, N_RESIDUALS))
        rows = np.arange(self.n_time, dtype=np.int64)
        self._chunks(
            record, rows, sums, profiles, worst, self.n_time, done, done + self.n_time, "run"
        )
        return sums[0], profiles[0], worst[0].tolist(), DlmState.from_record(record[0])

    def _chunks(
        self,
        record: npt.NDArray[np.void],
        rows: npt.NDArray[np.int64],
        sums: npt.NDArray[np.float64],
        profiles: npt.NDArray[np.float64],
        worst: npt.NDArray[np.float64],
        steps: int,
        done: int,
        total: int,
        word: str,
    ) -> None:
        """Run ``steps`` steps in chunks, so that progress shows and a cancel is heard."""
        status = np.zeros((1, 2), np.int64)
        edges = np.linspace(0, steps, min(_CHUNKS, steps) + 1).astype(int)
        for first, last in itertools.pairwise(edges):
            if self.on_progress is not None:
                self.on_progress((done + first) / total, word)
            run_members(
                self.prepared.arrays,
                self.record,
                record.view(np.recarray),
                self.scratch.view(np.recarray),
                self.work.view(np.recarray),
                self.scratch.view(np.float64).reshape(1, N_OUTPUTS),
                self.height,
                self.held,
                self.settings,
                int(first),
                int(last),
                rows,
                sums,
                profiles,
                worst,
                status,
            )
            if status[0, 0] != OK:
                self._fail(int(status[0, 0]), int(status[0, 1]))
        if self.on_progress is not None:
            self.on_progress((done + steps) / total, word)

    def _fail(self, code: int, step: int) -> None:
        """Raise RunError for the first step that failed."""
        moment = np.datetime_as_string(self.prepared.times[step], unit="m")
        energy = float(self.scratch["energy_residual"][0])
        water = float(self.scratch["water_residual"][0])
        carbon = float(self.scratch["carbon_residual"][0])
        msg = (
            f"{self.site}: DLM step {step} at {moment}: {STATUS_TEXT[code]} (energy residual "
            f"{energy:.3g} W m-2, limit {ENERGY_TOLERANCE:g}; water residual {water:.3g} kg m-2, "
            f"limit {WATER_TOLERANCE:g}; carbon residual {carbon:.3g} kg m-2, limit "
            f"{CARBON_TOLERANCE:g})"
        )
        facts = {"energy": energy, "water": water, "carbon": carbon}
        raise RunError(msg, step=step, time=moment, status=code, **facts)
