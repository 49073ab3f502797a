"""A chain made by hand for the pages: shops, tills in every state, counts, exceptions of every kind, and ports.

The clock stands at 30 November 2026, 18:00 in Almaty. Product names do not reach headquarters, so what an attacker can
choose (notes, codes, names of tills, refused rows of files) carries markup in `HOSTILE`.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import xlsxwriter
from sqlalchemy import Engine, insert

from sync.hq import schema
from sync.hq.finding import CAUSES
from sync.hq.kinds import KINDS, Kind, Subject
from sync.hq.pages.ports import (
    CacheShare,
    Column,
    Document,
    DocumentCode,
    DocumentRefused,
    Heartbeat,
    ImportRun,
    LifeEvent,
    Ports,
    Refusal,
)
from sync.hq.tables import count, exception, exception_event, place, register
from sync.hq.witness import ZONE

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
    letters = "AbCdEfGhJkLmNpQrStUvWxYz"
    serial = "".join(letters[(number * 7 + step * 5) % len(letters)] for step in range(6))
    return f"0487000000{100 + number % 40:04}{serial}{number % 10}"


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
    return {
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


class Heartbeats:
    """Most tills are well; some show each trouble. `all_red` makes every register fail."""

    def __init__(self, *, all_red: bool = False) -> None:
        self.all_red = all_red

    def latest(self) -> Mapping[str, Heartbeat]:
        return {till: self._beat(n, till) for n, (till, *_) in enumerate(TILLS) if n != len(TILLS) - 1 and n % 9}

    def _beat(self, n: int, till: str) -> Heartbeat:
        fine = Heartbeat(
            till, NOW_NS - (20 + n) * 10**9, "0.1.0", "open", NOW_NS - (6 * 60 + n * 7) * 60 * 10**9, "", True, n % 4,
            30 * (n % 4), 2400 + n * 60, 120 * (n % 5 - 2),
        )  # fmt: skip
        bad = {
            2: replace(fine, register="нет бумаги", register_ok=False),
            5: replace(fine, queue=1240, queue_age_s=9 * 3600),
            7: replace(fine, clock_offset_ms=-260_000),
            8: replace(fine, cache_age_s=60 * 3600, version="0.0.9"),
            12: replace(fine, shift_opened_ns=NOW_NS - 25 * HOUR_NS),
        }.get(n, fine)
        return replace(bad, register="нет связи с ККМ", register_ok=False) if self.all_red else bad


class Lives:
    def events(self, ki: str) -> Sequence[LifeEvent]:
        at = us(NOW) - 8 * 3_600_000_000
        minute = 60_000_000
        till, source = TILLS[0][0], "journal"
        return (
            LifeEvent(at - 9 * 86_400_000_000, "registry", "IN_CIRCULATION", facts=(("raw_status", "INTRODUCED"),),
                      source="import-3", source_row=118),
            LifeEvent(at, "agent", "scan_judged", till, "Айгерім С.",
                      (("verdict", "ALLOW"), ("reason", "M-001"), ("source", "cache")), source, 1801),
            LifeEvent(at + minute, "agent", "line_added", till, "Айгерім С.", (("sum", "1 450 ₸"),), source, 1802),
            LifeEvent(at + 2 * minute, "agent", "document_made", till, "Айгерім С.",
                      (("receipt", "№ 4001"), ("sign", "700007919")), source, 1805),
            LifeEvent(at + 2 * minute, "ofd", "sale", till, "", (("receipt", "№ 4001"), ("sum", "1 450 ₸")),
                      "import-5", 40),
            LifeEvent(at + 62 * minute, "agent", "units_rechecked", till, "", (("outcome", "on_balance"),), source,
                      1822),
            LifeEvent(at + 62 * minute, "registry", "IN_CIRCULATION", till, "", (("raw_status", "INTRODUCED"),), source,
                      1822),
        )  # fmt: skip


class Imports:
    RUNS = (
        ImportRun(3, "ofd-november.xlsx", "file", "done", NOW_NS - 9 * HOUR_NS, NOW_NS - 9 * HOUR_NS + 40 * 10**9,
                  120_412, 120_380, 0, 32),
        ImportRun(2, "SWK00040001 shift 300", "webkassa", "running", NOW_NS - HOUR_NS, None, 3_100, 3_100, 0, 0),
        ImportRun(1, HOSTILE, "registry-export", "stopped", NOW_NS - 30 * HOUR_NS, NOW_NS - 29 * HOUR_NS, 900, 850, 50,
                  0, "the file ends in the middle of a row"),
    )  # fmt: skip

    def runs(self, limit: int) -> Sequence[ImportRun]:
        return self.RUNS[:limit]

    def run(self, number: int) -> ImportRun | None:
        return next((run for run in self.RUNS if run.id == number), None)

    def refusals(self, number: int, limit: int | None = None) -> Iterable[Refusal]:
        rows = [Refusal(17 + n, "sum-unreadable", f"4001;{HOSTILE if n == 3 else 'Сүт 1 л'};12,x") for n in range(32)]
        return rows[:limit] if number == 3 else []


@dataclass
class Documents:
    made: list[Document] = field(default_factory=list)
    of: dict[int, Sequence[int]] = field(default_factory=dict)

    def listed(self, limit: int) -> Sequence[Document]:
        return self.made[::-1][:limit]

    def one(self, number: int) -> Document | None:
        return next((one for one in self.made if one.id == number), None)

    def codes(self, number: int, limit: int) -> Sequence[DocumentCode]:
        states = ("FAILED", "DONE") if self.made[number - 1].state == "PARTIAL" else ("WAITING", "WAITING")
        return [
            DocumentCode(
                ki(one), states[min(n, 1)], "code-status-invalid" if n == 0 and states[0] == "FAILED" else "", one
            )
            for n, one in enumerate(self.of[number])
        ][:limit]

    def prepare(self, exceptions: Sequence[int], who: str) -> Sequence[int]:
        if not exceptions:
            raise DocumentRefused("no case fits")
        number = len(self.made) + 1
        self.made.append(Document(number, "withdrawal", "PREPARED", who, NOW_NS, "", None, "", "", len(exceptions), 0))
        self.of[number] = exceptions
        return [number]

    def approve(self, number: int, who: str, why: str) -> None:
        self._move(number, "PREPARED", state="APPROVED", approved_by=who, approved_ns=NOW_NS)

    def cancel(self, number: int, who: str, why: str) -> None:
        self._move(number, "PREPARED", state="CANCELLED")

    def _move(self, number: int, was: str, **values: Any) -> None:
        if self.made[number - 1].state != was:
            raise DocumentRefused("it is approved already")
        self.made[number - 1] = replace(self.made[number - 1], **values)


class Coverage:
    def shares(self, first: dt.date, last: dt.date) -> Sequence[CacheShare]:
        return [CacheShare(till, 2000 + 31 * n, 2000 + 31 * n - (n * 97) % 400) for n, (till, *_) in enumerate(TILLS)]


class Exports:
    """Small tables, held in memory."""

    def write(
        self, form: str, title: str, columns: Sequence[Column], rows: Iterable[Mapping[Any, Any]]
    ) -> Iterator[bytes]:
        table = [[row[column.name] for column in columns] for row in rows]
        heads = [column.title for column in columns]
        yield {"xlsx": _xlsx, "csv": _csv, "json": _json}[form](heads, table)


def _xlsx(heads: list[str], table: list[list[Any]]) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet()
    for n, row in enumerate([heads, *table]):
        sheet.write_row(n, 0, [str(value) if isinstance(value, dt.date) else value for value in row])
    book.close()
    return file.getvalue()


def _csv(heads: list[str], table: list[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([heads, *table])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _json(heads: list[str], table: list[list[Any]]) -> bytes:
    return json.dumps([dict(zip(heads, row, strict=True)) for row in table], default=str, ensure_ascii=False).encode()


def ports(*, all_red: bool = False) -> Ports:
    return Ports(Exports(), Heartbeats(all_red=all_red), Lives(), Imports(), Documents(), Coverage())
