"""The labelled dataset of a climatology and what it says of how it was made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.contracts import provenance
from fluxscape.footprint import _kernels
from fluxscape.footprint.domain import peak_distances
from fluxscape.footprint.geometry import Geometry
from fluxscape.footprint.grid import Grid
from fluxscape.footprint.inputs import RecordInputs
from fluxscape.footprint.model import FootprintModel
from fluxscape.footprint.screening import Screening

Floats = NDArray[np.float64]


FILLED_INPUTS: Final = ("obukhov_length", "boundary_layer_height", "lateral_velocity_std")
"""Inputs that are estimated where they are missing, in the order of the bits of
``record_filled``."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The plumes of the records that a model accepts, and what they were made from.

    Attributes
    ----------
    model, geometry, inputs, screening
        As the steps of :func:`fluxscape.footprint.climatology.prepare` give them.
    table
        Plumes of the used records, one a row.
    von_karman
        [1].
    weight
        Name of the weights.
    """

    model: FootprintModel
    geometry: Geometry
    inputs: RecordInputs
    screening: Screening
    table: Floats
    von_karman: float
    weight: str

    @property
    def stable(self) -> NDArray[np.bool_]:
        """Whether each used record, a row of the table, is stable."""
        return np.asarray(self.inputs.values["obukhov_length"][self.screening.used] > 0.0)


def label_climatology(
    density: Floats,
    grid: Grid,
    records: xr.Dataset,
    made: Prepared,
    captured: Floats,
    *,
    smoothed: bool,
    chosen: str,
    place: tuple[float | None, float | None],
) -> xr.Dataset:
    """Return density and records as labelled arrays with provenance.

    Parameters
    ----------
    density
        Shape (y, x) [m-2].
    grid, records, made
        What it was computed on and from.
    captured
        Share of each used record that the grid captures.
    smoothed
        Whether the density was smoothed.
    chosen
        How the grid was chosen, where it was not given.
    place
        Latitude and longitude of the tower [degrees] where given.
    """
    product = xr.Dataset(
        {
            "footprint": (
                ("y", "x"),
                density,
                {"units": "m-2", "long_name": "weighted mean flux footprint"},
            ),
            **_record_variables(made, captured),
        },
        coords={
            "x": (
                "x",
                grid.x,
                {**_X, "axis": "X", "long_name": "distance east of the tower"},
            ),
            "y": (
                "y",
                grid.y,
                {**_Y, "axis": "Y", "long_name": "distance north of the tower"},
            ),
        },
    )
    if "time" in records.coords:
        product = product.assign_coords(time=records["time"])
    product.attrs = provenance(
        status=_status(records, made.inputs),
        source=f"footprint climatology by {made.model.long_title}: {made.model.reference}",
        **_facts(made),
        **_numbers(density, grid, made.table, captured),
        smoothed=int(smoothed),
    )
    if chosen:
        product.attrs["grid_choice"] = chosen
    product = _placed(product, records, place)
    for name in ("site", "input_file", "input_sha256"):
        if records.attrs.get(name):
            product.attrs[name] = records.attrs[name]
    return product


_X: Final = {"units": "m", "standard_name": "projection_x_coordinate"}
_Y: Final = {"units": "m", "standard_name": "projection_y_coordinate"}


def _placed(
    product: xr.Dataset, records: xr.Dataset, place: tuple[float | None, float | None]
) -> xr.Dataset:
    """Return the product with the tower's position and, where it is known, the CF projection."""
    for name, value in zip(("latitude", "longitude"), place, strict=True):
        known = records.attrs.get(name) if value is None else value
        if known is not None:
            product.attrs[name] = float(known)
    if not {"latitude", "longitude"} <= set(product.attrs):
        return product
    # The same frame as fluxscape.footprint.vector.local_crs.
    product["crs"] = (
        (),
        np.int32(0),
        {
            "grid_mapping_name": "azimuthal_equidistant",
            "latitude_of_projection_origin": product.attrs["latitude"],
            "longitude_of_projection_origin": product.attrs["longitude"],
            "false_easting": 0.0,
            "false_northing": 0.0,
            "reference_ellipsoid_name": "WGS 84",
            "horizontal_datum_name": "World Geodetic System 1984",
            "semi_major_axis": 6_378_137.0,
            "inverse_flattening": 298.257_223_563,
        },
    )
    product["footprint"].attrs["grid_mapping"] = "crs"
    return product


def _record_variables(made: Prepared, captured: Floats) -> dict[str, tuple[Any, ...]]:
    """Return what is kept of every record."""
    used = made.screening.used
    shares, peaks = (np.full(used.size, np.nan, dtype=np.float32) for _ in range(2))
    shares[used] = captured
    peaks[used] = peak_distances(made.table)
    codes = np.arange(-1, len(made.screening.reasons) + 1, dtype=np.int8)
    return {
        "record_status": (
            ("time",),
            made.screening.status,
            {
                "long_name": "fate of the record",
                "flag_values": codes,
                "flag_meanings": " ".join(("filtered", "used", *made.screening.reasons)),
            },
        ),
        "record_filled": (
            ("time",),
            _filled_bits(made.inputs),
            {
                "long_name": "inputs of the record that were missing and are estimated",
                "flag_masks": np.array([1 << i for i in range(len(FILLED_INPUTS))], dtype=np.int8),
                "flag_meanings": " ".join(FILLED_INPUTS),
            },
        ),
        "record_stability": (
            ("time",),
            _stability(made.inputs),
            {"units": "1", "long_name": "(z - d) / L, measured or estimated"},
        ),
        "record_captured_fraction": (
            ("time",),
            shares,
            {"units": "1", "long_name": "share of the record's flux that arises on the grid"},
        ),
        "record_peak_distance": (
            ("time",),
            peaks,
            {"units": "m", "long_name": "distance of the crosswind-integrated peak"},
        ),
    }


def _stability(inputs: RecordInputs) -> NDArray[np.float32]:
    """Return the stability [1] of every record; NaN where it is unknown."""
    length = inputs.values["obukhov_length"]
    # Lengths below a tenth of a millimetre are no measurement; dividing by them would overflow.
    known = np.where(np.abs(length) < 1e-4, np.nan, length)
    return np.asarray(inputs.values["height"] / known, dtype=np.float32)


def _filled_bits(inputs: RecordInputs) -> NDArray[np.int8]:
    """Return one bit for each of :data:`FILLED_INPUTS` that was filled, shape (time,)."""
    bits = np.zeros(inputs.count, dtype=np.int8)
    for i, name in enumerate(FILLED_INPUTS):
        if name in inputs.gaps:
            bits |= inputs.gaps[name].astype(np.int8) << np.int8(i)
    return bits


def _numbers(density: Floats, grid: Grid, table: Floats, captured: Floats) -> dict[str, Any]:
    """Return the numbers that describe the climatology as a whole."""
    x, y = grid.x, grid.y
    weights = table[:, _kernels.WEIGHT]
    row, column = np.unravel_index(int(np.argmax(density)), density.shape)
    mass = float(density.sum())
    centroid = [float("nan")] * 2
    if mass > 0.0:
        centroid = [
            float((density.sum(axis=0) * x).sum() / mass),
            float((density.sum(axis=1) * y).sum() / mass),
        ]
    return {
        "sum": mass * grid.cell_area,
        "captured_fraction": float(np.average(captured, weights=weights)),
        "x_peak": float(np.average(peak_distances(table), weights=weights)),
        "peak_xy": [float(x[column]), float(y[row])],
        "centroid_xy": centroid,
        "resolution": grid.resolution,
    }


def _facts(made: Prepared) -> dict[str, Any]:
    """Return what the product says of how it was made."""
    screening = made.screening
    return {
        "model": made.model.name,
        "model_provenance": made.model.provenance,
        "n_used": int(screening.used.sum()),
        "n_rejected": screening.n_rejected,
        "n_filtered": int((screening.status < 0).sum()),
        "rejected_by": json.dumps(screening.rejected_by),
        "n_filled": json.dumps(made.inputs.filled),
        "assumptions": json.dumps(made.inputs.assumptions),
        "measurement_height": made.geometry.measurement_height,
        "displacement_height": made.geometry.measurement_height - _median(made, "height"),
        "roughness_length": _median(made, "roughness_length"),
        "von_karman": made.von_karman,
        "weight": made.weight,
    }


def _median(made: Prepared, name: str) -> float:
    """Return the median of an input of the used records; NaN if none of them has it."""
    values = made.inputs.values[name][made.screening.used]
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def _status(records: xr.Dataset, inputs: RecordInputs) -> str:
    """Return the product's data status: that of the records, or mixed if inputs were filled."""
    status = str(records.attrs.get("data_status", "observed"))
    return "mixed" if inputs.filled and status == "observed" else status
