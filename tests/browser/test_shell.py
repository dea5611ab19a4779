"""The frame around the pages: languages, address, keys, silence towards other hosts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from fluxscape_dashboard.state import PAGES
from fluxscape_dashboard.text import catalogue, t
from helpers.browser import FluxPage

NAMESPACES = ("common", "towers")


def test_the_page_is_called_fluxscape_and_speaks_the_language_of_the_browser(
    page: FluxPage,
) -> None:
    page.open()
    expect(page.page).to_have_title("fluxscape")
    assert page.page.evaluate("document.documentElement.lang") == "en"
    page.wait_text("Towers")


def test_switching_the_language_leaves_no_word_behind(page: FluxPage) -> None:
    page.open(lang="en", tower="CN-Cha")
    page.wait_text("Changbaishan")
    page.page.get_by_role("button", name="中文").click()
    page.wait_text(t("towers.search", "zh"))
    page.wait_text(t("towers.row_elevation", "zh"))
    assert page.page.evaluate("document.documentElement.lang") == "zh-CN"
    lines = set(page.visible_text(own_words=True).splitlines())
    for namespace in NAMESPACES:
        for key, row in catalogue(namespace).items():
            if row["en"] != row["zh"]:
                assert row["en"] not in lines, f"{namespace}.{key} is not translated"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_key_of_the_catalogue_is_shown_as_text(page: FluxPage, lang: str) -> None:
    page.open(lang=lang)
    page.wait_text(t("towers.none_chosen", lang))
    assert not re.search(r"\b(common|towers|footprint|model|atlas)\.[a-z_]+", page.visible_text())


def test_an_address_restores_the_view_and_the_view_makes_the_address(page: FluxPage) -> None:
    page.open(lang="zh", tower="CN-Cha", dark=1, tw_igbp="MF")
    page.wait_text("Changbaishan")
    page.wait_query("v=1&page=towers&lang=zh&tw_igbp=MF&dark=1&tower=CN-Cha")
    page.page.get_by_role("button", name="EN", exact=True).click()
    page.wait_query("v=1&page=towers&lang=en&tw_igbp=MF&dark=1&tower=CN-Cha")


def test_impossible_values_in_the_address_are_told_and_do_no_harm(page: FluxPage) -> None:
    page.open(lang="en", tower="NO-Such", page="moon", dark="maybe")
    page.wait_text("No tower is called “NO-Such”.")
    page.wait_text("The address says page = “moon”")
    page.wait_text(t("towers.none_chosen", "en"))
    page.wait_query("v=1&page=towers&lang=en")


def test_back_returns_to_the_tower_before(page: FluxPage) -> None:
    page.open(lang="en", tower="CN-Cha")
    page.wait_text("Changbaishan")
    page.search_tower("CN-Din", "Dinghushan")
    page.wait_query("tower=CN-Din")
    page.page.go_back()
    page.wait_text("42.4025°N")
    page.wait_query("tower=CN-Cha")


def test_reset_clears_the_choice_but_not_the_language(page: FluxPage) -> None:
    page.open(lang="zh", tower="CN-Cha", tw_igbp="MF")
    page.wait_text("Changbaishan")
    page.page.keyboard.press("Shift+O")
    page.wait_text(t("towers.none_chosen", "zh"))
    page.wait_query("v=1&page=towers&lang=zh")


def test_keys_open_help_and_pages_but_not_while_typing(page: FluxPage) -> None:
    page.open(lang="en")
    page.wait_text(t("towers.none_chosen", "en"))
    page.page.keyboard.press("?")
    page.wait_text(t("common.help_title", "en"))
    page.page.keyboard.press("Escape")
    expect(page.page.get_by_text(t("common.help_title", "en"))).to_be_hidden()
    field = page.page.get_by_label(t("towers.search", "en"))
    field.fill("")
    field.press("2")
    page.wait_text(t("towers.none_chosen", "en"))
    assert "page=towers" in page.query()
    field.blur()
    page.page.keyboard.press("2")
    page.wait_query("page=footprint")


def test_copying_the_link_says_so(page: FluxPage) -> None:
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.open(lang="en", tower="CN-Cha")
    page.wait_text("Changbaishan")
    page.page.get_by_role("button", name="link").click()
    page.wait_text(t("common.link_copied", "en"))
    copied = page.page.evaluate("navigator.clipboard.readText()")
    assert copied == page.server + "?v=1&page=towers&lang=en&tower=CN-Cha"


@pytest.mark.parametrize("key", PAGES)
def test_every_page_opens_alone_without_errors_or_foreign_requests(
    page: FluxPage, key: str
) -> None:
    page.open(page=key, lang="en", tower="CN-Cha")
    page.page.wait_for_timeout(1500)
    assert t("common.page_failed", "en") not in page.visible_text()


def test_the_dark_theme_leaves_the_map_as_it_is(page: FluxPage) -> None:
    page.open(lang="en")
    light = _sea_pixel(page.page, page)
    page.open(lang="en", dark=1)
    assert _sea_pixel(page.page, page) == light


def _sea_pixel(raw: Page, page: FluxPage) -> str:
    """Return the colour of the sea beside the relief picture, read from the screen."""
    box = page.figure_box("towers_map")
    raw.wait_for_timeout(1000)
    colour: str = raw.evaluate(
        """async ({left, top}) => {
          const host = (root) => {
            for (const node of root.querySelectorAll('*')) {
              if (node.tagName === 'CANVAS' && node.width > 400) return node
              const found = node.shadowRoot && host(node.shadowRoot)
              if (found) return found
            }
            return null
          }
          const canvas = host(document), area = canvas.getBoundingClientRect()
          const ratio = canvas.width / area.width
          const data = canvas.getContext('2d').getImageData(
            (left - area.left) * ratio, (top - area.top) * ratio, 1, 1).data
          return Array.from(data).join()
        }""",
        {"left": box["left"] + box["width"] - 30, "top": box["top"] + box["height"] * 0.7},
    )
    return colour
