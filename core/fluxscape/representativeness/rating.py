"""Three aspects, three levels each, one score, and the reasons as data and in words.

After Fang et al. 2024, doi:10.1038/s41597-024-03291-3: land cover, spatial structure and location
bias, each high (3), medium (2) or low (1). Their limits are not public; ours are
:class:`fluxscape.representativeness.limits.Limits`. The score is the lowest of the known levels: a
site stands for its surroundings as far as its weakest aspect does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fluxscape.representativeness.limits import Limits
from fluxscape.representativeness.score import level_of
from fluxscape.representativeness.structure import Structure

ASPECTS: Final = ("land_cover", "spatial_structure", "location_bias")
"""The aspects in the order in which pages show them."""

TEXTS: Final[Mapping[str, str]] = {
    "cover.share": (
        "{share:.0%} of the footprint is {target} (high from {high:.0%}, medium from {medium:.0%})"
    ),
    "cover.unknown": "land cover is unknown: {valid:.0%} of the footprint has a class",
    "cover.absent": "no land-cover map was given",
    "bias.disc": (
        "the footprint's mean {name} differs by {bias:+.1%} from that within {radius:.0f} m "
        "(high up to {high:.0%}, medium up to {medium:.0%})"
    ),
    "bias.unknown": "the bias of {name} within {radius:.0f} m is unknown: too few valid pixels",
    "bias.absent": "no map of a surface property was given",
    "structure.noise": (
        "{name} varies from pixel to pixel without spatial structure: a footprint of {width:.0f} m "
        "misses its surroundings by {error:.1%} (high up to {high:.0%}, medium up to {medium:.0%})"
    ),
    "structure.range": (
        "{name} stays alike over {range:.0f} m: a footprint of {width:.0f} m misses such "
        "surroundings by {error:.1%} (high up to {high:.0%}, medium up to {medium:.0%})"
    ),
    "structure.beyond": (
        "{name} still changes at {reach:.0f} m, the farthest distance seen: a footprint of "
        "{width:.0f} m misses such surroundings by {error:.1%} "
        "(high up to {high:.0%}, medium up to {medium:.0%})"
    ),
    "structure.unknown": "the spatial structure of {name} is unknown: too few valid pixels",
    "structure.absent": "no map of a surface property was given",
    "score.all": "all aspects are rated {level}",
    "score.limited": "limited by {aspects}, rated {level}",
    "score.unknown": "nothing could be rated",
    "score.without": "not rated: {aspects}",
    "note.position": (
        "the tower's position is known to {precision:.0f} m only and its source area is "
        "{width:.0f} m wide: what lies under the footprint is uncertain"
    ),
    "note.captured": (
        "the grid captures {captured:.0%} of the flux, less than {fraction:.0%}: the whole grid "
        "stands for the source area"
    ),
    "note.narrow": (
        "the source area is {width:.0f} m wide, less than three pixels of {name} ({pixel:.0f} m)"
    ),
}
"""English sentence of every reason; pages translate by the key."""

LEAST_PIXELS: Final = 3.0
"""Pixels of a map that a source area should be wide."""

LEVEL_NAMES: Final = {0: "unknown", 1: "low", 2: "medium", 3: "high"}

_ASPECT_NAMES: Final = {
    "land_cover": "land cover",
    "spatial_structure": "spatial structure",
    "location_bias": "location bias",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a level was given.

    Attributes
    ----------
    key
        A key of :data:`TEXTS`.
    values
        Numbers and names that the sentence holds.
    """

    key: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The reason as an English clause."""
        return TEXTS[self.key].format(**self.values)

    def to_dict(self) -> dict[str, Any]:
        """Return key, values and text."""
        return {"key": self.key, "values": dict(self.values), "text": self.text}


@dataclass(frozen=True, slots=True)
class Aspect:
    """One rated aspect.

    Attributes
    ----------
    name
        One of :data:`ASPECTS`.
    level
        3 high, 2 medium, 1 low, 0 unknown.
    value, low, high
        The rated number and its 95 % interval; NaN where unknown.
    reason
        Why.
    """

    name: str
    level: int
    value: float
    reason: Reason
    low: float = math.nan
    high: float = math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and texts."""
        return {
            "name": self.name,
            "level": self.level,
            "level_name": LEVEL_NAMES[self.level],
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "reason": self.reason.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Score:
    """The overall score.

    Attributes
    ----------
    score
        1 to 3, the lowest known level; 0 if nothing is known.
    aspects
        In the order of :data:`ASPECTS`.
    reasons
        Why, the limiting aspects first.
    probability
        Share of bootstrap replicates with score 1, 2 and 3; empty if nothing could be drawn.
    resampled
        What the replicates drew from.
    """

    score: int
    aspects: tuple[Aspect, ...]
    reasons: tuple[Reason, ...]
    probability: dict[int, float]
    resampled: str

    @property
    def text(self) -> str:
        """The score and its reasons as one English sentence."""
        clauses = "; ".join(reason.text for reason in self.reasons)
        return f"Score {self.score} of 3: {clauses}." if self.score else f"No score: {clauses}."

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and texts."""
        return {
            "score": self.score,
            "text": self.text,
            "aspects": [aspect.to_dict() for aspect in self.aspects],
            "reasons": [reason.to_dict() for reason in self.reasons],
            "probability": {str(level): share for level, share in self.probability.items()},
            "resampled": self.resampled,
        }


def cover_level(share: float, limits: Limits) -> int:
    """Return the level of a share of the target cover."""
    return level_of(-share, (-limits.cover_high, -limits.cover_medium))


def bias_level(bias: float, limits: Limits) -> int:
    """Return the level of a location bias."""
    return level_of(abs(bias), (limits.bias_high, limits.bias_medium))


def structure_level(error: float, limits: Limits) -> int:
    """Return the level of a bias that spatial structure lets expect."""
    return level_of(error, (limits.structure_high, limits.structure_medium))


def rate_cover(share: float, target: str, valid: float, limits: Limits) -> Aspect:
    """Rate the share of the target cover in the source area."""
    level = cover_level(share, limits)
    reason = Reason("cover.unknown", {"valid": valid})
    if level:
        values = {"high": limits.cover_high, "medium": limits.cover_medium}
        reason = Reason("cover.share", {"share": share, "target": target, **values})
    return Aspect("land_cover", level, share, reason)


def rate_bias(name: str, bias: float, limits: Limits) -> Aspect:
    """Rate the location bias at the disc of ``Limits.bias_radius``."""
    level = bias_level(bias, limits)
    values: dict[str, Any] = {"name": name, "radius": limits.bias_radius}
    if not level:
        return Aspect("location_bias", 0, bias, Reason("bias.unknown", values))
    values |= {"bias": bias, "high": limits.bias_high, "medium": limits.bias_medium}
    return Aspect("location_bias", level, bias, Reason("bias.disc", values))


def rate_structure(structure: Structure, limits: Limits) -> Aspect:
    """Rate the bias that the spatial structure lets expect, whatever it happens to be here."""
    name, fit = "spatial_structure", structure.fit
    error = structure.expected_bias
    level = structure_level(error, limits)
    about: dict[str, Any] = {"name": structure.name}
    if not level:
        return Aspect(name, 0, error, Reason("structure.unknown", about))
    about |= {
        "error": error,
        "width": structure.footprint_width,
        "high": limits.structure_high,
        "medium": limits.structure_medium,
    }
    if fit is None or not fit.structured:
        return Aspect(name, level, error, Reason("structure.noise", about))
    if fit.range_reached:
        return Aspect(name, level, error, Reason("structure.range", about | {"range": fit.range}))
    reach = float(structure.variogram["lag"][-1])
    return Aspect(name, level, error, Reason("structure.beyond", about | {"reach": reach}))


def notes_on(
    width: float, captured: float, precision: float, pixels: Mapping[str, float], limits: Limits
) -> tuple[Reason, ...]:
    """Return what makes every number less certain than its interval says.

    Parameters
    ----------
    width
        Of the source area [m].
    captured
        Share of the flux on the grid.
    precision
        Of the tower's position [m]; NaN if unknown.
    pixels
        Pixel of each map [m].
    limits
        Gives the source area.
    """
    made: list[Reason] = []
    if precision > 0.5 * width:
        made.append(Reason("note.position", {"precision": precision, "width": width}))
    if captured < limits.source_area:
        values = {"captured": captured, "fraction": limits.source_area}
        made.append(Reason("note.captured", values))
    made.extend(
        Reason("note.narrow", {"width": width, "name": name, "pixel": pixel})
        for name, pixel in pixels.items()
        if width < LEAST_PIXELS * pixel
    )
    return tuple(made)


def overall(aspects: tuple[Aspect, ...], probability: dict[int, float], resampled: str) -> Score:
    """Return the score, the lowest known level, with its reasons."""
    known = [aspect for aspect in aspects if aspect.level]
    if not known:
        reasons = (Reason("score.unknown"), *(aspect.reason for aspect in aspects))
        return Score(0, aspects, reasons, {}, resampled)
    level = min(aspect.level for aspect in known)
    limiting = [aspect for aspect in known if aspect.level == level]
    said: list[Reason] = []
    if len(limiting) == len(known):
        said.append(Reason("score.all", {"level": LEVEL_NAMES[level]}))
    else:
        names = ", ".join(_ASPECT_NAMES[aspect.name] for aspect in limiting)
        said.append(Reason("score.limited", {"aspects": names, "level": LEVEL_NAMES[level]}))
    rest = [aspect for aspect in known if aspect.level != level]
    said.extend(aspect.reason for aspect in (*limiting, *rest))
    missing = [_ASPECT_NAMES[aspect.name] for aspect in aspects if not aspect.level]
    if missing:
        said.append(Reason("score.without", {"aspects": ", ".join(missing)}))
    return Score(level, aspects, tuple(said), probability, resampled)
