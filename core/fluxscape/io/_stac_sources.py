"""The data sets that can be fetched: collections, assets, what is made of their bands.

Sentinel-2: reflectance is (DN + offset) / 10,000; the offset is -1,000 from processing baseline
04.00 on (25 January 2022), unless the catalogue has applied it (Sentinel-2 Products Specification
Document, 14.9, section 4.8). The scene classification (Sen2Cor; Level-2A Algorithm Theoretical
Basis Document 2.10, table 3) tells clouds and their shadows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CLEAR_CLASSES: Final = (4, 5, 6, 7, 11)
"""Scene classes that show the ground: vegetation, bare soil, water, unclassified, snow. Clouds (8,
9), cirrus (10), shadows (2, 3), defects (1) and gaps (0) do not."""

BASELINE_WITH_OFFSET: Final = 4.0
RADIOMETRIC_OFFSET: Final = -1000.0
QUANTIFICATION: Final = 10_000.0


@dataclass(frozen=True, slots=True)
class Band:
    """One band of a data set.

    Attributes
    ----------
    assets
        Names that catalogues give it, the usual first.
    dtype, nodata
        Of its pixels.
    categorical
        Whether its values are class numbers.
    """

    assets: tuple[str, ...]
    dtype: str
    nodata: float | None
    categorical: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """One data set.

    Attributes
    ----------
    name, title
        Short name for commands and full name.
    catalogue
        Address of a public catalogue that has it.
    collection
        Its name there.
    desk
        Address that hands out free passes for reading the files, or an empty string.
    bands
        By our name.
    resolution
        Of its pixels [m].
    by_date
        Whether it has scenes; otherwise one map of the newest items is made.
    attribution
        What to print beside it.
    """

    name: str
    title: str
    catalogue: str
    collection: str
    bands: Mapping[str, Band]
    resolution: float
    by_date: bool
    attribution: str
    desk: str = ""


SOURCES: Final[Mapping[str, Source]] = {
    source.name: source
    for source in (
        Source(
            name="sentinel-2",
            title="Sentinel-2 Level-2A surface reflectance",
            catalogue="https://earth-search.aws.element84.com/v1",
            collection="sentinel-2-l2a",
            bands={
                "blue": Band(("blue", "B02"), "uint16", 0),
                "red": Band(("red", "B04"), "uint16", 0),
                "nir": Band(("nir", "B08"), "uint16", 0),
                "scl": Band(("scl", "SCL"), "uint8", 0, categorical=True),
            },
            resolution=10.0,
            by_date=True,
            attribution="contains modified Copernicus Sentinel data",
        ),
        Source(
            name="worldcover",
            title="ESA WorldCover 10 m",
            catalogue="https://planetarycomputer.microsoft.com/api/stac/v1",
            collection="esa-worldcover",
            bands={
                "land_cover": Band(("map", "ESA_WORLDCOVER_10M_MAP"), "uint8", 0, categorical=True)
            },
            resolution=10.0,
            by_date=False,
            attribution="ESA WorldCover project, contains modified Copernicus Sentinel data, "
            "CC-BY-4.0",
            desk="https://planetarycomputer.microsoft.com/api/sas/v1/token/esa-worldcover",
        ),
        Source(
            name="copernicus-dem",
            title="Copernicus digital elevation model GLO-30",
            catalogue="https://earth-search.aws.element84.com/v1",
            collection="cop-dem-glo-30",
            bands={"surface_altitude": Band(("data", "elevation"), "float32", None)},
            resolution=30.0,
            by_date=False,
            attribution="Copernicus WorldDEM-30, DLR e.V. 2010-2014 and Airbus Defence and Space "
            "GmbH 2014-2018, provided under Copernicus by the European Union and ESA",
        ),
    )
}
"""Every data set by name."""


def radiometric_offset(properties: Mapping[str, Any]) -> float:
    """Return the offset of a Sentinel-2 scene [DN] from its catalogue entry."""
    if properties.get("earthsearch:boa_offset_applied"):
        return 0.0
    try:
        baseline = float(properties.get("s2:processing_baseline", 0.0))
    except (TypeError, ValueError):
        return 0.0
    return RADIOMETRIC_OFFSET if baseline >= BASELINE_WITH_OFFSET else 0.0


def vegetation_indices(bands: Mapping[str, Floats], offset: float) -> dict[str, Floats]:
    """Return NDVI and EVI of a Sentinel-2 scene [1], NaN under clouds and where it has no pixel.

    Parameters
    ----------
    bands
        ``blue``, ``red``, ``nir`` [DN, NaN missing] and ``scl``, all of one shape.
    offset
        From :func:`radiometric_offset`.

    References
    ----------
    Huete et al. 2002, doi:10.1016/S0034-4257(02)00096-2, eq. 1 (EVI, G = 2.5, C1 = 6, C2 = 7.5,
    L = 1).
    """
    clear = np.isin(bands["scl"], CLEAR_CLASSES)
    blue, red, nir = (
        np.where(clear, (bands[name] + offset) / QUANTIFICATION, np.nan)
        for name in ("blue", "red", "nir")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "ndvi": (nir - red) / (nir + red),
            "evi": 2.5 * (nir - red) / (nir + 6.0 * red - 7.5 * blue + 1.0),
        }
        # Beyond their bounds they come from noise over dark ground or a cloud that was missed.
        return {
            name: np.where(np.abs(values) <= 1.0, values, np.nan) for name, values in found.items()
        }
