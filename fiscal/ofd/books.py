"""What a document does to the books of a register in software: shift, numbers, counters, drawer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from fiscal.ofd import words
from fiscal.ofd.counters import ShiftTotals, plus, zx_report
from fiscal.ofd.exchange import Answer
from fiscal.ofd.frames import REQNUM_WRAP
from fiscal.ofd.proto import UINT32_MAX
from fiscal.ofd.settings import Settings
from fiscal.ofd.state import Doc, Kkm, Stage
from fiscal.ofd.words import Command

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Counts:
    """What a document adds to the register once it exists."""

    adds: Mapping[str, int]  # To the counters of the shift.
    cash_tiyn: int  # To the drawer, with its sign.
    offline_counter: str  # Counter of autonomous documents of its kind.


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document to be made."""

    key: str
    kind: str
    command: Command
    body: Mapping[str, Any]  # Its own part of the request.
    total_tiyn: int
    counts: Counts


def numbered(kkm: Kkm) -> Kkm:
    """The register with its next request number spent."""
    return replace(kkm, reqnum=(kkm.reqnum + 1) % REQNUM_WRAP)


def unsent(doc: Doc) -> Doc:
    """A document whose request certainly never arrived: it goes as a new one, with the token of its day."""
    return replace(doc, reqnum=None, token=None)


def answered(kkm: Kkm, doc: Doc, answer: Answer) -> Kkm:
    """With the token of the answer, unless an engineer typed another since the request was numbered: an answer to the
    old one carries the old one back."""
    return replace(kkm, token=answer.token) if doc.token == kkm.token else kkm


def opened(kkm: Kkm, at_ns: int) -> Kkm:
    """With a shift open: the first document of a shift opens it."""
    return kkm if kkm.opened_ns is not None else replace(kkm, shift=kkm.shift + 1, opened_ns=at_ns)


def drafted(wanted: Wanted, kkm: Kkm, at_ns: int, settings: Settings) -> Doc:
    """The document as it is first written down. `kkm` has its shift open."""
    at, place = words.moment(at_ns, settings.utc_offset), kkm.documents + 1
    body = dict(wanted.body)
    if wanted.command is Command.TICKET:
        body |= {"date_time": at, "fr_shift_number": kkm.shift, "shift_document_number": place}
    elif wanted.command is Command.MONEY_PLACEMENT:
        body |= {"datetime": at, "fr_shift_number": kkm.shift}
    else:
        z_report = report(kkm, at_ns, settings, closed=True)
        body |= {"close_time": at, "fr_shift_number": kkm.shift, "z_report": z_report}
    return Doc(
        number=0,
        key=wanted.key,
        kind=wanted.kind,
        stage=Stage.SENDING,
        command=int(wanted.command),
        body=body,
        total_tiyn=wanted.total_tiyn,
        shift=kkm.shift,
        place=place,
        at_ns=at_ns,
        counts=asdict(wanted.counts),
    )


def made_autonomously(kkm: Kkm, doc: Doc, now_ns: int) -> tuple[Kkm, Doc]:
    """The document with a number of our own, in the queue, and the register that has counted it."""
    number = max(now_ns // NS & UINT32_MAX, kkm.offline_number + 1)
    own = {"offline_ticket_number": number} if doc.command == Command.TICKET else {"is_offline": True}
    queued = replace(doc, stage=Stage.QUEUED, offline_number=number, body={**doc.body, **own})
    return replace(counted(kkm, doc, offline=True), offline_number=number), queued


def made_by_operator(doc: Doc, answer: Answer) -> Doc:
    """The document with what the operator's answer gives it."""
    done = replace(doc, stage=Stage.DONE, answer=answer.payload.hex())
    ticket = answer.fields.get("ticket")
    if ticket is None:
        return done
    return replace(done, sign=ticket["ticket_number"], qr=ticket.get("qr_code", b"").decode("utf-8", "replace"))


def counted(kkm: Kkm, doc: Doc, *, offline: bool = False) -> Kkm:
    """The register after a document that exists: counters, drawer, place in the shift; after a Z the shift is over."""
    if doc.command == Command.CLOSE_SHIFT:
        before = plus(kkm.before, {name: n for name, n in kkm.counters.items() if _never_starts_anew(name)})
        return replace(kkm, opened_ns=None, documents=0, counters={}, before=before)
    counts = Counts(**doc.counts)
    adds = plus(counts.adds, {counts.offline_counter: 1}) if offline else counts.adds
    cash = kkm.cash_tiyn + counts.cash_tiyn
    return replace(kkm, documents=kkm.documents + 1, counters=plus(kkm.counters, adds), cash_tiyn=cash)


def report(kkm: Kkm, at_ns: int, settings: Settings, *, closed: bool) -> dict[str, Any]:
    """The X-report of the open shift, or its Z-report when `closed`."""
    at = words.moment(at_ns, settings.utc_offset)
    since = words.moment(at_ns if kkm.opened_ns is None else kkm.opened_ns, settings.utc_offset)
    totals = ShiftTotals(kkm.shift, kkm.counters, kkm.before, kkm.cash_tiyn)
    return zx_report(totals, at, since, at if closed else None)


def _never_starts_anew(name: str) -> bool:
    """Of a shift's counters those that go on in the next: sums and counts of tickets, counts of cash moves."""
    kind, *rest = name.split(".")
    return (kind == "ticket" and rest[-1] in ("sum", "count")) or (kind == "place" and rest[-1] == "count")
