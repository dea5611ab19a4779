"""The one door by which files come in: names, sizes and formats are checked before a byte is read.

What users upload is besides parsed in a process of its own (:func:`run_in_child`), because the
format libraries themselves have had faults that a crafted file can use.
"""

from __future__ import annotations

from fluxscape.io._netcdf_guards import (
    DatasetLimits,
    check_netcdf,
    clean_attributes,
    open_netcdf_guarded,
    plain_attributes,
)
from fluxscape.io._raster_guards import RasterInfo, RasterLimits, inspect_raster, open_raster
from fluxscape.io._text_guards import read_text_guarded
from fluxscape.io._zarr_guards import check_zarr
from fluxscape.io.child import run_in_child
from fluxscape.io.names import check_upload_name, local_file, plain_text, resolve_below

__all__ = [
    "DatasetLimits",
    "RasterInfo",
    "RasterLimits",
    "check_netcdf",
    "check_upload_name",
    "check_zarr",
    "clean_attributes",
    "inspect_raster",
    "local_file",
    "open_netcdf_guarded",
    "open_raster",
    "plain_attributes",
    "plain_text",
    "read_text_guarded",
    "resolve_below",
    "run_in_child",
]
