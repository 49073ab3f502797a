"""ESC/POS grammar, sans I/O: where each command of a byte stream begins and ends. What it means is decided elsewhere.

A rule is the number of bytes after the prefix, or a generator that asks for bytes until it has seen the end. Because
the parser is itself such a generator, it cannot know how the stream was cut into reads.

A firmware that does not know a prefix drops the prefix and prints what follows as text: that is how a wrong QR dialect
becomes rubbish on paper, and it is done the same way here (name "?").

Source: Epson ESC/POS command reference (public); private QR and UTF-8 sequences from the Shtrih-M OPOS driver for
Webkassa (github VitalyKravtsov2016/OposWebkassa, src/Shared/EscPrinter*.pas).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass

from hw_sim.printer.model import PrinterModel, QrDialect

TEXT = "text"
UNKNOWN = "?"
NUL_ENDED_MAX = 255
RASTER_BYTES_WIDE_MAX = 1024
RASTER_ROWS_MAX = 8192
LONG_DATA_BYTES_MAX = 8 * 1024 * 1024

Bytes = Generator[int, bytes, None]  # Yields how many bytes it wants next; every byte it gets is kept as the argument.
_PRINTABLE = re.compile(rb"[\x20-\xff]+")
Rule = int | Callable[[], Bytes]


class NotACommand(Exception):
    """The operands make no command: the firmware forgets what it read and takes the rest as text."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the stream, or some bytes of text.

    `name` is the manual's name ("ESC t"), TEXT or UNKNOWN; `args` are the bytes after the prefix; `offset` counts from
    the first byte the printer ever received. How a run of text is cut into commands depends on how it was read, so
    nothing may depend on that.
    """

    name: str
    raw: bytes
    args: bytes
    offset: int


def _low_high(data: bytes) -> int:
    return data[0] + data[1] * 256


def _sized() -> Bytes:
    yield _low_high((yield 2))


def _sized_long() -> Bytes:
    size = int.from_bytes((yield 4), "little")
    if size > LONG_DATA_BYTES_MAX:
        raise NotACommand
    yield size


def _until_nul() -> Bytes:
    for _ in range(NUL_ENDED_MAX):
        if (yield 1) == b"\0":
            return


def _user_glyphs() -> Bytes:
    tall, first, last = yield 3
    if not (1 <= tall <= 3 and 0x20 <= first <= last <= 0x7E):
        raise NotACommand
    for _ in range(first, last + 1):
        columns = (yield 1)[0]
        yield columns * tall


def _bit_image() -> Bytes:
    mode, low, high = yield 3
    if mode not in (0, 1, 32, 33):
        raise NotACommand
    yield (low + high * 256) * (3 if mode >= 32 else 1)


def _raster() -> Bytes:
    head = yield 6
    wide, rows = _low_high(head[2:4]), _low_high(head[4:6])
    if head[0] != 0x30 or wide > RASTER_BYTES_WIDE_MAX or rows > RASTER_ROWS_MAX:
        raise NotACommand
    yield wide * rows


def _downloaded_image() -> Bytes:
    wide, tall = yield 2
    yield wide * tall * 8


def _barcode() -> Bytes:
    kind = (yield 1)[0]
    if kind <= 6:
        yield from _until_nul()
    elif 65 <= kind <= 79:
        yield (yield 1)[0]
    else:
        raise NotACommand


def _cut() -> Bytes:
    mode = (yield 1)[0]
    if mode in (65, 66, 97, 98, 103, 104):
        yield 1
    elif mode not in (0, 1, 48, 49):
        raise NotACommand


def _peripheral() -> Bytes:
    yield (1 if (yield 1)[0] in b"01345" else 0)


def _status_now() -> Bytes:
    if (yield 1)[0] in (7, 8, 18):
        yield 1


def _act_now() -> Bytes:
    sizes = {1: 2, 2: 2, 7: 1, 8: 7}
    kind = (yield 1)[0]
    if kind not in sizes:
        raise NotACommand
    yield sizes[kind]


def _private_qr() -> Bytes:
    what = yield 2
    if what in (b"\x30\x67", b"\x30\x69"):
        yield 1
    elif what == b"\x30\x80":
        yield _low_high((yield 2))
    elif what != b"\x30\x81":
        raise NotACommand


def _rongta_qr() -> Bytes:
    yield _low_high((yield 5)[3:5])


def _private_setting() -> Bytes:
    what = yield 2
    if what == b"\x1b\x10":
        yield 3
    elif what == b"\x1b\x1f":
        yield 4
    else:
        raise NotACommand


# fmt: off
COMMANDS: Mapping[bytes, Rule] = {
    b"\t": 0, b"\n": 0, b"\x0c": 0, b"\r": 0, b"\x18": 0,
    b"\x10\x04": _status_now, b"\x10\x05": 1, b"\x10\x14": _act_now,
    **{b"\x1b" + bytes((code,)): 0 for code in b"2@LSimv<\x0c"},
    **{b"\x1b" + bytes((code,)): 1 for code in b" !%-3=?EGJKMRTVadertu{"},
    **{b"\x1b" + bytes((code,)): 2 for code in b"$\\"},
    b"\x1bp": 3, b"\x1bW": 8, b"\x1b&": _user_glyphs, b"\x1b*": _bit_image, b"\x1bD": _until_nul, b"\x1bc": _peripheral,
    b"\x1c.": 0, b"\x1c&": 0, b"\x1c!": 1, b"\x1c-": 1, b"\x1cC": 1, b"\x1cW": 1, b"\x1cS": 2, b"\x1cp": 2,
    b"\x1c2": 74, b"\x1c?": 2,
    b"\x1d:": 0, b"\x1dc": 0,
    **{b"\x1d" + bytes((code,)): 1 for code in b"!/BEHITabfhrw"},
    **{b"\x1d" + bytes((code,)): 2 for code in b"$LPW\\"},
    b"\x1d^": 3, b"\x1dV": _cut, b"\x1dk": _barcode, b"\x1dv": _raster, b"\x1d*": _downloaded_image,
    **{b"\x1d(" + bytes((code,)): _sized for code in b"ABCDEFGHJKLMNPQVXYZkz"}, b"\x1d8L": _sized_long,
}
# fmt: on
_LETTERS = {0x10: "DLE", 0x1B: "ESC", 0x1C: "FS", 0x1D: "GS", 0x1F: "US"}
_CONTROLS = {b"\t": "HT", b"\n": "LF", b"\x0c": "FF", b"\r": "CR", b"\x18": "CAN"}
_SECOND = {b"\x10\x04": "DLE EOT", b"\x10\x05": "DLE ENQ", b"\x10\x14": "DLE DC4", b"\x1b\x0c": "ESC FF"}


def commands_of(model: PrinterModel) -> dict[bytes, Rule]:
    """The command set of one firmware."""
    known = dict(COMMANDS)
    if model.qr is QrDialect.PRIVATE:
        known[b"\x1d(k"] = _private_qr
    elif model.qr is not QrDialect.EPSON:
        del known[b"\x1d(k"]
    if model.qr is QrDialect.RONGTA:
        known[b"\x1dZ"] = 1
        known[b"\x1bZ"] = _rongta_qr
    if model.utf8_mode:
        known[b"\x1f"] = _private_setting
    if not model.graphics:
        del known[b"\x1d(L"], known[b"\x1d8L"]
    if not model.raster:
        del known[b"\x1dv"]
    if not model.confirms:
        del known[b"\x1d(H"]
    return known


def name_of(prefix: bytes) -> str:
    """The manual's name of a prefix: "LF", "ESC t", "GS ( k"."""
    if prefix in _CONTROLS:
        return _CONTROLS[prefix]
    if prefix in _SECOND:
        return _SECOND[prefix]
    return " ".join([_LETTERS.get(prefix[0], prefix[:1].hex()), *prefix[1:].decode("ascii", "backslashreplace")])


class Parser:
    """Cuts a stream into commands. Accepts any chunking; any bytes give commands and never an exception."""

    def __init__(self, model: PrinterModel) -> None:
        self._known = commands_of(model)
        self._prefixes = {prefix[:end] for prefix in self._known for end in range(1, len(prefix))}
        self._unread = bytearray()
        self._at = 0
        self._raw = bytearray()
        self._done: deque[Command] = deque()
        self._start()

    def receive(self, data: bytes) -> None:
        """Take more of the stream."""
        self._unread += data
        taken = 0
        while len(self._unread) - taken >= self._want:
            if not self._raw and (run := _PRINTABLE.match(self._unread, taken)):
                taken = run.end()
                self._done.append(Command(TEXT, run[0], b"", self._at))
                self._at += len(run[0])
                continue
            piece = bytes(self._unread[taken : taken + self._want])
            taken += self._want
            self._raw += piece
            self._advance(piece)
        del self._unread[:taken]

    def next_command(self) -> Command | None:
        """Return the next whole command, or None: need more data."""
        return self._done.popleft() if self._done else None

    def _start(self) -> None:
        self._at += len(self._raw)
        self._raw.clear()
        self._work = self._one()
        self._want = next(self._work)

    def _advance(self, piece: bytes) -> None:
        try:
            self._want = self._work.send(piece)
        except StopIteration as end:
            name, prefix_size = end.value
            self._finish(name, prefix_size)
        except NotACommand:
            self._finish(UNKNOWN, 0)

    def _finish(self, name: str, prefix_size: int) -> None:
        raw = bytes(self._raw)
        self._done.append(Command(name, raw, raw[prefix_size:], self._at))
        self._start()

    def _one(self) -> Generator[int, bytes, tuple[str, int]]:
        prefix = yield 1
        while prefix not in self._known and prefix in self._prefixes:
            prefix += yield 1
        rule = self._known.get(prefix)
        if rule is None:
            return UNKNOWN, 0
        if isinstance(rule, int):
            if rule:
                yield rule
        else:
            yield from rule()
        return name_of(prefix), len(prefix)
