"""Every word the page asks for stands in the catalogue, and the catalogue holds no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from marking.words import catalogue
from pos_agent.pages.till import CHOICES, words_of

PAGES = Path(__file__).parents[3] / "pos_agent" / "pages"
SOURCES = [PAGES / "templates" / "till.html", *sorted((PAGES / "static" / "till").glob("*.js"))]
# Put together in the scripts: a prefix, and what may follow it.
BUILT = {
    "word.": ("idle", "allow", "refuse", "ask", "wait", "sold", "returned", "done", "not_done", "look"),
    "unit.": ("s", "min", "h", "day"),
    "strip.": ("ismpt", "hq", "register", "paper", "shift", "unsent", "cache", "clock"),
    "pay.": ("cash", "card", "mobile"),
    "shift.": ("open", "x", "in", "out", "drawer", "close"),
    "help.": ("scan", "red", "lines", "pay", "enter", "number"),
    "kind.": ("sale", "sale_return", "cash_in", "cash_out", "shift_close", "shift_open"),
    "cash.title_": ("in", "out"),
    "cash.done_": ("in", "out"),
}


def test_every_key_is_asked_for_and_every_word_is_there() -> None:
    known = set(catalogue("pos_agent", "till").known())
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    built = {prefix + name for prefix, names in BUILT.items() for name in names}
    assert built <= known
    quoted = set(re.findall(r'"([a-z_]+(?:\.[a-z_0-9]+)+)"', text)) | set(re.findall(r'"(title|total|removed)"', text))
    plain = {key for key in known if f'"{key}"' in text}
    assert known - plain - built == set()
    files = {key for key in quoted if key.endswith(".js") or key.startswith("till.")}
    assert {key for key in quoted - files if key.split(".")[0] + "." in {k.split(".")[0] + "." for k in known}} <= known


@pytest.mark.parametrize("choice", CHOICES)
def test_each_choice_has_every_text_once_for_each_language(choice: str) -> None:
    document = words_of(choice)
    count = len(CHOICES[choice])
    assert document["languages"] == list(CHOICES[choice])
    assert all(len(texts) == count and all(texts) for texts in document["words"].values())
    assert all(len(one["text"]) == len(one["next"]) == count for one in document["reasons"].values())
    assert all(len(texts) == count for texts in document["problems"].values())


def test_no_script_or_style_stands_in_the_page_itself() -> None:
    text = SOURCES[0].read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]* src=)|<style|\son\w+=|style=", text) == []
    assert all("innerHTML" not in path.read_text(encoding="utf-8") for path in SOURCES)
