"""Ensemble Kalman filter: parameters and soil water updated window by window.

Each window runs every member from its own state, then moves parameters and the water of the soil
layers together towards the window's observations. Parameters may drift with the seasons: after
each update their ensemble is disturbed and shrunk so that it keeps its mean and does not collapse.
Water that an update adds or removes is a term of its own in the budget, ``analysis_increment``:
every step of the model stays closed, and what the analysis did can be read off.

References
----------
Evensen 2003, doi:10.1007/s10236-003-0036-9 (filter); Liu and West 2001,
doi:10.1007/978-1-4757-3437-9_10 (kernel smoothing of parameters); Moradkhani et al. 2005,
doi:10.1016/j.advwatres.2004.09.002 (states and parameters together).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.assimilation.dlm_forward import DlmForward, SiteProblem
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.constants import WATER_DENSITY
from fluxscape.dlm import DlmArrays, Forcing
from fluxscape.dlm._records import LAYER_THICKNESS
from fluxscape.errors import OutOfBoundsError
from fluxscape.kalman import kalman_move

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

DISCOUNT: Final = 0.97
"""Discount factor of the kernel smoothing: parameters forget 3 % of what they know a window."""

_DRIEST: Final = 0.02
"""Least water content that an update leaves in a layer [m3 m-3]."""


@dataclass(frozen=True)
class FilterResult:
    """What a filter found.

    Attributes
    ----------
    window_start
        First step of each window, shape (window,).
    z
        Parameters (logit scale) of the members after each window, shape
        (window, member, parameter).
    forecast, analysis
        Predictions of all observations: before the window's update, and by a rerun of the window
        from the same states with the updated parameters, shape (member, observation); NaN of
        observations that reach over the edge of a window, which are left out.
    analysis_increment
        Water that each update added to the soil, shape (window, member) [kg m-2].
    skipped
        Windows without observations.
    """

    window_start: IntArray
    z: FloatArray
    forecast: FloatArray
    analysis: FloatArray
    analysis_increment: FloatArray
    skipped: IntArray


def kalman_filter(
    problem: SiteProblem,
    space: ParameterSpace,
    *,
    window_days: int,
    members: int,
    seed: int,
    update_water: bool = True,
    discount: float = DISCOUNT,
    threads: int = 1,
    on_progress: Callable[[float, str], None] | None = None,
) -> FilterResult:
    """Filter the observations of a site.

    Parameters
    ----------
    problem
        Site and its observations.
    space
        Parameters that are estimated, and their prior.
    window_days
        Length of a window [d].
    members
        Size of the ensemble.
    seed
        Of prior, perturbations and smoothing.
    update_water
        Whether soil water moves too; not where the soil is held moist.
    discount
        Of the kernel smoothing, above 1/3 to 1; 1 lets parameters freeze as they learn.
    threads
        Threads of each run; the result does not depend on them.
    on_progress
        Called with the share done and a message; it may raise to cancel.

    Raises
    ------
    OutOfBoundsError
        If an option cannot be used, or no window holds a whole observation.
    RunError
        If a member fails.
    """
    if window_days < 1 or not 1.0 / 3.0 < discount <= 1.0:
        msg = (
            f"wanted windows of 1 day or more and 1/3 < discount <= 1, got {window_days} and "
            f"{discount}"
        )
        raise OutOfBoundsError(msg, window_days=window_days, discount=discount)
    run = _Filter(problem, space, members, seed, threads, update_water, discount)
    return run.through(round(window_days * 86400 / problem.step_seconds), on_progress)


class _Filter:
    """The members of a filter on their way through the record."""

    def __init__(
        self,
        problem: SiteProblem,
        space: ParameterSpace,
        members: int,
        seed: int,
        threads: int,
        update_water: bool,
        discount: float,
    ) -> None:
        self.problem, self.space, self.seed = problem, space, seed
        self.water = update_water and not problem.hold_soil_water
        self.discount = discount
        self.model = DlmForward(problem, space, threads=threads)
        self.z = space.draw(members, seed)
        size = (members, problem.observations.size)
        self.forecast, self.analysis = np.full(size, np.nan), np.full(size, np.nan)
        self.states = self._spun_up()

    def through(
        self, window: int, on_progress: Callable[[float, str], None] | None
    ) -> FilterResult:
        """Filter window by window."""
        steps = self.problem.forcing.air_temperature.shape[1]
        starts = np.arange(0, steps, window)
        history, increments, skipped = [], [], []
        ends = np.minimum(starts + window, steps)
        held = [self._observed(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]
        if not any(seen.any() for seen in held):
            msg = (
                f"{self.problem.site}: no {self.problem.observations.step} observation lies wholly "
                f"inside a window of {window} steps: take longer windows or finer observations"
            )
            raise OutOfBoundsError(msg, window=window)
        for number, (first, last, seen) in enumerate(zip(starts, ends.tolist(), held, strict=True)):
            if on_progress is not None:
                on_progress(float(first) / steps, f"window {number + 1} of {starts.size}")
            before = self.states
            predicted, after = self._run(int(first), last, before, seen)
            if not seen.any():
                skipped.append(number)
                self.states, added = after, np.zeros(self.z.shape[0])
            else:
                self.forecast[:, seen] = predicted
                move = self._update(number, seen, predicted, after)
                again, self.states = self._run(int(first), last, before, seen)
                self.analysis[:, seen] = again
                added = self._move_water(move)
                self._spread(number)
            history.append(self.z.copy())
            increments.append(added)
        return FilterResult(
            starts.astype(np.int64),
            np.stack(history),
            self.forecast,
            self.analysis,
            np.stack(increments),
            np.array(skipped, np.int64),
        )

    def _spun_up(self) -> npt.NDArray[np.void] | None:
        """Return the members' states after the spin-up."""
        count = self.problem.spin_up_steps
        if not count:
            return None
        return self._model(0, count, None, np.full(count, -1, np.int64)).states

    def _observed(self, first: int, last: int) -> npt.NDArray[np.bool_]:
        """Return which observations lie wholly inside a window."""
        seen = self.problem.observations
        chosen = np.zeros(seen.size, bool)
        inside = seen.row[:, first:last]
        chosen[inside[inside >= 0]] = True
        outside = np.concatenate([seen.row[:, :first].ravel(), seen.row[:, last:].ravel()])
        chosen[outside[outside >= 0]] = False
        return chosen

    def _run(
        self,
        first: int,
        last: int,
        states: npt.NDArray[np.void] | None,
        seen: npt.NDArray[np.bool_],
    ) -> tuple[FloatArray, npt.NDArray[np.void]]:
        """Run a window; return predictions of its observations and the states at its end."""
        if not seen.any():
            result = self._model(first, last, states, np.full(last - first, -1, np.int64))
            result.raise_for_status()
            return np.empty((self.z.shape[0], 0)), result.states
        part = self.problem.observations.select(seen)
        groups = part.groups()
        result = self._model(first, last, states, groups.period[first:last])
        result.raise_for_status()
        output = np.stack([self.model.series(result, name) for name in part.names], axis=1)
        return part.predict(output, groups), result.states

    def _model(
        self, first: int, last: int, states: npt.NDArray[np.void] | None, period: IntArray
    ) -> DlmArrays:
        """Run all members over some steps."""
        part = Forcing(
            *(np.ascontiguousarray(item[:, first:last]) for item in self.problem.forcing)
        )
        sets = self.model.parameter_sets(self.space.outside(self.z))
        return self.model.run(part, sets, period, states)

    def _update(
        self,
        number: int,
        seen: npt.NDArray[np.bool_],
        predicted: FloatArray,
        after: npt.NDArray[np.void],
    ) -> FloatArray:
        """Move parameters by a window's observations; return by how much soil water is to move."""
        draw = np.random.default_rng([self.seed, number, 1])
        sigma = self.problem.observations.sigma[seen]
        noise = draw.standard_normal(predicted.shape)
        noise -= noise.mean(axis=0)
        innovation = self.problem.observations.values[seen] + sigma * noise - predicted
        soil = np.asarray(after["soil_liquid"], np.float64)
        both = np.concatenate([self.z, soil], axis=1)
        anomalies = both - both.mean(axis=0)
        spread = predicted - predicted.mean(axis=0)
        move = kalman_move(anomalies, spread, innovation, sigma, 1.0, anomalies)
        self.z = self.z + move[:, : self.space.size]
        return np.asarray(move[:, self.space.size :])

    def _move_water(self, move: FloatArray) -> FloatArray:
        """Move soil water within its bounds; return what was added [kg m-2]."""
        if not self.water or self.states is None:
            return np.zeros(self.z.shape[0])
        depth = np.array(LAYER_THICKNESS) * WATER_DENSITY
        liquid = np.asarray(self.states["soil_liquid"], np.float64)
        ice = np.asarray(self.states["soil_ice"], np.float64)
        porosity = np.array(
            [item.porosity for item in self.model.parameter_sets(self.space.outside(self.z))]
        )
        most = np.maximum(porosity[:, None] * depth - ice, liquid)
        least = np.minimum(_DRIEST * depth, liquid)
        moved = np.clip(liquid + move, least, most)
        self.states = self.states.copy()
        self.states["soil_liquid"] = moved
        return np.asarray((moved - liquid).sum(axis=1))

    def _spread(self, number: int) -> None:
        """Disturb and shrink the parameters' ensemble, mean and spread kept (Liu and West 2001)."""
        if self.discount >= 1.0:
            return
        kept = (3.0 * self.discount - 1.0) / (2.0 * self.discount)
        width = np.sqrt(1.0 - kept**2)
        draw = np.random.default_rng([self.seed, number, 2])
        mean, spread = self.z.mean(axis=0), self.z.std(axis=0, ddof=1)
        noise = draw.standard_normal(self.z.shape)
        noise -= noise.mean(axis=0)
        self.z = mean + kept * (self.z - mean) + width * spread * noise


def parameter_course(result: FilterResult, space: ParameterSpace) -> dict[str, Any]:
    """Return median and 90 % interval of every parameter after each window."""
    values = space.outside(result.z)
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95), axis=1)
    return {
        name: {"median": middle[:, i], "p5": low[:, i], "p95": high[:, i]}
        for i, name in enumerate(space.names)
    }
