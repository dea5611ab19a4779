"""What the files of a gridded forcing hold, read once: grid, times, and which file has which.

The index is made before a run and travels with its tasks, so that a worker opens only the files it
needs. Here stand the checks of a whole dataset: calendar, gaps, overlaps, one grid for all files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.errors import DimsError, FileFormatError, MissingVariableError, did_you_mean
from fluxscape.io._netcdf_guards import DatasetLimits, open_netcdf_guarded
from fluxscape.io.forcing_rules import ForcingRules, VariableRule
from fluxscape.io.stores import open_store

FloatArray = npt.NDArray[np.float64]
TimeArray = npt.NDArray[np.datetime64]

FORCING_LIMITS: Final = DatasetLimits(nbytes=2**40, chunk_nbytes=2**30)
"""A year of hourly maps is tens of gigabytes; only windows of it are read."""

_DAY: Final = 86400
_SAME: Final = 1e-4
"""Largest difference of coordinates that are the same [degrees]; they are stored as float32."""


@dataclass(frozen=True)
class Part:
    """One file's share of a variable.

    Attributes
    ----------
    path
        The file.
    first
        Position of its first time among all times of the variable.
    count
        How many times it holds.
    """

    path: str
    first: int
    count: int


@dataclass(frozen=True)
class VariableIndex:
    """Times of one variable and the files that hold them.

    Attributes
    ----------
    stamps
        All times as the files state them, in UTC, shape (time,).
    step_seconds
        Length of a step [s]; of the usual one for composites.
    parts
        Files in order of time.
    """

    stamps: TimeArray
    step_seconds: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class ForcingIndex:
    """Index of a dataset.

    Attributes
    ----------
    rules
        Of the dataset.
    latitude, longitude
        Cell centres [degrees north, east], increasing, longitude from -180.
    rows, columns
        Where each stands in the files.
    variables
        By our name.
    """

    rules: ForcingRules
    latitude: FloatArray
    longitude: FloatArray
    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    variables: Mapping[str, VariableIndex]

    @property
    def step_seconds(self) -> int:
        """Step of the air temperature [s]."""
        return self.variables["air_temperature"].step_seconds

    def to_dict(self) -> dict[str, Any]:
        """Return the index as plain values for JSON."""
        return {
            "rules": self.rules.to_dict(),
            "latitude": self.latitude.tolist(),
            "longitude": self.longitude.tolist(),
            "rows": self.rows.tolist(),
            "columns": self.columns.tolist(),
            "variables": {
                name: {
                    "step_seconds": item.step_seconds,
                    "parts": [[part.path, part.first, part.count] for part in item.parts],
                    "stamps": _packed(item.stamps),
                }
                for name, item in self.variables.items()
            },
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], rules: ForcingRules) -> Self:
        """Return the index that :meth:`to_dict` made plain."""
        return cls(
            rules=rules,
            latitude=np.array(values["latitude"], np.float64),
            longitude=np.array(values["longitude"], np.float64),
            rows=np.array(values["rows"], np.int64),
            columns=np.array(values["columns"], np.int64),
            variables={
                name: VariableIndex(
                    _unpacked(item["stamps"]),
                    int(item["step_seconds"]),
                    tuple(Part(*part) for part in item["parts"]),
                )
                for name, item in values["variables"].items()
            },
        )


def _packed(stamps: TimeArray) -> list[int]:
    """Return seconds since 1970: first, then runs of (step, how often)."""
    seconds = stamps.astype("datetime64[s]").astype(np.int64)
    steps = np.diff(seconds)
    edges = np.flatnonzero(np.diff(steps)) + 1
    runs = [int(seconds[0])]
    for run in np.split(steps, edges):
        if run.size:
            runs += [int(run[0]), run.size]
    return runs


def _unpacked(runs: Sequence[int]) -> TimeArray:
    """Return the times that :func:`_packed` packed."""
    steps = [np.full(count, step) for step, count in zip(runs[1::2], runs[2::2], strict=True)]
    seconds = np.cumsum(np.concatenate([[runs[0]], *steps]).astype(np.int64))
    return seconds.astype("datetime64[s]")


def rules_from_dict(values: Mapping[str, Any]) -> ForcingRules:
    """Return the rules that :meth:`ForcingRules.to_dict` made plain."""
    rows = {
        name: VariableRule(row["source"], row["units"], row["time"], row["accumulation"])
        for name, row in values["variables"].items()
    }
    axes = values["coordinates"]
    return ForcingRules(
        title=values["title"],
        variables=rows,
        data_status=values["data_status"],
        time=tuple(axes["time"]),
        latitude=tuple(axes["latitude"]),
        longitude=tuple(axes["longitude"]),
        utc_offset_hours=values["utc_offset_hours"],
        wind_height=values["wind_height"],
        composite_days=values["composite_days"],
    )


def index_forcing(files: Sequence[str | Path], rules: ForcingRules) -> ForcingIndex:
    """Return the index of a dataset after checking it as a whole.

    Parameters
    ----------
    files
        NetCDF files and Zarr directories, in any order.
    rules
        Of the dataset.

    Raises
    ------
    MissingVariableError
        If no file holds a variable of the rules.
    FileFormatError
        If a calendar is not that of the world, times have a gap, or files overlap.
    DimsError
        If a file has another grid, or a variable other dimensions.
    UnsafeInputError
        If a file is refused unread.
    """
    grid: tuple[FloatArray, FloatArray] | None = None
    found: dict[str, list[tuple[TimeArray, str]]] = {name: [] for name in rules.variables}
    seen: set[str] = set()
    for path in sorted(str(file) for file in files):
        dataset = open_forcing_file(path)
        try:
            seen |= {str(name) for name in dataset.data_vars}
            grid = _grid(dataset, rules, path, grid)
            stamps = _stamps(dataset, rules, path)
            for name, rule in rules.variables.items():
                if rule.source in dataset.data_vars:
                    _check_dims(dataset[rule.source], rules, path)
                    found[name].append((stamps, path))
        finally:
            dataset.close()
    variables = {}
    for name, rule in rules.variables.items():
        if not found[name]:
            hint = did_you_mean(rule.source, seen)
            msg = (
                f"no file of the forcing holds {rule.source!r} ({name}), only "
                f"{', '.join(sorted(seen)) or 'nothing'}.{hint}"
            )
            raise MissingVariableError(msg, variable=rule.source)
        variables[name] = _variable_index(found[name], rule.source, rules)
    assert grid is not None  # noqa: S101 (a variable was found in a file that has a grid)
    east = (grid[1] + 180.0) % 360.0 - 180.0
    rows, columns = np.argsort(grid[0]), np.argsort(east)
    return ForcingIndex(rules, grid[0][rows], east[columns], rows, columns, variables)


def open_forcing_file(path: str) -> xr.Dataset:
    """Open a NetCDF file or a Zarr directory lazily, behind the guards."""
    if Path(path).is_dir():
        return open_store(path)
    return open_netcdf_guarded(path, limits=FORCING_LIMITS)


def coordinate(dataset: xr.Dataset, names: Sequence[str], what: str, path: str) -> str:
    """Return the name that a coordinate has in a file."""
    for name in names:
        if name in dataset.variables and dataset[name].ndim == 1:
            return name
    known = ", ".join(str(name) for name in dataset.variables)
    msg = f"{path}: no coordinate of {what}, wanted one of {', '.join(names)}, got {known}"
    raise DimsError(msg, path=path, wanted=tuple(names))


def _grid(
    dataset: xr.Dataset,
    rules: ForcingRules,
    path: str,
    before: tuple[FloatArray, FloatArray] | None,
) -> tuple[FloatArray, FloatArray]:
    """Return latitudes and longitudes of a file, which must be those of the files before."""
    axes = []
    for what in ("latitude", "longitude"):
        name = coordinate(dataset, getattr(rules, what), what, path)
        values = dataset[name].to_numpy().astype(np.float64)
        steps = np.diff(values)
        if values.size < 2 or not (np.all(steps > 0) or np.all(steps < 0)):
            msg = f"{path}: {name} must hold two or more cells in rising or falling order"
            raise DimsError(msg, path=path, axis=name)
        limit = 90.0 if what == "latitude" else 360.0
        if not (np.abs(values) <= limit + _SAME).all():
            msg = f"{path}: {name} must lie within -{limit:g} to {limit:g} degrees"
            raise DimsError(msg, path=path, axis=name)
        axes.append(values)
    found = (axes[0], axes[1])
    if before is not None:
        for mine, theirs, what in zip(found, before, ("latitude", "longitude"), strict=True):
            if mine.shape != theirs.shape or not np.allclose(mine, theirs, rtol=0.0, atol=_SAME):
                msg = f"{path}: {what} differs from that of the files before it"
                raise DimsError(msg, path=path, axis=what)
        return before
    return found


def _stamps(dataset: xr.Dataset, rules: ForcingRules, path: str) -> TimeArray:
    """Return the times of a file in UTC."""
    name = coordinate(dataset, rules.time, "time", path)
    times = dataset[name]
    if times.dtype.kind != "M":
        first = times.to_numpy().ravel()[:1].tolist()
        calendar = getattr(first[0], "calendar", None) if first else None
        what = f"the calendar {calendar!r}" if calendar else f"times such as {first}"
        msg = (
            f"{path}: {name} has {what}, wanted CF times in the calendar of the world (standard, "
            "gregorian or proleptic_gregorian)"
        )
        raise FileFormatError(msg, path=path, variable=name, calendar=calendar)
    # Times stored as float32 hours come out some milliseconds off.
    seconds = np.round(times.to_numpy().astype("datetime64[ms]").astype(np.int64) / 1000.0)
    offset = round(rules.utc_offset_hours * 3600)
    return (seconds.astype(np.int64) - offset).astype("datetime64[s]")


def _check_dims(array: xr.DataArray, rules: ForcingRules, path: str) -> None:
    """Raise DimsError unless a variable lies over time, latitude and longitude."""
    dims = {str(dim): size for dim, size in array.sizes.items()}
    main = [
        [dim for dim in dims if dim in getattr(rules, what)]
        for what in ("time", "latitude", "longitude")
    ]
    rest = [dim for group in main for dim in group]
    loose = [dim for dim, size in dims.items() if dim not in rest and size > 1 and dim != "expver"]
    if any(len(group) != 1 for group in main) or loose:
        msg = f"{path}: {array.name} has dimensions {tuple(dims)}, wanted time, latitude, longitude"
        raise DimsError(msg, path=path, variable=str(array.name), got=tuple(dims))


def _variable_index(
    found: list[tuple[TimeArray, str]], source: str, rules: ForcingRules
) -> VariableIndex:
    """Return the times of one variable over all files, without gap and overlap."""
    found = sorted(found, key=lambda item: (item[0][0], item[1]))
    stamps = np.concatenate([times for times, _ in found])
    owner = np.repeat(np.arange(len(found)), [times.size for times, _ in found])
    seconds = stamps.astype(np.int64)
    steps = np.diff(seconds)
    if stamps.size < 2:
        msg = f"{found[0][1]}: {source} holds a single time, two or more are needed"
        raise FileFormatError(msg, path=found[0][1], variable=source)
    files = [path for _, path in found]
    wrong = np.flatnonzero(steps <= 0)
    if wrong.size:
        i = int(wrong[0])
        msg = (
            f"{source}: {stamps[i + 1]} in {files[owner[i + 1]]} follows {stamps[i]} in "
            f"{files[owner[i]]}: times must rise and files must not overlap"
        )
        raise FileFormatError(msg, path=files[owner[i + 1]], variable=source)
    if rules.composite_days:
        usual = rules.composite_days * _DAY
        expected = _composite_steps(stamps[:-1], rules.composite_days)
    else:
        usual = int(np.median(steps))
        expected = np.full(steps.size, usual)
    gaps = np.flatnonzero(steps != expected)
    if gaps.size:
        i = int(gaps[0])
        msg = (
            f"{source}: nothing between {stamps[i]} in {files[owner[i]]} and {stamps[i + 1]} in "
            f"{files[owner[i + 1]]}, wanted steps of {expected[i] / 3600:g} h ({gaps.size} such "
            "gaps)"
        )
        raise FileFormatError(msg, path=files[owner[i + 1]], variable=source, count=gaps.size)
    first = np.concatenate([[0], np.cumsum([times.size for times, _ in found])])
    parts = tuple(Part(path, int(first[k]), times.size) for k, (times, path) in enumerate(found))
    return VariableIndex(stamps, usual, parts)


def _composite_steps(stamps: TimeArray, days: int) -> npt.NDArray[np.int64]:
    """Return the length of composites that begin anew each January [s]."""
    return interval_ends(stamps, days).astype(np.int64) - stamps.astype(np.int64)


def interval_ends(stamps: TimeArray, days: int) -> TimeArray:
    """Return where composites of some days end that begin at ``stamps``; each year begins anew."""
    year = stamps.astype("datetime64[Y]")
    turn = (year + np.timedelta64(1, "Y")).astype("datetime64[s]")
    return np.asarray(np.minimum(stamps + np.timedelta64(days * _DAY, "s"), turn))
