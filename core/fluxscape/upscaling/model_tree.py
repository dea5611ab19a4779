"""The modified regression tree: committees of rules with linear models, scikit-learn compatible.

Grown as :mod:`fluxscape.upscaling.growth` says, after M5 (Quinlan 1992, "Learning with continuous
classes"; Wang and Witten 1997, "Induction of model trees for predicting continuous classes") and
the correction by neighbours of Quinlan (1993, "Combining instance-based and model-based
learning"). Written from these papers and from what Cubist's model files hold.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.upscaling import _kernels_rules as kernels
from fluxscape.upscaling.growth import Grower, Rule, Settings
from fluxscape.upscaling.rules import RuleModel, assemble

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

COMMITTEES = ("adjusted", "bagged")


class ModelTreeRegressor(RegressorMixin, BaseEstimator):
    """Rule-based regression with linear models: the modified regression tree.

    Parameters
    ----------
    n_committees
        Members; 5 to 20 are usual.
    committee
        ``"adjusted"``: each member after the first is fitted to twice the target less the last
        member's value, as in Cubist. ``"bagged"``: each member is fitted to some of the groups,
        drawn anew, which suits predictions for groups (sites) that were not seen.
    share_groups
        Share of groups that a bagged member sees; 0.632 is what a bootstrap sees on average.
    max_group_cases
        Most cases of a group that a bagged member sees, drawn anew: no long record outweighs many
        short ones.
    min_cases
        Fewest cases of a leaf; by default 1 % of the cases, but 3 at least and 100 at most.
    max_rules
        Most rules of a member.
    max_terms
        Most terms of a linear model.
    split_terms
        Terms, the largest of the node's model, about which the spread of a split is taken.
    penalty
        Parameters that each parameter counts for in the error that pruning compares.
    ridge
        Share of a term's variance that is added to it.
    smoothing
        Whether models are combined with those above them in the tree.
    smoothing_cases
        Cases that the model above counts for when models are combined: k of (n p + k q) / (n + k),
        Wang and Witten (1997), section 2; 15 in M5.
    share_attributes
        Share of attributes, drawn at each node, that its model and its split may use.
    neighbors
        Nearest cases whose residuals correct a prediction, up to 9; 0 for none.
    extrapolation
        Share of a rule's range of the target by which its value may pass that range.
    random_state
        Seed of draws.

    Attributes
    ----------
    rules_
        The fitted :class:`~fluxscape.upscaling.rules.RuleModel`.
    n_features_in_, feature_names_in_
        As scikit-learn has them.

    References
    ----------
    Quinlan 1992, Proc. 5th Australian Joint Conf. on Artificial Intelligence, 343-348; Quinlan
    1993, Proc. 10th Int. Conf. on Machine Learning, 236-243; Wang and Witten 1997, Proc. European
    Conf. on Machine Learning (posters).
    """

    def __init__(
        self,
        n_committees: int = 5,
        *,
        committee: str = "adjusted",
        share_groups: float = 0.632,
        max_group_cases: int | None = None,
        min_cases: int | None = None,
        max_rules: int = 100,
        max_terms: int = 8,
        split_terms: int = 3,
        penalty: float = 1.0,
        ridge: float = 0.0,
        smoothing: bool = True,
        smoothing_cases: float = 0.0,
        share_attributes: float = 1.0,
        neighbors: int = 0,
        extrapolation: float = 0.05,
        random_state: Any = None,
    ) -> None:
        self.n_committees = n_committees
        self.committee = committee
        self.share_groups = share_groups
        self.max_group_cases = max_group_cases
        self.min_cases = min_cases
        self.max_rules = max_rules
        self.max_terms = max_terms
        self.split_terms = split_terms
        self.penalty = penalty
        self.ridge = ridge
        self.smoothing = smoothing
        self.smoothing_cases = smoothing_cases
        self.share_attributes = share_attributes
        self.neighbors = neighbors
        self.extrapolation = extrapolation
        self.random_state = random_state

    def fit(self, X: Any, y: Any, groups: Any = None) -> ModelTreeRegressor:
        """Fit rules.

        Parameters
        ----------
        X
            Predictors, finite, shape (case, attribute).
        y
            Target, finite, shape (case,).
        groups
            Group (site) of each case, shape (case,): bagged members are drawn by group. By default
            every case is its own.

        Raises
        ------
        OutOfBoundsError
            If a parameter is out of its bounds.
        """
        x, target = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        target = np.ascontiguousarray(target, dtype=np.float64)
        self._check_parameters()
        generator = np.random.default_rng(
            check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        )
        grower = Grower(x, self._settings(target.size))
        names = getattr(self, "feature_names_in_", [f"x{j}" for j in range(x.shape[1])])
        if self.committee == "bagged":
            members = self._bagged(grower, target, groups, generator)
        else:
            members = self._adjusted(grower, target, names, generator)
        self.rules_: RuleModel = assemble(
            members, [str(name) for name in names], target, extrapolation=self.extrapolation
        )
        if self.neighbors:
            self._known = (np.ascontiguousarray(x), target, self.rules_.predict(x))
        return self

    def predict(self, X: Any) -> FloatArray:
        """Return the predicted target, shape (case,)."""
        check_is_fitted(self, "rules_")
        x = np.ascontiguousarray(validate_data(self, X, dtype=np.float64, reset=False))
        estimate = self.rules_.predict(x)
        if not self.neighbors:
            return estimate
        known_x, known_y, known_estimate = self._known
        return correct_by_neighbours(
            x,
            estimate,
            known_x,
            known_y,
            known_estimate,
            count=self.neighbors,
            bounds=(self.rules_.floor, self.rules_.ceiling),
        )

    def rules_text(self) -> str:
        """Return the rules for people."""
        check_is_fitted(self, "rules_")
        return self.rules_.text()

    def _settings(self, n: int) -> Settings:
        """Return the settings of growth for ``n`` cases."""
        fewest = self.min_cases or max(3, min(100, n // 100))
        return Settings(
            min_cases=fewest,
            max_rules=self.max_rules,
            max_terms=self.max_terms,
            split_terms=self.split_terms,
            penalty=self.penalty,
            ridge=self.ridge,
            smoothing=self.smoothing,
            smoothing_cases=self.smoothing_cases,
            share_attributes=self.share_attributes,
        )

    def _bagged(
        self, grower: Grower, y: FloatArray, groups: Any, generator: np.random.Generator
    ) -> list[list[Rule]]:
        """Return members fitted to parts of the groups."""
        by_group = _rows_by_group(groups, y.size)
        count = max(1, round(self.share_groups * len(by_group)))
        members = []
        for _ in range(self.n_committees):
            drawn = generator.choice(len(by_group), count, replace=False)
            rows = np.concatenate([self._some_of(by_group[g], generator) for g in np.sort(drawn)])
            members.append(grower.grow(y, rows, generator))
        return members

    def _some_of(self, rows: IntArray, generator: np.random.Generator) -> IntArray:
        """Return the cases of a group that a member sees."""
        if self.max_group_cases is None or rows.size <= self.max_group_cases:
            return rows
        return np.sort(generator.choice(rows, self.max_group_cases, replace=False))

    def _adjusted(
        self, grower: Grower, y: FloatArray, names: Any, generator: np.random.Generator
    ) -> list[list[Rule]]:
        """Return members each of which makes up for the errors of the last."""
        rows = np.arange(y.size, dtype=np.int64)
        members: list[list[Rule]] = []
        target = y
        for _ in range(self.n_committees):
            members.append(grower.grow(target, rows, generator))
            last = assemble(members[-1:], names, target, extrapolation=self.extrapolation)
            value = last.predict(grower.x)
            if len(members) == 1 and np.allclose(value, y, rtol=1e-12, atol=1e-12 * np.ptp(y)):
                break  # an exact member leaves nothing to make up for
            target = 2.0 * y - value
        return members

    def _check_parameters(self) -> None:
        """Raise OutOfBoundsError at the first parameter outside its bounds."""
        if self.committee not in COMMITTEES:
            msg = f"committee must be one of {COMMITTEES}, got {self.committee!r}"
            raise OutOfBoundsError(msg, got=self.committee)
        bounds = {
            "n_committees": (1, 1000),
            "share_groups": (0.0, 1.0),
            "max_group_cases": (1, np.inf),
            "min_cases": (1, np.inf),
            "max_rules": (1, np.inf),
            "max_terms": (0, np.inf),
            "split_terms": (0, np.inf),
            "smoothing_cases": (0.0, np.inf),
            "penalty": (0.0, np.inf),
            "ridge": (0.0, np.inf),
            "share_attributes": (0.0, 1.0),
            "neighbors": (0, 9),
            "extrapolation": (0.0, np.inf),
        }
        for name, (low, high) in bounds.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                msg = f"{name} must lie between {low:g} and {high:g}, got {value!r}"
                raise OutOfBoundsError(msg, parameter=name, got=value)


def correct_by_neighbours(
    x: FloatArray,
    estimate: FloatArray,
    known_x: FloatArray,
    known_y: FloatArray,
    known_estimate: FloatArray,
    *,
    count: int,
    bounds: tuple[float, float],
    classes: IntArray | None = None,
) -> FloatArray:
    """Return estimates corrected by the residuals of the nearest known cases (Quinlan 1993).

    Parameters
    ----------
    x, estimate
        Rows to predict, shape (row, attribute), and the model's values, shape (row,).
    known_x, known_y, known_estimate
        Cases that are known, their target and the model's values.
    count
        Neighbours, those that tie at the last distance sharing its place.
    bounds
        Least and largest target that a neighbour may propose.
    classes
        Number of categories of each attribute, 0 for numbers, shape (attribute,).
    """
    if x.ndim != 2 or known_x.shape[1] != x.shape[1]:
        msg = f"rows and known cases must have the same attributes: {x.shape}, {known_x.shape}"
        raise DimsError(msg, got=x.shape)
    spread = known_x.std(axis=0, ddof=1) if known_y.size > 1 else np.zeros(x.shape[1])
    out = np.empty(x.shape[0])
    kernels.correct(
        x,
        estimate,
        known_x,
        known_y,
        known_estimate,
        spread,
        np.zeros(x.shape[1], dtype=np.int64) if classes is None else classes,
        min(count, known_y.size),
        *bounds,
        out,
    )
    return out


def _rows_by_group(groups: Any, n: int) -> list[IntArray]:
    """Return the rows of each group."""
    if groups is None:
        return [np.array([i], dtype=np.int64) for i in range(n)]
    labels = np.asarray(groups)
    if labels.shape != (n,):
        msg = f"groups must have shape ({n},), got {labels.shape}"
        raise DimsError(msg, got=labels.shape)
    rows: dict[Hashable, list[int]] = {}
    for i, label in enumerate(labels.tolist()):
        rows.setdefault(label, []).append(i)
    return [np.array(part, dtype=np.int64) for part in rows.values()]
