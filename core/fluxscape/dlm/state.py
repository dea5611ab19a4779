"""The state that a run carries from step to step, and where it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.dlm._records import LAYER_THICKNESS, STATE_DTYPE
from fluxscape.dlm.carbon import steady_carbon
from fluxscape.dlm.parameters import DlmParameters
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError

_PREFIX = "final_"


@dataclass(frozen=True)
class DlmState:
    """State of one point at one moment.

    Attributes
    ----------
    values
        Names of the state record and their values, numbers or one number a layer of soil or snow.
    """

    values: dict[str, npt.NDArray[np.float64]]

    @classmethod
    def start(
        cls, parameters: DlmParameters, mean_temperature: float, *, assimilation: float = 0.0
    ) -> Self:
        """Return a state without snow, with soil at the mean air temperature and field capacity.

        Pools of carbon hold what respires ``heterotrophic_respiration10`` in moist soil at 10
        degrees Celsius, and what growth of as much keeps.

        Parameters
        ----------
        parameters
            Of the point.
        mean_temperature
            Mean air temperature [K].
        assimilation
            Mean GPP of the days before [umol m-2 s-1].
        """
        record = start_states((parameters,), np.array([mean_temperature]))
        record["recent_assimilation"] = assimilation
        return cls.from_record(record[0])

    @classmethod
    def from_record(cls, record: Any) -> Self:
        """Return the state that a record of the kernels holds."""
        return cls({name: np.array(record[name]) for name in STATE_DTYPE.names or ()})

    @classmethod
    def from_dataset(cls, dataset: xr.Dataset) -> Self:
        """Return the state at the end of a run from its output, to go on from there.

        Raises
        ------
        MissingVariableError
            If the dataset does not hold the final state of a run.
        """
        values = {}
        for name in STATE_DTYPE.names or ():
            if _PREFIX + name not in dataset:
                msg = f"the dataset holds no {_PREFIX + name}: it is not the output of a DLM run"
                raise MissingVariableError(msg, variable=_PREFIX + name)
            values[name] = dataset[_PREFIX + name].to_numpy().astype(np.float64)
        return cls(values)

    def to_record(self) -> npt.NDArray[np.void]:
        """Return the state as a record array of one element.

        Raises
        ------
        DimsError, OutOfBoundsError
            If a value has the wrong length or is not finite.
        """
        record = np.zeros(1, dtype=STATE_DTYPE)
        for name in STATE_DTYPE.names or ():
            value = np.asarray(self.values[name], dtype=np.float64)
            if value.shape != record[name].shape[1:]:
                msg = f"state {name} has shape {value.shape}, wanted {record[name].shape[1:]}"
                raise DimsError(msg, variable=name)
            if not np.isfinite(value).all():
                msg = f"state {name} holds a value that is not finite"
                raise OutOfBoundsError(msg, variable=name)
            record[name] = value
        return record.view(np.recarray)

    def to_variables(self) -> dict[str, xr.DataArray]:
        """Return the state as variables of the output dataset."""
        return {
            _PREFIX + name: xr.DataArray(value, dims=_dims(name, value))
            for name, value in self.values.items()
        }


def _dims(name: str, value: npt.NDArray[np.float64]) -> tuple[str, ...]:
    """Return the dimensions of a value of the state."""
    if not value.ndim:
        return ()
    return ("snow_layer",) if name.startswith("snow_") else ("layer",)


def start_states(
    parameters: Sequence[DlmParameters], mean_temperature: npt.NDArray[np.float64]
) -> npt.NDArray[np.void]:
    """Return start states of many members as a record array; see :meth:`DlmState.start`."""
    thickness = np.array(LAYER_THICKNESS)
    record = np.zeros(len(parameters), dtype=STATE_DTYPE)
    capacity = np.array([item.field_capacity for item in parameters])
    record["soil_temperature"] = mean_temperature[:, None]
    record["soil_liquid"] = capacity[:, None] * thickness * 1000.0
    record["snow_density"] = 100.0
    record["snow_albedo"] = [item.snow_albedo_fresh for item in parameters]
    record["growth_temperature"] = mean_temperature
    basal = np.array([item.heterotrophic_respiration10 for item in parameters])
    return steady_carbon(record, parameters, basal, np.ones(len(parameters)))
