"""The bridge to what only the browser can do: address bar, document language, keys, clipboard.

Panel's own location component never hears the Back button and adds a history entry for every
change; this one replaces the entry while a user drags and adds one for a new page or tower.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from fluxscape.assets import asset

Listener = Callable[[Any], None]


class Client(JSComponent):
    """Invisible component of the browser side; its script is ``assets/style/client.js``."""

    query = param.String(default="", doc="Query string that the address bar shall show.")
    step = param.Boolean(default=False, doc="Whether the next query is a new history entry.")
    lang = param.String(default="en", doc="Language of the document.")
    pages = param.List(default=[], doc="Keys of the pages in the order of the number keys.")

    _esm = asset("style/client.js").read_text(encoding="utf-8")
    _rename: ClassVar[Mapping[str, str | None]] = {}

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._listeners: dict[str, Listener] = {}

    def listen(self, **listeners: Listener) -> None:
        """Call ``listeners[type](value)`` when the browser reports something.

        Types are ``page`` (a number key), ``reset``, ``help``, ``address`` (Back or Forward: the
        query string) and ``copied`` (whether the clipboard took the address).
        """
        self._listeners.update(listeners)

    def copy_address(self) -> None:
        """Put the present address on the clipboard; ``copied`` tells how it went."""
        self._send_msg({"type": "copy"})

    def _handle_msg(self, msg: Any) -> None:
        if isinstance(msg, dict) and (listener := self._listeners.get(str(msg.get("type")))):
            listener(msg.get("value"))
