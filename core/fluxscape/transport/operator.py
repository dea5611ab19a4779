"""Transport of a column as a linear map, forwards and transposed.

Once mixing is known, mole fractions depend linearly on the first state, the surface flux, the
background and the advective tendency. :class:`ColumnOperator` holds the factors of every step, runs
any number of members through them at once, and runs the exact transpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.transport import _kernels_column as kernels
from fluxscape.transport import _kernels_run as run_kernels
from fluxscape.transport.grid import ColumnGrid

Floats = NDArray[np.float64]


class Mixing(NamedTuple):
    """What moves air in a column at each step.

    Attributes
    ----------
    conductance
        Between the centres of neighbouring layers [m s-1], shape (time, layer); the last is unused.
    counter_gradient
        Share of the surface flux that the counter-gradient term carries through the upper face of
        each layer [1], shape (time, layer).
    exchange
        Air that the lowest layer exchanges with each layer [mol m-2 s-1], shape (time, layer).
    symmetric
        Whether that air returns directly (Blackadar) or layer by layer (asymmetric).
    vertical_velocity
        At the upper face of each layer [m s-1], upwards, shape (time, layer).
    inflow
        Rate at which layers take air of the background [s-1], shape (time, layer).
    """

    conductance: Floats
    counter_gradient: Floats
    exchange: Floats
    symmetric: bool
    vertical_velocity: Floats
    inflow: Floats


class Gradient(NamedTuple):
    """Gradient of a scalar with respect to what drives a column.

    Attributes
    ----------
    flux, background
        Shape (time,).
    tendency
        Shape (time, layer).
    initial
        Shape (layer,).
    """

    flux: Floats
    background: Floats
    tendency: Floats
    initial: Floats


def plain_mixing(
    grid: ColumnGrid,
    conductance: Floats,
    *,
    steps: int | None = None,
    top_conductance: float = 0.0,
    vertical_velocity: Floats | None = None,
) -> Mixing:
    """Return mixing by given conductances [m s-1] alone.

    Parameters
    ----------
    grid
        Layers.
    conductance
        Between centres, shape (layer - 1,) or (time, layer - 1).
    steps
        Number of steps where ``conductance`` has no time.
    top_conductance
        Between the centre of the uppermost layer and the background above it [m s-1].
    vertical_velocity
        At the upper face of each layer, shape (layer,).

    Raises
    ------
    DimsError, OutOfBoundsError
        If shapes do not fit, or a conductance is negative or no number.
    """
    given = np.atleast_2d(np.asarray(conductance, np.float64))
    if given.ndim != 2 or given.shape[1] != grid.layers - 1:
        msg = (
            f"a column of {grid.layers} layers has {grid.layers - 1} conductances between them, "
            f"got shape {np.shape(conductance)}"
        )
        raise DimsError(msg)
    _check_positive(given, "conductance", "m s-1")
    count = given.shape[0] if steps is None else steps
    shape = (count, grid.layers)
    full = np.zeros(shape)
    full[:, :-1] = given
    velocity = np.zeros(shape)
    inflow = np.zeros(shape)
    inflow[:, -1] = top_conductance * grid.face_density[-1] / grid.air_amount[-1]
    if vertical_velocity is not None:
        velocity[:] = vertical_velocity
        inflow[:, -1] += top_inflow(grid, velocity[:, -1])
    nothing = np.zeros(shape)
    return Mixing(full, nothing, nothing, False, velocity, inflow)


def top_inflow(grid: ColumnGrid, velocity: Floats) -> Floats:
    """Return the rate [s-1] at which sinking air [m s-1] renews the uppermost layer."""
    return np.asarray(
        np.maximum(-velocity, 0.0) * grid.face_density[-1] / grid.air_amount[-1], np.float64
    )


def conductance_of_layers(grid: ColumnGrid, diffusivity: Floats) -> Floats:
    """Return conductances [m s-1] between centres for K [m2 s-1] constant in each layer.

    The two half layers are resistances in series, so that a jump of K at a face is exact. Shape
    (..., layer) to (..., layer - 1).

    Raises
    ------
    DimsError, OutOfBoundsError
        If shapes do not fit, or a diffusivity is negative or no number.
    """
    K = np.asarray(diffusivity, np.float64)
    if K.shape[-1:] != (grid.layers,):
        msg = f"wanted {grid.layers} diffusivities, one a layer, got shape {K.shape}"
        raise DimsError(msg)
    _check_positive(K, "diffusivity", "m2 s-1")
    half = 0.5 * grid.thickness
    with np.errstate(divide="ignore"):
        resistance = half / K
    return np.asarray(1.0 / (resistance[..., 1:] + resistance[..., :-1]))


def conductance_of_faces(grid: ColumnGrid, diffusivity: Floats) -> Floats:
    """Return conductances [m s-1] for K [m2 s-1] at the faces between layers.

    Shape (..., layer - 1) to (..., layer - 1); errors as :func:`conductance_of_layers`.
    """
    K = np.asarray(diffusivity, np.float64)
    if K.shape[-1:] != (grid.layers - 1,):
        msg = f"wanted {grid.layers - 1} diffusivities, one a face, got shape {K.shape}"
        raise DimsError(msg)
    _check_positive(K, "diffusivity", "m2 s-1")
    return np.asarray(K / np.diff(grid.centres))


def _check_positive(values: Floats, what: str, unit: str) -> None:
    """Raise OutOfBoundsError at the first value that is negative or no number."""
    bad = ~(np.isfinite(values) & (values >= 0.0))
    if bad.any():
        place = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), values.shape))
        msg = f"{what} {values[place]:g} {unit} at position {place} must not be negative"
        raise OutOfBoundsError(msg, position=place, got=float(values[place]))


@dataclass(frozen=True)
class ColumnOperator:
    """The linear map of a column over a period.

    Attributes
    ----------
    grid
        Layers.
    step_seconds
        Length of a step of the drivers [s].
    substeps
        Implicit steps in each of them.
    counter_gradient_kept
        Share of the counter-gradient term that keeps mole fractions positive, shape (time,).
    """

    grid: ColumnGrid
    step_seconds: float
    substeps: int
    counter_gradient_kept: Floats
    _factors: tuple[Any, ...]
    _wide: NDArray[np.bool_]
    _source: Floats
    _inflow: Floats

    @property
    def steps(self) -> int:
        """Number of steps."""
        return int(self._source.shape[0])

    @property
    def substep(self) -> float:
        """Length of an implicit step [s]."""
        return self.step_seconds / self.substeps

    def run(
        self,
        initial: Floats,
        flux: Floats,
        background: Floats | None = None,
        tendency: Floats | None = None,
        *,
        ends: Floats | None = None,
    ) -> tuple[Floats, Floats]:
        """Return step means and last state of the mole fraction.

        Parameters
        ----------
        initial
            First state [umol mol-1], shape (layer,) or (layer, member).
        flux
            Surface flux, upwards [umol m-2 s-1], shape (time,) or (time, member).
        background
            Mole fraction of the air above and around [umol mol-1], shape as ``flux``.
        tendency
            Advective tendency [umol mol-1 s-1], shape (time, layer) or (time, layer, member).
        ends
            Filled with the states at the end of steps, shape (time, layer); one member only.

        Returns
        -------
        tuple
            Means of shape (time, layer[, member]), last state of shape (layer[, member]).

        Raises
        ------
        DimsError
            If shapes do not agree.
        """
        steps, layers = self._source.shape
        members = initial.shape[1:]
        state = np.array(initial, np.float64, order="C")
        forced = _shaped(flux, (steps, *members), "flux")
        above = np.zeros_like(forced)
        if background is not None:
            above = _shaped(background, (steps, *members), "background")
        moved = np.empty((0, layers, *members))
        if tendency is not None:
            moved = _shaped(tendency, (steps, layers, *members), "tendency")
        if state.shape != (layers, *members) or len(members) > 1:
            msg = f"initial has shape {state.shape}, wanted ({layers},) or ({layers}, member)"
            raise DimsError(msg)
        mean = np.empty((steps, layers, *members))
        common: tuple[Any, ...] = (
            state, forced, above, moved, self.substeps, self._source, self._inflow, self.substep,
            *self._factors, self._wide, mean,
        )  # fmt: skip
        if members:
            run_kernels.run_members(*common)
        else:
            common += (np.empty((0, layers)) if ends is None else ends,)
            run_kernels.run_one(*common)
        return mean, state

    def adjoint(self, sensitivity: Floats, final: Floats | None = None) -> Gradient:
        """Return the transpose of :meth:`run` applied to weights of its results.

        Parameters
        ----------
        sensitivity
            Weights of the step means, shape (time, layer).
        final
            Weights of the last state, shape (layer,).

        Raises
        ------
        DimsError
            If shapes do not agree.
        """
        steps, layers = self._source.shape
        weights = _shaped(sensitivity, (steps, layers), "sensitivity")
        last = np.zeros(layers) if final is None else _shaped(final, (layers,), "final")
        gradient = Gradient(
            np.empty(steps), np.empty(steps), np.empty((steps, layers)), np.empty(layers)
        )
        arguments: tuple[Any, ...] = (
            weights, last, self.substeps, self._source, self._inflow, self.substep,
            *self._factors, *gradient,
        )  # fmt: skip
        run_kernels.run_adjoint(*arguments)
        return gradient


def _shaped(values: Floats, shape: tuple[int, ...], what: str) -> Floats:
    """Return values as contiguous floats or raise DimsError unless they have ``shape``."""
    array = np.ascontiguousarray(values, np.float64)
    if array.shape != shape:
        msg = f"{what} has shape {array.shape}, wanted {shape}"
        raise DimsError(msg)
    return array


def column_operator(
    grid: ColumnGrid, mixing: Mixing, *, step_seconds: float, substeps: int = 1
) -> ColumnOperator:
    """Return the operator of a column for given mixing.

    Parameters
    ----------
    grid
        Layers.
    mixing
        What moves air at each step.
    step_seconds
        Length of a step of the drivers [s].
    substeps
        Implicit steps in each of them.

    Raises
    ------
    DimsError, OutOfBoundsError
        If shapes do not fit, or a conductance, exchange or inflow is negative or no number.
    """
    shape = (mixing.conductance.shape[0], grid.layers)
    arrays = [
        _shaped(getattr(mixing, name), shape, name)
        for name in (
            "conductance", "counter_gradient", "vertical_velocity", "inflow", "exchange"
        )
    ]  # fmt: skip
    for values, name, unit in zip(
        (arrays[0], arrays[3], arrays[4]),
        ("conductance", "inflow", "exchange"),
        ("m s-1", "s-1", "mol m-2 s-1"),
        strict=True,
    ):
        _check_positive(values, name, unit)
    if not (step_seconds > 0.0 and substeps >= 1):
        msg = f"steps must be longer than 0 s and have 1 or more parts, got {step_seconds} s"
        raise OutOfBoundsError(msg, got=step_seconds)
    factors: tuple[Any, ...] = tuple(np.empty(shape) for _ in range(5))
    wide = np.empty(shape[0], np.bool_)
    source, inflow, kept = np.empty(shape), np.empty(shape), np.empty(shape[0])
    conductance, counter, velocity, rate, exchange = arrays
    arguments: tuple[Any, ...] = (
        grid.air_amount, grid.face_density, conductance, counter, velocity, rate, exchange,
        mixing.symmetric, step_seconds / substeps, *factors, wide, source, inflow, kept,
    )  # fmt: skip
    kernels.factorise_all(*arguments)
    return ColumnOperator(grid, step_seconds, substeps, kept, factors, wide, source, inflow)
