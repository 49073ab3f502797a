"""What the QR and barcode commands do, in the three QR dialects."""

from __future__ import annotations

from collections.abc import Mapping

from hw_sim.printer import symbols
from hw_sim.printer.bitmap import scaled
from hw_sim.printer.machine import Machine
from hw_sim.printer.model import QrDialect
from hw_sim.printer.text_commands import Handler

_LEVELS = {48: "L", 49: "M", 50: "Q", 51: "H"}
_ANY_LEVEL = {**_LEVELS, **dict(enumerate("LMQH")), **{ord(level): level for level in "LMQH"}}
_QR = 49
_NAMES = {48: "PDF417", 50: "MaxiCode", 51: "GS1 DataBar", 52: "composite", 53: "Aztec", 54: "Data Matrix"}


def _epson(machine: Machine, args: bytes) -> str:
    body = args[2:]
    if len(body) < 2 or body[0] != _QR:
        return f"{_NAMES.get(body[0] if body else -1, 'unknown')} symbol: not drawn"
    function, rest = body[1], body[2:]
    if function == 65 and rest:
        return f"QR model {rest[0] - 48}"
    if function == 67 and rest:
        return _module(machine, rest[0])
    if function == 69 and rest:
        return _level(machine, rest[0], _LEVELS)
    if function == 80 and rest:
        machine.modes.qr.data = rest[1:]
        return f"QR data, {len(rest) - 1} bytes"
    if function == 81:
        return _print_qr(machine)
    return f"QR function {function}: no effect"


def _private(machine: Machine, args: bytes) -> str:
    function = args[1]
    if function == 0x67:
        return _module(machine, args[2])
    if function == 0x69:
        return _level(machine, args[2], _ANY_LEVEL)
    if function == 0x80:
        machine.modes.qr.data = args[4:]
        return f"QR data, {len(args) - 4} bytes"
    return _print_qr(machine)


def _qr(machine: Machine, args: bytes) -> str:
    return _private(machine, args) if machine.model.qr is QrDialect.PRIVATE else _epson(machine, args)


def _choose(machine: Machine, args: bytes) -> str:
    machine.modes.qr.chosen = args[0] == 1
    return f"2D symbols are {'QR' if machine.modes.qr.chosen else 'PDF417 or Data Matrix'}"


def _rongta(machine: Machine, args: bytes) -> str:
    if not machine.modes.qr.chosen:
        return "PDF417 symbol: not drawn"
    version, level, module = args[:3]
    machine.modes.qr.data = args[5:]
    _level(machine, level, _ANY_LEVEL)
    _module(machine, module)
    return _print_qr(machine, version)


def _module(machine: Machine, size: int) -> str:
    if not 1 <= size <= 16:
        return f"QR module {size}: out of range, ignored"
    machine.modes.qr.module = size
    return f"QR module {size} dots"


def _level(machine: Machine, code: int, levels: Mapping[int, str]) -> str:
    if code not in levels:
        return f"QR level {code}: out of range, ignored"
    machine.modes.qr.level = levels[code]
    return f"QR level {levels[code]}"


def _print_qr(machine: Machine, version: int = 0) -> str:
    qr = machine.modes.qr
    if not qr.data:
        return "QR without data: nothing printed"
    modules = symbols.qr_modules(qr.data, qr.level, version)
    if modules is None:
        return "QR data does not fit into a symbol: nothing printed"
    if not machine.put_symbol("QR", qr.data, scaled(modules, qr.module, qr.module)):
        return f"QR of {modules.width * qr.module} dots is wider than the paper: nothing printed"
    return f"QR {modules.width}x{modules.width} modules"


def _barcode(machine: Machine, args: bytes) -> str:
    settings = machine.modes.barcode
    kind, data = args[0], (args[1:].removesuffix(b"\0") if args[0] <= 6 else args[2:])
    name = symbols.BARCODES.get(kind, "")
    bars = symbols.bars(name, data)
    if bars is None:
        for byte in data:
            machine.put_byte(byte)
        return f"barcode {name or kind}: data not possible, printed as text"
    caption = symbols.caption(name, data)
    above = caption if settings.caption & 1 else ""
    below = caption if settings.caption & 2 else ""
    drawn = scaled(bars, settings.module, settings.height)
    if not machine.put_symbol(name, data, drawn, above, below):
        return f"{name} of {drawn.width} dots is wider than the paper: nothing printed"
    return f"{name} {caption}"


def _height(machine: Machine, args: bytes) -> str:
    machine.modes.barcode.height = args[0] or machine.modes.barcode.height
    return f"barcode height {machine.modes.barcode.height} dots"


def _width(machine: Machine, args: bytes) -> str:
    if not 1 <= args[0] <= 6:
        return "out of range, ignored"
    machine.modes.barcode.module = args[0]
    return f"barcode module {args[0]} dots"


def _caption(machine: Machine, args: bytes) -> str:
    place = args[0] - 48 if args[0] >= 48 else args[0]
    if place > 3:
        return "out of range, ignored"
    machine.modes.barcode.caption = place
    return ("no caption", "caption above", "caption below", "caption above and below")[place]


def _caption_font(machine: Machine, args: bytes) -> str:
    machine.modes.barcode.caption_font = "B" if args[0] in (1, 49) else "A"
    return f"caption in font {machine.modes.barcode.caption_font}"


HANDLERS: Mapping[str, Handler] = {
    "GS ( k": _qr, "ESC Z": _rongta, "GS Z": _choose, "GS k": _barcode, "GS h": _height, "GS w": _width,
    "GS H": _caption, "GS f": _caption_font,
}  # fmt: skip
