"""The address of a scanner that sends plain characters over a serial line (RS-232, USB-CDC, Bluetooth SPP).

serial:///dev/ttyACM0?baud=9600&suffix=cr      options: see SERIAL_OPTIONS
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult

from scanners.address import (
    DUPLICATE_OPTION,
    SWITCH,
    Scanner,
    ScannerAddressInvalid,
    Surroundings,
    choice,
    duplicates_of,
    integer,
    options_of,
)
from scanners.bursts import READS_PER_S, BurstWatch
from scanners.framing import SUFFIXES, Framing, gap_floor_ms
from scanners.line import LineScanner
from scanners.plain import PlainText
from scanners.ports import LineSettings, SerialOpener, parse_address

_BAUD_MAX: Final = 4_000_000
_PARITIES: Final = {"n": "N", "none": "N", "e": "E", "even": "E", "o": "O", "odd": "O"}

LINE_OPTIONS: Final[dict[str, str]] = {
    "baud": "line speed, default 9600",
    "bits": "7 or 8, default 8",
    "parity": "n, e or o, default n",
    "stop": "1 or 2, default 1",
    "serial": "USB serial number, for addresses with usb/",
    "location": "place in the USB tree, for addresses with usb/",
}
FRAMING_OPTIONS: Final[dict[str, str]] = {
    "suffix": "what ends a code: cr (default), lf, crlf, tab, etx, none; several with commas",
    "prefix": "text the scanner puts in front of every code, taken off",
    "gap_ms": "silence that ends a code; default 300, or 50 with suffix=none",
}
BURST_OPTION: Final = {
    "burst_per_s": "more reads a second are told as the stored reads of a memory scanner, 1 to 100, 0: off; default 5",
}
SERIAL_OPTIONS: Final[dict[str, str]] = {
    **LINE_OPTIONS,
    **FRAMING_OPTIONS,
    "mask_parity": "1: clear the top bit of every byte",
    **DUPLICATE_OPTION,
    **BURST_OPTION,
}


def serial_scanner(name: str, url: SplitResult, surroundings: Surroundings) -> Scanner:
    options = options_of(url.query, SERIAL_OPTIONS)
    framing = framing_of(options, baud_of(options))
    # Silence is seen in steps of one read: a fourth of the gap keeps it a gap.
    timeout_s = min(surroundings.read_timeout_s, framing.silence_ms / 4000)
    return LineScanner(
        name,
        serial_opener(url, options, surroundings, timeout_s),
        PlainText(framing, mask_parity=choice(options, "mask_parity", "0", SWITCH)),
        now=surroundings.now,
        monotonic=surroundings.monotonic,
        duplicates=duplicates_of(options),
        bursts=bursts_of(options),
    )


def bursts_of(options: Mapping[str, str]) -> BurstWatch:
    return BurstWatch(integer(options, "burst_per_s", READS_PER_S, 0, 100))


def baud_of(options: Mapping[str, str]) -> int:
    return integer(options, "baud", 9600, 50, _BAUD_MAX)


def serial_opener(
    url: SplitResult, options: Mapping[str, str], surroundings: Surroundings, read_timeout_s: float
) -> SerialOpener:
    """Read the device and the LINE_OPTIONS of any address that goes over a serial line."""
    try:
        address = parse_address(url.netloc, url.path, options.get("serial"), options.get("location"))
    except ValueError as error:
        raise ScannerAddressInvalid("address", str(error)) from error
    settings = LineSettings(
        baud=baud_of(options),
        data_bits=integer(options, "bits", 8, 7, 8),
        parity=choice(options, "parity", "n", _PARITIES),
        stop_bits=integer(options, "stop", 1, 1, 2),
        read_timeout_s=read_timeout_s,
    )
    return SerialOpener(address, settings, surroundings.discovery)


def framing_of(options: Mapping[str, str], baud: int) -> Framing:
    words = options.get("suffix", "cr").lower().split(",")
    suffixes = [suffix for word in words for suffix in choice({"suffix": word}, "suffix", "cr", SUFFIXES)]
    gap_ms = integer(options, "gap_ms", 0, 0, 10_000) if "gap_ms" in options else None
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
