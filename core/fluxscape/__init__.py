"""fluxscape: carbon and water fluxes from one tower to the nation.

The package imports nothing on its own, so that the command line starts at once; import the
capability you need, for example ``from fluxscape.footprint import footprint_climatology``.
"""

from fluxscape._version import __version__

__all__ = ["__version__"]
