"""docs/receipts.md: every picture is what the code draws now, small, and every profile that a shop asks for has one."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from fiscal.escpos.profiles import profiles
from hw_sim.printer.fonts import FONT_VARIABLE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "receipts.md").read_text(encoding="utf-8")
WANTED = ("generic", "epson-tm-t20", "epson-tm-t88v", "epson-tm-t88iv", "posiflex", "rongta", "xprinter", "oa-48")


@pytest.fixture(scope="module")
def artist() -> Iterator[ModuleType]:
    found = importlib.util.spec_from_file_location("draw_receipts", ROOT / "script" / "draw_receipts.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # Its dataclasses look their own module up.
    found.loader.exec_module(module)
    yield module
    del sys.modules[found.name]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The script names the font of the simulator; afterwards it is what it was."""
    monkeypatch.setenv(FONT_VARIABLE, "")


def test_every_picture_is_what_the_code_draws_now(artist: ModuleType) -> None:
    artist.check()


def test_a_picture_that_is_old_missing_or_big_is_told(artist: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / artist.FOLDER
    shutil.copytree(ROOT / artist.FOLDER, folder)
    first = folder / f"{next(iter(artist.DRAWINGS))}.png"
    true = first.read_bytes()
    first.write_bytes(true + bytes(artist.BYTES_MAX))
    with pytest.raises(artist.Stale, match="has more than"):
        artist.check(tmp_path)
    shutil.copy(folder / "rongta.png", first)
    with pytest.raises(artist.Stale, match="is stale"):
        artist.check(tmp_path)
    first.unlink()
    with pytest.raises(artist.Stale, match="is stale"):
        artist.check(tmp_path)


def test_the_page_shows_every_picture_and_every_family_that_was_asked_for(artist: ModuleType) -> None:
    shown = re.findall(r"\(receipts/(\S+)\.png\)", PAGE)
    assert sorted(shown) == sorted(artist.DRAWINGS)
    assert set(WANTED) <= set(shown)
    assert {drawing.profile for drawing in artist.DRAWINGS.values()} <= set(profiles())
