"""``python -m fluxscape`` is the command ``fluxscape``."""

import sys

from fluxscape.cli import main

sys.exit(main())
