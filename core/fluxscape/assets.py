"""Where a shipped asset lies: inside an installed wheel, or in the checkout of an editable one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fluxscape.errors import MissingVariableError

_PACKAGE = Path(__file__).resolve().parent


@cache
def assets_root() -> Path:
    """Return the folder of the shipped assets.

    Raises
    ------
    MissingVariableError
        If neither the wheel nor the checkout has it.
    """
    for root in (_PACKAGE / "_assets", _PACKAGE.parents[1] / "assets"):
        if root.is_dir():
            return root
    msg = f"the embedded data are missing: neither {_PACKAGE / '_assets'} nor ../../assets exists"
    raise MissingVariableError(msg)


def asset(relative: str) -> Path:
    """Return the path of a shipped file or store, for example ``"china/ndvi_max.tif"``.

    The name is a constant of the program, never text from outside.

    Raises
    ------
    MissingVariableError
        If there is no such asset.
    """
    path = assets_root() / relative
    if not path.exists():
        msg = f"asset {relative!r} is missing below {assets_root()}"
        raise MissingVariableError(msg, asset=relative)
    return path
