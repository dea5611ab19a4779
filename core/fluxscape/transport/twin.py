"""Twin inversions: known fluxes, records made from them, and whether they are found again.

Each trial draws the state from its prior and noise from R, makes a record, and inverts it. Without
further error the intervals must hold their share of truths; with mixing other than believed they
must fail as the identifiability report says, unless mixing is in the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from fluxscape.transport.column import Column, run_column
from fluxscape.transport.covariance import cholesky
from fluxscape.transport.inversion import LinearProblem, invert
from fluxscape.transport.regional import daily_means, regional_map, with_mixing
from fluxscape.transport.settings import InversionSettings
from fluxscape.transport.tower import error_covariance, prior_covariance

Floats = NDArray[np.float64]

SHARE: Final = 0.9
"""Probability of the intervals whose coverage is counted."""


@dataclass(frozen=True)
class TwinResult:
    """What twin trials found.

    Attributes
    ----------
    trials
        Number of them.
    coverage_of_mean
        Share of trials whose 90 % interval of the mean flux holds the truth.
    coverage_of_elements
        Share of all flux elements of all trials whose interval does.
    stated_deviation
        Posterior deviation of the mean flux [umol m-2 s-1].
    rmse_of_mean
        Root mean squared error of the mean flux over trials [umol m-2 s-1].
    bias_of_mean
        Mean error over trials [umol m-2 s-1].
    chi_square_ratio
        Mean chi-square over the number of observations; 1 where errors are as stated.
    """

    trials: int
    coverage_of_mean: float
    coverage_of_elements: float
    stated_deviation: float
    rmse_of_mean: float
    bias_of_mean: float
    chi_square_ratio: float


def twin_record(
    column: Column,
    *,
    longitude: float,
    settings: InversionSettings,
    seed: int,
    mixing: float = 1.0,
) -> tuple[Floats, float]:
    """Return a record made from known fluxes, shape (time, level), and their mean.

    The truth is the prior flux with corrections drawn from its prior; background, advection and
    mixing of the truth are as believed but for ``mixing``. The noise of a day's mean has the stated
    errors, and is the same in all steps of the day.

    Parameters
    ----------
    column
        With the prior flux.
    longitude
        [degrees east].
    settings
        Prior and errors.
    seed
        Of all draws.
    mixing
        Factor on mixing strength in the truth.
    """
    levels = column.inlets.heights.size
    hours = (settings.first_hour, settings.last_hour)
    everything = np.zeros((column.forcing.times.size, levels))
    seen = daily_means(column.forcing.times, everything, longitude=longitude, hours=hours)
    linear = regional_map(column, seen, longitude=longitude, settings=settings, terms=())
    draw = np.random.default_rng(seed)
    root = cholesky(prior_covariance(linear, settings), "the prior covariance")
    state = root @ draw.standard_normal(root.shape[0])
    truth = column.forcing.flux + state[linear.flux_element]
    nature = with_mixing(column, mixing) if mixing != 1.0 else column
    record = run_column(nature, flux=truth)["inlet_carbon_dioxide_mole_fraction"].to_numpy()
    error = cholesky(error_covariance(seen, settings), "the covariance of the observation errors")
    noise = np.append(error @ draw.standard_normal(error.shape[0]), 0.0)
    return record + noise[seen.group], float(truth.mean())


def twin_trials(
    problem: LinearProblem,
    weights: Floats,
    *,
    trials: int = 100,
    seed: int = 1,
    truth: LinearProblem | None = None,
    unknown: Floats | None = None,
) -> TwinResult:
    """Return how well fluxes drawn from the prior are found again.

    Parameters
    ----------
    problem
        What the inversion believes; its observations are not used.
    weights
        Of the mean flux over the state, shape (element,).
    trials
        Number of them.
    seed
        Of all draws.
    truth
        What nature does, with the same flux block; ``problem`` itself when absent.
    unknown
        What nature adds to every record and the inversion does not know, such as the response to
        wrong mixing [umol mol-1], shape (observation,).
    """
    nature = truth or problem
    draw = np.random.default_rng(seed)
    L = cholesky(nature.prior_covariance, "the prior covariance")
    C = cholesky(nature.error_covariance, "the covariance of the observation errors")
    flux, drawn_flux = problem.block("flux"), nature.block("flux")
    posterior = invert(problem)
    deviation = posterior.deviation(flux)
    _, of_mean, _ = posterior.of_sum(weights)
    reach = float(ndtri(0.5 + 0.5 * SHARE))
    states = nature.prior + draw.standard_normal((trials, L.shape[0])) @ L.T
    records = states @ nature.jacobian.T + draw.standard_normal((trials, C.shape[0])) @ C.T
    if unknown is not None:
        records = records + unknown
    innovations = records - problem.jacobian @ problem.prior
    found = problem.prior + innovations @ posterior.gain.T
    errors = found[:, flux] - states[:, drawn_flux]
    mean_errors = errors @ weights[flux]
    spread = problem.jacobian @ problem.prior_covariance @ problem.jacobian.T
    total = spread + problem.error_covariance
    chi_square = np.einsum("ti,ti->t", innovations, np.linalg.solve(total, innovations.T).T)
    return TwinResult(
        trials,
        float(np.mean(np.abs(mean_errors) <= reach * of_mean)),
        float(np.mean(np.abs(errors) <= reach * deviation)),
        of_mean,
        float(np.sqrt(np.mean(mean_errors**2))),
        float(mean_errors.mean()),
        float(chi_square.mean() / records.shape[1]),
    )
