"""Every device a scanner may be: what it is, whether it is free, and the address to put into the configuration.

Nothing is opened and no line is toggled: ids come from /sys (on Windows from the system's list of serial ports, which
knows neither HID devices nor cameras), who holds a port from /proc. Only `probe` opens, and only when asked to.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import quote

from scanners import guess, sysfs
from scanners.guess import Confidence, Guess, Role
from scanners.occupancy import AGENT, MODEM_MANAGER, Holder, Occupancy, State, group_of, may_open, occupancy
from scanners.ports import Discovery, LineSettings, PortUnavailable, SerialOpener, discover
from scanners.scan import Health

_BLUETOOTH_WINDOWS: Final = "BTHENUM"  # How Windows names a serial port over Bluetooth.
_DESKTOP: Final = frozenset(  # Programs that read every keyboard and leave it to others as well.
    {"systemd-logind", "Xorg", "Xwayland", "gnome-shell", "kwin_wayland", "mutter-x11-fram", "weston", "sway", "cage",
     "labwc", "wayfire", "acpid", "upowerd", "thermald"}
)  # fmt: skip
_STOP_AGENT: Final = "as it should be; to watch it yourself, stop the agent (sudo systemctl stop pos-agent)"
_IGNORE_MODEM: Final = 'tell udev to keep it away: ENV{ID_MM_DEVICE_IGNORE}="1" (docs/scanners.md)'
_ROLES: Final = (
    Role.SCANNER,
    Role.ADAPTER,
    Role.CAMERA,
    Role.UNKNOWN,
    Role.REGISTER,
    Role.PRINTER,
    Role.MODEM,
    Role.PART,
)
_CONFIDENCE: Final = tuple(Confidence)
_STATES: Final = {Health.BUSY: State.HELD, Health.DENIED: State.DENIED, Health.ONLINE: State.FREE}


class Kind(StrEnum):
    SERIAL = "serial"
    HIDRAW = "hidraw"
    KEYBOARD = "keyboard"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Device:
    kind: Kind
    port: str  # Name the system gives it today: "/dev/ttyACM0", "COM5".
    vid: int | None
    pid: int | None
    serial_number: str
    product: str
    guess: Guess
    url: str  # For the configuration; empty: no driver reads it.
    state: State = State.UNKNOWN
    remedy: str = ""  # Why it is not free, and what to do.
    maker: str = ""  # As the device calls itself, as `product` is.
    release: str = ""  # Version a USB device gives of itself, "3.05".

    @property
    def model(self) -> str:
        """Maker and product as the device gives them, the maker once; empty where it gives neither."""
        named = self.product.casefold().startswith(self.maker.casefold())
        return self.product if named else f"{self.maker} {self.product}".strip()

    @property
    def usb_id(self) -> str:
        return f"{self.vid:04x}:{self.pid:04x}" if self.vid is not None and self.pid is not None else ""


@dataclass(frozen=True, slots=True)
class Inventory:
    devices: tuple[Device, ...]
    complete: bool  # False: other users' programs may hold devices that look free.
    modem_manager: bool  # It runs, and writes into new ttyACM ports.
    serial_only: bool  # The system tells of serial ports alone.


def inventory(root: Path = Path("/"), discovery: Discovery = discover) -> Inventory:
    """List the devices of this machine, scanners first; `discovery` serves where there is no /sys."""
    linux = (root / "sys/class/tty").is_dir()
    ports = sysfs.serial_nodes(root) if linux else [_from_list(port) for port in discovery()]
    found = [*_serial(ports), *_hid(sysfs.hidraw_nodes(root)), *_keyboards(sysfs.input_nodes(root))]
    found += _video(sysfs.video_nodes(root))
    seen = occupancy(root, [device.port for device in found])
    if linux:
        found = [_with_state(root, device, seen) for device in found]
    found.sort(key=lambda device: (_ROLES.index(device.guess.role), _CONFIDENCE.index(device.guess.confidence)))
    return Inventory(tuple(found), seen.complete, seen.modem_manager, not linux)


def probe(device: Device) -> Device:
    """Open `device` for a moment to tell whether it is free. Not one that is held already or that is no scanner."""
    if device.state in (State.HELD, State.DENIED) or not device.url:
        return device
    if device.kind is not Kind.SERIAL:
        return _opened(device)
    try:
        SerialOpener(device.port, LineSettings(), list)().close()
    except PortUnavailable as unavailable:
        return replace(device, state=_STATES.get(unavailable.health, State.UNKNOWN), remedy=unavailable.text)
    return replace(device, state=State.FREE, remedy="")


def _opened(device: Device) -> Device:
    try:
        os.close(os.open(device.port, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)))
    except PermissionError:
        return replace(device, state=State.DENIED, remedy=f"no permission for {device.port}")
    except OSError as error:
        return replace(device, state=State.UNKNOWN, remedy=f"{device.port}: {error.strerror}")
    return replace(device, state=State.FREE, remedy="")


def _from_list(port: object) -> sysfs.SerialNode:
    """A port as pyserial lists it."""
    hardware = str(getattr(port, "hwid", "") or "")
    return sysfs.SerialNode(
        str(getattr(port, "device", "")),
        getattr(port, "vid", None),
        getattr(port, "pid", None),
        getattr(port, "serial_number", None) or None,
        getattr(port, "location", None),
        str(getattr(port, "product", None) or getattr(port, "description", None) or ""),
        str(getattr(port, "manufacturer", None) or ""),
        bluetooth="yes" if hardware.startswith(_BLUETOOTH_WINDOWS) else "",
    )


def _serial(ports: list[sysfs.SerialNode]) -> Iterable[Device]:
    for port in ports:
        found = guess.serial_port(port)
        url = _serial_url(port, ports) if found.scheme else ""
        number = port.serial_number or port.bluetooth.removeprefix("yes")
        yield Device(
            Kind.SERIAL, port.device, port.vid, port.pid, number, port.product, found, url,
            maker=port.manufacturer, release=port.release,
        )  # fmt: skip


def _serial_url(port: sysfs.SerialNode, ports: list[sysfs.SerialNode]) -> str:
    """The shortest address that means this port and no other, whatever it is called tomorrow."""
    if port.vid is None or port.pid is None:
        return f"serial://{port.device}"
    by_number = {"serial": port.serial_number} if port.serial_number else {}
    by_place = {"location": port.location} if port.location else {}
    for options in (by_number, by_place, by_number | by_place):
        identity = (port.vid, port.pid, options.get("serial"), options.get("location"))
        fitting = [other for other in ports if _fits(identity, other)]
        if len(fitting) == 1:
            return f"serial://{_usb(port.vid, port.pid, options)}"
    return f"serial://{port.device}"


def _fits(identity: tuple[int, int, str | None, str | None], port: sysfs.SerialNode) -> bool:
    """The rule of `scanners.ports.UsbIdentity.matches`."""
    vid, pid, number, place = identity
    return (
        (vid, pid) == (port.vid, port.pid) and number in (None, port.serial_number) and place in (None, port.location)
    )


def _hid(nodes: list[sysfs.Node]) -> Iterable[Device]:
    for node in nodes:
        found = guess.hidraw(node)
        url = _node_url(found.scheme, node, nodes)
        yield _device(Kind.HIDRAW, node, found, url)


def _keyboards(nodes: list[sysfs.Node]) -> Iterable[Device]:
    typing = [(node, found) for node in nodes if (found := guess.keyboard(node)) is not None]
    for node, found in typing:
        url = _node_url(found.scheme, node, [other for other, _ in typing])
        yield _device(Kind.KEYBOARD, node, found, url)


def _video(nodes: list[sysfs.Node]) -> Iterable[Device]:
    for node in nodes:
        found = guess.video(node)
        url = f"camera:{node.device.rpartition('video')[2]}" if found.scheme else ""
        yield _device(Kind.VIDEO, node, found, url)


def _device(kind: Kind, node: sysfs.Node, found: Guess, url: str) -> Device:
    return Device(
        kind, node.device, node.vid, node.pid, node.serial_number, node.name, found, url,
        maker=node.maker, release=node.release,
    )  # fmt: skip


def _node_url(scheme: str, node: sysfs.Node, nodes: list[sysfs.Node]) -> str:
    """By identity; by the node's name only where two devices have the same."""
    if not scheme:
        return ""
    same = [other for other in nodes if (other.vid, other.pid) == (node.vid, node.pid)]
    if node.vid is None or node.pid is None or node.bus not in (sysfs.USB, sysfs.BLUETOOTH):
        return f"{scheme}://{node.device}"
    number = node.serial_number
    if number and sum(other.serial_number == number for other in same) == 1:
        return f"{scheme}://{_usb(node.vid, node.pid, {'serial': number})}"
    return f"{scheme}://{_usb(node.vid, node.pid, {})}" if len(same) == 1 else f"{scheme}://{node.device}"


def _usb(vid: int, pid: int, options: dict[str, str]) -> str:
    given = [f"{name}={quote(value, safe=':.-')}" for name, value in options.items()]
    return f"usb/{vid:04x}:{pid:04x}" + ("?" + "&".join(given) if given else "")


def _with_state(root: Path, device: Device, seen: Occupancy) -> Device:
    holders = seen.holders.get(device.port, ())
    if device.kind is Kind.KEYBOARD:
        holders = tuple(holder for holder in holders if holder.name not in _DESKTOP)
    if holders:
        return replace(device, state=State.HELD, remedy=_held(holders))
    if not may_open(device.port, write=device.kind is Kind.SERIAL):
        return replace(device, state=State.DENIED, remedy=_denied(root, device))
    return replace(device, state=State.FREE)


def _held(holders: tuple[Holder, ...]) -> str:
    who = f"held by {', '.join(map(str, holders))}"
    names = {holder.name for holder in holders}
    if AGENT in names:
        return f"{who}: {_STOP_AGENT}"
    return f"{who}: {_IGNORE_MODEM if MODEM_MANAGER in names else 'end it there, one reader a scanner'}"


def _denied(root: Path, device: Device) -> str:
    group = group_of(root, device.port)
    if group:
        return f"add the agent's user to the group {group}: sudo usermod -aG {group} USER, then log in again"
    return "nobody but root may open it: a udev rule is needed (docs/scanners.md), or try with sudo"


def likely(device: Device) -> bool:
    """Worth a line without --all."""
    return device.guess.role is not Role.PART
