"""What the Atlas page shows, as parameters prefixed ``at_``; see :mod:`fluxscape_dashboard.state`."""

from __future__ import annotations

import param


class AtlasState(param.Parameterized):
    """What the Atlas page shows."""
