"""The one place that says how kernels are compiled.

Kernels release the interpreter lock, are cached on disk, follow IEEE arithmetic (no ``fastmath``:
results are compared with other implementations to the last digits) and divide like NumPy, so that
a bad input gives NaN or infinity for the labelled face to report, never an exception.
With ``NUMBA_DISABLE_JIT=1`` the same functions run as plain Python, which the tests do too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])

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
