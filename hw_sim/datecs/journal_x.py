"""Protocol X: searching (7Ch) and reading (7Dh) the electronic journal.

Source: Datecs "Programmer's manual 2.02" of 2019. Reading as data (options 2, 8 and 9 of 7Dh) is not simulated.
"""

from __future__ import annotations

from datetime import datetime

from hw_sim.datecs import service
from hw_sim.datecs.command import SHORT_TIME, Reply, moment_of, wrong
from hw_sim.datecs.electronic import Reading, Record, wanted_x
from hw_sim.datecs.fields_x import Fields, done
from hw_sim.datecs.refusals import Reason, Refused
from hw_sim.datecs.state import State

_LINE_MAX = 64


def search(state: State, data: str) -> Reply:
    """StartDate, EndDate, DocType → the same dates, first and last number; of Z-reports their own numbers."""
    fields = Fields.of(data, 0, 3)
    records = state.journal.records
    if not records:
        raise Refused(Reason.NO_DOCUMENT)
    start, end = _date(fields, 1, records[0].at), _date(fields, 2, records[-1].at)
    kind = fields.whole(3, range(11), 0)
    test = wanted_x(kind)
    found = state.journal.during(start, end, test) if test is not None else []
    if not found:
        raise Refused(Reason.NO_DOCUMENT)
    numbers = [record.serial if kind == 2 else record.document for record in (found[0], found[-1])]
    return done(f"{start:{SHORT_TIME}}", f"{end:{SHORT_TIME}}", *numbers)


def _date(fields: Fields, place: int, default: datetime) -> datetime:
    text = fields.text(place)
    moment = moment_of(text.removesuffix(" DST"), SHORT_TIME) if text else default
    if moment is None:
        raise wrong(place)
    return moment


def journal(state: State, data: str) -> Reply:
    """0 n type: choose a document and tell of it; 1: its next line; 3: print it."""
    fields = Fields.of(data, 1, 3)
    option = fields.whole(1, range(4))
    if option == 0:
        return _choose(state, fields)
    if option == 2:
        raise Refused(Reason.NOT_ALLOWED)
    rows = state.reading
    if rows is None:
        raise Refused(Reason.NO_DOCUMENT)
    if option == 3:
        service.print_old(state, tuple(rows.rows))
        return done()
    row = rows.next_row()
    if row is None:
        raise Refused(Reason.NO_DOCUMENT)
    return done(row[:_LINE_MAX])


def _choose(state: State, fields: Fields) -> Reply:
    number, kind = fields.whole(2, range(1, 10_000_000)), fields.whole(3, range(11), 0)
    test = wanted_x(kind)
    found: list[Record] = []
    if test is not None:
        found = [
            record
            for record in state.journal.records
            if test(record) and (record.serial if kind == 2 else record.document) == number
        ]
    if not found:
        raise Refused(Reason.NO_DOCUMENT)
    record = found[-1]
    state.reading = Reading(iter(record.lines))
    return done(record.document, record.serial, f"{record.at:{SHORT_TIME}}", record.type_x, record.z)
