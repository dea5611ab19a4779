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
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])

_PACKAGE = Path(__file__).parent


def _cache_folder() -> Path:
    """Return a folder for compiled kernels that changes when the source of any kernel does.

    Numba renews a cached kernel when its own file changes, not when a kernel that it calls in
    another file does: after an update the old physics would run on without a word.
    """
    digest = hashlib.blake2b(digest_size=8)
    for source in sorted(_PACKAGE.rglob("*.py")):
        text = source.read_bytes()
        if b"fluxscape._jit" in text or source.name == "constants.py":
            digest.update(text)
    return _PACKAGE / "__pycache__" / f"kernels-{digest.hexdigest()}"


if not os.environ.get("NUMBA_CACHE_DIR"):
    numba.config.CACHE_DIR = str(_cache_folder())

# numba.prange must keep its own name inside a compiled loop.
prange = numba.prange


def kernel(function: _Function) -> _Function:
    """Compile a scalar or row kernel for one thread."""
    compiled = numba.njit(function, nogil=True, cache=True, fastmath=False, error_model="numpy")
    return cast("_Function", compiled)


def inlined_kernel(function: _Function) -> _Function:
    """Compile a small kernel that its caller absorbs, where the call itself would cost."""
    compiled = numba.njit(
        function, nogil=True, cache=True, fastmath=False, error_model="numpy", inline="always"
    )
    return cast("_Function", compiled)


def parallel_kernel(function: _Function) -> _Function:
    """Compile a loop whose ``prange`` iterations are independent and write disjoint output."""
    compiled = numba.njit(
        function, nogil=True, cache=True, fastmath=False, error_model="numpy", parallel=True
    )
    return cast("_Function", compiled)
