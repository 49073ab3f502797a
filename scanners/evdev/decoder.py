"""Key events to reads, sans I/O: presses and releases with their times in, frames and notices out. Pure.

    nothing -> a key -> collecting
    collecting -> suffix key, or 100 ms of silence -> fast and at least 8 keys: a read
                                                   -> slow or short: typing, which collects on its own
    typing -> suffix key, 2 s of silence, or a read after it -> told (or kept as a read where configured)

Silence and speed between keys are measured by the kernel's times in the events, so a program that was held up neither
cuts nor joins; that nothing more comes is seen by the reader's clock. Any chunking of the same events gives the same
frames.

A read whose keys contradict each other is never given as one: a modifier that goes down twice or is down at the end
lost its release, a key that is not let go of hangs, a key without a character leaves a hole.

What a person types is no evidence of a fault and may be a password: only its length and speed are told.

Source: Linux Documentation/input/event-codes.rst (values of EV_KEY).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from scanners.evdev.finishing import Finished, Finishing
from scanners.evdev.keys import (
    ALT,
    CTRL,
    ENTER,
    FUNCTION_KEYS,
    KEYPAD_DIGITS,
    MODIFIERS,
    SHIFT,
    SILENT,
    TAB,
    character_of,
    control_of,
    name_of,
)
from scanners.evdev.runs import Run
from scanners.framing import LINE_ENDS
from scanners.line_protocol import Frame, LineEvent, Notice
from scanners.scan import DropReason, Terminator

SILENCE_MS: Final = 100
TYPING_SILENCE_MS: Final = 2000
STUCK_REPEATS: Final = 40  # The kernel repeats a held key 30 times a second: a little over a second.
_GS: Final = 0x1D
_MS: Final = 1_000_000
_FUNCTION_KEYS: Final = frozenset(FUNCTION_KEYS.values())

LOST_RELEASE: Final = "the release of {key} was lost: letters may have the wrong case"
HANGING: Final = "{key} hangs: a code that needs it lacks it"
NO_CHARACTER: Final = "key {key} stands for no character"
MAYBE_GS: Final = "key {key} stands for no character: if the scanner sends it for GS, add gs={word} to its address"
LOST_KEYS: Final = "the system lost key events: the program was held up"
TOO_SHORT: Final = "{count} keys: too short for a code"
PREFIX_ALONE: Final = "the configured prefix, and no code after it"
TYPED: Final = (
    "typed by hand: {count} keys, {gap} ms from key to key; if a scanner sent it, set its inter-character delay to 0 "
    "or add typing=keep to its address"
)
STUCK: Final = "{key} is held down without end: free it; codes read meanwhile are refused"


@dataclass(frozen=True, slots=True)
class KeySettings:
    suffix_keys: frozenset[int] = ENTER | TAB  # They end a code; empty: only silence does.
    gs_key: int | None = None  # Key the scanner presses for GS, beside Ctrl+] and Alt+029.
    keep_typing: bool = False  # Slow or short input is a read like any other.
    finishing: Finishing = field(default_factory=Finishing)


class KeyDecoder:
    """One device's keys."""

    def __init__(self, settings: KeySettings | None = None) -> None:
        self._settings = settings or KeySettings()
        self._finishing = self._settings.finishing
        self._events: deque[LineEvent] = deque()
        self._caps_told = False
        self.discarded_bytes = 0
        self.reset()

    def reset(self) -> None:
        """The device was opened again: no key is down, nothing is collected."""
        self._down: set[int] = set()
        self._alt_number: int | None = None  # Typed on the keypad while Alt is down.
        self._run: Run | None = None
        self._typing: Run | None = None
        self._repeating = (0, 0)  # Key, and how often it has repeated.
        self._stuck: set[int] = set()

    def press(self, code: int, stamp_ns: int, at_ns: int) -> None:
        """A key went down at `stamp_ns` of the kernel's clock; it was read at `at_ns`."""
        self._cut_by_stamp(stamp_ns)
        if self._run is not None and code in self._down & MODIFIERS:
            self._run.spoil(LOST_RELEASE.format(key=name_of(code)))
        self._repeating = (0, 0)
        self._stuck.discard(code)
        self._down.add(code)
        if code in MODIFIERS:
            self._alt_number = None
            if self._run is not None:
                self._run.follow(stamp_ns, at_ns)
        elif code in self._settings.suffix_keys and not self._down & (CTRL | ALT):
            if self._run is not None:
                self._run.last_at_ns = at_ns
            self._end(Terminator.SUFFIX, self._down & MODIFIERS)
        elif code not in SILENT:
            run = self._run = self._run or Run(at_ns, at_ns)
            run.follow(stamp_ns, at_ns)
            run.count += 1
            self._take(run, code)

    def release(self, code: int, at_ns: int) -> None:
        """A key went up. One that was never down means nothing."""
        self._down.discard(code)
        self._stuck.discard(code)
        if code in ALT and not self._down & ALT and self._alt_number is not None:
            number, self._alt_number = self._alt_number, None
            if self._run is not None or self._settings.keep_typing:  # Else silence has ended what it belongs to.
                self._run = self._run or Run(at_ns, at_ns)
                self._control(self._run, number)

    def repeat(self, code: int, at_ns: int) -> None:
        """The kernel repeats a key that is held. It is never a character: a scanner lets go."""
        self._down.add(code)
        if self._run is not None and code not in MODIFIERS:
            self._run.spoil(HANGING.format(key=name_of(code)))
        before, count = self._repeating
        count = count + 1 if code == before else 1
        self._repeating = (code, count)
        if count >= STUCK_REPEATS and code not in self._stuck:
            self._stuck.add(code)
            self._events.append(Notice(STUCK.format(key=name_of(code)), at_ns))

    def lost(self, at_ns: int) -> None:
        """Events are missing here: what is collected, or comes next, has a hole; nobody knows which keys are down."""
        self._run = self._run or Run(at_ns, at_ns)
        self._run.spoil(LOST_KEYS)
        self._run.last_at_ns = at_ns
        self._run.last_stamp_ns = None  # What comes next has lost its beginning, however much later it was typed.
        self._down.clear()
        self._stuck.clear()
        self._alt_number = None

    def tick(self, at_ns: int) -> None:
        """Say that nothing more had come by `at_ns`."""
        if self._run is not None and at_ns - self._run.last_at_ns > SILENCE_MS * _MS:
            self._end_by_silence()
        typing = self._typing if self._run is None else None
        if typing is not None and at_ns - typing.last_at_ns > TYPING_SILENCE_MS * _MS:
            self._end_typing(Terminator.GAP)

    def close(self, at_ns: int) -> None:
        """Say that the line died: what stands unfinished is told."""
        self.tick(at_ns)
        self._end(Terminator.UNPLUG)
        self._end_typing(Terminator.UNPLUG)

    def next_event(self) -> LineEvent | None:
        return self._events.popleft() if self._events else None

    def _cut_by_stamp(self, stamp_ns: int) -> None:
        run = self._run
        if run is not None and run.last_stamp_ns is not None and stamp_ns - run.last_stamp_ns > SILENCE_MS * _MS:
            self._end_by_silence()

    def _take(self, run: Run, code: int) -> None:
        """Take a key that is neither a modifier nor the end."""
        shift = bool(self._down & SHIFT)
        name = name_of(code)
        if self._down & ALT:
            if code in KEYPAD_DIGITS:
                self._alt_number = ((self._alt_number or 0) * 10 + KEYPAD_DIGITS[code]) % 256
            else:
                run.spoil(NO_CHARACTER.format(key=f"Alt+{name}"))
        elif self._down & CTRL:
            if (control := control_of(code, shift=shift)) is not None:
                self._control(run, control)
            else:
                run.spoil(NO_CHARACTER.format(key=f"Ctrl+{name}"))
        elif code == self._settings.gs_key:
            self._add(run, _GS)
        elif (char := character_of(code, shift=shift)) is not None:
            self._add(run, char)
        elif code in _FUNCTION_KEYS:
            run.spoil(MAYBE_GS.format(key=name, word=name.lower()))
        else:
            run.spoil(NO_CHARACTER.format(key=name))

    def _control(self, run: Run, byte: int) -> None:
        """A character that came as Ctrl+key or Alt+number: Enter and Tab among them end a code as their keys do."""
        keys = {0x0D: ENTER, 0x0A: ENTER, 0x09: TAB}.get(byte, frozenset())
        if self._settings.suffix_keys & keys:
            self._end(Terminator.SUFFIX)  # The modifier is still down, and rightly.
        else:
            self._add(run, byte)

    def _add(self, run: Run, byte: int) -> None:
        if not run.data and byte in LINE_ENDS:
            return  # The second half of a suffix whose first half has ended the read before.
        if run.add(byte):
            return
        self.discarded_bytes += 1
        if not run.overflowed:
            run.overflowed = True
            if not run.is_slow:  # Told at once: the end may never come.
                self._end_typing(Terminator.GAP)
                self._events.append(Frame(bytes(run.data), Terminator.OVERFLOW, run.at_ns, run.last_at_ns))

    def _end_by_silence(self) -> None:
        """No key should be down now: what is, is not let go of."""
        self._end(Terminator.GAP, self._down - SILENT)

    def _end(self, terminator: Terminator, held: set[int] | None = None) -> None:
        """End the run. `held`: keys that are down and should not be."""
        run, self._run = self._run, None
        if run is not None and (run.data or run.damage):
            if run.is_slow or (not run.is_read and not run.damage and terminator is not Terminator.UNPLUG):
                self._add_typing(run)
            else:
                self._end_typing(Terminator.GAP)
                self._judge_keys(run, held or set())
                self._emit(run, terminator)
                return
        if terminator is Terminator.SUFFIX:
            self._end_typing(terminator)

    def _judge_keys(self, run: Run, held: set[int]) -> None:
        self._down -= held  # A release that is lost does not come: the next read must not suffer.
        if held & ALT:
            self._alt_number = None
        for key in sorted(held):
            run.spoil((LOST_RELEASE if key in MODIFIERS else HANGING).format(key=name_of(key)))
        for key in sorted(self._stuck):
            run.spoil(HANGING.format(key=name_of(key)))

    def _add_typing(self, run: Run) -> None:
        if self._typing is None:
            self._typing = run
        else:
            self.discarded_bytes += self._typing.append(run)

    def _end_typing(self, terminator: Terminator) -> None:
        typing, self._typing = self._typing, None
        if typing is None:
            return
        if self._settings.keep_typing:
            self._emit(typing, Terminator.OVERFLOW if typing.overflowed else terminator)
            return
        text = TYPED if typing.is_slow else TOO_SHORT
        text = text.format(count=typing.count, gap=round(typing.gap_ms))
        self.discarded_bytes += len(typing.data)
        self._drop(typing, b"", terminator, DropReason.INCOMPLETE, text)

    def _emit(self, run: Run, terminator: Terminator) -> None:
        if terminator in (Terminator.UNPLUG, Terminator.OVERFLOW):
            finished = Finished(bytes(run.data))  # Evidence stays as it came.
        elif run.overflowed:
            return  # Told when it happened.
        elif run.damage:
            self._drop(run, bytes(run.data), terminator, DropReason.DAMAGED, run.damage)
            return
        else:
            finished = self._finishing.finish(bytes(run.data))
        if finished.notice and not self._caps_told:
            self._caps_told = True
            self._events.append(Notice(finished.notice, run.last_at_ns))
        if finished.data:
            frame = Frame(finished.data, terminator, run.at_ns, run.last_at_ns, repairs=finished.repairs)
            self._events.append(frame)
        elif terminator is not Terminator.UNPLUG:
            self._drop(run, b"", terminator, DropReason.INCOMPLETE, PREFIX_ALONE)
        elif run.damage:
            self._drop(run, b"", terminator, DropReason.DAMAGED, run.damage)

    def _drop(self, run: Run, data: bytes, terminator: Terminator, reason: DropReason, text: str) -> None:
        self._events.append(Frame(data, terminator, run.at_ns, run.last_at_ns, dropped=reason, text=text))
