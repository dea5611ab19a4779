"""Soils for tests of hydraulics; kernels read them as they read a record of parameters."""

from __future__ import annotations

from typing import NamedTuple


class Soil(NamedTuple):
    """Hydraulics of loam: Clapp and Hornberger's law unless ``van_genuchten_n`` is above 1."""

    porosity: float = 0.463
    saturated_conductivity: float = 3.7e-6
    saturated_potential: float = 0.11
    retention_exponent: float = 4.5
    van_genuchten_n: float = 0.0
    van_genuchten_alpha: float = 3.6
    residual_water_content: float = 0.078


def soil(**values: float) -> Soil:
    """Return loam with some values changed."""
    return Soil(**values)
