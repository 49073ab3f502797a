"""One exception: what it means, what every witness says, its term, its history; and what a person does with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from sync.hq.engine import writing
from sync.hq.kinds import KINDS, Kind
from sync.hq.pages import audit
from sync.hq.pages.evidence import evidence
from sync.hq.pages.office import Office, Visit
from sync.hq.pages.queries import exceptions as queries
from sync.hq.pages.roles import Act
from sync.hq.pages.routes.exceptions import NOTE_MAX
from sync.hq.pages.visits import Form, Here, Number, Posted, Refused, Signed, allow, field

router = APIRouter()


@router.get("/exceptions/{number}")
def case(request: Request, here: Here, visit: Signed, number: Number) -> Response:
    with here.engine.connect() as db:
        found = queries.one(db, number)
        if found is None:
            raise Refused("not-found", 404)
        history = queries.history(db, number)
        others = [row for row in queries.of_unit(db, found["ki"]) if row["id"] != number] if found["ki"] else []
    events = here.ports.lives.events(found["ki"]) if here.ports.lives and found["ki"] else ()
    about = KINDS[Kind(found["kind"])]
    return here.page(
        request,
        visit,
        "case.html",
        case=found,
        about=about,
        history=history,
        others=others,
        sides=evidence(found, events),
        can_prepare=bool(about.document) and here.ports.documents is not None and found["state"] == "open",
        owners=[account.name for account in here.accounts.all() if account.active],
        now_us=here.now() // 1000,
        note_max=NOTE_MAX,
    )


@router.post("/exceptions/{number}/owner")
def owner(here: Here, visit: Posted, given: Form, number: Number) -> Response:
    wanted = field(given, "owner")
    if wanted and wanted not in {account.name for account in here.accounts.all() if account.active}:
        raise Refused("owner-unknown", 422, owner=wanted)

    def change(db: Connection) -> Sequence[int]:
        return queries.give(db, [number], wanted, visit.who, here.now())

    return _changed(here, visit, number, "owner", {"owner": wanted}, change)


@router.post("/exceptions/{number}/note")
def note(here: Here, visit: Posted, given: Form, number: Number) -> Response:
    text = _text(field(given, "note"))

    def change(db: Connection) -> Sequence[int]:
        return queries.note(db, number, text, visit.who, here.now())

    return _changed(here, visit, number, "note", {"note": text}, change)


@router.post("/exceptions/{number}/resolve")
def resolve(here: Here, visit: Posted, given: Form, number: Number) -> Response:
    text = _text(field(given, "note"))

    def change(db: Connection) -> Sequence[int]:
        return queries.resolve(db, [number], text, visit.who, here.now())

    return _changed(here, visit, number, "resolved", {"note": text}, change)


@router.post("/exceptions/{number}/reopen")
def reopen(here: Here, visit: Posted, number: Number) -> Response:
    def change(db: Connection) -> Sequence[int]:
        return queries.reopen(db, number, visit.who, here.now())

    return _changed(here, visit, number, "reopened", {}, change)


def _text(given: str) -> str:
    if not given:
        raise Refused("note-missing", 422)
    return given[:NOTE_MAX]


def _changed(
    here: Office,
    visit: Visit,
    number: int,
    what: str,
    detail: Mapping[str, Any],
    change: Callable[[Connection], Sequence[int]],
) -> Response:
    """One change and its line in the audit trail, or neither."""
    allow(visit, Act.WORK)
    with writing(here.engine) as db:
        changed = change(db)
        if changed:
            audit.write(db, here.now(), visit.who, visit.address, what, f"exception {number}", detail)
    return here.done(f"/exceptions/{number}", what, len(changed))
