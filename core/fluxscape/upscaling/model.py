"""A flux model as people use it: features, rules, intervals and area of applicability in one file.

Only the model tree can be kept: its rules are text. The file is JSON and holds nothing that runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape._version import __version__
from fluxscape.errors import FileFormatError, OutOfBoundsError
from fluxscape.upscaling.applicability import Applicability, area_of_applicability
from fluxscape.upscaling.conformal import Intervals, calibrate
from fluxscape.upscaling.cubist_text import read_model_text, write_model_text
from fluxscape.upscaling.features import Features, learn_features
from fluxscape.upscaling.importance import permutation_importance
from fluxscape.upscaling.methods import choose_settings, fit_regressor, make_regressor
from fluxscape.upscaling.rules import RuleModel
from fluxscape.upscaling.tables import TARGETS
from fluxscape.upscaling.validation import Validation, records_of, validate

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
Progress = Callable[..., None]

FORMAT: Final = "fluxscape upscaling model"
VERSION: Final = 1

_SHARE_OF_VALIDATION: Final = 0.85


@dataclass(frozen=True)
class Prediction:
    """Fluxes of rows, with what they are worth.

    Attributes
    ----------
    flux, lower, upper
        Prediction and ends of its interval, shape (row,).
    dissimilarity
        Dissimilarity index [1].
    applies
        Whether the row lies within the area of applicability.
    """

    flux: FloatArray
    lower: FloatArray
    upper: FloatArray
    dissimilarity: FloatArray
    applies: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FluxModel:
    """A fitted model of one flux.

    Attributes
    ----------
    target
        A key of :data:`fluxscape.upscaling.tables.TARGETS`.
    features
        How features are made.
    rules
        The model tree.
    intervals, applicability
        What predictions are worth.
    facts
        Skill, coverage, settings and origin, as plain data.
    """

    target: str
    features: Features
    rules: RuleModel
    intervals: Intervals
    applicability: Applicability
    facts: dict[str, Any]

    @property
    def units(self) -> str:
        """Unit of the flux."""
        return TARGETS[self.target].units

    def predict(
        self, frame: pd.DataFrame, *, where: str = "table", unseen_types: bool = False
    ) -> Prediction:
        """Return the flux of each row of a table of site months.

        ``unseen_types`` lets plant types pass that the training table did not have.
        """
        x = self.features.matrix(frame, where=where, unseen_types=unseen_types)
        return self.predict_features(x)

    def predict_features(self, x: FloatArray) -> Prediction:
        """Return the flux of each row of features, shape (row, feature)."""
        flux, spread = self.rules.predict_with_spread(x)
        lower, upper = self.intervals.bounds(flux, spread)
        index = self.applicability.dissimilarity(x)
        applies = np.isfinite(index) & (index <= self.applicability.threshold)
        return Prediction(flux, lower, upper, index, np.asarray(applies))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for a file."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "target": self.target,
            "units": self.units,
            "facts": self.facts,
            "features": self.features.to_dict(),
            "rules": write_model_text(self.rules).splitlines(),
            "intervals": self.intervals.to_dict(),
            "applicability": self.applicability.to_dict(),
        }


def fit_flux_model(
    frame: pd.DataFrame,
    target: str,
    *,
    n_folds: int = 10,
    seed: int = 0,
    nested: bool = True,
    settings: dict[str, Any] | None = None,
    level: float = 0.9,
    where: str = "table",
    on_progress: Progress | None = None,
) -> tuple[FluxModel, Validation]:
    """Return the model of a flux, fitted to all sites, and the validation that says its worth.

    Parameters
    ----------
    frame
        Table of site months, as :mod:`fluxscape.upscaling.tables` describes it.
    target
        A key of :data:`fluxscape.upscaling.tables.TARGETS`.
    n_folds, seed, nested, settings, on_progress
        As :func:`fluxscape.upscaling.validation.validate` takes them; sites are left out.
    level
        Share of records that intervals are to hold.
    where
        Name of the table, for messages.

    Raises
    ------
    MissingVariableError, OutOfBoundsError
        If the table lacks something.
    """
    report = None
    if on_progress is not None:

        def report(fraction: float, message: str = "") -> None:
            on_progress(_SHARE_OF_VALIDATION * fraction, message)

    checked = validate(
        frame, target, n_folds=n_folds, seed=seed, nested=nested, settings=settings, where=where,
        on_progress=report,
    )  # fmt: skip
    records = records_of(frame, target, where=where)
    features = learn_features(frame, target, where=where)
    x = features.matrix(frame, where=where)[records.rows]
    options = dict(settings or {})
    if nested:
        options = choose_settings("tree", x, records.observed, records.site, seed=seed) | options
    regressor = make_regressor("tree", seed=seed, **options)
    fit_regressor(regressor, x, records.observed, records.site)
    rules = replace(regressor.rules_, names=features.names, target=target)
    intervals = calibrate(
        records.observed, checked.predicted, checked.spread, records.site, level=level
    )
    weight = permutation_importance(rules.predict, x, records.observed, seed=seed)
    coverage = checked.coverage(level)
    facts = {
        "fluxscape_version": __version__,
        "source": where,
        "seed": seed,
        "settings": regressor.get_params(),
        "skill": checked.skill(),
        "coverage": {key: coverage[key] for key in ("level", "coverage", "coverage_by_site")},
        "folds": n_folds,
        "sites": sorted({str(name) for name in records.site}),
        "lags": [lag.text() for lag in features.lags],
        "importance": dict(zip(features.names, weight.tolist(), strict=True)),
    }
    if on_progress is not None:
        on_progress(1.0, "done")
    area = area_of_applicability(x, weight, checked.fold)
    return FluxModel(target, features, rules, intervals, area, facts), checked


def model_from_text(text: str, *, name: str = "model") -> FluxModel:
    """Return the model that a JSON text holds.

    Raises
    ------
    FileFormatError
        If it is no such text.
    """
    try:
        values = json.loads(text)
    except ValueError as error:
        msg = f"{name} is no JSON: {error}"
        raise FileFormatError(msg, file=name) from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        msg = f"{name} is no {FORMAT}"
        raise FileFormatError(msg, file=name)
    if values.get("version") != VERSION:
        msg = f"{name} has version {values.get('version')!r} of the format, wanted {VERSION}"
        raise FileFormatError(msg, file=name)
    try:
        features = Features.from_dict(values["features"])
        model = FluxModel(
            str(values["target"]),
            features,
            read_model_text("\n".join(values["rules"]), name=f"rules of {name}"),
            Intervals.from_dict(values["intervals"]),
            Applicability.from_dict(values["applicability"]),
            dict(values["facts"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, FileFormatError):
            raise
        msg = f"{name} lacks what a model needs: {type(error).__name__} {error}"
        raise FileFormatError(msg, file=name) from error
    _check_parts(model, name)
    return model


def _check_parts(model: FluxModel, name: str) -> None:
    """Raise FileFormatError or OutOfBoundsError unless the parts belong together."""
    if model.target not in TARGETS:
        msg = f"{name} predicts {model.target!r}, which is not known"
        raise OutOfBoundsError(msg, target=model.target)
    sizes = {
        len(model.features.names),
        len(model.rules.names),
        model.features.fill.size,
        model.applicability.weight.size,
        model.applicability.centre.size,
        model.applicability.scale.size,
    }
    if len(sizes) != 1 or model.rules.names != model.features.names:
        msg = f"features, rules and applicability of {name} do not go together"
        raise FileFormatError(msg, file=name)
