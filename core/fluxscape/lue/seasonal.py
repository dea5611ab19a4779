"""Seasonal maximum light-use efficiency: its retrieval from tower fluxes, and its predictors.

Production is usable light (absorbed photons times the scalars of a model) times an efficiency. In
windows of some days the efficiency is the upper quantile of production over usable light, or the
first slope of a rectangular hyperbola through the steps of the window, or their plain ratio.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.errors import DimsError, OutOfBoundsError, did_you_mean
from fluxscape.lue.common import LueParameters

FloatArray = npt.NDArray[np.float64]
TimeArray = npt.NDArray[np.datetime64]
Method = Literal["quantile", "hyperbola", "ratio"]

METHODS: Final = ("quantile", "hyperbola", "ratio")
"""Ways to retrieve an efficiency."""

PREDICTORS: Final = ("greenness", "phase", "greenness_change", "temperature_lag")
"""What a seasonal efficiency is regressed on; see :func:`phenology_predictors`."""

LEAST_LIGHT: Final = 20.0
"""Usable light below which the ratio of a step says nothing [umol m-2 s-1]."""

_HALF_LIGHTS: Final = np.geomspace(5.0, 2e4, 120)
"""Trial values of the light at half of the highest production [umol m-2 s-1]."""


@dataclass(frozen=True)
class Windows:
    """Windows of one or more sites, each array of shape (window,).

    Attributes
    ----------
    site, plant_type
        Where.
    production
        Mean observed gross primary production [umol m-2 s-1].
    light
        Mean usable light [umol m-2 s-1].
    efficiency
        Retrieved efficiency [mol mol-1].
    published
        Mean production of the model with its published parameters [umol m-2 s-1].
    predictors
        Of a seasonal efficiency, shape (window, predictor), by :data:`PREDICTORS`.
    """

    site: npt.NDArray[np.str_]
    plant_type: npt.NDArray[np.str_]
    production: FloatArray
    light: FloatArray
    efficiency: FloatArray
    published: FloatArray
    predictors: FloatArray

    def __post_init__(self) -> None:
        sizes = {len(getattr(self, name)) for name in self.__dataclass_fields__}
        if len(sizes) != 1 or self.predictors.ndim != 2:
            msg = f"the arrays of Windows must have one length, got {sorted(sizes)}"
            raise DimsError(msg)

    def complete(self) -> Windows:
        """Return the windows in which everything is known and there is light."""
        rows = (self.production, self.light, self.efficiency, self.published)
        good = np.all([np.isfinite(row) for row in rows], axis=0) & (self.light > 0.0)
        good &= np.isfinite(self.predictors).all(axis=1)
        return Windows(*(getattr(self, name)[good] for name in self.__dataclass_fields__))


def join_windows(parts: list[Windows]) -> Windows:
    """Return the windows of several sites as one table."""
    names = Windows.__dataclass_fields__
    return Windows(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def usable_light(run: xr.Dataset, parameters: LueParameters) -> FloatArray:
    """Return the light that a model's production is proportional to [umol m-2 s-1].

    Parameters
    ----------
    run
        Output of :func:`fluxscape.lue.run_lue`.
    parameters
        With which it was made.
    """
    production = run["gross_primary_production"].to_numpy()
    return np.asarray(production / parameters.highest_efficiency(), np.float64)


def retrieve_efficiency(
    production: FloatArray,
    light: FloatArray,
    times: TimeArray,
    *,
    days: int = 8,
    method: Method = "quantile",
    quantile: float = 0.95,
    fewest: int = 30,
) -> xr.Dataset:
    """Return the efficiency of windows that start at each year's first day.

    Parameters
    ----------
    production
        Observed gross primary production [umol m-2 s-1], measured values only, shape (time,).
    light
        Usable light [umol m-2 s-1], shape (time,), of :func:`usable_light`.
    times
        Starts of the steps, shape (time,).
    days
        Length of a window [d]; the year's last is shorter, as in MODIS composites.
    method
        ``"quantile"`` of production over light; ``"hyperbola"``, the first slope a of
        G = a Q P / (a Q + P) fitted by least squares; ``"ratio"`` of the sums.
    quantile
        Of the first method.
    fewest
        Steps with light that a window needs.

    Returns
    -------
    xarray.Dataset
        Over ``time`` (start of window): ``efficiency`` [mol mol-1], NaN where it could not be
        told, mean ``production`` and ``light`` of the steps that have both, and their ``count``.

    Raises
    ------
    DimsError, OutOfBoundsError
        If shapes differ or an option is unknown.
    """
    if not production.shape == light.shape == times.shape or production.ndim != 1:
        msg = f"shapes differ: {production.shape}, {light.shape}, {times.shape}, wanted (time,)"
        raise DimsError(msg)
    if method not in METHODS:
        msg = f"method must be one of {METHODS}, got {method!r}.{did_you_mean(method, METHODS)}"
        raise OutOfBoundsError(msg, got=method)
    if not 0.5 <= quantile < 1.0 or not 1 <= days <= 366:
        msg = f"quantile must lie in 0.5 to 1 and days in 1 to 366, got {quantile}, {days}"
        raise OutOfBoundsError(msg)
    starts, number = np.unique(_window_starts(times, days), return_inverse=True)
    both = np.isfinite(production) & np.isfinite(light)
    columns = {name: np.full(starts.size, np.nan) for name in ("efficiency", "production", "light")}
    count = np.zeros(starts.size, np.int64)
    order = np.argsort(number[both], kind="stable")
    edges = np.searchsorted(number[both][order], np.arange(starts.size + 1))
    found, given = production[both][order], light[both][order]
    for i in range(starts.size):
        g, q = found[edges[i] : edges[i + 1]], given[edges[i] : edges[i + 1]]
        count[i] = g.size
        if g.size:
            columns["production"][i], columns["light"][i] = g.mean(), q.mean()
        lit = q > LEAST_LIGHT
        if lit.sum() >= fewest:
            columns["efficiency"][i] = _efficiency(g[lit], q[lit], method, quantile)
    units = {"efficiency": "mol mol-1", "production": "umol m-2 s-1", "light": "umol m-2 s-1"}
    variables = {name: ("time", columns[name], {"units": unit}) for name, unit in units.items()}
    attrs = {"method": method, "quantile": quantile, "window_days": days}
    return xr.Dataset(variables | {"count": ("time", count)}, coords={"time": starts}, attrs=attrs)


def phenology_predictors(greenness: FloatArray, temperature: FloatArray) -> FloatArray:
    """Return the predictors of a seasonal efficiency, shape (window, predictor).

    Only vegetation index and temperature enter, so that a site without fluxes has them too.

    Parameters
    ----------
    greenness
        Leaf area or vegetation index of the windows of one site in order, shape (window,).
    temperature
        Mean air temperature [K or degC], shape (window,).

    Returns
    -------
    numpy.ndarray
        By :data:`PREDICTORS`: greenness; its place between the site's 5 % and 95 % quantile, 0 to
        1; its change from the window before to the one after, which tells spring from autumn; and
        temperature less that of the window before [K].
    """
    known = greenness[np.isfinite(greenness)]
    low, high = np.quantile(known, (0.05, 0.95)) if known.size else (np.nan, np.nan)
    span = high - low if high > low else np.nan
    phase = (
        np.clip((greenness - low) / span, 0.0, 1.0) if np.isfinite(span) else 0.5 + 0 * greenness
    )
    change = np.full(greenness.shape, np.nan)
    lag = np.full(greenness.shape, np.nan)
    if greenness.size > 2:
        change[1:-1] = greenness[2:] - greenness[:-2]
        lag[1:] = temperature[1:] - temperature[:-1]
    return np.column_stack([greenness, phase, change, lag])


def _window_starts(times: TimeArray, days: int) -> TimeArray:
    """Return the start of the window of each time, counted anew each year."""
    year = times.astype("datetime64[Y]").astype("datetime64[D]")
    day = (times.astype("datetime64[D]") - year).astype(np.int64)
    return np.asarray((year + day // days * days).astype("datetime64[ns]"))


def _efficiency(g: FloatArray, q: FloatArray, method: Method, quantile: float) -> float:
    """Return the efficiency of one window of lit steps."""
    if method == "quantile":
        return float(np.quantile(g / q, quantile))
    if method == "ratio":
        return float(g.sum() / q.sum())
    return hyperbola_slope(g, q)


def hyperbola_slope(production: FloatArray, light: FloatArray) -> float:
    """Return the first slope a of G = a Q P / (a Q + P), NaN where none is told.

    With h = P / a the fit is linear in P, so that the least squares are searched over h alone. A
    line through the origin (no saturation) has its own slope; a fit that saturates at the first
    light, or does not rise, gives NaN.
    """
    best = _best_half_light(production, light, _HALF_LIGHTS)
    if best == 0:
        return float("nan")
    if best == _HALF_LIGHTS.size - 1:
        return float(production @ light / (light @ light))
    fine = np.geomspace(_HALF_LIGHTS[best - 1], _HALF_LIGHTS[best + 1], 41)
    half = fine[_best_half_light(production, light, fine)]
    shape = light / (light + half)
    highest = production @ shape / (shape @ shape)
    return float(highest / half) if highest > 0.0 else float("nan")


def _best_half_light(production: FloatArray, light: FloatArray, halves: FloatArray) -> int:
    """Return which of some half lights leaves the smallest squares."""
    shape = light / (light + halves[:, None])
    # The residual sum of squares of a one-parameter fit is G.G - (G.f)^2 / f.f.
    return int(np.argmax((shape @ production) ** 2 / np.einsum("ij,ij->i", shape, shape)))
