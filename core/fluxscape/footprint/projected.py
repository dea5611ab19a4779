"""The density of a climatology in another reference system than its own."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import xarray as xr

from fluxscape.errors import OutOfBoundsError
from fluxscape.footprint.vector import local_crs, utm_crs
from fluxscape.towers import METRES_PER_DEGREE

FRAMES: Final = ("local", "utm", "wgs84")
"""Azimuthal equidistant about the tower, in which cells are as computed; the tower's UTM zone;
longitude and latitude."""


def frame_crs(frame: str, latitude: float, longitude: float) -> str:
    """Return the reference system of one of :data:`FRAMES` for a tower [degrees].

    Raises
    ------
    OutOfBoundsError
        If there is no such frame, or the coordinates are none.
    """
    if frame not in FRAMES:
        msg = f"{frame!r} is no frame; wanted {', '.join(FRAMES)}"
        raise OutOfBoundsError(msg, got=frame)
    if frame == "local":
        return local_crs(latitude, longitude)
    return utm_crs(latitude, longitude) if frame == "utm" else "EPSG:4326"


def projected_density(
    climatology: xr.Dataset, frame: str, *, latitude: float, longitude: float
) -> xr.DataArray:
    """Return the density [m-2] of the ground on a grid in another frame.

    Values are interpolated between cell centres and stay densities per square metre of ground;
    beyond the grid they are NaN. Only the local frame keeps every cell as it was computed.

    Parameters
    ----------
    climatology
        Dataset with ``footprint`` (y, x).
    frame
        One of :data:`FRAMES`.
    latitude, longitude
        Of the tower [degrees].

    Returns
    -------
    xarray.DataArray
        ``footprint`` (y, x) in single precision, with ``crs`` among its attributes.
    """
    # rasterio loads GDAL, which takes a third of a second.
    from affine import Affine  # noqa: PLC0415
    from rasterio.warp import Resampling, reproject, transform_bounds  # noqa: PLC0415

    crs = frame_crs(frame, latitude, longitude)
    density = climatology["footprint"].astype("float32")
    attrs = {key: density.attrs[key] for key in ("units", "long_name") if key in density.attrs}
    if frame == "local":
        return density.drop_attrs().assign_attrs(attrs, crs=crs)
    x, y = density["x"].to_numpy(), density["y"].to_numpy()
    step = float(x[1] - x[0])
    half = 0.5 * step
    local = local_crs(latitude, longitude)
    box = (x[0] - half, y[0] - half, x[-1] + half, y[-1] + half)
    west, south, east, north = transform_bounds(local, crs, *box, densify_pts=21)
    # Cells about as large as the grid's own: a degree of longitude shrinks with the latitude.
    metres = METRES_PER_DEGREE if frame == "wgs84" else 1.0
    parallel = math.cos(math.radians(latitude)) if frame == "wgs84" else 1.0
    width = math.ceil((east - west) * metres * parallel / step)
    height = math.ceil((north - south) * metres / step)
    step_x, step_y = (east - west) / width, (north - south) / height
    out = np.full((height, width), np.nan, dtype=np.float32)
    reproject(
        density.to_numpy()[::-1],
        out,
        src_transform=Affine(step, 0.0, box[0], 0.0, -step, box[3]),
        src_crs=local,
        dst_transform=Affine(step_x, 0.0, west, 0.0, -step_y, north),
        dst_crs=crs,
        dst_nodata=np.nan,
        resampling=Resampling.bilinear,
    )
    return xr.DataArray(
        out,
        dims=("y", "x"),
        coords={
            "y": north - step_y * (np.arange(height) + 0.5),
            "x": west + step_x * (np.arange(width) + 0.5),
        },
        name="footprint",
        attrs=attrs | {"crs": crs},
    )
