"""Text to printer bytes for one code page, with every loss reported. Pure: fonts come in as a question (`drawable`).

Order per line: the page itself -> user-defined glyphs -> the whole line as raster -> substitution; in UTF-8 mode: UTF-8
-> raster -> substitution. What python-escpos does by itself (switching pages inside a line, `?` without a word) is the
reason this module exists.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from .lines import Font

GLYPH_FIRST, GLYPH_LAST = 0x21, 0x7E  # Codes a user-defined glyph may take (ESC &); 20h stays the space.
GLYPHS_ON, GLYPHS_OFF = b"\x1b%\x01", b"\x1b%\x00"
TENGE = "тг"
TENGE_SIGN = "₸"  # In no code page of any printer.
UTF8_PAGE = "utf-8"
_UTF8_BEYOND_ASCII = ("\u0400", "\u04ff", "№«»—–")  # What the private UTF-8 mode is trusted with: Cyrillic and these.
REPLACEMENT = "?"  # Never alone: each use stands in `Encoded.missing`.


class Method(StrEnum):
    """How a line reaches the paper; a profile lists those its printer can do, best first."""

    PAGE = "page"
    UTF8 = "utf8"  # Instead of a page: the printer takes UTF-8 for the whole job.
    GLYPHS = "glyphs"
    RASTER = "raster"
    SUBSTITUTE = "substitute"


@dataclass(frozen=True, slots=True)
class Page:
    """A code page: which character is which byte. ASCII 20h to 7Eh is always itself."""

    name: str
    table: Mapping[str, int]  # The page `UTF8_PAGE` has code points instead of bytes.
    alias: Mapping[str, str] = field(default_factory=dict)

    def encode(self, text: str) -> bytes:
        """The bytes of characters that the page holds."""
        return text.encode("utf-8") if self.name == UTF8_PAGE else bytes(self.table[char] for char in text)


@dataclass(frozen=True, slots=True)
class Encoded:
    """One line, ready. `data` is empty for RASTER: then `text` is what has to be drawn."""

    method: Method
    text: str
    data: bytes = b""
    substituted: tuple[tuple[str, str], ...] = ()  # (wanted, printed) letters.
    missing: tuple[str, ...] = ()  # Printed as `?`: no way to show them at all.


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("pages.toml").read_text("utf-8"))


def pages() -> tuple[str, ...]:
    """Names of the pages we have tables for."""
    return tuple(_data()["page"])


@cache
def page(name: str) -> Page:
    """A page of pages.toml. Raises KeyError for an unknown name."""
    row = _data()["page"][name]
    table = {chr(code): code for code in range(0x20, 0x7F)}
    for code in range(0x80, 0x100):
        try:
            char = bytes([code]).decode(row["codec"])
        except UnicodeDecodeError:
            continue
        if not unicodedata.category(char).startswith("C"):
            table[char] = code
    taken = set(row.get("overrides", {}).values())
    table = {char: code for char, code in table.items() if code not in taken or code < 0x80}
    table.update(row.get("overrides", {}))
    return Page(name, MappingProxyType(table), MappingProxyType(row.get("alias", {})))


@cache
def ascii_page() -> Page:
    """What every page holds."""
    return Page("ascii", MappingProxyType({chr(code): code for code in range(0x20, 0x7F)}))


@cache
def utf8_page() -> Page:
    """The characters of the UTF-8 mode as a page."""
    first, last, others = _UTF8_BEYOND_ASCII
    codes = (*range(0x20, 0x7F), *range(ord(first), ord(last) + 1), *map(ord, others))
    # Combining marks of the block have no cell of their own.
    held = {chr(code): code for code in codes if unicodedata.category(chr(code))[0] != "M"}
    return Page(UTF8_PAGE, MappingProxyType(held))


def printed_page(page: Page, methods: Collection[Method]) -> Page:
    """What is printed as text under these methods: without a page that can be trusted, ASCII alone."""
    if Method.UTF8 in methods:
        return utf8_page()
    return page if Method.PAGE in methods else ascii_page()


def clean(text: str, tenge: str = TENGE) -> str:
    """Make text fit for cells: NFC, no control characters, one character a cell.

    Control characters (ESC among them) and any white space become one space, so that no product name can carry a
    printer command. Characters without a cell of their own (joiners, variation selectors, marks that NFC could not
    join) are left out. `₸` becomes `tenge`.
    """
    out: list[str] = []
    expansions = _data()["expansions"]
    for char in unicodedata.normalize("NFC", text):
        category = unicodedata.category(char)
        if category in {"Cc", "Zs", "Zl", "Zp"}:
            out.append(" ")
        elif char == TENGE_SIGN:
            out.append(tenge)
        elif category not in {"Cf", "Mn", "Me", "Cs"}:
            out.append(expansions.get(char, char))
    return "".join(out)


def nothing_drawable(_char: str) -> bool:
    return False


class TextEncoder:
    """Encodes the lines of one print job. `drawable` tells whether the raster font has the character.

    A job keeps one encoder: user-defined glyphs get their codes as they turn up (`glyphs`, character -> code), and
    the job defines them before its first line.
    """

    def __init__(
        self, page: Page, methods: Iterable[Method], drawable: Callable[[str], bool] = nothing_drawable
    ) -> None:
        self._methods = frozenset(methods)
        self._page = printed_page(page, self._methods)
        self._drawable = drawable
        # Only drawn the sign itself can stand on paper; a layout that wants it there keeps it in its lines.
        self.tenge = TENGE_SIGN if Method.RASTER in self._methods and drawable(TENGE_SIGN) else TENGE
        self.glyphs: dict[str, int] = {}

    def encode(self, text: str, font: Font = Font.A) -> Encoded:
        """Encode one line. Never raises: what cannot be shown is in `substituted` and `missing`."""
        # Glyphs are defined for font A only; font B has another cell and would need its own set.
        can_glyph = Method.GLYPHS in self._methods and self._page.name != UTF8_PAGE and font is Font.A
        can_draw = can_glyph or Method.RASTER in self._methods
        cleaned = clean(text, self.tenge)
        plain = "".join(self._equivalent(char) for char in cleaned)
        shown, substituted, missing = self._resolve(plain, draw=can_draw)
        lacking = [char for char in dict.fromkeys(shown) if char not in self._page.table]
        if lacking and can_glyph and self._reserve(lacking):
            return Encoded(Method.GLYPHS, shown, self._with_glyphs(shown), substituted, missing)
        if lacking and Method.RASTER in self._methods:
            # Nothing has to be made plainer for a line that is drawn.
            drawn = "".join(char if self._drawable(char) else self._equivalent(char) for char in cleaned)
            shown, substituted, missing = self._resolve(drawn, draw=True)
            return Encoded(Method.RASTER, shown, b"", substituted, missing)
        if lacking:  # Glyph codes are used up and raster is not allowed.
            shown, substituted, missing = self._resolve(plain, draw=False)
        whole = Method.UTF8 if self._page.name == UTF8_PAGE else Method.PAGE
        method = Method.SUBSTITUTE if substituted or missing else whole
        return Encoded(method, shown, self._page.encode(shown), substituted, missing)

    def _equivalent(self, char: str) -> str:
        if char in self._page.table:
            return char
        other: str = self._page.alias.get(char) or _data()["equivalents"].get(char, char)
        return other if other in self._page.table else char

    def _resolve(self, text: str, *, draw: bool) -> tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]]:
        """Replace what neither the page nor (when `draw`) the font can show."""
        replaced: dict[str, str] = {}
        missing: list[str] = []
        for char in dict.fromkeys(text):
            if char in self._page.table or (draw and self._drawable(char)):
                continue
            other = _data()["substitutes"].get(char)
            if other is not None and other in self._page.table:
                replaced[char] = other
            else:
                missing.append(char)
        shown = "".join(REPLACEMENT if char in missing else replaced.get(char, char) for char in text)
        return shown, tuple(replaced.items()), tuple(missing)

    def _reserve(self, chars: list[str]) -> bool:
        new = [char for char in chars if char not in self.glyphs]
        first = GLYPH_FIRST + len(self.glyphs)
        if first + len(new) - 1 > GLYPH_LAST:
            return False
        self.glyphs.update((char, first + i) for i, char in enumerate(new))
        return True

    def _with_glyphs(self, text: str) -> bytes:
        """Switch to the user set around each run of glyphs, so that ASCII keeps its own shapes."""
        out = bytearray()
        user = False
        for char in text:
            code = self._page.table.get(char)
            if (code is None) != user:
                user = code is None
                out += GLYPHS_ON if user else GLYPHS_OFF
            out.append(self.glyphs[char] if code is None else code)
        return bytes(out + GLYPHS_OFF) if user else bytes(out)
