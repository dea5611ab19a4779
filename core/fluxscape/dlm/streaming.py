"""A long record in parts: memory stays flat, and the parts are those of one run to the bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.dlm._labels import Results, label_run
from fluxscape.dlm._point_run import SPIN_UP_LENGTH, PointRun, Progress
from fluxscape.dlm.forcing import DlmForcing, prepare_forcing
from fluxscape.dlm.model import reference_height_of, why_held
from fluxscape.dlm.options import run_settings
from fluxscape.dlm.parameters import DlmParameters
from fluxscape.dlm.state import DlmState
from fluxscape.errors import OutOfBoundsError

MARGIN: Final = np.timedelta64(45, "D")
"""What is read on both sides of a part, so that gaps are filled and leaves grow as in one run."""


def stream_dlm(
    forcing: xr.Dataset,
    parameters: DlmParameters,
    *,
    latitude: float,
    longitude: float,
    elevation: float | None = None,
    reference_height: float | None = None,
    hold_soil_water: bool | None = None,
    seasonal_leaves: bool = True,
    initial_state: DlmState | None = None,
    spin_up_years: int = 1,
    carbon: str | None = None,
    mode: str = "full",
    days_per_part: int = 365,
    on_progress: Progress | None = None,
) -> Iterator[xr.Dataset]:
    """Run the land-surface model over a long record and give its output in parts.

    Only the part at work is in memory, so the forcing may be a store opened lazily and the output
    may go to one (:class:`fluxscape.io.stores.SeriesWriter`).

    Parameters
    ----------
    forcing, parameters, latitude, longitude, elevation, reference_height, seasonal_leaves,
    initial_state, carbon, mode
        As in :func:`fluxscape.dlm.run_dlm`.
    hold_soil_water
        As there; when absent the first part decides for all.
    spin_up_years
        Repeats of the first part before, from soil at field capacity.
    days_per_part
        Length of a part [d], at least 365.
    on_progress
        Called with the share done and a message; it may raise to cancel.

    Yields
    ------
    xarray.Dataset
        As from ``run_dlm``, one after the other in time; ``worst_*`` and ``fills`` count from the
        start of the record. Gaps of the forcing are filled within a part and 45 days on both
        sides: where a record has none, the parts hold the bits of one run from the same state.

    Raises
    ------
    OutOfBoundsError
        If parts are shorter than a year; else as ``run_dlm``.
    """
    if days_per_part < SPIN_UP_LENGTH / np.timedelta64(1, "D"):
        msg = f"days_per_part must be 365 or more, got {days_per_part}"
        raise OutOfBoundsError(msg, got=days_per_part)
    times = forcing["time"].to_numpy()
    edges = _edges(times, np.timedelta64(days_per_part, "D"))
    site = str(forcing.attrs.get("site", "")) or "DLM forcing"
    place = elevation if elevation is not None else forcing.attrs.get("elevation")
    height = reference_height_of(reference_height, forcing, parameters)
    state, held, cycles = initial_state, "", 0
    worst = [0.0, 0.0, 0.0]
    fills: dict[str, dict[str, Any]] = {}
    steps = 0
    for part in range(edges.size - 1):
        first, last = edges[part], edges[part + 1]
        near = (times >= first - MARGIN) & (times < last + MARGIN)
        data = forcing.isel(time=np.flatnonzero(near)).load()
        prepared = prepare_forcing(
            data,
            parameters,
            latitude=latitude,
            longitude=longitude,
            elevation=None if place is None else float(place),
            seasonal_leaves=seasonal_leaves,
            where=site,
        )
        prepared = _cut(prepared, first, last)
        fills, steps = _merged(fills, steps, prepared), steps + prepared.times.size
        prepared = dataclasses.replace(prepared, fills=fills)
        if part == 0:
            held = why_held(hold_soil_water, prepared, data, parameters)
        settings = run_settings(prepared.step_seconds, mode=mode, carbon=carbon)
        progress = _part_of(on_progress, part, edges.size - 1)
        run = PointRun(prepared, parameters, settings, height, bool(held), site, progress)
        if state is None:
            cycles = spin_up_years
            start = DlmState.start(parameters, float(prepared.arrays.air_temperature.mean()))
            state, _ = run.spin_up(start, cycles)
        outputs, profiles, here, state = run.every_step(state, 0)
        worst = [max(pair) for pair in zip(worst, here, strict=True)]
        yield label_run(
            Results(outputs, profiles, worst, state),
            prepared,
            data,
            parameters,
            latitude=latitude,
            longitude=longitude,
            height=height,
            held=held,
            settings=settings,
            mode=mode,
            cycles=cycles,
        )


def _edges(times: Any, length: np.timedelta64) -> Any:
    """Return the moments at which parts begin, and one after the last step."""
    end = times[-1] + np.timedelta64(1, "D")
    starts = np.arange(times[0], end, length.astype(times.dtype.str.replace("M8", "m8")))
    if starts.size > 1 and end - starts[-1] < np.timedelta64(30, "D"):
        starts = starts[:-1]  # a short rest goes with the part before
    return np.append(starts, end)


def _cut(prepared: DlmForcing, first: np.datetime64, last: np.datetime64) -> DlmForcing:
    """Return the forcing from one moment to another."""
    rows = np.flatnonzero((prepared.times >= first) & (prepared.times < last))
    inside = slice(int(rows[0]), int(rows[-1]) + 1)
    arrays = type(prepared.arrays)(*(item[:, inside].copy() for item in prepared.arrays))
    return dataclasses.replace(
        prepared,
        arrays=arrays,
        times=prepared.times[inside],
        quality={name: flags[inside] for name, flags in prepared.quality.items()},
    )


def _merged(
    fills: dict[str, dict[str, Any]], steps: int, prepared: DlmForcing
) -> dict[str, dict[str, Any]]:
    """Return what was filled in ``steps`` steps and in one more part."""
    both = {}
    share_of_part = prepared.times.size / (steps + prepared.times.size)
    for name in sorted(fills | prepared.fills):
        old, new = fills.get(name, {}), prepared.fills.get(name, {})
        merged = old | new
        for key in ("share", "share_filled_in_file"):
            if key in merged:
                mean = old.get(key, 0.0) * (1.0 - share_of_part) + new.get(key, 0.0) * share_of_part
                merged[key] = round(mean, 6)
        both[name] = merged
    return both


def _part_of(on_progress: Progress | None, part: int, parts: int) -> Progress | None:
    """Return what reports the progress of one part as that of the whole."""
    if on_progress is None:
        return None

    def report(share: float, message: str) -> None:
        on_progress((part + min(share, 1.0)) / parts, message)

    return report
