"""From surface fluxes to mixing: boundary-layer height, diffusivity, non-local exchange.

Stable, forced and free convection follow from friction velocity and sensible heat flux; the
formulas stand with the kernels, choices and sources in ``docs/methods/transport.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fluxscape.constants import VON_KARMAN
from fluxscape.errors import MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.meteorology.boundary_layer import coriolis_parameter
from fluxscape.parameters import ParameterSet, parameter
from fluxscape.transport import _kernels_mixing as kernels
from fluxscape.transport.grid import ColumnGrid
from fluxscape.transport.operator import Mixing, top_inflow

Floats = NDArray[np.float64]

SCHEMES: Final = {
    "local": kernels.LOCAL,
    "counter_gradient": kernels.COUNTER_GRADIENT,
    "asymmetric": kernels.ASYMMETRIC,
    "blackadar": kernels.BLACKADAR,
}
"""Schemes of convective mixing: K-profile alone; with counter-gradient flux (Holtslag and Boville
1993); with asymmetric plumes (Pleim 2007); direct exchange in free convection (Blackadar)."""

REGIMES: Final = ("stable", "forced convection or neutral", "free convection")
"""Meaning of the numbers of ``mixing_regime``."""

_ASSUMED: Final = "assumed; see docs/methods/transport.md"


@dataclass(frozen=True)
class MixingParameters(ParameterSet):
    """Parameters of mixing in a column."""

    diffusivity_scale: float = parameter(
        1.0,
        lower=0.05,
        upper=20.0,
        unit="1",
        source="1 by definition",
        description="Factor on all turbulent exchange below the top of the boundary layer",
        group="What if",
    )
    height_scale: float = parameter(
        1.0,
        lower=0.1,
        upper=5.0,
        unit="1",
        source="1 by definition",
        description="Factor on the height of the boundary layer",
        group="What if",
    )
    smallest_diffusivity: float = parameter(
        0.05,
        lower=0.0,
        upper=20.0,
        unit="m2 s-1",
        source=_ASSUMED,
        description="Diffusivity that remains everywhere, also above the boundary layer",
        group="Turbulence",
    )
    smallest_friction_velocity: float = parameter(
        0.05,
        lower=0.001,
        upper=0.5,
        unit="m s-1",
        source=_ASSUMED,
        description="Lower values are raised to this one and counted",
        group="Turbulence",
    )
    shortest_obukhov_length: float = parameter(
        2.0,
        lower=0.1,
        upper=100.0,
        unit="m",
        source=_ASSUMED,
        description="Shorter lengths of either sign are lengthened to this one and counted",
        group="Turbulence",
    )
    lapse_rate: float = parameter(
        0.006,
        lower=0.0005,
        upper=0.05,
        unit="K m-1",
        source=_ASSUMED + "; 6 K km-1 lies between the moist and the isothermal atmosphere",
        description="Rise of potential temperature above the boundary and residual layers",
        group="Boundary-layer height",
    )
    residual_lapse_rate: float = parameter(
        0.003,
        lower=0.0001,
        upper=0.05,
        unit="K m-1",
        source=_ASSUMED,
        description="Rise of potential temperature within the residual layer of the day before",
        group="Boundary-layer height",
    )
    collapse_seconds: float = parameter(
        1800.0,
        lower=60.0,
        upper=21600.0,
        unit="s",
        source=_ASSUMED,
        description="Time in which the layer collapses to its stable height, to 1/e",
        group="Boundary-layer height",
    )
    lowest_height: float = parameter(
        50.0,
        lower=10.0,
        upper=500.0,
        unit="m",
        source=_ASSUMED,
        description="The boundary layer is never lower",
        group="Boundary-layer height",
    )
    renewal_days: float = parameter(
        3.0,
        lower=0.05,
        upper=1000.0,
        unit="d",
        source=_ASSUMED + "; 1000 km of land at 4 m s-1",
        description="Time in which wind renews the air above the boundary layer from the "
        "background, to 1/e",
        group="Background",
    )


class Surface(NamedTuple):
    """What drives mixing, each of shape (time,) and without gaps.

    Attributes
    ----------
    friction_velocity
        [m s-1].
    obukhov_length
        [m].
    heat
        Kinematic heat flux, upwards [K m s-1].
    air_temperature
        [K].
    divergence
        Of the horizontal wind [s-1]; air sinks with -divergence x height.
    height
        Height of the boundary layer [m]; NaN where it is to be computed.
    """

    friction_velocity: Floats
    obukhov_length: Floats
    heat: Floats
    air_temperature: Floats
    divergence: Floats
    height: Floats


class Heights(NamedTuple):
    """The boundary layer through time, each of shape (time,).

    Attributes
    ----------
    height
        At the middle of each step [m].
    entrainment_velocity
        Of air from above [m s-1].
    convective_velocity
        [m s-1].
    regime
        Number of :data:`REGIMES`.
    steps_at_ceiling
        Steps in which the layer would have grown out of the column.
    """

    height: Floats
    entrainment_velocity: Floats
    convective_velocity: Floats
    regime: NDArray[np.int8]
    steps_at_ceiling: int


def scheme_number(scheme: str) -> int:
    """Return the kernel's number of a scheme; MissingVariableError if there is none."""
    if scheme not in SCHEMES:
        hint = did_you_mean(scheme, SCHEMES) or f" There are {', '.join(SCHEMES)}."
        msg = f"no scheme of mixing is called {scheme!r}.{hint}"
        raise MissingVariableError(msg, got=scheme)
    return SCHEMES[scheme]


def boundary_layer(
    surface: Surface,
    *,
    latitude: float,
    step_seconds: float,
    parameters: MixingParameters | None = None,
    ceiling: float = 3000.0,
) -> Heights:
    """Return growth, entrainment and collapse of the boundary layer.

    Parameters
    ----------
    surface
        What drives it.
    latitude
        [degrees north].
    step_seconds
        Length of a step [s].
    parameters
        Defaults when absent.
    ceiling
        The layer is kept below this height [m]; steps in which a computed one would leave it are
        counted, and what a scale makes higher is cut.

    Raises
    ------
    OutOfBoundsError
        If a given height reaches above the ceiling.
    """
    p = parameters or MixingParameters()
    given = surface.height
    if (given > ceiling).any():
        at = int(np.argmax(given > ceiling))
        msg = (
            f"boundary_layer_height {given[at]:.0f} m at step {at} reaches above {ceiling:.0f} m, "
            "where the column ends: give a higher column"
        )
        raise OutOfBoundsError(msg, step=at, got=float(given[at]))
    height, entrainment = np.empty_like(given), np.empty_like(given)
    limited = kernels.heights(
        surface.friction_velocity,
        surface.obukhov_length,
        surface.heat,
        surface.air_temperature,
        surface.divergence,
        surface.height * p.height_scale,
        float(step_seconds),
        coriolis_parameter(latitude),
        p.lapse_rate,
        p.residual_lapse_rate,
        p.collapse_seconds,
        p.lowest_height,
        ceiling / p.height_scale,
        height,
        entrainment,
    )
    computed = ~np.isfinite(surface.height)
    height[computed] *= p.height_scale
    height = np.clip(height, p.lowest_height, ceiling)
    convective = np.array(
        [
            kernels.convective_velocity(*row)
            for row in zip(height, surface.heat, surface.air_temperature, strict=True)
        ]
    )
    ratio = height / surface.obukhov_length
    regime = np.where(ratio > 0.01, kernels.STABLE, kernels.FORCED)
    regime[-ratio > kernels.FREE_CONVECTION] = kernels.FREE
    return Heights(height, entrainment, convective, regime.astype(np.int8), int(limited))


def mix_column(
    grid: ColumnGrid,
    surface: Surface,
    height: Floats,
    *,
    parameters: MixingParameters | None = None,
    scheme: str = "counter_gradient",
) -> Mixing:
    """Return what moves air in a column at each step.

    Parameters
    ----------
    grid
        Layers.
    surface
        What drives mixing.
    height
        Of the boundary layer [m], shape (time,).
    parameters
        Defaults when absent.
    scheme
        One of :data:`SCHEMES`.

    Raises
    ------
    MissingVariableError
        If there is no such scheme.
    """
    p = parameters or MixingParameters()
    number = scheme_number(scheme)
    shape = (height.size, grid.layers)
    conductance, counter, exchange = (np.empty(shape) for _ in range(3))
    centres = grid.centres
    kernels.mix_all(
        surface.friction_velocity,
        surface.obukhov_length,
        np.ascontiguousarray(height),
        surface.heat,
        surface.air_temperature,
        centres,
        np.log(centres),
        1.0 / np.diff(centres),
        grid.faces,
        grid.air_amount,
        p.smallest_diffusivity,
        p.diffusivity_scale,
        number,
        conductance,
        counter,
        exchange,
    )
    velocity = -surface.divergence[:, np.newaxis] * grid.faces[np.newaxis, 1:]
    inflow = above_share(grid, height) / (p.renewal_days * 86400.0)
    inflow[:, -1] += top_inflow(grid, velocity[:, -1])
    return Mixing(conductance, counter, exchange, number == kernels.BLACKADAR, velocity, inflow)


def above_share(grid: ColumnGrid, height: Floats) -> Floats:
    """Return the share of each layer above the boundary layer, shape (time, layer)."""
    upper = grid.faces[1:] - height[:, np.newaxis]
    return np.asarray(np.clip(upper / grid.thickness, 0.0, 1.0))


def diffusivity_profile(
    height_above: Floats, velocity_scale: float, boundary_layer_height: float
) -> Floats:
    """Return K = k w z (1 - z/h)^2 [m2 s-1], 0 above h.

    Parameters
    ----------
    height_above
        Height above the displacement height [m].
    velocity_scale
        Turbulent velocity scale of the tracer [m s-1].
    boundary_layer_height
        [m].

    Raises
    ------
    OutOfBoundsError
        If velocity scale or height of the layer are not positive.

    References
    ----------
    Troen and Mahrt 1986, doi:10.1007/BF00122760; Holtslag and Boville 1993.

    >>> float(diffusivity_profile(np.array(400.0), 1.2, 1200.0).round(4))
    85.3333
    """
    if not (velocity_scale >= 0.0 and boundary_layer_height > 0.0):
        msg = (
            "velocity scale must not be negative and the boundary layer must be deeper than 0 m, "
            f"got {velocity_scale} m s-1 and {boundary_layer_height} m"
        )
        raise OutOfBoundsError(msg)
    z = np.asarray(height_above, np.float64)
    shape = np.where(z < boundary_layer_height, (1.0 - z / boundary_layer_height) ** 2, 0.0)
    return np.asarray(VON_KARMAN * velocity_scale * z * shape)
