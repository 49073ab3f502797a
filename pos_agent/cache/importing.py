"""A file into the cache: all of it, or nothing.

Rows are checked into a temporary table first, which holds no lock; only a file without a single mistake is published,
in the same transaction. A till that sells meanwhile sees the old contents until then, and writes its own answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, String, Table, select, text
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.schema import CreateTable

from marking.statuses import Status
from pos_agent.cache import rows, schema
from pos_agent.cache.lines import BadRow, RecordFile, UnreadableFile
from pos_agent.cache.store import Cache, facts_body, ntin_key, sql

_BATCH = 5_000
_BODIES_MAX = 65_536
_PROGRESS_ROWS = 1_000


class Kind(StrEnum):
    CATALOGUE = "catalogue"
    STATUSES = "statuses"


@dataclass(slots=True)
class Report:
    """What an import found and did. With `bad` above 0 nothing was changed."""

    kind: Kind
    rows: int = 0  # Rows read, good and bad.
    bad: int = 0  # Mistakes, of which a row can have several.
    written: int = 0  # Rows inserted or replaced.
    repeated: int = 0  # Rows that say again what an earlier row of the file says.
    kept_newer: int = 0  # Statuses for which the cache has a newer word.
    unknown_words: Counter[str] = field(default_factory=Counter)  # Status words never seen before, taken as UNKNOWN.


OnBad = Callable[[BadRow], None]
Progress = Callable[[int], None]  # Bytes read so far.

_stage_meta = MetaData()
_stages = {
    Kind.CATALOGUE: Table(
        "import_catalogue",
        _stage_meta,
        Column("line", Integer),
        *(Column(column.name, column.type) for column in schema.product.c if column.name != "learned"),
        prefixes=["TEMPORARY"],
    ),
    Kind.STATUSES: Table(
        "import_statuses",
        _stage_meta,
        Column("line", Integer),
        Column("ki", String),
        Column("at_ns", BigInteger),
        Column("body", String),
        prefixes=["TEMPORARY"],
    ),
}
_KEYS = {Kind.CATALOGUE: "key", Kind.STATUSES: "ki"}
_COLUMNS = {Kind.CATALOGUE: rows.PRODUCT, Kind.STATUSES: rows.STATUS}
_SHOWN = {Kind.CATALOGUE: "gtin", Kind.STATUSES: "ki"}


def import_file(
    cache: Cache,
    source: BinaryIO,
    context: rows.Context,
    *,
    kind: Kind | None = None,
    encoding: str = "utf-8",
    on_bad: OnBad = lambda _bad: None,
    progress: Progress = lambda _bytes: None,
) -> Report:
    """Import an open file. Every mistake goes to `on_bad` in order of the line, repeated keys last.

    Raises UnreadableFile when header or form are wrong (nothing was read then), CacheError when the cache cannot be
    written.
    """
    file = RecordFile(source, encoding)
    kind = kind or _kind_of(file)
    file.require(tuple(_COLUMNS[kind].checks), _COLUMNS[kind].needed)
    report = Report(kind)

    def bad(row: BadRow) -> None:
        report.bad += 1
        on_bad(row)

    stage = _stages[kind]
    # Not `cache.writing()`: this process may go on putting statuses while the file is read and checked.
    with cache.reading() as connection:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS temp.{stage.name}")
        connection.exec_driver_sql(sql(CreateTable(stage)))
        put = sql(insert(stage).values(dict.fromkeys(stage.c.keys(), "?")))
        good = _good_rows(file, kind, context, report, bad, progress)
        while batch := list(islice(good, _BATCH)):
            # After a mistake nothing will be published; reading goes on only to name all of them.
            if not report.bad:
                connection.exec_driver_sql(put, batch)
        if not report.rows:
            bad(BadRow(1, None, "the file has no rows"))
        if not report.bad:
            _repeated(connection, kind, report, bad)
        if not report.bad:
            _publish(connection, kind, report)
        connection.exec_driver_sql(f"DROP TABLE temp.{stage.name}")
    return report


def _kind_of(file: RecordFile) -> Kind:
    names = file.peek()
    if "ki" in names or "status" in names:
        return Kind.STATUSES
    if "price" in names or "name_ru" in names:
        return Kind.CATALOGUE
    reason = "neither a catalogue (name_ru, price) nor code statuses (ki, status); see docs/cache-files.md"
    raise UnreadableFile(BadRow(1, None, reason))


def _good_rows(
    file: RecordFile, kind: Kind, context: rows.Context, report: Report, bad: OnBad, progress: Progress
) -> Iterator[tuple[Any, ...]]:
    columns = _COLUMNS[kind]
    bodies: dict[tuple[Any, ...], str] = {}
    for record in file.records():
        report.rows += 1
        if report.rows % _PROGRESS_ROWS == 0:
            progress(file.read_bytes)
        if isinstance(record, BadRow):
            bad(record)
            continue
        typed, mistakes = rows.check(record.values, columns, context)
        if kind is Kind.CATALOGUE and not mistakes and not (typed["gtin"] or typed["ntin"]):
            mistakes.append(("gtin", "a GTIN or an NTIN is needed"))
        if mistakes:
            for column, reason in mistakes:
                bad(BadRow(record.line, column, reason))
        elif kind is Kind.CATALOGUE:
            yield _product_row(record.line, typed, context)
        else:
            yield _status_row(record.line, typed, record.values["status"], report, bodies)
    progress(file.read_bytes)


def _product_row(line: int, typed: dict[str, Any], context: rows.Context) -> tuple[Any, ...]:
    number = None if typed["ntin"] is None else ntin_key(typed["ntin"])
    return (
        line, typed["gtin"] or f"N{number}", typed["gtin"], typed["ntin"], number, typed["name_ru"], typed["name_kk"],
        typed["unit"], typed["vat"], typed["group"], typed["price"], typed["templates"], context.now_ns,
    )  # fmt: skip


def _status_row(
    line: int, typed: dict[str, Any], sent: str, report: Report, bodies: dict[tuple[Any, ...], str]
) -> tuple[Any, ...]:
    status: Status = typed["status"]
    if status is Status.UNKNOWN and sent.upper() not in ("UNKNOWN", "RETURNED"):
        report.unknown_words[sent[:40]] += 1
    facts = (
        status, typed["raw_status"] or sent, typed["extended"], typed["package_type"], typed["gtin"],
        typed["expires_on"], typed["owner_tin"], typed["template"], typed["partial_left"], typed["blocked"],
    )  # fmt: skip
    body = bodies.get(facts)
    if body is None:
        if len(bodies) >= _BODIES_MAX:
            bodies.clear()
        body = bodies[facts] = facts_body(facts)
    return line, typed["ki"], typed["at"], body


def _repeated(connection: Connection, kind: Kind, report: Report, bad: OnBad) -> None:
    """Find keys that stand more than once: the same content is one row, another content is a mistake."""
    stage, key = f"temp.{_stages[kind].name}", _KEYS[kind]
    contents = [name for name in _stages[kind].c.keys() if name not in ("line", key)]  # noqa: SIM118 - not a dict
    first = f"SELECT {key} AS k, min(line) AS first FROM {stage} GROUP BY {key} HAVING count(*) > 1"  # noqa: S608
    differs = " OR ".join(f"a.{name} IS NOT b.{name}" for name in contents)
    clashes = connection.execute(
        text(
            f"SELECT b.line, b.{key}, a.line FROM ({first}) AS d "  # noqa: S608 - names of our own tables
            f"JOIN {stage} AS a ON a.line = d.first AND a.{key} = d.k "
            f"JOIN {stage} AS b ON b.{key} = d.k AND b.line > d.first WHERE {differs} ORDER BY b.line"
        )
    )
    for line, value, earlier in clashes:
        bad(BadRow(line, _SHOWN[kind], f"{value} stands in line {earlier} already, with other content"))
    if not report.bad:
        report.repeated = connection.execute(
            text(f"DELETE FROM {stage} WHERE line NOT IN (SELECT min(line) FROM {stage} GROUP BY {key})")  # noqa: S608
        ).rowcount


def _publish(connection: Connection, kind: Kind, report: Report) -> None:
    if kind is Kind.CATALOGUE:
        stage = _stages[kind]
        names = [column.name for column in stage.c if column.name != "line"]
        ordered = select(*(stage.c[name] for name in names)).where(text("true")).order_by(stage.c.key)
        statement = insert(schema.product).from_select(names, ordered)
        replaced = {name: statement.excluded[name] for name in names if name != "key"}
        report.written = connection.execute(
            statement.on_conflict_do_update(index_elements=[schema.product.c.key], set_=replaced)
        ).rowcount
        return
    stage = _stages[kind]
    new_facts = select(stage.c.body).distinct()
    connection.execute(
        insert(schema.facts).from_select(["body"], new_facts.where(text("true"))).on_conflict_do_nothing()
    )
    joined = (
        select(stage.c.ki, stage.c.at_ns, schema.facts.c.id)
        .join(schema.facts, schema.facts.c.body == stage.c.body)
        .where(text("true"))
        .order_by(stage.c.ki)
    )
    statement = insert(schema.code_status).from_select(["ki", "at_ns", "facts_id"], joined)
    report.written = connection.execute(
        statement.on_conflict_do_update(
            index_elements=[schema.code_status.c.ki],
            set_={"at_ns": statement.excluded.at_ns, "facts_id": statement.excluded.facts_id},
            where=statement.excluded.at_ns >= schema.code_status.c.at_ns,
        )
    ).rowcount
    report.kept_newer = report.rows - report.repeated - report.written
