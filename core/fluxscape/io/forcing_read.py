"""Series of a gridded forcing at points: in the vocabulary's units, sums made rates, times UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.contracts import convert_units
from fluxscape.errors import FileFormatError, OutOfBoundsError, UnitsError
from fluxscape.io.forcing_index import (
    ForcingIndex,
    Part,
    VariableIndex,
    interval_ends,
    open_forcing_file,
)
from fluxscape.io.forcing_rules import FORCING_VARIABLES, VariableRule

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
TimeArray = npt.NDArray[np.datetime64]

WATER_PER_METRE: Final = 1000.0
"""Water of one metre depth [kg m-2]."""

_MOST_OPEN: Final = 24
_RATES: Final = {"W m-2": "J m-2", "kg m-2 s-1": "kg m-2"}
"""Unit of the sum of each rate."""


@dataclass(frozen=True)
class Series:
    """One variable at points.

    Attributes
    ----------
    starts
        Starts of the intervals, or the moments, UTC, shape (time,).
    seconds
        Lengths of the intervals [s], shape (time,); 0 for moments.
    values
        Means of the intervals, or values of the moments, in the unit of
        :data:`fluxscape.io.forcing_rules.FORCING_VARIABLES`, shape (time, point).
    """

    starts: TimeArray
    seconds: IntArray
    values: FloatArray

    @property
    def instant(self) -> bool:
        """Whether values are of moments."""
        return bool((self.seconds == 0).all())


@dataclass
class ForcingReader:
    """Reads points of an indexed dataset; files stay open between calls.

    Attributes
    ----------
    index
        Of the dataset.
    """

    index: ForcingIndex
    _open: dict[str, xr.Dataset] = field(default_factory=dict, repr=False)

    def close(self) -> None:
        """Close all files."""
        for dataset in self._open.values():
            dataset.close()
        self._open.clear()

    def series(
        self,
        name: str,
        begin: np.datetime64,
        end: np.datetime64,
        rows: IntArray,
        columns: IntArray,
        *,
        missing_allowed: bool = False,
    ) -> Series:
        """Return one variable at points over a period.

        Parameters
        ----------
        name
            Our name.
        begin, end
            Period, UTC. It may begin or end one step beyond the dataset.
        rows, columns
            Cells of the index, one a point, shape (point,).
        missing_allowed
            Whether NaN may stand in it.

        Returns
        -------
        Series
            All intervals that reach into the period, or the moments in it and one on either side.

        Raises
        ------
        FileFormatError
            If the dataset does not cover the period, or holds missing values.
        UnitsError, OutOfBoundsError
            If units do not fit, or a value is impossible; names file, variable, time and place.
        """
        rule, item = self.index.rules.variables[name], self.index.variables[name]
        starts, ends = self._intervals(rule, item)
        first, last = _covering(starts, ends, begin, end, rule, item)
        values, tolerance = self._read(name, rule, item, first, last, rows, columns)
        if rule.accumulation == "day":
            before = None
            if first > 0 and not _begins_day(starts[first]):
                before = self._read(name, rule, item, first - 1, first, rows, columns)[0][0]
            known = before is not None or _begins_day(starts[first])
            values = _differences(values, starts[first:last], before)
            if not known:
                first, values = first + 1, values[1:]
        if rule.accumulation != "none":
            lengths = (ends - starts)[first:last] / np.timedelta64(1, "s")
            values, tolerance = values / lengths[:, None], 2.0 * tolerance / lengths.min()
        where = (name, rule, item, first, rows, columns)
        self._check(values, tolerance, where, missing_allowed)
        seconds = (ends[first:last] - starts[first:last]).astype(np.int64)
        return Series(starts[first:last], seconds, values)

    def has_values(self, rows: IntArray, columns: IntArray) -> npt.NDArray[np.bool_]:
        """Return which cells hold a value of every variable at the variable's second time."""
        good = np.ones(rows.size, dtype=bool)
        for name, rule in self.index.rules.variables.items():
            item = self.index.variables[name]
            values, _ = self._read(name, rule, item, 1, 2, rows, columns)
            good &= np.isfinite(values[0])
        return good

    def _intervals(self, rule: VariableRule, item: VariableIndex) -> tuple[TimeArray, TimeArray]:
        """Return starts and ends of the steps of a variable; equal for moments."""
        step = np.timedelta64(item.step_seconds, "s")
        stamps = item.stamps
        if rule.stamp == "instant":
            return stamps, stamps
        if self.index.rules.composite_days:
            return stamps, interval_ends(stamps, self.index.rules.composite_days)
        shift = {"start": 0 * step, "middle": step // 2, "end": step}[rule.stamp]
        return stamps - shift, stamps - shift + step

    def _read(
        self,
        name: str,
        rule: VariableRule,
        item: VariableIndex,
        first: int,
        last: int,
        rows: IntArray,
        columns: IntArray,
    ) -> tuple[FloatArray, float]:
        """Return times ``first`` to ``last`` at points in our unit, and how coarse packing is."""
        pieces, tolerance = [], 0.0
        for part in item.parts:
            low, high = max(first, part.first), min(last, part.first + part.count)
            if low >= high:
                continue
            array = self._dataset(part)[rule.source]
            window = self._window(array, rows, columns)
            times = slice(low - part.first, high - part.first)
            time_dim = str(window.dims[0])
            values = np.asarray(window.isel({time_dim: times}).to_numpy(), np.float64)
            factor, offset = _conversion(array, rule, name, part.path)
            local_rows = np.searchsorted(np.unique(rows), rows)
            local_columns = np.searchsorted(np.unique(columns), columns)
            pieces.append(values[:, local_rows, local_columns] * factor + offset)
            tolerance = max(tolerance, abs(factor * float(array.encoding.get("scale_factor", 0.0))))
        return np.concatenate(pieces), tolerance

    def _window(self, array: xr.DataArray, rows: IntArray, columns: IntArray) -> xr.DataArray:
        """Return a variable over (time, latitude, longitude) at the wanted rows and columns."""
        rules = self.index.rules
        dims = [str(dim) for dim in array.dims]
        order = [
            next(dim for dim in dims if dim in getattr(rules, what))
            for what in ("time", "latitude", "longitude")
        ]
        picked = array.isel(
            {
                order[1]: self.index.rows[np.unique(rows)],
                order[2]: self.index.columns[np.unique(columns)],
            }
        )
        if "expver" in dims:
            # Final and preliminary ERA5 share a file; each time has one of them.
            picked = picked.max("expver", skipna=True)
        return picked.squeeze([dim for dim in picked.dims if dim not in order]).transpose(*order)

    def _dataset(self, part: Part) -> xr.Dataset:
        """Return a file, opened once; the one opened longest ago is closed beyond some."""
        if part.path not in self._open:
            if len(self._open) >= _MOST_OPEN:
                self._open.pop(next(iter(self._open))).close()
            self._open[part.path] = open_forcing_file(part.path)
        return self._open[part.path]

    def _check(
        self,
        values: FloatArray,
        tolerance: float,
        where: tuple[str, VariableRule, VariableIndex, int, IntArray, IntArray],
        missing_allowed: bool,
    ) -> None:
        """Raise at the first value that is missing or impossible; rounding by packing is mended."""
        name, rule, item, first, rows, columns = where
        variable = FORCING_VARIABLES[name]
        slack = tolerance + 1e-9
        for bound, sign in ((variable.lower, 1.0), (variable.upper, -1.0)):
            beyond = sign * (values - bound) < 0.0
            values[beyond & (sign * (values - bound) >= -slack)] = bound
        wrong = (values < variable.lower) | (values > variable.upper) | np.isinf(values)
        missing = np.isnan(values)
        if not missing_allowed:
            wrong |= missing
        if not wrong.any():
            return
        time, point = np.unravel_index(int(np.argmax(wrong)), values.shape)
        path = next(p.path for p in reversed(item.parts) if p.first <= first + int(time))
        place = (
            f"{item.stamps[first + int(time)]}, {self.index.latitude[rows[point]]:.3f} N, "
            f"{self.index.longitude[columns[point]]:.3f} E"
        )
        if missing[time, point]:
            msg = f"{path}: {rule.source} ({name}) is missing at {place} ({int(missing.sum())} are)"
            raise FileFormatError(msg, path=path, variable=rule.source, place=place)
        msg = (
            f"{path}: {rule.source} ({name}) = {values[time, point]:g} {variable.units} at {place} "
            f"lies outside {variable.lower:g} to {variable.upper:g} {variable.units}: is its unit "
            f"or accumulation another than the rules say ({rule.units}, {rule.accumulation})?"
        )
        raise OutOfBoundsError(msg, path=path, variable=rule.source, place=place)


def _conversion(
    array: xr.DataArray, rule: VariableRule, name: str, path: str
) -> tuple[float, float]:
    """Return factor and offset to our unit, to the unit of its sum where values are sums."""
    wanted = FORCING_VARIABLES[name].units
    if rule.accumulation != "none":
        wanted = _RATES.get(wanted, f"{wanted} s")
    stated = str(array.attrs.get("units", "")).strip() or rule.units
    sample = xr.DataArray(np.array([0.0, 1.0]), attrs={"units": stated}, name=rule.source)
    try:
        zero, one = convert_units(sample, wanted, where=path).to_numpy()
    except UnitsError:
        # Rain as a depth of water: kg m-2 is a millimetre.
        if not wanted.startswith("kg m-2"):
            raise
        depth = wanted.replace("kg m-2", "m")
        zero, one = WATER_PER_METRE * convert_units(sample, depth, where=path).to_numpy()
    return float(one - zero), float(zero)


def _covering(
    starts: TimeArray,
    ends: TimeArray,
    begin: np.datetime64,
    end: np.datetime64,
    rule: VariableRule,
    item: VariableIndex,
) -> tuple[int, int]:
    """Return the range of steps that reach into a period, or raise FileFormatError."""
    step = np.timedelta64(item.step_seconds, "s")
    if starts[0] > begin + step or ends[-1] < end - step:
        msg = (
            f"{item.parts[0].path}: {rule.source} covers {starts[0]} to {ends[-1]}, wanted "
            f"{begin} to {end}"
        )
        raise FileFormatError(msg, path=item.parts[0].path, variable=rule.source)
    if rule.stamp == "instant":
        first = int(np.searchsorted(starts, begin, side="right")) - 1
        last = int(np.searchsorted(starts, end, side="left")) + 1
    else:
        first = int(np.searchsorted(ends, begin, side="right"))
        last = int(np.searchsorted(starts, end, side="left"))
    return max(first, 0), min(last, starts.size)


def _begins_day(moment: np.datetime64) -> bool:
    """Return whether a moment is 00 UTC."""
    return bool(moment == moment.astype("datetime64[D]"))


def _differences(sums: FloatArray, starts: TimeArray, before: FloatArray | None) -> FloatArray:
    """Return what came in each step from sums since 00 UTC."""
    previous = np.empty_like(sums)
    previous[1:] = sums[:-1]
    previous[0] = 0.0 if before is None else before
    fresh = starts == starts.astype("datetime64[D]")
    previous[fresh] = 0.0
    return sums - previous
