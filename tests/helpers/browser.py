"""What browser tests do: open an address, find Bokeh figures, tap at map coordinates."""

from __future__ import annotations

import os
import re
import shutil
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Page

LOAD_MS = 120_000
WAIT_MS = 60_000
"""Limits that a busy machine with two cores keeps; nothing is measured by them [ms]."""

# Walks the views of every Bokeh document, through shadow roots as well, for a figure whose name
# or whose renderers' names hold a text. Private to Bokeh: re-check on upgrade.
_FIND_FIGURE = """
(wanted) => {
  const found = []
  const visit = (view) => {
    if (!view) return
    if (view.frame && view.model && view.model.renderers) found.push(view)
    for (const child of view.child_views ?? []) visit(child)
    for (const child of view.element_views ?? []) visit(child)
    if (view._child_views) for (const child of view._child_views.values()) visit(child)
  }
  for (const root of Object.values(Bokeh.index)) visit(root)
  const unique = [...new Set(found)]
  return unique.find((view) => view.el.offsetParent !== null && (wanted == null
    || view.model.name === wanted || (view.model.tags ?? []).includes(wanted)))
}
"""


_VISIBLE_TEXT = """
(own_words) => {
  const lines = []
  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = node.textContent.trim()
      if (text) lines.push(text)
      return
    }
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (['STYLE', 'SCRIPT', 'NOSCRIPT', 'TEMPLATE'].includes(node.tagName)) return
      // checkVisibility() calls hosts with `display: contents` invisible.
      const style = getComputedStyle(node)
      if (style.display === 'none' || style.visibility === 'hidden') return
      const icon = /icon/i.test(style.fontFamily)
      if (own_words && (icon || node.getAttribute('translate') === 'no')) return
    }
    if (node.shadowRoot) for (const child of node.shadowRoot.childNodes) visit(child)
    for (const child of node.childNodes) visit(child)
  }
  visit(document.body)
  return lines.join('\\n')
}
"""


def find_chromium() -> str | None:
    """Return Chromium's path from CHROMIUM or PATH; None means playwright's own."""
    if named := os.environ.get("CHROMIUM"):
        return named
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


# Whether a press at this screen point would reach the figure, or something that lies over it.
_ON_TOP = f"""
([x, y, wanted]) => {{
  const view = ({_FIND_FIGURE})(wanted)
  if (!view) return false
  let [top, root] = [null, document]
  while (root) {{
    const inner = root.elementFromPoint(x, y)
    if (!inner || inner === top) break
    ;[top, root] = [inner, inner.shadowRoot]
  }}
  return top === (view.canvas_view ?? view.canvas).events_el
}}
"""

# Brings a figure to the middle of the window, should it lie below.
_SHOW = f"""
(wanted) => {{
  const view = ({_FIND_FIGURE})(wanted)
  const box = view.el.getBoundingClientRect()
  if (box.top < 0 || box.bottom > window.innerHeight) view.el.scrollIntoView({{block: 'center'}})
}}
"""

# The template lays a veil over the page while it loads and looks only now and then whether it
# may take it away; until then nobody can press anything below it.
_READY = """
() => window.Bokeh && Bokeh.documents.length && Bokeh.documents[0].is_idle
  && !document.getElementById('loader')?.checkVisibility()
"""


class FluxPage:
    """A browser page on the dashboard.

    Attributes
    ----------
    page
        The playwright page.
    errors
        Console errors and uncaught exceptions so far.
    foreign_requests
        Addresses on other hosts that were asked for so far.
    """

    def __init__(self, page: Page, server: str) -> None:
        self.page = page
        self.server = server
        self.errors: list[str] = []
        self.foreign_requests: list[str] = []
        own = urlsplit(server).netloc
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                self.errors.append(f"{message.text} ({message.location.get('url')})")
                if message.type == "error"
                else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                self.foreign_requests.append(request.url)
                if urlsplit(request.url).scheme not in {"data", "blob", "about"}
                and urlsplit(request.url).netloc != own
                else None
            ),
        )

    def open(self, **query: object) -> FluxPage:
        """Open the dashboard with query parameters and wait until it is idle."""
        address = self.server + ("?" + urlencode(query) if query else "")
        self.page.goto(address, timeout=LOAD_MS)
        self.wait_idle()
        return self

    def wait_idle(self, timeout_ms: int = LOAD_MS) -> None:
        """Wait until Bokeh has drawn everything it was sent and the page can be used."""
        self.page.wait_for_function(_READY, timeout=timeout_ms)

    def figure_box(self, name: str | None = None, timeout_ms: int = WAIT_MS) -> dict[str, Any]:
        """Return frame (screen pixels) and ranges of the visible figure, waiting for it."""
        handle = self.page.wait_for_function(
            f"""(wanted) => {{
              const view = ({_FIND_FIGURE})(wanted)
              if (!view || !(view.frame.bbox.width > 0)) return null
              const canvas = (view.canvas_view ?? view.canvas).el.getBoundingClientRect()
              const box = view.frame.bbox
              const [x, y] = [view.frame.x_range, view.frame.y_range]
              return {{left: canvas.left + box.left, top: canvas.top + box.top,
                       width: box.width, height: box.height,
                       x0: x.start, x1: x.end, y0: y.start, y1: y.end}}
            }}""",
            arg=name,
            timeout=timeout_ms,
        )
        box: dict[str, Any] = handle.json_value()
        return box

    def screen_point(self, x: float, y: float, name: str | None = None) -> tuple[float, float]:
        """Return the screen pixel of data coordinates in a figure."""
        box = self.figure_box(name)
        across = (x - box["x0"]) / (box["x1"] - box["x0"])
        down = (box["y1"] - y) / (box["y1"] - box["y0"])
        return box["left"] + across * box["width"], box["top"] + down * box["height"]

    def tap(self, x: float, y: float, name: str | None = None) -> None:
        """Click at data coordinates (Web Mercator metres on maps) of a figure at rest."""
        self.settled_box(name)
        self.page.evaluate(_SHOW, name)
        self.settled_box(name)
        point = self.screen_point(x, y, name)
        self.page.wait_for_function(_ON_TOP, arg=[*point, name], timeout=WAIT_MS)
        self.page.mouse.click(*point)

    def settled_box(self, name: str | None = None) -> dict[str, Any]:
        """Return :meth:`figure_box` once two looks in a row agree."""
        box = self.figure_box(name)
        for _ in range(40):
            self.page.wait_for_timeout(150)
            box, before = self.figure_box(name), box
            if box == before:
                return box
        msg = f"figure {name} does not come to rest"
        raise AssertionError(msg)

    def search_tower(self, words: str, name: str) -> None:
        """Type into the search field and take a tower from the list that it leaves."""
        field = self.page.locator("input[type=text]").first
        field.fill(words)
        self.page.get_by_text(re.compile(r"^\d of \d+ ")).wait_for()
        self.page.get_by_role("button", name=name).first.click()

    def visible_text(self, *, own_words: bool = False) -> str:
        """Return all text on the screen, through shadow roots, a line an element.

        With ``own_words``, text from outside (``translate="no"``) and the names of icons, which
        their font draws as pictures, are left out.
        """
        text: str = self.page.evaluate(_VISIBLE_TEXT, own_words)
        return text

    def wait_text(self, text: str, timeout_ms: int = WAIT_MS) -> None:
        """Wait until a text is on the screen."""
        self.page.get_by_text(text).first.wait_for(state="visible", timeout=timeout_ms)

    def wait_query(self, part: str, timeout_ms: int = WAIT_MS) -> None:
        """Wait until the address bar's query holds a text."""
        self.page.wait_for_function(
            "(part) => decodeURIComponent(window.location.search).includes(part)",
            arg=part,
            timeout=timeout_ms,
        )

    def query(self) -> str:
        """Return the query string of the address bar."""
        return urlsplit(self.page.url).query
