"""Printer profiles: what a family of printers can do, as data (profiles.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from importlib.resources import files

from .lines import Paper
from .text import Method, page


class QrDialect(StrEnum):
    """How a printer wants its QR; a wrong one prints the address or rubbish as text."""

    EPSON = "epson"
    POSIFLEX = "posiflex"
    XPRINTER = "xprinter"
    RONGTA = "rongta"
    RASTER = "raster"  # Drawn by us: always right.


class Cutter(StrEnum):
    NONE = "none"
    FULL = "full"
    PARTIAL = "partial"
    FEED_FULL = "feed_full"
    FEED_PARTIAL = "feed_partial"
    OLD_FULL = "old_full"
    OLD_PARTIAL = "old_partial"


class ImageForm(StrEnum):
    """The command a picture is sent with."""

    RASTER = "raster"  # GS v 0, a band of rows at once.
    COLUMN = "column"  # ESC *, a strip of 24 rows at once: for firmware that has no GS v 0 or draws it wrong.


@dataclass(frozen=True, slots=True)
class DrawerWiring:
    """The cash drawer on the printer's connector: what opens it, and what its switch says."""

    pin: int = 2  # 2 or 5.
    on_ms: int = 100
    off_ms: int = 100
    realtime: bool = False  # True: opened past what is still to be printed (DLE DC4), in whole 100 ms.
    open_is_high: bool | None = None  # Level of the sense pin while the drawer is out; None: not learnt yet.


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    title: str
    paper: Paper
    page: str  # Name of the page in pages.toml.
    page_number: int  # Its slot in this firmware (ESC t n).
    numbers: Mapping[str, tuple[int, ...]]  # Page name -> slots worth trying on a test print.
    methods: tuple[Method, ...]
    qr: QrDialect
    cutter: Cutter
    source: str
    qr_level: int = 0x30  # Error correction L as this dialect writes it.
    qr_module_max: int = 6  # Dots a module, 203 dpi.
    band_rows: int = 96  # Rows of one raster command: cheap printers stall on high images.
    image: ImageForm = ImageForm.RASTER
    utf8: bool = False  # Knows the private UTF-8 mode; used only where the method UTF8 stands first in `methods`.
    confirms: bool = False  # Tells when a job is printed (GS ( H).
    drawer: DrawerWiring = DrawerWiring()


class ProfileUnknown(LookupError):
    """No such profile; the text names the nearest one."""


@cache
def _text() -> str:
    return files(__package__).joinpath("profiles.toml").read_text("utf-8")


@cache
def profiles() -> Mapping[str, Profile]:
    """Profiles that ship with the package."""
    return parse(_text())


@cache
def papers() -> Mapping[str, Paper]:
    """Papers that ship with the package, by name."""
    return {name: Paper(name, **row) for name, row in tomllib.loads(_text())["paper"].items()}


def profile(name: str, known: Mapping[str, Profile] | None = None) -> Profile:
    """A profile by name. Raises ProfileUnknown."""
    table = profiles() if known is None else known
    if name not in table:
        near = get_close_matches(name, table, 1)
        hint = f"; nearest is {near[0]!r}" if near else f"; known are {', '.join(sorted(table))}"
        raise ProfileUnknown(f"no printer profile {name!r}{hint}")
    return table[name]


def parse(text: str) -> dict[str, Profile]:
    """Read profiles from TOML. ValueError, KeyError or TypeError when a row is not one."""
    data = tomllib.loads(text)
    papers = {name: Paper(name, **row) for name, row in data["paper"].items()}
    out: dict[str, Profile] = {}
    for name, row in data["profile"].items():
        page(row["page"])  # KeyError here, not at the first receipt.
        converted = {
            "paper": papers[row["paper"]],
            "numbers": {page_name: tuple(slots) for page_name, slots in row["numbers"].items()},
            "methods": tuple(Method(method) for method in row["methods"]),
            "qr": QrDialect(row["qr"]),
            "cutter": Cutter(row["cutter"]),
            "image": ImageForm(row.get("image", "raster")),
        }
        out[name] = Profile(name=name, **{**row, **converted})
    return out
