"""A hostile line: bytes between two ends, cut into other pieces, late, lost, doubled, flipped, broken off.

`HostileLine` is one direction and pure: it says what becomes of the bytes and when. `MemoryPair` joins two directions
into two ends in virtual time. Everything random comes from one injected source, so a run can be repeated.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Harm(StrEnum):
    """What happened to one byte."""

    LOST = "lost"
    DOUBLED = "doubled"
    FLIPPED = "flipped"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Weather:
    """How hostile a line is.

    Attributes:
        chunk_max: longest piece in bytes; pieces are of random length up to it. None leaves each write whole.
        pause_s: lowest and highest silence before each piece.
        lose, double, flip: probability of each harm per byte; a byte meets one at most.
        cut_after: the line breaks for good after so many bytes have been sent into it.
    """

    chunk_max: int | None = None
    pause_s: tuple[float, float] = (0.0, 0.0)
    lose: float = 0.0
    double: float = 0.0
    flip: float = 0.0
    cut_after: int | None = None

    def __post_init__(self) -> None:
        if self.chunk_max is not None and self.chunk_max < 1:
            raise ValueError(f"chunk_max must be at least 1, not {self.chunk_max}")
        if min(self.lose, self.double, self.flip) < 0 or self.lose + self.double + self.flip > 1:
            raise ValueError("lose, double and flip are probabilities whose sum is at most 1")
        if not 0 <= self.pause_s[0] <= self.pause_s[1]:
            raise ValueError("pause_s is the lowest and the highest pause, neither negative")


CALM = Weather()


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that arrive together, `delay_s` after the piece before them."""

    delay_s: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Damage:
    """One harmed byte: its place in what was sent."""

    at: int
    harm: Harm


class HostileLine:
    """One direction of a line. `damage` lists every harm done, so that a test knows what it must see."""

    def __init__(self, rng: random.Random, weather: Weather = CALM) -> None:
        self.weather = weather
        self.damage: list[Damage] = []
        self.sent_bytes = 0
        self.broken = False
        self._rng = rng

    def carry(self, data: bytes) -> list[Piece]:
        """Send bytes; returns what arrives. A broken line carries nothing."""
        limit = self.weather.cut_after
        if limit is not None and not self.broken and self.sent_bytes + len(data) > limit:
            data = data[: max(0, limit - self.sent_bytes)]
            arriving = self._split(self._harmed(data))
            self.cut()
            return arriving
        return [] if self.broken else self._split(self._harmed(data))

    def cut(self) -> None:
        """Break the line now."""
        if not self.broken:
            self.broken = True
            self.damage.append(Damage(self.sent_bytes, Harm.CUT))

    def _harmed(self, data: bytes) -> bytes:
        w, arriving = self.weather, bytearray()
        for byte in data:
            chance = self._rng.random() if w.lose or w.double or w.flip else 1.0
            if chance < w.lose:
                self._note(Harm.LOST)
            elif chance < w.lose + w.double:
                self._note(Harm.DOUBLED)
                arriving += bytes((byte, byte))
            elif chance < w.lose + w.double + w.flip:
                self._note(Harm.FLIPPED)
                arriving.append(byte ^ 1 << self._rng.randrange(8))
            else:
                arriving.append(byte)
            self.sent_bytes += 1
        return bytes(arriving)

    def _note(self, harm: Harm) -> None:
        self.damage.append(Damage(self.sent_bytes, harm))

    def _split(self, data: bytes) -> list[Piece]:
        pieces, start = [], 0
        while start < len(data):
            longest = self.weather.chunk_max
            size = len(data) if longest is None else self._rng.randint(1, longest)
            pause = self._rng.uniform(*self.weather.pause_s) if self.weather.pause_s[1] else 0.0
            pieces.append(Piece(pause, data[start : start + size]))
            start += size
        return pieces


class End:
    """One end of a `MemoryPair`. `read` gives what has arrived by now and never waits; b"" is silence."""

    def __init__(self, pair: MemoryPair, outgoing: HostileLine) -> None:
        self.outgoing = outgoing
        self.other: End
        self._pair = pair
        self._coming: deque[tuple[float, bytes]] = deque()
        self._last_at = 0.0

    def write(self, data: bytes) -> int:
        """Send bytes to the other end.

        Raises:
            ConnectionError: the line is broken. The write that breaks it still succeeds: the sender cannot know yet.
        """
        if self.outgoing.broken:
            raise ConnectionResetError("the line is broken")
        self.other.expect(self.outgoing.carry(data))
        return len(data)

    def expect(self, pieces: Iterable[Piece]) -> None:
        """Bytes are on their way to this end."""
        at = max(self._last_at, self._pair.monotonic())
        for piece in pieces:
            at += piece.delay_s
            self._coming.append((at, piece.data))
        self._last_at = at

    @property
    def next_at(self) -> float | None:
        """Virtual time at which the next bytes arrive; None: nothing is on its way."""
        return self._coming[0][0] if self._coming else None

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes of what has arrived, never more than one piece.

        Raises:
            ConnectionError: the line is broken and everything that came through has been read.
        """
        if self._coming and self._coming[0][0] <= self._pair.monotonic():
            at, data = self._coming.popleft()
            if data[size:]:
                self._coming.appendleft((at, data[size:]))
            return data[:size]
        if self.other.outgoing.broken and not self._coming:
            raise ConnectionResetError("the line is broken")
        return b""


class MemoryPair:
    """Two ends, `a` and `b`, in virtual time."""

    def __init__(
        self, monotonic: Callable[[], float], rng: random.Random, a_to_b: Weather = CALM, b_to_a: Weather = CALM
    ) -> None:
        self.monotonic = monotonic
        self.a = End(self, HostileLine(rng, a_to_b))
        self.b = End(self, HostileLine(rng, b_to_a))
        self.a.other, self.b.other = self.b, self.a

    def cut(self) -> None:
        """Break both directions now."""
        self.a.outgoing.cut()
        self.b.outgoing.cut()
