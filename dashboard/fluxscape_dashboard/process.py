"""What all sessions of a server process share: settings of the screen libraries, the workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

import holoviews as hv
import panel as pn
from holoviews.plotting.bokeh.callbacks import RangeXYCallback

from fluxscape_dashboard.jobs import JobPool

NEEDED_ASSETS: Final = ("towers.csv", "text/common.json", "style/client.js", "basemap")
"""Assets without which no page can be shown."""

RANGE_DEBOUNCE_MS: Final = 30
"""Wait of HoloViews before a new view is computed [ms]; not public, re-check on upgrade."""


WARM_UPS: Final = tuple(
    f"fluxscape_dashboard.work.warm:{name}"
    for name in ("load_footprint_ffp", "load_footprint_km01", "load_model")
)
"""What every worker runs before its first visitor comes, the most asked for first."""

_warming = False


@contextmanager
def warming_up() -> Iterator[None]:
    """Mark the sessions made inside as rehearsals, which import and draw what visitors will.

    A plain flag: a context variable would live on in every callback that the server registers
    meanwhile, and so in the session of every visitor.
    """
    global _warming  # noqa: PLW0603 - one server a process, started by one thread
    _warming = True
    try:
        yield
    finally:
        _warming = False


def is_warming_up() -> bool:
    """Return whether the present session is a rehearsal."""
    return _warming


def configure() -> None:
    """Set the process-wide options of Panel and HoloViews once, before the first session."""
    pn.extension(notifications=True)
    hv.extension("bokeh")
    # WebGL costs over a second a frame where the browser has no graphics card.
    hv.renderer("bokeh").webgl = False
    RangeXYCallback.debounce = RANGE_DEBOUNCE_MS


@cache
def job_pool() -> JobPool:
    """Return the worker processes, started on first use."""
    return JobPool(warm_ups=WARM_UPS)


def close() -> None:
    """End the worker processes if any were started."""
    if job_pool.cache_info().currsize:
        job_pool().close()
