"""A million scans through a real pseudo-terminal with a hostile line: sent equals received.

    python -m benchmarks.million_scans --scans 1000000

The simulated line cuts the bytes into random pieces, pauses now and then, and loses or doubles bytes in a known part of
the frames. What must come out is worked out from the bytes that went onto the wire, cut at the carriage returns: that
is every undamaged code once and in order, and every damaged one as it was damaged, where a lost carriage return makes
one frame of two. Nothing else may come.

Prints progress on standard error and one JSON object on standard output; ends with 1 when anything differs. POSIX only.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Final
from urllib.parse import urlsplit

from hw_sim.line import Harm, HostileLine, Weather
from hw_sim.line_pty import PtyPort
from scanners.address import Surroundings
from scanners.scan import Health, HealthChange, Scan
from scanners.serial import serial_scanner

GTIN: Final = "04870000000104"
ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!\"%&'()*+,-./:;<=>?_"
SIGNATURE: Final = "Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
DAMAGED_PART: Final = 0.02  # Of the frames go through the hostile line.
WEATHER: Final = Weather(chunk_max=64, lose=0.01, double=0.01)
CALM: Final = Weather(chunk_max=64)
OUTSTANDING_BYTES_MAX: Final = 3000  # A terminal's buffer holds 4096; beyond that the simulator would lose bytes.
PAUSE_PART: Final = 0.0005
PAUSE_S: Final = 0.001
IDLE_POLLS_MAX: Final = 200  # Of 50 ms each: the machine may be busy, but not for so long.
URL: Final = "serial://{path}?duplicate_ms=0&burst_per_s=0&gap_ms=10000"  # A busy machine is no silence.


@dataclass(slots=True)
class Result:
    scans: int  # Codes sent.
    seed: int
    received: int = 0
    undamaged: int = 0  # Codes that went onto the wire as they are, between two ends.
    damaged: int = 0  # The others.
    lost_bytes: int = 0
    doubled_bytes: int = 0
    wire_bytes: int = 0
    differences: list[str] = field(default_factory=list)  # Empty: sent equals received.
    seconds: float = 0.0
    scans_per_s: int = 0

    @property
    def equal(self) -> bool:
        return not self.differences and self.undamaged + self.damaged == self.scans


def code_of(number: int, rng: random.Random) -> bytes:
    """A code of its own for every number, 29 to 85 bytes, most with separators, some with an AIM identifier."""
    serial = ""
    for _ in range(6):
        number, place = divmod(number, len(ALPHABET))
        serial += ALPHABET[place]
    tail = "".join(rng.choices(ALPHABET, k=4))
    kind = rng.randrange(4)
    if kind == 0:
        return f"{GTIN}{serial}x{tail}{tail}".encode()
    if kind == 1:
        return f"01{GTIN}21{serial}7\x1d93{tail}".encode()
    if kind == 2:
        return f"]d201{GTIN}21{serial}7\x1d8005090000\x1d93{tail}".encode()
    return f"01{GTIN}213{serial}aBcDeF\x1d91KZF1\x1d92{SIGNATURE}".encode()


class Sender:
    """The far end: codes onto the wire, and the memory of what must come out."""

    def __init__(self, port: PtyPort, result: Result) -> None:
        self._port = port
        self._result = result
        self._rng = random.Random(result.seed)
        self._hostile = HostileLine(self._rng, WEATHER)
        self._calm = HostileLine(self._rng, CALM)
        self._unended = bytearray()  # Bytes since the last carriage return on the wire.
        self._unended_codes = 0
        self.expected: deque[bytes] = deque()
        self.outstanding_bytes = 0

    def send(self, number: int) -> Iterator[None]:
        """Send one code in pieces, stopping after each."""
        code = code_of(number, self._rng)
        line = self._hostile if self._rng.random() < DAMAGED_PART else self._calm
        pieces = line.carry(code + b"\r")
        self._account(code, b"".join(piece.data for piece in pieces))
        for piece in pieces:
            if self._rng.random() < PAUSE_PART:
                time.sleep(PAUSE_S)
            self._port.write(piece.data)
            self.outstanding_bytes += len(piece.data)
            yield

    def end(self) -> None:
        """End what a lost carriage return left open."""
        self._port.write(b"\r")
        self._account(None, b"\r")
        for damage in self._hostile.damage:
            self._result.lost_bytes += damage.harm is Harm.LOST
            self._result.doubled_bytes += damage.harm is Harm.DOUBLED

    def _account(self, code: bytes | None, arriving: bytes) -> None:
        self._result.wire_bytes += len(arriving)
        self._unended_codes += code is not None
        *ended, rest = (bytes(self._unended) + arriving).split(b"\r")
        self._unended = bytearray(rest)
        for frame in filter(None, ended):
            whole = self._unended_codes == 1 and frame == code
            self._result.undamaged += whole
            self._result.damaged += 0 if whole else self._unended_codes
            self._unended_codes = 0
            self.expected.append(frame)


def run(scans: int, seed: int = 1, progress: Callable[[int], None] = lambda _number: None) -> Result:
    """Send so many scans and compare. One thread: what was not read yet is bounded, so nothing overruns."""
    result = Result(scans, seed)
    port = PtyPort()
    port.plug()
    around = Surroundings(now=time.time_ns, monotonic=time.monotonic, discovery=list, read_timeout_s=0.05)
    scanner = serial_scanner("pty", urlsplit(URL.format(path=port.path)), around)
    turns = random.Random(seed + 1)

    def take() -> bool:
        """Read once; False: nothing had come."""
        events = scanner.poll()
        for event in events:
            if not (isinstance(event, HealthChange) and event.health is Health.ONLINE):
                compare(event)
        return bool(events)

    def compare(event: object) -> None:
        result.received += 1
        wanted = sender.expected.popleft() if sender.expected else None
        if not isinstance(event, Scan) or event.data != wanted:
            result.differences.append(f"frame {result.received}: {wanted!r} was sent, {event!r} came")

    def drain() -> None:
        """Read until every frame that has ended is there."""
        idle = 0
        while sender.expected and idle < IDLE_POLLS_MAX and len(result.differences) < 10:
            idle = 0 if take() else idle + 1
        sender.outstanding_bytes = 0

    sender = Sender(port, result)
    began_s = time.monotonic()
    try:
        take()
        for number in range(scans):
            for _ in sender.send(number):
                if turns.random() < 0.01:
                    take()
            if sender.outstanding_bytes > OUTSTANDING_BYTES_MAX:
                drain()
            if number % 10_000 == 0:
                progress(number)
            if len(result.differences) >= 10:
                break
        sender.end()
        drain()
        result.differences += [f"never came: {frame!r}" for frame in list(sender.expected)[:10]]
        if port.overrun_bytes:
            result.differences.append(f"the simulator overran the terminal by {port.overrun_bytes} bytes")
    finally:
        scanner.close()
        port.unplug()
    result.seconds = round(time.monotonic() - began_s, 1)
    result.scans_per_s = round(scans / max(result.seconds, 0.1))
    return result


def main() -> int:
    arguments = argparse.ArgumentParser(description="Send scans through a pseudo-terminal and compare.")
    arguments.add_argument("--scans", type=int, default=1_000_000)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()

    def progress(number: int) -> None:
        print(f"\r{number:>10,} of {given.scans:,}", end="", file=sys.stderr, flush=True)

    result = run(given.scans, given.seed, progress)
    print(file=sys.stderr)
    print(json.dumps({**asdict(result), "equal": result.equal}))
    return 0 if result.equal else 1


if __name__ == "__main__":
    sys.exit(main())
