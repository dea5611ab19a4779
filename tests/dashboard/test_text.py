"""The catalogue: both languages, the same fields, errors that name the key."""

from __future__ import annotations

import re
import string
from pathlib import Path

import param
import pytest

from fluxscape.assets import asset
from fluxscape.errors import MissingVariableError
from fluxscape_dashboard.text import LANGUAGES, bound, catalogue, t

NAMESPACES = sorted(path.stem for path in asset("text").glob("*.json"))
SOURCES = Path(__file__).resolve().parents[2] / "dashboard"


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_key_has_both_languages_with_the_same_fields(namespace: str) -> None:
    for key, row in catalogue(namespace).items():
        assert set(row) == set(LANGUAGES), key
        assert fields(row["en"]) == fields(row["zh"]), key


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_chinese_texts_are_chinese(namespace: str) -> None:
    for key, row in catalogue(namespace).items():
        # Names of people and products are the same; small letters begin words to translate.
        words = re.findall(r"\b[a-z]{4,}", re.sub(r"\{\w+\}", "", row["en"]))
        same = row["en"] == row["zh"]
        assert same or not words or re.search(r"[\u4e00-\u9fff]", row["zh"]), f"{namespace}.{key}"


def test_every_key_that_the_code_names_exists() -> None:
    pattern = re.compile(rf'"((?:{"|".join(NAMESPACES)})\.[a-z][a-z0-9_]*[a-zA-Z0-9])"')
    for path in SOURCES.rglob("*.py"):
        for key in pattern.findall(path.read_text(encoding="utf-8")):
            namespace, name = key.split(".")
            if key == "towers.csv":
                continue
            assert name in catalogue(namespace), f"{path.name}: {key}"


def test_a_text_is_filled_in() -> None:
    assert t("towers.count", "en", found=3, total=150) == "3 of 150 towers"
    assert t("towers.count", "zh", found=3, total=150) == "共 150 座塔，显示 3 座"


def test_a_missing_key_or_field_is_an_error_that_names_it() -> None:
    with pytest.raises(MissingVariableError, match="Did you mean 'page_towers'"):
        t("common.page_tower", "en")
    with pytest.raises(MissingVariableError, match="needs a value for 'total'"):
        t("towers.count", "en", found=3)


def test_a_bound_text_follows_the_language() -> None:
    class Holder(param.Parameterized):
        lang = param.String("en")

    holder = Holder()
    words = bound("common.page_towers", holder.param.lang)
    assert words() == "Towers"
    holder.lang = "zh"
    assert words() == "通量塔"
