"""Quality codes of fused pixels, and where a value of a series comes from."""

from __future__ import annotations

from typing import Final

MISSING: Final = -1
MEASURED: Final = 0
GOOD: Final = 1
MEDIUM: Final = 2
POOR: Final = 3

QUALITY_ATTRS: Final = {
    "long_name": "quality of the fused value",
    "flag_values": [MISSING, MEASURED, GOOD, MEDIUM, POOR],
    "flag_meanings": "missing measured good medium poor",
    "comment": "good: similar pixels of all pairs; medium: some of the pairs have a gap here; "
    "poor: too few similar pixels, one pair where two are needed, or replaced since outside its "
    "bounds",
}
"""Codes follow FLUXNET's: 0 measured, 1 good, 2 medium, 3 poor fill; -1 where there is no value."""
