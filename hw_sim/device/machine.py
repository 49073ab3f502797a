"""A register behind a line of bytes, without the line: what it hears, what it says and when, its power and its paper.

A family subclasses `Machine` and calls, for each frame of the host it has put together:

    if self.heard("85", frame):             # False: lost, cut or without power
        answer = ...                        # the work
        if self.executed("85"):             # False: done, and nothing will be said
            self.say("85", answer_frame)

What is said waits until its time and is fetched by whoever owns the line (hw_sim.device.lines, hw_sim.device.hosts).
No clock, no thread, no socket in here. Not thread-safe: callers hold a lock.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hw_sim.device.faults import DEVICE_KINDS, MOMENTS, Moment
from hw_sim.exchange import NS, Clock
from hw_sim.faults import Fault, FaultQueue, Kind
from hw_sim.journal import FrameNote

FRAMES_MAX = 20_000
POWER_PAUSE_S = 2.0  # From the switch to the first byte it answers.


@dataclass(slots=True)
class Mechanics:
    """What a hand can do to the register: paper, cover, drawer."""

    paper: bool = True
    paper_low: bool = False
    cover_open: bool = False
    drawer_open: bool = False
    drawer_kicks: int = 0

    @property
    def can_print(self) -> bool:
        return self.paper and not self.cover_open


class Machine(ABC):
    """One register. `faults` misbehave on command; `frames` is the journal of everything, both ways."""

    def __init__(self, now: Clock, rng: random.Random, kinds: Mapping[str, Kind] | None = None) -> None:
        self.now = now
        self.rng = rng
        self.faults = FaultQueue({**DEVICE_KINDS, **(kinds or {})}, rng, transport={})
        self.frames: deque[FrameNote] = deque(maxlen=FRAMES_MAX)
        self.listeners: list[Callable[[FrameNote], object]] = []  # Told each line of the journal as it is written.
        self.mechanics = Mechanics()
        self.byte_gap_s = 0.0  # Between two bytes of what it sends; 0: whole pieces.
        self.powered = True
        self.hung_up = False  # It has dropped the line; the next `host_opened` mends that.
        self._parting = False  # It drops the line as soon as everything said has been fetched.
        self._ready_ns = 0  # After power-on it is deaf for a while.
        self._power_back_ns: int | None = None
        self._outgoing: deque[tuple[int, bytes]] = deque()  # When it reaches the host, and the bytes.

    # The line, as its owner sees it

    def host_opened(self) -> bool:
        """The host opens the line; False: nobody is there."""
        self.look()
        if not self.powered:
            return False
        self.hung_up = self._parting = False
        self.line_opened()
        return True

    def receive(self, data: bytes) -> None:
        """Bytes from the host."""
        self.look()
        if self.powered and not self.hung_up and self.now() >= self._ready_ns:
            self.take_bytes(data)

    def take(self) -> bytes:
        """The next piece that has reached the host by now; b"": nothing. Pieces are never joined."""
        self.look()
        if not self._outgoing or self._outgoing[0][0] > self.now():
            return b""
        piece = self._outgoing.popleft()[1]
        if self._parting and not self._outgoing:
            self.hang_up()
        return piece

    def next_due_ns(self) -> int | None:
        """When the next bytes reach the host, the power comes back, or the family's own time; None: nothing to come."""
        first = self._outgoing[0][0] if self._outgoing else None
        own = self.wakes_ns() if self.powered else None
        return min((due for due in (first, self._power_back_ns, own) if due is not None), default=None)

    # Hands

    def power_off(self, back_after_s: float | None = None) -> None:
        """Pull the plug. What was on its way to the host is gone; so is what the family keeps in RAM."""
        if self.powered:
            self.note("!", "power off")
            self.powered = False
            self._outgoing.clear()
            self.lose_power()
        self._power_back_ns = None if back_after_s is None else self.now() + int(back_after_s * NS)

    def power_on(self) -> None:
        """Put the plug in. It answers after `POWER_PAUSE_S`."""
        self._power_back_ns = None
        if not self.powered:
            self.powered = True
            self._ready_ns = self.now() + int(POWER_PAUSE_S * NS)
            self.note("!", "power on")
            self.gain_power()

    def load_paper(self) -> None:
        """Put a new roll in and close the cover."""
        self.mechanics.paper, self.mechanics.paper_low, self.mechanics.cover_open = True, False, False
        self.note("!", "paper loaded")
        self.paper_loaded()

    def end_paper(self) -> None:
        """The roll ends."""
        self.mechanics.paper = False
        self.note("!", "paper out")
        self.paper_ended()

    def open_cover(self) -> None:
        """Lift the cover: nothing prints until it is closed."""
        self.mechanics.cover_open = True
        self.note("!", "cover open")
        self.cover_moved()

    def close_cover(self) -> None:
        """Close the cover."""
        self.mechanics.cover_open = False
        self.note("!", "cover closed")
        self.cover_moved()

    # What a family supplies

    @abstractmethod
    def take_bytes(self, data: bytes) -> None:
        """Bytes of the host, in any pieces."""

    @abstractmethod
    def lose_power(self) -> None:
        """Forget what does not survive: half frames, answers kept for a repeat, an open document where it is so."""

    def gain_power(self) -> None:  # noqa: B027 (optional hook)
        """The register starts."""

    def line_opened(self) -> None:  # noqa: B027 (optional hook)
        """A host has connected."""

    def paper_loaded(self) -> None:  # noqa: B027 (optional hook)
        """Paper is back."""

    def paper_ended(self) -> None:  # noqa: B027 (optional hook)
        """Paper is gone."""

    def cover_moved(self) -> None:  # noqa: B027 (optional hook)
        """The cover has been opened or closed."""

    def time_passed(self) -> None:  # noqa: B027 (optional hook)
        """It is `now`: what happens by itself, happens. Called before anything is heard or fetched."""

    def wakes_ns(self) -> int | None:
        """When `time_passed` has something to do; it must have done it by then. None: nothing happens by itself."""
        return None

    # What a family calls

    def heard(self, name: str, frame: bytes, about: str = "") -> bool:
        """A whole command has come. False: do nothing."""
        self.note(">", name, frame, about)
        fault = self._drawn(Moment.HEARD, name)
        if fault is None:
            return True
        self.note("!", fault.name)
        if fault.name == "paper_out_before":
            self.end_paper()
            return True
        if fault.name == "power_off_before":
            self.power_off(_seconds(fault))
        elif fault.name == "hang_up_before":
            self.hang_up()
        return False

    def executed(self, name: str) -> bool:
        """The command's work is done. False: say nothing."""
        fault = self._drawn(Moment.EXECUTED, name)
        if fault is None:
            return True
        self.note("!", fault.name)
        if fault.name == "paper_out_after":
            self.end_paper()
            return True
        if fault.name == "power_off_after":
            self.power_off(_seconds(fault))
        else:
            self.hang_up()
        return False

    def say(self, name: str, data: bytes, after_s: float = 0.0, about: str = "") -> None:
        """Send bytes to the host, `after_s` from now."""
        fault = self._drawn(Moment.SAID, name)
        pieces = [data]
        if fault is not None:
            self.note("!", fault.name)
            pieces, after_s = _spoiled(data, fault, after_s, self.rng)
        for piece in pieces:
            self.note("<", name, piece, about)
            self._post(piece, after_s)

    def say_plainly(self, data: bytes, after_s: float = 0.0) -> None:
        """Send bytes no fault may touch: control bytes, keep-alives."""
        self._post(data, after_s)

    def hang_up(self) -> None:
        """Drop the line: what was on its way is gone."""
        self.hung_up, self._parting = True, False
        self._outgoing.clear()
        self.line_dropped()

    def hang_up_when_said(self) -> None:
        """Drop the line once the host has fetched everything that is on its way."""
        self._parting = True
        if not self._outgoing:
            self.hang_up()

    def forget_said(self) -> None:
        """What was on its way is gone: a new connection does not get the answers of the old one."""
        self._outgoing.clear()

    def line_dropped(self) -> None:  # noqa: B027 (optional hook)
        """The line is gone; half a frame of the host with it."""

    def note(self, way: str, name: str, data: bytes = b"", about: str = "") -> None:
        """Write a line into the journal of frames."""
        self.frames.append(line := FrameNote(self.now(), way, name, data, about))
        for listener in self.listeners:
            listener(line)

    def draw(self, name: str, command: str) -> Fault | None:
        """One fault of the family's own kinds, now that the register stands at that point."""
        return self.faults.draw_point(name, command)

    def _post(self, data: bytes, after_s: float) -> None:
        gap_ns = int(self.byte_gap_s * NS)
        pieces = [data[at : at + 1] for at in range(len(data))] if gap_ns else [data] if data else []
        for number, piece in enumerate(pieces):
            self._queue(piece, self.now() + int(after_s * NS) + number * gap_ns)

    def _queue(self, piece: bytes, due: int) -> None:
        later = [entry for entry in self._outgoing if entry[0] > due]
        # A late answer must not hold up what is said after it, as it would not on a real line with a slow device.
        sooner = [entry for entry in self._outgoing if entry[0] <= due]
        self._outgoing = deque([*sooner, (due, piece), *later])

    def _drawn(self, moment: Moment, command: str) -> Fault | None:
        for name, acts in MOMENTS.items():
            if acts is moment and (fault := self.faults.draw_point(name, command)) is not None:
                return fault
        return None

    def look(self) -> None:
        """Somebody looks: what was due by now has happened before."""
        back_ns = self._power_back_ns
        if back_ns is not None and back_ns <= self.now():
            self.power_on()
            self._ready_ns = back_ns + int(POWER_PAUSE_S * NS)  # From when it was due, not from this look.
        if self.powered:
            self.time_passed()


def _seconds(fault: Fault) -> float | None:
    return fault.seconds if "seconds" in fault.params else None


def _spoiled(data: bytes, fault: Fault, after_s: float, rng: random.Random) -> tuple[list[bytes], float]:
    """What comes of an answer, and when."""
    params: Mapping[str, Any] = fault.params
    if fault.name == "answer_lost":
        return [], after_s
    if fault.name == "answer_late":
        return [data], after_s + fault.seconds
    if fault.name == "answer_twice":
        return [data, data], after_s
    if fault.name == "answer_cut":
        return [data[: int(params.get("keep", len(data) // 2))]], after_s
    if fault.name == "noise":
        return [bytes.fromhex(str(params.get("bytes", "FF 00 55"))), data], after_s
    bit = int(params.get("bit", rng.randrange(max(1, len(data) * 8))))
    harmed = bytearray(data)
    if bit // 8 < len(harmed):
        harmed[bit // 8] ^= 0x80 >> bit % 8
    return [bytes(harmed)], after_s
