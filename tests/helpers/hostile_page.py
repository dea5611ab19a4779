"""A page with every place where the dashboard shows outside text, for each hostile payload.

``python -m helpers.hostile_page`` serves it on a free port and prints the address; ``?unsafe=1``
shows one payload in a raw pane, which proves that the test would notice.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import holoviews as hv
import pandas as pd
import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, HoverTool
from bokeh.plotting import figure

from fluxscape.errors import FileFormatError
from fluxscape.io.guards import open_netcdf_guarded
from fluxscape_dashboard import safe
from helpers.payloads import PAYLOADS

ALL = " ".join(PAYLOADS)


def panes(payload: str) -> list[Any]:
    """Return one pane of every kind that `safe` makes."""
    return [
        safe.plain(payload),
        safe.html_pane("<p><b>{name}</b> {a}</p>", name=payload, a=safe.link(payload, payload)),
        safe.markdown_pane("a **{name}** b\n\n* {name}\n\n`x`", name=payload),
    ]


def components() -> list[Any]:
    """Return one component of each kind that pages use, with all payloads in every place of it."""
    clean = safe.label(ALL, limit=4000)
    escaped = safe.text(ALL, limit=4000)
    table = pd.DataFrame({payload: [payload] for payload in PAYLOADS})
    return [
        safe.table(table, show_index=False),
        pn.pane.DataFrame(table, index=False),
        pmui.Typography(safe.markdown_text(ALL, limit=4000)),
        pmui.Alert(safe.plain(ALL), title=clean),
        pmui.Card(title=escaped),
        pmui.Tabs((escaped, safe.plain(ALL))),
        pmui.Accordion((escaped, safe.plain(ALL))),
        pmui.Select(label=clean, options={clean: 1, "b": 2}, description=clean),
        pmui.MultiChoice(label=clean, options=[clean], value=[clean]),
        pmui.RadioButtonGroup(label=clean, options=[clean, "b"], value=clean),
        pmui.AutocompleteInput(label=clean, options=[clean], value=clean),
        pmui.MenuList(items=[{"label": clean, "secondary": clean}]),
        pmui.Button(label=clean, description=clean),
        pmui.Chip(clean),
        pmui.TextInput(label=clean, value=clean, placeholder=clean),
    ]


def curves() -> Any:
    """Return curves whose title, axes and legend carry every payload."""
    shown = [safe.label(payload) for payload in PAYLOADS]
    lines = [
        hv.Curve([(0, i), (1, i)], hv.Dimension("x", label=name), hv.Dimension("y", label=name))
        .relabel(name)
        .opts(show_legend=True)
        for i, name in enumerate(shown)
    ]
    title = safe.title(" ".join(shown), limit=2000)
    return pn.pane.HoloViews(
        hv.Overlay(lines).opts(title=title, legend_position="top_left", width=700)
    )


def hover_figure() -> Any:
    """Return a figure whose one wide point shows every payload in its hover."""
    names = {f"n{i}": [safe.label(p)] for i, p in enumerate(PAYLOADS)}
    source = ColumnDataSource({"x": [0], "y": [0], **names})
    chart = figure(width=400, height=300, name="hostile_hover")
    chart.scatter("x", "y", size=250, source=source)
    rows = [(safe.label(payload), f"@n{i}") for i, payload in enumerate(PAYLOADS)]
    chart.add_tools(HoverTool(tooltips=[("the hover", "is open"), *rows]))
    return chart


def attributes_of_a_file() -> list[Any]:
    """Return what a page shows of a hostile netCDF file and of an error that quotes it."""
    import netCDF4  # noqa: PLC0415

    shown = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "<img src=x onerror=ran(99)>.nc")
        with netCDF4.Dataset(path, "w") as file:
            for i, payload in enumerate(PAYLOADS):
                file.setncattr(f"a{i}", payload)
        with open_netcdf_guarded(path) as dataset:
            shown += [safe.plain(value) for value in dataset.attrs.values()]
        Path(path).write_text("<img src=x onerror=ran(98)>")
        try:
            open_netcdf_guarded(path)
        except FileFormatError as error:
            shown.append(safe.html_pane("<b>{message}</b>", message=error))
    return shown


def page() -> Any:
    """Return the page, or the raw pane that shows that the test bites."""
    if pn.state.session_args.get("unsafe"):
        return pn.pane.HTML("".join(PAYLOADS))
    every = [pane for payload in PAYLOADS for pane in panes(payload)]
    pn.state.onload(lambda: pn.state.notifications.error(safe.label(ALL, limit=4000), duration=0))
    return pn.Column(hover_figure(), curves(), *components(), *attributes_of_a_file(), *every)


def main() -> None:
    """Serve the page."""
    pn.extension("tabulator", notifications=True)
    hv.extension("bokeh")
    server = pn.serve(page, port=0, show=False, start=False, verbose=False)
    sys.stdout.write(f"http://127.0.0.1:{server.port}/\n")
    sys.stdout.flush()
    server.start()
    server.io_loop.start()


if __name__ == "__main__":
    os.environ["BOKEH_RESOURCES"] = "server"
    main()
