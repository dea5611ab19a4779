"""Observations of fluxes with their errors, at half-hours, days or months.

Only measured values count. The error of one half-hour grows with the flux; that of a mean falls
with the number of its half-hours, slower than their root because errors of neighbours are alike;
what no average removes (the model is not the ecosystem) is a share of the stream's spread. All of
it is data, saved with every result.

References
----------
Richardson et al. 2006, doi:10.1016/j.agrformet.2006.01.007 (random errors grow with the flux).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.contracts import Need, check_dataset
from fluxscape.errors import MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.vocabulary import QUALITY_SUFFIX, VARIABLES

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
TimeArray = npt.NDArray[np.datetime64]

STEPS: Final = ("half-hourly", "daily", "monthly")

STREAMS: Final = {
    "nee": "net_ecosystem_exchange",
    "gpp": "gross_primary_production",
    "le": "latent_heat_flux",
    "h": "sensible_heat_flux",
    "ts": "soil_temperature",
    "swc": "soil_water_content",
}
"""Short names of the streams that can be assimilated."""


@dataclass(frozen=True, slots=True)
class ErrorModel:
    """Errors of one stream, in its unit.

    Attributes
    ----------
    constant, relative
        Random error of a half-hour: ``constant + relative |flux|``.
    correlation
        Of the random errors of neighbouring half-hours.
    structural
        Error that averaging does not remove, over the standard deviation of the stream.
    source
        Where the numbers come from.
    """

    constant: float
    relative: float
    correlation: float = 0.5
    structural: float = 0.25
    source: str = ""


_RICHARDSON: Final = (
    "random error of the order of Richardson et al. 2006, doi:10.1016/j.agrformet.2006.01.007; "
    "correlation and structural error assumed"
)
_ASSUMED: Final = "assumed"

ERRORS: Final = {
    "nee": ErrorModel(1.0, 0.15, source=_RICHARDSON),
    "gpp": ErrorModel(1.0, 0.2, source=f"{_RICHARDSON}; wider, GPP is partitioned"),
    "le": ErrorModel(10.0, 0.15, source=_RICHARDSON),
    "h": ErrorModel(10.0, 0.15, source=_RICHARDSON),
    "ts": ErrorModel(0.5, 0.0, 0.95, source=_ASSUMED),
    "swc": ErrorModel(0.03, 0.0, 0.99, source=_ASSUMED),
}
"""Error models by stream."""

LEAST_SHARE: Final = 0.5
"""Least share of measured steps of a day or month."""


@dataclass(frozen=True)
class Groups:
    """Groups of steps of a run.

    Attributes
    ----------
    period
        Group of each step, -1 for none, shape (time,).
    row
        Observation of each stream that a group belongs to, -1 for none, shape (stream, group).
    counts
        Steps of each group, shape (group,).
    """

    period: IntArray
    row: IntArray
    counts: FloatArray


@dataclass(frozen=True)
class Observations:
    """Observations of one site and how model output maps to them.

    Attributes
    ----------
    values, sigma
        Observed means and standard deviations of their errors, shape (observation,).
    stream
        Index into ``streams`` of each, shape (observation,).
    times
        Start of the period of each, shape (observation,).
    streams, names
        Short names, and names of the vocabulary.
    row
        For each stream, the observation that each step of the model belongs to, -1 for none, shape
        (stream, time).
    step
        One of :data:`STEPS`.
    errors
        Error models used.
    """

    values: FloatArray
    sigma: FloatArray
    stream: IntArray
    times: TimeArray
    streams: tuple[str, ...]
    names: tuple[str, ...]
    row: IntArray
    step: str
    errors: Mapping[str, ErrorModel]

    @property
    def size(self) -> int:
        """Number of observations."""
        return int(self.values.size)

    def groups(self) -> Groups:
        """Return the fewest groups of steps whose means give every prediction.

        Steps that belong to the same observations of all streams form a group, so that a model need
        not keep every step.
        """
        used = (self.row >= 0).any(axis=0)
        rows, number = np.unique(self.row[:, used].T, axis=0, return_inverse=True)
        period = np.full(self.row.shape[1], -1, np.int64)
        period[used] = number.ravel()
        counts = np.bincount(period[used], minlength=rows.shape[0]).astype(np.float64)
        return Groups(period, np.ascontiguousarray(rows.T), counts)

    def predict(self, means: FloatArray, groups: Groups) -> FloatArray:
        """Return predictions from means of groups of steps, shape (member, observation).

        Parameters
        ----------
        means
            Shape (member, stream, group).
        groups
            From :meth:`groups`.
        """
        out = np.empty((means.shape[0], self.size))
        for index in range(len(self.streams)):
            used = groups.row[index] >= 0
            rows, weights = groups.row[index][used], groups.counts[used]
            first, count = int(rows.min()), int(rows.max() - rows.min() + 1)
            steps = np.bincount(rows - first, weights=weights, minlength=count)
            for member in range(means.shape[0]):
                total = np.bincount(
                    rows - first, weights=weights * means[member, index][used], minlength=count
                )
                out[member, first : first + count] = total / steps
        return out

    def select(self, good: npt.NDArray[np.bool_]) -> Observations:
        """Return the observations that are chosen, shape (observation,)."""
        number = np.where(good, np.cumsum(good) - 1, -1)
        row = np.where(self.row >= 0, number[np.maximum(self.row, 0)], -1)
        kept = [i for i in range(len(self.streams)) if (row[i] >= 0).any()]
        index = np.full(len(self.streams), -1)
        index[kept] = np.arange(len(kept))
        return replace(
            self,
            values=self.values[good],
            sigma=self.sigma[good],
            stream=index[self.stream[good]],
            times=self.times[good],
            streams=tuple(self.streams[i] for i in kept),
            names=tuple(self.names[i] for i in kept),
            row=row[kept],
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what was used, as plain facts to be saved with a result."""
        return {
            "step": self.step,
            "count": {name: int((self.stream == i).sum()) for i, name in enumerate(self.streams)},
            "errors": {
                name: {
                    "constant": self.errors[name].constant,
                    "relative": self.errors[name].relative,
                    "correlation": self.errors[name].correlation,
                    "structural": self.errors[name].structural,
                    "source": self.errors[name].source,
                    "units": VARIABLES[self.names[i]].units,
                }
                for i, name in enumerate(self.streams)
            },
        }


def collect_observations(
    measured: xr.Dataset,
    times: TimeArray,
    streams: Sequence[str],
    *,
    step: str = "daily",
    utc_offset_hours: float = 0.0,
    errors: Mapping[str, ErrorModel] = ERRORS,
    weights: Mapping[str, float] | None = None,
    record_weight: xr.DataArray | None = None,
    least_share: float = LEAST_SHARE,
    where: str = "observations",
) -> Observations:
    """Return the observations of one site on the steps of a model run.

    Parameters
    ----------
    measured
        Fluxes over ``time`` in the units of the vocabulary; values whose ``*_quality`` is above 0
        are left out.
    times
        Starts of the steps of the run, UTC.
    streams
        Short names, keys of :data:`STREAMS`.
    step
        One of :data:`STEPS`; days and months are those of the local calendar.
    utc_offset_hours
        Local standard time minus UTC [h].
    errors
        Error models by stream.
    weights
        Weights by stream, 1 when absent: errors are divided by their root.
    record_weight
        Weight of each record, 0 to 1, over ``time``: for example the share of the target land
        cover in its footprint. Records of weight 0 are left out, the others' random errors are
        divided by the root of the weight.
    least_share
        Least share of measured steps of a day or month.
    where
        What the data are, for messages.

    Raises
    ------
    MissingVariableError
        If no stream is named, one is unknown or absent, or nothing measured overlaps the run.
    UnitsError, DimsError, OutOfBoundsError
        If a flux is not what the vocabulary says, or ``step`` or a weight cannot be used.
    """
    if step not in STEPS:
        msg = f"step must be one of {', '.join(STEPS)}, got {step!r}"
        raise OutOfBoundsError(msg, got=step)
    if not streams:
        msg = f"no stream is named; known are {', '.join(STREAMS)}"
        raise MissingVariableError(msg)
    moments = times.astype("datetime64[ns]")
    local = (moments + np.timedelta64(round(utc_offset_hours * 3600), "s")).astype(moments.dtype)
    group, starts = _groups(local, step)
    share = _record_weights(record_weight, moments, where)
    parts: list[tuple[FloatArray, FloatArray, IntArray]] = []
    rows = np.full((len(streams), moments.size), -1, np.int64)
    total = 0
    for index, stream in enumerate(streams):
        values = _measured(measured, stream, moments, where)
        values = np.where(share > 0.0, values, np.nan)
        good, mean, sigma = _means(
            values,
            share,
            group,
            starts.size,
            errors[stream],
            0.0 if step == STEPS[0] else least_share,
        )
        weight = float((weights or {}).get(stream, 1.0))
        if not weight > 0.0:
            msg = f"the weight of stream {stream!r} must be positive, got {weight:g}"
            raise OutOfBoundsError(msg, stream=stream, got=weight)
        number = np.where(good, np.cumsum(good) - 1 + total, -1)
        rows[index] = np.where(np.isfinite(values), number[group], -1)
        parts.append((mean[good], sigma[good] / np.sqrt(weight), np.flatnonzero(good)))
        total += int(good.sum())
        if not good.any():
            msg = (
                f"{where}: no {step} value of {STREAMS[stream]} is measured between "
                f"{np.datetime_as_string(moments[0], unit='D')} and "
                f"{np.datetime_as_string(moments[-1], unit='D')}"
            )
            raise MissingVariableError(msg, stream=stream)
    return Observations(
        values=np.concatenate([part[0] for part in parts]),
        sigma=np.concatenate([part[1] for part in parts]),
        stream=np.concatenate([np.full(part[0].size, i) for i, part in enumerate(parts)]),
        times=np.concatenate([starts[part[2]] for part in parts]),
        streams=tuple(streams),
        names=tuple(STREAMS[stream] for stream in streams),
        row=rows,
        step=step,
        errors={stream: errors[stream] for stream in streams},
    )


def _groups(local: TimeArray, step: str) -> tuple[IntArray, TimeArray]:
    """Return the period of each step and the start of each period."""
    if step == "half-hourly":
        return np.arange(local.size), local
    unit = "datetime64[D]" if step == "daily" else "datetime64[M]"
    starts, group = np.unique(local.astype(unit), return_inverse=True)
    return group, starts.astype("datetime64[ns]")


def _measured(measured: xr.Dataset, stream: str, moments: TimeArray, where: str) -> FloatArray:
    """Return the measured values of a stream on the steps of the run."""
    if stream not in STREAMS:
        msg = f"there is no stream {stream!r}.{did_you_mean(stream, STREAMS)}"
        raise MissingVariableError(msg, stream=stream)
    name = STREAMS[stream]
    if name not in measured:
        msg = f"{where}: {name} of stream {stream!r} is not there"
        raise MissingVariableError(msg, variable=name)
    checked = check_dataset(measured, [Need(name)], where=where)
    values = checked[name].to_numpy()
    flag = name + QUALITY_SUFFIX
    if flag in measured:
        values = np.where(measured[flag].to_numpy() > 0, np.nan, values)
    stated = measured["time"].to_numpy().astype("datetime64[ns]")
    place = np.clip(np.searchsorted(stated, moments), 0, stated.size - 1)
    return np.where(stated[place] == moments, values[place], np.nan)


def _record_weights(weight: xr.DataArray | None, moments: TimeArray, where: str) -> FloatArray:
    """Return the weight of each step, 1 without weights and 0 where they do not reach."""
    if weight is None:
        return np.ones(moments.size)
    aligned = weight.reindex(time=moments).to_numpy().astype(np.float64)
    aligned = np.where(np.isfinite(aligned), aligned, 0.0)
    if (aligned < 0.0).any() or (aligned > 1.0).any():
        msg = (
            f"{where}: weights of records must lie between 0 and 1, got {aligned.min():g} to "
            f"{aligned.max():g}"
        )
        raise OutOfBoundsError(msg)
    return aligned


def _means(
    values: FloatArray,
    share: FloatArray,
    group: IntArray,
    periods: int,
    error: ErrorModel,
    least_share: float,
) -> tuple[npt.NDArray[np.bool_], FloatArray, FloatArray]:
    """Return which periods are observed, their means and the errors of these."""
    known = np.isfinite(values)
    steps = np.bincount(group, minlength=periods)
    count = np.bincount(group[known], minlength=periods)
    good = (count > 0) & (count >= least_share * steps)
    random = np.zeros(values.size)
    random[known] = (error.constant + error.relative * np.abs(values[known])) / np.sqrt(
        share[known]
    )
    squared = np.bincount(group[known], weights=random[known] ** 2, minlength=periods)
    # Variance of a mean of n alike errors of a first-order autoregression, for large n; no mean is
    # worse than a single value.
    inflation = np.minimum((1.0 + error.correlation) / (1.0 - error.correlation), count)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(group[known], weights=values[known], minlength=periods) / count
        variance = squared / count**2 * np.maximum(inflation, 1.0)
    spread = float(np.std(mean[good])) if good.any() else 0.0
    sigma = np.sqrt(variance + (error.structural * spread) ** 2)
    return good, mean, sigma
