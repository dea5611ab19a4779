"""Finished runs of the Model page: what they were made with, and the period that is looked at."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.dlm import score_run
from fluxscape_dashboard.pages._place import Place
from fluxscape_dashboard.sites import heights_of
from fluxscape_dashboard.views.series import local_times
from fluxscape_dashboard.work.model_sets import ModelSet
from fluxscape_dashboard.work.periods import Period

KEPT_RUNS: Final = 6
"""Finished runs that a session remembers."""

PlaceKey = tuple[str, float, float, float, str]


@dataclass(frozen=True, eq=False)
class ModelRun:
    """A finished run and what it was made with.

    Attributes
    ----------
    data
        Scalar outputs over time.
    profile
        Daily means over ``day`` and ``layer``, or None for a model without soil.
    place
        Where.
    made_with
        Model and parameters.
    observed
        Measured fluxes, or None.
    """

    data: xr.Dataset
    profile: xr.Dataset | None
    place: Place
    made_with: ModelSet
    observed: xr.Dataset | None
    _cuts: dict[Period, ModelRun] = field(default_factory=dict, repr=False)

    @property
    def changes(self) -> dict[str, float]:
        """Parameters that differed from the defaults."""
        return dict(self.made_with.changes)

    @cached_property
    def scores(self) -> dict[str, dict[str, Any]]:
        """Scores by variable, on measured values only."""
        return {} if self.observed is None else score_run(self.data, self.observed)

    def years(self) -> list[int]:
        """Return the calendar years of the record, on the clock of the site."""
        times = local_times(self.data["time"].to_numpy(), self.place.utc_offset_hours)
        years, counts = np.unique(
            times.astype("datetime64[Y]").astype(int) + 1970, return_counts=True
        )
        # The clock of the site leaves a few hours of the record in the year before or after.
        return [int(year) for year, count in zip(years, counts, strict=True) if count > 48]

    def within(self, period: Period) -> ModelRun:
        """Return the part of a run that lies in a period; all of it where that is empty."""
        if period == Period():
            return self
        if period not in self._cuts:
            self._cuts[period] = self._cut(period)
        return self._cuts[period]

    def _cut(self, period: Period) -> ModelRun:
        offset = self.place.utc_offset_hours
        inside = period.covers(local_times(self.data["time"].to_numpy(), offset))
        if not inside.any():
            return self
        observed = self.observed
        if observed is not None:
            seen = period.covers(local_times(observed["time"].to_numpy(), offset))
            observed = observed.isel(time=seen)
        profile = self.profile
        if profile is not None:
            profile = profile.isel(day=period.covers(profile["day"].to_numpy()))
        data = self.data.isel(time=inside)
        return replace(self, data=data, observed=observed, profile=profile, _cuts={})


class RunStore:
    """The last finished runs by place and parameters."""

    def __init__(self) -> None:
        self._runs: OrderedDict[tuple[PlaceKey, ModelSet], ModelRun] = OrderedDict()

    def find(self, place: Place, made_with: ModelSet) -> ModelRun | None:
        """Return a run, or None if it is not there any more."""
        return self._runs.get((place_key(place), made_with))

    def keep(self, run: ModelRun) -> None:
        """Remember a run and forget the oldest."""
        key = (place_key(run.place), run.made_with)
        self._runs[key] = run
        self._runs.move_to_end(key)
        while len(self._runs) > KEPT_RUNS:
            self._runs.popitem(last=False)


def place_key(place: Place) -> PlaceKey:
    """Return what tells one place with its records from another."""
    return (
        place.tower.site,
        place.latitude,
        place.longitude,
        place.utc_offset_hours,
        place.table,
    )


def site_fields(place: Place) -> dict[str, Any]:
    """Return a place as the worker wants it."""
    elevation = place.tower.elevation
    return {
        "latitude": place.latitude,
        "longitude": place.longitude,
        "elevation": elevation if math.isfinite(elevation) and not place.upload else None,
        "height": heights_of(place.tower).measurement,
        "table": place.table,
        "utc_offset_hours": place.utc_offset_hours,
    }
