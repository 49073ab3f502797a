"""Every picture of the cashier's page stands on its page, in both languages and in each."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "till-page.md").read_text(encoding="utf-8")


def test_every_picture_is_shown_and_every_one_shown_is_there() -> None:
    named = set(re.findall(r"\(till/([a-z-]+\.png)\)", PAGE))
    assert named == {path.name for path in (DOCS / "till").glob("*.png")}
    states = {name.removesuffix("-kk-ru.png") for name in named if name.endswith("-kk-ru.png")}
    assert len(states) > 50
    assert named == {f"{state}-{words}.png" for state in states for words in ("kk-ru", "kk", "ru")}
