"""The ensemble Kalman update; it lives in :mod:`fluxscape.kalman`, which transport shares."""

from __future__ import annotations

from fluxscape.kalman import kalman_move

__all__ = ["kalman_move"]
