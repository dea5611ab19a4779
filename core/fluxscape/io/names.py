"""Names and words from outside: which may name a file, and how text is made plain."""

from __future__ import annotations

import re
import stat
import unicodedata
from pathlib import Path
from typing import Final

from fluxscape.errors import FileFormatError, UnsafeInputError

MAX_NAME: Final = 120
MAX_TEXT: Final = 2000
#: Letters of any script and digits pass; of the other characters only these.
_PUNCTUATION: Final = frozenset("._-+=()[]@, ")
_RESERVED: Final = re.compile(
    r"(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\..*)?", re.IGNORECASE
)
_BARRED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def check_upload_name(name: str) -> str:
    """Return ``name`` if it is a plain file name, in any script, with no path in it.

    Raises
    ------
    UnsafeInputError
        If it is empty, too long, hidden, reserved, or holds a separator, an escape, a control or
        an invisible character, or a letter that turns into another one when normalised.
    """
    reason = _fault_of_name(name)
    if reason:
        msg = f"the name {plain_text(name, limit=60)!r} is refused: {reason}"
        raise UnsafeInputError(msg, name=plain_text(name, limit=60), reason=reason)
    return name


def _fault_of_name(name: str) -> str:
    """Return what is wrong with a file name, or an empty string."""
    if not name or len(name) > MAX_NAME or len(name.encode("utf-8", "replace")) > 255:
        return f"it must have 1 to {MAX_NAME} characters"
    barred = [c for c in name if not (c.isalnum() or c in _PUNCTUATION)]
    if barred:
        return f"the character U+{ord(barred[0]):04X} may not stand in it"
    if unicodedata.normalize("NFKC", name) != name:
        return "it holds characters that turn into others when normalised"
    if name[0] in ".-= @" or name[-1] in ". " or ".." in name:
        return "it must not begin with one of '. - = @' or a blank, end with '.', or hold '..'"
    return "it is reserved on some systems" if _RESERVED.fullmatch(name) else ""


def resolve_below(root: str | Path, name: str) -> Path:
    """Return the path of ``name`` (parts divided by ``/``) below ``root``.

    Raises
    ------
    UnsafeInputError
        If a part is no plain file name, or a link leads anywhere.
    """
    base = Path(root).resolve(strict=True)
    path = base
    for part in name.split("/"):
        path /= check_upload_name(part)
        if path.is_symlink():
            msg = f"the name {name!r} is refused: {part!r} is a link"
            raise UnsafeInputError(msg, name=name)
    if not path.resolve().is_relative_to(base):
        msg = f"the name {name!r} is refused: it leads out of its folder"
        raise UnsafeInputError(msg, name=name)
    return path


def local_file(path: str | Path) -> Path:
    """Return the absolute path of an existing regular file of this computer.

    Raises
    ------
    UnsafeInputError
        If ``path`` is an address, one of GDAL's virtual files, a device, a pipe or a folder.
    FileFormatError
        If there is no such file.
    """
    text = str(path)
    if "://" in text or text.lower().lstrip("/").startswith("vsi") or "\0" in text:
        msg = f"{plain_text(text, limit=80)!r} is refused: only files of this computer are read"
        raise UnsafeInputError(msg, path=plain_text(text, limit=80))
    file = Path(text).absolute()
    try:
        mode = file.stat().st_mode
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}"
        raise FileFormatError(msg, path=str(file)) from error
    if not stat.S_ISREG(mode):
        msg = f"{file} is refused: it is not a regular file"
        raise UnsafeInputError(msg, path=str(file))
    return file


def plain_text(value: object, *, limit: int = MAX_TEXT) -> str:
    """Return ``value`` as one line of visible text of at most ``limit`` characters.

    Control, invisible, direction-changing and unassigned characters go; blanks are joined.

    >>> plain_text("CN-Cha" + chr(0) + chr(0x202E) + "  forest" + chr(10))
    'CN-Cha forest'
    """
    # What is cut away cannot cost time: a name may be megabytes long.
    raw = (value if isinstance(value, str) else str(value))[: 4 * limit]
    spaced = (" " if c.isspace() else c for c in raw)
    kept = "".join(c for c in spaced if unicodedata.category(c) not in _BARRED_CATEGORIES)
    text = " ".join(kept.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
