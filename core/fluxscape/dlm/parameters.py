"""Parameters of the land-surface model as data, by plant functional type and soil texture.

One table serves the model, the page's sliders and the assimilation's priors. Values by type are
published means, none is fitted to the towers that fluxscape ships or scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape.dlm._ground_parameters import SnowParameters, SoilParameters
from fluxscape.dlm._pft_tables import (
    COLUMNS_BY_TEXTURE,
    COLUMNS_BY_TYPE,
    TYPE_BY_IGBP,
    VALUES_BY_TEXTURE,
    VALUES_BY_TYPE,
    VAN_GENUCHTEN_BY_TEXTURE,
)
from fluxscape.dlm._plant_parameters import (
    CanopyParameters,
    PhotosynthesisParameters,
    RespirationParameters,
    StomataParameters,
)
from fluxscape.errors import MissingVariableError, did_you_mean


@dataclass(frozen=True)
class DlmParameters(
    RespirationParameters,
    SnowParameters,
    SoilParameters,
    StomataParameters,
    PhotosynthesisParameters,
    CanopyParameters,
):
    """Parameters of one point; the defaults are those of a deciduous broadleaf forest on loam.

    The groups are bases in reverse, so that the table runs from canopy to respiration.
    """

    def to_record(self) -> npt.NDArray[np.void]:
        """Return the values as a record array of one element, as the kernels read them."""
        return parameter_records((self,))


PARAMETER_DTYPE: Final = np.dtype(
    [(row.name, np.float64) for row in DlmParameters.table()], align=True
)
"""Record of parameters that kernels read by name."""


def parameter_records(
    sets: tuple[DlmParameters, ...] | list[DlmParameters],
) -> npt.NDArray[np.void]:
    """Return parameter sets as a record array of shape (member,)."""
    records = np.empty(len(sets), dtype=PARAMETER_DTYPE)
    for index, item in enumerate(sets):
        records[index] = tuple(item.to_dict().values())
    return records.view(np.recarray)


RETENTION: Final = ("clapp_hornberger", "van_genuchten")
"""Laws of soil water."""

_FIELD_CAPACITY: Final = 3.37
_WILTING_POINT: Final = 153.0
"""Suctions of 33 and 1500 kPa [m]."""


LAND_COVERS: Final = tuple(TYPE_BY_IGBP)
"""Land-cover classes that have default parameters."""


def parameters_for(
    igbp: str, soil_texture: str = "loam", *, retention: str = "clapp_hornberger"
) -> DlmParameters:
    """Return the default parameters of a land cover on a soil.

    Parameters
    ----------
    igbp
        Class of the International Geosphere-Biosphere Programme, such as ``"ENF"``.
    soil_texture
        Texture class of the United States Department of Agriculture, such as ``"silt loam"``.
    retention
        Law of soil water: ``"clapp_hornberger"``, or ``"van_genuchten"`` with the parameters of
        Carsel and Parrish 1988, doi:10.1029/WR024i005p00755, and field capacity and wilting point
        where they hold water against 33 and 1500 kPa.

    Raises
    ------
    MissingVariableError
        If the class, the texture or the law is unknown.

    Examples
    --------
    >>> parameters_for("ENF").stomatal_slope
    2.35
    """
    cover, texture = igbp.strip().upper(), soil_texture.strip().lower().replace("_", " ")
    if cover not in TYPE_BY_IGBP:
        msg = (
            f"no plant functional type is known for the IGBP class {igbp!r}, wanted one of "
            f"{', '.join(TYPE_BY_IGBP)}.{did_you_mean(cover, TYPE_BY_IGBP)}"
        )
        raise MissingVariableError(msg, igbp=igbp)
    if texture not in VALUES_BY_TEXTURE:
        msg = (
            f"no soil of texture {soil_texture!r} is known, wanted one of "
            f"{', '.join(VALUES_BY_TEXTURE)}.{did_you_mean(texture, VALUES_BY_TEXTURE)}"
        )
        raise MissingVariableError(msg, soil_texture=soil_texture)
    values = dict(zip(COLUMNS_BY_TYPE, VALUES_BY_TYPE[TYPE_BY_IGBP[cover]], strict=True))
    values |= dict(zip(COLUMNS_BY_TEXTURE, VALUES_BY_TEXTURE[texture], strict=True))
    if retention not in RETENTION:
        msg = f"retention must be one of {', '.join(RETENTION)}, got {retention!r}."
        raise MissingVariableError(msg + did_you_mean(retention, RETENTION), retention=retention)
    if retention == "van_genuchten":
        values |= _van_genuchten(texture)
    return DlmParameters.from_dict(values)


def _van_genuchten(texture: str) -> dict[str, float]:
    """Return the soil parameters of a texture with van Genuchten's law."""
    residual, porosity, alpha, n, conductivity = VAN_GENUCHTEN_BY_TEXTURE[texture]

    def held(suction: float) -> float:
        grip = 1.0 + (100.0 * alpha * suction) ** n
        return float(residual + (porosity - residual) * grip ** (1.0 / n - 1.0))

    return {
        "residual_water_content": residual,
        "porosity": porosity,
        "van_genuchten_alpha": 100.0 * alpha,
        "van_genuchten_n": n,
        "saturated_conductivity": conductivity / 360000.0,
        "field_capacity": held(_FIELD_CAPACITY),
        "wilting_point": held(_WILTING_POINT),
    }
