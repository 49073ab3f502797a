"""What the till knows without asking anybody: the shop's goods, and code statuses with the age of each.

Any number of threads may read while one writes; several processes may share the file. The two hot look-ups go to the
driver with prepared SQL, everything else through SQLAlchemy Core.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import Connection, Select, func, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert

from marking.charset import is_digits
from marking.gs1 import gtin14
from marking.statuses import CodeStatus, Status
from marking.verdict import Product
from pos_agent.cache.schema import CacheError, code_status, facts, open_engine, open_reader, product, unusable
from pos_agent.cache.transaction import Transaction

__all__ = ["Cache", "CacheError", "Counts"]

_BATCH = 10_000
_FACTS_MAX = 65_536
_PRODUCT_COLUMNS = (
    product.c.gtin, product.c.ntin, product.c.name_ru, product.c.name_kk, product.c.unit_code, product.c.vat_class,
    product.c.group_key, product.c.price_tiyn, product.c.templates, product.c.learned,
)  # fmt: skip


def sql(statement: Any) -> str:
    """A Core statement as text for the driver, with `?` where its parameters go."""
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="qmark")))


_BY_KEY = sql(select(*_PRODUCT_COLUMNS).where(product.c.key == "?"))
_BY_NTIN = sql(select(*_PRODUCT_COLUMNS).where(product.c.ntin_key == "?").limit(2)).replace(
    "LIMIT ? OFFSET ?", "LIMIT 2"
)
_BY_KI = sql(select(code_status.c.at_ns, code_status.c.facts_id).where(code_status.c.ki == "?"))
_FACTS_BY_ID = sql(select(facts.c.body).where(facts.c.id == "?"))
_ADD_FACTS = sql(insert(facts).values(body="?").on_conflict_do_nothing())
_FIND_FACTS = sql(select(facts.c.id).where(facts.c.body == "?"))

# Fields of CodeStatus that make its facts, in the order they are stored.
FACTS = (
    "status", "raw_status", "extended", "package_type", "gtin", "expires_on", "owner_tin", "template", "partial_left",
    "blocked",
)  # fmt: skip
_facts_of = attrgetter(*FACTS)
_Facts = tuple[Any, ...]


def facts_body(values: _Facts) -> str:
    """Facts as stored: one text for one meaning, so that equal facts share a row."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _facts(body: str) -> _Facts:
    status, *rest = json.loads(body)
    return (Status(status), *rest)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the cache holds and how old it is; ages as UTC nanoseconds of the oldest and newest entry."""

    products: int
    statuses: int
    by_status: dict[str, int]
    products_oldest_ns: int | None
    products_newest_ns: int | None
    statuses_oldest_ns: int | None
    statuses_newest_ns: int | None
    size_bytes: int


class Cache:
    """Open the cache at `path`, creating it unless `create` is False. Every method may raise CacheError."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        if not create and not path.exists():
            raise CacheError(f"there is no cache at {path}: `pos-agent cache import FILE` makes one")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CacheError(f"{path}: {error.strerror}") from error
        self.engine = open_engine(path)
        self._reader = open_reader(path)
        self._facts: dict[int, _Facts] = {}  # A row of facts never changes, so what was read once stays true.
        # One connection behind a lock beats one a thread: a look-up takes microseconds, and pages are cached once.
        self._reading = threading.Lock()
        self._writing = threading.Lock()

    def close(self) -> None:
        with self._reading, self._writing:
            self._reader.close()
            self.engine.dispose()

    def __enter__(self) -> Cache:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def product(self, gtin: str) -> Product | None:
        """The goods of a GTIN-14; shorter numbers are not padded here."""
        rows = self._rows(_BY_KEY, gtin)
        return _product(rows[0]) if rows else None

    def product_by_ntin(self, ntin: str) -> Product | None:
        """The goods of a National Catalogue number. None also when several rows carry it: only a GTIN decides then."""
        rows = self._rows(_BY_NTIN, ntin_key(ntin))
        return _product(rows[0]) if len(rows) == 1 else None

    def catalogue(self, gtin: str) -> tuple[str, ...] | None:
        """Layouts of a GTIN as marking.code.Catalogue wants them: None when the shop does not have the GTIN."""
        found = self.product(gtin)
        return None if found is None else found.templates

    def status(self, ki: str) -> CodeStatus | None:
        """What a registry last said of one code."""
        rows = self._rows(_BY_KI, ki)
        if not rows:
            return None
        at_ns, facts_id = rows[0]
        known = self._facts.get(facts_id)
        if known is None:
            known = self._load_facts(facts_id)
        return CodeStatus(ki, known[0], at_ns, *known[1:])

    def put_statuses(self, statuses: Iterable[CodeStatus]) -> int:
        """Keep what a registry said, all or none. An older word never replaces a newer one. Returns rows changed."""
        changed = 0
        left = iter(statuses)
        ids: dict[_Facts, int] = {}
        with self.writing() as connection:
            while batch := list(islice(left, _BATCH)):
                rows = []
                for status in batch:
                    values = _facts_of(status)
                    facts_id = ids.get(values)
                    if facts_id is None:
                        facts_id = ids[values] = _facts_id(connection, facts_body(values))
                    rows.append((status.ki, status.at_ns, facts_id))
                rows.sort()  # In the order of the key, neighbours land on the same page.
                changed += connection.exec_driver_sql(PUT, rows).rowcount
                if len(ids) > _FACTS_MAX:
                    ids.clear()
        return changed

    def learn_template(self, gtin: str, template: str) -> bool:
        """Note a layout that the registry confirmed for a GTIN. False when known already, or no such goods."""
        with self.writing() as connection:
            found = connection.execute(
                select(product.c.templates, product.c.learned).where(product.c.key == gtin)
            ).one_or_none()
            if found is None or template in found.templates.split() or template in found.learned.split():
                return False
            learned = " ".join([*found.learned.split(), template])
            connection.execute(update(product).where(product.c.key == gtin).values(learned=learned))
        return True

    def products_known(self) -> int:
        with self.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(product)).scalar_one())

    def statuses_newest_ns(self) -> int | None:
        """When a status last came from the registry."""
        with self.reading() as connection:
            found: int | None = connection.execute(select(func.max(code_status.c.at_ns))).scalar()
        return found

    def counts(self) -> Counts:
        """Numbers and ages. Reads the whole file: for a page or a command, not for a scan."""
        with self.reading() as connection:
            goods = connection.execute(select(func.count(), func.min(product.c.at_ns), func.max(product.c.at_ns))).one()
            codes = connection.execute(
                select(func.count(), func.min(code_status.c.at_ns), func.max(code_status.c.at_ns))
            ).one()
            shares = connection.execute(
                select(facts.c.body, func.count())
                .join(code_status, code_status.c.facts_id == facts.c.id)
                .group_by(facts.c.id)
            ).all()
        by_status: Counter[str] = Counter()
        for body, number in shares:
            by_status[str(_facts(body)[0])] += number
        size = sum(part.stat().st_size for part in (self.path, Path(f"{self.path}-wal")) if part.exists())
        return Counts(
            products=goods[0],
            statuses=codes[0],
            by_status=dict(sorted(by_status.items())),
            products_oldest_ns=goods[1],
            products_newest_ns=goods[2],
            statuses_oldest_ns=codes[1],
            statuses_newest_ns=codes[2],
            size_bytes=size,
        )

    def products(self) -> Iterator[tuple[Product, int]]:
        """Every row of the catalogue with the time of its import, in order of the key."""
        with self.reading() as connection:
            for row in connection.execute(
                _streamed(select(*_PRODUCT_COLUMNS, product.c.at_ns).order_by(product.c.key))
            ):
                yield _product(row[:-1]), row[-1]

    def statuses(self) -> Iterator[CodeStatus]:
        """Every code, in order of its key."""
        query = select(code_status.c.ki, code_status.c.at_ns, facts.c.body).join(
            facts, code_status.c.facts_id == facts.c.id
        )
        with self.reading() as connection:
            for ki, at_ns, body in connection.execute(_streamed(query.order_by(code_status.c.ki))):
                known = _facts(body)
                yield CodeStatus(ki, known[0], at_ns, *known[1:])

    def imported_ns(self, goods: Product) -> int | None:
        """When a product's row was imported, UTC nanoseconds."""
        with self.reading() as connection:
            return connection.execute(select(product.c.at_ns).where(product.c.key == product_key(goods))).scalar()

    def reading(self) -> Transaction:
        return Transaction(self.engine, self.path, None)

    def writing(self) -> Transaction:
        """One transaction: all of what is done inside it is kept, or nothing."""
        return Transaction(self.engine, self.path, self._writing)

    def _load_facts(self, facts_id: int) -> _Facts:
        known = _facts(self._rows(_FACTS_BY_ID, facts_id)[0][0])
        if len(self._facts) >= _FACTS_MAX:
            self._facts.clear()
        self._facts[facts_id] = known
        return known

    def _rows(self, statement: str, key: str | int) -> list[Any]:
        try:
            with self._reading:
                rows: list[Any] = self._reader.execute(statement, (key,)).fetchall()
        except pysqlite3.DatabaseError as error:
            raise unusable(self.path, error) from error
        except UnicodeEncodeError:
            return []  # A lone surrogate out of JSON: no row can have such a key.
        return rows


def ntin_key(ntin: str) -> str:
    """An NTIN as it is compared: 14 digits where it is a number, since scanners and registers drop leading zeros."""
    return gtin14(ntin) if is_digits(ntin) and len(ntin) in (8, 12, 13, 14) else ntin


def product_key(goods: Product) -> str:
    """Primary key of a catalogue row: the GTIN, or the NTIN of goods without one."""
    return goods.gtin or f"N{ntin_key(goods.ntin or '')}"


def _facts_id(connection: Connection, body: str) -> int:
    connection.exec_driver_sql(_ADD_FACTS, (body,))
    return int(connection.exec_driver_sql(_FIND_FACTS, (body,)).scalar_one())


def _put_statement() -> str:
    statement = insert(code_status).values(ki="?", at_ns="?", facts_id="?")
    return sql(
        statement.on_conflict_do_update(
            index_elements=[code_status.c.ki],
            set_={"at_ns": statement.excluded.at_ns, "facts_id": statement.excluded.facts_id},
            where=statement.excluded.at_ns >= code_status.c.at_ns,
        )
    )


PUT = _put_statement()


def _product(row: Any) -> Product:
    templates = tuple(row[8].split())
    if row[9]:
        templates += tuple(name for name in row[9].split() if name not in templates)
    return Product(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], templates)


def _streamed(statement: Select[Any]) -> Select[Any]:
    return statement.execution_options(yield_per=1_000)
