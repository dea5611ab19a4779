"""What a command writes: one JSON object on stdout, progress on stderr.

Nothing here imports numpy: the command line must start at once.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from os import PathLike, fspath
from typing import Any, TextIO

Progress = Callable[..., None]
"""Called as ``report(fraction)`` or ``report(fraction, message)``."""


def plain(value: Any) -> Any:
    """Return ``value`` made of JSON types only; numbers that are not finite become null.

    >>> plain({"sum": float("nan"), 1: (1, 2.5)})
    {'sum': None, '1': [1, 2.5]}
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)) and type(value) in {int, float}:
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, PathLike):
        return fspath(value)
    return _foreign(value)


def _foreign(value: Any) -> Any:
    """Return numpy scalars, arrays and times as JSON types without importing numpy."""
    if getattr(value, "dtype", None) is not None and value.dtype.kind in "Mm":
        return plain(value.astype(str).tolist())
    for method in ("tolist", "isoformat", "item"):
        if hasattr(value, method):
            return plain(getattr(value, method)())
    msg = f"{type(value).__name__} cannot be written as JSON"
    raise TypeError(msg)


def emit_json(value: Mapping[str, Any], stream: TextIO | None = None) -> None:
    """Write one JSON object and a line end to stdout.

    Parameters
    ----------
    value
        Names and values; numpy scalars and arrays are welcome, NaN and infinities become null.
    stream
        Where to write instead of stdout.
    """
    target = sys.stdout if stream is None else stream
    target.write(json.dumps(plain(value), ensure_ascii=False, allow_nan=False) + "\n")
    target.flush()


def progress_line(label: str, stream: TextIO | None = None) -> Progress:
    """Return a function that shows how far a job is, on stderr.

    A terminal sees one line that renews itself; a log file a line every ten per cent.

    Parameters
    ----------
    label
        What is being done.
    stream
        Where to write instead of stderr.
    """
    target = sys.stderr if stream is None else stream
    live = target.isatty()
    last = {"percent": -1, "time": 0.0}

    def report(fraction: float, message: str = "") -> None:
        percent = round(100 * min(max(fraction, 0.0), 1.0))
        now = time.monotonic()
        done = percent >= 100
        due = now - last["time"] > 0.1 if live else percent // 10 > last["percent"] // 10
        if percent == last["percent"] or not (due or done):
            return
        last.update(percent=percent, time=now)
        text = f"{label}: {percent} %" + (f" ({message})" if message else "")
        target.write(f"\r\x1b[K{text}" + ("\n" if done else "") if live else text + "\n")
        target.flush()

    return report
