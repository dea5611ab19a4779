"""Failures in the user's language: a translated headline over the exact English detail."""

from __future__ import annotations

from typing import Any, Final

from fluxscape.errors import (
    DimsError,
    FileFormatError,
    FluxscapeError,
    MissingVariableError,
    OutOfBoundsError,
    UnitsError,
    UnsafeInputError,
)
from fluxscape_dashboard.pages._widgets import message
from fluxscape_dashboard.text import t

_KEYS: Final = (
    (UnsafeInputError, "unsafe"),
    (FileFormatError, "format"),
    (MissingVariableError, "missing"),
    (OutOfBoundsError, "bounds"),
    (UnitsError, "units"),
    (DimsError, "dims"),
)

_REASONS: Final = ("busy", "cancelled", "timeout", "memory", "died", "failed")


def headline_key(error: FluxscapeError) -> str:
    """Return the key of the text that says what kind of failure this is."""
    reason = error.details.get("reason")
    if reason in _REASONS:
        return f"work.error_{reason}"
    for kind, name in _KEYS:
        if isinstance(error, kind):
            return f"work.error_{name}"
    return "work.error_failed"


def error_alert(error: FluxscapeError, lang: str, *, headline: str | None = None) -> Any:
    """Return an alert with the headline in ``lang`` and the detail, which names file and row."""
    kind = "warning" if error.details.get("reason") in {"busy", "cancelled"} else "error"
    return message(kind, headline or t(headline_key(error), lang), error.message)
