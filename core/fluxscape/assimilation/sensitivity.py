"""Which parameters matter: Morris screening and Sobol indices through SALib.

Morris 1991, doi:10.1080/00401706.1991.10484804; Campolongo et al. 2007,
doi:10.1016/j.envsoft.2006.10.004 (mu*); Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.assimilation.passes import Forward
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.errors import OutOfBoundsError, RunError

FloatArray = npt.NDArray[np.float64]

METHODS: Final = ("morris", "sobol")

REACH: Final = 1.645
"""Parameters vary within this many prior standard deviations, the prior's central 90 %."""


@dataclass(frozen=True)
class Sensitivity:
    """Influence of parameters on how far a model is from its observations.

    Attributes
    ----------
    method
        One of :data:`METHODS`.
    names
        Parameters.
    influence
        Morris: mu* of the root mean squared innovation over its error; Sobol: total index. Shape
        (parameter,).
    uncertainty
        Morris: its 95 % confidence; Sobol: that of the total index.
    interaction
        Morris: sigma, which tells of interaction and bends; Sobol: total less first index.
    runs
        Model runs that it took.
    """

    method: str
    names: tuple[str, ...]
    influence: FloatArray
    uncertainty: FloatArray
    interaction: FloatArray
    runs: int

    def ranking(self) -> list[dict[str, Any]]:
        """Return the parameters, the most influential first."""
        order = np.argsort(-self.influence, kind="stable")
        return [
            {
                "parameter": self.names[i],
                "influence": float(self.influence[i]),
                "uncertainty": float(self.uncertainty[i]),
                "interaction": float(self.interaction[i]),
            }
            for i in order
        ]


def rank_parameters(
    space: ParameterSpace,
    forward: Forward,
    observed: FloatArray,
    sigma: FloatArray,
    *,
    method: str = "morris",
    size: int = 30,
    seed: int,
) -> Sensitivity:
    """Rank parameters by their influence on the misfit.

    Parameters
    ----------
    space
        Parameters and how far they vary: the central 90 % of the prior.
    forward
        Maps z to predictions.
    observed, sigma
        Observations and their errors, shape (observation,).
    method
        ``morris`` takes size x (parameters + 1) runs, ``sobol`` size x (parameters + 2).
    size
        Trajectories of Morris; base samples of Sobol, a power of two.
    seed
        Of the sample.

    Raises
    ------
    OutOfBoundsError
        If the method or the size cannot be used.
    RunError
        If the model fails in any run: narrow the prior.
    """
    from SALib.analyze import morris as analyse_morris  # noqa: PLC0415
    from SALib.analyze import sobol as analyse_sobol  # noqa: PLC0415
    from SALib.sample import morris as sample_morris  # noqa: PLC0415
    from SALib.sample import sobol as sample_sobol  # noqa: PLC0415

    if method not in METHODS:
        msg = f"method must be one of {', '.join(METHODS)}, got {method!r}"
        raise OutOfBoundsError(msg, got=method)
    if size < 4 or (method == "sobol" and size & (size - 1)):
        msg = f"size must be 4 or more, and a power of two for sobol, got {size}"
        raise OutOfBoundsError(msg, got=size)
    if seed < 0:
        msg = f"seed must be 0 or more, got {seed}"
        raise OutOfBoundsError(msg, got=seed)
    edges = [
        [mean - REACH * spread, mean + REACH * spread]
        for mean, spread in zip(space.prior_mean, space.prior_spread, strict=True)
    ]
    problem = {"num_vars": space.size, "names": list(space.names), "bounds": edges}
    if method == "morris":
        sample = sample_morris.sample(problem, size, seed=seed)
    else:
        sample = sample_sobol.sample(problem, size, calc_second_order=False, seed=seed)
    predicted = forward(np.asarray(sample, np.float64))
    distance = np.sqrt(np.mean(((predicted - observed) / sigma) ** 2, axis=1))
    if not np.isfinite(distance).all():
        msg = f"{int((~np.isfinite(distance)).sum())} of {distance.size} runs failed"
        raise RunError(msg, failed=int((~np.isfinite(distance)).sum()))
    if method == "morris":
        found = analyse_morris.analyze(problem, sample, distance, seed=seed)
        columns = (found["mu_star"], found["mu_star_conf"], found["sigma"])
    else:
        found = analyse_sobol.analyze(problem, distance, calc_second_order=False, seed=seed)
        columns = (found["ST"], found["ST_conf"], found["ST"] - found["S1"])
    influence, uncertainty, interaction = (np.asarray(item, np.float64) for item in columns)
    return Sensitivity(method, space.names, influence, uncertainty, interaction, int(distance.size))
