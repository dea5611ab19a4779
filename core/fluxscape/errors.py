"""The errors of fluxscape.

A message says what was found, what was wanted and where: file, variable, row or coordinate.
``details`` carries the same facts as data, so that a page can show them in the user's language.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class FluxscapeError(Exception):
    """Base of every error that fluxscape raises on purpose.

    Parameters
    ----------
    message
        What was found, what was wanted, where.
    **details
        The same facts by name, for pages and logs.
    """

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class UnitsError(FluxscapeError, ValueError):
    """A quantity has no unit or one that cannot be converted to the wanted one."""


class DimsError(FluxscapeError, ValueError):
    """An array lacks a dimension, has one too many, or its axis runs the wrong way."""


class OutOfBoundsError(FluxscapeError, ValueError):
    """A value lies outside its physical or stated bounds."""


class MissingVariableError(FluxscapeError, ValueError):
    """A needed variable, column, parameter or name is absent."""


class FileFormatError(FluxscapeError, ValueError):
    """A file cannot be read as what it claims to be; names file, row and column."""


class UnsafeInputError(FluxscapeError):
    """An input was refused before it was read because it could do harm."""


class WriteError(FluxscapeError):
    """A result could not be written; what lay at its place before is unchanged."""


class RunError(FluxscapeError):
    """A computation failed, lost its conservation, ran out of its limits or was cancelled."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest known name, or an empty string.

    >>> did_you_mean("air_temprature", ["air_temperature", "wind_speed"])
    " Did you mean 'air_temperature'?"
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""
