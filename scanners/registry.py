"""Which driver serves which scanner address: one table, read from top to bottom.

serial:///dev/ttyACM0?baud=9600&suffix=cr      options: see SERIAL_OPTIONS
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar
from urllib.parse import SplitResult, parse_qsl, urlsplit

from scanners.duplicates import WINDOW_MS, DuplicateFilter
from scanners.framing import SUFFIXES, Framing, gap_floor_ms
from scanners.ports import Discovery, LineSettings, SerialOpener, discover, parse_address
from scanners.scan import ScannerEvent
from scanners.serial import SerialScanner

T = TypeVar("T")

_BAUD_MAX: Final = 4_000_000
_PARITIES: Final = {"n": "N", "none": "N", "e": "E", "even": "E", "o": "O", "odd": "O"}
_SWITCH: Final = {"0": False, "no": False, "1": True, "yes": True}

SERIAL_OPTIONS: Final[dict[str, str]] = {
    "baud": "line speed, default 9600",
    "bits": "7 or 8, default 8",
    "parity": "n, e or o, default n",
    "stop": "1 or 2, default 1",
    "suffix": "what ends a code: cr (default), lf, crlf, tab, etx, none; several with commas",
    "prefix": "text the scanner puts in front of every code, taken off",
    "gap_ms": "silence that ends a code; default 300, or 50 with suffix=none",
    "mask_parity": "1: clear the top bit of every byte",
    "duplicate_ms": "same code within this time is one scan, 200 to 1500, 0: off; default 500",
    "serial": "USB serial number, for serial://usb/ addresses",
    "location": "place in the USB tree, for serial://usb/ addresses",
}


class ScannerAddressInvalid(ValueError):
    """The address cannot be used: `place` names the option or "scheme" or "address"."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(f"{place}: {text}")
        self.place = place
        self.text = text


class Scanner(Protocol):
    """What every driver gives."""

    @property
    def name(self) -> str: ...

    def poll(self) -> list[ScannerEvent]: ...

    def run(self, stop: threading.Event, sink: Callable[[ScannerEvent], None]) -> None: ...

    def close(self) -> list[ScannerEvent]: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a driver gets from outside."""

    now: Callable[[], int]  # UTC nanoseconds.
    monotonic: Callable[[], float]  # Seconds.
    discovery: Discovery = discover
    read_timeout_s: float = 0.05  # Longest wait of one poll; 0 in virtual time.


def open_scanner(name: str, url: str, surroundings: Surroundings) -> Scanner:
    """Make the driver for `url`; nothing is opened yet. ScannerAddressInvalid names the place and the nearest word."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ScannerAddressInvalid("address", str(error)) from error
    driver = DRIVERS.get(parts.scheme)
    if driver is None:
        raise ScannerAddressInvalid("scheme", _unknown(parts.scheme, DRIVERS))
    return driver(name, parts, surroundings)


def serial_scanner(name: str, url: SplitResult, surroundings: Surroundings) -> Scanner:
    options = _options(url.query, SERIAL_OPTIONS)
    baud = _integer(options, "baud", 9600, 50, _BAUD_MAX)
    try:
        address = parse_address(url.netloc, url.path, options.get("serial"), options.get("location"))
    except ValueError as error:
        raise ScannerAddressInvalid("address", str(error)) from error
    framing = _framing(options, baud)
    # Silence is seen in steps of one read: a fourth of the gap keeps it a gap.
    timeout_s = min(surroundings.read_timeout_s, framing.silence_ms / 4000)
    settings = LineSettings(
        baud=baud,
        data_bits=_integer(options, "bits", 8, 7, 8),
        parity=_choice(options, "parity", "n", _PARITIES),
        stop_bits=_integer(options, "stop", 1, 1, 2),
        read_timeout_s=timeout_s,
    )
    try:
        duplicates = DuplicateFilter(_integer(options, "duplicate_ms", WINDOW_MS, 0, 60_000))
    except ValueError as error:
        raise ScannerAddressInvalid("duplicate_ms", str(error)) from error
    return SerialScanner(
        name,
        SerialOpener(address, settings, surroundings.discovery),
        framing,
        now=surroundings.now,
        monotonic=surroundings.monotonic,
        duplicates=duplicates,
        mask_parity=_choice(options, "mask_parity", "0", _SWITCH),
    )


Driver = Callable[[str, SplitResult, Surroundings], Scanner]

DRIVERS: Final[dict[str, Driver]] = {
    "serial": serial_scanner,
}


def _framing(options: Mapping[str, str], baud: int) -> Framing:
    words = options.get("suffix", "cr").lower().split(",")
    suffixes = [suffix for word in words for suffix in _choice({"suffix": word}, "suffix", "cr", SUFFIXES)]
    gap_ms = _integer(options, "gap_ms", 0, 0, 10_000) if "gap_ms" in options else None
    try:
        # The query is UTF-8 by definition, but a prefix is bytes: its characters stand for them one to one.
        framing = Framing(tuple(suffixes), options.get("prefix", "").encode("latin-1"), gap_ms)
    except UnicodeEncodeError as error:
        raise ScannerAddressInvalid("prefix", "only bytes, %00 to %7F") from error
    except ValueError as error:
        raise ScannerAddressInvalid("gap_ms" if gap_ms is not None else "prefix", str(error)) from error
    floor_ms = gap_floor_ms(baud)
    if framing.silence_ms < floor_ms:
        raise ScannerAddressInvalid(
            "gap_ms", f"{framing.silence_ms} ms is too short at {baud} baud: at least {floor_ms}"
        )
    return framing


def _options(query: str, known: Mapping[str, str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in known:
            raise ScannerAddressInvalid(key, _unknown(key, known))
        if key in options:
            raise ScannerAddressInvalid(key, "given twice")
        options[key] = value
    return options


def _integer(options: Mapping[str, str], key: str, default: int, least: int, most: int) -> int:
    text = options.get(key, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise ScannerAddressInvalid(key, f"{text!r}: a whole number from {least} to {most}")
    return int(text)


def _choice(options: Mapping[str, str], key: str, default: str, choices: Mapping[str, T]) -> T:
    word = options.get(key, default).strip().lower()
    if word not in choices:
        raise ScannerAddressInvalid(key, _unknown(word, choices))
    return choices[word]


def _unknown(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    nearest = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"known: {', '.join(names)}"
    return f"{word!r} is unknown; {hint}"
