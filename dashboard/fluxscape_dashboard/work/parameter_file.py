"""Parameters as a YAML file that people read and the command line takes with ``--params``."""

from __future__ import annotations

from typing import Final

import yaml

from fluxscape.dlm import DlmParameters
from fluxscape.errors import FileFormatError, UnsafeInputError

LARGEST_FILE: Final = 200_000
"""Bytes; the command line takes no more either."""


def parameter_text(parameters: DlmParameters, *, igbp: str, soil: str, site: str) -> str:
    """Return all parameters, one a line, with units."""
    lines = [f"# fluxscape DLM parameters: {site}, land cover {igbp}, soil {soil}"]
    for row in parameters.table():
        value = getattr(parameters, row.name)
        lines.append(f"{row.name}: {value!r}  # [{row.unit}] {row.lower:g} to {row.upper:g}")
    return "\n".join(lines) + "\n"


def read_parameters(content: bytes, name: str, defaults: DlmParameters) -> dict[str, float]:
    """Return the values of a file that differ from the defaults.

    Raises
    ------
    UnsafeInputError
        If the file is too large.
    FileFormatError
        If it is no mapping of names to values.
    MissingVariableError, OutOfBoundsError
        If a name is unknown or a value out of bounds; names it.
    """
    if len(content) > LARGEST_FILE:
        msg = f"{name} has {len(content)} bytes; a parameter file has at most {LARGEST_FILE}"
        raise UnsafeInputError(msg, got=len(content), wanted=LARGEST_FILE)
    try:
        values = yaml.safe_load(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        msg = f"{name} is not UTF-8 text: byte {error.start} cannot be read"
        raise FileFormatError(msg, file=name) from error
    except (yaml.YAMLError, RecursionError) as error:
        msg = f"{name} is not YAML: {str(error) or 'nested too deeply'}"
        raise FileFormatError(msg, file=name) from error
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        msg = f"{name}: wanted lines 'name: value', got {type(values).__name__}"
        raise FileFormatError(msg, file=name)
    return changes_of(defaults.replace(values), defaults)


def changes_of(parameters: DlmParameters, defaults: DlmParameters) -> dict[str, float]:
    """Return the values of ``parameters`` that differ from ``defaults``."""
    base = defaults.to_dict()
    return {name: value for name, value in parameters.to_dict().items() if value != base[name]}
