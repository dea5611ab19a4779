"""What the Footprint page shows, as parameters prefixed ``fp_``; see :mod:`fluxscape_dashboard.state`."""

from __future__ import annotations

import param


class FootprintState(param.Parameterized):
    """What the Footprint page shows."""
