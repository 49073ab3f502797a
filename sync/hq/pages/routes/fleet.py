"""Every till, red first; one till with its alarms and registers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from sync.hq.alarms import alarms, clear
from sync.hq.engine import writing
from sync.hq.fleet.store import Fleet
from sync.hq.pages import audit
from sync.hq.pages.exporting import sent
from sync.hq.pages.health import Light, TillHealth, red_first
from sync.hq.pages.office import Office
from sync.hq.pages.queries import counts, left
from sync.hq.pages.queries import fleet as queries
from sync.hq.pages.roles import Act
from sync.hq.pages.visits import Form, Here, Posted, Refused, Signed, allow, field
from sync.lists.table import Column, ColumnKind

router = APIRouter()
SHOWN = 200  # Tills on one page.
LEFT_SHOWN = 50  # Of each list on a till's page; the export has all.
WHY_MAX = 500
FIELDS = ("light", "trouble", "region", "shop", "text")
COLUMNS = (
    Column("till", "fleet.x_till"),
    Column("shop", "fleet.x_shop"),
    Column("shop_name", "fleet.x_shop_name"),
    Column("region", "fleet.x_region"),
    Column("light", "fleet.x_light"),
    Column("troubles", "fleet.x_troubles"),
    Column("heard_ns", "fleet.x_heard_ns", ColumnKind.MOMENT_NS),
    Column("alarms", "fleet.x_alarms", ColumnKind.COUNT),
    Column("version", "fleet.x_version"),
    Column("shift", "fleet.x_shift", ColumnKind.COUNT),
    Column("register", "fleet.x_register", ColumnKind.FLAG),
    Column("unsent", "fleet.x_queue", ColumnKind.COUNT),
    Column("oldest_age_s", "fleet.x_queue_age_s", ColumnKind.COUNT),
    Column("cache_age_s", "fleet.x_cache_age_s", ColumnKind.COUNT),
    Column("offset_ms", "fleet.x_clock_offset_ms", ColumnKind.COUNT),
)
UNREAD = (
    Column("number", "imports.row", ColumnKind.COUNT),
    Column("kind", "fleet.row_kind"),
    Column("reason", "imports.reason"),
    Column("found_ns", "fleet.first_seen", ColumnKind.MOMENT_NS),
)
WAITING = (
    Column("row", "imports.row", ColumnKind.COUNT),
    Column("stage", "imports.reason"),
    Column("kind", "fleet.row_kind"),
    Column("key", "fleet.receipt_key"),
    Column("since_ns", "fleet.since", ColumnKind.MOMENT_NS),
    Column("total_tiyn", "fleet.receipt_total", ColumnKind.MONEY),
    Column("register", "fleet.register_identity"),
)


@router.get("/fleet")
def fleet(request: Request, here: Here, visit: Signed) -> Response:
    asked = {name: request.query_params.get(name, "") for name in FIELDS}
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
        troubles=troubles.most_common(),
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
    return red_first(queries.tills(here.engine, here.now(), here.settings.thresholds))


def _in_place(one: TillHealth, asked: dict[str, str]) -> bool:
    text = asked["text"].strip().lower()
    if asked["region"] not in ("", one.region) or asked["shop"] not in ("", one.shop):
        return False
    return not text or text in f"{one.till}\n{one.shop_name}".lower()


def _matches(one: TillHealth, asked: dict[str, str]) -> bool:
    return asked["light"] in ("", one.light) and (not asked["trouble"] or asked["trouble"] in one.troubles)


@router.get("/fleet/export")
def export(request: Request, here: Here, visit: Signed) -> Response:
    asked = {name: request.query_params.get(name, "") for name in FIELDS}
    chosen = [one for one in _judged(here) if _in_place(one, asked) and _matches(one, asked)]
    return sent(request, here, visit, "fleet", COLUMNS, [_row(one) for one in chosen])


def _row(one: TillHealth) -> Mapping[str, object]:
    own = {
        name: getattr(one, name) for name in ("till", "shop", "shop_name", "region", "heard_ns", "alarms", "register")
    }
    told = one.heard.heartbeat if one.heard else None
    beat = {name: getattr(told, name, None) for name in ("version", "shift", "unsent", "oldest_age_s", "cache_age_s")}
    offset_ms = None if one.heard is None else one.heard.offset_ns // 10**6
    return {**own, **beat, "offset_ms": offset_ms, "light": str(one.light), "troubles": ", ".join(one.troubles)}


@router.get("/fleet/{till}")
def till(request: Request, here: Here, visit: Signed, till: str) -> Response:
    found = queries.tills(here.engine, here.now(), here.settings.thresholds, till)
    if not found:
        raise Refused("not-found", 404)
    with here.engine.connect() as db:
        disputes, registers = alarms(db, till).get(till, ()), queries.registers(db, till)
        unread, waiting = left.unread(db, till, LEFT_SHOWN), left.waiting(db, till, LEFT_SHOWN)
        counted = left.counted(db, till)
    changes = [kept for kept in Fleet(here.engine, here.now).changes(till, limit=60) if kept.change.before]
    opened = sorted(disputes, key=lambda alarm: (not alarm.is_open, -alarm.last_ns))
    return here.page(
        request,
        visit,
        "till.html",
        one=found[0],
        alarms=opened,
        registers=registers,
        changes=changes,
        unread=unread,
        unread_count=counted[0],
        waiting=waiting,
        waiting_count=counted[1],
        why_max=WHY_MAX,
    )


@router.get("/fleet/{till}/{what}/export")
def export_left(request: Request, here: Here, visit: Signed, till: str, what: str) -> Response:
    """What of this till is not in the comparison: `unread` rows, or receipts that are `waiting`."""
    if what not in ("unread", "waiting"):
        raise Refused("not-found", 404)
    with here.engine.connect() as db:
        rows = left.unread(db, till) if what == "unread" else left.waiting(db, till)
    return sent(request, here, visit, f"till-{what}", UNREAD if what == "unread" else WAITING, rows)


@router.post("/fleet/{till}/alarm")
def clear_alarm(here: Here, visit: Posted, given: Form, till: str) -> Response:
    allow(visit, Act.CLEAR_ALARM)
    number, kind, why = field(given, "number"), field(given, "kind"), field(given, "why")[:WHY_MAX]
    if not why:
        raise Refused("note-missing", 422)
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise Refused("unread", 422)
    cleared = clear(here.engine, till, who=visit.who, why=why, now_ns=here.now(), kind=kind, number=int(number))
    with writing(here.engine) as db:
        detail = {"number": int(number), "kind": kind, "why": why, "cleared": cleared}
        audit.write(db, here.now(), visit.who, visit.address, "alarm-cleared", till, detail)
    return here.done(f"/fleet/{till}", "alarm")
