"""The linear map from flux corrections and named errors to a tower's observations.

The state holds, for windows of days: corrections of the surface flux by day and by night, and as
far as they are asked for, errors of the background, of advection and of mixing. Advection is a
tendency of the boundary layer, mixing the logarithm of a factor on boundary-layer height and
diffusivity, made linear around the prior flux. The map and its transpose run the column and its
exact adjoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.transport.column import Column, make_column
from fluxscape.transport.mixing import above_share
from fluxscape.transport.operator import ColumnOperator
from fluxscape.transport.settings import TERMS, InversionSettings

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

DAY: Final = 86400.0
LARGEST_OPERATOR: Final = 60_000
"""Most steps that an inversion holds at once: three years of half-hours."""

DAY_HOURS: Final = (6.0, 18.0)
"""Local solar time of the day part of the flux."""

MIXING_STEP: Final = 0.05
"""Change of the logarithm of mixing strength by which its response is found."""

MEMBERS: Final = 8


@dataclass(frozen=True)
class DailyMeans:
    """Which steps make an observation: means over some hours of each day at each inlet.

    Attributes
    ----------
    group
        Number of the observation that a step belongs to, -1 for none, shape (time, level).
    values
        Observed means [umol mol-1], shape (observation,).
    day, level
        Of each observation, shape (observation,): days since the first step, number of the inlet.
    """

    group: Numbers
    values: Floats
    day: Floats
    level: Numbers

    def means(self, series: Floats) -> Floats:
        """Return the observations of a series of shape (time, level)."""
        used = self.group >= 0
        total = np.bincount(self.group[used], series[used], minlength=self.values.size)
        return np.asarray(total / self._counts())

    def spread(self, weights: Floats) -> Floats:
        """Return the transpose of :meth:`means`, shape (time, level)."""
        shares = np.append(weights / self._counts(), 0.0)
        return np.asarray(shares[self.group])

    def _counts(self) -> Floats:
        used = self.group[self.group >= 0]
        return np.bincount(used, minlength=self.values.size).astype(np.float64)

    def only(self, keep: NDArray[np.bool_]) -> DailyMeans:
        """Return some of the observations."""
        number = np.append(np.where(keep, np.cumsum(keep) - 1, -1), -1)
        return DailyMeans(number[self.group], self.values[keep], self.day[keep], self.level[keep])


def solar_hours(times: NDArray[np.datetime64], longitude: float) -> Floats:
    """Return the local mean solar time of the start of steps [h], 0 to 24."""
    seconds = (times - times.astype("datetime64[D]")) / np.timedelta64(1, "s")
    return np.asarray((seconds / 3600.0 + longitude / 15.0) % 24.0, np.float64)


def daily_means(
    times: NDArray[np.datetime64],
    measured: Floats,
    *,
    longitude: float,
    hours: tuple[float, float],
    least_share: float = 0.5,
) -> DailyMeans:
    """Return the means of each day over some hours of local solar time.

    Parameters
    ----------
    times
        Start of steps, UTC, shape (time,).
    measured
        Mole fraction [umol mol-1], shape (time, level); NaN where there is none.
    longitude
        [degrees east].
    hours
        First and last hour.
    least_share
        Of the steps of the hours that must be there.

    Raises
    ------
    DimsError
        If shapes do not agree.
    OutOfBoundsError
        If the hours are none, or no day has enough steps.
    """
    if measured.ndim != 2 or measured.shape[0] != times.size:
        msg = f"observations have shape {measured.shape}, wanted ({times.size} times, level)"
        raise DimsError(msg)
    first, last = hours
    if not 0.0 <= first < last <= 24.0:
        msg = f"observations from {first:g} to {last:g} h: wanted 0 <= first < last <= 24"
        raise OutOfBoundsError(msg)
    hour = solar_hours(times, longitude)
    step = float((times[1] - times[0]) / np.timedelta64(1, "s"))
    elapsed = (times - times[0]) / np.timedelta64(1, "s") / DAY
    day = np.floor(elapsed + (hour[0] / 24.0)).astype(np.int64)
    chosen = (hour >= first) & (hour < last)
    wanted = max(1, int(np.ceil(least_share * (last - first) * 3600.0 / step)))
    group = np.full(measured.shape, -1, np.int64)
    rows: list[tuple[float, float, int]] = []
    for level in range(measured.shape[1]):
        good = chosen & np.isfinite(measured[:, level])
        count = np.bincount(day[good], minlength=int(day.max()) + 1)
        for number in np.flatnonzero(count >= wanted):
            here = good & (day == number)
            group[here, level] = len(rows)
            rows.append((float(measured[here, level].mean()), float(elapsed[here].mean()), level))
    if not rows:
        msg = f"no day has {wanted} or more observations between {first:g} and {last:g} h"
        raise OutOfBoundsError(msg)
    values, days, levels = (np.array(part) for part in zip(*rows, strict=True))
    return DailyMeans(group, values, days, levels.astype(np.int64))


@dataclass(frozen=True)
class RegionalMap:
    """The linear map of a column's inversion, forwards and transposed.

    Attributes
    ----------
    column, operator, observations
        What is run and seen.
    blocks
        Elements of each named part of the state.
    flux_element
        Element of the flux block that each step belongs to, shape (time,).
    window
        Window of each step for the other blocks, shape (time,).
    window_days
        Middle of each window, days since the first step, shape (window,).
    element_day, element_night
        Middle [days since the first step] and whether it is night, of flux elements.
    mixing_response
        Change of inlets with the logarithm of mixing strength, shape (time, level).
    modelled
        What the prior gives for the observations [umol mol-1], shape (observation,).
    """

    column: Column
    operator: ColumnOperator
    observations: DailyMeans
    blocks: dict[str, slice]
    flux_element: Numbers
    window: Numbers
    window_days: Floats
    element_day: Floats
    element_night: NDArray[np.bool_]
    mixing_response: Floats
    modelled: Floats

    @property
    def size(self) -> int:
        """Number of elements of the state."""
        return max(int(part.stop) for part in self.blocks.values())

    def _part(self, state: Floats, name: str) -> Floats:
        """Return a block of the state through time, zero where it is not in the state."""
        if name not in self.blocks:
            return np.zeros((self.window.size, *state.shape[1:]))
        where = self.flux_element if name == "flux" else self.window
        return np.asarray(state[self.blocks[name]][where])

    def forward(self, state: Floats) -> Floats:
        """Return H x, shape (observation,), for x of shape (element,)."""
        return np.asarray(self.forward_members(state[:, np.newaxis])[:, 0])

    def forward_members(self, states: Floats) -> Floats:
        """Return H x of members, (observation, member), for x of shape (element, member)."""
        flux, background = self._part(states, "flux"), self._part(states, "background")
        tendency = None
        if "advection" in self.blocks:
            inside = 1.0 - above_share(self.column.grid, self.column.heights.height)
            rate = self._part(states, "advection") / DAY
            tendency = inside[:, :, np.newaxis] * rate[:, np.newaxis, :]
        initial = np.zeros((self.column.grid.layers, states.shape[1]))
        # An error of the background is one of the first state too.
        initial += background[0]
        mean, _ = self.operator.run(initial, flux, background, tendency)
        seen = self.column.inlets.observe(mean, flux)
        seen += self.mixing_response[:, :, np.newaxis] * self._part(states, "mixing")[:, np.newaxis]
        return np.stack([self.observations.means(row) for row in np.moveaxis(seen, 2, 0)], axis=1)

    def adjoint(self, weights: Floats) -> Floats:
        """Return H' w, shape (element,), for w of shape (observation,)."""
        spread = self.observations.spread(weights)
        layers, direct = self.column.inlets.transpose(spread, self.column.grid.layers)
        gradient = self.operator.adjoint(layers)
        out = np.zeros(self.size)
        flux = self.blocks["flux"]
        out[flux] = np.bincount(
            self.flux_element, gradient.flux + direct, minlength=flux.stop - flux.start
        )
        if "background" in self.blocks:
            through_time = gradient.background.copy()
            through_time[0] += gradient.initial.sum()
            out[self.blocks["background"]] = np.bincount(self.window, through_time)
        if "advection" in self.blocks:
            inside = 1.0 - above_share(self.column.grid, self.column.heights.height)
            rate = (gradient.tendency * inside).sum(axis=1) / DAY
            out[self.blocks["advection"]] = np.bincount(self.window, rate)
        if "mixing" in self.blocks:
            response = (self.mixing_response * spread).sum(axis=1)
            out[self.blocks["mixing"]] = np.bincount(self.window, response)
        return out

    def jacobian(self) -> Floats:
        """Return H, shape (observation, element), by runs of unit members."""
        out = np.empty((self.observations.values.size, self.size))
        for start in range(0, self.size, MEMBERS):
            stop = min(start + MEMBERS, self.size)
            units = np.zeros((self.size, stop - start))
            units[np.arange(start, stop), np.arange(stop - start)] = 1.0
            out[:, start:stop] = self.forward_members(units)
        return out

    def flux_weights(self) -> Floats:
        """Return the share of the period that each element of the flux stands for, (element,)."""
        out = np.zeros(self.size)
        part = self.blocks["flux"]
        count = np.bincount(self.flux_element, minlength=part.stop - part.start)
        out[part] = count / self.flux_element.size
        return out

    def window_weights(self, name: str) -> Floats:
        """Return the share of the period of each window, in the places of a block, (element,)."""
        out = np.zeros(self.size)
        out[self.blocks[name]] = np.bincount(self.window) / self.window.size
        return out


def regional_map(
    column: Column,
    observations: DailyMeans,
    *,
    longitude: float,
    settings: InversionSettings,
    terms: Sequence[str] = TERMS,
    spin_up_days: float = 3.0,
) -> RegionalMap:
    """Return the linear map of an inversion.

    Parameters
    ----------
    column
        With the prior flux and background in its forcing.
    observations
        From :func:`daily_means`.
    longitude
        [degrees east].
    settings
        Windows and hours.
    terms
        Errors that stand in the state beside the flux, of :data:`~.settings.TERMS`.
    spin_up_days
        As in :func:`~fluxscape.transport.column.run_column`.

    Raises
    ------
    MissingVariableError
        If a term is unknown.
    OutOfBoundsError
        If the period is longer than can be held.
    """
    for name in terms:
        if name not in TERMS:
            msg = f"no error term is called {name!r}.{did_you_mean(name, TERMS)}"
            raise MissingVariableError(msg, got=name)
    times = column.forcing.times
    if times.size > LARGEST_OPERATOR:
        msg = f"the period has {times.size} steps; an inversion holds {LARGEST_OPERATOR} at most"
        raise OutOfBoundsError(msg, got=times.size)
    elapsed = (times - times[0]) / np.timedelta64(1, "s") / DAY
    count = max(1, round(float(elapsed[-1]) / settings.window_days))
    window = np.minimum((elapsed / settings.window_days).astype(np.int64), count - 1)
    night = ~_is_day(times, longitude)
    numbers, element = np.unique(window * 2 + night, return_inverse=True)
    sums = np.bincount(element)
    sizes = {"flux": numbers.size} | {name: count for name in TERMS if name in terms}
    stops = np.cumsum(list(sizes.values()))
    blocks = {
        name: slice(int(stop - size), int(stop))
        for (name, size), stop in zip(sizes.items(), stops, strict=True)
    }
    modelled = _inlet_series(column, spin_up_days)
    response = np.zeros_like(modelled)
    if "mixing" in terms:
        response = mixing_response(column, spin_up_days)
    return RegionalMap(
        column,
        column.operator(),
        observations,
        blocks,
        element,
        window,
        np.bincount(window, elapsed) / np.bincount(window),
        np.bincount(element, elapsed) / sums,
        numbers % 2 == 1,
        response,
        observations.means(modelled),
    )


def _is_day(times: NDArray[np.datetime64], longitude: float) -> NDArray[np.bool_]:
    hour = solar_hours(times, longitude)
    return np.asarray((hour >= DAY_HOURS[0]) & (hour < DAY_HOURS[1]))


def _inlet_series(column: Column, spin_up_days: float) -> Floats:
    """Return what the prior gives at the inlets, shape (time, level)."""
    forcing = column.forcing
    operator = column.operator()
    state = np.full(column.grid.layers, forcing.background[0])
    days = min(round(spin_up_days * DAY / forcing.step_seconds), forcing.times.size)
    tendency = column.tendency()
    if days:
        part = slice(0, days)
        moved = None if tendency is None else tendency[part]
        first = column.operator(part)
        state = first.run(state, forcing.flux[part], forcing.background[part], moved)[1]
    mean, _ = operator.run(state, forcing.flux, forcing.background, tendency)
    return column.inlets.observe(mean, forcing.flux)


def mixing_response(column: Column, spin_up_days: float = 3.0) -> Floats:
    """Return the change of inlets with the logarithm of mixing strength, shape (time, level)."""
    up, down = (
        _inlet_series(with_mixing(column, float(np.exp(change))), spin_up_days)
        for change in (MIXING_STEP, -MIXING_STEP)
    )
    return np.asarray((up - down) / (2.0 * MIXING_STEP))


def with_mixing(column: Column, strength: float) -> Column:
    """Return a column with boundary-layer height and diffusivity multiplied by ``strength``."""
    p = column.parameters
    return make_column(
        column.forcing,
        grid=column.grid,
        heights=column.inlets.heights.tolist(),
        scheme=column.scheme,
        parameters=p.replace(
            {
                "height_scale": p.height_scale * strength,
                "diffusivity_scale": p.diffusivity_scale * strength,
            }
        ),
        substep_seconds=column.forcing.step_seconds / column.substeps,
    )
