"""What the Model page shows, as parameters prefixed ``dlm_``; see :mod:`fluxscape_dashboard.state`."""

from __future__ import annotations

import param


class ModelState(param.Parameterized):
    """What the Model page shows."""
