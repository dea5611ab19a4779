"""One-dimensional transport of carbon dioxide, inversion, and budgets that meet across scales."""

from fluxscape.transport.budget import (
    BudgetTerms,
    SlabAir,
    boundary_layer_budget,
    run_slab,
    slab_flux,
)
from fluxscape.transport.column import Column, default_grid, make_column, run_column
from fluxscape.transport.covariance import exponential_covariance
from fluxscape.transport.diagnostics import by_hour, level_scores, rectifier
from fluxscape.transport.ensemble import draw_ensemble, ensemble_smoother
from fluxscape.transport.forcing import COLUMN_NEEDS, ColumnForcing, prepare_column
from fluxscape.transport.grid import (
    ColumnGrid,
    grid_from_faces,
    molar_density,
    stretched_grid,
    uniform_grid,
)
from fluxscape.transport.identifiability import Identifiability, identifiability_report
from fluxscape.transport.inversion import (
    LinearProblem,
    Posterior,
    invert,
    log_evidence,
    most_probable_scales,
)
from fluxscape.transport.mixing import (
    SCHEMES,
    MixingParameters,
    boundary_layer,
    diffusivity_profile,
)
from fluxscape.transport.operator import (
    ColumnOperator,
    column_operator,
    conductance_of_faces,
    conductance_of_layers,
    plain_mixing,
)
from fluxscape.transport.receptors import ReceptorFootprints, receptor_footprints
from fluxscape.transport.reconciliation import Reconciliation, budget_table, reconcile
from fluxscape.transport.scales import Estimate, Link, corrected_for_bias
from fluxscape.transport.settings import InversionSettings
from fluxscape.transport.tower import (
    TowerInversion,
    inversion_product,
    invert_tower,
    other_means,
    record_on_steps,
)
from fluxscape.transport.twin import TwinResult, twin_record, twin_trials
from fluxscape.transport.variational import dot_product_error, four_d_var

__all__ = [
    "COLUMN_NEEDS",
    "SCHEMES",
    "BudgetTerms",
    "Column",
    "ColumnForcing",
    "ColumnGrid",
    "ColumnOperator",
    "Estimate",
    "Identifiability",
    "InversionSettings",
    "LinearProblem",
    "Link",
    "MixingParameters",
    "Posterior",
    "ReceptorFootprints",
    "Reconciliation",
    "SlabAir",
    "TowerInversion",
    "TwinResult",
    "boundary_layer",
    "boundary_layer_budget",
    "budget_table",
    "by_hour",
    "column_operator",
    "conductance_of_faces",
    "conductance_of_layers",
    "corrected_for_bias",
    "default_grid",
    "diffusivity_profile",
    "dot_product_error",
    "draw_ensemble",
    "ensemble_smoother",
    "exponential_covariance",
    "four_d_var",
    "grid_from_faces",
    "identifiability_report",
    "inversion_product",
    "invert",
    "invert_tower",
    "level_scores",
    "log_evidence",
    "make_column",
    "molar_density",
    "most_probable_scales",
    "other_means",
    "plain_mixing",
    "prepare_column",
    "receptor_footprints",
    "reconcile",
    "record_on_steps",
    "rectifier",
    "run_column",
    "run_slab",
    "slab_flux",
    "stretched_grid",
    "twin_record",
    "twin_trials",
    "uniform_grid",
]
