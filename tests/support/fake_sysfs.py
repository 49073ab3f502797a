"""What /sys, /dev, /proc and /etc tell of devices, as a folder: formats as a Linux 6 kernel writes them."""

from __future__ import annotations

from pathlib import Path

# Datalogic Gryphon GD4400 in keyboard mode; github felis/USB_Host_Shield_2.0, issue 669.
KEYBOARD_REPORT = bytes.fromhex(
    "05 01 09 06 A1 01 05 07 19 E0 29 E7 15 00 25 01 75 01 95 08 81 02 95 01 75 08 81 01 95 05 75 01"
    "05 08 19 01 29 05 91 02 95 01 75 03 91 01 95 06 75 08 15 00 26 FF 00 05 07 19 00 2A FF 00 81 00 C0"
)
# Bar code scanner, report 2 with 56 data bytes; USB HID Point of Sale Usage Tables 1.02 in Honeywell's layout.
HID_POS_REPORT = bytes.fromhex(
    "05 8C 09 02 A1 01 85 02 09 12 A1 02 15 00 26 FF 00 75 08 95 01 05 01 09 3B 81 02 95 03 05 8C 09 FB 09 FC 09 FD"
    "81 02 95 38 09 FE 82 02 01 25 01 75 01 95 01 09 FF 81 02 75 07 81 03 C0 C0"
)
VENDOR_REPORT = bytes.fromhex("06 8C FF 09 01 A1 01 85 FD 15 00 26 FF 00 75 08 95 3F 09 01 81 02 C0")
KEYBOARD_KEYS = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"  # lsinput of an ordinary keyboard.
MOUSE_KEYS = "1f0000 0 0 0 0"


class FakeMachine:
    """`root` looks like a machine; every method plugs one device in and returns its node's path."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("sys/class/tty", "dev/input", "etc", "proc"):
            (root / folder).mkdir(parents=True)
        self._devices = root / "sys/devices/pci0000:00/0000:00:14.0/usb1"

    def usb(
        self,
        place: str,
        ids: str,
        serial: str = "",
        product: str = "",
        interfaces: int = 1,
        maker: str = "",
        release: str = "",
    ) -> Path:
        folder = self._devices / place
        folder.mkdir(parents=True)
        vid, pid = ids.split(":")
        facts = {"idVendor": vid, "idProduct": pid, "bNumInterfaces": f" {interfaces}", "serial": serial}
        for name, text in (facts | {"product": product, "manufacturer": maker, "bcdDevice": release}).items():
            if text:
                (folder / name).write_text(text + "\n")
        return folder

    def acm(self, number: int, place: str, ids: str, serial: str = "", product: str = "", interface: int = 0) -> str:
        """A CDC port of a USB device; a second call with the same place gives it a further port."""
        device = self._devices / place
        if not device.exists():
            self.usb(place, ids, serial, product, interfaces=2)
        folder = device / f"{place}:1.{interface}"
        return self._tty(f"ttyACM{number}", folder, "cdc_acm")

    def usb_serial(self, number: int, place: str, ids: str, serial: str = "", product: str = "") -> str:
        """A converter: one folder deeper than CDC."""
        device = self._devices / place
        if not device.exists():
            self.usb(place, ids, serial, product)
        name = f"ttyUSB{number}"
        return self._tty(name, device / f"{place}:1.0" / name, "ftdi_sio")

    def uart(self, number: int, type_: int) -> str:
        folder = self.root / f"sys/devices/pnp0/00:0{number}/00:0{number}:0/00:0{number}:0.0"
        name = f"ttyS{number}"
        path = self._tty(name, folder, "port")
        (folder / "tty" / name / "type").write_text(f"{type_}\n")
        return path

    def rfcomm(self, number: int, address: str) -> str:
        folder = self.root / "sys/devices/virtual/bluetooth/hci0"
        folder.mkdir(parents=True, exist_ok=True)
        path = self._tty(f"rfcomm{number}", folder, "")
        (folder / "tty" / f"rfcomm{number}" / "address").write_text(address + "\n")
        return path

    def hid(
        self, number: int, bus: int, ids: str, name: str, report: bytes, serial: str = "", event: int | None = None,
        keys: str = KEYBOARD_KEYS,
    ) -> str:  # fmt: skip
        """A HID device with its hidraw node, and its input node where `event` is given."""
        vid, pid = ids.split(":")
        device = self._devices / f"1-{number}" / f"1-{number}:1.0" / f"000{bus}:{vid}:{pid}.000{number}".upper()
        device.mkdir(parents=True)
        uevent = (
            f"DRIVER=hid-generic\nHID_ID={bus:04X}:{int(vid, 16):08X}:{int(pid, 16):08X}\nHID_NAME={name}\n"
            f"HID_PHYS=usb-0000:00:14.0-{number}/input0\nHID_UNIQ={serial}\nMODALIAS=hid:b0003g0001v00000C2Ep00000B81\n"
        )
        (device / "uevent").write_text(uevent)
        (device / "report_descriptor").write_bytes(report)
        self._class("hidraw", f"hidraw{number}", device)
        if event is not None:
            self.input(event, bus, ids, name, keys, serial, device)
        return self._node(f"hidraw{number}")

    def input(
        self, number: int, bus: int, ids: str, name: str, keys: str, serial: str = "", parent: Path | None = None
    ) -> str:
        vid, pid = ids.split(":")
        device = (parent or self._devices) / f"input/input{number}"
        facts = {
            "id/bustype": f"{bus:04x}", "id/vendor": vid, "id/product": pid, "uniq": serial, "name": name,
            "phys": f"usb-0000:00:14.0-{number}/input0", "capabilities/key": keys,
        }  # fmt: skip
        for file, text in facts.items():
            (device / file).parent.mkdir(parents=True, exist_ok=True)
            (device / file).write_text(text + "\n")
        self._class("input", f"event{number}", device)
        return self._node(f"input/event{number}")

    def camera(self, number: int, place: str, ids: str, name: str, index: int = 0) -> str:
        device = self._devices / place
        if not device.exists():
            self.usb(place, ids, "", name)
        interface = device / f"{place}:1.0"
        interface.mkdir(exist_ok=True)
        entry = self._class("video4linux", f"video{number}", interface)
        (entry / "name").write_text(name + "\n")
        (entry / "index").write_text(f"{index}\n")
        return self._node(f"video{number}")

    def usb_printer(self, number: int, place: str, ids: str, serial: str = "", product: str = "") -> str:
        """A device of the printer class."""
        interface = self.usb(place, ids, serial, product) / f"{place}:1.0"
        interface.mkdir()
        self._class("usbmisc", f"lp{number}", interface)
        (self.root / "dev/usb").mkdir(exist_ok=True)
        return self._node(f"usb/lp{number}")

    def wire(self, node: str, terminal: Path) -> None:
        """Let the node of a port lead to a terminal with something behind it."""
        Path(node).unlink()
        Path(node).symlink_to(terminal)

    def process(self, pid: int, name: str, *opened: str) -> None:
        folder = self.root / f"proc/{pid}"
        (folder / "fd").mkdir(parents=True)
        (folder / "comm").write_text(name + "\n")
        for number, path in enumerate(opened, 3):
            (folder / f"fd/{number}").symlink_to(path)

    def _tty(self, name: str, folder: Path, driver: str) -> str:
        folder.mkdir(parents=True, exist_ok=True)
        if driver:
            drivers = self.root / f"sys/bus/drivers/{driver}"
            drivers.mkdir(parents=True, exist_ok=True)
            (folder / "driver").symlink_to(drivers)
        self._class("tty", name, folder)
        return self._node(name)

    def _class(self, kind: str, name: str, device: Path) -> Path:
        """As the kernel does it: a folder below the device, linked from the class, with a link back."""
        entry = device / kind / name
        entry.mkdir(parents=True)
        (entry / "device").symlink_to(device)
        link = self.root / "sys/class" / kind / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(entry)
        return entry

    def _node(self, name: str) -> str:
        path = self.root / "dev" / name
        path.touch(mode=0o660)
        return str(path)
