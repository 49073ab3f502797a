"""Printer URLs: what the configuration says about one printer, checked before anything is opened.

escpos+tcp://192.168.0.50:9100?profile=epson-tm-t20
escpos+serial:///dev/ttyUSB0?profile=rongta&baud=115200&flow=xonxoff        escpos+serial:///COM3?...
escpos+file:///dev/usb/lp0?profile=clone-58
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from .links import FileAddress, Link, SerialAddress, TcpAddress
from .profiles import Cutter, Profile, ProfileUnknown, QrDialect, papers, profile
from .text import Method, pages

RASTER_BAUD_MIN = 38400  # At and below it a drawn line takes most of a second: other methods go first.
DEFAULT_PROFILE = "generic"
_PARITIES = {"none": "N", "even": "E", "odd": "O"}
_FLOWS = ("dtr", "none", "rts", "xonxoff")
_COMMON = ("profile", "font", "raster", "paper", "page", "page_number", "qr", "cutter")
_KEYS = {
    "escpos+tcp": (*_COMMON, "timeout_s"),
    "escpos+serial": (*_COMMON, "timeout_s", "baud", "parity", "flow"),
    "escpos+file": _COMMON,
}


class PrinterUrlError(ValueError):
    """`place` names the part of the URL that is wrong."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(f"printer URL, {place}: {text}")
        self.place = place
        self.text = text


class Opener(Protocol):
    def open(self) -> Link: ...


@dataclass(frozen=True, slots=True)
class PrinterAddress:
    opener: Opener
    profile: Profile
    font: Path | None


def parse_url(
    url: str,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
    known: Mapping[str, Profile] | None = None,
) -> PrinterAddress:
    """Read a printer URL. Raises PrinterUrlError."""
    parts = urlsplit(url)
    if parts.scheme not in _KEYS:
        raise PrinterUrlError("scheme", f"{parts.scheme!r} is none of {', '.join(_KEYS)}")
    query = _query(parts)
    baud: int | None = None
    opener: Opener
    if parts.scheme == "escpos+tcp":
        opener = _tcp(parts, query)
    elif parts.scheme == "escpos+serial":
        opener = line = _serial(parts, query, monotonic, sleep)
        baud = line.baud
    else:
        opener = FileAddress(Path(_local(parts)))
    try:
        chosen = profile(query.get("profile", DEFAULT_PROFILE), known)
    except ProfileUnknown as error:
        raise PrinterUrlError("profile", str(error)) from error
    chosen = _limited(_adjusted(chosen, query), query, baud)
    return PrinterAddress(opener, chosen, Path(query["font"]) if "font" in query else None)


def _adjusted(chosen: Profile, query: dict[str, str]) -> Profile:
    """What the set-up page learnt about this very printer goes before its family's profile."""
    changes: dict[str, Any] = {}
    if "paper" in query:
        changes["paper"] = papers()[_choice(query, "paper", tuple(papers()))]
    if "page" in query:
        changes["page"] = _choice(query, "page", tuple(pages()))
        if "page_number" not in query:
            raise PrinterUrlError("page_number", "a page needs its slot in this printer's firmware")
    if "page_number" in query:
        number = query["page_number"]
        if not number.isascii() or not number.isdigit() or int(number) > 255:
            raise PrinterUrlError("page_number", f"{number!r} is not 0 to 255")
        changes["page_number"] = int(number)
    if "qr" in query:
        changes["qr"] = QrDialect(_choice(query, "qr", tuple(QrDialect)))
    if "cutter" in query:
        changes["cutter"] = Cutter(_choice(query, "cutter", tuple(Cutter)))
    return replace(chosen, **changes)


def _query(parts: SplitResult) -> dict[str, str]:
    try:
        query = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError as error:
        raise PrinterUrlError("query", str(error)) from error
    for key in query:
        if key not in _KEYS[parts.scheme]:
            near = get_close_matches(key, _KEYS[parts.scheme], 1)
            hint = f", nearest is {near[0]!r}" if near else f", known are {', '.join(_KEYS[parts.scheme])}"
            raise PrinterUrlError(key, f"unknown key{hint}")
    return query


def _tcp(parts: SplitResult, query: dict[str, str]) -> TcpAddress:
    if not parts.hostname:
        raise PrinterUrlError("host", "escpos+tcp://HOST:PORT needs a host")
    try:
        port = parts.port
    except ValueError as error:
        raise PrinterUrlError("port", str(error)) from error
    return TcpAddress(parts.hostname, 9100 if port is None else port, _seconds(query))


def _serial(
    parts: SplitResult, query: dict[str, str], monotonic: Callable[[], float], sleep: Callable[[float], None]
) -> SerialAddress:
    baud = query.get("baud", "9600")
    if not baud.isascii() or not baud.isdigit() or int(baud) == 0:
        raise PrinterUrlError("baud", f"{baud!r} is no rate in bits a second")
    return SerialAddress(
        _local(parts),
        monotonic,
        sleep,
        int(baud),
        _PARITIES[_choice(query, "parity", tuple(_PARITIES))],
        _choice(query, "flow", _FLOWS),
        _seconds(query),
    )


def _limited(chosen: Profile, query: dict[str, str], baud: int | None) -> Profile:
    """Take drawn lines out of the methods where the line is too slow for them (`raster` = auto, always, never)."""
    raster = _choice(query, "raster", ("auto", "always", "never"))
    slow = baud is not None and baud <= RASTER_BAUD_MIN
    if raster == "always" or (raster == "auto" and not slow):
        return chosen
    return replace(chosen, methods=tuple(method for method in chosen.methods if method is not Method.RASTER))


def _choice(query: dict[str, str], key: str, allowed: tuple[str, ...]) -> str:
    value = query.get(key, allowed[0])
    if value not in allowed:
        raise PrinterUrlError(key, f"{value!r} is none of {', '.join(allowed)}")
    return value


def _seconds(query: dict[str, str]) -> float:
    text = query.get("timeout_s", "5")
    if not re.fullmatch(r"\d{1,3}(\.\d{1,3})?", text) or float(text) == 0:
        raise PrinterUrlError("timeout_s", f"{text!r} is no number of seconds")
    return float(text)


def _local(parts: SplitResult) -> str:
    """A path, or a Windows name: `///COM3` and `//COM3` are COM3, `///C:/x` is C:/x."""
    text = unquote(parts.netloc + parts.path)
    if re.match(r"/(COM\d+$|LPT\d+$|[A-Za-z]:)", text):
        text = text[1:]
    if not text.strip("/"):
        raise PrinterUrlError("path", "names no device")
    return text
