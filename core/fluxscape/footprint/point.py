"""Distances of one half-hour's footprint, in plain Python so that the calculator starts at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from fluxscape.constants import VON_KARMAN
from fluxscape.errors import MissingVariableError, OutOfBoundsError
from fluxscape.footprint.fsam import distances_fsam
from fluxscape.footprint.model import FootprintModel
from fluxscape.footprint.models import DISTANCES_ONLY, find_model
from fluxscape.footprint.plume import (
    Plume,
    axis_peak_distance,
    distance_of_share,
    peak_distance,
    total,
)
from fluxscape.footprint.rules import NO_SOLUTION, quantities

SHARES: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Shares of the flux for which distances are given."""

INPUTS: Final = (
    "height",
    "roughness_length",
    "wind_speed",
    "friction_velocity",
    "obukhov_length",
    "lateral_velocity_std",
    "boundary_layer_height",
)
"""Inputs of a plume function, in its order; the von Karman constant follows them."""


def point_footprint(
    model: str,
    *,
    height: float,
    friction_velocity: float,
    obukhov_length: float,
    lateral_velocity_std: float = math.nan,
    roughness_length: float = math.nan,
    wind_speed: float = math.nan,
    boundary_layer_height: float = math.nan,
    von_karman: float = VON_KARMAN,
) -> dict[str, Any]:
    """Return the distances of the footprint of one half-hour.

    Parameters
    ----------
    model
        A key of :data:`fluxscape.footprint.models.MODELS`, of its variants, or ``fsam`` for the
        form of Horst and Weil 1994.
    height
        Height of the instrument above the displacement height [m].
    friction_velocity, wind_speed, lateral_velocity_std
        u*, mean wind at the instrument, sigma_v [m s-1].
    obukhov_length, roughness_length, boundary_layer_height
        [m]. FFP takes the roughness length where it is given and the wind speed otherwise;
        the Eulerian models prefer the wind speed.
    von_karman
        [1].

    Returns
    -------
    dict
        ``x_peak`` [m], where the crosswind-integrated footprint peaks; ``x_10`` ... ``x_90`` [m],
        the exact distances within which that share of the flux arises, in per cent of the whole
        flux; ``x_peak_axis`` [m], where the two-dimensional footprint peaks; ``total``, its
        integral; for FFP ``x_10_paper_eq25`` ..., the closed form of the paper, about 1 % shorter;
        ``valid`` and ``violations``, the rules of the model that the inputs break.

    Raises
    ------
    MissingVariableError, OutOfBoundsError
        If an input is absent, not finite, or leaves the equations without a solution.
    """
    given = (
        height,
        roughness_length,
        wind_speed,
        friction_velocity,
        obukhov_length,
        lateral_velocity_std,
        boundary_layer_height,
    )
    inputs = {name: float(value) for name, value in zip(INPUTS, given, strict=True)}
    if model == DISTANCES_ONLY:
        return _fsam(inputs, float(von_karman))
    chosen = find_model(model)
    plume = solve_plume(chosen, inputs, float(von_karman))
    result: dict[str, Any] = {
        "model": chosen.name,
        "provenance": chosen.provenance,
        "x_peak": peak_distance(plume),
    }
    result |= {f"x_{round(100 * share)}": distance_of_share(plume, share) for share in SHARES}
    if math.isfinite(plume.spread_scale):
        result["x_peak_axis"] = axis_peak_distance(plume, chosen.spread_kind)
    result["total"] = total(plume)
    result["distance_convention"] = "exact quantile of the crosswind-integrated footprint"
    if chosen.paper_distance is not None:
        for share in SHARES:
            result[f"x_{round(100 * share)}_paper_eq25"] = chosen.paper_distance(plume, share)
    result["violations"] = _violations(chosen, inputs)
    result["valid"] = not result["violations"]
    return result


def solve_plume(model: FootprintModel, inputs: Mapping[str, float], von_karman: float) -> Plume:
    """Return the plume of one record or raise an error that names the input at fault.

    Parameters
    ----------
    model
        Whose equations to solve.
    inputs
        All of :data:`INPUTS`; NaN where unknown.
    von_karman
        [1].
    """
    needed = [name for name in model.needs if name in inputs and name != "lateral_velocity_std"]
    for name in ("height", *needed):
        if math.isnan(inputs[name]):
            msg = f"model {model.name!r} needs {name}"
            raise MissingVariableError(msg, variable=name, model=model.name)
    if all(math.isnan(inputs[name]) for name in model.profile_inputs):
        msg = f"model {model.name!r} needs {' or '.join(model.profile_inputs)}"
        raise MissingVariableError(msg, variable=model.profile_inputs[0], model=model.name)
    for name, value in inputs.items():
        if math.isinf(value) or (value <= 0.0 and name != "obukhov_length") or value == 0.0:
            wanted = "not zero" if name == "obukhov_length" else "positive"
            msg = f"{name} must be finite and {wanted}, got {value:g}"
            raise OutOfBoundsError(msg, variable=name, got=value)
    plume = model.plume(
        inputs["height"],
        inputs["roughness_length"],
        inputs["wind_speed"],
        inputs["friction_velocity"],
        inputs["obukhov_length"],
        inputs["lateral_velocity_std"],
        inputs["boundary_layer_height"],
        von_karman,
    )
    if math.isnan(plume.log_amplitude):
        msg = f"model {model.name!r} has no solution for these inputs ({NO_SOLUTION})"
        raise OutOfBoundsError(msg, model=model.name)
    return plume


def _fsam(inputs: Mapping[str, float], von_karman: float) -> dict[str, Any]:
    """Return the distances of the form of Horst and Weil 1994."""
    for name in ("height", "roughness_length", "obukhov_length"):
        value = inputs[name]
        if not math.isfinite(value) or value == 0.0 or (value < 0.0 and name != "obukhov_length"):
            msg = f"model {DISTANCES_ONLY!r} needs {name}, got {value:g}"
            raise OutOfBoundsError(msg, variable=name, got=value)
    return {
        "model": DISTANCES_ONLY,
        "provenance": "published form, summed numerically",
        **distances_fsam(
            height=inputs["height"],
            roughness=inputs["roughness_length"],
            obukhov_length=inputs["obukhov_length"],
            shares=SHARES,
            von_karman=von_karman,
        ),
    }


def _violations(model: FootprintModel, inputs: Mapping[str, float]) -> list[str]:
    """Return the reasons of the rules that the inputs break; absent inputs break none."""
    values = quantities(inputs)
    broken = []
    for rule in model.rules:
        value = values.get(rule.quantity, math.nan)
        if not math.isnan(value) and not rule.holds(value):
            broken.append(rule.reason)
    return broken
