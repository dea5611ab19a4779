"""Parameters of the fusion methods: default, bounds, unit and source of each.

Lengths are in pixels of the fine image. Differences are in *digital numbers*, of which the images
hold ``scale`` a unit (:func:`fluxscape.fusion.images.digital_scale`): 10,000 for reflectance and
indices, as the products have it for which the methods were written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from fluxscape.errors import OutOfBoundsError
from fluxscape.parameters import ParameterSet, parameter

_GAO: Final = "Gao et al. 2006, doi:10.1109/TGRS.2006.872081"
_ZHU_2010: Final = "Zhu et al. 2010, doi:10.1016/j.rse.2010.05.032"
_ZHU_2016: Final = "Zhu et al. 2016, doi:10.1016/j.rse.2015.11.016"
_LARGEST_WINDOW: Final = 301


def _window(source: str) -> Any:
    return parameter(
        31,
        lower=3,
        upper=_LARGEST_WINDOW,
        unit="pixel",
        source=f"{source}, who take 1500 m (51 pixels of 30 m) for 500 m cells; 31 assumed",
        description="side of the search window, odd; should span about three coarse cells",
        symbol="w",
    )


def _switch(source: str, description: str) -> Any:
    return parameter(0, lower=0, upper=1, unit="1", source=source, description=description)


@dataclass(frozen=True)
class FusionParameters(ParameterSet):
    """What all methods share: a window of odd width, and switches that are 0 or 1."""

    whole: ClassVar[tuple[str, ...]] = ("window",)
    switches: ClassVar[tuple[str, ...]] = ()

    window: float = _window(_GAO)

    def __post_init__(self) -> None:
        super().__post_init__()
        owner = type(self).__name__
        for name in (*self.whole, *self.switches):
            value = getattr(self, name)
            if value != int(value):
                msg = f"{owner}.{name} must be a whole number, got {value:g}"
                raise OutOfBoundsError(msg, parameter=name, got=value)
        if int(self.window) % 2 == 0:
            msg = (
                f"{owner}.window must be odd, so that a pixel stands in its middle; got "
                f"{self.window:g}"
            )
            raise OutOfBoundsError(msg, parameter="window", got=self.window)

    @property
    def half(self) -> int:
        """Pixels between the window's middle and its border."""
        return int(self.window) // 2


@dataclass(frozen=True)
class StarfmParameters(FusionParameters):
    """Parameters of STARFM."""

    switches: ClassVar[tuple[str, ...]] = ("temporal_filter", "logarithmic_weights")

    classes: float = parameter(
        4,
        lower=1,
        upper=100,
        unit="1",
        source=f"{_GAO}: an estimate of the number of classes; 4 assumed",
        description="similar pixels differ by at most two standard deviations over this",
        symbol="m",
    )
    distance_scale: float = parameter(
        15,
        lower=0.1,
        upper=1e6,
        unit="pixel",
        source="assumed: half the default window, as in Zhu et al. 2010; starfm4py has 150 pixels",
        description="distance at which a pixel counts half",
        symbol="A",
    )
    fine_uncertainty: float = parameter(
        50,
        lower=0,
        upper=1e6,
        unit="digital number",
        source=f"{_GAO}: 0.002 (visible) and 0.005 (near infrared) of reflectance",
        description="uncertainty of the fine image",
        symbol="sigma_f",
    )
    coarse_uncertainty: float = parameter(
        50,
        lower=0,
        upper=1e6,
        unit="digital number",
        source=f"{_GAO}: 0.002 (visible) and 0.005 (near infrared) of reflectance",
        description="uncertainty of the coarse image",
        symbol="sigma_c",
    )
    temporal_filter: float = _switch(
        _GAO, "1: pixels whose coarse value changes more than the centre's are left out as well"
    )
    logarithmic_weights: float = _switch(
        _GAO, "1: differences count by their logarithms, so that large ones count more evenly"
    )


@dataclass(frozen=True)
class EstarfmParameters(FusionParameters):
    """Parameters of ESTARFM."""

    switches: ClassVar[tuple[str, ...]] = ("unbiased",)

    window: float = _window(_ZHU_2010)
    classes: float = parameter(
        4,
        lower=1,
        upper=100,
        unit="1",
        source=f"{_ZHU_2010}: four in their experiments",
        description="similar pixels differ by at most two standard deviations over this",
        symbol="m",
    )
    least_similar: float = parameter(
        5,
        lower=0,
        upper=1e4,
        unit="1",
        source="the authors' published program (no more than five similar pixels are too few)",
        description="without more similar pixels the mean coarse change of the window is added",
    )
    significance: float = parameter(
        0.05,
        lower=1e-6,
        upper=1,
        unit="1",
        source="the authors' published program",
        description="a slope of larger p value counts as 1",
        symbol="p",
    )
    largest_slope: float = parameter(
        5,
        lower=1,
        upper=1e3,
        unit="1",
        source="the authors' published program",
        description="a slope below 0 or above this counts as 1",
        symbol="V",
    )
    least_range: float = parameter(
        0.02,
        lower=0,
        upper=1,
        unit="1",
        source="the authors' published program (2 % of the range of values)",
        description="least range of coarse values, as a share of the fine images' range, on "
        "which a slope is fitted",
    )
    unbiased: float = _switch(
        "Yu et al. 2023, doi:10.1016/j.rse.2023.113784",
        "1: fine values are moved by the mean difference from coarse ones, and slopes are 1",
    )


@dataclass(frozen=True)
class FsdafParameters(FusionParameters):
    """Parameters of FSDAF."""

    whole: ClassVar[tuple[str, ...]] = ("window", "classes", "similar_pixels", "seed")

    window: float = _window(_ZHU_2016)
    classes: float = parameter(
        4,
        lower=2,
        upper=50,
        unit="1",
        source=f"{_ZHU_2016}: four to six",
        description="classes that the fine image is divided into, where no class map is given",
    )
    similar_pixels: float = parameter(
        20,
        lower=1,
        upper=1000,
        unit="1",
        source=f"{_ZHU_2016}: 20",
        description="similar pixels over which the change is averaged",
        symbol="n",
    )
    trimmed_share: float = parameter(
        0.1,
        lower=0,
        upper=0.45,
        unit="1",
        source=f"{_ZHU_2016}: changes of land cover are left out, 0.1 to 0.9 quantile",
        description="share of cells with the least, and of those with the greatest change, that "
        "the classes' changes are not fitted to",
    )
    seed: float = parameter(
        0,
        lower=0,
        upper=2**31 - 1,
        unit="1",
        source="any",
        description="seed of the classification",
    )
