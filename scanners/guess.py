"""What a device probably is, by its USB numbers and what it says of itself. For people; no driver decides by it. Pure.

Sources of the numbers: `scanners/data/devices.toml`, each row names its own. Terminal ids 130 and 131: Honeywell's
scanner manuals.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from scanners import data, hid_usage
from scanners.sysfs import BLUETOOTH, USB, Node, SerialNode

UsbId = tuple[int, int]


class Role(StrEnum):
    SCANNER = "scanner"
    ADAPTER = "adapter"  # A converter: what is behind it cannot be seen.
    CAMERA = "camera"
    MODEM = "modem"
    REGISTER = "register"
    PRINTER = "printer"
    UNKNOWN = "unknown"
    PART = "part"  # A further interface of a device that is listed under another node, or no device of a till.


class Confidence(StrEnum):
    SURE = "sure"
    LIKELY = "likely"
    PERHAPS = "perhaps"


@dataclass(frozen=True, slots=True)
class Guess:
    what: str
    role: Role
    confidence: Confidence
    why: str
    scheme: str = ""  # Driver that reads it; empty: none does.
    advice: str = ""  # What a person should do, where something should be done.


@dataclass(frozen=True, slots=True)
class Known:
    """What the table says of one USB device."""

    maker: str
    role: Role
    mode: str  # "serial", "keyboard", "hidpos", "other"; empty: the number does not tell.
    name: str
    advice: str
    exact: bool  # The product is listed, not only its maker.


_COM_PORT: Final = "scan the label for USB-COM (virtual serial port, CDC) in its manual"
_LIKE_A_SCANNER: Final = re.compile(r"bar\s?-?code|scanner|symbol tech|imager|2d ?reader|\bqr\b", re.IGNORECASE)
_NO_SCANNER: Final[dict[Role, tuple[str, str]]] = {
    Role.MODEM: ("GSM modem, no scanner", "leave it out of the configuration"),
    Role.REGISTER: ("fiscal register?, no scanner", "leave it to [register] of the configuration"),
    Role.PRINTER: ("receipt printer, no scanner", "leave it to [printer] of the configuration"),
}
_KEYBOARD_KEYS: Final = frozenset({*range(2, 12), *range(16, 26), 28})  # 1 to 0, Q to P, Enter: linux/input.h.


@cache
def _tables() -> tuple[Mapping[int, Mapping[str, object]], Mapping[UsbId, Mapping[str, object]]]:
    rows = tomllib.loads(data.read("devices.toml"))
    vendors = {int(row["id"], 16): row for row in rows["vendor"]}
    products = {(int(row["id"][:4], 16), int(row["id"][5:], 16)): row for row in rows["product"]}
    return vendors, products


def known(vid: int | None, pid: int | None) -> Known | None:
    """Look a device up; None: neither it nor its maker is in the table."""
    if vid is None or pid is None:
        return None
    vendors, products = _tables()
    vendor, product = vendors.get(vid, {}), products.get((vid, pid), {})
    if not vendor and not product:
        return None
    modes = vendor.get("last_digits", {})
    mode = product.get("mode") or (modes.get(f"{pid & 0xFF:02x}", "") if isinstance(modes, dict) else "")
    return Known(
        str(product.get("maker") or vendor.get("name", "")),
        Role(str(product.get("role") or vendor["role"])),
        str(mode),
        str(product.get("name", "")),
        str(vendor.get("advice", _COM_PORT)),
        bool(product) or bool(mode),
    )


def serial_port(port: SerialNode) -> Guess:
    row = known(port.vid, port.pid)
    if port.bluetooth or "rfcomm" in port.device:
        return Guess(
            "Bluetooth serial port", Role.ADAPTER, Confidence.PERHAPS, "a Bluetooth serial link (SPP)", "serial",
            "take it if a scanner was paired over it",
        )  # fmt: skip
    if port.vid is None:
        return Guess(
            "RS-232 port of this machine", Role.ADAPTER, Confidence.PERHAPS, "no USB device: nothing is known of it",
            "serial", "take it if the scanner's cable ends there",
        )  # fmt: skip
    why = _why(row, port.product)
    if row is not None and row.role in _NO_SCANNER:
        what, advice = _NO_SCANNER[row.role]
        return Guess(f"{row.maker} {what}", row.role, Confidence.LIKELY, why, "", advice)
    if row is not None and row.role is Role.SCANNER:
        confidence = Confidence.SURE if row.exact and row.mode == "serial" else Confidence.LIKELY
        return Guess(_named(row, "serial mode" + _cdc(port)), Role.SCANNER, confidence, why, "serial")
    if _LIKE_A_SCANNER.search(f"{port.product} {port.manufacturer}"):
        return Guess("scanner, serial mode" + _cdc(port), Role.SCANNER, Confidence.LIKELY, why, "serial")
    maker = row.maker if row is not None else ""
    what = f"{maker} USB-serial adapter or device".strip()
    return Guess(
        what, Role.ADAPTER, Confidence.PERHAPS, why, "serial",
        "a scanner, scales or a register may be behind it: look at the cable, or watch it and scan",
    )  # fmt: skip


def hidraw(node: Node) -> Guess:
    """A device of any kind behind hidraw; its descriptor tells more than its number."""
    row = known(node.vid, node.pid)
    uses = hid_usage.applications(node.report)
    scanner = row is not None and row.role is Role.SCANNER
    maker = row.maker if row is not None and scanner else ""
    if hid_usage.HID_POS in uses:
        what = _named(row, "HID POS") if row is not None and scanner else "scanner, HID POS"
        return Guess(what, Role.SCANNER, Confidence.SURE, "it says so itself (HID usage 8C:02)", "hidpos")
    if hid_usage.KEYBOARD in uses or hid_usage.KEYPAD in uses:
        return Guess("keyboard", Role.PART, Confidence.SURE, "listed with its keys under /dev/input")
    if row is not None and scanner and row.mode == "other":
        return Guess(
            _named(row, f"{row.name or 'a mode'} that no driver reads"), Role.SCANNER, Confidence.SURE,
            _why(row, node.name), "", f"switch it to serial: {row.advice}",
        )  # fmt: skip
    if scanner:
        return Guess(f"{maker} scanner, service channel", Role.PART, Confidence.LIKELY, "no codes come here")
    return Guess("HID device, no scanner", Role.PART, Confidence.LIKELY, "it is neither HID POS nor a keyboard")


def keyboard(node: Node) -> Guess | None:
    """None: it has not the keys of a keyboard (a mouse, a power button)."""
    if not node.keys >= _KEYBOARD_KEYS:
        return None
    row = known(node.vid, node.pid)
    why = _why(row, node.name)
    switch = "better switch it to serial"
    if row is not None and row.role is Role.SCANNER:
        confidence = Confidence.SURE if row.mode == "keyboard" else Confidence.LIKELY
        return Guess(
            _named(row, "keyboard mode"), Role.SCANNER, confidence, why, "evdev", f"{switch}: {row.advice}"
        )  # fmt: skip
    if _LIKE_A_SCANNER.search(node.name):
        return Guess(
            "scanner, keyboard mode", Role.SCANNER, Confidence.LIKELY, why, "evdev", f"{switch}: {_COM_PORT}"
        )  # fmt: skip
    cable = {USB: "USB keyboard", BLUETOOTH: "Bluetooth keyboard"}.get(node.bus, "keyboard of this machine")
    return Guess(
        f"{cable}, or a scanner in keyboard mode", Role.UNKNOWN, Confidence.PERHAPS, why, "evdev",
        "take it only if a scan types here: the agent would keep the cashier's own keyboard to itself",
    )  # fmt: skip


def video(node: Node) -> Guess:
    if node.index:
        return Guess("camera, second node", Role.PART, Confidence.SURE, "it gives no pictures")
    if node.vid is None:
        return Guess("video device of the board", Role.CAMERA, Confidence.PERHAPS, "no USB device", "camera")
    return Guess("camera", Role.CAMERA, Confidence.LIKELY, f'it calls itself "{node.name}"', "camera")


def _named(row: Known, mode: str) -> str:
    model = f" {row.name}" if row.name and row.mode != "other" and row.name not in ("CDC",) else ""
    return f"{row.maker}{model} scanner, {mode}"


def _cdc(port: SerialNode) -> str:
    return " (CDC)" if port.driver == "cdc_acm" or "ttyACM" in port.device else ""


def _why(row: Known | None, product: str) -> str:
    said = f', it calls itself "{product}"' if product else ""
    if row is None:
        return f"its USB number is not in our table{said}"
    return ("this USB product is in our table" if row.exact else "its USB vendor is in our table") + said
