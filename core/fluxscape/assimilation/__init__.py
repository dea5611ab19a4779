"""Data assimilation: ensembles, observations with errors, diagnostics, twin experiments.

The methods know nothing of the models: they see a forward operator that maps parameters of members
to predictions of observations.
"""

from __future__ import annotations

from fluxscape.assimilation.diagnostics import (
    coverage,
    crps,
    innovation_consistency,
    rank_histogram,
    variance_reduction,
)
from fluxscape.assimilation.iterative import iterative_smoother
from fluxscape.assimilation.passes import Result
from fluxscape.assimilation.smoother import ensemble_kalman_inversion, es_mda
from fluxscape.assimilation.space import ParameterSpace

__all__ = [
    "ParameterSpace",
    "Result",
    "coverage",
    "crps",
    "ensemble_kalman_inversion",
    "es_mda",
    "innovation_consistency",
    "iterative_smoother",
    "rank_histogram",
    "variance_reduction",
]
