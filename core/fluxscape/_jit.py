"""The one place that says how kernels are compiled.

Kernels release the interpreter lock, are cached on disk, follow IEEE arithmetic (no ``fastmath``:
results are compared with other implementations to the last digits) and divide like NumPy, so that
a bad input gives NaN or infinity for the labelled face to report, never an exception.
With ``NUMBA_DISABLE_JIT=1`` the same functions run as plain Python, which the tests do too.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])

_PACKAGE = Path(__file__).parent
_BELOW_ALL = ("meteorology", "constants.py", "_jit.py")
"""What kernels of any sub-package may call or read."""


@cache
def _cache_folder(package: str) -> Path:
    """Return a folder for the compiled kernels of a sub-package that changes with its sources.

    Numba renews a cached kernel when its own file changes, not when a kernel that it calls or a
    constant that it reads in another file does: after an update the old physics would run on
    without a word.
    """
    digest = hashlib.blake2b(digest_size=8)
    for name in (package, *_BELOW_ALL):
        place = _PACKAGE / name
        for source in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(source.read_bytes())
    return _PACKAGE / "__pycache__" / f"kernels-{package}-{digest.hexdigest()}"


def _jit(function: _Function, **options: Any) -> _Function:
    """Compile ``function`` with the options that all kernels share."""
    parts = function.__module__.split(".")
    if not os.environ.get("NUMBA_CACHE_DIR") and parts[0] == "fluxscape" and len(parts) > 2:
        # Numba reads the setting when it decorates.
        numba.config.CACHE_DIR = str(_cache_folder(parts[1]))
    compiled = numba.njit(
        function, nogil=True, cache=True, fastmath=False, error_model="numpy", **options
    )
    return cast("_Function", compiled)


# numba.prange must keep its own name inside a compiled loop.
prange = numba.prange


def kernel(function: _Function) -> _Function:
    """Compile a scalar or row kernel for one thread."""
    return _jit(function)


def inlined_kernel(function: _Function) -> _Function:
    """Compile a small kernel that its caller absorbs, where the call itself would cost."""
    return _jit(function, inline="always")


def parallel_kernel(function: _Function) -> _Function:
    """Compile a loop whose ``prange`` iterations are independent and write disjoint output."""
    return _jit(function, parallel=True)
