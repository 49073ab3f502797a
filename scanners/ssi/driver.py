"""The address of a Zebra scanner that speaks SSI over a serial line (RS-232, USB-CDC, Bluetooth SPP).

ssi+serial:///dev/ttyACM0?baud=9600&beep_refused=15      options: see SSI_OPTIONS
ssi+serial://usb/05e0:1701?serial=S123

The scanner must be set to SSI host, packeted decode data, ACK/NAK handshaking on and hardware handshaking off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar
from urllib.parse import SplitResult

from scanners.address import (
    DUPLICATE_OPTION,
    Scanner,
    ScannerAddressInvalid,
    Surroundings,
    choice,
    duplicates_of,
    integer,
    options_of,
)
from scanners.framing import SUFFIXES
from scanners.line import LineScanner
from scanners.scan import Signal
from scanners.serial import BURST_OPTION, LINE_OPTIONS, bursts_of, serial_opener
from scanners.ssi.codec import SILENCE_MS
from scanners.ssi.commands import REQUEST_REVISION, SCAN_ENABLE, Command
from scanners.ssi.protocol import BEEP_PATTERN_MAX, BEEPS, SsiProtocol, SsiSettings

T = TypeVar("T")

_RESPONSE_MS: Final = 2000
_RESPONSE_MS_MIN: Final = 100
_RESPONSE_MS_MAX: Final = 9900
_OFF: Final = "off"
_START: Final[dict[str, tuple[Command, ...]]] = {
    "enable": (SCAN_ENABLE,),
    "revision": (REQUEST_REVISION,),
    "none": (),
}

SSI_OPTIONS: Final[dict[str, str]] = {
    **{key: text for key, text in LINE_OPTIONS.items() if key != "bits"},  # SSI needs all eight.
    "suffix": "taken off the end of a code: none (default), cr, lf, crlf, tab, etx; several with commas",
    "response_ms": "the scanner's Serial Response Time-out, 100 to 9900, default 2000",
    "start": "sent at every opening: none (default), enable, revision; several with commas",
    "beep_accepted": "beeper pattern 0 to 26 for an accepted code, or off (default)",
    "beep_refused": "beeper pattern for a refused code, or off; default 15, one long low tone",
    "beep_ask": "beeper pattern for a question to the cashier, or off; default 1, two short high tones",
    "led": "lamps lit from a refusal or a question to the next accepted code, 1 to 255 as bits, or off (default)",
    **DUPLICATE_OPTION,
    **BURST_OPTION,
}


def ssi_scanner(name: str, url: SplitResult, surroundings: Surroundings) -> Scanner:
    options = options_of(url.query, SSI_OPTIONS)
    # Silence is seen in steps of one read: a fourth of it keeps it a silence.
    timeout_s = min(surroundings.read_timeout_s, SILENCE_MS / 4000)
    return LineScanner(
        name,
        serial_opener(url, options, surroundings, timeout_s),
        SsiProtocol(settings_of(options)),
        now=surroundings.now,
        monotonic=surroundings.monotonic,
        duplicates=duplicates_of(options),
        bursts=bursts_of(options),
    )


def settings_of(options: Mapping[str, str]) -> SsiSettings:
    """Read SSI's own options. ScannerAddressInvalid names the option."""
    return SsiSettings(
        suffixes=_words(options, "suffix", SUFFIXES),
        response_ms=integer(options, "response_ms", _RESPONSE_MS, _RESPONSE_MS_MIN, _RESPONSE_MS_MAX),
        beeps={signal: _number(options, f"beep_{signal}", BEEPS[signal], 0, BEEP_PATTERN_MAX) for signal in Signal},
        led=_number(options, "led", None, 1, 255),
        start=_words(options, "start", _START),
    )


def _words(options: Mapping[str, str], key: str, known: Mapping[str, tuple[T, ...]]) -> tuple[T, ...]:
    words = options.get(key, "none").split(",")
    return tuple(item for word in words for item in choice({key: word}, key, "none", known))


def _number(options: Mapping[str, str], key: str, default: int | None, least: int, most: int) -> int | None:
    if key not in options:
        return default
    if options[key].strip().lower() == _OFF:
        return None
    try:
        return integer(options, key, 0, least, most)
    except ScannerAddressInvalid as error:
        raise ScannerAddressInvalid(key, f"{error.text}, or {_OFF}") from error
