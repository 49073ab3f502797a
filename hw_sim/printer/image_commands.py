"""What the picture commands do: raster, columns, stored graphics."""

from __future__ import annotations

from collections.abc import Mapping

from hw_sim.printer.bitmap import from_columns, from_rows, scaled
from hw_sim.printer.machine import Machine
from hw_sim.printer.paper import Bitmap
from hw_sim.printer.text_commands import Handler

_SCALES = {0: (1, 1), 1: (2, 1), 2: (1, 2), 3: (2, 2)}
# Dots of an 8-dot column stand three apart vertically; single density is two wide.
_DENSITIES = {0: (1, 2, 3), 1: (1, 1, 3), 32: (3, 2, 1), 33: (3, 1, 1)}
_PRINT_STORED = (2, 50)
_STORE_RASTER = 112


def _raster(machine: Machine, args: bytes) -> str:
    scale = _SCALES.get(args[1] - 48 if args[1] >= 48 else args[1])
    wide, rows = args[2] + args[3] * 256, args[4] + args[5] * 256
    if scale is None or not wide or not rows:
        return "empty or unknown mode, ignored"
    machine.put_image(scaled(from_rows(wide, rows, args[6:]), *scale))
    return f"raster {wide * 8}x{rows} dots"


def _bit_image(machine: Machine, args: bytes) -> str:
    tall, across, down = _DENSITIES[args[0]]
    machine.put_picture(scaled(from_columns(args[3:], tall), across, down))
    return f"bit image, {len(args[3:]) // tall} columns of {tall * 8} dots"


def _graphics(machine: Machine, args: bytes) -> str:
    """GS ( L and GS 8 L: `args` begins with the length, whose size the two callers cut off."""
    kind = args[1] if len(args) > 1 else -1
    if kind in _PRINT_STORED:
        stored, machine.modes.stored = machine.modes.stored, None
        if stored is None:
            return "print graphics: nothing stored"
        machine.put_image(stored)
        return "print stored graphics"
    if kind == _STORE_RASTER and len(args) >= 10:
        across, down = args[3], args[4]
        width, height = args[6] + args[7] * 256, args[8] + args[9] * 256
        size = (width + 7) // 8
        data = args[10 : 10 + size * height]
        if across in (1, 2) and down in (1, 2) and width and len(data) == size * height:
            machine.modes.stored = scaled(Bitmap(width, height, data), across, down)
            return f"store raster {width}x{height} dots"
    return f"graphics function {kind}: not drawn"


def _graphics_short(machine: Machine, args: bytes) -> str:
    return _graphics(machine, args[2:])


def _graphics_long(machine: Machine, args: bytes) -> str:
    return _graphics(machine, args[4:])


def _download(machine: Machine, args: bytes) -> str:
    wide, tall = args[:2]
    machine.modes.downloaded = from_columns(args[2:], tall) if wide and tall else None
    return f"downloaded image {wide * 8}x{tall * 8} dots"


def _print_downloaded(machine: Machine, args: bytes) -> str:
    scale = _SCALES.get(args[0] - 48 if args[0] >= 48 else args[0])
    if machine.modes.downloaded is None or scale is None:
        return "nothing downloaded or unknown mode, ignored"
    machine.put_image(scaled(machine.modes.downloaded, *scale))
    return "print downloaded image"


HANDLERS: Mapping[str, Handler] = {
    "GS v": _raster, "ESC *": _bit_image, "GS ( L": _graphics_short, "GS 8 L": _graphics_long, "GS *": _download,
    "GS /": _print_downloaded,
}  # fmt: skip
