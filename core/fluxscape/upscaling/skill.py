"""Skill split into what a map needs: differences between sites, the season, and anomalies.

Poor for every method at unseen towers are the anomalies: a trend in an upscaled product is mostly
the trend of what drives it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.scores import score

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Labels = npt.NDArray[Any]

_FEWEST_ROWS: Final = 12
"""Rows that a site needs for an efficiency of its own."""


def nse(observed: FloatArray, predicted: FloatArray) -> float:
    """Return Nash and Sutcliffe's efficiency (1970, doi:10.1016/0022-1694(70)90255-6, equation 3).

    NaN where the observed do not vary.
    """
    return score(predicted, observed)["nse"] if observed.size > 1 else float("nan")


def split_skill(
    observed: FloatArray, predicted: FloatArray, site: Labels, month: IntArray
) -> dict[str, float]:
    """Return the skill of predictions at sites that were not seen.

    Parameters
    ----------
    observed, predicted
        Shape (row,), finite.
    site, month
        Site, and month of the year, of each row, shape (row,).

    Returns
    -------
    dict
        ``nse``, ``rmse``, ``bias``, ``r2`` and ``n`` of all rows; ``across_site``, the efficiency
        of site means; ``seasonal``, of sites' mean seasonal cycles less their means; ``anomaly``,
        of deviations from the cycle, of months that a site has in two years or more;
        ``median_site``, the median efficiency of sites with 12 rows or more; ``sites``.
    """
    names, index = np.unique(site, return_inverse=True)
    _, cell = np.unique(index * 12 + month % 12, return_inverse=True)
    of_cell = np.zeros(cell.max() + 1, dtype=np.int64)
    of_cell[cell] = index
    repeated = np.bincount(cell)[cell] > 1
    pair = observed, predicted
    means = [_mean_by(values, index) for values in pair]
    cycles = [_mean_by(values, cell) for values in pair]
    seasons = [cycle - mean[of_cell] for cycle, mean in zip(cycles, means, strict=True)]
    deviations = [
        (values - cycle[cell])[repeated] for values, cycle in zip(pair, cycles, strict=True)
    ]
    counts = np.bincount(index)
    by_site = [
        nse(observed[index == i], predicted[index == i])
        for i in np.flatnonzero(counts >= _FEWEST_ROWS)
    ]
    return score(predicted, observed) | {
        "across_site": nse(means[0], means[1]),
        "seasonal": nse(seasons[0], seasons[1]),
        "anomaly": nse(deviations[0], deviations[1]),
        "median_site": float(np.nanmedian(by_site)) if by_site else float("nan"),
        "sites": int(names.size),
    }


def _mean_by(values: FloatArray, index: IntArray) -> FloatArray:
    """Return the mean of each group."""
    return np.asarray(np.bincount(index, weights=values) / np.bincount(index))
