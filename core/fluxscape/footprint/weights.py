"""Weights of records by what they carried: GPP, ET, |NEE|, or equal weight of the day's hours."""

from __future__ import annotations

from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.contracts import Need, check_dataset
from fluxscape.errors import MissingVariableError, did_you_mean

Floats = NDArray[np.float64]

WEIGHTS: Final = {
    "equal": "every record counts alike",
    "gpp": "gross primary production, negative values as zero",
    "et": "evapotranspiration or latent heat flux, negative values as zero",
    "nee": "size of the net ecosystem exchange, whatever its sign",
    "hours": "every hour of the day counts alike, however many records it has",
}
"""Names of the weights and what they are."""

SOURCES: Final = {
    "gpp": ("gross_primary_production",),
    "et": ("evapotranspiration", "latent_heat_flux"),
    "nee": ("net_ecosystem_exchange",),
}
"""Variables of which a weight takes the first that is there."""


def record_weights(records: xr.Dataset, name: str, used: NDArray[np.bool_]) -> Floats | None:
    """Return the weight of every record, shape (time,), or None for equal weights.

    A signed flux could cancel itself in a weighted mean, so fluxes enter by one component or by
    their size. A record without the flux gets NaN.

    Parameters
    ----------
    records
        Dataset over ``time``.
    name
        A key of :data:`WEIGHTS`.
    used
        Records that the model accepts; the hours are counted among them.

    Raises
    ------
    MissingVariableError
        If the name is unknown or the records lack the flux.
    """
    if name not in WEIGHTS:
        msg = f"there is no weight {name!r}; known are {', '.join(WEIGHTS)}."
        raise MissingVariableError(msg + did_you_mean(name, WEIGHTS), weight=name)
    if name == "equal":
        return None
    if name == "hours":
        return _equal_hours(records, used)
    found = next((source for source in SOURCES[name] if source in records), None)
    if found is None:
        msg = f"weight {name!r} needs {' or '.join(SOURCES[name])}, which the records lack"
        raise MissingVariableError(msg, variable=SOURCES[name][0])
    where = f"weights by {name}"
    values = check_dataset(records[[found]], [Need(found)], where=where)[found].to_numpy()
    return np.asarray(np.abs(values) if name == "nee" else np.maximum(values, 0.0))


def _equal_hours(records: xr.Dataset, used: NDArray[np.bool_]) -> Floats:
    """Return weights that give each hour of the day the same sum."""
    hours = records["time"].to_numpy().astype("datetime64[h]").astype(np.int64) % 24
    counts = np.bincount(hours[used], minlength=24)
    return np.where(used, 1.0 / np.maximum(counts[hours], 1), 0.0)
