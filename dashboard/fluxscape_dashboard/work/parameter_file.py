"""Parameters as a YAML file that people read and the command line takes with ``--params``."""

from __future__ import annotations

from typing import Final

import yaml

from fluxscape.errors import FileFormatError, UnsafeInputError
from fluxscape.parameters import ParameterSet
from fluxscape_dashboard.work.model_sets import ModelSet, changes_of

LARGEST_FILE: Final = 200_000
"""Bytes; the command line takes no more either."""


def parameter_text(chosen: ModelSet, *, site: str) -> str:
    """Return all parameters, one a line, with units."""
    soil = f", soil {chosen.soil}" if chosen.is_dlm else ""
    lines = [
        f"# fluxscape parameters of model {chosen.model}: {site}, land cover {chosen.igbp}{soil}"
    ]
    parameters = chosen.parameters()
    for row in parameters.table():
        value = getattr(parameters, row.name)
        lines.append(f"{row.name}: {value!r}  # [{row.unit}] {row.lower:g} to {row.upper:g}")
    return "\n".join(lines) + "\n"


def read_parameters(content: bytes, name: str, defaults: ParameterSet) -> dict[str, float]:
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
