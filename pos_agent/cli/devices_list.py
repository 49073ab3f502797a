"""How `devices list` shows what it found: lines of text with a style each, or plain data. Pure.

The address stands on a line of its own, never folded: it is there to be copied.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from pos_agent.cli.devices_lines import Line, folded
from scanners.devices import Device, Inventory, likely
from scanners.guess import Confidence
from scanners.occupancy import State

_STYLES: Final[Mapping[State, str]] = {State.FREE: "green", State.HELD: "yellow", State.DENIED: "red"}
_COLUMNS: Final = ("PORT", "USB ID", "STATE", "WHAT IT IS")
_GAP: Final = "  "
_INDENT: Final = "    "
_WORDS: Final[Mapping[Confidence, str]] = {
    Confidence.SURE: "",
    Confidence.LIKELY: "likely: ",
    Confidence.PERHAPS: "perhaps: ",
}


def listing(found: Inventory, *, everything: bool, schemes: Collection[str], width: int) -> Iterator[Line]:
    """Lines for a person. `width` 0: nothing is folded. `schemes`: drivers this version has."""
    shown = [device for device in found.devices if everything or likely(device)]
    widths = [max(map(len, column)) for column in zip(_COLUMNS[:3], *map(_cells, shown), strict=True)]
    if shown:
        yield _row(_COLUMNS[:3], widths) + _COLUMNS[3], "bold"
    for device in shown:
        what = _WORDS[device.guess.confidence] + device.guess.what
        yield (_row(_cells(device), widths) + what).rstrip(), _STYLES.get(device.state, "")
        yield from _details(device, schemes, width)
    yield from folded(_footer(found, len(found.devices) - len(shown)), width, "")


def description(device: Device) -> dict[str, object]:
    """One device as plain data."""
    return {
        "kind": device.kind.value,
        "port": device.port,
        "usb_id": device.usb_id or None,
        "serial_number": device.serial_number or None,
        "product": device.product or None,
        "maker": device.maker or None,
        "release": device.release or None,
        "guess": device.guess.what,
        "role": device.guess.role.value,
        "confidence": device.guess.confidence.value,
        "why": device.guess.why,
        "advice": device.guess.advice or None,
        "state": device.state.value,
        "remedy": device.remedy or None,
        "url": device.url or None,
    }


def _cells(device: Device) -> tuple[str, str, str]:
    return device.port, device.usb_id or "-", device.state.value


def _row(cells: Iterable[str], widths: Iterable[int]) -> str:
    return "".join(cell.ljust(size) + _GAP for cell, size in zip(cells, widths, strict=True))


def _details(device: Device, schemes: Collection[str], width: int) -> Iterator[Line]:
    if device.url:
        yield f'{_INDENT}url = "{device.url}"', "cyan"
        scheme = device.url.partition(":")[0]
        if scheme not in schemes:
            yield from folded([f"this version has no driver for {scheme} addresses"], width, _INDENT, "red")
    said = {"serial number": device.serial_number, "version": device.release}
    facts = [f"{name} {value}" for name, value in said.items() if value]
    yield from folded(["; ".join([*facts, device.guess.why])], width, _INDENT, "dim")
    yield from folded([text for text in (device.remedy, device.guess.advice) if text], width, _INDENT + "! ")


def _footer(found: Inventory, hidden: int) -> Iterator[str]:
    yield ""
    if not found.devices:
        yield "No serial port, scanner, keyboard or camera found."
    if hidden:
        yield f"{hidden} more {'node' if hidden == 1 else 'nodes'} that no scanner is read through: --all."
    if found.serial_only:
        yield (
            "This system tells of serial ports only: scanners in HID POS or keyboard mode and cameras are not listed, "
            "and whether a port is free shows with --probe."
        )
    elif not found.complete:
        yield (
            "Programs of other users are not all visible: a device shown as free may be held. "
            "Run with sudo, or with --probe."
        )
    if found.modem_manager:
        yield 'ModemManager runs and writes into new ttyACM ports: ENV{ID_MM_DEVICE_IGNORE}="1" (docs/scanners.md).'
