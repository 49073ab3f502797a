"""Every till, red first; one till with its alarms and registers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from sync.hq.engine import writing
from sync.hq.pages import audit
from sync.hq.pages.exporting import sent
from sync.hq.pages.health import Light, TillHealth, Trouble, judged, red_first
from sync.hq.pages.office import Office
from sync.hq.pages.ports import Column
from sync.hq.pages.queries import counts
from sync.hq.pages.queries import fleet as queries
from sync.hq.pages.roles import Act
from sync.hq.pages.visits import Form, Here, Posted, Refused, Signed, allow, field

router = APIRouter()
SHOWN = 200  # Tills on one page.


@router.get("/fleet")
def fleet(request: Request, here: Here, visit: Signed) -> Response:
    asked = {name: request.query_params.get(name, "") for name in ("light", "trouble", "region", "shop", "text")}
    with here.engine.connect() as db:
        regions, shops = counts.places(db)
    every = _judged(here)
    placed = [one for one in every if _in_place(one, asked)]
    chosen = [one for one in placed if _matches(one, asked)]
    lights = Counter(one.light for one in placed)
    troubles = Counter(trouble for one in placed for trouble in one.troubles)
    pages = max(1, -(-len(chosen) // SHOWN))
    given = request.query_params.get("page", "1")
    page = min(pages, max(1, int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 1))
    return here.page(
        request,
        visit,
        "fleet.html",
        tills=chosen[(page - 1) * SHOWN : page * SHOWN],
        found=len(chosen),
        total=len(placed),
        every=len(every),
        page=page,
        pages=pages,
        lights=[(light, lights[light]) for light in Light],
        troubles=[(trouble, troubles[trouble]) for trouble in Trouble],
        asked=asked,
        regions=regions,
        shops=[shop for shop in shops if not asked["region"] or shop[2] == asked["region"]],
        refreshing=request.query_params.get("refresh") != "off",
        link=lambda **changes: _query(asked, **changes),
        query=_query(asked),
    )


def _query(asked: Mapping[str, str], **changes: object) -> str:
    return urlencode([(name, value) for name, value in {**asked, **changes}.items() if value])


def _judged(here: Office) -> list[TillHealth]:
    beats = here.ports.heartbeats.latest() if here.ports.heartbeats else {}
    with here.engine.connect() as db:
        facts = queries.tills(db, beats)
    return red_first([judged(one, here.settings, here.now()) for one in facts])


def _in_place(one: TillHealth, asked: dict[str, str]) -> bool:
    facts, text = one.facts, asked["text"].strip().lower()
    if asked["region"] not in ("", facts.region) or asked["shop"] not in ("", facts.shop):
        return False
    return not text or text in f"{facts.till}\n{facts.shop_name}".lower()


def _matches(one: TillHealth, asked: dict[str, str]) -> bool:
    return asked["light"] in ("", one.light) and (not asked["trouble"] or asked["trouble"] in one.troubles)


@router.get("/fleet/export")
def export(request: Request, here: Here, visit: Signed) -> Response:
    asked = {name: request.query_params.get(name, "") for name in ("light", "trouble", "region", "shop", "text")}
    chosen = [one for one in _judged(here) if _in_place(one, asked) and _matches(one, asked)]
    names = {"till": "text", "shop": "text", "shop_name": "text", "region": "text", "light": "text", "troubles": "text"}
    beats = {"version": "text", "shift": "text", "register": "text", "queue": "number", "queue_age_s": "number"}
    ages = {"cache_age_s": "number", "clock_offset_ms": "number"}
    columns = [
        Column(name, f"fleet.x_{name}", kind)
        for name, kind in {**names, "heard_ns": "time_ns", "alarms": "number", **beats, **ages}.items()
    ]
    rows = [_row(one, [*beats, *ages]) for one in chosen]
    return sent(request, here, visit, "fleet", columns, rows)


def _row(one: TillHealth, beats: list[str]) -> dict[str, object]:
    facts = one.facts
    return {
        "till": facts.till,
        "shop": facts.shop,
        "shop_name": facts.shop_name,
        "region": facts.region,
        "light": str(one.light),
        "troubles": ", ".join(one.troubles),
        "heard_ns": facts.heard_ns,
        "alarms": facts.alarms,
        **{name: getattr(facts.beat, name, None) for name in beats},
    }


@router.get("/fleet/{till}")
def till(request: Request, here: Here, visit: Signed, till: str) -> Response:
    beats = here.ports.heartbeats.latest() if here.ports.heartbeats else {}
    with here.engine.connect() as db:
        found = next((one for one in queries.tills(db, beats) if one.till == till), None)
        if found is None:
            raise Refused("not-found", 404)
        alarms, registers = queries.alarms(db, till), queries.registers(db, till)
    health = judged(found, here.settings, here.now())
    return here.page(request, visit, "till.html", till=health, alarms=alarms, registers=registers)


@router.post("/fleet/{till}/alarm")
def clear_alarm(here: Here, visit: Posted, given: Form, till: str) -> Response:
    allow(visit, Act.CLEAR_ALARM)
    number, kind, received = (field(given, name) for name in ("number", "kind", "received"))
    try:
        row, digest = int(number), bytes.fromhex(received)
    except ValueError:
        raise Refused("unread", 422) from None
    with writing(here.engine) as db:
        cleared = queries.clear_alarm(db, till, row, kind, digest)
        if cleared:
            detail = {"number": row, "kind": kind, "received": received}
            audit.write(db, here.now(), visit.who, visit.address, "alarm-cleared", till, detail)
    return here.done(f"/fleet/{till}", "alarm", cleared)
