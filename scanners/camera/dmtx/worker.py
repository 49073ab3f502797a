"""The process in which libdmtx works: `python -m scanners.camera.dmtx.worker`, spoken to over its standard streams.

libdmtx aborts on some pictures, writes outside its memory on others and can take seconds beyond its time limit, so it
never runs in the agent itself. The process ends when its standard input does, and by itself when one picture takes far
too long.

FNC1: libdmtx drops it unless told which character stands for it, and in C40 and Text it then misreads the characters
after it. So it is told GS. Whether a GS in front is an FNC1 is looked up in the corrected codewords. ECI designators
come out as stray characters, hence symbols with one are left to the other reader.

Sources: libdmtx 0.7.7 `dmtxdecodescheme.c`, `dmtxdecode.c`, `dmtximage.c` (y runs upwards), `dmtx.h` (DmtxPropFnc1);
ISO/IEC 16022:2006, table 2 (codewords 232, 241, latches).
"""

from __future__ import annotations

import ctypes
import faulthandler
import importlib
import os
import signal
import sys
import types
from typing import IO, Any, Final

from scanners.camera.dmtx.frames import (
    Answer,
    FrameBroken,
    Request,
    pack_answers,
    receive,
    send,
    unpack_request,
)

GS: Final = 0x1D
_FNC1: Final = 232
_ECI: Final = 241
_LATCHES: Final = frozenset({230, 231, 238, 239, 240})  # From ASCII to another encodation.
_FNC1_SINCE: Final = (0, 7, 5)  # Older libraries do not know the property.
_ANY_CORRECTIONS: Final = -1
_MATRIX_POINTS: Final = ((0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0))  # Upper left, clockwise; y runs upwards.
_OVERTIME_S: Final = 2.0  # The parent has long given up by then.


class LibraryMissing(Exception):
    """libdmtx cannot be used here: why, and what a person can do."""


class _Version:
    """What pylibdmtx needs of `distutils.version.LooseVersion`, which Python 3.12 no longer has."""

    def __init__(self, text: str) -> None:
        self.numbers = numbers_of(text)

    def __lt__(self, other: _Version) -> bool:
        return self.numbers < other.numbers


def numbers_of(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def load() -> Any:
    """Import pylibdmtx's low-level module. LibraryMissing tells why not."""
    versions = types.ModuleType("distutils.version")
    versions.LooseVersion = _Version  # type: ignore[attr-defined]
    sys.modules["distutils"] = types.ModuleType("distutils")
    sys.modules["distutils.version"] = versions
    try:
        library = importlib.import_module("pylibdmtx.wrapper")
    except ModuleNotFoundError as error:
        raise LibraryMissing(f"{error.name} is not installed: pip install 'pos-agent[camera]'") from error
    except (ImportError, OSError, AttributeError) as error:  # AttributeError: a library without the functions.
        raise LibraryMissing(f"{error}: install the system's libdmtx (Debian: apt install libdmtx0b)") from error
    version = str(library.dmtxVersion())
    if numbers_of(version) < _FNC1_SINCE:
        raise LibraryMissing(f"libdmtx {version} loses FNC1: 0.7.5 or later is needed")
    return library


def read(library: Any, request: Request) -> list[Answer]:
    """Read one picture; an empty list for one libdmtx cannot hold."""
    pixels = (ctypes.c_ubyte * len(request.pixels)).from_buffer_copy(request.pixels)
    until = library.dmtxTimeAdd(library.dmtxTimeNow(), request.timeout_ms)
    image = library.dmtxImageCreate(pixels, request.width, request.height, library.DmtxPackOrder.DmtxPack8bppK)
    if not image:
        return []
    decoder = library.dmtxDecodeCreate(image, 1)
    answers: list[Answer] = []
    try:
        if decoder:
            library.dmtxDecodeSetProp(decoder, library.DmtxProperty.DmtxPropFnc1, GS)
            while len(answers) < request.max_count:
                region = library.dmtxRegionFindNext(decoder, ctypes.byref(until))
                if not region:
                    break
                answers += _decoded(library, decoder, region, request.height)
                library.dmtxRegionDestroy(ctypes.byref(region))
    finally:
        if decoder:
            library.dmtxDecodeDestroy(ctypes.byref(decoder))
        library.dmtxImageDestroy(ctypes.byref(image))
    return answers


def _decoded(library: Any, decoder: Any, region: Any, height: int) -> list[Answer]:
    message = library.dmtxDecodeMatrixRegion(decoder, region, _ANY_CORRECTIONS)
    if not message:
        return []
    told = message.contents
    # By its length: the data may hold NUL.
    data = ctypes.string_at(told.output, max(0, min(told.outputIdx, told.outputSize)))
    symbology = symbology_of(ctypes.string_at(told.code, told.codeSize))
    library.dmtxMessageDestroy(ctypes.byref(message))
    if symbology == "]d2":
        data = data.removeprefix(bytes([GS]))
    if not data or symbology is None:
        return []
    corners: list[float] = []
    for x, y in _MATRIX_POINTS:
        point = library.DmtxVector2(x, y)
        library.dmtxMatrix3VMultiplyBy(point, region.contents.fit2raw)
        corners += (point.X, height - 1 - point.Y)
    return [Answer(data, symbology, tuple(corners))]


def symbology_of(codewords: bytes) -> str | None:
    """AIM identifier of corrected codewords; None for what libdmtx does not decode truly.

    >>> symbology_of(bytes([232, 131, 134])), symbology_of(bytes([131, 134])), symbology_of(bytes([241, 27, 131]))
    (']d2', ']d1', None)
    """
    for codeword in codewords:
        if codeword in _LATCHES:
            break
        if codeword == _ECI:
            return None
    if codewords[:1] == bytes([_FNC1]):
        return "]d2"
    # FNC1 in second position means another standard's data (AIM), which is not sent as GS.
    return None if codewords[1:2] == bytes([_FNC1]) else "]d1"


def serve(requests: IO[bytes], answers: IO[bytes]) -> int:
    try:
        library = load()
    except LibraryMissing as missing:
        send(answers, b"\0" + str(missing).encode())
        return 1
    send(answers, b"\1" + f"libdmtx {library.dmtxVersion()}".encode())
    while (body := receive(requests)) is not None:
        request = unpack_request(body)
        # A C thread ends the process where the library hangs and the parent is no longer there to do it.
        faulthandler.dump_traceback_later(request.timeout_ms / 1000 + _OVERTIME_S, exit=True)
        found = read(library, request)
        faulthandler.cancel_dump_traceback_later()
        send(answers, pack_answers(found))
    return 0


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole group; the parent ends us by closing.
    # Nothing a library prints may come between the messages.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with answers:
        try:
            return serve(sys.stdin.buffer, answers)
        except (BrokenPipeError, FrameBroken):  # The parent is gone.
            return 1


if __name__ == "__main__":
    sys.exit(main())
