"""import_webkassa: what the register's vendor keeps of a cashbox, shift by shift, as the operator's witness.

A shift is one import and one name in the lake. A closed shift that is done is never asked about again; an open one is
read afresh each time and its rows take the place of the earlier ones. A process that dies repeats one shift.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from sync.hq.imports.fields import Fields
from sync.hq.imports.files import registers
from sync.hq.imports.landing import Landing, Verdict
from sync.hq.imports.ledger import (
    Counts,
    Imported,
    Kind,
    Ledger,
    ProgressTold,
    State,
    digest_of,
    progress_of,
    source_of,
)
from sync.hq.imports.receipts import Document
from sync.hq.imports.remarks import Remark
from sync.hq.imports.values import Trouble
from sync.hq.imports.webkassa_link import NotThere, VendorTrouble, WebkassaLink
from sync.hq.imports.webkassa_rows import receipt_of, text_of
from sync.hq.lake.layout import Lake

SHIFTS, HISTORY = "/api/v4/Cashbox/ShiftHistory", "/api/v4/Check/History"
TAKE = 50  # What the service gives at most of a shift's history.
PAGES_MAX = 400
CONTAINERS = ("Shifts", "Items", "Rows")


@dataclass(frozen=True, slots=True)
class Shift:
    number: int
    closed: bool


def import_webkassa(
    link: WebkassaLink,
    cashbox: str,
    *,
    engine: Engine,
    lake: Lake,
    now: Callable[[], int],
    shifts: Sequence[int] | None = None,
    progress: ProgressTold | None = None,
) -> list[Imported]:
    """Every shift of a cashbox, or those named, oldest first; `known` where nothing had to be asked.

    A shift the vendor does not answer for is STOPPED with the reason and ends the run: the next one goes on there.
    Raises VendorTrouble when not even the list of shifts can be had, ImportBusy, OSError.
    """
    ledger = Ledger(engine, now)
    identity = registers(engine).get(cashbox.upper(), cashbox)
    wanted = [one for one in shifts_of(link, cashbox) if shifts is None or one.number in shifts]
    done: list[Imported] = []
    for index, shift in enumerate(wanted, 1):
        name = f"{cashbox} shift {shift.number}"
        at = ledger.begin(Kind.WEBKASSA, name, digest_of(link.url, cashbox, str(shift.number)))
        if not at.known:
            at = _Shift(link, ledger, lake, cashbox, identity).taken(at, shift)
        done.append(at)
        if progress is not None:
            progress(progress_of(at, index / len(wanted)))
        if at.state is State.STOPPED:
            break
    return done


def shifts_of(link: WebkassaLink, cashbox: str) -> list[Shift]:
    """Oldest first. Raises VendorTrouble."""
    found: dict[int, Shift] = {}
    for item in _listed(link, SHIFTS, {"CashboxUniqueNumber": cashbox}):
        fields = Fields(item) if isinstance(item, dict) else Fields({})
        number = fields.get("ShiftNumber")
        if type(number) is not int:
            raise VendorTrouble(f"{SHIFTS}: a shift has no number")
        found[number] = Shift(number, bool(fields.get("CloseDate")))
    return [found[number] for number in sorted(found)]


def _listed(link: WebkassaLink, path: str, asked: dict[str, Any]) -> Iterator[Any]:
    """All items of a list. A short page is no end, and order is not promised: the end is an empty or repeated page."""
    seen: set[str] = set()
    skip = 0
    for _ in range(PAGES_MAX):
        data = link.read(path, {**asked, "Skip": skip, "Take": TAKE})
        items = data if isinstance(data, list) else _contained(data, path)
        fresh = [item for item in items if text_of(item) not in seen]
        if items and not fresh:
            raise VendorTrouble(f"{path}: the list does not turn its page")
        seen.update(text_of(item) for item in fresh)
        yield from fresh
        skip += len(items)
        total = data.get("Total") if isinstance(data, Fields) else None
        if not items or (type(total) is int and 0 < total <= skip):
            return
    raise VendorTrouble(f"{path}: the list does not end")


def _contained(data: Any, path: str) -> list[Any]:
    if isinstance(data, Fields):
        for name in CONTAINERS:
            if isinstance(data.get(name), list):
                return list(data[name])
    raise VendorTrouble(f"{path}: the answer has no list")


class _Shift:
    def __init__(self, link: WebkassaLink, ledger: Ledger, lake: Lake, cashbox: str, identity: str) -> None:
        self._link = link
        self._ledger = ledger
        self._lake = lake
        self._cashbox = cashbox
        self._identity = identity

    def taken(self, at: Imported, shift: Shift) -> Imported:
        times = {"time": int(at.position.get("time", 0)) + 1}
        asked = {"CashboxUniqueNumber": self._cashbox, "ShiftNumber": shift.number}
        try:
            items = list(_listed(self._link, HISTORY, asked))
        except NotThere:
            items = []
        except VendorTrouble as trouble:
            return self._ledger.advance(at, times, Counts(), state=State.STOPPED, trouble=str(trouble))
        documents, remarks = self._read(items, shift, source_of(at.id))
        counts = self._land(documents, remarks, at, len(items))
        state = State.DONE if shift.closed else State.OPEN
        return self._ledger.advance(at, times, counts, remarks, state=state, share=1.0, afresh=True)

    def _read(self, items: list[Any], shift: Shift, source: str) -> tuple[list[Document], list[Remark]]:
        documents: list[Document] = []
        remarks: list[Remark] = []
        for row, item in enumerate(items, 1):
            try:
                found, doubtful = receipt_of(
                    item, cashbox=self._cashbox, shift=shift.number, identity=self._identity, row=row, source=source
                )
            except Trouble as trouble:
                detail = f"{trouble.text}: {trouble.value!r}"
                remarks.append(Remark(row, trouble.reason, detail, trouble.column, text_of(item)))
                continue
            documents.append(found)
            remarks += [Remark(row, mark.remark, mark.ki, "Mark", text_of(item), taken=True) for mark in doubtful]
        return documents, remarks

    def _land(self, documents: list[Document], remarks: list[Remark], at: Imported, read: int) -> Counts:
        """Write the shift as a whole under its one name."""
        landing = Landing(self._lake, source_of(at.id))
        fresh: list[Document] = []
        signs: set[str] = set()
        repeated = 0
        with landing.alone():
            verdicts = landing.verdicts(documents, 0)
            for document, verdict in zip(documents, verdicts, strict=True):
                sign, row = document.receipt.sign, document.receipt.source_row
                if verdict is Verdict.DIFFERS or sign in signs:
                    reason = "receipt-twice" if sign in signs else "receipt-known-otherwise"
                    detail = f"sign {sign}: this receipt is known with other content"
                    remarks.append(Remark(row, reason, detail, "Number"))
                elif verdict is Verdict.SAME:
                    repeated += 1
                else:
                    fresh.append(document)
                    signs.add(sign)
            if at.position:
                landing.forget_chunk(source_of(at.id))
            landing.land(fresh, source_of(at.id))
        refused = read - len(fresh) - repeated
        return Counts(read, len(fresh), repeated, refused)
