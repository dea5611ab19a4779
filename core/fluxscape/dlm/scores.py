"""Scores of modelled against measured fluxes, on measured values only."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.scores import score
from fluxscape.vocabulary import QUALITY_SUFFIX, VARIABLES

SCORED: Final = (
    "gross_primary_production",
    "net_ecosystem_exchange",
    "latent_heat_flux",
    "sensible_heat_flux",
    "net_radiation",
)
"""Fluxes that are scored where a file has them."""

_FEWEST: Final = 48


def score_run(run: xr.Dataset, observed: xr.Dataset) -> dict[str, dict[str, Any]]:
    """Return scores of a run by variable, on the steps that both have.

    Parameters
    ----------
    run
        Output of :func:`fluxscape.dlm.run_dlm`.
    observed
        Measured fluxes over ``time``; values whose ``*_quality`` is above 0 (filled) are left out.

    Returns
    -------
    dict
        For each variable ``r2`` (squared correlation) [1], ``nse`` (Nash-Sutcliffe) [1], ``rmse``,
        ``bias`` (modelled less measured) and ``mean_observed`` in the variable's ``units``, and
        ``n``. Variables with fewer than 48 measured values are left out, and so is everything
        of a dataset that says of itself that it is simulated.
    """
    if observed.attrs.get("data_status") == "simulated":
        return {}
    times, at_run, at_observed = np.intersect1d(
        run["time"].to_numpy(), observed["time"].to_numpy(), return_indices=True
    )
    scores = {}
    for name in SCORED:
        if name not in observed or name not in run or not times.size:
            continue
        measured = observed[name].to_numpy()[at_observed].astype(np.float64)
        flag = name + QUALITY_SUFFIX
        if flag in observed:
            measured = np.where(observed[flag].to_numpy()[at_observed] > 0, np.nan, measured)
        modelled = run[name].to_numpy()[at_run]
        good = np.isfinite(measured) & np.isfinite(modelled)
        if good.sum() >= _FEWEST:
            scores[name] = score(modelled[good], measured[good]) | {"units": VARIABLES[name].units}
    return scores
