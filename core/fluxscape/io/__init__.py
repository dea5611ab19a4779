"""Files come in by :mod:`~fluxscape.io.guards` and leave by :mod:`~fluxscape.io.atomic`."""

import os as _os

# GDAL reads this when it registers its drivers, once a process: a file that is a recipe pointing
# at other files or hosts is then unknown to every library, whatever its name ends with.
_os.environ["GDAL_SKIP"] = ",".join(
    filter(None, [_os.environ.get("GDAL_SKIP"), "VRT,GTI,WMS,WMTS,WCS,HTTP,STACIT,STACTA"])
)
