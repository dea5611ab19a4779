"""The naive prediction that every method must beat: fine image plus change of the coarse one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fluxscape.fusion.images import PairArrays


def predict_baseline(pairs: Sequence[PairArrays], wanted: Any) -> Any:
    """Return F + P - C of the nearest pair that has the pixel, shape (band, y, x).

    Parameters
    ----------
    pairs
        In the order of preference.
    wanted
        Coarse image P of the wanted date, (band, y, x).
    """
    out = None
    for pair in pairs:
        moved = pair.fine + (wanted - pair.coarse)
        out = moved if out is None else np.where(np.isnan(out), moved, out)
    return out
