"""IGBP codes and the class numbers of the embedded land-cover map (MODIS MCD12C1)."""

from __future__ import annotations

from fluxscape.towers import IGBP_CLASSES


def class_code(number: float) -> str:
    """Return the IGBP code of a class number of MCD12C1, 0 to 16.

    >>> class_code(0), class_code(1), class_code(16)
    ('WAT', 'ENF', 'BSV')
    """
    return tuple(IGBP_CLASSES)[int(number) - 1]


def class_number(code: str) -> int:
    """Return the class number of MCD12C1 of an IGBP code; water is 0.

    >>> class_number("WAT"), class_number("ENF")
    (0, 1)
    """
    codes = tuple(IGBP_CLASSES)
    return (codes.index(code) + 1) % len(codes)
