"""Chen's variant: light use on EVI and land-surface water index, its parameters from the tower.

Chen et al. (2010), doi:10.5194/bg-7-2943-2010: a light-use-efficiency algorithm of the family of
the vegetation photosynthesis model runs on fused images of EVI and LSWI, with its parameters fitted
to the tower's production over the tower's footprint. The scalars are those of Xiao et al. (2004),
doi:10.1016/j.rse.2003.11.008, equations 4, 6 and 7, and of the light response a saturation as in
Mahadevan et al. (2008), doi:10.1029/2006GB002735, equation 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.scores import score

FloatArray = npt.NDArray[np.float64]

BOUNDS: Final = {
    "efficiency": (0.05, 10.0, "gC MJ-1"),
    "best_temperature": (5.0, 35.0, "degC"),
    "highest_water_index": (0.05, 0.9, "1"),
    "half_light": (1.0, 500.0, "MJ m-2 d-1"),
}
"""Fitted parameters: bounds and unit."""

_SCALES: Final = np.array([1.0, 5.0, 0.2, 50.0])
"""Size of a step of each parameter."""

_COLDEST_BELOW, _HOTTEST_ABOVE = 25.0, 25.0
"""Distance of the temperatures without growth from the best one [K], assumed."""


@dataclass(frozen=True)
class LightUse:
    """Parameters of the light-use algorithm.

    Attributes
    ----------
    efficiency
        Carbon per absorbed light without stress [gC MJ-1].
    best_temperature
        Air temperature at which the scalar is 1 [degC].
    highest_water_index
        LSWI at which water is no limit [1].
    half_light
        Light at which the efficiency has fallen to half [MJ m-2 d-1].
    """

    efficiency: float = 2.0
    best_temperature: float = 20.0
    highest_water_index: float = 0.4
    half_light: float = 100.0

    def production(
        self,
        evi: npt.ArrayLike,
        lswi: npt.ArrayLike,
        light: npt.ArrayLike,
        temperature: npt.ArrayLike,
    ) -> FloatArray:
        """Return gross primary production [gC m-2 d-1].

        Parameters
        ----------
        evi, lswi
            Enhanced vegetation index, taken as the absorbed fraction, and land-surface water index
            [1]; arrays of any shape that go together, such as (time, y, x).
        light
            Photosynthetically active radiation [MJ m-2 d-1].
        temperature
            Air temperature [degC].
        """
        green, wet, par, warm = (
            np.asarray(array, dtype=np.float64) for array in (evi, lswi, light, temperature)
        )
        lowest = self.best_temperature - _COLDEST_BELOW
        highest = self.best_temperature + _HOTTEST_ABOVE
        above, below = warm - lowest, warm - highest
        parabola = above * below / (above * below - (warm - self.best_temperature) ** 2)
        scalar = np.where((warm > lowest) & (warm < highest), parabola, 0.0)
        scalar = np.where(np.isnan(warm), np.nan, scalar)
        water = np.clip((1.0 + wet) / (1.0 + self.highest_water_index), 0.0, 1.0)
        saturation = 1.0 / (1.0 + par / self.half_light)
        return np.asarray(
            self.efficiency * scalar * water * saturation * np.maximum(green, 0.0) * par
        )


@dataclass(frozen=True)
class LightUseFit:
    """Fitted parameters and how well they reproduce the tower.

    Attributes
    ----------
    parameters
        What was fitted.
    error
        Standard error of each parameter; infinite where the data do not tell.
    scores
        R2, NSE, RMSE and bias against the tower's production [gC m-2 d-1].
    """

    parameters: LightUse
    error: dict[str, float]
    scores: dict[str, float]


def fit_light_use(
    evi: npt.ArrayLike,
    lswi: npt.ArrayLike,
    light: npt.ArrayLike,
    temperature: npt.ArrayLike,
    production: npt.ArrayLike,
) -> LightUseFit:
    """Return the light-use parameters that reproduce a tower's production.

    Parameters
    ----------
    evi, lswi
        Over the tower's footprint, shape (time,) [1].
    light
        Photosynthetically active radiation [MJ m-2 d-1].
    temperature
        Air temperature [degC].
    production
        Gross primary production of the tower [gC m-2 d-1]; NaN where not measured.

    Raises
    ------
    DimsError, OutOfBoundsError
        If shapes differ, or fewer than ten moments are complete.
    """
    from scipy.optimize import least_squares  # noqa: PLC0415

    arrays = [
        np.asarray(array, dtype=np.float64) for array in (evi, lswi, light, temperature, production)
    ]
    if len({array.shape for array in arrays}) != 1 or arrays[0].ndim != 1:
        msg = f"all series must have one shape (time,), got {[a.shape for a in arrays]}"
        raise DimsError(msg)
    good = np.all([np.isfinite(array) for array in arrays], axis=0)
    if good.sum() < 10:
        msg = f"{int(good.sum())} moments are complete, wanted 10 or more"
        raise OutOfBoundsError(msg)
    drivers, measured = [array[good] for array in arrays[:4]], arrays[4][good]
    names = list(BOUNDS)
    low, high = (np.array([BOUNDS[name][side] for name in names]) for side in (0, 1))

    def residual(values: FloatArray) -> FloatArray:
        made = LightUse(**dict(zip(names, values.tolist(), strict=True)))
        return made.production(*drivers) - measured

    best: Any = None
    for best_temperature in (12.0, 20.0, 28.0):
        start = np.array([2.0, best_temperature, 0.4, 100.0])
        found = least_squares(
            residual, start, bounds=(low, high), x_scale=np.array([1, 5, 0.2, 50])
        )
        if best is None or found.cost < best.cost:
            best = found
    fitted = LightUse(**dict(zip(names, best.x.tolist(), strict=True)))
    return LightUseFit(
        fitted,
        dict(zip(names, _errors(best.jac, best.fun).tolist(), strict=True)),
        score(fitted.production(*drivers), measured),
    )


def _errors(jacobian: FloatArray, residual: FloatArray) -> FloatArray:
    """Return standard errors of least squares; infinite where a parameter does not matter."""
    count = jacobian.shape[1]
    variance = float(residual @ residual) / max(residual.size - count, 1)
    normal = jacobian.T @ jacobian
    if np.linalg.matrix_rank(normal) < count:
        return np.full(count, np.inf)
    return np.asarray(np.sqrt(variance * np.diag(np.linalg.inv(normal))))
