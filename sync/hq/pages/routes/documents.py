"""Documents to IS MPT: a person prepares, another approves, and every code's answer is shown."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from sync.hq.engine import writing
from sync.hq.kinds import KINDS, Kind
from sync.hq.pages import audit
from sync.hq.pages.exporting import sent
from sync.hq.pages.filters import STATES
from sync.hq.pages.office import Office, Visit
from sync.hq.pages.ports import DocumentRefused, Documents
from sync.hq.pages.queries import exceptions as queries
from sync.hq.pages.roles import Act
from sync.hq.pages.visits import Form, Here, Number, Posted, Refused, Signed, allow, field
from sync.lists.table import Column

router = APIRouter()
LISTED_MAX = 200
CODES_MAX = 2000
CHOSEN_MAX = 500
WHY_MAX = 500
ID_MAX = 100
ACTS = {"approve": "approved", "cancel": "cancelled", "found": "decided", "absent": "decided"}


@router.get("/documents")
def documents(request: Request, here: Here, visit: Signed) -> Response:
    rows = here.ports.documents.listed(LISTED_MAX) if here.ports.documents else []
    return here.page(request, visit, "documents.html", rows=rows, connected=here.ports.documents is not None)


@router.get("/documents/new")
def new(request: Request, here: Here, visit: Signed) -> Response:
    allow(visit, Act.WORK)
    numbers = _numbers(request.query_params.get("exceptions", ""))
    with here.engine.connect() as db:
        rows = [row for number in numbers if (row := queries.one(db, number)) is not None]
    fit = [row for row in rows if KINDS[Kind(row["kind"])].document and row["state"] == STATES[0]]
    left = [row for row in rows if row not in fit]
    return here.page(request, visit, "document_new.html", fit=fit, left=left, kinds=KINDS, Kind=Kind)


@router.post("/documents")
def prepare(here: Here, visit: Posted, given: Form) -> Response:
    allow(visit, Act.WORK)
    port = _port(here)
    numbers = _numbers(field(given, "exceptions"))
    try:
        made = port.prepare(numbers, visit.who)
    except DocumentRefused as refused:
        raise Refused("document", 422, reasons=refused.args) from refused
    _audit(here, visit, "document-prepared", made, {"exceptions": numbers})
    return here.done(f"/documents/{made[0]}" if len(made) == 1 else "/documents", "prepared", len(made))


@router.get("/documents/{number}")
def document(request: Request, here: Here, visit: Signed, number: Number) -> Response:
    port = _port(here)
    found = port.one(number)
    if found is None:
        raise Refused("not-found", 404)
    codes = port.codes(number, CODES_MAX)
    return here.page(request, visit, "document.html", document=found, codes=codes, codes_max=CODES_MAX)


@router.post("/documents/{number}/{act}")
def decide(here: Here, visit: Posted, given: Form, number: Number, act: str) -> Response:
    """Approve, cancel, or say what became of one without an answer; why is kept with the name."""
    allow(visit, Act.APPROVE)
    port = _port(here)
    why, document_id = field(given, "why")[:WHY_MAX], field(given, "document_id")
    found = port.one(number)
    if act not in ACTS or found is None:
        raise Refused("not-found", 404)
    if not why:
        raise Refused("note-missing", 422)
    if act == "found" and not (document_id and len(document_id) <= ID_MAX and document_id.isprintable()):
        raise Refused("number-missing", 422)
    if act == "approve" and here.settings.four_eyes and found.prepared_by == visit.who:
        raise Refused("four-eyes", 403)
    try:
        if act in ("found", "absent"):
            port.decide(number, document_id if act == "found" else None, visit.who, why)
        else:
            (port.approve if act == "approve" else port.cancel)(number, visit.who, why)
    except DocumentRefused as refused:
        raise Refused("document", 422, reasons=refused.args) from refused
    said: dict[str, object] = {"outcome": act, "document_id": document_id} if ACTS[act] == "decided" else {}
    _audit(here, visit, f"document-{ACTS[act]}", [number], {"why": why, **said})
    return here.done(f"/documents/{number}", ACTS[act])


@router.get("/documents/{number}/export")
def export(request: Request, here: Here, visit: Signed, number: Number) -> Response:
    port = _port(here)
    if port.one(number) is None:
        raise Refused("not-found", 404)
    columns = [Column("ki", "exceptions.code"), Column("state", "documents.state"), Column("error", "documents.error")]
    rows = ({"ki": one.ki, "state": one.state, "error": one.error} for one in port.codes(number, 10**6))
    return sent(request, here, visit, f"document-{number}", columns, rows)


def _port(here: Office) -> Documents:
    if here.ports.documents is None:
        raise Refused("not-connected", 404)
    return here.ports.documents


def _numbers(text: str) -> list[int]:
    parts = [part for part in text.split(",") if part.isascii() and part.isdigit() and len(part) < 19]
    return [int(part) for part in dict.fromkeys(parts)][:CHOSEN_MAX]


def _audit(here: Office, visit: Visit, what: str, numbers: Sequence[int], detail: dict[str, object]) -> None:
    with writing(here.engine) as db:
        for number in numbers:
            audit.write(db, here.now(), visit.who, visit.address, what, f"document {number}", detail)
