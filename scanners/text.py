"""The address of text that came through a keyboard: a line is a scan, and it says which repairs it needs.

text:-                     standard input
text:///run/shop/codes     a FIFO, followed for ever, or a plain file, read once to its end

A scanner that types leaves its codes in the layout the keyboard had (damage rules D6 to D10). The bytes stay as they
came; the scan names the rules by which `marking.parse` reads them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import SplitResult, unquote

from marking import CodeError, parse
from scanners.address import (
    DUPLICATE_OPTION,
    Scanner,
    ScannerAddressInvalid,
    Surroundings,
    duplicates_of,
    integer,
    options_of,
)
from scanners.duplicates import EVIDENCE
from scanners.framing import Framing
from scanners.line import LineScanner
from scanners.line_protocol import Frame, LineEvent
from scanners.plain import PlainText
from scanners.text_ports import FileOpener, StandardInputOpener, path_of

_GAP_MS: Final = 2000  # A program writes a line in pieces more slowly than a scanner does.
_LINE_ENDS: Final = (b"\r", b"\n")

TEXT_OPTIONS: Final[dict[str, str]] = {
    "gap_ms": f"silence that ends a line without CR or LF, 50 to 60000; default {_GAP_MS}",
    **{name: text.replace("default 500", "default 0") for name, text in DUPLICATE_OPTION.items()},
}


class TypedLines(PlainText):
    """Plain text whose frames name the repairs they need."""

    def _examined(self, frame: Frame) -> list[LineEvent]:
        if frame.terminator in EVIDENCE:
            return super()._examined(frame)
        return [replace(frame, repairs=repairs_of(frame.data))]


def repairs_of(line: bytes) -> tuple[str, ...]:
    """Return the ids of the damage rules a code needs to be read; none where it is no code even so.

    >>> repairs_of("04870249811936е1Чки-чЙЦрзуПрП".encode())
    ('D7',)
    """
    try:
        return parse(line).repairs
    except CodeError:
        return ()


def text_scanner(name: str, url: SplitResult, surroundings: Surroundings) -> Scanner:
    options = options_of(url.query, TEXT_OPTIONS)
    path = unquote(url.path)
    if url.netloc or (path != "-" and not path.strip("/")):
        raise ScannerAddressInvalid("address", f"{url.netloc + url.path!r}: text:- or text:///path/of/file")
    timeout_s = surroundings.read_timeout_s
    framing = Framing(_LINE_ENDS, gap_ms=integer(options, "gap_ms", _GAP_MS, 50, 60_000))
    return LineScanner(
        name,
        StandardInputOpener(timeout_s) if path == "-" else FileOpener(path_of(path), timeout_s),
        TypedLines(framing),
        now=surroundings.now,
        monotonic=surroundings.monotonic,
        duplicates=duplicates_of(options, default_ms=0),
    )
