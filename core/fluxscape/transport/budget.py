"""The budget of a well-mixed boundary layer: a slab forwards, and its exact inverse.

With depth h, mole fraction C, air above at C_above, air density n, vertical velocity w of the air
at h and surface flux F,

    h dC/dt = F / n + (C_above - C) (dh/dt - w) + h advection      while dh/dt > w (entrainment)
    h dC/dt = F / n + h advection                                  else: air is left behind

so that F follows from C at the ends of a step. In each step h changes at a constant rate, and
C_above and F are held; both directions then have the same closed form, and the inverse returns the
flux that the slab was run with to rounding. Tennekes 1973 (slab),
doi:10.1175/1520-0469(1973)030<0558:AMFTDO>2.0.CO;2; budget of the convective boundary layer:
Wofsy et al. 1988, doi:10.1029/JD093iD02p01377; Raupach et al. 1992, Tellus B 44, 22.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluxscape.errors import DimsError, OutOfBoundsError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SlabAir:
    """What surrounds a slab; arrays are checked when made.

    Attributes
    ----------
    depth
        Height of the boundary layer at the bounds of steps [m], shape (time + 1,).
    above
        Mole fraction of the air above in each step [umol mol-1], shape (time,).
    step_seconds
        Length of a step [s].
    air_density
        Molar density of the slab [mol m-3].
    vertical_velocity
        Of the air at the top of the slab, upwards [m s-1], shape (time,).
    advection
        Tendency by horizontal wind [umol mol-1 s-1], shape (time,).
    fossil
        Known surface flux other than the one sought, upwards [umol m-2 s-1], shape (time,).

    Raises
    ------
    DimsError
        If shapes do not agree.
    OutOfBoundsError
        If a depth, the density or the step are not positive, or a value is no number.
    """

    depth: Floats
    above: Floats
    step_seconds: float
    air_density: float
    vertical_velocity: Floats | None = None
    advection: Floats | None = None
    fossil: Floats | None = None

    def __post_init__(self) -> None:
        depth = np.asarray(self.depth, np.float64)
        if depth.ndim != 1 or depth.size < 2:
            msg = f"the depth of a slab needs two or more values over time, got shape {depth.shape}"
            raise DimsError(msg)
        bad = ~(np.isfinite(depth) & (depth > 0.0))
        if bad.any():
            at = int(np.argmax(bad))
            msg = f"the slab is {depth[at]:g} m deep at position {at}; wanted more than 0 m"
            raise OutOfBoundsError(msg, position=at, got=float(depth[at]))
        for name, value in (("step_seconds", self.step_seconds), ("density", self.air_density)):
            if not value > 0.0:
                msg = f"{name} of a slab must be positive, got {value}"
                raise OutOfBoundsError(msg, got=value)
        object.__setattr__(self, "depth", depth)
        for name in ("above", "vertical_velocity", "advection", "fossil"):
            object.__setattr__(self, name, _series(getattr(self, name), depth.size - 1, name))

    def weights(self) -> tuple[Floats, Floats, Floats]:
        """Return what C' = keep C + rise (F / n + h advection) + mix C_above takes, (time,) each.

        While the slab entrains, X = h (C - C_above) obeys dX/dt = F/n + w X/h + h advection; w/h is
        held at its value in the middle of the step. Else C rises by the integral of dt/h.
        """
        before, after = self.depth[:-1], self.depth[1:]
        dt = self.step_seconds
        middle = 0.5 * (before + after)
        velocity = np.asarray(self.vertical_velocity)
        entrains = (after - before) / dt > velocity
        exponent = velocity / middle * dt
        growth = np.exp(exponent)
        mean_growth = np.where(
            np.abs(exponent) < 1e-8, 1.0 + 0.5 * exponent, np.expm1(exponent) / _nonzero(exponent)
        )
        keep = np.where(entrains, growth * before / after, 1.0)
        relative = (after - before) / before
        mean_inverse = np.where(
            np.abs(relative) < 1e-8,
            1.0 / middle,
            np.log1p(relative) / _nonzero(after - before),
        )
        rise = np.where(entrains, mean_growth / after, mean_inverse) * dt
        return keep, rise, 1.0 - keep


def _nonzero(values: Floats) -> Floats:
    return np.where(values == 0.0, 1.0, values)


def _series(values: Floats | None, size: int, name: str) -> Floats:
    """Return values of each step, zeros where there are none."""
    array = np.zeros(size) if values is None else np.asarray(values, np.float64)
    if array.shape != (size,):
        msg = f"{name} of a slab has shape {array.shape}, wanted ({size},)"
        raise DimsError(msg)
    if not np.isfinite(array).all():
        at = int(np.argmin(np.isfinite(array)))
        msg = f"{name} of a slab is no number at position {at}"
        raise OutOfBoundsError(msg, position=at)
    return array


def run_slab(air: SlabAir, flux: Floats, initial: float) -> Floats:
    """Return the mole fraction of a slab at the bounds of steps [umol mol-1], shape (time + 1,).

    Parameters
    ----------
    air
        What surrounds the slab.
    flux
        Surface flux, upwards [umol m-2 s-1], shape (time,).
    initial
        First mole fraction [umol mol-1].

    Raises
    ------
    DimsError, OutOfBoundsError
        If the flux has another shape or a value is no number.
    """
    keep, rise, mix = air.weights()
    forced = _forcing(air, _series(flux, keep.size, "flux"))
    out = np.empty(keep.size + 1)
    out[0] = initial
    above = np.asarray(air.above)
    for t in range(keep.size):
        out[t + 1] = keep[t] * out[t] + rise[t] * forced[t] + mix[t] * above[t]
    return out


def _forcing(air: SlabAir, flux: Floats) -> Floats:
    """Return F / n + h advection [umol mol-1 m s-1]."""
    middle = 0.5 * (air.depth[:-1] + air.depth[1:])
    known = flux + np.asarray(air.fossil)
    return np.asarray(known / air.air_density + middle * np.asarray(air.advection))


def slab_flux(air: SlabAir, mole_fraction: Floats) -> Floats:
    """Return the surface flux [umol m-2 s-1] of each step: the exact inverse of :func:`run_slab`.

    Parameters
    ----------
    air
        What surrounds the slab.
    mole_fraction
        At the bounds of steps [umol mol-1], shape (time + 1,).

    Raises
    ------
    DimsError, OutOfBoundsError
        If the mole fraction has another shape or a value is no number.
    """
    C = _series(mole_fraction, air.depth.size, "mole fraction")
    keep, rise, mix = air.weights()
    forced = (C[1:] - keep * C[:-1] - mix * np.asarray(air.above)) / rise
    middle = 0.5 * (air.depth[:-1] + air.depth[1:])
    flux = (forced - middle * np.asarray(air.advection)) * air.air_density
    return np.asarray(flux - np.asarray(air.fossil))


@dataclass(frozen=True)
class BudgetTerms:
    """Terms of the boundary-layer budget [umol m-2 s-1], shape (time,) each.

    Attributes
    ----------
    storage
        n h dC/dt.
    entrainment
        n (C_above - C) (dh/dt - w) into the slab.
    advection
        n h times the horizontal tendency.
    fossil
        Known surface flux.
    flux
        Surface flux sought: storage - entrainment - advection - fossil.
    """

    storage: Floats
    entrainment: Floats
    advection: Floats
    fossil: Floats
    flux: Floats


def boundary_layer_budget(air: SlabAir, mole_fraction: Floats) -> BudgetTerms:
    """Return the surface flux of a slab with every term of its budget.

    Parameters
    ----------
    air
        What surrounds the slab.
    mole_fraction
        At the bounds of steps [umol mol-1], shape (time + 1,).

    Raises
    ------
    DimsError, OutOfBoundsError
        As :func:`slab_flux`.
    """
    flux = slab_flux(air, mole_fraction)
    C = np.asarray(mole_fraction, np.float64)
    middle = 0.5 * (air.depth[:-1] + air.depth[1:])
    storage = air.air_density * middle * np.diff(C) / air.step_seconds
    advection = air.air_density * middle * np.asarray(air.advection)
    fossil = np.asarray(air.fossil)
    return BudgetTerms(storage, storage - flux - advection - fossil, advection, fossil, flux)
