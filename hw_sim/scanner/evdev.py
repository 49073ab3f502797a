"""A scanner in keyboard mode, as Linux shows it: key presses as timed event records. Pure: no clock, no node.

    seconds | microseconds | type | code | value        24 bytes on a 64-bit machine, 16 on a 32-bit one, little-endian

A press is MSC_SCAN, the key and SYN_REPORT, as a USB keyboard gives them. The keys are those of a US keyboard: what
layout the desktop has is not to be seen here.

Source: Linux include/uapi/linux/input.h and input-event-codes.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from hw_sim.scanner.script import Chunk

SYN, KEY, MSC, LED = 0, 1, 4, 17
REPORT, DROPPED = 0, 3
CAPS_LAMP = 1

_CODES = dict(zip("1234567890-=", range(2, 14), strict=True))
_CODES.update(zip("qwertyuiop[]", range(16, 28), strict=True))
_CODES.update(zip("asdfghjkl;'`", range(30, 42), strict=True))
_CODES.update(zip("\\zxcvbnm,./", range(43, 54), strict=True))
_CODES[" "] = 57
_UPPER = dict(zip('!@#$%^&*()_+{}|:"~<>?', "1234567890-=[]\\;'`,./", strict=True))
_PAD = {"7": 71, "8": 72, "9": 73, "4": 75, "5": 76, "6": 77, "1": 79, "2": 80, "3": 81, "0": 82}
_FUNCTION = {**{f"f{n}": 58 + n for n in range(1, 11)}, "f11": 87, "f12": 88}
CTRL, SHIFT, ALT, BRACKET, ENTER, TAB, PAD_ENTER = 29, 42, 56, 27, 28, 15, 96


class Gs(StrEnum):
    """What the scanner makes of the separator."""

    CTRL = "ctrl"  # Ctrl+].
    ALT = "alt"  # Alt held, `alt_digits` on the keypad.
    FUNCTION = "function"  # `gs_key`.
    TEXT = "text"  # `gs_text`, typed.
    DROP = "drop"


class End(StrEnum):
    ENTER = "enter"
    PAD_ENTER = "pad_enter"
    TAB = "tab"
    CTRL_M = "ctrl_m"
    ALT_013 = "alt_013"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Typing:
    """How one code is typed, and what goes wrong. Characters are counted from 0, the AIM identifier included.

    Attributes:
        key_s: from one press or release to the next; a USB device needs 1 to 8 ms.
        gs, gs_key, gs_text, alt_digits: see `Gs`; Alt+029 and Alt+0029 and Alt+29 are all in use.
        end: what is pressed after the code.
        caps: letters come with their case swapped.
        everything_by_alt: every character is typed as Alt and its number.
        stuck_at: the key of this character is not let go of; it repeats `stuck_repeats` times and nothing else follows.
        lose_release_of: the first release of this key (a code) is not seen.
        lose: these characters are never typed.
        dropped_at: before this character the system loses events and says so; `dropped_count` characters are gone.
        unplug_at: before this character the cable comes out.
    """

    key_s: float = 0.001
    gs: Gs = Gs.CTRL
    gs_key: str = "f8"
    gs_text: str = "{GS}"
    alt_digits: int = 3
    end: End = End.ENTER
    caps: bool = False
    everything_by_alt: bool = False
    stuck_at: int | None = None
    stuck_repeats: int = 100
    lose_release_of: int | None = None
    lose: frozenset[int] = frozenset()
    dropped_at: int | None = None
    dropped_count: int = 1
    unplug_at: int | None = None


Press = tuple[int, int]  # Key code; 1 down, 0 up, 2 repeated.


class EvdevSim:
    """One scanner with its settings.

    Attributes:
        at_s: the kernel's time, moved by every verb.
        caps_lamp: what the host has set; a scanner with `watches_lamp` swaps letters while it is lit.
    """

    def __init__(
        self, typing: Typing | None = None, *, bits: int = 64, start_s: float = 1000.0, watches_lamp: bool = False
    ) -> None:
        self.typing = typing or Typing()
        self.at_s = start_s
        self.caps_lamp = False
        self.watches_lamp = watches_lamp
        self._format = struct.Struct("<qqHHi" if bits == 64 else "<iiHHi")
        self._heard = bytearray()

    def scan(self, code: str, aim: str = "", **options: object) -> Iterator[Chunk]:
        """Read one symbol; options by the names of `Typing`."""
        typing = replace(self.typing, **options)  # type: ignore[arg-type]
        if self.watches_lamp and self.caps_lamp:
            typing = replace(typing, caps=not typing.caps)
        lost_release = typing.lose_release_of
        for place, char in enumerate(aim + code):
            if typing.unplug_at == place:
                yield Chunk(typing.key_s, b"", unplug=True)
                return
            if typing.dropped_at is not None and typing.dropped_at <= place < typing.dropped_at + typing.dropped_count:
                if typing.dropped_at == place:
                    yield self._after(typing.key_s, (SYN, DROPPED, 0), (KEY, _CODES["1"], 0), (SYN, REPORT, 0))
                continue
            if place in typing.lose:
                continue
            if typing.stuck_at == place:
                yield from self.hold(self._keys_of(char, typing)[0][0], typing.stuck_repeats, typing.key_s)
                return
            for key, value in self._keys_of(char, typing):
                if value == 0 and key == lost_release:
                    lost_release = None
                    continue
                yield self._key(key, value, typing.key_s)
        if typing.unplug_at is not None:
            yield Chunk(typing.key_s, b"", unplug=True)
            return
        for key, value in _END[typing.end]:
            yield self._key(key, value, typing.key_s)

    def type_by_hand(self, text: str, gap_s: float = 0.15) -> Iterator[Chunk]:
        """A person at the keyboard, Enter at the end."""
        return self.scan(text, key_s=gap_s / 2)

    def hold(self, key: int, repeats: int = 100, key_s: float = 0.001) -> Iterator[Chunk]:
        """A key that is not let go of: the kernel repeats it 30 times a second after a fourth of one."""
        yield self._key(key, 1, key_s)
        for number in range(repeats):
            yield self._key(key, 2, 0.033 if number else 0.25)

    def press(self, *presses: Press, key_s: float = 0.001) -> Iterator[Chunk]:
        """Keys one by one, as given."""
        for key, value in presses:
            yield self._key(key, value, key_s)

    def wait(self, seconds: float) -> None:
        """Time passes at the device without a key."""
        self.at_s += seconds

    def light(self) -> Iterator[Chunk]:
        """The Caps Lock lamp goes on for another program's sake, and everyone who reads the device is told."""
        self.caps_lamp = True
        yield self._after(0.001, (LED, CAPS_LAMP, 1), (SYN, REPORT, 0))

    def receive(self, data: bytes) -> None:
        """Records the host wrote to the node."""
        self._heard += data
        while len(self._heard) >= self._format.size:
            _, _, kind, code, value = self._format.unpack_from(self._heard)
            del self._heard[: self._format.size]
            if (kind, code) == (LED, CAPS_LAMP):
                self.caps_lamp = bool(value)

    def _keys_of(self, char: str, typing: Typing) -> list[Press]:
        if char == "\x1d":
            return self._separator(typing)
        if typing.everything_by_alt:
            return _by_alt(ord(char), typing.alt_digits)
        return _plain(char.swapcase() if typing.caps else char)

    def _separator(self, typing: Typing) -> list[Press]:
        if typing.gs is Gs.CTRL:
            return [(CTRL, 1), (BRACKET, 1), (BRACKET, 0), (CTRL, 0)]
        if typing.gs is Gs.ALT:
            return _by_alt(0x1D, typing.alt_digits)
        if typing.gs is Gs.FUNCTION:
            return [(_FUNCTION[typing.gs_key], 1), (_FUNCTION[typing.gs_key], 0)]
        text = typing.gs_text if typing.gs is Gs.TEXT else ""
        return [press for char in text for press in _plain(char.swapcase() if typing.caps else char)]

    def _key(self, key: int, value: int, delay_s: float) -> Chunk:
        if value == 2:
            return self._after(delay_s, (KEY, key, 2), (SYN, REPORT, 1))
        return self._after(delay_s, (MSC, 4, 0x70000 + key), (KEY, key, value), (SYN, REPORT, 0))

    def _after(self, delay_s: float, *events: tuple[int, int, int]) -> Chunk:
        self.at_s += delay_s
        micros = round(self.at_s * 1_000_000)
        return Chunk(
            delay_s, b"".join(self._format.pack(micros // 1_000_000, micros % 1_000_000, *event) for event in events)
        )


def _plain(char: str) -> list[Press]:
    base = _UPPER.get(char) or char.lower()
    key = _CODES[base]
    pressed = [(key, 1), (key, 0)]
    return [(SHIFT, 1), *pressed, (SHIFT, 0)] if base != char else pressed


def _by_alt(number: int, digits: int) -> list[Press]:
    keys = [_PAD[digit] for digit in str(number).rjust(digits, "0")]
    return [(ALT, 1), *((key, value) for key in keys for value in (1, 0)), (ALT, 0)]


_END: dict[End, list[Press]] = {
    End.ENTER: [(ENTER, 1), (ENTER, 0)],
    End.PAD_ENTER: [(PAD_ENTER, 1), (PAD_ENTER, 0)],
    End.TAB: [(TAB, 1), (TAB, 0)],
    End.CTRL_M: [(CTRL, 1), (_CODES["m"], 1), (_CODES["m"], 0), (CTRL, 0)],
    End.ALT_013: _by_alt(13, 3),
    End.NONE: [],
}
