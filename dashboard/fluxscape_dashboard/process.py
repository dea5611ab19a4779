"""What all sessions of a server process share: settings of the screen libraries, the workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
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


_WARMING: ContextVar[bool] = ContextVar("warming", default=False)


@contextmanager
def warming_up() -> Iterator[None]:
    """Mark the sessions made inside as rehearsals, which import and draw what visitors will."""
    token = _WARMING.set(True)
    try:
        yield
    finally:
        _WARMING.reset(token)


def is_warming_up() -> bool:
    """Return whether the present session is a rehearsal."""
    return _WARMING.get()


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
    return JobPool()


def warm_workers() -> None:
    """Let every worker run each model once, so that the first visitor need not wait for it."""
    pool = job_pool()
    for number in range(pool.workers):
        pool.submit(f"warm-up-{number}", "fluxscape_dashboard.work.warm:warm_up")


def close() -> None:
    """End the worker processes if any were started."""
    if job_pool.cache_info().currsize:
        job_pool().close()
