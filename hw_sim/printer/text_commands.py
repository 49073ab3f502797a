"""What the text and layout commands do. A handler gets the bytes after the prefix and says what it did, for the log.

A value outside the documented range leaves the setting alone, as Epson documents for its printers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hw_sim.printer.bitmap import from_columns
from hw_sim.printer.machine import Machine

Handler = Callable[[Machine, bytes], str]

FEED_LINES_MAX = 255


def _line_feed(machine: Machine, args: bytes) -> str:
    machine.print_line()
    return "print the line"


def _nothing(machine: Machine, args: bytes) -> str:
    return "no effect"


def _tab(machine: Machine, args: bytes) -> str:
    machine.tab()
    return f"tab to dot {machine.x}"


def _reset(machine: Machine, args: bytes) -> str:
    machine.reset()
    return "reset: modes, page, glyphs and the unprinted line are gone"


def _page(machine: Machine, args: bytes) -> str:
    page = machine.model.pages.get(args[0])
    if page is None:
        return f"page {args[0]}: this model has no such page, ignored"
    machine.modes.page_number = args[0]
    return f"page {args[0]} = {page}"


def _chinese_off(machine: Machine, args: bytes) -> str:
    machine.modes.chinese = False
    return "Chinese mode off"


def _chinese_on(machine: Machine, args: bytes) -> str:
    machine.modes.chinese = True
    return "Chinese mode on"


def _print_mode(machine: Machine, args: bytes) -> str:
    m, n = machine.modes, args[0]
    m.font = "B" if n & 0x01 else "A"
    m.bold = bool(n & 0x08)
    m.height = 2 if n & 0x10 else 1
    m.width = 2 if n & 0x20 else 1
    m.underline = 1 if n & 0x80 else 0
    return f"font {m.font}, {m.width}x{m.height}{', bold' * m.bold}{', underlined' * bool(m.underline)}"


def _size(machine: Machine, args: bytes) -> str:
    across, down = (args[0] >> 4) + 1, (args[0] & 0x0F) + 1
    if across > 8 or down > 8:
        return "out of range, ignored"
    machine.modes.width, machine.modes.height = across, down
    return f"characters {across}x{down}"


def _font(machine: Machine, args: bytes) -> str:
    font = {0: "A", 48: "A", 1: "B", 49: "B"}.get(args[0])
    if font is None:
        return "no such font, ignored"
    machine.modes.font = font
    return f"font {font}"


def _bold(machine: Machine, args: bytes) -> str:
    machine.modes.bold = bool(args[0] & 1)
    return f"bold {'on' if machine.modes.bold else 'off'}"


def _double_strike(machine: Machine, args: bytes) -> str:
    machine.modes.double_strike = bool(args[0] & 1)
    return f"double strike {'on' if machine.modes.double_strike else 'off'}"


def _underline(machine: Machine, args: bytes) -> str:
    thick = {0: 0, 48: 0, 1: 1, 49: 1, 2: 2, 50: 2}.get(args[0])
    if thick is None:
        return "out of range, ignored"
    machine.modes.underline = thick
    return f"underline {thick} dots"


def _inverse(machine: Machine, args: bytes) -> str:
    machine.modes.inverse = bool(args[0] & 1)
    return f"white on black {'on' if machine.modes.inverse else 'off'}"


def _upside_down(machine: Machine, args: bytes) -> str:
    if not machine.at_line_start:
        return "not at the beginning of a line, ignored"
    machine.modes.upside_down = bool(args[0] & 1)
    return f"upside down {'on' if machine.modes.upside_down else 'off'}"


def _justify(machine: Machine, args: bytes) -> str:
    side = {0: 0, 48: 0, 1: 1, 49: 1, 2: 2, 50: 2}.get(args[0])
    if side is None or not machine.at_line_start:
        return "out of range or not at the beginning of a line, ignored"
    machine.modes.justify = side
    return ("left", "centre", "right")[side]


def _default_spacing(machine: Machine, args: bytes) -> str:
    machine.modes.line_dots = machine.model.line_dots
    return f"line spacing {machine.modes.line_dots} dots"


def _spacing(machine: Machine, args: bytes) -> str:
    machine.modes.line_dots = args[0]
    return f"line spacing {args[0]} dots"


def _feed_lines(machine: Machine, args: bytes) -> str:
    for _ in range(args[0]):
        machine.print_line()
    return f"feed {args[0]} lines"


def _feed_dots(machine: Machine, args: bytes) -> str:
    machine.feed(args[0])
    return f"feed {args[0]} dots"


def _char_spacing(machine: Machine, args: bytes) -> str:
    machine.modes.spacing = args[0]
    return f"{args[0]} dots after each character"


def _position(machine: Machine, args: bytes) -> str:
    dot = args[0] + args[1] * 256
    if dot >= machine.area:
        return "beyond the print area, ignored"
    machine.x = dot
    return f"go to dot {dot}"


def _relative(machine: Machine, args: bytes) -> str:
    dot = machine.x + int.from_bytes(args, "little", signed=True)
    if not 0 <= dot < machine.area:
        return "beyond the print area, ignored"
    machine.x = dot
    return f"go to dot {dot}"


def _left_margin(machine: Machine, args: bytes) -> str:
    dots = args[0] + args[1] * 256
    if not machine.at_line_start or dots > machine.model.dots - machine.model.letters["A"][0]:
        return "not at the beginning of a line or no room left, ignored"
    machine.modes.left_margin = dots
    return f"left margin {dots} dots"


def _area_width(machine: Machine, args: bytes) -> str:
    if not machine.at_line_start:
        return "not at the beginning of a line, ignored"
    machine.modes.area_width = args[0] + args[1] * 256
    return f"print area {machine.area} dots"


def _tabs(machine: Machine, args: bytes) -> str:
    stops = args.rstrip(b"\0")
    machine.modes.tabs = tuple(sorted(set(stops)))
    return f"tab stops {list(machine.modes.tabs)}"


def _define_glyphs(machine: Machine, args: bytes) -> str:
    if not machine.model.user_glyphs:
        return "this model has no user glyphs: ignored"
    tall, first, last = args[:3]
    at, full_width = 3, machine.model.letters[machine.modes.font][0]
    for code in range(first, last + 1):
        size = args[at] * tall
        if args[at] <= full_width:
            machine.modes.glyphs[machine.modes.font, code] = from_columns(args[at + 1 : at + 1 + size], tall)
        at += 1 + size
    return f"glyphs {first:02X} to {last:02X} of font {machine.modes.font} defined"


def _use_glyphs(machine: Machine, args: bytes) -> str:
    machine.modes.use_glyphs = bool(args[0] & 1)
    return f"user glyphs {'on' if machine.modes.use_glyphs else 'off'}"


def _cancel_glyph(machine: Machine, args: bytes) -> str:
    known = machine.modes.glyphs.pop((machine.modes.font, args[0]), None)
    return f"glyph {args[0]:02X} {'cancelled' if known else 'was not defined'}"


def _private_setting(machine: Machine, args: bytes) -> str:
    if args[:2] == b"\x1b\x10":
        machine.modes.utf8 = args[4] == 1
        return f"UTF-8 mode {'on' if machine.modes.utf8 else 'off'}"
    if args[3] not in machine.model.pages:
        return f"default page {args[3]}: this model has no such page, ignored"
    machine.default_page = machine.modes.page_number = args[3]
    return f"default page {args[3]}, kept without power"


HANDLERS: Mapping[str, Handler] = {
    "LF": _line_feed, "CR": _nothing, "HT": _tab, "ESC @": _reset, "ESC t": _page, "FS .": _chinese_off,
    "FS &": _chinese_on, "ESC !": _print_mode, "GS !": _size, "ESC M": _font, "ESC E": _bold, "ESC G": _double_strike,
    "ESC -": _underline, "GS B": _inverse, "ESC {": _upside_down, "ESC a": _justify, "ESC 2": _default_spacing,
    "ESC 3": _spacing, "ESC d": _feed_lines, "ESC J": _feed_dots, "ESC  ": _char_spacing, "ESC $": _position,
    "ESC \\": _relative, "GS L": _left_margin, "GS W": _area_width, "ESC D": _tabs, "ESC &": _define_glyphs,
    "ESC %": _use_glyphs, "ESC ?": _cancel_glyph, "US": _private_setting,
}  # fmt: skip
