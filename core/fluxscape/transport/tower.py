"""The regional flux that a tower's record of carbon dioxide asks for, with named errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.contracts import provenance
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError
from fluxscape.transport.column import Column
from fluxscape.transport.covariance import exponential_covariance, joined
from fluxscape.transport.ensemble import draw_ensemble, ensemble_smoother
from fluxscape.transport.inversion import LinearProblem, Posterior, invert
from fluxscape.transport.regional import DailyMeans, RegionalMap, daily_means, regional_map
from fluxscape.transport.settings import TERMS, InversionSettings
from fluxscape.transport.variational import four_d_var

Floats = NDArray[np.float64]

UNLIKELY: Final = 4.0
"""Standard deviations of chi-square beyond which stated errors count as wrong."""

METHODS: Final = ("bayes", "4d-var", "ensemble")
"""Ways to the same posterior: closed form, gradients by the adjoint, runs of members."""


@dataclass(frozen=True)
class TowerInversion:
    """An inversion of a tower's record.

    Attributes
    ----------
    linear
        The map from state to observations.
    problem
        Prior, errors and observations less what the prior gives.
    posterior
        What was found, in closed form.
    settings
        Of the inversion.
    """

    linear: RegionalMap
    problem: LinearProblem
    posterior: Posterior
    settings: InversionSettings

    @property
    def remark(self) -> str:
        """What chi-square says of the stated errors; empty where they agree with the record."""
        count = self.problem.observed.size
        ratio = self.posterior.chi_square / count
        limit = 1.0 + UNLIKELY * np.sqrt(2.0 / count)
        if ratio > limit:
            return (
                f"the record departs from the prior by "
                f"{np.sqrt(ratio):.1f} times the stated errors "
                "(chi-square): the intervals are too narrow, and what the column leaves out may be "
                "in the flux"
            )
        if ratio < 1.0 / limit:
            return "the stated errors are larger than the record asks for: the intervals are wide"
        return ""

    def mean_flux(self) -> dict[str, Any]:
        """Return the mean flux of the period, prior and posterior, with its error by term."""
        weights = self.linear.flux_weights()
        correction, deviation, terms = self.posterior.of_sum(weights)
        prior = float(self.linear.column.forcing.flux.mean())
        before = float(np.sqrt(weights @ self.problem.prior_covariance @ weights))
        return {
            "prior": prior,
            "prior_deviation": before,
            "posterior": prior + correction,
            "posterior_deviation": deviation,
            "uncertainty_reduction": 1.0 - deviation / before,
            "deviation_by_term": terms,
        }


def prior_covariance(linear: RegionalMap, settings: InversionSettings) -> Floats:
    """Return S_a of the state: exponential in time within blocks, independent between them.

    Parameters
    ----------
    linear
        Which elements there are.
    settings
        Spreads and memories.
    """
    s = settings
    count = linear.element_day.size
    flux = exponential_covariance(
        np.full(count, s.flux_spread), linear.element_day, s.flux_memory_days
    )
    other = linear.element_night[:, np.newaxis] != linear.element_night
    # Day and night of a window lie near in time; only this number says how their errors go.
    flux = np.where(other, s.day_night_correlation * flux, flux)
    blocks = [flux]
    spreads = {
        "background": (s.background_spread, s.background_memory_days),
        "advection": (s.advection_spread, s.advection_memory_days),
        "mixing": (s.mixing_spread, s.mixing_memory_days),
    }
    days = linear.window_days
    blocks += [
        exponential_covariance(np.full(days.size, spread), days, memory)
        for name, (spread, memory) in spreads.items()
        if name in linear.blocks
    ]
    return joined(blocks)


def error_covariance(observations: DailyMeans, settings: InversionSettings) -> Floats:
    """Return R: what is left when background, advection and mixing have names of their own.

    Parameters
    ----------
    observations
        Days and inlets.
    settings
        Errors, their memory and their correlation between inlets.
    """
    size = observations.values.size
    shared = exponential_covariance(
        np.full(size, settings.representation_error), observations.day, settings.error_memory_days
    )
    same = observations.level[:, np.newaxis] == observations.level
    instrument = np.full(size, settings.instrument_error**2)
    return np.asarray(
        np.where(same, 1.0, settings.level_correlation) * shared + np.diag(instrument)
    )


def invert_tower(
    column: Column,
    measured: Floats,
    *,
    longitude: float,
    settings: InversionSettings | None = None,
    terms: Sequence[str] = TERMS,
) -> TowerInversion:
    """Return the regional flux that a record of carbon dioxide asks for.

    Parameters
    ----------
    column
        With the prior flux and background in its forcing, and the inlets of the record.
    measured
        Mole fraction at the inlets [umol mol-1], shape (time, level); NaN where there is none.
    longitude
        [degrees east].
    settings
        Defaults when absent.
    terms
        Errors in the state beside the flux; those left out are taken to be zero.

    Raises
    ------
    DimsError, OutOfBoundsError, MissingVariableError
        If shapes do not fit, no day can be used, a term is unknown or a covariance is singular.
    """
    s = settings or InversionSettings()
    if measured.shape[1:] != column.inlets.heights.shape:
        msg = (
            f"the record has shape {measured.shape}, the column {column.inlets.heights.size} inlets"
        )
        raise DimsError(msg)
    observations = daily_means(
        column.forcing.times, measured, longitude=longitude, hours=(s.first_hour, s.last_hour)
    )
    linear = regional_map(column, observations, longitude=longitude, settings=s, terms=terms)
    return solve_map(linear, s)


def record_on_steps(record: xr.DataArray, column: Column) -> Floats:
    """Return a record of inlets on the steps of a column, shape (time, level).

    Parameters
    ----------
    record
        Over (time, level), as :func:`fluxscape.io.profiles.read_profile` gives it.
    column
        Whose period it must lie in.

    Raises
    ------
    OutOfBoundsError
        If an observation lies outside the period, naming the first.
    DimsError
        If a time is no start of a step.
    """
    times, moments = column.forcing.times, record["time"].to_numpy()
    end = times[-1] + np.timedelta64(column.forcing.step_seconds, "s")
    outside = (moments < times[0]) | (moments >= end)
    if outside.any():
        first = np.datetime_as_string(moments[int(np.argmax(outside))], unit="m")
        period = " to ".join(np.datetime_as_string(moment, unit="m") for moment in (times[0], end))
        msg = (
            f"the observation of {first} lies outside the period of the forcing, {period} "
            f"({int(outside.sum())} of {outside.size} do)"
        )
        raise OutOfBoundsError(msg, got=first)
    place = np.searchsorted(times, moments)
    off = (place >= times.size) | (times[np.minimum(place, times.size - 1)] != moments)
    if off.any():
        first = np.datetime_as_string(moments[int(np.argmax(off))], unit="s")
        msg = f"the observation of {first} starts with no step of the forcing"
        raise DimsError(msg, got=first)
    out = np.full((times.size, record.sizes["level"]), np.nan)
    out[place] = record.to_numpy()
    return out


def solve_map(linear: RegionalMap, settings: InversionSettings) -> TowerInversion:
    """Return the inversion of a map's own observations; errors as :func:`invert_tower`."""
    observations = linear.observations
    problem = LinearProblem(
        jacobian=linear.jacobian(),
        observed=observations.values - linear.modelled,
        prior=np.zeros(linear.size),
        prior_covariance=prior_covariance(linear, settings),
        error_covariance=error_covariance(observations, settings),
        blocks=linear.blocks,
    )
    return TowerInversion(linear, problem, invert(problem), settings)


def other_means(
    inversion: TowerInversion, method: str, *, members: int = 0, seed: int = 1
) -> tuple[Floats, Floats]:
    """Return mean and covariance of the state by another method, which must agree.

    Parameters
    ----------
    inversion
        What to solve again.
    method
        One of :data:`METHODS`. 4D-Var runs the column and its adjoint and never sees the Jacobian.
    members
        Of the ensemble; twice the elements when 0.
    seed
        Of the ensemble.

    Raises
    ------
    MissingVariableError
        If there is no such method.
    """
    p, linear = inversion.problem, inversion.linear
    if method == "bayes":
        return inversion.posterior.mean, inversion.posterior.covariance
    if method == "4d-var":
        found = four_d_var(
            linear.forward,
            linear.adjoint,
            p.observed,
            p.prior,
            p.prior_covariance,
            p.error_covariance,
            with_covariance=True,
        )
        return found.mean, np.asarray(found.covariance)
    if method == "ensemble":
        count = members or 2 * p.prior.size + 2
        drawn = draw_ensemble(p.prior, p.prior_covariance, count, seed=seed)
        moved = ensemble_smoother(
            drawn, lambda x: linear.forward_members(x.T).T, p.observed, p.error_covariance
        )
        return moved.mean, moved.covariance
    msg = f"no method is called {method!r}; there are {', '.join(METHODS)}"
    raise MissingVariableError(msg, got=method)


def inversion_product(inversion: TowerInversion, *, status: str) -> xr.Dataset:
    """Return prior and posterior of an inversion as a labelled dataset.

    Parameters
    ----------
    inversion
        What was found.
    status
        Data status of record and forcing together.

    Returns
    -------
    xarray.Dataset
        Over ``element``: flux before and after with deviations, and the averaging kernel; over
        ``window``: the other blocks; over ``observation``: observed, prior and posterior.
    """
    linear, posterior = inversion.linear, inversion.posterior
    part = linear.blocks["flux"]
    forced = linear.column.forcing
    count = np.bincount(linear.flux_element)
    prior = np.bincount(linear.flux_element, forced.flux) / count
    before = np.sqrt(np.diag(inversion.problem.prior_covariance))
    after = posterior.deviation()
    flux = {"units": "umol m-2 s-1"}
    mole = {"units": "umol mol-1"}
    rows: dict[str, Any] = {
        "prior_flux": ("element", prior, flux),
        "prior_flux_deviation": ("element", before[part], flux),
        "posterior_flux": ("element", prior + posterior.mean[part], flux),
        "posterior_flux_deviation": ("element", after[part], flux),
        "averaging_kernel": (
            ("element", "column_element"),
            posterior.averaging_kernel[part, part],
            {"units": "1"},
        ),
        "observed": ("observation", linear.observations.values, mole),
        "modelled_prior": ("observation", linear.modelled, mole),
        "modelled_posterior": ("observation", linear.modelled + posterior.fitted, mole),
    }
    units = {"background": "umol mol-1", "advection": "umol mol-1 d-1", "mixing": "1"}
    for name, unit in units.items():
        if name in linear.blocks:
            here = linear.blocks[name]
            rows[f"{name}_error"] = ("window", posterior.mean[here], {"units": unit})
            rows[f"{name}_error_deviation"] = ("window", after[here], {"units": unit})
            rows[f"{name}_prior_deviation"] = ("window", before[here], {"units": unit})
    start = forced.times[0]

    def moments(days: Floats) -> NDArray[np.datetime64]:
        return np.asarray(start + (days * 86400e9).astype("timedelta64[ns]"))

    return xr.Dataset(
        rows,
        coords={
            "element_time": ("element", moments(linear.element_day)),
            "night": ("element", linear.element_night),
            "window_time": ("window", moments(linear.window_days)),
            "observation_time": ("observation", moments(linear.observations.day)),
            "inlet_height": (
                "observation",
                linear.column.inlets.heights[linear.observations.level],
                {"units": "m"},
            ),
        },
        attrs=provenance(
            status=status,
            source="linear Bayesian inversion of a one-dimensional column",
            parameters=inversion.settings.to_dict(),
            terms=", ".join(name for name in linear.blocks if name != "flux") or "none",
            degrees_of_freedom_flux=posterior.degrees_of_freedom["flux"],
            degrees_of_freedom_all=posterior.degrees_of_freedom["all"],
            chi_square=posterior.chi_square,
            observations=linear.observations.values.size,
            log_evidence=posterior.log_evidence,
            remark=inversion.remark,
        ),
    )
