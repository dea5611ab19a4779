"""The environment of the nation from what is embedded: maps, outline, national product."""

from __future__ import annotations

from functools import lru_cache

import xarray as xr

from fluxscape.assets import asset
from fluxscape.atlas.pyramid import open_pyramid
from fluxscape.io.basemap import read_nation
from fluxscape.io.climatology import read_climatology
from fluxscape.representativeness.environment import RESOLUTION, national_environment
from fluxscape.representativeness.network import GPP


@lru_cache(maxsize=2)
def embedded_environment(resolution: float = RESOLUTION) -> xr.Dataset:
    """Return the environment of the nation with its mean gross primary production.

    Production is that of the embedded national product, which is simulated; callers must not
    change the dataset.

    Parameters
    ----------
    resolution
        Side of a cell [degrees], a whole multiple of 0.05 up to 5.

    Raises
    ------
    DimsError
        If the resolution is another.
    """
    product = open_pyramid(asset("atlas/national.zarr"))
    production = product.read_native("annual_gross_primary_production_mean")
    return national_environment(
        read_climatology(), read_nation().polygon, resolution=resolution, extra={GPP: production}
    )
