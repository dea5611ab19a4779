"""From parameters of members to predictions of observations, through the land-surface model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape.assimilation.observations import Observations
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.constants import WATER_DENSITY
from fluxscape.dlm import DlmArrays, DlmParameters, Forcing, run_dlm_arrays
from fluxscape.dlm._records import LAYER_THICKNESS, OUTPUT_NAMES
from fluxscape.errors import MissingVariableError

FloatArray = npt.NDArray[np.float64]

BATCH_BYTES: Final = 400_000_000
"""Memory that the kept outputs of a batch of members may take."""


_OF_TOP_LAYER: Final = ("soil_temperature", "soil_water_content")
"""Compared with the first soil layer, 0 to 5 cm, where probes of these names mostly lie."""


@dataclass(frozen=True)
class SiteProblem:
    """What the model needs at one site, and what was observed there.

    Attributes
    ----------
    site
        Name.
    forcing
        Gapless, arrays of shape (1, time).
    step_seconds
        Length of a step [s].
    parameters
        All of the site's; those that are estimated are replaced member by member.
    reference_height
        Of the forcing [m].
    hold_soil_water
        Whether the soil is held at field capacity.
    observations
        On the steps of the forcing.
    spin_up_steps
        First steps that are run once before.
    mode
        One of :data:`fluxscape.dlm.MODES`.
    """

    site: str
    forcing: Forcing
    step_seconds: float
    parameters: DlmParameters
    reference_height: float
    hold_soil_water: bool
    observations: Observations
    spin_up_steps: int
    mode: str = "full"


class DlmForward:
    """Predictions of one site's observations for members of an ensemble."""

    def __init__(
        self,
        problem: SiteProblem,
        space: ParameterSpace,
        *,
        threads: int = 1,
        on_members: Callable[[int], None] | None = None,
    ) -> None:
        """Prepare a forward operator.

        Parameters
        ----------
        problem
            Of the site.
        space
            Parameters that are estimated.
        threads
            Threads of each batch.
        on_members
            Called with the number of members done; it may raise to cancel.

        Raises
        ------
        MissingVariableError
            If the model does not predict an observed stream at every step.
        """
        for name in problem.observations.names:
            if name not in OUTPUT_NAMES and name not in _OF_TOP_LAYER:
                msg = f"{problem.site}: the model gives no {name} to compare with"
                raise MissingVariableError(msg, variable=name)
        self.problem, self.space, self.threads = problem, space, threads
        self.on_members = on_members
        self.groups = problem.observations.groups()

    def __call__(self, z: FloatArray) -> FloatArray:
        """Return predictions (member, observation); NaN for members that failed."""
        values = self.space.outside(z)
        out = np.empty((z.shape[0], self.problem.observations.size))
        kept = self.groups.counts.size * (len(OUTPUT_NAMES) + 3 * len(LAYER_THICKNESS)) * 8
        batch = max(self.threads, BATCH_BYTES // kept, 1)
        for first in range(0, z.shape[0], batch):
            part = values[first : first + batch]
            out[first : first + batch] = self._run(part)
            if self.on_members is not None:
                self.on_members(min(first + batch, z.shape[0]))
        return out

    def _run(self, values: FloatArray) -> FloatArray:
        """Return predictions of a batch of members."""
        problem = self.problem
        sets = self.parameter_sets(values)
        states = None
        if problem.spin_up_steps:
            part = (item[:, : problem.spin_up_steps] for item in problem.forcing)
            # Arrays are copied: the kernels want them contiguous.
            first = Forcing(*(np.ascontiguousarray(item) for item in part))
            before = self.run(first, sets, np.full(problem.spin_up_steps, -1, np.int64))
            states = before.states
        result = self.run(problem.forcing, sets, self.groups.period, states)
        series = [self.series(result, name) for name in problem.observations.names]
        found = problem.observations.predict(np.stack(series, axis=1), self.groups)
        if states is not None:
            found[before.status != 0] = np.nan
        return found

    def parameter_sets(self, values: FloatArray) -> list[DlmParameters]:
        """Return a full set for each row of estimated values, shape (member, parameter)."""
        names = self.space.names
        return [
            self.problem.parameters.replace(dict(zip(names, map(float, row), strict=True)))
            for row in values
        ]

    def run(
        self,
        forcing: Forcing,
        sets: list[DlmParameters],
        period: npt.NDArray[np.int64],
        states: npt.NDArray[np.void] | None = None,
    ) -> DlmArrays:
        """Run the members over some forcing."""
        return run_dlm_arrays(
            forcing,
            sets,
            step_seconds=self.problem.step_seconds,
            reference_height=self.problem.reference_height,
            period=period,
            states=states,
            hold_soil_water=self.problem.hold_soil_water,
            mode=self.problem.mode,
            keep_profiles=any(name in _OF_TOP_LAYER for name in self.problem.observations.names),
            threads=self.threads,
        )

    def series(self, result: DlmArrays, name: str) -> FloatArray:
        """Return one stream of each period, shape (member, period)."""
        if name == "soil_temperature":
            return result.profiles[:, :, 0, 0]
        if name == "soil_water_content":
            water = result.profiles[:, :, 1, 0] + result.profiles[:, :, 2, 0]
            return np.asarray(water / (LAYER_THICKNESS[0] * WATER_DENSITY))
        return result.mean(name)
