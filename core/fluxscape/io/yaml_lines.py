"""YAML files whose every entry knows its line, so that an error can name it.

Only plain YAML is read: mappings, lists, texts, numbers, true and false. A key that nobody asked
for is an error, with the nearest known name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from fluxscape.errors import FileFormatError, did_you_mean
from fluxscape.io._text_guards import read_text_guarded

MOST_BYTES: Final = 2_000_000
_MOST_DEPTH: Final = 12


def read_yaml(path: str | Path, *, max_bytes: int = MOST_BYTES) -> YamlSection:
    """Return the top section of a YAML file.

    Raises
    ------
    FileFormatError
        If it is no plain YAML mapping, or a key comes twice.
    UnsafeInputError
        If it is too large.
    """
    import yaml  # noqa: PLC0415

    text = read_text_guarded(path, max_bytes=max_bytes)
    name = str(path)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        place = getattr(error, "problem_mark", None)
        line = f", line {place.line + 1}" if place else ""
        msg = f"{name}{line} is not plain YAML: {getattr(error, 'problem', None) or error}"
        raise FileFormatError(msg, path=name) from error
    if not isinstance(node, yaml.MappingNode):
        msg = f"{name}: wanted lines 'key: value', got {'nothing' if node is None else 'a list'}"
        raise FileFormatError(msg, path=name)
    return YamlSection(name, "", *_mapping(node, name, ""))


def _mapping(node: Any, file: str, where: str, depth: int = 0) -> tuple[dict[str, Any], int]:
    """Return key -> (value, line) of a mapping node, and its line."""
    import yaml  # noqa: PLC0415

    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            msg = f"{file}, line {line}: a key must be a plain word"
            raise FileFormatError(msg, path=file, line=line)
        key = str(key_node.value)
        if key in found:
            msg = f"{file}, line {line}: {where}{key} stands there twice"
            raise FileFormatError(msg, path=file, line=line, key=key)
        found[key] = (_value(value_node, file, f"{where}{key}.", depth + 1), line)
    return found, node.start_mark.line + 1


def _value(node: Any, file: str, where: str, depth: int) -> Any:
    """Return a scalar, a list of values or what :func:`_mapping` returns."""
    import yaml  # noqa: PLC0415

    line = node.start_mark.line + 1
    if depth > _MOST_DEPTH:
        msg = f"{file}, line {line}: nested deeper than {_MOST_DEPTH}"
        raise FileFormatError(msg, path=file, line=line)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, file, where, depth)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, file, where, depth + 1) for item in node.value]
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node)
    except yaml.YAMLError as error:
        msg = f"{file}, line {line}: {where.rstrip('.')} is not plain YAML"
        raise FileFormatError(msg, path=file, line=line) from error
    finally:
        loader.dispose()


class YamlSection:
    """One mapping of a YAML file; values are asked for by name and checked.

    Parameters
    ----------
    file
        Name of the file, for messages.
    where
        Keys that lead here, each with a dot behind.
    entries
        Key -> (value, line).
    line
        Where the section begins.
    """

    def __init__(self, file: str, where: str, entries: dict[str, Any], line: int) -> None:
        self.file = file
        self.where = where
        self.line = line
        self._entries = entries
        self._asked: set[str] = set()

    def names(self) -> Iterator[str]:
        """Yield the keys in their order."""
        yield from self._entries

    def has(self, name: str) -> bool:
        """Return whether a key stands there with a value."""
        return name in self._entries and self._entries[name][0] is not None

    def line_of(self, name: str) -> int:
        """Return the line of a key, of the section where it is absent."""
        return int(self._entries[name][1]) if name in self._entries else self.line

    def fail(self, name: str, what: str) -> NoReturn:
        """Raise FileFormatError about one key: file, line, key, and what is wrong."""
        line = self.line_of(name)
        msg = f"{self.file}, line {line}: {self.where}{name} {what}"
        raise FileFormatError(msg, path=self.file, line=line, key=f"{self.where}{name}")

    def raw(self, name: str) -> Any:
        """Return a value as it stands there, None where it does not."""
        self._asked.add(name)
        return self._entries[name][0] if name in self._entries else None

    def section(self, name: str, *, required: bool = False) -> YamlSection:
        """Return a section inside this one, an empty one where it is absent."""
        value = self.raw(name)
        if value is None:
            if required:
                self.fail(name, "is missing: wanted a section of 'key: value'")
            return YamlSection(self.file, f"{self.where}{name}.", {}, self.line)
        if not isinstance(value, tuple):
            self.fail(name, f"must be a section of 'key: value', got {value!r}")
        return YamlSection(self.file, f"{self.where}{name}.", value[0], self.line_of(name))

    def text(self, name: str, default: str = "", *, required: bool = False) -> str:
        """Return a text."""
        value = self.raw(name)
        if value is None:
            if required:
                self.fail(name, "is missing: wanted a text")
            return default
        if not isinstance(value, str):
            self.fail(name, f"must be a text, got {value!r}")
        return value

    def texts(self, name: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        """Return a list of texts; a single one counts as a list of one."""
        value = self.raw(name)
        if value is None:
            return tuple(default)
        rows = value if isinstance(value, list) else [value]
        if not rows or not all(isinstance(row, str) for row in rows):
            self.fail(name, f"must be a text or a list of texts, got {value!r}")
        return tuple(rows)

    def choice(self, name: str, known: Sequence[str], default: str) -> str:
        """Return one of several words."""
        value = self.text(name, default)
        if value not in known:
            hint = did_you_mean(value, known)
            self.fail(name, f"must be one of {', '.join(known)}, got {value!r}.{hint}")
        return value

    def number(
        self, name: str, default: float, *, lower: float = -math.inf, upper: float = math.inf
    ) -> float:
        """Return a number within bounds."""
        value = self.raw(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.fail(name, f"must be a number, got {value!r}")
        if not lower <= value <= upper:
            self.fail(name, f"must lie within {lower:g} to {upper:g}, got {value:g}")
        return float(value)

    def integer(self, name: str, default: int, *, lower: int, upper: int) -> int:
        """Return a whole number within bounds."""
        value = self.raw(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(name, f"must be a whole number, got {value!r}")
        if not lower <= value <= upper:
            self.fail(name, f"must lie within {lower} to {upper}, got {value}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return true or false."""
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fail(name, f"must be true or false, got {value!r}")
        return value

    def numbers(self, name: str, count: int | None = None) -> tuple[float, ...] | None:
        """Return a list of numbers, None where it is absent."""
        value = self.raw(name)
        if value is None:
            return None
        rows = value if isinstance(value, list) else [value]
        good = all(isinstance(row, (int, float)) and not isinstance(row, bool) for row in rows)
        if not good or (count is not None and len(rows) != count):
            wanted = "numbers" if count is None else f"{count} numbers"
            self.fail(name, f"must be a list of {wanted}, got {value!r}")
        return tuple(float(row) for row in rows)

    def finish(self) -> None:
        """Raise FileFormatError at the first key that nobody asked for."""
        for name in self._entries:
            if name not in self._asked:
                hint = did_you_mean(name, self._asked)
                known = ", ".join(sorted(self._asked))
                self.fail(name, f"is no key here, wanted {known}.{hint}")
