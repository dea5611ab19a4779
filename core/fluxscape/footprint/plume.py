"""The one shape that all four footprint models share, in plain Python.

Crosswind integrated, each of them is an inverse gamma density over the upwind distance x,

    F(x) = A (x - d)^-p exp(-c / (x - d)),   x > d,                                  [m-1]

with total M = A c^(1-p) Gamma(p-1), and across the wind a Gaussian of spread sigma_y(x), so that

    f(x, y) = F(x) exp(-y^2 / (2 sigma_y^2)) / (sqrt(2 pi) sigma_y).                 [m-2]

A model is therefore a function from one half-hour's turbulence to the seven numbers of
:class:`Plume`, and everything else - peak, distances, densities, climatologies - is written once.

The spread grows as sigma_y = s x^q, reduced by what the model's kind of saturation says.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from fluxscape.footprint._gamma import inverse_upper_gamma_share, upper_gamma_share

POWER: Final = 0
"""sigma_y = s x^q."""

ROOT_LINEAR: Final = 1
"""sigma_y = s x / sqrt(1 + g x): Kljun et al. 2015, Eq. 19."""

DRAXLER: Final = 2
"""sigma_y = s x^q / (1 + sqrt(g x^q)): Draxler 1976 with a Lagrangian time scale."""

NEGLIGIBLE_DECAY: Final = 36.0
"""Where c / (x - d) exceeds this, F is below 1e-11 of its peak for every p of the models."""


class Plume(NamedTuple):
    """One half-hour's footprint in wind coordinates; lengths in metres.

    Attributes
    ----------
    log_amplitude
        ln A.
    exponent, decay, shift
        p, c and d.
    spread_scale, spread_exponent, saturation
        s, q and g.
    """

    log_amplitude: float
    exponent: float
    decay: float
    shift: float
    spread_scale: float
    spread_exponent: float
    saturation: float


NO_PLUME: Final = Plume(*(math.nan,) * 7)
"""What a model gives where its equations have no solution."""


def total(plume: Plume) -> float:
    """Return the integral of F over all distances: 1, or 1.0016 for the fit of Kljun et al."""
    p, c = plume.exponent, plume.decay
    return math.exp(plume.log_amplitude + (1.0 - p) * math.log(c) + math.lgamma(p - 1.0))


def peak_distance(plume: Plume) -> float:
    """Return the distance [m] at which F is largest: d + c / p."""
    return plume.shift + plume.decay / plume.exponent


def share_within(plume: Plume, distance: float) -> float:
    """Return the absolute share of the flux that arises nearer than ``distance`` [m]."""
    if distance <= plume.shift:
        return 0.0
    x = plume.decay / (distance - plume.shift)
    return total(plume) * upper_gamma_share(plume.exponent - 1.0, x)


def distance_of_share(plume: Plume, share: float) -> float:
    """Return the distance [m] within which the absolute ``share`` of the flux arises."""
    x = inverse_upper_gamma_share(plume.exponent - 1.0, share / total(plume))
    return plume.shift + plume.decay / x if x > 0.0 else math.inf


def crosswind_integrated(plume: Plume, distance: float) -> float:
    """Return F [m-1] at an upwind distance [m]."""
    x = distance - plume.shift
    if x <= 0.0:
        return 0.0
    return math.exp(plume.log_amplitude - plume.exponent * math.log(x) - plume.decay / x)


def spread(plume: Plume, kind: int, distance: float) -> float:
    """Return sigma_y [m] at an upwind distance [m] > 0."""
    power = math.pow(distance, plume.spread_exponent)
    if kind == ROOT_LINEAR:
        return plume.spread_scale * power / math.sqrt(1.0 + plume.saturation * distance)
    if kind == DRAXLER:
        return plume.spread_scale * power / (1.0 + math.sqrt(plume.saturation * power))
    return plume.spread_scale * power


def spread_slope(plume: Plume, kind: int, distance: float) -> float:
    """Return d ln(sigma_y) / d ln(x) [1] at an upwind distance [m] > 0."""
    if kind == ROOT_LINEAR:
        reduced = plume.saturation * distance
        return plume.spread_exponent - 0.5 * reduced / (1.0 + reduced)
    if kind == DRAXLER:
        root = math.sqrt(plume.saturation * math.pow(distance, plume.spread_exponent))
        return plume.spread_exponent * (1.0 - 0.5 * root / (1.0 + root))
    return plume.spread_exponent


def density(plume: Plume, kind: int, distance: float, offset: float) -> float:
    """Return f [m-2] at an upwind distance and a crosswind offset [m]."""
    if distance <= max(plume.shift, 0.0):
        return 0.0
    sigma = spread(plume, kind, distance)
    gauss = math.exp(-0.5 * (offset / sigma) ** 2) / (math.sqrt(2.0 * math.pi) * sigma)
    return crosswind_integrated(plume, distance) * gauss


def axis_peak_distance(plume: Plume, kind: int) -> float:
    """Return the distance [m] at which f is largest on the plume's axis, by bisection."""
    low, high = plume.shift, peak_distance(plume)
    for _ in range(200):
        x = 0.5 * (low + high)
        if x in (low, high):
            break
        inner = x - plume.shift
        slope = (plume.decay / inner - plume.exponent) / inner - spread_slope(plume, kind, x) / x
        low, high = (x, high) if slope > 0.0 else (low, x)
    return 0.5 * (low + high)
