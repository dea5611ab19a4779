"""Skill at sites, blocks and years that were left out, with settings chosen inside each fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import OutOfBoundsError
from fluxscape.upscaling.conformal import cross_coverage
from fluxscape.upscaling.features import Features, learn_features
from fluxscape.upscaling.folds import Split, make_splits
from fluxscape.upscaling.methods import choose_settings, fit_regressor, make_regressor
from fluxscape.upscaling.residual_variogram import residual_variogram
from fluxscape.upscaling.skill import split_skill
from fluxscape.upscaling.tables import (
    LATITUDE,
    LONGITUDE,
    SITE,
    TIME,
    need_columns,
    numbers,
    target_of,
)

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Labels = npt.NDArray[Any]
Progress = Callable[..., None]

ANOMALY_NOTE: Final = (
    "At towers that were not seen monthly anomalies are the weak part (a quarter of their variance "
    "at best, none in many tests): the trend of an upscaled map is mostly that of its drivers."
)


@dataclass(frozen=True)
class Records:
    """Rows of a table whose flux counts.

    Attributes
    ----------
    frame
        The whole table.
    rows
        Rows of it that count, shape (row,).
    observed
        Their flux.
    site, month, year, latitude, longitude
        Of each.
    """

    frame: pd.DataFrame
    rows: IntArray
    observed: FloatArray
    site: Labels
    month: IntArray
    year: IntArray
    latitude: FloatArray
    longitude: FloatArray


@dataclass(frozen=True)
class Validation:
    """Predictions for rows that the models had not seen, and what they are worth.

    Attributes
    ----------
    target, method, split
        What was predicted, by what, and what was left out.
    records
        The rows.
    predicted, spread
        Prediction and spread of the committee's members, shape (row,); NaN in rows that no fold
        scored.
    fold
        Fold that scored each row, -1 where none.
    settings
        Settings chosen inside each fold.
    features
        Features of each fold, whose lags were found in its training set.
    separation
        Distance kept between training and test sites [km]; 0 unless the split is by block.
    """

    target: str
    method: str
    split: str
    records: Records
    predicted: FloatArray
    spread: FloatArray
    fold: IntArray
    settings: tuple[dict[str, Any], ...]
    features: tuple[Features, ...]
    separation: float = 0.0

    @property
    def scored(self) -> npt.NDArray[np.bool_]:
        """Rows that a fold scored."""
        return np.asarray(self.fold >= 0)

    def skill(self) -> dict[str, float]:
        """Return the skill, split into its parts."""
        good, records = self.scored, self.records
        return split_skill(
            records.observed[good], self.predicted[good], records.site[good], records.month[good]
        )

    def coverage(self, level: float = 0.9) -> dict[str, Any]:
        """Return how often intervals hold that were calibrated on other folds."""
        good = self.scored
        return cross_coverage(
            self.records.observed[good],
            self.predicted[good],
            self.spread[good],
            self.records.site[good],
            self.fold[good],
            level=level,
        )

    def by_site(self) -> list[dict[str, Any]]:
        """Return the skill of each site with its plant type, for tables."""
        from fluxscape.scores import score  # noqa: PLC0415

        found = []
        for name in np.unique(self.records.site[self.scored]):
            rows = self.scored & (self.records.site == name)
            values = score(self.predicted[rows], self.records.observed[rows])
            found.append({"site": str(name)} | values)
        return found


def records_of(frame: pd.DataFrame, target: str, *, where: str = "table") -> Records:
    """Return the rows of a table whose flux was measured well enough.

    Raises
    ------
    MissingVariableError, OutOfBoundsError
        If a column is absent, the target constant, or fewer than 50 rows count.
    """
    need_columns(frame, (SITE, TIME, LATITUDE, LONGITUDE), where=where)
    flux = target_of(frame, target, where=where)
    rows = np.flatnonzero(np.isfinite(flux))
    if rows.size < 50:
        msg = f"{where}: {rows.size} rows have a measured {target}, wanted 50 or more"
        raise OutOfBoundsError(msg, target=target, rows=rows.size)
    stamp = numbers(frame, TIME, where=where)[rows].astype(np.int64)
    latitude, longitude = (
        numbers(frame, name, where=where)[rows] for name in (LATITUDE, LONGITUDE)
    )
    site = frame[SITE].to_numpy().astype(np.str_)[rows]
    return Records(
        frame, rows, flux[rows], site, stamp % 100 - 1, stamp // 100, latitude, longitude
    )


def validate(
    frame: pd.DataFrame,
    target: str,
    *,
    method: str = "tree",
    split: str = "site",
    n_folds: int = 10,
    seed: int = 0,
    nested: bool = True,
    settings: dict[str, Any] | None = None,
    separation: float | None = None,
    where: str = "table",
    on_progress: Progress | None = None,
) -> Validation:
    """Return predictions for rows that models had not seen.

    Parameters
    ----------
    frame
        Table of site months, as :mod:`fluxscape.upscaling.tables` describes it.
    target
        A key of :data:`fluxscape.upscaling.tables.TARGETS`.
    method
        A key of :data:`fluxscape.upscaling.methods.METHODS`.
    split, n_folds, seed
        As :func:`fluxscape.upscaling.folds.make_splits` takes them.
    nested
        Whether settings are chosen by inner folds of sites within each training set.
    settings
        Settings of the regressor that are not chosen.
    separation
        Distance that blocks keep [km]; by default the range of the variogram of the residuals of a
        validation by site.
    where
        Name of the table, for messages.
    on_progress
        Called as ``on_progress(fraction, message)``.

    Raises
    ------
    MissingVariableError, OutOfBoundsError, DimsError
        If the table lacks something, or the split is random.
    """
    records = records_of(frame, target, where=where)
    fixed = dict(settings or {})
    if split == "block" and separation is None:
        first = validate(frame, target, method=method, nested=False, settings=fixed, seed=seed,
                         n_folds=n_folds, where=where)  # fmt: skip
        residual = records.observed - first.predicted
        shape = residual_variogram(residual, records.site, records.latitude, records.longitude)
        separation = shape.range
    splits = make_splits(
        split,
        records.site,
        year=records.year,
        latitude=records.latitude,
        longitude=records.longitude,
        separation=separation,
        n_folds=n_folds,
        seed=seed,
    )
    predicted, spread = (np.full(records.rows.size, np.nan) for _ in range(2))
    fold = np.full(records.rows.size, -1, dtype=np.int64)
    chosen: list[dict[str, Any]] = []
    features: list[Features] = []
    for number, part in enumerate(splits):
        if on_progress is not None:
            on_progress(number / len(splits), f"fold {number + 1} of {len(splits)}")
        learned, options = _fold(
            records, target, method, part, fixed, seed, nested, where, predicted, spread
        )
        fold[part.test] = number
        chosen.append(options)
        features.append(learned)
    if on_progress is not None:
        on_progress(1.0, "done")
    return Validation(
        target, method, split, records, predicted, spread, fold, tuple(chosen), tuple(features),
        float(separation or 0.0),
    )  # fmt: skip


def _fold(
    records: Records,
    target: str,
    method: str,
    part: Split,
    fixed: dict[str, Any],
    seed: int,
    nested: bool,
    where: str,
    predicted: FloatArray,
    spread: FloatArray,
) -> tuple[Features, dict[str, Any]]:
    """Fit to one training set and fill the predictions of its test rows."""
    trained = np.isin(records.frame[SITE].astype(str), np.unique(records.site[part.train]))
    features = learn_features(records.frame, target, rows=trained, where=where)
    # A site whose plant type no training site has is described by what it has in common with them.
    x = features.matrix(records.frame, where=where, unseen_types=True)[records.rows]
    train, test = part.train, part.test
    y, site = records.observed[train], records.site[train]
    options = fixed
    if nested:
        options = choose_settings(method, x[train], y, site, seed=seed) | fixed
    regressor = make_regressor(method, seed=seed, **options)
    fit_regressor(regressor, x[train], y, site)
    predicted[test], spread[test] = predict_with_spread(regressor, x[test])
    return features, options


def predict_with_spread(regressor: Any, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return predictions and, of a model tree, the spread of its members, else zeros."""
    from fluxscape.upscaling.model_tree import ModelTreeRegressor  # noqa: PLC0415

    if isinstance(regressor, ModelTreeRegressor) and not regressor.neighbors:
        return regressor.rules_.predict_with_spread(x)
    predicted = np.asarray(regressor.predict(x), dtype=np.float64)
    return predicted, np.zeros(predicted.size)
