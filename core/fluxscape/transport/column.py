"""A column of air driven by a tower's or a model's fluxes: run, profile, budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.contracts import provenance
from fluxscape.errors import OutOfBoundsError, RunError
from fluxscape.transport.column_budget import chunks, column_budget, mass_error
from fluxscape.transport.forcing import ColumnForcing, facts_json, prepare_column
from fluxscape.transport.grid import ColumnGrid, stretched_grid
from fluxscape.transport.inlets import Inlets, make_inlets
from fluxscape.transport.mixing import (
    REGIMES,
    Heights,
    MixingParameters,
    Surface,
    above_share,
    boundary_layer,
    mix_column,
    scheme_number,
)
from fluxscape.transport.operator import ColumnOperator, Mixing, column_operator
from fluxscape.vocabulary import VARIABLES

Floats = NDArray[np.float64]
Progress = Callable[[float, str], None]

SUBSTEP_SECONDS: Final = 300.0
"""Longest implicit step [s]; mixing of a step of the forcing is held in it."""

LARGEST_MASS_ERROR: Final = 1e-9
"""Relative error of the carbon budget of a run above which it counts as failed."""

LOWEST_TOP: Final = 3000.0
"""Height of a column unless a given boundary layer needs a higher one [m]."""

HIGHEST_LAYER: Final = 0.95
"""Share of the column that a computed boundary layer may fill."""


@dataclass(frozen=True)
class Column:
    """A column ready to run: forcing, layers, boundary layer and inlets.

    Attributes
    ----------
    forcing, grid, heights, inlets, parameters, scheme
        What they say.
    substeps
        Implicit steps in a step of the forcing.
    """

    forcing: ColumnForcing
    grid: ColumnGrid
    heights: Heights
    inlets: Inlets
    parameters: MixingParameters
    scheme: str
    substeps: int

    def mixing(self, part: slice = slice(None)) -> Mixing:
        """Return what moves air in a part of the period."""
        surface = Surface(*(values[part] for values in self.forcing.surface))
        return mix_column(
            self.grid,
            surface,
            self.heights.height[part],
            parameters=self.parameters,
            scheme=self.scheme,
        )

    def operator(self, part: slice = slice(None)) -> ColumnOperator:
        """Return the linear map of a part of the period."""
        return column_operator(
            self.grid,
            self.mixing(part),
            step_seconds=self.forcing.step_seconds,
            substeps=self.substeps,
        )

    def tendency(self, part: slice = slice(None)) -> Floats | None:
        """Return the advective tendency below the top of the boundary layer (time, layer)."""
        if not self.forcing.advection.any():
            return None
        inside = 1.0 - above_share(self.grid, self.heights.height[part])
        return np.asarray(inside * self.forcing.advection[part, np.newaxis])


def default_grid(
    forcing: ColumnForcing, layers: int = 40, first: float = 10.0, top: float | None = None
) -> ColumnGrid:
    """Return layers at the mean pressure and temperature of a forcing.

    Parameters
    ----------
    forcing
        From :func:`~fluxscape.transport.forcing.prepare_column`.
    layers
        Number of layers.
    first
        Thickness of the lowest [m].
    top
        Height of the column [m]; 3000 m when absent, or what holds the given boundary layer.

    Raises
    ------
    OutOfBoundsError
        If such layers cannot be made.
    """
    given = forcing.surface.height
    highest = float(given[np.isfinite(given)].max(initial=0.0))
    reach = max(LOWEST_TOP, 1.05 * highest / HIGHEST_LAYER) if top is None else top
    return stretched_grid(
        layers,
        min(first, reach / max(layers, 1)),
        reach,
        surface_pressure=forcing.pressure,
        surface_temperature=float(forcing.surface.air_temperature.mean()),
    )


def make_column(
    forcing: xr.Dataset | ColumnForcing,
    *,
    latitude: float | None = None,
    grid: ColumnGrid | None = None,
    heights: Sequence[float] = (),
    displacement_height: float = 0.0,
    scheme: str = "counter_gradient",
    parameters: MixingParameters | None = None,
    compute_height: bool = False,
    background: float | None = None,
    substep_seconds: float = SUBSTEP_SECONDS,
) -> Column:
    """Return a column ready to run.

    Parameters
    ----------
    forcing
        As :func:`~fluxscape.transport.forcing.prepare_column` takes or gives it.
    latitude
        [degrees north]; needed for a dataset.
    grid
        Layers; :func:`default_grid` when absent.
    heights
        Of inlets above ground [m], increasing; may be empty.
    displacement_height
        [m].
    scheme
        One of :data:`~fluxscape.transport.mixing.SCHEMES`.
    parameters
        Of mixing; defaults when absent.
    compute_height, background
        As in :func:`~fluxscape.transport.forcing.prepare_column`.
    substep_seconds
        Longest implicit step [s].

    Raises
    ------
    MissingVariableError, DimsError, UnitsError, OutOfBoundsError
        Where forcing, heights or names cannot be used.
    """
    scheme_number(scheme)
    p = parameters or MixingParameters()
    if isinstance(forcing, xr.Dataset):
        if latitude is None:
            msg = "the latitude of the column is needed"
            raise OutOfBoundsError(msg)
        forcing = prepare_column(
            forcing,
            latitude=latitude,
            parameters=p,
            compute_height=compute_height,
            background=background,
        )
    surface = forcing.surface
    layers = grid or default_grid(forcing)
    if not substep_seconds > 0.0:
        msg = f"the implicit step must be longer than 0 s, got {substep_seconds}"
        raise OutOfBoundsError(msg, got=substep_seconds)
    found = boundary_layer(
        surface,
        latitude=forcing.latitude,
        step_seconds=forcing.step_seconds,
        parameters=p,
        ceiling=HIGHEST_LAYER * layers.top,
    )
    above = np.asarray(heights, np.float64) - displacement_height
    inlets = make_inlets(layers, above, surface, found.height, p)
    substeps = max(1, round(forcing.step_seconds / substep_seconds))
    return Column(forcing, layers, found, inlets, p, scheme, substeps)


def run_column(
    column: Column,
    *,
    flux: Floats | None = None,
    initial: Floats | None = None,
    spin_up_days: float = 3.0,
    on_progress: Progress | None = None,
) -> xr.Dataset:
    """Run a column and return mole fractions, boundary layer and budget.

    Parameters
    ----------
    column
        From :func:`make_column`.
    flux
        Surface flux instead of the forcing's [umol m-2 s-1], shape (time,).
    initial
        First state [umol mol-1], shape (layer,); the first background when absent.
    spin_up_days
        The first days are run once before, from ``initial`` on.
    on_progress
        Called as ``report(fraction, message)``.

    Returns
    -------
    xarray.Dataset
        ``carbon_dioxide_mole_fraction`` (time, layer) and what
        ``inlet_carbon_dioxide_mole_fraction`` (time, level) says of the inlets, both means of
        steps; the boundary layer; the budget of the column in umol m-2 s-1. Attribute
        ``mass_error`` is the relative error of the carbon budget over the run.

    Raises
    ------
    DimsError
        If ``flux`` or ``initial`` have another shape.
    RunError
        If the budget does not close or a value is not finite.
    """
    forcing, grid = column.forcing, column.grid
    forced = forcing.flux if flux is None else np.asarray(flux, np.float64)
    state = np.full(grid.layers, forcing.background[0]) if initial is None else initial
    steps = forcing.times.size
    state = _spun_up(column, forced, state, spin_up_days)
    first = state
    mean, ends = np.empty((steps, grid.layers)), np.empty((steps, grid.layers))
    diffusivity, kept = np.empty_like(mean), np.empty(steps)
    for part in chunks(steps):
        operator = column.operator(part)
        mean[part], state = operator.run(
            state,
            forced[part],
            forcing.background[part],
            column.tendency(part),
            ends=ends[part],
        )
        diffusivity[part] = _diffusivity(column, part)
        kept[part] = operator.counter_gradient_kept
        if on_progress is not None:
            on_progress(part.stop / steps, f"step {part.stop} of {steps}")
    budget = column_budget(column, forced, mean, ends, first)
    error = mass_error(column, budget, first)
    if not (np.isfinite(mean).all() and error < LARGEST_MASS_ERROR):
        msg = f"the column lost its carbon budget: relative error {error:.1e}"
        raise RunError(msg, mass_error=error)
    return _product(column, forced, mean, diffusivity, budget, error, float(kept.min()))


def _spun_up(column: Column, flux: Floats, state: Floats, days: float) -> Floats:
    """Return the state after the first days."""
    count = min(round(days * 86400.0 / column.forcing.step_seconds), flux.size)
    spun = np.asarray(state, np.float64)
    for part in chunks(max(count, 0)):
        background = column.forcing.background[part]
        spun = column.operator(part).run(spun, flux[part], background, column.tendency(part))[1]
    return spun


def _diffusivity(column: Column, part: slice) -> Floats:
    """Return K [m2 s-1] at the upper face of each layer, 0 at the top of the column."""
    conductance = column.mixing(part).conductance
    out = np.zeros_like(conductance)
    out[:, :-1] = conductance[:, :-1] * np.diff(column.grid.centres)
    return out


def _product(
    column: Column,
    flux: Floats,
    mean: Floats,
    diffusivity: Floats,
    budget: dict[str, Floats],
    error: float,
    kept: float,
) -> xr.Dataset:
    """Return the labelled result."""
    forcing, grid, found = column.forcing, column.grid, column.heights
    time, by_layer = ("time",), ("time", "layer")
    inlets = column.inlets.observe(mean, flux)
    rows: dict[str, tuple[tuple[str, ...], Any]] = {
        "carbon_dioxide_mole_fraction": (by_layer, mean),
        "inlet_carbon_dioxide_mole_fraction": (("time", "level"), inlets),
        "eddy_diffusivity": (by_layer, diffusivity),
        "net_ecosystem_exchange": (time, flux),
        "background_carbon_dioxide_mole_fraction": (time, forcing.background),
        "boundary_layer_height": (time, found.height),
        "entrainment_velocity": (time, found.entrainment_velocity),
        "convective_velocity": (time, found.convective_velocity),
        "mixing_regime": (time, found.regime),
        "friction_velocity": (time, forcing.surface.friction_velocity),
        "obukhov_length": (time, forcing.surface.obukhov_length),
    }
    rows |= {name: (time, values) for name, values in budget.items() if name != "surface"}
    attrs = provenance(
        status="reconstructed",
        source="one-dimensional transport of carbon dioxide in a column of air",
        parameters=column.parameters.to_dict(),
        scheme=column.scheme,
        time_step_seconds=forcing.step_seconds,
        time_reference="start of step, UTC",
        substeps=column.substeps,
        mass_error=error,
        smallest_counter_gradient_kept=kept,
        steps_at_ceiling=found.steps_at_ceiling,
        regimes=", ".join(f"{number} {name}" for number, name in enumerate(REGIMES)),
        forcing=facts_json(forcing.facts),
    )
    return xr.Dataset(
        {name: (dims, values, VARIABLES[name].attrs()) for name, (dims, values) in rows.items()},
        coords={
            "time": forcing.times,
            "height": ("layer", grid.centres, {"units": "m", "positive": "up"}),
            "layer_top": ("layer", grid.faces[1:], {"units": "m"}),
            "air_amount": ("layer", grid.air_amount, {"units": "mol m-2"}),
            "inlet_height": ("level", column.inlets.heights, {"units": "m"}),
        },
        attrs=attrs,
    )
