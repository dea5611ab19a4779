"""The grid of a column: layers from the ground up, with the air that each of them holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from fluxscape.constants import (
    GAS_CONSTANT,
    GRAVITY,
    MOLAR_MASS_DRY_AIR,
    STANDARD_PRESSURE,
    ZERO_CELSIUS,
)
from fluxscape.errors import DimsError, OutOfBoundsError

Floats = NDArray[np.float64]

LAPSE_RATE: Final = 0.0065
"""Fall of temperature with height [K m-1], ISO 2533:1975, for the density of air only."""

FEWEST_LAYERS: Final = 3


@dataclass(frozen=True)
class ColumnGrid:
    """Layers of a column.

    Attributes
    ----------
    faces
        Heights of the faces above the displacement height [m], the first 0, shape (layer + 1,).
    air_amount
        Dry air in each layer [mol m-2], shape (layer,).

    Raises
    ------
    DimsError
        If faces are not one-dimensional, not increasing, or do not fit the amounts.
    OutOfBoundsError
        If the first face is not 0, or an amount not positive.
    """

    faces: Floats
    air_amount: Floats

    def __post_init__(self) -> None:
        faces = np.ascontiguousarray(self.faces, np.float64)
        amount = np.ascontiguousarray(self.air_amount, np.float64)
        if faces.ndim != 1 or faces.size < FEWEST_LAYERS + 1 or amount.shape != (faces.size - 1,):
            msg = (
                f"a column needs {FEWEST_LAYERS} or more layers with one face more than amounts of "
                f"air, got {faces.shape} faces and {amount.shape} amounts"
            )
            raise DimsError(msg)
        check_heights(faces, "faces of the column")
        if faces[0] != 0.0:
            msg = f"the lowest face of a column must be at 0 m, got {faces[0]:g} m"
            raise OutOfBoundsError(msg, got=float(faces[0]))
        bad = ~(np.isfinite(amount) & (amount > 0.0))
        if bad.any():
            at = int(np.argmax(bad))
            msg = (
                f"layer {at} of the column holds {amount[at]:g} mol m-2 of air; wanted more than 0"
            )
            raise OutOfBoundsError(msg, layer=at, got=float(amount[at]))
        object.__setattr__(self, "faces", faces)
        object.__setattr__(self, "air_amount", amount)

    @property
    def layers(self) -> int:
        """Number of layers."""
        return int(self.air_amount.size)

    @property
    def thickness(self) -> Floats:
        """Thickness of the layers [m], shape (layer,)."""
        return np.diff(self.faces)

    @property
    def centres(self) -> Floats:
        """Heights of the centres of the layers [m], shape (layer,)."""
        return 0.5 * (self.faces[1:] + self.faces[:-1])

    @property
    def top(self) -> float:
        """Height of the uppermost face [m]."""
        return float(self.faces[-1])

    @property
    def air_density(self) -> Floats:
        """Molar density of the layers [mol m-3], shape (layer,)."""
        return np.asarray(self.air_amount / self.thickness)

    @property
    def face_density(self) -> Floats:
        """Molar density at the upper face of each layer [mol m-3], shape (layer,)."""
        density = self.air_density
        return np.append(0.5 * (density[1:] + density[:-1]), density[-1])


def check_heights(heights: Floats, what: str) -> None:
    """Raise DimsError or OutOfBoundsError unless heights [m] are finite and increase strictly."""
    bad = ~np.isfinite(heights)
    if bad.any():
        at = int(np.argmax(bad))
        msg = f"{what}: height {heights[at]} at position {at} is no number"
        raise OutOfBoundsError(msg, position=at)
    steps = np.diff(heights)
    if steps.size and steps.min() <= 0.0:
        at = int(np.argmin(steps > 0.0))
        msg = (
            f"{what} must increase strictly, but {heights[at + 1]:g} m follows {heights[at]:g} m "
            f"at position {at + 1}"
        )
        raise DimsError(msg, position=at + 1)


def stretched_grid(
    layers: int = 40,
    first: float = 10.0,
    top: float = 3000.0,
    *,
    surface_pressure: float = STANDARD_PRESSURE,
    surface_temperature: float = ZERO_CELSIUS + 15.0,
) -> ColumnGrid:
    """Return a grid whose layers thicken upwards by a constant ratio, with the air they hold.

    The amount of air of a layer is the fall of hydrostatic pressure across it over g and the molar
    mass of air, with a temperature that falls by 6.5 K km-1.

    Parameters
    ----------
    layers
        Number of layers.
    first, top
        Thickness of the lowest layer and height of the column [m].
    surface_pressure
        [Pa].
    surface_temperature
        [K].

    Raises
    ------
    OutOfBoundsError
        If ``first`` or ``top`` cannot be met with this number of layers.
    """
    if not (layers >= FEWEST_LAYERS and first > 0.0 and first * layers <= top < math.inf):
        msg = (
            f"{layers} layers from {first:g} m on cannot make a column of {top:g} m: wanted "
            f"{FEWEST_LAYERS} or more layers and 0 < layers x first <= top"
        )
        raise OutOfBoundsError(msg)
    return grid_from_faces(
        _stretched_faces(layers, first, top),
        surface_pressure=surface_pressure,
        surface_temperature=surface_temperature,
    )


def _stretched_faces(layers: int, first: float, top: float) -> Floats:
    """Return faces with the constant ratio of thicknesses that ends at ``top``."""
    if math.isclose(first * layers, top):
        return np.linspace(0.0, top, layers + 1)

    def excess(ratio: float) -> float:
        return first * math.expm1(layers * math.log(ratio)) / (ratio - 1.0) - top

    ratio = float(brentq(excess, 1.0 + 1e-9, 1.0 + (top / first) ** (1.0 / (layers - 1.0)) + 1.0))
    faces = np.concatenate([[0.0], np.cumsum(first * ratio ** np.arange(layers))])
    faces[-1] = top
    return faces


def grid_from_faces(
    faces: Floats,
    *,
    surface_pressure: float = STANDARD_PRESSURE,
    surface_temperature: float = ZERO_CELSIUS + 15.0,
) -> ColumnGrid:
    """Return a grid with given faces [m] and hydrostatic amounts of air; errors as ColumnGrid."""
    if not (surface_pressure > 0.0 and surface_temperature > 0.0):
        msg = (
            f"pressure and temperature at the ground must be positive, got {surface_pressure:g} Pa "
            f"and {surface_temperature:g} K"
        )
        raise OutOfBoundsError(msg)
    faces = np.asarray(faces, np.float64)
    share = 1.0 - LAPSE_RATE * faces / surface_temperature
    exponent = GRAVITY * MOLAR_MASS_DRY_AIR / (GAS_CONSTANT * LAPSE_RATE)
    pressure = surface_pressure * np.where(share > 0.0, share, np.nan) ** exponent
    return ColumnGrid(faces, -np.diff(pressure) / (GRAVITY * MOLAR_MASS_DRY_AIR))


def uniform_grid(layers: int, top: float, *, air_density: float = 1.0) -> ColumnGrid:
    """Return equal layers of air of one density [mol m-3], as closed forms have them."""
    faces = np.linspace(0.0, top, layers + 1)
    return ColumnGrid(faces, np.diff(faces) * air_density)


def molar_density(air_pressure: float, air_temperature: float) -> float:
    """Return the molar density of air [mol m-3] at a pressure [Pa] and temperature [K].

    A flux F [umol m-2 s-1] is a kinematic flux F / n [umol mol-1 m s-1].

    >>> round(molar_density(101325.0, 293.15), 3)
    41.571
    """
    return air_pressure / (GAS_CONSTANT * air_temperature)
