"""A printer behind a device node such as /dev/usb/lp0: bounded writes, and answers where the driver lets them through.

Opened for writing alone, as `File` of python-escpos does, such a node never answers, and a write to a printer without
paper waits for ever. POSIX only; elsewhere a node is a one-way file.
"""

from __future__ import annotations

import os
import select
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .links import ANSWER_BYTES_MAX, FileAddress, Link, LinkFailed, failure
from .usb import NODES, SYSTEM_CLASS, UsbId, UsbNotOne, printer_node

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class UsbAddress:
    """A printer-class USB device by its numbers, wherever it is plugged in. Linux."""

    usb: UsbId
    timeout_s: float = TIMEOUT_S
    system_class: Path = SYSTEM_CLASS
    nodes: Path = NODES

    def open(self) -> Link:
        try:
            node = printer_node(self.usb, self.system_class, self.nodes)
        except UsbNotOne as error:
            raise LinkFailed("not_found", str(error)) from error
        return DeviceLink(node, self.timeout_s)


@dataclass(frozen=True, slots=True)
class PathAddress:
    """A file, or a device node, whatever is there when the job is printed."""

    path: Path

    def open(self) -> Link:
        is_node = os.name == "posix" and self.path.is_char_device()
        return DeviceLink(self.path) if is_node else FileAddress(self.path).open()


class DeviceLink:
    paperless = False

    def __init__(self, path: Path, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self.one_way = False
        try:
            self._file = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise failure(error, str(path)) from error

    def write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            if not select.select([], [self._file], [], self._timeout_s)[1]:
                raise LinkFailed("stalled", f"{len(left)} bytes were not taken by the printer")
            try:
                left = left[os.write(self._file, left) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise LinkFailed("closed", str(error)) from error

    def settle(self) -> None:
        """The node takes no byte before it has room for it."""

    def read(self, timeout_s: float) -> bytes:
        """What came within the time; b"" after silence, or from a node that has no way back."""
        if self.one_way:
            return b""
        try:
            if not select.select([self._file], [], [], timeout_s)[0]:
                return b""
            data = os.read(self._file, ANSWER_BYTES_MAX)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise LinkFailed("closed", str(error)) from error
        if not data:  # The end of a node that cannot answer: asking again would only spin.
            self.one_way = True
        return data

    def close(self) -> None:
        with suppress(OSError):  # A device that is gone; what went wrong was told by the write.
            os.close(self._file)
