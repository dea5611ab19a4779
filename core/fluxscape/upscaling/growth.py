"""How one rule set grows: a linear model tree, pruned, smoothed, and turned into rules.

The steps are those of M5 (Quinlan 1992; Wang and Witten 1997) with two changes. A split is judged
by the spread about linear models on both sides rather than about the mean, so that one plane is
not cut into steps. Smoothing combines a model with its parent's by the weights that give the
combination of two forecasts the least variance (Bates and Granger 1969), which leaves a model
that is already exact alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fluxscape.upscaling import _kernels_growth as kernels

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_ROUNDING = 1e-20
"""Sum of squares, relative to the target's, below which residuals are rounding."""


@dataclass(frozen=True)
class Settings:
    """What decides how a tree grows; see :class:`fluxscape.upscaling.ModelTreeRegressor`."""

    min_cases: int = 20
    max_rules: int = 100
    max_terms: int = 8
    split_terms: int = 3
    penalty: float = 1.0
    ridge: float = 1e-6
    smoothing: bool = True
    smoothing_cases: float = 0.0
    bins: int = 64
    share_attributes: float = 1.0


@dataclass(frozen=True)
class Rule:
    """Conditions under which a linear model holds, and the range that its cases had.

    Attributes
    ----------
    attributes, signs, cuts
        Conditions: ``x[attribute] > cut`` where the sign is 1, ``<=`` where it is -1.
    terms, slopes, intercept
        Linear model.
    low, high, mean, error
        Least, largest and mean target of the cases; their mean absolute residual.
    cases
        How many there were.
    """

    attributes: IntArray
    signs: IntArray
    cuts: FloatArray
    terms: IntArray
    slopes: FloatArray
    intercept: float
    low: float
    high: float
    mean: float
    error: float
    cases: int


@dataclass
class _Node:
    rows: IntArray
    intercept: float
    slopes: FloatArray
    error: float
    n_terms: int
    conditions: tuple[tuple[int, int, float], ...] = ()
    children: list[_Node] = field(default_factory=list)

    def leaves(self) -> int:
        return sum(child.leaves() for child in self.children) if self.children else 1


class Grower:
    """Grows rule sets over one table of predictors.

    Parameters
    ----------
    x
        Predictors, finite, shape (case, attribute).
    settings
        How.
    """

    def __init__(self, x: FloatArray, settings: Settings) -> None:
        self.x = np.ascontiguousarray(x)
        self.settings = settings
        self.centre = x.mean(axis=0)
        self.scale = x.std(axis=0)
        self.scale[self.scale <= 1e-12 * np.abs(self.centre)] = 0.0
        safe = np.where(self.scale > 0.0, self.scale, 1.0)
        self.z = np.ascontiguousarray((x - self.centre) / safe)
        self.usable = np.flatnonzero(self.scale > 0.0).astype(np.int64)
        self.bins, self.edges = _binned(self.x, settings.bins)

    def grow(self, y: FloatArray, rows: IntArray, rng: np.random.Generator) -> list[Rule]:
        """Return the rules of one member, fitted to ``y`` of ``rows`` (which may repeat)."""
        spread = float(y[rows].std())
        floor = _ROUNDING * max(float(np.sum(y[rows] ** 2)), 1e-300)
        root = self._node(y, rows, (), floor, rng)
        stop = max(1e-3 * spread, np.sqrt(floor / rows.size))
        self._split(root, y, stop, floor, rng)
        _prune(root, self.settings.max_rules)
        leaves: list[tuple[_Node, FloatArray, float]] = []
        self._collect(root, root.slopes, root.intercept, y, leaves)
        return [self._rule(leaf, slopes, intercept, y, rows) for leaf, slopes, intercept in leaves]

    def _node(
        self,
        y: FloatArray,
        rows: IntArray,
        conditions: tuple[tuple[int, int, float], ...],
        floor: float,
        rng: np.random.Generator,
    ) -> _Node:
        """Return a node with its linear model."""
        options = self.settings
        slopes = np.zeros(self.x.shape[1])
        candidates = self._some(rng)
        target = y[rows] - y[rows].mean()
        z = self.z[np.ix_(rows, candidates)]
        means = z.mean(axis=0)
        z = np.column_stack([z - means, target])
        table = z.T @ z
        chosen = np.empty(max(options.max_terms, 1), dtype=np.int64)
        diagonal = table.copy()
        diagonal[np.arange(candidates.size), np.arange(candidates.size)] *= 1.0 + options.ridge
        count = kernels.select_terms(
            diagonal, rows.size, options.max_terms, options.penalty, floor, chosen
        )
        picked = chosen[:count]
        slopes[candidates[picked]] = diagonal[picked, -1]
        intercept = float(y[rows].mean() - means[picked] @ diagonal[picked, -1])
        residual = target - z[:, picked] @ diagonal[picked, -1]
        sse = float(residual @ residual)
        error = kernels.adjusted_error(sse, rows.size, count + 1.0, options.penalty)
        return _Node(rows, intercept, slopes, error, count, conditions)

    def _some(self, rng: np.random.Generator) -> IntArray:
        """Return the attributes that a node may use."""
        count = max(1, round(self.settings.share_attributes * self.usable.size))
        if count >= self.usable.size:
            return self.usable
        return np.sort(rng.choice(self.usable, count, replace=False))

    def _split(
        self, node: _Node, y: FloatArray, stop: float, floor: float, rng: np.random.Generator
    ) -> None:
        """Split a node, and what comes of it, while that can lower the error."""
        options = self.settings
        if node.rows.size < 2 * options.min_cases or node.error <= stop or not self.usable.size:
            return
        order = np.argsort(-np.abs(node.slopes))
        terms = order[: min(options.split_terms, node.n_terms)]
        z = np.ascontiguousarray(
            np.column_stack(
                [np.ones(node.rows.size), self.z[np.ix_(node.rows, terms)], y[node.rows]]
            )
        )
        z[:, -1] -= z[:, -1].mean()
        ridge = max(options.ridge, 1e-9)
        attribute, last, _ = kernels.best_split(
            self.bins, node.rows, z, self._some(rng), options.bins, options.min_cases, ridge
        )
        if attribute < 0:
            return
        order = np.argsort(self.x[node.rows, attribute], kind="stable")
        edges = self.edges[attribute]
        low = edges[last - 1] if last > 0 else -np.inf
        high = edges[last + 1] if last + 1 < edges.size else np.inf
        values = self.x[node.rows[order], attribute]
        cut, _ = kernels.refine_split(values, z[order], low, high, options.min_cases, ridge)
        if not np.isfinite(cut):
            return
        above = self.x[node.rows, attribute] > cut
        for sign, side in ((-1, ~above), (1, above)):
            conditions = (*node.conditions, (int(attribute), sign, float(cut)))
            child = self._node(y, node.rows[side], conditions, floor, rng)
            node.children.append(child)
            self._split(child, y, stop, floor, rng)

    def _collect(
        self,
        node: _Node,
        slopes: FloatArray,
        intercept: float,
        y: FloatArray,
        out: list[tuple[_Node, FloatArray, float]],
    ) -> None:
        """Gather leaves with their models, smoothed with those of all nodes above."""
        if not node.children:
            out.append((node, slopes, intercept))
            return
        for child in node.children:
            share = 1.0
            if self.settings.smoothing:
                z, target = self.z[child.rows], y[child.rows]
                own = target - child.intercept - z @ child.slopes
                share = _weight(own, target - intercept - z @ slopes)
                n = child.rows.size
                share *= n / (n + self.settings.smoothing_cases)
            mixed = share * child.slopes + (1.0 - share) * slopes
            base = share * child.intercept + (1.0 - share) * intercept
            self._collect(child, mixed, base, y, out)

    def _rule(
        self, leaf: _Node, slopes: FloatArray, intercept: float, y: FloatArray, rows: IntArray
    ) -> Rule:
        """Return a leaf as a rule, without the conditions that do not help."""
        target = y[rows]
        used = np.flatnonzero(slopes).astype(np.int64)
        residual = np.abs(target - intercept - self.z[np.ix_(rows, used)] @ slopes[used])
        attributes, signs, cuts = self._needed(leaf, rows, residual, used.size + 1.0)
        fires = np.empty(rows.size, dtype=np.bool_)
        kernels.cover(self.x, rows, attributes, signs, cuts, fires)
        covered = target[fires]
        plain = slopes[used] / self.scale[used]
        return Rule(
            attributes,
            signs,
            cuts,
            used,
            plain,
            float(intercept - plain @ self.centre[used]),
            float(covered.min()),
            float(covered.max()),
            float(covered.mean()),
            float(residual[fires].mean()),
            covered.size,
        )

    def _needed(
        self, leaf: _Node, rows: IntArray, residual: FloatArray, spent: float
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Return the conditions of a leaf without those that do not lower its adjusted error."""
        conditions = _merged(leaf.conditions)
        attributes = np.array([c[0] for c in conditions], dtype=np.int64)
        signs = np.array([c[1] for c in conditions], dtype=np.int64)
        cuts = np.array([c[2] for c in conditions], dtype=np.float64)
        while attributes.size:
            sums, counts = np.empty(attributes.size + 1), np.empty(attributes.size + 1, np.int64)
            kernels.without_each(self.x, rows, attributes, signs, cuts, residual, sums, counts)
            left = np.maximum(counts - spent, 1e-9)
            errors = sums / np.maximum(counts, 1) * (counts + spent) / left
            drop = int(np.argmin(errors[:-1]))
            if errors[drop] > errors[-1] * (1.0 + 1e-9):
                break
            kept = np.arange(attributes.size) != drop
            attributes, signs, cuts = attributes[kept], signs[kept], cuts[kept]
        return attributes, signs, cuts


def _merged(conditions: tuple[tuple[int, int, float], ...]) -> list[tuple[int, int, float]]:
    """Return the conditions of a path with the sharpest of each attribute and sign only."""
    sharpest: dict[tuple[int, int], float] = {}
    for attribute, sign, cut in conditions:
        key = attribute, sign
        sharpest[key] = cut if key not in sharpest else sign * max(sign * cut, sign * sharpest[key])
    return [(attribute, sign, cut) for (attribute, sign), cut in sharpest.items()]


def _weight(own: FloatArray, parent: FloatArray) -> float:
    """Return the share of the own model that gives the combined residual the least variance.

    Bates and Granger (1969), doi:10.1057/jors.1969.103, equation for k: with variances of the two
    errors and their covariance. Outside 0 to 1 the own model stands alone.
    """
    covariance = float(np.mean(own * parent))
    first, second = float(np.mean(own**2)), float(np.mean(parent**2))
    spread = first + second - 2.0 * covariance
    if spread <= 0.0:
        return 1.0
    share = (second - covariance) / spread
    return share if 0.0 < share < 1.0 else 1.0


def _prune(node: _Node, most: int) -> None:
    """Cut back subtrees that are no better than their root's model, then to ``most`` leaves."""
    _subtree_error(node)
    while node.leaves() > most:
        weakest = min(_inner(node), key=_gain)
        weakest.children = []


def _subtree_error(node: _Node) -> float:
    """Prune below a node; return the adjusted error of what is left."""
    if not node.children:
        return node.error
    below = sum(child.rows.size * _subtree_error(child) for child in node.children)
    error = below / node.rows.size
    if node.error <= error:
        node.children = []
        return node.error
    return error


def _inner(node: _Node) -> list[_Node]:
    """Return the nodes both of whose children are leaves."""
    if not node.children:
        return []
    found = [inner for child in node.children for inner in _inner(child)]
    return found or [node]


def _gain(node: _Node) -> float:
    """Return what the split of a node with two leaves takes off the summed error."""
    return node.rows.size * node.error - sum(c.rows.size * c.error for c in node.children)


def _binned(x: FloatArray, n_bins: int) -> tuple[npt.NDArray[np.uint8], list[FloatArray]]:
    """Return the bin of every value and, by attribute, the inner edges of the bins."""
    bins = np.zeros(x.shape, dtype=np.uint8)
    edges: list[FloatArray] = []
    shares = np.linspace(0.0, 1.0, n_bins + 1)[1:-1]
    for j in range(x.shape[1]):
        distinct = np.unique(x[:, j])
        if distinct.size <= n_bins:
            inner = distinct[:-1]
        else:
            inner = np.unique(np.quantile(x[:, j], shares, method="inverted_cdf"))
            inner = inner[inner < distinct[-1]]
        edges.append(inner)
        bins[:, j] = np.searchsorted(inner, x[:, j], side="left")
    return bins, edges
