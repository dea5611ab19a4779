"""Results as JSON types."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """Return a value made of JSON types only; numbers that are not finite become None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist() if value.dtype.kind not in "Mm" else value.astype(str).tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    number = value.item() if isinstance(value, np.generic) else value
    if isinstance(number, float):
        return number if math.isfinite(number) else None
    return number
