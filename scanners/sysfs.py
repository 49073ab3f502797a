"""What Linux says of its device nodes: hidraw, input and video, with USB ids. Reads /sys and /dev only, opens nothing.

On a system without /sys every list is empty. Source: Linux Documentation/ABI (sysfs-class-hidraw, sysfs-class-input),
`HID_ID=BUS:VENDOR:PRODUCT` of the hid core's uevent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HID_ID: Final = re.compile(r"[0-9A-Fa-f]+:([0-9A-Fa-f]{8}):([0-9A-Fa-f]{8})")
_FILE_BYTES_MAX: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Node:
    """One device node. Text fields are empty and ids None where the system does not tell."""

    device: str  # "/dev/hidraw0".
    vid: int | None = None
    pid: int | None = None
    serial_number: str = ""
    name: str = ""  # Product as the device calls itself.
    place: str = ""  # Physical path, "usb-0000:00:14.0-2/input0": where it is plugged in.
    keys: frozenset[int] = frozenset()  # Of an input device: the key codes it can send.
    report: bytes = b""  # Of a hidraw device: its HID report descriptor.


def hidraw_nodes(root: Path) -> list[Node]:
    return [_hidraw(root, entry) for entry in _entries(root / "sys/class/hidraw", "hidraw")]


def input_nodes(root: Path) -> list[Node]:
    return [_input(root, entry) for entry in _entries(root / "sys/class/input", "event")]


def video_nodes(root: Path) -> list[Node]:
    """Video devices; a camera often shows two nodes, of which the first gives pictures."""
    return [
        Node(str(root / "dev" / entry.name), name=_text(entry / "name"))
        for entry in _entries(root / "sys/class/video4linux", "video")
    ]


def _entries(folder: Path, prefix: str) -> Iterator[Path]:
    numbered = re.compile(re.escape(prefix) + "([0-9]+)")
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:  # No such class here, or not Linux.
        return
    found = [(int(match[1]), name) for name in names if (match := numbered.fullmatch(name))]
    yield from (folder / name for _, name in sorted(found))


def _hidraw(root: Path, entry: Path) -> Node:
    facts = dict(line.split("=", 1) for line in _text(entry / "device/uevent").splitlines() if "=" in line)
    ids = _HID_ID.fullmatch(facts.get("HID_ID", ""))
    return Node(
        str(root / "dev" / entry.name),
        int(ids[1], 16) if ids else None,
        int(ids[2], 16) if ids else None,
        facts.get("HID_UNIQ", ""),
        facts.get("HID_NAME", ""),
        facts.get("HID_PHYS", ""),
        report=_bytes(entry / "device/report_descriptor"),
    )


def _input(root: Path, entry: Path) -> Node:
    return Node(
        str(root / "dev/input" / entry.name),
        _number(entry / "device/id/vendor"),
        _number(entry / "device/id/product"),
        _text(entry / "device/uniq"),
        _text(entry / "device/name"),
        _text(entry / "device/phys"),
        keys=_keys(_text(entry / "device/capabilities/key")),
    )


def _keys(words: str) -> frozenset[int]:
    """Read the kernel's bitmap: hexadecimal words of a long, most significant first.

    >>> sorted(_keys("10000002"))
    [1, 28]
    """
    bits = 0
    for word in words.split():
        if not re.fullmatch("[0-9a-fA-F]{1,16}", word):
            return frozenset()
        bits = bits << 64 | int(word, 16)
    return frozenset(place for place in range(bits.bit_length()) if bits >> place & 1)


def _number(file: Path) -> int | None:
    text = _text(file)
    return int(text, 16) if re.fullmatch("[0-9a-fA-F]{1,8}", text) else None


def _text(file: Path) -> str:
    return _bytes(file).decode("utf-8", "replace").strip()


def _bytes(file: Path) -> bytes:
    """A device that is unplugged while we look has no files any more."""
    try:
        with file.open("rb") as opened:
            return opened.read(_FILE_BYTES_MAX)
    except OSError:
        return b""
