"""Receptor footprints of other transport models in place of the column.

A footprint says how a mole fraction at a receptor answers to surface fluxes upwind. Three forms are
understood, told apart by their variables; ``docs/methods/transport.md`` has them in full:

- STILT (Lin et al. 2003, doi:10.1029/2002JD003161; stilt R package): ``foot`` (time, lat, lon)
  [ppm (umol-1 m2 s)], one receptor a file, ``time`` is that of the flux.
- NAME (Jones et al. 2007, doi:10.1007/978-0-387-68854-1_62, as openghg keeps it): ``fp``
  (lat, lon, time) [(mol/mol)/(mol/m2/s)], integrated over the flux's time, ``time`` is that of the
  observation.
- FLEXPART (Pisso et al. 2019, doi:10.5194/gmd-12-4955-2019): ``spec001_mr`` (nageclass, pointspec,
  time, height, latitude, longitude) [s m3 kg-1] of a backward run, lowest layer, one receptor for
  each ``pointspec``, ``time`` is that of the flux.

All become umol mol-1 per umol m-2 s-1 over (receptor, flux time, latitude, longitude); flux time is
absent where the model has integrated over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.constants import MOLAR_MASS_DRY_AIR
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, UnitsError

Floats = NDArray[np.float64]

UNITS: Final = {
    "stilt": ("ppm (umol-1 m2 s)", "ppm umol-1 m2 s", "umol-1 m2 s", "ppm/(umol/m2/s)"),
    "name": ("(mol/mol)/(mol/m2/s)", "mol/mol/(mol/m2/s)", "m2 s mol-1", "ppm/(umol/m2/s)"),
    "flexpart": ("s m3 kg-1", "s m^3 kg^-1", "s m3/kg"),
}
"""Units that each form may state, other spellings being refused."""

VARIABLES_OF: Final = {"stilt": "foot", "name": "fp", "flexpart": "spec001_mr"}

_AXES: Final = {
    "lat": "latitude", "latitude": "latitude", "lon": "longitude", "longitude": "longitude",
}  # fmt: skip


@dataclass(frozen=True)
class ReceptorFootprints:
    """Footprints of receptors.

    Attributes
    ----------
    model
        ``stilt``, ``name`` or ``flexpart``.
    footprint
        [umol mol-1 per umol m-2 s-1], dimensions (receptor, flux_time, latitude, longitude);
        ``flux_time`` has one value, without coordinate, where the model integrated over it.
    """

    model: str
    footprint: xr.DataArray

    def jacobian(self, regions: NDArray[np.int64]) -> Floats:
        """Return H for fluxes that are constant within regions and, where it is known, flux times.

        Parameters
        ----------
        regions
            Number of the region of each cell from 0 on, -1 for none, shape (latitude, longitude).

        Returns
        -------
        numpy.ndarray
            Shape (receptor, flux time x region), regions side by side within a flux time: what
            :class:`~fluxscape.transport.inversion.LinearProblem` takes.

        Raises
        ------
        DimsError
            If the regions have another shape than the footprints' grid, or there are none.
        """
        values = self.footprint.to_numpy()
        if regions.shape != values.shape[2:] or regions.max(initial=-1) < 0:
            msg = (
                f"regions of shape {regions.shape} do not number cells {values.shape[2:]} from 0 on"
            )
            raise DimsError(msg)
        inside = regions >= 0
        count = int(regions.max()) + 1
        shares = np.zeros((int(inside.sum()), count))
        shares[np.arange(shares.shape[0]), regions[inside]] = 1.0
        summed = values[:, :, inside] @ shares
        return np.asarray(summed.reshape(values.shape[0], -1))


def receptor_footprints(
    dataset: xr.Dataset, *, where: str = "footprint file"
) -> ReceptorFootprints:
    """Return the footprints of a dataset in one of the three forms.

    Parameters
    ----------
    dataset
        As read by :func:`fluxscape.io.guards.open_netcdf_guarded`.
    where
        Name of the file, for messages.

    Raises
    ------
    MissingVariableError
        If it has none of the variables, or no receptor's air density where that is needed.
    UnitsError
        If the unit is none of :data:`UNITS`.
    DimsError
        If dimensions are missing.
    OutOfBoundsError
        If a footprint is negative or no number.
    """
    model = next((name for name, key in VARIABLES_OF.items() if key in dataset), None)
    if model is None:
        msg = (
            f"{where}: no variable {', '.join(VARIABLES_OF.values())} (STILT, NAME, FLEXPART); it "
            f"has {', '.join(str(name) for name in dataset.data_vars)[:200]}"
        )
        raise MissingVariableError(msg, where=where)
    array = dataset[VARIABLES_OF[model]]
    unit = str(array.attrs.get("units", "")).strip()
    if unit not in UNITS[model]:
        msg = f"{where}: {array.name} has units {unit[:60]!r}, wanted {' or '.join(UNITS[model])}"
        raise UnitsError(msg, where=where, got=unit[:60])
    array = array.rename({name: new for name, new in _AXES.items() if name in array.dims})
    if model == "flexpart":
        array = _flexpart(dataset, array, where)
    elif model == "name":
        array = array.rename({"time": "receptor"}) if "time" in array.dims else array
    elif "time" in array.dims:
        array = array.rename({"time": "flux_time"})
    for name in ("receptor", "flux_time"):
        if name not in array.dims:
            array = array.expand_dims(name)
    wanted = ("receptor", "flux_time", "latitude", "longitude")
    if set(array.dims) != set(wanted):
        msg = f"{where}: {VARIABLES_OF[model]} has dimensions {array.dims}, wanted {wanted}"
        raise DimsError(msg, where=where)
    array = array.transpose(*wanted).astype(np.float64)
    bad = ~(np.isfinite(array.to_numpy()) & (array.to_numpy() >= 0.0))
    if bad.any():
        place = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), bad.shape))
        msg = f"{where}: the footprint at {wanted} = {place} is negative or no number"
        raise OutOfBoundsError(msg, where=where, position=place)
    array.attrs = {"units": "umol mol-1 / (umol m-2 s-1)"}
    return ReceptorFootprints(model, array.rename("receptor_footprint"))


def _flexpart(dataset: xr.Dataset, array: xr.DataArray, where: str) -> xr.DataArray:
    """Return FLEXPART's source-receptor relation of the lowest layer as response to a flux.

    A surface flux F [mol m-2 s-1] spread over a layer of depth h is a source of F M / h
    [kg m-3 s-1]; times the relation [s m3 kg-1] it is a mass mixing ratio, over M / M_air a mole
    fraction: F M_air / h. The species' mass cancels.
    """
    if "height" not in dataset.variables or dataset["height"].size < 1:
        msg = f"{where}: height [m], the upper faces of the output layers, is missing"
        raise MissingVariableError(msg, where=where)
    depth = float(dataset["height"].to_numpy().ravel()[0])
    if not depth > 0.0:
        msg = f"{where}: the lowest output layer is {depth} m deep"
        raise OutOfBoundsError(msg, where=where)
    if "height" in array.dims:
        array = array.isel(height=0, drop=True)
    if "nageclass" in array.dims:
        array = array.sum("nageclass")
    names = {"pointspec": "receptor", "time": "flux_time"}
    array = array.rename({old: new for old, new in names.items() if old in array.dims})
    return array * (MOLAR_MASS_DRY_AIR / depth)
