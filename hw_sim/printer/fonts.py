"""Where a TrueType font with Kazakh letters and fixed width is found."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

FONT_VARIABLE = "HW_SIM_FONT"  # A path that goes before all others.
_WINDOWS = Path(os.environ.get("SYSTEMROOT", "C:/Windows")) / "Fonts"
CANDIDATES = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"),  # Debian: fonts-dejavu-core or fonts-dejavu-mono.
    Path("/usr/share/fonts/dejavu-sans-mono-fonts/DejaVuSansMono.ttf"),
    Path("/usr/share/fonts/TTF/DejaVuSansMono.ttf"),
    Path("/usr/share/fonts/truetype/liberation/LiberationMono-Regular.ttf"),
    _WINDOWS / "consola.ttf",
    _WINDOWS / "cour.ttf",
    Path("/System/Library/Fonts/Menlo.ttc"),
    Path("/Library/Fonts/Courier New.ttf"),
)


class FontMissing(Exception):
    """No usable font on this machine; the message lists where it was looked for."""


def find_font() -> Path:
    """The first font that exists.

    Raises:
        FontMissing: none does.
    """
    wanted = os.environ.get(FONT_VARIABLE)
    places = ((Path(wanted),) if wanted else ()) + CANDIDATES
    for place in places:
        if place.is_file():
            return place
    looked = ", ".join(str(place) for place in places)
    raise FontMissing(
        f"no fixed-width font with Kazakh letters; set {FONT_VARIABLE} or install DejaVu Sans Mono: {looked}"
    )


@lru_cache(maxsize=16)
def fitted(path: Path, cell_width: int) -> ImageFont.FreeTypeFont:
    """The font at the size whose characters are as wide as a cell, in dots."""
    probe = ImageFont.truetype(path, 100)
    return ImageFont.truetype(path, 100 * cell_width / probe.getlength("0"))
