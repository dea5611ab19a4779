"""Validity rules of the footprint models as data, and what they say of a record.

A rule bounds one quantity. A record that breaks one is rejected with the reason of the first rule
it breaks, in the order in which the model lists them; nothing is clipped into range.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Rule:
    """One bound that a model sets.

    Attributes
    ----------
    reason
        Key under which rejected records are counted.
    quantity
        One of the keys that :func:`quantities` returns.
    lower, upper
        Bounds; the lower one is excluded, the upper one included, unless ``closed`` says that
        both are included.
    closed
        Whether the lower bound is allowed.
    description
        Plain words.
    source
        Where the rule comes from.
    """

    reason: str
    quantity: str
    lower: float = -math.inf
    upper: float = math.inf
    closed: bool = False
    description: str = ""
    source: str = ""

    def holds(self, value: Any) -> Any:
        """Return whether a float, or each element of an array, obeys the rule; NaN does not."""
        above = (value >= self.lower) if self.closed else (value > self.lower)
        return above & (value <= self.upper)


_REFERENCE_CODE: Final = "Kljun et al. 2015, reference code 1.4"
_KLJUN: Final = "Kljun et al. 2015, doi:10.5194/gmd-8-3695-2015"
_COMMON: Final = "common practice; a parameter of the rule table"

WIND_DIRECTION: Final = Rule(
    "wind_direction_out_of_range",
    "wind_from_direction",
    0.0,
    360.0,
    closed=True,
    description="the wind direction lies between 0 and 360 degrees",
)
FRICTION_VELOCITY: Final = Rule(
    "friction_velocity_too_low",
    "friction_velocity",
    0.1,
    description="u* > 0.1 m/s: below, turbulence does not carry the flux",
    source=_REFERENCE_CODE,
)
LATERAL_STD: Final = Rule(
    "lateral_velocity_std_not_positive",
    "lateral_velocity_std",
    0.0,
    description="sigma_v > 0",
    source=_REFERENCE_CODE,
)
OBUKHOV_LENGTH: Final = Rule(
    "obukhov_length_zero",
    "absolute_obukhov_length",
    0.0,
    description="L is not zero",
)
HEIGHT: Final = Rule(
    "measurement_height_not_positive",
    "height",
    0.0,
    description="the instrument stands above the displacement height",
)
ABOVE_ROUGHNESS_SUBLAYER: Final = Rule(
    "inside_roughness_sublayer",
    "height_over_roughness",
    12.5,
    description="z_m > 12.5 z_0: above the roughness sublayer",
    source=_REFERENCE_CODE,
)
ABOVE_ROUGHNESS_ELEMENTS: Final = Rule(
    "below_roughness_length",
    "height_over_roughness",
    1.0,
    description="z_m > z_0: the logarithmic profile exists",
)
BOUNDARY_LAYER: Final = Rule(
    "boundary_layer_too_shallow",
    "boundary_layer_height",
    10.0,
    description="h > 10 m",
    source=_REFERENCE_CODE,
)
BELOW_ENTRAINMENT: Final = Rule(
    "measurement_in_entrainment_layer",
    "relative_height",
    0.0,
    0.8,
    description="z_m < 0.8 h",
    source=f"{_KLJUN}, section 2",
)
KLJUN_STABILITY: Final = Rule(
    "too_unstable",
    "stability",
    -15.5,
    description="z_m / L > -15.5",
    source=f"{_KLJUN}, Eq. 27",
)
SURFACE_LAYER: Final = Rule(
    "outside_surface_layer_similarity",
    "absolute_stability",
    -1.0,
    3.0,
    description="|z_m / L| <= 3: the range of the stability functions",
    source=_COMMON,
)
WIND_SPEED: Final = Rule(
    "wind_speed_not_positive",
    "wind_speed",
    0.0,
    description="the wind blows at the instrument",
)

NO_SOLUTION: Final = "wind_profile_not_positive"
"""Reason of a record that obeys every bound but whose profile equations have no solution."""


def ratio(numerator: Any, denominator: Any) -> Any:
    """Return the quotient of floats or arrays; a float divided by zero gives NaN."""
    if isinstance(denominator, float) and denominator == 0.0:
        return math.nan
    return numerator / denominator


def quantities(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return every quantity that a rule may bound, from the inputs of one or many records."""
    stability = ratio(inputs["height"], inputs["obukhov_length"])
    return {
        **inputs,
        "absolute_obukhov_length": abs(inputs["obukhov_length"]),
        "stability": stability,
        "absolute_stability": abs(stability),
        "height_over_roughness": ratio(inputs["height"], inputs["roughness_length"]),
        "relative_height": ratio(inputs["height"], inputs["boundary_layer_height"]),
    }
