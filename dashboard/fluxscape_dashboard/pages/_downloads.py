"""Buttons that save what a page shows: pictures by the browser, data by the safe writers."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import panel_material_ui as pmui

from fluxscape import __version__
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.views.charts import save_tool

Writer = Callable[[Path], None]

_PLAIN: Final = re.compile(r"[^A-Za-z0-9.-]+")


def file_name(*parts: str, suffix: str) -> str:
    """Return ``fluxscape_<parts>_<version><suffix>`` with plain characters only.

    >>> file_name("footprint", "CN-Cha", "all hours", suffix=".nc")  # doctest: +SKIP
    'fluxscape_footprint_CN-Cha_all-hours_0.1.0.nc'
    """
    words = [_PLAIN.sub("-", part).strip("-.") for part in (*parts, __version__)]
    return "_".join(["fluxscape", *filter(None, words)]) + suffix


def written(write: Writer, name: str) -> BytesIO:
    """Return what ``write(path)`` wrote to a file called ``name``."""
    with tempfile.TemporaryDirectory(prefix="fluxscape-export-") as folder:
        path = Path(folder) / name
        write(path)
        return BytesIO(path.read_bytes())


def data_button(
    page: PageView, label_key: str, name: Callable[[], str], write: Callable[[Path], None]
) -> Any:
    """Return a button that saves a file made when it is pressed.

    Parameters
    ----------
    page
        The page.
    label_key
        Key of the label.
    name
        Gives the file's name.
    write
        Writes the file; errors it raises are shown by the frame.
    """
    button: Any = None

    def callback() -> BytesIO:
        button.filename = name()
        return written(write, button.filename)

    button = pmui.FileDownload(
        callback=callback,
        filename="data",
        auto=True,
        label=page.bound(label_key),
        variant="outlined",
        size="small",
        margin=(2, 2),
    )
    return button


def picture_button(page: PageView, chart: Any, label_key: str = "work.save_png") -> Any:
    """Return a button that saves a Bokeh chart as PNG, drawn by the browser with its fonts."""
    button = pmui.Button(
        label=page.bound(label_key), icon="image", variant="outlined", size="small", margin=(2, 2)
    )
    button.js_on_click(args={"tool": save_tool(chart)}, code="tool.do.emit('save')")
    return button
