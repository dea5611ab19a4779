"""Calibration of the land-surface model for the page, one pass of the ensemble a job.

A pass is a job of its own and hands back what the next one needs: what is seen between two passes
is the ensemble itself, stopping keeps the last one, and no process has to hold a session's state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from fluxscape.assimilation.calibration import Calibration, CalibrationSettings, calibrate
from fluxscape.assimilation.diagnostics import coverage, interval_edges, variance_reduction
from fluxscape.assimilation.dlm_forward import DlmForward
from fluxscape.assimilation.observations import Observations
from fluxscape.assimilation.passes import Checkpoint, Result
from fluxscape.assimilation.sensitivity import rank_parameters
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.assimilation.validation import held_out_rows
from fluxscape_dashboard.work.calibration_task import CANDIDATES, SEED, Task, read_plan, task_of

FloatArray = npt.NDArray[np.float64]
Report = Callable[[float, str], None]

MORRIS_PATHS: Final = 6
"""Trajectories of the screening; a hundred and twenty runs for the candidates."""

_CENTRAL: Final = float(ndtri(0.95))


class _PassDone(Exception):
    """Carries a checkpoint out of a run."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__("a pass is done")
        self.checkpoint = checkpoint


def calibration_pass(
    report: Report, *, plan: Mapping[str, Any], before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Run the next pass of a calibration, or the posterior after the last one.

    Parameters
    ----------
    report
        Told the fraction done of the whole calibration.
    plan
        Fields of :class:`Plan`.
    before
        ``state`` of the pass before; None to begin.

    Returns
    -------
    dict
        ``state`` for the next pass; ``passes`` done; ``finished``; ``values`` and ``prior``
        (member, parameter); ``misfit`` so far; ``observed``; ``band`` of the newest predictions and
        ``prior_band``; ``truth`` of a twin; ``summary`` when finished.
    """
    wanted = read_plan(plan)
    done = 0 if before is None else int(before["passes"])
    whole = wanted.passes + 1
    report(min(0.99, (done + 0.02) / whole), "work.step_running")
    task = task_of(wanted.text())
    settings = wanted.settings()
    resume = None if before is None else _checkpoint(before)

    def told(share: float, _: str) -> None:
        report(min(0.99, share), "work.step_running")

    def stop(checkpoint: Checkpoint) -> None:
        raise _PassDone(checkpoint)

    try:
        found = calibrate(
            [task.problem],
            {task.problem.site: "site"},
            settings,
            on_progress=told,
            on_pass=stop,
            resume=resume,
        )
    except _PassDone as pause:
        return _between(task, settings, pause.checkpoint)
    return _finished(task, found, told)


def rank_candidates(report: Report, *, plan: Mapping[str, Any]) -> dict[str, Any]:
    """Rank all candidates by their influence on the misfit (Morris screening).

    Returns
    -------
    dict
        ``ranking``, a row a parameter, the most influential first; ``runs`` it took.
    """
    wanted = replace(read_plan(plan), parameters=CANDIDATES)
    report(0.05, "work.step_running")
    task = task_of(wanted.text())
    space = ParameterSpace.of(task.problem.parameters, CANDIDATES)
    runs = MORRIS_PATHS * (len(CANDIDATES) + 1)

    def told(members: int) -> None:
        report(0.1 + 0.9 * members / runs, "work.step_running")

    found = rank_parameters(
        space,
        DlmForward(task.problem, space, on_members=told),
        task.problem.observations.values,
        task.problem.observations.sigma,
        size=MORRIS_PATHS,
        seed=SEED,
    )
    return {"ranking": found.ranking(), "runs": found.runs}


def _between(task: Task, settings: CalibrationSettings, at: Checkpoint) -> dict[str, Any]:
    """Return what a pass has brought."""
    space = ParameterSpace.of(task.problem.parameters, settings.parameters)
    kept = at.result
    state = {
        "passes": at.passes,
        "ensemble": at.ensemble,
        "prior": kept.prior,
        "predicted_prior": kept.predicted_prior,
        "misfit": list(kept.misfit),
        "alphas": list(kept.alphas),
        "dropped": list(kept.dropped),
        "accepted": list(kept.accepted),
        "memory": dict(at.memory),
    }
    newest = kept.predicted_prior if at.predicted is None else at.predicted
    return {
        "state": state,
        "passes": at.passes,
        "finished": False,
        "names": list(settings.parameters),
        "values": space.outside(kept.posterior),
        "prior": space.outside(kept.prior),
        "reduction": variance_reduction(kept.prior, kept.posterior),
        "misfit": list(kept.misfit),
        "dropped": int(sum(kept.dropped)),
        "observed": _observed(task.problem.observations),
        "band": _band(newest, task.problem.observations),
        "prior_band": _band(kept.predicted_prior, task.problem.observations),
        "truth": task.truth,
        "summary": None,
    }


def _checkpoint(state: Mapping[str, Any]) -> Checkpoint:
    """Return where a calibration goes on."""
    result = Result(
        prior=state["prior"],
        posterior=state["ensemble"],
        predicted_prior=state["predicted_prior"],
        predicted_posterior=np.empty((0, state["predicted_prior"].shape[1])),
        misfit=list(state["misfit"]),
        alphas=list(state["alphas"]),
        dropped=list(state["dropped"]),
        accepted=list(state["accepted"]),
    )
    return Checkpoint(int(state["passes"]), state["ensemble"], result, memory=dict(state["memory"]))


def _finished(task: Task, found: Calibration, told: Report) -> dict[str, Any]:
    """Return the posterior with its scores, in the period and outside it."""
    result = found.result
    seen = task.problem.observations
    rows = [row | {"held_out": False} for row in found.table()]
    for row in rows:
        part = seen.stream == seen.streams.index(row["stream"])
        row["coverage90_before"] = coverage(
            result.predicted_prior[:, part], seen.values[part], 0.9, noise=seen.sigma[part]
        )
    if task.held_out is not None:
        told(0.95, "")
        judge = replace(task.problem, observations=task.held_out)
        space = found.layout.spaces["site"]
        outside = held_out_rows(judge, space, result.prior, result.posterior)
        rows += [row | {"held_out": True} for row in outside]
    facts = found.to_dict()
    return {
        "state": None,
        "passes": len(result.alphas),
        "finished": True,
        "names": list(found.settings.parameters),
        "values": found.site_values(0),
        "prior": found.site_values(0, prior=True),
        "reduction": variance_reduction(result.prior, result.posterior),
        "misfit": list(result.misfit),
        "dropped": int(sum(result.dropped)),
        "observed": _observed(seen),
        "band": _band(result.predicted_posterior, seen),
        "prior_band": _band(result.predicted_prior, seen),
        "truth": task.truth,
        "summary": {"scores": rows, "facts": json.loads(json.dumps(facts, default=float))},
    }


def _observed(seen: Observations) -> dict[str, Any]:
    """Return observations as plain arrays."""
    return {
        "streams": list(seen.streams),
        "stream": seen.stream,
        "times": seen.times,
        "values": seen.values,
        "sigma": seen.sigma,
    }


def _band(predicted: FloatArray, seen: Observations) -> dict[str, FloatArray]:
    """Return mean and central 90 % of predictions: of the members, and with the data's errors."""
    mean, variance = predicted.mean(axis=0), predicted.var(axis=0, ddof=1)
    whole = _CENTRAL * np.sqrt(variance + seen.sigma**2)
    low, high = interval_edges(predicted)
    return {"mean": mean, "low": low, "high": high, "lower": mean - whole, "upper": mean + whole}
