"""Place and time axis of forcing: what the model takes as it is, and what it refines first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import xarray as xr

from fluxscape.errors import DimsError
from fluxscape.meteorology.clock import TimeArray, check_clock
from fluxscape.meteorology.refinement import COARSE_STEPS, DAY, refine_forcing
from fluxscape.vocabulary import QUALITY_SUFFIX

STEPS: Final = (300, 600, 900, 1200, 1800, 3600)
"""Steps that the model takes [s]."""


def refined(dataset: xr.Dataset, latitude: float, longitude: float, where: str) -> xr.Dataset:
    """Return a dataset of two hours to a day on half-hours, any other as it is.

    The clock of coarse radiation is checked before: afterwards its course is the sun's own.
    """
    times: TimeArray = np.empty(0, "datetime64[ns]")
    if "time" in dataset.coords and dataset["time"].dtype.kind == "M":
        times = dataset["time"].to_numpy()
    if times.size < 2:
        return dataset
    step = int(np.diff(times).min() / np.timedelta64(1, "s"))
    if step not in COARSE_STEPS:
        return dataset
    name = "surface_downwelling_shortwave_flux"
    if name in dataset and step < DAY // 2:
        check_clock(
            times,
            step,
            dataset[name].to_numpy(),
            latitude=latitude,
            longitude=longitude,
            where=where,
        )
    return refine_forcing(dataset, latitude=latitude, longitude=longitude, where=where)


def regular_axis(data: xr.Dataset, where: str) -> xr.Dataset:
    """Return the data on an even time axis; left-out steps come as NaN."""
    if "time" not in data.coords or data.sizes.get("time", 0) < 2:
        msg = f"{where}: a time coordinate with two steps or more is wanted"
        raise DimsError(msg)
    times = data["time"].to_numpy()
    if times.dtype.kind != "M" or np.isnat(times).any():
        msg = f"{where}: time must be datetime64 without gaps, got {times.dtype}"
        raise DimsError(msg)
    times = times.astype("datetime64[ns]")
    data = data.assign_coords(time=times)
    steps = np.diff(times)
    step = steps.min()
    if (steps == step).all():
        return data
    if (steps % step != np.timedelta64(0, "ns")).any():
        at = int(np.argmax(steps % step != np.timedelta64(0, "ns")))
        msg = (
            f"{where}: times are not on one even step: after "
            f"{np.datetime_as_string(times[at], unit='s')} comes "
            f"{np.datetime_as_string(times[at + 1], unit='s')}, wanted multiples of {step}"
        )
        raise DimsError(msg)
    return data.reindex(time=np.arange(times[0], times[-1] + step, step))


def stated_flags(dataset: xr.Dataset, names: Iterable[str], times: TimeArray) -> xr.Dataset:
    """Return the quality flags that came with the dataset, by variable, -1 where there is none."""
    flags = {name + QUALITY_SUFFIX: name for name in names}
    found = dataset[[name for name in flags if name in dataset]].rename(
        {name: plain for name, plain in flags.items() if name in dataset}
    )
    return found.reindex(time=times, fill_value=-1)


def step_of(times: TimeArray, dataset: xr.Dataset, where: str) -> int:
    """Return the step [s] or raise DimsError."""
    step = int((times[1] - times[0]) / np.timedelta64(1, "s"))
    stated = dataset.attrs.get("time_step_seconds")
    if step not in STEPS or (stated is not None and int(stated) != step):
        msg = (
            f"{where}: the time step is {step} s (stated: {stated}), wanted one of "
            f"{', '.join(map(str, STEPS))} s"
        )
        raise DimsError(msg, got=step)
    reference = str(dataset.attrs.get("time_reference", "start of step, UTC"))
    if "UTC" not in reference or "start" not in reference:
        msg = f"{where}: times are {reference!r}, wanted 'start of step, UTC'"
        raise DimsError(msg, got=reference)
    return step
