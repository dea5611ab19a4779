"""Pictures of the README: each is there, and the tool that makes them makes just these."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_readme_shows_the_pictures_that_the_tool_makes() -> None:
    shown = re.findall(r"\(docs/images/([\w-]+)\.webp\)", (ROOT / "README.md").read_text("utf-8"))
    tool = runpy.run_path(str(ROOT / "tools" / "screenshots.py"))
    assert sorted(shown) == sorted(tool["README"])
    assert set(shown) <= {view.name for view in tool["VIEWS"]}
    for name in shown:
        picture = ROOT / "docs" / "images" / f"{name}.webp"
        assert 0 < picture.stat().st_size <= tool["LARGEST"], name
