"""Metres east and north of a tower to Web Mercator and back.

Within a few kilometres of the tower the projection is a scaling about it. The scale factors are
those of the spherical Mercator formulas applied to geodetic latitude on the WGS 84 ellipsoid
(EPSG:3857, EPSG Guidance Note 7-2, section 3.5.2), which differ by up to 0.7 % between the axes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape_dashboard.mercator import to_mercator

ECCENTRICITY_SQUARED: Final = 0.006_694_379_990_14
"""Square of the first eccentricity of WGS 84 [1]."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LocalFrame:
    """A tower's surroundings on the map.

    Attributes
    ----------
    x, y
        Web Mercator position of the tower [m].
    x_scale, y_scale
        Web Mercator metres per true metre towards the east and the north [1].
    """

    x: float
    y: float
    x_scale: float
    y_scale: float

    @classmethod
    def at(cls, longitude: float, latitude: float) -> LocalFrame:
        """Return the frame of a tower at ``longitude``, ``latitude`` [degree]."""
        x, y = to_mercator(longitude, latitude)
        sine, cosine = math.sin(math.radians(latitude)), math.cos(math.radians(latitude))
        bulge = 1.0 - ECCENTRICITY_SQUARED * sine**2
        return cls(
            x=float(x),
            y=float(y),
            x_scale=math.sqrt(bulge) / cosine,
            y_scale=bulge**1.5 / ((1.0 - ECCENTRICITY_SQUARED) * cosine),
        )

    def map_x(self, east: npt.ArrayLike) -> Floats:
        """Return Web Mercator x [m] of a distance east of the tower [m]."""
        return self.x + self.x_scale * np.asarray(east, dtype=np.float64)

    def map_y(self, north: npt.ArrayLike) -> Floats:
        """Return Web Mercator y [m] of a distance north of the tower [m]."""
        return self.y + self.y_scale * np.asarray(north, dtype=np.float64)
