"""Printer URLs: what the configuration says about one printer, checked before anything is opened.

escpos+tcp://192.168.0.50:9100?profile=epson-tm-t20
escpos+serial:///dev/ttyUSB0?profile=rongta&baud=115200&flow=xonxoff        escpos+serial:///COM3?...
escpos+file:///dev/usb/lp0?profile=clone-58
escpos+usb://04b8:0e15?serial=J5TY012345&profile=epson-tm-t20           escpos+serial://usb/0416:5011?baud=115200
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from .links import Link, SerialAddress, TcpAddress
from .links_device import PathAddress, UsbAddress
from .profiles import Cutter, DrawerWiring, ImageForm, Profile, ProfileUnknown, QrDialect, papers, profile
from .text import Method, pages
from .usb import UsbId, parse_id

RASTER_BAUD_MIN = 38400  # At and below it a drawn line takes most of a second: other methods go first.
QR_MODULE_SLOW = 4  # Dots: the least that telephones read from any head; half the bytes of the usual 6.
DEFAULT_PROFILE = "generic"
_PARITIES = {"none": "N", "even": "E", "odd": "O"}
_FLOWS = ("dtr", "none", "rts", "xonxoff")
_YES_NO = {"yes": True, "no": False}
_LEVELS = {"high": True, "low": False}
_DRAWER = ("drawer_pin", "drawer_on_ms", "drawer_off_ms", "drawer_now", "drawer_open")
_COMMON = (
    "profile", "font", "raster", "glyphs", "utf8", "image", "paper", "page", "page_number", "qr", "cutter", "confirm",
    *_DRAWER,
)  # fmt: skip
_KEYS = {
    "escpos+tcp": (*_COMMON, "timeout_s"),
    "escpos+serial": (*_COMMON, "timeout_s", "baud", "parity", "flow", "serial"),
    "escpos+usb": (*_COMMON, "timeout_s", "serial"),
    "escpos+file": _COMMON,
}
DRAWER_MS_MAX = 510  # ESC p counts to 255 in steps of 2 ms.


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
    elif parts.scheme == "escpos+usb":
        opener = UsbAddress(_usb(parts.netloc, query), _seconds(query))
    else:
        opener = PathAddress(Path(_local(parts)))
    try:
        chosen = profile(query.get("profile", DEFAULT_PROFILE), known)
    except ProfileUnknown as error:
        raise PrinterUrlError("profile", str(error)) from error
    chosen = _limited(_adjusted(chosen, query), query, baud)
    return PrinterAddress(opener, chosen, Path(query["font"]) if "font" in query else None)


def with_options(url: str, changes: Mapping[str, str], dropped: Collection[str] = ()) -> str:
    """The same URL without some options and with others set anew; the rest keep their place."""
    kept = {key: value for key, value in parse_qsl(urlsplit(url).query, keep_blank_values=True) if key not in dropped}
    query = {**kept, **changes}
    start = url.partition("?")[0].partition("#")[0]  # Not put together again: `///` would lose its slashes.
    return f"{start}?{urlencode(query, quote_via=quote, safe='/:')}" if query else start


def _adjusted(chosen: Profile, query: dict[str, str]) -> Profile:
    """What set-up learnt about this very printer goes before its family's profile."""
    changes: dict[str, Any] = {"drawer": _drawer(query)}
    if "paper" in query:
        changes["paper"] = papers()[_choice(query, "paper", tuple(papers()))]
    if "page" in query:
        changes["page"] = _choice(query, "page", tuple(pages()))
        if "page_number" not in query:
            raise PrinterUrlError("page_number", "a page needs its slot in this printer's firmware")
    if "page_number" in query:
        changes["page_number"] = _number(query, "page_number", 0, 255)
    if "qr" in query:
        changes["qr"] = QrDialect(_choice(query, "qr", tuple(QrDialect)))
    if "cutter" in query:
        changes["cutter"] = Cutter(_choice(query, "cutter", tuple(Cutter)))
    if "image" in query:
        changes["image"] = ImageForm(_choice(query, "image", tuple(ImageForm)))
    if "confirm" in query:
        changes["confirms"] = _YES_NO[_choice(query, "confirm", tuple(_YES_NO))]
    return replace(chosen, methods=_methods(chosen, query), **changes)


def _methods(chosen: Profile, query: dict[str, str]) -> tuple[Method, ...]:
    methods = chosen.methods
    if "glyphs" in query:
        wanted = _YES_NO[_choice(query, "glyphs", tuple(_YES_NO))]
        methods = tuple(method for method in methods if method is not Method.GLYPHS)
        methods = (methods[0], Method.GLYPHS, *methods[1:]) if wanted else methods
    if _YES_NO[_choice(query, "utf8", ("no", "yes"))]:
        if not chosen.utf8:
            raise PrinterUrlError("utf8", f"the profile {chosen.name} has no UTF-8 mode")
        methods = (Method.UTF8, *(method for method in methods if method not in {Method.PAGE, Method.GLYPHS}))
    return methods


def _drawer(query: dict[str, str]) -> DrawerWiring:
    usual = DrawerWiring()
    return DrawerWiring(
        pin=int(_choice(query, "drawer_pin", ("2", "5"))),
        on_ms=_number(query, "drawer_on_ms", 2, DRAWER_MS_MAX, usual.on_ms),
        off_ms=_number(query, "drawer_off_ms", 2, DRAWER_MS_MAX, usual.off_ms),
        realtime=_YES_NO[_choice(query, "drawer_now", ("no", "yes"))],
        open_is_high=_LEVELS[_choice(query, "drawer_open", tuple(_LEVELS))] if "drawer_open" in query else None,
    )


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
    device: str | UsbId
    if parts.netloc == "usb":
        device = _usb(parts.path.strip("/"), query)
    elif "serial" in query:
        raise PrinterUrlError("serial", "a serial number belongs to escpos+serial://usb/VVVV:PPPP")
    else:
        device = _local(parts)
    return SerialAddress(
        device,
        monotonic,
        sleep,
        int(baud),
        _PARITIES[_choice(query, "parity", tuple(_PARITIES))],
        _choice(query, "flow", _FLOWS),
        _seconds(query),
    )


def _usb(text: str, query: dict[str, str]) -> UsbId:
    found = parse_id(text, query.get("serial", ""))
    if found is None:
        raise PrinterUrlError("usb", f"{text!r} is no USB id such as 04b8:0e15 (lsusb shows it)")
    return found


def _limited(chosen: Profile, query: dict[str, str], baud: int | None) -> Profile:
    """Take drawn lines out of the methods where the line is too slow for them (`raster` = auto, always, all, never)."""
    raster = _choice(query, "raster", ("auto", "always", "all", "never"))
    slow = baud is not None and baud <= RASTER_BAUD_MIN
    if slow and chosen.qr is QrDialect.RASTER:
        chosen = replace(chosen, qr_module_max=QR_MODULE_SLOW)
    if raster == "all":  # No page of this firmware is to be trusted, only ASCII is.
        return replace(chosen, methods=(Method.RASTER, Method.SUBSTITUTE))
    if raster == "always" or (raster == "auto" and not slow):
        return chosen
    return replace(chosen, methods=tuple(method for method in chosen.methods if method is not Method.RASTER))


def _choice(query: dict[str, str], key: str, allowed: tuple[str, ...]) -> str:
    value = query.get(key, allowed[0])
    if value not in allowed:
        raise PrinterUrlError(key, f"{value!r} is none of {', '.join(allowed)}")
    return value


def _number(query: dict[str, str], key: str, least: int, most: int, usual: int = 0) -> int:
    text = query.get(key, str(usual))
    if not re.fullmatch(r"[0-9]{1,4}", text) or not least <= int(text) <= most:
        raise PrinterUrlError(key, f"{text!r} is not {least} to {most}")
    return int(text)


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
