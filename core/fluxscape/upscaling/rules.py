"""Rule models as flat arrays: evaluated by a kernel, shown as text and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import DimsError
from fluxscape.upscaling import _kernels_rules as kernels
from fluxscape.upscaling.growth import Rule

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MOST_LEVELS: Final = 62
"""Categories of an attribute that a condition on a set of them can hold."""


@dataclass(frozen=True)
class RuleModel:
    """A committee of rule sets with linear models.

    Attributes
    ----------
    names
        Attributes, in the order of the columns of ``x``.
    levels
        Categories of the attributes that have them: a value is the index of its category.
    member_start
        First rule of each member and, last, the number of rules, shape (member + 1,).
    rule_start, attribute, kind, cut, subset
        Conditions of rule r stand at ``rule_start[r]`` to ``rule_start[r + 1]``; kinds as in
        ``_kernels_rules``; ``subset`` is the bit set of allowed categories.
    term_start, term, slope, intercept
        Linear models, likewise.
    low, high
        Range to which a rule's value is held, shape (rule,).
    cases, mean, error
        Cases of a rule, their mean target and mean absolute residual, shape (rule,).
    case_low, case_high
        Range of their target, shape (rule,).
    global_mean, floor, ceiling
        Target where no rule fires; range that corrections by neighbours keep.
    extrapolation
        Share of a rule's range by which its value may pass it.
    """

    names: tuple[str, ...]
    member_start: IntArray
    rule_start: IntArray
    attribute: IntArray
    kind: IntArray
    cut: FloatArray
    subset: IntArray
    term_start: IntArray
    term: IntArray
    slope: FloatArray
    intercept: FloatArray
    low: FloatArray
    high: FloatArray
    cases: IntArray
    mean: FloatArray
    error: FloatArray
    case_low: FloatArray
    case_high: FloatArray
    global_mean: float
    floor: float
    ceiling: float
    extrapolation: float
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    target: str = "outcome"

    @property
    def n_members(self) -> int:
        """Number of members of the committee."""
        return self.member_start.size - 1

    @property
    def n_rules(self) -> int:
        """Number of rules of all members."""
        return self.intercept.size

    def predict(self, x: FloatArray) -> FloatArray:
        """Return the model's value of each row of ``x``, shape (row, attribute)."""
        return self.predict_with_spread(x)[0]

    def predict_with_spread(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the model's value of each row, and the standard deviation over members."""
        rows = self._rows(x)
        out, spread = np.empty(rows.shape[0]), np.empty(rows.shape[0])
        arguments: Any = (rows, *self._arrays(), self.global_mean, out, spread)
        kernels.evaluate(*arguments)
        return out, spread

    def which(self, x: FloatArray) -> npt.NDArray[np.bool_]:
        """Return which rule fires in which row, shape (row, rule)."""
        rows = self._rows(x)
        out = np.empty((rows.shape[0], self.n_rules), dtype=np.bool_)
        conditions = (self.rule_start, self.attribute, self.kind, self.cut, self.subset)
        kernels.which_rules(rows, *conditions, out)
        return out

    def usage(self) -> dict[str, dict[str, float]]:
        """Return the share of cases whose rules use an attribute in conditions and in models."""
        total = float(self.cases.sum())
        shares = {}
        for j, name in enumerate(self.names):
            in_rule = np.array(
                [
                    [
                        j in self.attribute[self.rule_start[r] : self.rule_start[r + 1]],
                        j in self.term[self.term_start[r] : self.term_start[r + 1]],
                    ]
                    for r in range(self.n_rules)
                ],
                dtype=np.float64,
            )
            conditions, model = self.cases @ in_rule / total
            if conditions > 0.0 or model > 0.0:
                shares[name] = {"conditions": float(conditions), "model": float(model)}
        return dict(sorted(shares.items(), key=lambda item: -sum(item[1].values())))

    def table(self) -> list[dict[str, Any]]:
        """Return every rule as plain data, for pages and figures."""
        rows = []
        for member in range(self.n_members):
            first, last = self.member_start[member], self.member_start[member + 1]
            rows += [
                {
                    "member": member + 1,
                    "rule": r - int(first) + 1,
                    "cases": int(self.cases[r]),
                    "mean": float(self.mean[r]),
                    "low": float(self.case_low[r]),
                    "high": float(self.case_high[r]),
                    "error": float(self.error[r]),
                    "conditions": self.conditions(r),
                    "intercept": float(self.intercept[r]),
                    "terms": self.terms(r),
                }
                for r in range(int(first), int(last))
            ]
        return rows

    def conditions(self, rule: int) -> list[dict[str, Any]]:
        """Return the conditions of one rule as plain data."""
        found: list[dict[str, Any]] = []
        for c in range(self.rule_start[rule], self.rule_start[rule + 1]):
            name = self.names[self.attribute[c]]
            if self.kind[c] == kernels.SUBSET:
                allowed = [
                    level
                    for code, level in enumerate(self.levels[name])
                    if (int(self.subset[c]) >> code) & 1
                ]
                found.append({"attribute": name, "sign": "in", "categories": allowed})
            else:
                sign = "<=" if self.kind[c] == kernels.LOWER else ">"
                found.append({"attribute": name, "sign": sign, "cut": float(self.cut[c])})
        return found

    def terms(self, rule: int) -> dict[str, float]:
        """Return the slopes of one rule by attribute."""
        span = range(self.term_start[rule], self.term_start[rule + 1])
        return {self.names[self.term[t]]: float(self.slope[t]) for t in span}

    def text(self, member: int | None = None) -> str:
        """Return all rules for people, or those of one member, counted from 1."""
        lines: list[str] = []
        for row in self.table():
            if member not in {None, row["member"]}:
                continue
            if lines:
                lines.append("")
            lines.append(
                f"Rule {row['member']}.{row['rule']}: {row['cases']} cases, mean "
                f"{row['mean']:.6g}, range {row['low']:.6g} to {row['high']:.6g}, "
                f"error {row['error']:.4g}"
            )
            for n, condition in enumerate(row["conditions"]):
                lines.append(f"  {'and' if n else 'if '} {_condition_text(condition)}")
            lines.append(f"  then {self.target} = {_model_text(row)}")
        return "\n".join(lines) + "\n"

    def _rows(self, x: FloatArray) -> FloatArray:
        """Return ``x`` as the kernels take it or raise DimsError."""
        rows = np.ascontiguousarray(x, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(self.names):
            msg = f"rows must have shape (row, {len(self.names)}), got {rows.shape}"
            raise DimsError(msg, got=rows.shape)
        return rows

    def _arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """Return the arrays in the order of ``_kernels_rules.evaluate``."""
        return (
            self.member_start,
            self.rule_start,
            self.attribute,
            self.kind,
            self.cut,
            self.subset,
            self.term_start,
            self.term,
            self.slope,
            self.intercept,
            self.low,
            self.high,
        )


def clip_range(
    low: FloatArray, high: FloatArray, extrapolation: float
) -> tuple[FloatArray, FloatArray]:
    """Return the range to which a rule's value is held.

    It passes the range of the rule's cases by a share of it on either side, but zero only where the
    cases themselves do.
    """
    margin = extrapolation * (high - low)
    lower = np.where((low >= 0.0) & (low - margin < 0.0), 0.0, low - margin)
    upper = np.where((high <= 0.0) & (high + margin > 0.0), 0.0, high + margin)
    return lower, upper


def assemble(
    members: Sequence[Sequence[Rule]],
    names: Sequence[str],
    y: FloatArray,
    *,
    extrapolation: float,
    target: str = "outcome",
) -> RuleModel:
    """Return grown rules as one model, with means and ranges of the target ``y``."""
    rules = [rule for member in members for rule in member]
    case_low, case_high = (
        np.array([getattr(rule, key) for rule in rules]) for key in ("low", "high")
    )
    low, high = clip_range(case_low, case_high, extrapolation)
    conditions = sum(rule.attributes.size for rule in rules)
    floor, ceiling = clip_range(np.array([y.min()]), np.array([y.max()]), extrapolation)
    return RuleModel(
        names=tuple(names),
        member_start=_starts([len(member) for member in members]),
        rule_start=_starts([rule.attributes.size for rule in rules]),
        attribute=_joined([rule.attributes for rule in rules]).astype(np.int64),
        kind=np.where(
            _joined([rule.signs for rule in rules]) > 0, kernels.UPPER, kernels.LOWER
        ).astype(np.int64),
        cut=_joined([rule.cuts for rule in rules]).astype(np.float64),
        subset=np.zeros(conditions, dtype=np.int64),
        term_start=_starts([rule.terms.size for rule in rules]),
        term=_joined([rule.terms for rule in rules]).astype(np.int64),
        slope=_joined([rule.slopes for rule in rules]).astype(np.float64),
        intercept=np.array([rule.intercept for rule in rules]),
        low=low,
        high=high,
        cases=np.array([rule.cases for rule in rules], dtype=np.int64),
        mean=np.array([rule.mean for rule in rules]),
        error=np.array([rule.error for rule in rules]),
        case_low=case_low,
        case_high=case_high,
        global_mean=float(y.mean()),
        floor=float(floor[0]),
        ceiling=float(ceiling[0]),
        extrapolation=extrapolation,
        target=target,
    )


def _starts(sizes: Sequence[int]) -> IntArray:
    """Return where each of consecutive parts starts and, last, where all end."""
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _joined(parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Return parts one after another."""
    return np.concatenate(parts) if parts else np.empty(0)


def _condition_text(condition: dict[str, Any]) -> str:
    """Return one condition for people."""
    if condition["sign"] == "in":
        return f"{condition['attribute']} in {{{', '.join(condition['categories'])}}}"
    return f"{condition['attribute']} {condition['sign']} {condition['cut']:.6g}"


def _model_text(row: dict[str, Any]) -> str:
    """Return a linear model for people, largest slopes first as they stand."""
    text = f"{row['intercept']:.6g}"
    for name, slope in row["terms"].items():
        text += f" {'-' if slope < 0.0 else '+'} {abs(slope):.6g} {name}"
    return text
