"""HID POS reports joined to reads, sans I/O: bytes with their times in, frames out. No clock, no port. Pure.

    nothing -> report that ends a read: Frame
            -> report with more to follow -> joining
    joining -> last report: Frame
            -> silence: INCOMPLETE, or Frame(GAP) where the layout has no mark for "more follows"
            -> other AIM identifier, the same report again, a report that is none: DAMAGED -> throwing the rest away
    throwing away -> last report, or silence -> nothing

A code of 85 characters always spans two reports, and the first alone would still look like a code: nothing of a chain
is given as a read before its end. Command answers come on the same report and may come in between; they have a chain of
their own. A report that comes again inside a chain may be a doubled one or text that repeats after 56 characters; no
code does, so the read is refused rather than guessed.

Sources: see `scanners.hidpos.layouts`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Final

from scanners.hidpos.layouts import (
    ANSWERS,
    DATA_BYTES_MAX,
    REPORT_BYTES,
    REPORT_ID,
    Layout,
    Part,
    aim_in,
    more_follows,
    part_of,
    probe,
)
from scanners.line_protocol import Frame
from scanners.scan import DropReason, Terminator

JOIN_MS: Final = 200  # Between two reports of one read; they come 1 to 8 ms apart.
READ_BYTES_MAX: Final = 8192  # A QR holds 7089 digits.
EVIDENCE_BYTES_MAX: Final = 512

NO_REST: Final = "the rest of this read never came: {count} of its reports did"
OTHER_AIM: Final = "reports of two symbols in one read: {first} and {other}"
TWICE: Final = "a report of this read came twice, or one in between was lost"
LAST_TWICE: Final = "the last report of the read came once more"
NO_REPORT: Final = "a report that is none of this layout ({name}): is profile= right?"
HALF_REPORT: Final = "{count} bytes of a report whose rest never came"
NO_DATA: Final = "a read without data"
ENDLESS: Final = "reports without end, which are no read"
ANSWER: Final = "the scanner answers a command"
_STATUS: Final = {0x06: ": done", 0x15: ": refused", 0x05: ": it does not know the command"}
_STATUS_BYTES: Final = 2  # The status stands at the end, before the full stop of the command.


@dataclass(slots=True)
class _Chain:
    layout: Layout
    aim: str | None
    data: bytearray
    report: bytes  # The last one.
    count: int
    first_at_ns: int
    last_at_ns: int


@dataclass(frozen=True, slots=True)
class _Report:
    raw: bytes
    first_at_ns: int
    last_at_ns: int


class Decoder:
    """One scanner's reports. Times are nanoseconds of any one clock that never runs back."""

    def __init__(
        self, layout: Layout | None = None, *, join_ms: int = JOIN_MS, suffixes: tuple[bytes, ...] = ()
    ) -> None:
        """`layout` None: told by the first report of every read. `join_ms` 0: a full report of a layout without a mark
        for "more follows" is a read of its own. The longest of `suffixes` that fits is taken off; it ends a read."""
        self._layout = layout
        self._joins_full = join_ms > 0
        self._limit_ns = (join_ms or JOIN_MS) * 1_000_000
        self._suffixes = sorted(suffixes, key=len, reverse=True)
        self._buffer = bytearray()
        self._buffer_first_ns = 0
        self._buffer_last_ns = 0
        self._chain: _Chain | None = None
        self._answer: _Chain | None = None
        self._throwing: tuple[Layout, int] | None = None  # Layout, and when the last report came.
        self._finished: _Report | None = None  # Last report of the last read that had several.
        self._earliest_ns = 0
        self._events: deque[Frame] = deque()
        self.discarded_bytes = 0

    def receive(self, data: bytes, at_ns: int, earliest_ns: int | None = None) -> None:
        """Take bytes read at `at_ns`; the reader's previous look was at `earliest_ns`."""
        if not data:
            return
        self._earliest_ns = at_ns if earliest_ns is None else min(earliest_ns, at_ns)
        self.tick(self._earliest_ns)
        taken = 0
        while taken < len(data):
            if not self._buffer:
                self._buffer_first_ns = at_ns
            piece = data[taken : taken + REPORT_BYTES - len(self._buffer)]
            taken += len(piece)
            self._buffer += piece
            self._buffer_last_ns = at_ns
            if len(self._buffer) == REPORT_BYTES:
                report = _Report(bytes(self._buffer), self._buffer_first_ns, at_ns)
                self._buffer.clear()
                self._take(report)

    def tick(self, at_ns: int) -> None:
        """Say that nothing more had come by `at_ns`."""
        waiting: list[tuple[int, Callable[[], None]]] = []
        if self._buffer:
            waiting.append((self._buffer_last_ns, self._drop_half))
        if self._chain is not None:
            waiting.append((self._chain.last_at_ns, partial(self._silent, self._chain)))
        if self._answer is not None:
            waiting.append((self._answer.last_at_ns, partial(self._tell_answer, self._answer)))
        for last_at_ns, end in sorted(waiting, key=itemgetter(0)):  # As if somebody had looked all the time.
            if at_ns - last_at_ns > self._limit_ns:
                end()
        if self._throwing is not None and at_ns - self._throwing[1] > self._limit_ns:
            self._throwing = None

    def close(self, at_ns: int) -> None:
        """Say that the line died: what stands unfinished becomes a frame with UNPLUG."""
        self.tick(at_ns)
        if self._answer is not None:
            self._tell_answer(self._answer)
        chain, self._chain = self._chain, None
        if chain is not None:
            self.discarded_bytes += len(self._buffer)
            self._emit(chain, Terminator.UNPLUG)
        elif self._buffer:
            self._events.append(
                Frame(bytes(self._buffer), Terminator.UNPLUG, self._buffer_first_ns, self._buffer_last_ns)
            )
        self.reset()

    def reset(self) -> None:
        """The line was opened again: nothing of before belongs to what comes."""
        self._buffer.clear()
        self._chain = self._answer = self._throwing = self._finished = None

    def next_event(self) -> Frame | None:
        """Return the next frame, or None: need more data, or silence."""
        return self._events.popleft() if self._events else None

    def _take(self, report: _Report) -> None:
        if report.raw[0] != REPORT_ID:  # A battery, a button: nothing to us.
            self.discarded_bytes += REPORT_BYTES
            return
        layout = self._chain.layout if self._chain is not None else self._layout or probe(report.raw)
        part = part_of(report.raw, layout)
        if part is not None and part.is_answer and (layout.aim_at is not None or self._chain is None):
            self._take_answer(part, layout, report)
        elif self._throwing is not None:
            self._throw(report, part)
        elif part is None:
            self._refuse(NO_REPORT.format(name=layout.name), layout, report)
        elif self._chain is None:
            self._begin(part, layout, report)
        else:
            self._join(self._chain, part, report)

    def _begin(self, part: Part, layout: Layout, report: _Report) -> None:
        finished, self._finished = self._finished, None
        near = finished is not None and self._earliest_ns - finished.last_at_ns <= self._limit_ns
        chain = _Chain(layout, part.aim, bytearray(part.data), report.raw, 1, report.first_at_ns, report.last_at_ns)
        if finished is not None and near and finished.raw == report.raw:
            self._finished = _Report(report.raw, finished.first_at_ns, report.last_at_ns)
            self._drop(chain, DropReason.DUPLICATE, LAST_TWICE)
            return
        self._chain = chain
        self._go_on(chain, part)

    def _join(self, chain: _Chain, part: Part, report: _Report) -> None:
        if chain.layout.aim_at is None and aim_in(bytes(chain.data)) and aim_in(part.data):
            self._silent(chain)  # Where reads begin with an identifier, this is the next one.
            self._begin(part, chain.layout, report)
            return
        if part.aim != chain.aim:
            self._refuse(OTHER_AIM.format(first=chain.aim, other=part.aim), chain.layout, report)
        elif report.raw == chain.report:
            self._refuse(TWICE, chain.layout, report)
        elif len(chain.data) + len(part.data) > READ_BYTES_MAX:
            self._refuse(ENDLESS, chain.layout, report, Terminator.OVERFLOW)
        else:
            chain.data += part.data
            chain.report = report.raw
            chain.count += 1
            chain.last_at_ns = report.last_at_ns
            self._go_on(chain, part)

    def _go_on(self, chain: _Chain, part: Part) -> None:
        """End the read here, unless more is to come."""
        by_size = chain.layout.more_at is None and self._joins_full and part.full
        if part.continues or (by_size and not self._suffix_of(chain.data)):
            return
        self._chain = None
        if chain.count > 1:
            self._finished = _Report(chain.report, chain.first_at_ns, chain.last_at_ns)
        self._emit(chain, Terminator.LENGTH)

    def _silent(self, chain: _Chain) -> None:
        self._chain = None
        if chain.layout.more_at is None:
            self._emit(chain, Terminator.GAP)
        else:
            self._drop(chain, DropReason.INCOMPLETE, NO_REST.format(count=chain.count))

    def _refuse(self, text: str, layout: Layout, report: _Report, terminator: Terminator = Terminator.LENGTH) -> None:
        """Drop the chain with the report that does not belong, and what still comes of either."""
        chain, self._chain = self._chain, None
        if chain is None:
            chain = _Chain(layout, None, bytearray(), b"", 0, report.first_at_ns, report.last_at_ns)
        chain.data += report.raw[layout.data_at : layout.data_at + min(report.raw[1], DATA_BYTES_MAX)]
        chain.last_at_ns = report.last_at_ns
        self._drop(chain, DropReason.DAMAGED, text, terminator)
        if self._goes_on(report, layout):
            self._throwing = (layout, report.last_at_ns)

    def _throw(self, report: _Report, part: Part | None) -> None:
        if self._throwing is None:
            return
        self.discarded_bytes += REPORT_BYTES if part is None else len(part.data)
        layout = self._throwing[0]
        self._throwing = (layout, report.last_at_ns) if self._goes_on(report, layout) else None

    def _goes_on(self, report: _Report, layout: Layout) -> bool:
        if layout.more_at is None:
            return self._joins_full and report.raw[1] >= DATA_BYTES_MAX
        return more_follows(report.raw, layout)

    def _take_answer(self, part: Part, layout: Layout, report: _Report) -> None:
        answer = self._answer
        if answer is not None and answer.aim != part.aim:
            self._tell_answer(answer)
            answer = None
        if answer is None:
            answer = self._answer = _Chain(
                layout, part.aim, bytearray(), report.raw, 0, report.first_at_ns, report.last_at_ns
            )
        room = max(0, EVIDENCE_BYTES_MAX - len(answer.data))
        answer.data += part.data[:room]
        self.discarded_bytes += len(part.data[room:])
        answer.last_at_ns = report.last_at_ns
        if not part.continues:
            self._tell_answer(answer)

    def _tell_answer(self, answer: _Chain) -> None:
        self._answer = None
        status = next((_STATUS[byte] for byte in answer.data[-_STATUS_BYTES:] if byte in _STATUS), "")
        self._drop(answer, DropReason.COMMAND_ANSWER, ANSWER + status)

    def _drop_half(self) -> None:
        text = HALF_REPORT.format(count=len(self._buffer))
        half = Frame(
            bytes(self._buffer), Terminator.GAP, self._buffer_first_ns, self._buffer_last_ns,
            dropped=DropReason.DAMAGED, text=text,
        )  # fmt: skip
        self._buffer.clear()
        self._events.append(half)

    def _suffix_of(self, data: bytes | bytearray) -> bytes:
        return next((suffix for suffix in self._suffixes if data.endswith(suffix)), b"")

    def _emit(self, chain: _Chain, terminator: Terminator) -> None:
        whole = terminator is not Terminator.UNPLUG
        data = bytes(chain.data)
        if whole:
            data = data.removesuffix(self._suffix_of(data))
        if not data and whole:
            self._drop(chain, DropReason.INCOMPLETE, NO_DATA)
        elif data:
            self._events.append(Frame(data, terminator, chain.first_at_ns, chain.last_at_ns, chain.aim))

    def _drop(self, chain: _Chain, reason: DropReason, text: str, terminator: Terminator = Terminator.LENGTH) -> None:
        evidence = bytes(chain.data[:EVIDENCE_BYTES_MAX])
        self.discarded_bytes += len(chain.data) - len(evidence)
        # An identifier that stands in the data itself is not told a second time.
        aim = None if chain.aim in ANSWERS and chain.layout.aim_at is None else chain.aim
        self._events.append(
            Frame(evidence, terminator, chain.first_at_ns, chain.last_at_ns, aim, dropped=reason, text=text)
        )
