"""A chain made by hand for the pages: shops, tills in every state, counts, exceptions of every kind, and ports.

The clock stands at 30 November 2026, 18:00 in Almaty. Product names do not reach headquarters, so what an attacker can
choose (notes, codes, names of tills, refused rows of files) carries markup in `HOSTILE`.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, insert

from marking.gs1 import check_digit
from sync.heartbeat import Heartbeat, Trouble
from sync.hq import schema
from sync.hq.finding import CAUSES
from sync.hq.fleet.store import Fleet
from sync.hq.imports.ledger import Counts as ImportCounts
from sync.hq.imports.ledger import Kind as ImportKind
from sync.hq.imports.ledger import Ledger, Remark
from sync.hq.imports.ledger import State as ImportState
from sync.hq.kinds import KINDS, Kind, Subject
from sync.hq.lake.layout import AGENT, EVENT, OFD, REGISTRY, Lake, to_arrow
from sync.hq.pages.joined import LedgerImports, OutboxDocuments
from sync.hq.pages.lake_ports import LakeCoverage, LakeLives
from sync.hq.pages.ports import Ports
from sync.hq.tables import count, exception, exception_event, place, register
from sync.hq.witness import Line, Mention, Operation, Standing, UnitStatus
from sync.zone import ZONE

HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>"
NOW = dt.datetime(2026, 11, 30, 18, 0, tzinfo=ZONE)
NOW_NS = int(NOW.timestamp()) * 10**9
TODAY = NOW.date()
HOUR_NS = 3600 * 10**9

SHOPS = (
    ("almaty-01", "Абая 52", "Алматы", 3),
    ("almaty-02", "Сейфуллина 410", "Алматы", 3),
    ("almaty-03", "Достық 89", "Алматы", 2),
    ("astana-01", "Қабанбай батыр 21", "Астана", 3),
    ("astana-02", "Мәңгілік Ел 37", "Астана", 2),
    ("shymkent-01", "Тәуке хан 43", "Шымкент", 2),
    ("oskemen-01", "Протозанов 83", "ШҚО", 2),
)
TILLS = [(f"{shop}-till-{n}", shop, name, region) for shop, name, region, tills in SHOPS for n in range(1, tills + 1)]


def ki(number: int) -> str:
    """An identification code of a pack: GTIN and seven characters."""
    letters, serial, rest = "AbCdEfGhJkLmNpQrStUvWxYz", "", number * 9973
    for _ in range(7):
        rest, letter = divmod(rest, len(letters))
        serial += letters[letter]
    gtin = f"0487000000{100 + number % 40}"
    return gtin + check_digit(gtin) + serial


def us(when: dt.datetime) -> int:
    return int(when.timestamp()) * 1_000_000


def fill(engine: Engine, *, cases: int = 120, seed: int = 7) -> None:
    """Everything but accounts."""
    chance = random.Random(seed)
    places = [
        {"till": till, "shop": shop, "shop_name": name, "region": region, "business_place_id": 7}
        for till, shop, name, region in TILLS
    ]
    with engine.begin() as db:
        db.execute(insert(place), places)
        db.execute(insert(register), [_register(n, till) for n, (till, *_) in enumerate(TILLS)])
        db.execute(insert(schema.till), [_till(n, till) for n, (till, *_) in enumerate(TILLS[:-1])])
        db.execute(insert(schema.alarm), [_alarm(TILLS[4][0])])
        db.execute(insert(count), [_count(chance, n, till, day) for n, (till, *_) in enumerate(TILLS) for day in DAYS])
        db.execute(insert(exception), [case(n, chance) for n in range(1, cases + 1)])
        events = [
            {"exception": n, "at_ns": NOW_NS - 30 * HOUR_NS, "who": "", "what": "opened", "detail": "{}"}
            for n in range(1, cases + 1)
        ]
        db.execute(insert(exception_event), events)
    for n, (till, *_) in enumerate(TILLS[:-1]):
        if n % 9:
            _beat(engine, n, till)
    fill_imports(engine)


def all_red(engine: Engine) -> None:
    """Every till with a receipt whose outcome nobody knows."""
    for n, (till, *_) in enumerate(TILLS):
        _beat(engine, n, till, count=2, undecided=True)


DAYS = [TODAY - dt.timedelta(days=back) for back in range(10)]


def _register(n: int, till: str) -> dict[str, Any]:
    times = {"first_ns": NOW_NS - 4000 * HOUR_NS, "last_ns": NOW_NS - 9 * 60 * 10**9}
    return {"identity": f"SWK{40000 + n:08}", "rnm": f"0105{50000 + n:08}", "till": till, **times}


def _till(n: int, till: str) -> dict[str, Any]:
    heard = NOW_NS - (50 if n % 9 else 3 * 3600) * 10**9 - n * 10**9
    return {"till": till, "number": 1800 + n, "hash": bytes(32), "arrival": 1800 + n, "heard_ns": heard}


def _alarm(till: str) -> dict[str, Any]:
    hashes = {"received": bytes(range(32)), "stored": bytes(range(32, 64))}
    return {"till": till, "number": 1204, "kind": "fork", **hashes, "first_ns": NOW_NS - 6 * HOUR_NS, "last_ns": NOW_NS}


def _count(chance: random.Random, n: int, till: str, day: dt.date) -> dict[str, Any]:
    sold = chance.randint(180, 420)
    short = chance.choice((0, 0, 0, 1)), chance.choice((0, 0, 0, 0, 1, 2)), chance.choice((0, 0, 1, 2, 3))
    fiscal, operator, withdrawn = sold - short[0], sold - sum(short[:2]), sold - sum(short)
    units = {"scanned": sold + chance.randint(3, 25), "sold": sold, "returned": chance.randint(0, 4)}
    units |= {"fiscalised": fiscal, "at_operator": operator, "withdrawn": withdrawn, "on_balance": short[2]}
    return {"day": day, "till": till, "shift": 300 - DAYS.index(day) + n, **units, "sum_tiyn": sold * 123_450}


def case(n: int, chance: random.Random) -> dict[str, Any]:
    kinds = [Kind.SOLD_NOT_WITHDRAWN] * 5 + list(Kind)
    kind = kinds[n % len(kinds)]
    subject = KINDS[kind].subject
    till, shop, _, region = TILLS[chance.randrange(len(TILLS))]
    day = TODAY - dt.timedelta(days=n % 10)
    at = us(dt.datetime.combine(day, dt.time(9 + n % 9, n % 60, 7), ZONE))
    unit = subject is Subject.UNIT
    ours = 145_000 + 1_000 * (n % 77) if unit else 0
    first_seen = NOW_NS - (n % 9 * 24 + 2) * HOUR_NS
    due = us(NOW + dt.timedelta(hours=n * 7 % 96 - 20)) if "return" in kind or kind is Kind.SOLD_NOT_WITHDRAWN else 0
    own = {
        "kind": str(kind),
        "subject": f"case {n}",
        "state": "healed" if n % 23 == 0 else "open",
        "severity": str(KINDS[kind].severity),
        "cause": CAUSES[kind][n % len(CAUSES[kind])],
        "ki": ki(n) if unit else "",
        "gtin": ki(n)[:14] if unit else "",
        "day": day,
        "region": region,
        "shop": shop,
        "till": till,
        "register": f"SWK{40000 + n % 17:08}",
        "shift": 300 - n % 10,
        "number": 4000 + n if kind is not Kind.TILL_SILENT else 0,
        "sign": str(700_000_000 + n * 7919) if unit else "",
        "at": at,
        "ours_tiyn": ours if kind is not Kind.FISCALISED_NOT_IN_JOURNAL else 0,
        "theirs_tiyn": {Kind.AMOUNT_DIFFERS: ours - 5_050, Kind.SOLD_NOT_FISCALISED: 0}.get(kind, ours),
        "other": ki(n + 500) if kind is Kind.MARK_DIFFERS else ("4010-4012" if kind is Kind.NUMBER_GAP else ""),
        "status": "IN_CIRCULATION" if kind is Kind.SOLD_NOT_WITHDRAWN else "",
        "status_at": at if kind is Kind.SOLD_NOT_WITHDRAWN else 0,
        "due_at": due,
        "owner": ("", "", "aigerim", "")[n % 4],
        "first_seen_ns": first_seen,
        "last_seen_ns": NOW_NS - HOUR_NS,
        "closed_ns": NOW_NS - 2 * HOUR_NS if n % 23 == 0 else None,
        "run": 1,
    }
    return own | FIRST if n == 1 else own


# Case 1 is about the unit whose life `fill_lake` tells.
FIRST: Mapping[str, Any] = {
    "cause": "still-in-circulation",
    "day": TODAY,
    "till": TILLS[0][0],
    "shop": TILLS[0][1],
    "region": TILLS[0][3],
    "register": "SWK00040001",
    "shift": 300,
    "number": 4001,
    "sign": "700007919",
    "at": us(NOW) - 8 * 3_600_000_000 + 120_000_000,
    "ours_tiyn": 145_000,
    "theirs_tiyn": 145_000,
    "status_at": us(NOW) - 7 * 3_600_000_000 + 120_000_000,
    "first_seen_ns": NOW_NS - 2 * HOUR_NS,
    "due_at": us(NOW) + 20 * 3_600_000_000,
}


def _beat(engine: Engine, n: int, till: str, *, count: int = 1, undecided: bool = False) -> None:
    """A heartbeat; most tills are well, some show each trouble."""
    age_s = 20 + n
    fine = Heartbeat(
        till=till,
        run=f"run{n}",
        count=count,
        at_ns=NOW_NS - age_s * 10**9,
        version="0.1.0",
        epoch="k3x9aw",
        head=1800 + n,
        head_hash=bytes(32),
        shift=300 + n,
        shift_opened_ns=NOW_NS - (6 * 60 + n * 7) * 60 * 10**9,
        register={"reachable": True, "paper": "ok"},
        unsent=n % 4,
        oldest_age_s=30 * (n % 4) or None,
        cache_age_s=2400 + n * 60,
    )
    silent = {"register": {"reachable": False}, "problems": (Trouble("register", "no answer from the register"),)}
    asking = {"problems": (Trouble("undecided", "receipt 4711 is being settled"),)}
    special: Mapping[int, Mapping[str, Any]] = {
        2: silent,
        5: {"unsent": 1240, "oldest_age_s": 9 * 3600},
        8: {"cache_age_s": 60 * 3600, "version": "0.0.9"},
        11: asking,
        12: {"shift_opened_ns": NOW_NS - 25 * HOUR_NS},
        14: {"shift": None, "shift_opened_ns": None},
    }
    told = replace(fine, **({**special.get(n, {}), **asking} if undecided else special.get(n, {})))
    received = NOW_NS - age_s * 10**9
    told = replace(told, at_ns=received + (-260 * 10**9 if n == 7 else (n % 5 - 2) * 120 * 10**6))
    Fleet(engine, lambda: received).beat(till, told)


def fill_lake(lake: Lake, goods: str = HOSTILE) -> None:
    """The life of the unit `ki(1)`: sold, at the operator, still in circulation. Its goods have a hostile name."""
    code, till, sold = ki(1), TILLS[0][0], us(NOW) - 8 * 3_600_000_000
    minute, journal = 60_000_000, f"journal:{TILLS[0][0]}"
    briefs = [
        (0, "scan_judged", {"cashier": "Айгерім С.", "decision": "allow", "reason": "M-001", "evidence": "cache"}),
        (1, "line_added", {"cashier": "Айгерім С.", "name": goods, "price_tiyn": 145_000}),
        (2, "document_made", {"cashier": "Айгерім С.", "number": 4001, "sign": "700007919"}),
        (62, "units_rechecked", {"outcome": "on_balance", "status": "IN_CIRCULATION"}),
    ]
    mentions = [
        Mention(TODAY, code, sold + at * minute, till, 1801 + at, kind, json.dumps(brief, ensure_ascii=False))
        for at, kind, brief in briefs
    ]
    others = [
        Mention(TODAY, ki(n), sold, TILLS[n % 5][0], 2000 + n, "scan_judged",
                json.dumps({"evidence": "cache" if n % 4 else "online"}))
        for n in range(2, 200)
    ]  # fmt: skip
    receipt = ("SWK00040001", 300, 4001, "700007919", 1, 145_000)
    lines = {
        AGENT: Line(TODAY, code, code[:14], Operation.SALE, sold + 2 * minute, till, *receipt, "journal", 1803),
        OFD: Line(TODAY, code, code[:14], Operation.SALE, sold + 2 * minute, "", *receipt, "import-3", 40),
    }
    seen = Standing(TODAY, code, "", UnitStatus.IN_CIRCULATION, "INTRODUCED", 0, 0, sold + 62 * minute, journal, 1863)
    lake.write(EVENT, to_arrow([*mentions, *others]), "by-hand")
    for table, line in lines.items():
        lake.write(table, to_arrow([line]), "by-hand")
    lake.write(REGISTRY, to_arrow([seen]), "by-hand")


def fill_imports(engine: Engine) -> None:
    """A file with refused rows, one that still runs, one that stopped; its name is hostile."""
    clock = iter(range(NOW_NS - 30 * HOUR_NS, NOW_NS, 60 * 10**9))
    ledger = Ledger(engine, lambda: next(clock))
    broken = ledger.begin(ImportKind.REGISTRY_EXPORT, HOSTILE, "a" * 64)
    counts = ImportCounts(900, 850, 50, 0)
    ledger.advance(broken, {"row": 900}, counts, state=ImportState.STOPPED, trouble="the file ends within a row")
    running = ledger.begin(ImportKind.WEBKASSA, "SWK00040001 shift 300", "b" * 64)
    ledger.advance(running, {"row": 3100}, ImportCounts(3100, 3100), share=0.62)
    file = ledger.begin(ImportKind.FILE, "ofd-november.xlsx", "c" * 64)
    texts = [HOSTILE if n == 3 else f"Сүт 2,5 % 1 л;{4001 + n};12,x" for n in range(32)]
    remarks = [Remark(17 + n, "sum-unreadable", "12,x", "Сумма", text) for n, text in enumerate(texts)]
    ledger.advance(file, {"row": 120_412}, ImportCounts(120_412, 120_380, 0, 32), remarks, state=ImportState.DONE)


def ports(engine: Engine, lake: Lake) -> Ports:
    documents = OutboxDocuments(engine, lambda: NOW_NS, group_of=lambda gtin: "2")
    return Ports(LakeLives(lake, engine), LedgerImports(engine), documents, LakeCoverage(lake))
