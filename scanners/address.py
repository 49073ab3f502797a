"""What every driver's address has in common: reading options, telling what is wrong and the nearest right word."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeVar
from urllib.parse import SplitResult, parse_qsl

from scanners.duplicates import WINDOW_MS, DuplicateFilter
from scanners.ports import Discovery, discover
from scanners.scan import Health, ScannerEvent, Signal

T = TypeVar("T")

SWITCH: Final = {"0": False, "no": False, "1": True, "yes": True}
DUPLICATE_OPTION: Final = {
    "duplicate_ms": "same code within this time is one scan, 200 to 1500, 0: off; default 500",
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

    @property
    def health(self) -> Health | None: ...

    def signal(self, signal: Signal) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a driver gets from outside."""

    now: Callable[[], int]  # UTC nanoseconds.
    monotonic: Callable[[], float]  # Seconds.
    discovery: Discovery = discover
    read_timeout_s: float = 0.05  # Longest wait of one poll; 0 in virtual time.
    root: Path = Path("/")  # Where /dev and /sys are looked for.


Driver = Callable[[str, SplitResult, Surroundings], Scanner]


def options_of(query: str, known: Mapping[str, str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in known:
            raise ScannerAddressInvalid(key, unknown(key, known))
        if key in options:
            raise ScannerAddressInvalid(key, "given twice")
        options[key] = value
    return options


def integer(options: Mapping[str, str], key: str, default: int, least: int, most: int) -> int:
    text = options.get(key, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise ScannerAddressInvalid(key, f"{text!r}: a whole number from {least} to {most}")
    return int(text)


def choice(options: Mapping[str, str], key: str, default: str, choices: Mapping[str, T]) -> T:
    word = options.get(key, default).strip().lower()
    if word not in choices:
        raise ScannerAddressInvalid(key, unknown(word, choices))
    return choices[word]


def unknown(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    nearest = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"known: {', '.join(names)}"
    return f"{word!r} is unknown; {hint}"


def duplicates_of(options: Mapping[str, str], default_ms: int = WINDOW_MS) -> DuplicateFilter:
    """Make the filter for double reads from `duplicate_ms`."""
    try:
        return DuplicateFilter(integer(options, "duplicate_ms", default_ms, 0, 60_000))
    except ValueError as error:
        raise ScannerAddressInvalid("duplicate_ms", str(error)) from error
