"""Marking codes: FF61h, FF67h, FF69h, FF70h.

Source: vendor's "Схемы работы с драйвером JPOS v.2", github shtrih-m/javapos_shtrih. A code is kept byte by byte as it
came, separators and all.
"""

from __future__ import annotations

from hw_sim.shtrih import errors, tlv
from hw_sim.shtrih.call import Answer, Call, Handlers, whole
from hw_sim.shtrih.errors import Refused
from hw_sim.shtrih.faults import number_of

PLANNED = (1, 2, 3, 4, 255)
CLEAR = 2
VOLUME = b"\xff"  # After the code: goods accounted by volume and sort.
COMMANDS_ALLOWED = 1


def check(call: Call) -> Answer:
    values, register = call.values, call.register
    rest, size = values.raw["rest"], values["km_size"]
    km, told = rest[:size], rest[size:]
    if not km or values["mode"] or values["planned"] not in PLANNED:
        raise Refused(errors.WRONG_PARAMETERS)
    if len(rest) != size + values["tlv_size"] or tlv.read(told) is None:
        raise Refused(errors.WRONG_PARAMETERS)
    after_s, trouble = 0.0, b""
    if (fault := call.fault("ff61_delay")) is not None:
        after_s = fault.seconds
    if call.fault("ff61_server_timeout") is not None:
        after_s, trouble = after_s + register.options.server_wait_s, bytes((errors.FS_TIMEOUT,))
    if (fault := call.fault("ff61_format")) is not None:
        trouble = bytes((errors.FS_MESSAGE, number_of(fault, "cause", 2) & 0xFF))
    found = register.marks.check(km, register.clock.unix(register.clock.moment()), trouble)
    return Answer(found.answer(), f"{_shown(km)}: result {found.result:02X}", after_s)


def bind(call: Call) -> Answer:
    rest, size = call.values.raw["rest"], call.values["km_size"]
    items = call.register.current().items
    km = rest[:size]
    if not km or rest[size:] not in (b"", VOLUME) or len(km) != size:
        raise Refused(errors.WRONG_PARAMETERS)
    if not items or items[-1].marks:
        raise Refused(errors.WRONG_PARAMETERS)
    answer = call.register.marks.bind(km, call.register.clock.unix(call.register.clock.moment()))
    items[-1].marks.append(km)
    return Answer(answer, _shown(km))


def decide(call: Call) -> Answer:
    decision, marks = call.values["decision"], call.register.marks
    if decision == CLEAR and call.register.profile.clears_checks:
        marks.clear()
        return Answer(bytes(1), "every check is forgotten")
    result = marks.decide(decision)
    return Answer(bytes((result,)), "accepted" if decision else "rejected")


def state(call: Call) -> Answer:
    marks = call.register.marks
    head = bytes((marks.state(), marks.bound > 0, COMMANDS_ALLOWED, len(marks.saved), marks.bound, 0))
    return Answer(head + whole(0, 2), marks.state().name.lower())


def _shown(km: bytes) -> str:
    return km.decode("latin-1").replace("\x1d", "<GS>")


HANDLERS: Handlers = {"FF61": check, "FF67": bind, "FF69": decide, "FF70": state}
