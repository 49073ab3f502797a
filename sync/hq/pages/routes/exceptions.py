"""The list of exceptions: filter in the URL, order, pages, export of exactly this list, changes to many at once."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from sync.hq.engine import writing
from sync.hq.finding import CAUSES
from sync.hq.kinds import KINDS, Kind, Severity
from sync.hq.pages import audit, filters
from sync.hq.pages.exporting import sent
from sync.hq.pages.filters import Filter
from sync.hq.pages.office import local
from sync.hq.pages.queries import counts
from sync.hq.pages.queries import exceptions as queries
from sync.hq.pages.roles import Act
from sync.hq.pages.visits import Form, Here, Posted, Refused, Signed, allow, field
from sync.lists.table import Column, ColumnKind

router = APIRouter()
BULK_MAX = 500
NOTE_MAX = 2000

COLUMNS = (
    Column("id", "exceptions.x_id", ColumnKind.COUNT),
    Column("kind", "exceptions.kind"),
    Column("cause", "exceptions.cause"),
    Column("severity", "exceptions.severity"),
    Column("state", "exceptions.state"),
    Column("ki", "exceptions.code"),
    Column("gtin", "exceptions.gtin"),
    Column("day", "exceptions.day", ColumnKind.DAY),
    Column("region", "exceptions.region"),
    Column("shop", "exceptions.shop"),
    Column("till", "exceptions.till"),
    Column("register", "exceptions.register"),
    Column("shift", "exceptions.shift", ColumnKind.COUNT),
    Column("number", "exceptions.number", ColumnKind.COUNT),
    Column("sign", "exceptions.sign"),
    Column("at", "exceptions.at", ColumnKind.MOMENT_US),
    Column("ours_tiyn", "exceptions.ours", ColumnKind.MONEY),
    Column("theirs_tiyn", "exceptions.theirs", ColumnKind.MONEY),
    Column("other", "exceptions.other"),
    Column("status", "exceptions.status"),
    Column("status_at", "exceptions.status_at", ColumnKind.MOMENT_US),
    Column("due_at", "exceptions.due", ColumnKind.MOMENT_US),
    Column("owner", "exceptions.owner"),
    Column("first_seen_ns", "exceptions.first_seen", ColumnKind.MOMENT_NS),
    Column("last_seen_ns", "exceptions.last_seen", ColumnKind.MOMENT_NS),
    Column("closed_ns", "exceptions.closed", ColumnKind.MOMENT_NS),
)


@router.get("/exceptions")
def exceptions(request: Request, here: Here, visit: Signed) -> Response:
    chosen, unread = filters.read(request.query_params.multi_items())
    with here.engine.connect() as db:
        rows = queries.listed(db, chosen)
        found, more = queries.counted(db, chosen)
        kinds = queries.by_kind(db, chosen.region, chosen.shop)
        regions, shops = counts.places(db)
    pages = filters.PAGES_MAX if more else max(1, -(-found // filters.PAGE_ROWS))
    return here.page(
        request,
        visit,
        "exceptions.html",
        chosen=chosen,
        unread=unread,
        rows=rows,
        found=found,
        more=more,
        pages=pages,
        kinds=[(kind, KINDS[kind].severity, kinds.get(kind, 0)) for kind in Kind],
        causes=_causes(chosen),
        regions=regions,
        shops=shops,
        states=(*filters.STATES, filters.ANY_STATE),
        severities=tuple(Severity),
        sorts=filters.SORTS,
        owners=[account.name for account in here.accounts.all() if account.active],
        nobody=filters.NOBODY,
        now_us=here.now() // 1000,
        pages_max=filters.PAGES_MAX,
    )


def _causes(chosen: Filter) -> list[tuple[Kind, str]]:
    """Causes of the chosen kinds, or of all; one that several kinds share stands once."""
    kinds = [Kind(kind) for kind in chosen.kind] or list(Kind)
    first = {cause: kind for kind in reversed(kinds) for cause in CAUSES[kind]}
    return [(kind, cause) for cause, kind in sorted(first.items(), key=lambda pair: (kinds.index(pair[1]), pair[0]))]


@router.get("/exceptions/export")
def export(request: Request, here: Here, visit: Signed) -> Response:
    chosen, _ = filters.read(request.query_params.multi_items())
    return sent(request, here, visit, "exceptions", COLUMNS, queries.exported(here.engine, chosen))


@router.post("/exceptions/bulk")
def bulk(here: Here, visit: Posted, given: Form) -> Response:
    allow(visit, Act.WORK)
    chosen = [one for one in given.getlist("id") if isinstance(one, str) and one.isascii() and one.isdigit()]
    numbers = [int(one) for one in chosen if len(one) < 19]  # What a database can hold.
    act, back = field(given, "act"), local(field(given, "back"), "/exceptions")
    if not numbers:
        raise Refused("nothing-chosen", 422)
    if len(numbers) > BULK_MAX:
        raise Refused("too-many", 422, most=BULK_MAX)
    if act == "document":
        from_here = ",".join(str(one) for one in numbers)
        return here.done(f"/documents/new?exceptions={from_here}", "chosen", len(numbers))
    text = field(given, "note")[:NOTE_MAX]
    owner = field(given, "owner")
    with writing(here.engine) as db:
        if act == "owner":
            _known_owner(owner, [account.name for account in here.accounts.all() if account.active])
            changed = queries.give(db, numbers, owner, visit.who, here.now())
        elif act == "resolve" and text:
            changed = queries.resolve(db, numbers, text, visit.who, here.now())
        else:
            raise Refused("note-missing" if act == "resolve" else "unread", 422)
        what, detail = ("owner", {"owner": owner}) if act == "owner" else ("resolved", {"note": text})
        for one in changed:
            audit.write(db, here.now(), visit.who, visit.address, what, f"exception {one}", detail)
    return here.done(back, "owner" if act == "owner" else "resolved", len(changed))


def _known_owner(owner: str, known: list[str]) -> None:
    if owner and owner not in known:
        raise Refused("owner-unknown", 422, owner=owner)
