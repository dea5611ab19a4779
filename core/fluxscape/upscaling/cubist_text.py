"""Rule models in the text format that Cubist writes, ``.model``, read and written.

The format was taken from files that Cubist 2.07 wrote: lines of ``key="value"`` pairs; a head with
the target's mean and range, one ``att=`` line for the target and for each attribute, the number
of members (``entries=``), and for each member its rules, each with its conditions (``type="1"`` a
category, ``"2"`` a threshold, ``"3"`` a set of categories) and its linear model. The file names
only the categories that its rules use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NoReturn

import numpy as np
import numpy.typing as npt

from fluxscape.errors import FileFormatError
from fluxscape.upscaling import _kernels_rules as kernels
from fluxscape.upscaling.rules import MOST_LEVELS, RuleModel, clip_range

_PAIR: Final = re.compile(r'\s*([A-Za-z]+)="((?:[^"\\]|\\.)*)"(?:,"((?:[^"\\]|\\.)*)")*')
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED: Final = re.compile(r"\\(.)")

MOST_RULES: Final = 200_000
"""Rules that a file may announce; more is no model that anyone wrote."""

Pairs = list[tuple[str, list[str]]]


class _Lines:
    """Lines of a file as pairs, with the number of the line for messages."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.number = 0
        self._lines: Iterator[str] = iter(text.splitlines())

    def next(self) -> Pairs | None:
        """Return the pairs of the next line that is not empty, None at the end."""
        for line in self._lines:
            self.number += 1
            if line.strip():
                return self._pairs(line)
        return None

    def need(self) -> Pairs:
        """Return the pairs of the next line or raise FileFormatError."""
        pairs = self.next()
        if pairs is None:
            self.refuse("the file ends in the middle of the model")
        return pairs

    def refuse(self, what: str) -> NoReturn:
        """Raise FileFormatError that names file and line."""
        msg = f"{self.name}, line {self.number}: {what}"
        raise FileFormatError(msg, line=self.number)

    def number_of(self, pairs: Pairs, key: str) -> float:
        """Return a number by its key."""
        values = dict(pairs).get(key)
        if values is None:
            self.refuse(f"there is no {key}= where one was expected")
        try:
            value = float(values[0])
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            self.refuse(f"{key}={values[0]!r} is no finite number")
        return value

    def count_of(self, pairs: Pairs, key: str) -> int:
        """Return a count by its key."""
        value = self.number_of(pairs, key)
        if value != int(value) or not 0 <= value <= MOST_RULES:
            self.refuse(f"{key}={value:g} is no count between 0 and {MOST_RULES}")
        return int(value)

    def _pairs(self, line: str) -> Pairs:
        found: Pairs = []
        place = 0
        line = line.rstrip()
        while place < len(line):
            match = _PAIR.match(line, place)
            if match is None:
                self.refuse(f'wanted key="value" pairs, got {line[place : place + 40]!r}')
            values = _QUOTED.findall(line[match.start(2) - 1 : match.end()])
            found.append((match.group(1), [_ESCAPED.sub(r"\1", value) for value in values]))
            place = match.end()
        return found


def read_model_text(text: str, *, name: str = "model") -> RuleModel:
    """Return the rules that a ``.model`` text holds.

    Parameters
    ----------
    text
        Content of the file.
    name
        Name of the file, for messages.

    Raises
    ------
    FileFormatError
        If it is no such text, naming the line.
    """
    lines = _Lines(text, name)
    head, attributes, target, modes = _head(lines)
    builder = _Builder(attributes, modes, lines)
    entries = lines.count_of(head, "entries")
    if not entries:
        lines.refuse("the model has no member")
    for _ in range(entries):
        builder.start_member(lines.count_of(lines.need(), "rules"))
    return builder.model(head, target)


def _head(lines: _Lines) -> tuple[Pairs, list[str], str, dict[str, str]]:
    """Return the facts of the head, the attributes, the target and modes of categories."""
    head: Pairs = []
    names: list[str] = []
    modes: dict[str, str] = {}
    while True:
        pairs = lines.need()
        keys = dict(pairs)
        if "att" in keys:
            names.append(keys["att"][0])
            if "mode" in keys:
                modes[names[-1]] = keys["mode"][0]
            continue
        head += pairs
        if "entries" in keys:
            break
    if len(names) < 2:
        lines.refuse("the head names no attribute beside the target")
    if len(set(names[1:])) != len(names) - 1:
        lines.refuse("an attribute is named twice")
    return head, names[1:], names[0], modes


class _Builder:
    """Gathers the parts of a rule model while lines are read."""

    def __init__(self, names: Sequence[str], modes: dict[str, str], lines: _Lines) -> None:
        self.names = list(names)
        self.index = {name: j for j, name in enumerate(names)}
        self.levels: dict[str, list[str]] = {name: [mode] for name, mode in modes.items()}
        self.lines = lines
        self.members = [0]
        self.rules: list[dict[str, float]] = []
        self.conditions: list[tuple[int, int, float, int]] = []
        self.rule_start = [0]
        self.terms: list[tuple[int, float]] = []
        self.term_start = [0]
        self.intercepts: list[float] = []

    def start_member(self, count: int) -> None:
        """Read one member of ``count`` rules."""
        for _ in range(count):
            head = self.lines.need()
            keys = ("cover", "mean", "loval", "hival", "esterr")
            self.rules.append({key: self.lines.number_of(head, key) for key in keys})
            for _ in range(self.lines.count_of(head, "conds")):
                self.conditions.append(self._condition(self.lines.need()))
            self.rule_start.append(len(self.conditions))
            self._model(self.lines.need())
        self.members.append(len(self.rules))

    def _attribute(self, pairs: Pairs) -> int:
        """Return the place of the attribute that a condition names."""
        name = dict(pairs).get("att", [""])[0]
        if name not in self.index:
            self.lines.refuse(f"attribute {name!r} is not in the head")
        return self.index[name]

    def _condition(self, pairs: Pairs) -> tuple[int, int, float, int]:
        """Return attribute, kind, threshold and set of one condition."""
        place, keys = self._attribute(pairs), dict(pairs)
        kind = keys.get("type", [""])[0]
        if kind == "2":
            sign = keys.get("result", [""])[0]
            signs = {"<=": kernels.LOWER, "<": kernels.LOWER, ">": kernels.UPPER}
            if sign not in signs:
                self.lines.refuse(f"result={sign!r} is none of '<=', '<' and '>'")
            return place, signs[sign], self.lines.number_of(pairs, "cut"), 0
        values = {"1": keys.get("val"), "3": keys.get("elts")}.get(kind)
        if values is None:
            self.lines.refuse(f"condition of type {kind!r} is not known")
        subset = 0
        for value in values:
            subset |= 1 << self._level(self.names[place], value)
        return place, kernels.SUBSET, 0.0, subset

    def _level(self, attribute: str, value: str) -> int:
        """Return the code of a category."""
        known = self.levels.setdefault(attribute, [])
        if value not in known:
            if len(known) >= MOST_LEVELS:
                self.lines.refuse(f"{attribute} has more than {MOST_LEVELS} categories")
            known.append(value)
        return known.index(value)

    def _model(self, pairs: Pairs) -> None:
        """Read a linear model: intercept, then attribute and slope in turn."""
        if not pairs or pairs[0][0] != "coeff" or len(pairs) % 2 == 0:
            self.lines.refuse('wanted coeff="intercept" att="..." coeff="..." ...')
        self.intercepts.append(self.lines.number_of(pairs[:1], "coeff"))
        for i in range(1, len(pairs), 2):
            place = self._attribute(pairs[i : i + 1])
            self.terms.append((place, self.lines.number_of(pairs[i + 1 : i + 2], "coeff")))
        self.term_start.append(len(self.terms))

    def model(self, head: Pairs, target: str) -> RuleModel:
        """Return what was read as a rule model."""
        extrapolation = self.lines.number_of(head, "extrap")
        case_low, case_high, mean, error, cover = (
            np.array([rule[key] for rule in self.rules], dtype=np.float64)
            for key in ("loval", "hival", "mean", "esterr", "cover")
        )
        low, high = clip_range(case_low, case_high, extrapolation)
        conditions = list(zip(*self.conditions, strict=True)) or [(), (), (), ()]
        terms = list(zip(*self.terms, strict=True)) or [(), ()]
        return RuleModel(
            names=tuple(self.names),
            member_start=_integers(self.members),
            rule_start=_integers(self.rule_start),
            attribute=_integers(conditions[0]),
            kind=_integers(conditions[1]),
            cut=np.array(conditions[2], dtype=np.float64),
            subset=_integers(conditions[3]),
            term_start=_integers(self.term_start),
            term=_integers(terms[0]),
            slope=np.array(terms[1], dtype=np.float64),
            intercept=np.array(self.intercepts, dtype=np.float64),
            low=low,
            high=high,
            cases=cover.astype(np.int64),
            mean=mean,
            error=error,
            case_low=case_low,
            case_high=case_high,
            global_mean=self.lines.number_of(head, "globalmean"),
            floor=self.lines.number_of(head, "floor"),
            ceiling=self.lines.number_of(head, "ceiling"),
            extrapolation=extrapolation,
            levels={name: tuple(values) for name, values in self.levels.items()},
            target=target,
        )


def write_model_text(model: RuleModel, x: npt.NDArray[np.float64] | None = None) -> str:
    """Return a rule model as ``.model`` text; numbers in 17 digits, so that nothing is lost.

    Parameters
    ----------
    model
        What to write.
    x
        Cases, shape (row, attribute), whose mean, spread and range the head gives for each
        attribute; without them it gives zeros, which prediction does not read.
    """
    lines = [
        'id="fluxscape rule model"',
        _line(
            ("prec", "17"),
            ("globalmean", model.global_mean),
            ("extrap", model.extrapolation),
            ("insts", "0"),
            ("ceiling", model.ceiling),
            ("floor", model.floor),
        ),
        _statistics(model.target, None),
    ]
    for j, name in enumerate(model.names):
        if name in model.levels:
            lines.append(_line(("att", name), ("mode", model.levels[name][0])))
        else:
            lines.append(_statistics(name, None if x is None else x[:, j]))
    lines.append(_line(("entries", model.n_members)))
    for member in range(model.n_members):
        first, last = int(model.member_start[member]), int(model.member_start[member + 1])
        lines.append(_line(("rules", last - first)))
        for rule in range(first, last):
            lines += _rule_lines(model, rule)
    return "\n".join(lines) + "\n"


def _rule_lines(model: RuleModel, rule: int) -> list[str]:
    """Return head, conditions and linear model of one rule."""
    conditions = model.conditions(rule)
    lines = [
        _line(
            ("conds", len(conditions)),
            ("cover", int(model.cases[rule])),
            ("mean", model.mean[rule]),
            ("loval", model.case_low[rule]),
            ("hival", model.case_high[rule]),
            ("esterr", model.error[rule]),
        )
    ]
    for condition in conditions:
        name = condition["attribute"]
        if condition["sign"] == "in":
            allowed = ",".join(f'"{_escape(value)}"' for value in condition["categories"])
            lines.append(f"{_line(('type', '3'), ('att', name))} elts={allowed}")
        else:
            cut, sign = condition["cut"], condition["sign"]
            lines.append(_line(("type", "2"), ("att", name), ("cut", cut), ("result", sign)))
    terms: list[tuple[str, Any]] = []
    for name, slope in model.terms(rule).items():
        terms += [("att", name), ("coeff", slope)]
    lines.append(_line(("coeff", model.intercept[rule]), *terms))
    return lines


def _statistics(name: str, values: npt.NDArray[np.float64] | None) -> str:
    """Return the line of a continuous attribute."""
    facts = (0.0, 0.0, 0.0, 0.0)
    if values is not None:
        facts = (values.mean(), values.std(ddof=1), values.min(), values.max())
    return _line(("att", name), *zip(("mean", "sd", "min", "max"), facts, strict=True))


def _line(*pairs: tuple[str, Any]) -> str:
    """Return pairs as a line."""
    return " ".join(f'{key}="{_value(value)}"' for key, value in pairs)


def _value(value: Any) -> str:
    """Return a value as the file holds it."""
    if isinstance(value, str):
        return _escape(value)
    return str(value) if isinstance(value, int) else repr(float(value))


def _escape(text: str) -> str:
    """Return text with quotation marks and backslashes marked."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _integers(values: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return whole numbers as an array."""
    return np.array(values, dtype=np.int64)
