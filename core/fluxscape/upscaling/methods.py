"""Regressors behind one interface: our model tree, and scikit-learn's as drop-in alternatives.

Settings that depend on the table are chosen inside each training set by :func:`choose_settings`,
never on the sites that are scored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.upscaling.folds import fold_numbers

FloatArray = npt.NDArray[np.float64]
Labels = npt.NDArray[Any]


def _tree(**settings: Any) -> Any:
    """Return the modified regression tree, its members drawn by site."""
    from fluxscape.upscaling.model_tree import ModelTreeRegressor  # noqa: PLC0415

    return ModelTreeRegressor(**TREE_SETTINGS | settings)


def _boosting(**settings: Any) -> Any:
    """Return histogram gradient boosting."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415

    defaults = {"max_iter": 150, "learning_rate": 0.08, "max_leaf_nodes": 15, "max_features": 0.3}
    return HistGradientBoostingRegressor(**defaults | {"min_samples_leaf": 40} | settings)


def _forest(**settings: Any) -> Any:
    """Return a random forest."""
    from sklearn.ensemble import RandomForestRegressor  # noqa: PLC0415

    defaults = {"n_estimators": 60, "min_samples_leaf": 5, "max_features": 0.2}
    return RandomForestRegressor(**defaults | settings)


def _extra(**settings: Any) -> Any:
    """Return extremely randomised trees."""
    from sklearn.ensemble import ExtraTreesRegressor  # noqa: PLC0415

    defaults = {"n_estimators": 60, "min_samples_leaf": 3, "max_features": 0.33}
    return ExtraTreesRegressor(**defaults | settings)


def _quantile(**settings: Any) -> Any:
    """Return a quantile forest, whose prediction is the median."""
    from quantile_forest import RandomForestQuantileRegressor  # noqa: PLC0415

    defaults = {"n_estimators": 100, "min_samples_leaf": 5, "max_features": 0.33}
    return RandomForestQuantileRegressor(**defaults | settings)


def _linear(**settings: Any) -> Any:
    """Return ridge regression of standardised features."""
    from sklearn.linear_model import Ridge  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    settings.pop("random_state", None)
    return make_pipeline(StandardScaler(), Ridge(**{"alpha": 10.0} | settings))


def _cubist(**settings: Any) -> Any:
    """Return Cubist (GPL), if its package is installed."""
    import importlib  # noqa: PLC0415

    try:
        package = importlib.import_module("cubist")
    except ImportError as error:
        msg = "method 'cubist' needs the package cubist (GPL), which is not installed"
        raise MissingVariableError(msg, method="cubist") from error
    return package.Cubist(**{"n_committees": 10} | settings)


TREE_SETTINGS: Final[dict[str, Any]] = {
    "n_committees": 20,
    "committee": "bagged",
    "share_groups": 0.9,
    "min_cases": 100,
    "share_attributes": 0.33,
    "penalty": 2.0,
    "ridge": 1e-2,
    "smoothing_cases": 60.0,
}
"""Settings of the model tree for tables of many sites."""

METHODS: Final[Mapping[str, Callable[..., Any]]] = {
    "tree": _tree,
    "boosting": _boosting,
    "forest": _forest,
    "extra-trees": _extra,
    "quantile-forest": _quantile,
    "linear": _linear,
    "cubist": _cubist,
}
"""Methods by name; each takes the regressor's settings."""

CHOICES: Final[Mapping[str, Sequence[Mapping[str, Any]]]] = {
    "tree": ({"min_cases": 60}, {"min_cases": 120}, {"min_cases": 240}),
    "boosting": ({"max_leaf_nodes": 8}, {"max_leaf_nodes": 15}, {"max_leaf_nodes": 31}),
    "forest": ({"max_features": 0.15}, {"max_features": 0.33}, {"max_features": 0.6}),
    "extra-trees": ({"max_features": 0.15}, {"max_features": 0.33}, {"max_features": 0.6}),
}
"""Settings among which the inner validation chooses."""

QUICKER: Final[Mapping[str, Mapping[str, Any]]] = {
    "tree": {"n_committees": 4},
    "boosting": {"max_iter": 60},
    "forest": {"n_estimators": 20},
    "extra-trees": {"n_estimators": 20},
}
"""What keeps the inner validation short: it compares settings, it does not predict."""


def make_regressor(method: str, *, seed: int = 0, **settings: Any) -> Any:
    """Return a regressor with scikit-learn's interface.

    Raises
    ------
    MissingVariableError
        If the method is unknown or its package absent.
    """
    if method not in METHODS:
        msg = f"there is no method {method!r}; known are {', '.join(METHODS)}."
        raise MissingVariableError(msg + did_you_mean(method, METHODS), method=method)
    return METHODS[method](**{"random_state": seed} | settings)


def fit_regressor(regressor: Any, x: FloatArray, y: FloatArray, site: Labels) -> Any:
    """Return the regressor fitted; one that draws by group is told the sites."""
    from fluxscape.upscaling.model_tree import ModelTreeRegressor  # noqa: PLC0415

    if isinstance(regressor, ModelTreeRegressor):
        return regressor.fit(x, y, groups=site)
    return regressor.fit(x, y)


def choose_settings(
    method: str,
    x: FloatArray,
    y: FloatArray,
    site: Labels,
    *,
    choices: Sequence[Mapping[str, Any]] | None = None,
    n_folds: int = 2,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the settings of least error over inner folds of sites.

    Parameters
    ----------
    method
        A key of :data:`METHODS`.
    x, y, site
        The training set alone: features, target and site of each row.
    choices
        Settings to choose from, by default those of :data:`CHOICES`.
    n_folds, seed
        Folds of sites, and the seed of their deal.

    Raises
    ------
    OutOfBoundsError
        If ``choices`` is empty.
    """
    options = CHOICES.get(method, ({},)) if choices is None else choices
    if not options:
        msg = f"method {method!r} has no settings to choose from"
        raise OutOfBoundsError(msg, method=method)
    if len(options) == 1:
        return dict(options[0])
    folds = fold_numbers(site, n_folds, seed=seed)
    errors = np.zeros(len(options))
    for i, option in enumerate(options):
        for fold in range(n_folds):
            own = folds == fold
            regressor = make_regressor(method, seed=seed, **{**QUICKER.get(method, {}), **option})
            fit_regressor(regressor, x[~own], y[~own], site[~own])
            errors[i] += float(np.sum((y[own] - regressor.predict(x[own])) ** 2))
    return dict(options[int(np.argmin(errors))])
