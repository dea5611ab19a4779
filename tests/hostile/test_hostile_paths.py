"""Forty names that try to leave their folder or to pass for another; all are refused (H4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from fluxscape.errors import UnsafeInputError
from fluxscape.io.guards import check_upload_name, resolve_below

NAMES = [
    "",
    ".",
    "..",
    "...",
    "../secret",
    "../../etc/passwd",
    "a/../../b",
    "a/..",
    "/etc/passwd",
    "//etc/passwd",
    "~/secret",
    "a//b",
    "a/",
    "./a",
    "..\\secret",
    "a\\b",
    "C:\\Windows\\win.ini",
    "C:a",
    "a.csv:stream",
    "\\\\host\\share",
    "%2e%2e%2fsecret",
    "%2e%2e/secret",
    "..%2fsecret",
    "%00",
    "a\0.csv",
    "a\n.csv",
    "a\r.csv",
    "a\x1b.csv",
    "a\u202evsc.csv",
    "a\u200b.csv",
    "a\ufeff.csv",
    "．．/secret",
    "．．",
    "a／b",
    "a∕b",
    "a⁄b",
    "․․",
    "ﬁle.csv",
    "a\ud800.csv",
    "nul",
    "CON.csv",
    "com1.txt",
    ".htaccess",
    "a.csv.",
    "a.csv ",
    " a.csv",
    "-rf",
    "=cmd.csv",
    "a*.csv",
    "a?.csv",
    "a|b",
    "a;b",
    "$(id)",
    "`id`",
    "<img src=x>",
    "x" * 300,
    "通" * 100,
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_hostile_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnsafeInputError, match="refused"):
        check_upload_name(name)
    (tmp_path / "root").mkdir()
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(UnsafeInputError, match="refused"):
        resolve_below(tmp_path / "root", name)


@pytest.mark.parametrize("place", ["link", "folder/inside"])
def test_a_link_is_refused_wherever_it_leads(place: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "real").mkdir(parents=True)
    (root / "real" / "inside").write_text("a")
    (root / "folder").symlink_to(root / "real")
    (root / "link").symlink_to("/etc/passwd")
    with pytest.raises(UnsafeInputError, match="is a link"):
        resolve_below(root, place)


def test_the_message_shows_the_name_without_its_traps() -> None:
    with pytest.raises(UnsafeInputError) as caught:
        check_upload_name("a\x1b[2J\u202e" + "x" * 1000)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 200
