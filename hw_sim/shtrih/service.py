"""Everything beside selling: lines of text, line settings, tables, clock, knife, drawer, paper, B0 and E1.

Source: vendor's "Протокол работы ККТ 2.0" rev. 11.
"""

from __future__ import annotations

from hw_sim.shtrih import errors
from hw_sim.shtrih.call import Answer, Call, Handlers
from hw_sim.shtrih.clock import read_day, read_time
from hw_sim.shtrih.errors import Refused
from hw_sim.shtrih.printing import Submode
from hw_sim.shtrih.tables import LineSettings

DRAWERS, CUTS = (0, 1), (0, 1)


def nothing(_call: Call) -> Answer:
    """A line of text, a beep, a feed: nothing of it is kept."""
    return Answer()


def set_line(call: Call) -> Answer:
    values = call.values
    call.register.line = LineSettings(values["speed"], values["timeout"], is_new=True)
    return Answer(about=f"a byte is waited for {call.register.line.byte_timeout_s:g} s")


def read_line(call: Call) -> Answer:
    line = call.register.line
    return Answer(bytes((line.speed, line.timeout)))


def write_table(call: Call) -> Answer:
    values = call.values
    call.register.settings.write(values["table"], values["row"], values["field"], values.raw["value"])
    return Answer()


def read_table(call: Call) -> Answer:
    values = call.values
    return Answer(call.register.settings.read(values["table"], values["row"], values["field"]))


def reset_tables(call: Call) -> Answer:
    call.register.settings.put_back()
    return Answer()


def table_structure(call: Call) -> Answer:
    return Answer(call.register.settings.describe_table(call.values["table"]))


def field_structure(call: Call) -> Answer:
    return Answer(call.register.settings.describe_field(call.values["table"], call.values["field"]))


def set_time(call: Call) -> Answer:
    wanted = read_time(call.values.raw["time"])
    if wanted is None:
        raise Refused(errors.WRONG_PARAMETERS)
    call.register.clock.set_time(wanted)
    return Answer(about=f"{call.register.clock.moment()}")


def set_date(call: Call) -> Answer:
    """The date holds only after 23h with the same one; until then the mode is 6."""
    if read_day(call.values.raw["date"]) is None:
        raise Refused(errors.DATE_FORM)
    call.register.date_to_confirm = call.values.raw["date"]
    return Answer(about="to be confirmed")


def confirm_date(call: Call) -> Answer:
    register = call.register
    wanted = call.values.raw["date"]
    if register.date_to_confirm is None:
        raise Refused(errors.WRONG_MODE)
    day = read_day(wanted)
    if day is None or wanted != register.date_to_confirm:
        raise Refused(errors.DATES_DIFFER)
    register.date_to_confirm = None
    register.clock.set_date(day)
    return Answer(about=f"{register.clock.moment()}")


def cut(call: Call) -> Answer:
    if call.values["kind"] not in CUTS:
        raise Refused(errors.WRONG_PARAMETERS)
    return Answer()


def open_drawer(call: Call) -> Answer:
    if call.values["drawer"] not in DRAWERS:
        raise Refused(errors.WRONG_PARAMETERS)
    call.register.mechanics.drawer_open = True
    call.register.mechanics.drawer_kicks += 1
    return Answer(about="the drawer springs open")


def go_on(call: Call) -> Answer:
    """B0h and E1h: finish on paper what was interrupted."""
    printer = call.register.printer
    if printer.submode() is Submode.PRINTS:
        raise Refused(errors.PRINTING)
    if printer.submode() is Submode.WAITS and not call.register.mechanics.can_print:
        raise Refused(errors.NO_PAPER)
    if not printer.go_on():
        raise Refused(errors.WRONG_SUBMODE)
    return Answer(about="printing goes on")


HANDLERS: Handlers = {
    **dict.fromkeys(("12", "13", "17", "29", "2F"), nothing),
    "14": set_line,
    "15": read_line,
    "1E": write_table,
    "1F": read_table,
    "21": set_time,
    "22": set_date,
    "23": confirm_date,
    "24": reset_tables,
    "25": cut,
    "28": open_drawer,
    "2D": table_structure,
    "2E": field_structure,
    "B0": go_on,
    "E1": go_on,
}
