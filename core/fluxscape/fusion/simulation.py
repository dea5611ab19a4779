"""What two satellites would see of a landscape whose truth is known: for tests and demonstration.

A fine sensor that comes seldom and meets clouds, and a coarse one whose composites are regular,
blurred and noisy. Everything here is simulated and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from fluxscape.errors import OutOfBoundsError
from fluxscape.fusion.grids import grid_of
from fluxscape.parameters import ParameterSet, parameter
from fluxscape.vocabulary import VARIABLES

Floats = NDArray[np.float64]
TruthOn = Callable[[np.datetime64], xr.DataArray]
"""Gives the true fine image (y, x) of a day."""

_DAY: Final = np.timedelta64(1, "D")
_CLOUDIEST: Final = 0.8
"""Share of clouds above which a fine image is not delivered; assumed."""


@dataclass(frozen=True)
class SensorParameters(ParameterSet):
    """Two sensors; all values are assumed, near those of Landsat and MODIS."""

    cell: float = parameter(
        17, lower=2, upper=200, unit="pixel", source="assumed: 500 m over 30 m",
        description="fine pixels along the side of a coarse cell",
    )  # fmt: skip
    blur: float = parameter(
        0.4, lower=0, upper=2, unit="1", source="assumed: width of the point spread of MODIS",
        description="standard deviation of the coarse sensor's point spread over its cell's side",
    )  # fmt: skip
    revisit: float = parameter(
        16, lower=1, upper=366, unit="day", source="repeat cycle of Landsat",
        description="days between two fine images",
    )  # fmt: skip
    composite_days: float = parameter(
        8, lower=1, upper=32, unit="day", source="MOD09A1, MOD15A2",
        description="days of a coarse composite",
    )  # fmt: skip
    cloud_cover: float = parameter(
        0.5, lower=0, upper=0.95, unit="1", source="assumed",
        description="mean share of clouds in a fine image",
    )  # fmt: skip
    cloud_size: float = parameter(
        40, lower=1, upper=1000, unit="pixel", source="assumed",
        description="reach of clouds",
    )  # fmt: skip
    fine_noise: float = parameter(
        0.01, lower=0, upper=1, unit="unit of the image", source="assumed",
        description="standard deviation of the fine sensor's noise",
    )  # fmt: skip
    coarse_noise: float = parameter(
        0.01, lower=0, upper=1, unit="unit of the image", source="assumed",
        description="standard deviation of the coarse composites' noise",
    )  # fmt: skip


class SimulatedScenes(NamedTuple):
    """Images of both sensors, dimensions (time, y, x)."""

    fine: xr.DataArray
    coarse: xr.DataArray
    """On its own grid, which covers the fine one; ``time`` is the composite's first day."""


def simulate_sensors(
    truth_on: TruthOn,
    first: np.datetime64,
    last: np.datetime64,
    *,
    seed: int,
    parameters: SensorParameters | None = None,
) -> SimulatedScenes:
    """Return what the two sensors deliver from the first to the last day.

    Parameters
    ----------
    truth_on
        Gives the true image of a day, always on one grid.
    first, last
        Days.
    seed
        Not negative; one seed always gives the same images.
    parameters
        Of the sensors.

    Raises
    ------
    OutOfBoundsError
        If the period or the seed is impossible, or clouds hide every fine image.
    """
    rules = parameters or SensorParameters()
    start = first.astype("datetime64[D]")
    days = int((last.astype("datetime64[D]") - start) / _DAY) + 1
    if days < 1 or seed < 0:
        msg = f"the period {first} to {last} and seed {seed} are no days and no seed"
        raise OutOfBoundsError(msg, first=str(first), last=str(last), seed=seed)
    fine, fine_days = [], []
    for number, offset in enumerate(range(0, days, int(rules.revisit))):
        random = np.random.default_rng([seed, 0, number])
        scene = truth_on(start + offset * _DAY)
        clear = _clear_sky(random, scene.shape, rules)
        if clear.mean() < 1.0 - _CLOUDIEST:
            continue
        noisy = scene + random.normal(scale=rules.fine_noise, size=scene.shape)
        fine.append(noisy.where(clear))
        fine_days.append(start + offset * _DAY)
    if not fine:
        msg = f"clouds hide every fine image from {first} to {last}: take another seed"
        raise OutOfBoundsError(msg, seed=seed)
    coarse, coarse_days = [], []
    length = int(rules.composite_days)
    for number, offset in enumerate(range(0, days, length)):
        random = np.random.default_rng([seed, 1, number])
        middle = min(offset + length // 2, days - 1)
        cells = aggregate(truth_on(start + middle * _DAY), int(rules.cell), blur=rules.blur)
        coarse.append(cells + random.normal(scale=rules.coarse_noise, size=cells.shape))
        coarse_days.append(start + offset * _DAY)
    template = truth_on(start)
    return SimulatedScenes(
        _stacked(fine, fine_days, template), _stacked(coarse, coarse_days, template)
    )


def aggregate(image: xr.DataArray, cell: int, *, blur: float = 0.0) -> xr.DataArray:
    """Return the means of square cells that cover an image (y, x), the last ones reaching beyond.

    Parameters
    ----------
    image
        Without gaps.
    cell
        Pixels along the side of a cell.
    blur
        Standard deviation of a Gaussian point spread over the side of a cell.
    """
    grid = grid_of(image, "the true image")
    values = image.to_numpy().astype(np.float64)
    if blur > 0.0:
        values = gaussian_filter(values, blur * cell, mode="nearest")
    for axis in (0, 1):
        starts = np.arange(0, values.shape[axis], cell)
        counts = np.diff(np.append(starts, values.shape[axis]))
        sums = np.add.reduceat(values, starts, axis=axis)
        values = sums / (counts[:, np.newaxis] if axis == 0 else counts)
    coords = {
        dim: axis.low + axis.step * cell * (np.arange(size) + 0.5)
        for dim, axis, size in zip("yx", (grid.y, grid.x), values.shape, strict=True)
    }
    return xr.DataArray(values, dims=("y", "x"), coords=coords, attrs=image.attrs, name=image.name)


def _clear_sky(
    random: np.random.Generator, shape: tuple[int, ...], rules: SensorParameters
) -> NDArray[np.bool_]:
    """Return where a fine image sees the ground."""
    if rules.cloud_cover == 0.0:
        return np.ones(shape, dtype=bool)
    share = random.beta(2.0 * rules.cloud_cover, 2.0 * (1.0 - rules.cloud_cover))
    field = gaussian_filter(random.normal(size=shape), rules.cloud_size / 3.0, mode="nearest")
    return np.asarray(field >= np.quantile(field, share))


def _stacked(
    scenes: list[xr.DataArray], days: list[np.datetime64], template: xr.DataArray
) -> xr.DataArray:
    times = np.array(days).astype("datetime64[ns]")
    plain = [scene.drop_vars("time", errors="ignore") for scene in scenes]
    whole = xr.concat(plain, dim=xr.DataArray(times, dims="time", name="time"))
    variable = VARIABLES.get(str(template.name))
    if variable is not None:
        # Noise takes no product beyond the bounds of its variable.
        whole = whole.clip(variable.lower, variable.upper)
    return whole.assign_attrs(template.attrs, data_status="simulated").rename(template.name)
