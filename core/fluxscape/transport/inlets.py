"""What an inlet at a height sees of a column: the surface layer's profile between centres.

Below the lowest centre, and between centres within the surface layer, mole fraction follows
Monin-Obukhov similarity, C(z) - C(z_0) = -F / (n k u*) [ln(z/z_0) - psi_h(z/L) + psi_h(z_0/L)];
further up it is straight between centres. All of it is linear in mole fractions and flux, so that
the adjoint of an observation is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluxscape.constants import VON_KARMAN
from fluxscape.errors import OutOfBoundsError
from fluxscape.transport import _kernels_mixing as kernels
from fluxscape.transport.grid import ColumnGrid, check_heights
from fluxscape.transport.mixing import MixingParameters, Surface

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Inlets:
    """Linear map from step means of a column to the mole fraction at inlets.

    Attributes
    ----------
    heights
        Above the displacement height [m], shape (level,).
    layer
        Layer at or below each inlet, shape (level,).
    upper_weight
        Weight of the layer above that one [1], shape (time, level).
    flux_weight
        Response to the surface flux of the step [umol mol-1 per umol m-2 s-1], shape (time, level).
    """

    heights: Floats
    layer: NDArray[np.int64]
    upper_weight: Floats
    flux_weight: Floats

    def observe(self, mean: Floats, flux: Floats) -> Floats:
        """Return mole fractions at the inlets.

        Parameters
        ----------
        mean
            Step means, shape (time, layer) or (time, layer, member).
        flux
            Surface flux [umol m-2 s-1], shape (time,) or (time, member).

        Returns
        -------
        ndarray
            Shape (time, level[, member]).
        """
        below, above = mean[:, self.layer], mean[:, self.layer + 1]
        extra = (np.newaxis,) * (mean.ndim - 2)
        weight = self.upper_weight[(..., *extra)]
        direct = self.flux_weight[(..., *extra)] * flux[:, np.newaxis]
        return np.asarray((1.0 - weight) * below + weight * above + direct)

    def transpose(self, weights: Floats, layers: int) -> tuple[Floats, Floats]:
        """Return weights of step means (time, layer) and of the flux (time,) for those of inlets.

        Parameters
        ----------
        weights
            Shape (time, level).
        layers
            Number of layers.
        """
        out = np.zeros((weights.shape[0], layers))
        for level, layer in enumerate(self.layer):
            out[:, layer] += (1.0 - self.upper_weight[:, level]) * weights[:, level]
            out[:, layer + 1] += self.upper_weight[:, level] * weights[:, level]
        return out, np.asarray((self.flux_weight * weights).sum(axis=1))


def make_inlets(
    grid: ColumnGrid,
    heights: Floats,
    surface: Surface,
    boundary_layer_height: Floats,
    parameters: MixingParameters | None = None,
) -> Inlets:
    """Return the map from a column to inlets.

    Parameters
    ----------
    grid
        Layers.
    heights
        Above the displacement height [m], increasing, shape (level,).
    surface
        What drives mixing.
    boundary_layer_height
        [m], shape (time,).
    parameters
        Of mixing; defaults when absent.

    Raises
    ------
    DimsError, OutOfBoundsError
        If heights do not increase or lie outside the column.
    """
    levels = np.atleast_1d(np.asarray(heights, np.float64))
    check_heights(levels, "heights of the inlets")
    centres = grid.centres
    outside = (levels <= 0.0) | (levels > centres[-1])
    if outside.any():
        at = int(np.argmax(outside))
        msg = (
            f"an inlet {levels[at]:g} m above the displacement height lies outside the column, "
            f"which reaches from 0 to {centres[-1]:g} m (centre of its last layer)"
        )
        raise OutOfBoundsError(msg, got=float(levels[at]))
    scale = (parameters or MixingParameters()).diffusivity_scale
    layer = np.clip(np.searchsorted(centres, levels, side="right") - 1, 0, grid.layers - 2)
    L = surface.obukhov_length
    shape = (L.size, levels.size)
    upper, direct = np.zeros(shape), np.zeros(shape)
    unstable = (L < 0.0) & (surface.heat > 0.0)
    top = np.where(unstable, kernels.SURFACE_SHARE, 1.0) * boundary_layer_height
    for column, (z, i) in enumerate(zip(levels, layer, strict=True)):
        if z < centres[0]:
            rise = _integral(centres[0], L) - _integral(float(z), L)
            conducting = grid.air_density[0] * VON_KARMAN * scale * surface.friction_velocity
            direct[:, column] = rise / conducting
            continue
        low, high = float(centres[i]), float(centres[i + 1])
        similar = (_integral(float(z), L) - _integral(low, L)) / (
            _integral(high, L) - _integral(low, L)
        )
        straight = (z - low) / (high - low)
        upper[:, column] = np.where(grid.faces[i + 1] < top, similar, straight)
    return Inlets(levels, layer, upper, direct)


def _integral(height: float, L: Floats) -> Floats:
    """Return ln z - psi_h(z / L) of each step."""
    stable = -kernels.STABLE_SLOPE * height / np.where(L > 0.0, L, np.inf)
    with np.errstate(invalid="ignore"):
        root = np.sqrt(1.0 - kernels.UNSTABLE_SLOPE * height / np.where(L < 0.0, L, -np.inf))
    psi = np.where(L > 0.0, stable, 2.0 * np.log(0.5 * (1.0 + root)))
    return np.asarray(np.log(height) - psi)
