"""What each uncertain input moves: the climatology again with one thing changed at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.errors import FluxscapeError
from fluxscape.footprint.climatology import Progress, footprint_climatology
from fluxscape.footprint.geometry import SECTORS
from fluxscape.footprint.source_area import source_areas

Change = Callable[[xr.Dataset, dict[str, Any]], tuple[xr.Dataset, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Variation:
    """One change to the records or options of a run.

    Attributes
    ----------
    name, description
        Key and plain words.
    change
        From records and options to changed ones.
    """

    name: str
    description: str
    change: Change


def _scaled(name: str, factor: float) -> Change:
    """Return a change that multiplies a variable of the records, where they have it."""

    def change(records: xr.Dataset, options: dict[str, Any]) -> tuple[xr.Dataset, dict[str, Any]]:
        if name not in records:
            return records, options
        changed = records[name] * factor
        changed.attrs = records[name].attrs
        return records.assign({name: changed}), options

    return change


def _dropped(name: str) -> Change:
    """Return a change that takes a measured variable away, so that it is filled."""

    def change(records: xr.Dataset, options: dict[str, Any]) -> tuple[xr.Dataset, dict[str, Any]]:
        return records.drop_vars(name, errors="ignore"), options

    return change


def _geometry(**heights: Any) -> Change:
    """Return a change of heights; a function is given the base run's attributes."""

    def change(records: xr.Dataset, options: dict[str, Any]) -> tuple[xr.Dataset, dict[str, Any]]:
        base = options["base"]
        found = {k: v(base) if callable(v) else v for k, v in heights.items()}
        return records, options | found

    return change


def _roughness(factor: float) -> Change:
    """Return a change of the roughness length by a factor."""
    return _geometry(roughness_length=lambda base: factor * base["roughness_length"])


VARIATIONS: Final = (
    Variation("roughness_halved", "roughness length x 0.5", _roughness(0.5)),
    Variation("roughness_doubled", "roughness length x 2", _roughness(2.0)),
    Variation(
        "roughness_fitted",
        "roughness length fitted by wind direction",
        _geometry(roughness_length=SECTORS),
    ),
    Variation(
        "displacement_up",
        "displacement height 20 % larger",
        _geometry(displacement_height=lambda base: 1.2 * base["displacement_height"]),
    ),
    Variation(
        "boundary_layer_halved",
        "boundary-layer height x 0.5",
        _scaled("boundary_layer_height", 0.5),
    ),
    Variation(
        "boundary_layer_filled",
        "boundary-layer height estimated",
        _dropped("boundary_layer_height"),
    ),
    Variation("sigma_v_up", "sigma_v 20 % larger", _scaled("lateral_velocity_std", 1.2)),
    Variation(
        "sigma_v_filled",
        "sigma_v estimated from u* and stability",
        _dropped("lateral_velocity_std"),
    ),
    Variation("friction_velocity_up", "u* 10 % larger", _scaled("friction_velocity", 1.1)),
    Variation("von_karman_0_41", "von Karman constant 0.41", _geometry(von_karman=0.41)),
)
"""The changes tried, one at a time."""

METRICS: Final = ("x_peak", "x_80", "area80_m2", "captured_fraction")
"""Numbers whose relative change is given."""


def input_sensitivity(
    records: xr.Dataset,
    *,
    on_progress: Progress | None = None,
    **options: Any,
) -> dict[str, dict[str, Any]]:
    """Return the base run's numbers and how much each variation moves them.

    Parameters
    ----------
    records
        As :func:`fluxscape.footprint.footprint_climatology` takes them.
    on_progress
        Called as ``on_progress(fraction, message)``.
    **options
        Further arguments of :func:`fluxscape.footprint.footprint_climatology`.

    Returns
    -------
    dict
        ``base`` with ``x_peak``, ``x_80`` (farthest point of the 80 % source area [m]),
        ``area80_m2``, ``captured_fraction``, ``n_used``; and for each variation the relative
        change of these, ``centroid_shift`` [m] and ``description``, or an ``error``.
    """
    base = footprint_climatology(records, **options)
    numbers = _numbers(base)
    results: dict[str, dict[str, Any]] = {"base": numbers}
    # The grid stays that of the base run, however it was chosen.
    fixed = options | {
        "resolution": float(base.attrs["resolution"]),
        "bounds": tuple(float(base[dim][end]) for dim in ("x", "y") for end in (0, -1)),
    }
    for i, variation in enumerate(VARIATIONS):
        if on_progress is not None:
            on_progress(i / len(VARIATIONS), variation.description)
        row: dict[str, Any] = {"description": variation.description}
        changed, arguments = variation.change(records, fixed | {"base": base.attrs})
        arguments.pop("base")
        try:
            field = footprint_climatology(changed, **arguments)
        except FluxscapeError as error:
            # A variation may be impossible for a site; its row says why.
            results[variation.name] = row | {"error": str(error)}
            continue
        other = _numbers(field)
        row |= {name: other[name] / numbers[name] - 1.0 for name in METRICS}
        row["n_used"] = other["n_used"]
        shift = np.subtract(field.attrs["centroid_xy"], base.attrs["centroid_xy"])
        row["centroid_shift"] = float(np.hypot(*shift))
        results[variation.name] = row
    if on_progress is not None:
        on_progress(1.0, "done")
    return results


def _numbers(climatology: xr.Dataset) -> dict[str, float]:
    """Return the numbers that variations are judged by; NaN where 80 % is out of reach."""
    (area,) = source_areas(climatology, (0.8,))
    far = max((float(np.hypot(*ring.T).max()) for ring in area.rings), default=float("nan"))
    return {
        "x_peak": float(climatology.attrs["x_peak"]),
        "x_80": far,
        "area80_m2": area.area,
        "captured_fraction": float(climatology.attrs["captured_fraction"]),
        "n_used": int(climatology.attrs["n_used"]),
    }
