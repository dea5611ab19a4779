"""The labelled dataset of a climatology and what it says of how it was made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.contracts import provenance
from fluxscape.footprint import _kernels
from fluxscape.footprint.domain import fitting_extent, fitting_resolution, peak_distances
from fluxscape.footprint.geometry import Geometry
from fluxscape.footprint.grid import Grid
from fluxscape.footprint.inputs import RecordInputs
from fluxscape.footprint.model import FootprintModel
from fluxscape.footprint.screening import Screening

Floats = NDArray[np.float64]


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
    def fitting_resolution(self) -> float:
        """Cell size [m] that resolves the near peaks."""
        return fitting_resolution(self.table, self.model.spread_kind)

    def fitting_extent(self, resolution: float) -> float:
        """Return the half-width [m] that holds most of the nights."""
        stable = self.inputs.values["obukhov_length"][self.screening.used] > 0.0
        return fitting_extent(self.table, stable, resolution)


def label_climatology(
    density: Floats,
    grid: Grid,
    records: xr.Dataset,
    made: Prepared,
    captured: Floats,
    *,
    smoothed: bool,
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
                {"units": "m", "axis": "X", "long_name": "distance east of the tower"},
            ),
            "y": (
                "y",
                grid.y,
                {"units": "m", "axis": "Y", "long_name": "distance north of the tower"},
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
    for name, value in zip(("latitude", "longitude"), place, strict=True):
        known = records.attrs.get(name) if value is None else value
        if known is not None:
            product.attrs[name] = float(known)
    for name in ("site", "input_file", "input_sha256"):
        if records.attrs.get(name):
            product.attrs[name] = records.attrs[name]
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
        "displacement_height": made.geometry.displacement_height,
        "roughness_length": made.geometry.roughness_length,
        "von_karman": made.von_karman,
        "weight": made.weight,
    }


def _status(records: xr.Dataset, inputs: RecordInputs) -> str:
    """Return the product's data status: that of the records, or mixed if inputs were filled."""
    status = str(records.attrs.get("data_status", "observed"))
    return "mixed" if inputs.filled and status == "observed" else status
