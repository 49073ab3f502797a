"""Protocol P: reading the electronic journal (command 77h), as text and as structured lines.

Source: Datecs "Fiscal printer programming interface 1.00BG", command 77h: classes I, R with N, Y with y.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from hw_sim.datecs.command import moment_of, wrong
from hw_sim.datecs.electronic import Reading, Record, wanted_p
from hw_sim.datecs.money import counted, pointed
from hw_sim.datecs.receipt import Receipt
from hw_sim.datecs.state import State

NOTHING = "F"
SEPARATOR = "*,"
_CAPACITY_BYTES = 2_000_000_000
_LINE_BYTES = 40
_BY_NUMBER = re.compile(r"(?:#([A-Z]),)?(\d{1,7})(?:,(\d{1,7}))?", re.ASCII)
_BY_Z = re.compile(r"(?:#([A-Z]),)?\*(\d{1,4})(?:,(\d{1,7})(?:,(\d{1,7}))?)?", re.ASCII)
_BY_TIME = re.compile(r"([A-Z]),(\d{6}(?:\d{6})?),(\d{6}(?:\d{6})?)", re.ASCII)
_STRUCTURED = re.compile(r",(\d{1,7})(?:,(\d{1,7}))?", re.ASCII)


def read_journal(state: State, data: str) -> str:
    """The answer to one command: a row, the end of a document, or F: nothing more."""
    letter, rest = data[:1], data[1:]
    if letter == "I" and rest in ("", "X"):
        return _capacity(state)
    if letter == "N" and not rest:
        return _row(state)
    if letter == "y" and not rest:
        return _row(state)
    if letter == "R":
        state.reading = Reading(_text_rows(_chosen(state, rest)))
    elif letter == "Y" and (found := _STRUCTURED.fullmatch(rest)) is not None:
        first, last = int(found[1]), int(found[2] or found[1])
        chosen = state.journal.between(first, last, lambda _record: True)
        state.reading = Reading(_structured_rows(state, chosen))
    else:
        raise wrong()
    return _row(state)


def _row(state: State) -> str:
    row = state.reading.next_row() if state.reading is not None else None
    return NOTHING if row is None else row


def _capacity(state: State) -> str:
    """P, size, used bytes, first and last Z-report, first and last document."""
    records = state.journal.records
    used = sum(len(record.lines) for record in records) * _LINE_BYTES
    ends = (records[0].z, records[-1].z, records[0].document, records[-1].document) if records else (0, 0, 0, 0)
    return ",".join(["P", str(_CAPACITY_BYTES), str(used), *map(str, ends)])


def _chosen(state: State, rest: str) -> list[Record]:
    if (found := _BY_NUMBER.fullmatch(rest)) is not None:
        test = wanted_p(found[1] or "A")
        if test is not None:
            return state.journal.between(int(found[2]), int(found[3] or found[2]), test)
    elif (found := _BY_Z.fullmatch(rest)) is not None:
        test = wanted_p(found[1] or "A")
        if test is not None:
            of_report = [record for record in state.journal.records if record.z == int(found[2])]
            first = int(found[3] or 1)
            last = int(found[4] or found[3] or len(of_report))
            return [record for record in of_report[max(0, first - 1) : last] if test(record)]
    elif (found := _BY_TIME.fullmatch(rest)) is not None:
        test = wanted_p(found[1])
        start, end = _moment(found[2], "000000"), _moment(found[3], "235959")
        if test is not None and start is not None and end is not None:
            return state.journal.during(start, end, test)
    raise wrong()


def _moment(text: str, time: str) -> datetime | None:
    return moment_of(text if len(text) == 12 else text + time, "%d%m%y%H%M%S")


def _text_rows(records: list[Record]) -> Iterator[str]:
    for record in records:
        yield from (f"P,{line}" for line in record.lines)
        yield SEPARATOR


def _structured_rows(state: State, records: list[Record]) -> Iterator[str]:
    for record in records:
        receipt = record.receipt
        if receipt is None:
            continue
        yield f"u,{state.profile.serial},{record.type_p},{record.document},{receipt.unp}"
        yield from _items(state, receipt)
        yield ",".join(["t", pointed(receipt.total), *map(pointed, receipt.sums)])
        if receipt.storno is not None and receipt.original is not None:
            old = receipt.original
            yield f"s,{receipt.storno.number},{old.at},{old.fiscal_memory},{old.unp},0"
        if receipt.invoice:
            yield f"i,{state.invoices},,0"
        yield SEPARATOR


def _items(state: State, receipt: Receipt) -> Iterator[str]:
    for item in receipt.items:
        rate = state.profile.taxes[item.group] or 0
        name = item.name.replace("\n", "\t")
        yield ",".join([
            "r", str(item.group + 1), pointed(rate), pointed(item.price), counted(item.quantity),
            pointed(item.correction), pointed(item.total), name,
        ])  # fmt: skip
