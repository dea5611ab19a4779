"""Inversion through receptor footprints of other models, for ``fluxscape column invert``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def invert_receptors(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the fluxes of blocks of regions from footprints and the record of their receptors."""
    import numpy as np  # noqa: PLC0415

    from fluxscape.errors import DimsError, MissingVariableError  # noqa: PLC0415
    from fluxscape.io.guards import open_netcdf_guarded  # noqa: PLC0415
    from fluxscape.io.plain_tables import PlainTable  # noqa: PLC0415
    from fluxscape.transport import (  # noqa: PLC0415
        LinearProblem,
        exponential_covariance,
        invert,
        receptor_footprints,
    )

    if not arguments.record:
        msg = "--receptors needs --record: a CSV with co2, background and error [ppm]"
        raise MissingVariableError(msg)
    dataset = open_netcdf_guarded(arguments.receptors, load=True)
    found = receptor_footprints(dataset, where=arguments.receptors)
    receptors, times, rows, columns = found.footprint.shape
    table = PlainTable(arguments.record, ("co2", "background", "error"))
    if len(table.rows) != receptors:
        msg = f"{table.file} has {len(table.rows)} rows for {receptors} receptors"
        raise DimsError(msg, file=table.file)
    co2, background, error = (
        np.array([table.number(row, name) for row in range(receptors)])
        for name in ("co2", "background", "error")
    )
    regions = _blocks(rows, columns, arguments.regions)
    jacobian = found.jacobian(regions)
    count = int(regions.max()) + 1
    moments = np.repeat(np.arange(times, dtype=np.float64), count)
    places = np.tile(_middles(regions, count), (times, 1))
    problem = LinearProblem(
        jacobian,
        co2 - background,
        np.zeros(jacobian.shape[1]),
        exponential_covariance(
            np.full(moments.size, arguments.prior_spread),
            moments,
            max(times / 2.0, 1.0),
            places=places,
            length=max(rows, columns) / arguments.regions,
        ),
        np.diag(error**2),
    )
    posterior = invert(problem)
    weights = np.full(moments.size, 1.0 / moments.size)
    mean, deviation, terms = posterior.of_sum(weights)
    return {
        "model": found.model,
        "data_status": "reconstructed",
        "observations": receptors,
        "elements": int(moments.size),
        "regions": count,
        "mean_flux": {
            "prior": 0.0,
            "prior_deviation": float(np.sqrt(weights @ problem.prior_covariance @ weights)),
            "posterior": mean,
            "posterior_deviation": deviation,
            "deviation_by_term": terms,
        },
        "regional_flux": posterior.mean.reshape(times, count).mean(axis=0),
        "degrees_of_freedom": posterior.degrees_of_freedom,
        "chi_square": posterior.chi_square,
        "chi_square_per_observation": posterior.chi_square / receptors,
        "log_evidence": posterior.log_evidence,
        "units": {"mean_flux": "umol m-2 s-1"},
    }


def _blocks(rows: int, columns: int, side: int) -> NDArray[np.int64]:
    """Return the number of the block of each cell, with ``side`` blocks a side at most."""
    import numpy as np  # noqa: PLC0415

    from fluxscape.errors import OutOfBoundsError  # noqa: PLC0415

    if side < 1:
        msg = f"--regions must be 1 or more, got {side}"
        raise OutOfBoundsError(msg, got=side)
    down = np.minimum(np.arange(rows) * side // rows, side - 1)
    across = np.minimum(np.arange(columns) * side // columns, side - 1)
    numbers = down[:, np.newaxis] * side + across
    return np.unique(numbers, return_inverse=True)[1].reshape(rows, columns).astype(np.int64)


def _middles(regions: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Return the middle of each region in cells, shape (region, 2)."""
    import numpy as np  # noqa: PLC0415

    rows, columns = np.indices(regions.shape)
    size = np.bincount(regions.ravel(), minlength=count)
    sums = [np.bincount(regions.ravel(), axis.ravel(), count) for axis in (rows, columns)]
    return np.stack(sums, axis=1) / size[:, np.newaxis]
