"""How fast headquarters takes journals: rows over HTTP, verified and committed, against plain COPY of the same rows.

The rows are those of a simulated day of this agent, told again and again by several tills, each with a chain of its
own. They are packed as a till packs them (at most 1000 rows or 512 KiB a batch) before the clock starts: packing is the
tills' work. Then every till sends its batches, one at a time, to a collector of two processes over loopback, and the
clock stops at the last acknowledgement.

Plain COPY is one COPY of the same rows, as text made beforehand, into a table with the same columns and indexes, in one
transaction. Both end committed, with fsync. Tills, collector and PostgreSQL share the machine.

Beside the ratio stands what each side computes for a row, in microseconds of processor time: on a machine with other
work it tells more than the clock.
"""

from __future__ import annotations

import os
import socket
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest
from hq_service import CollectorProcess, postgresql_server, token_of
from pytest_benchmark.fixture import BenchmarkFixture

from pos_agent.demo.headless import HeadlessDemo
from sync.batch import Batch, encode
from sync.hq.ingest import COLUMNS
from sync.wire import GENESIS, Row, row_hash

TILLS = 8
ROWS = 10_000  # Of each till.
ROWS_MAX, BYTES_MAX = 1_000, 524_288  # As sync.delivery_state.DeliverySettings.
SALES = 20
ROUNDS = 5
WORKERS = 2
RATIO_TARGET = 0.5  # Told, not asserted.
CHUNK_BYTES = 1 << 20
LIST = ", ".join(COLUMNS)


@dataclass(frozen=True)
class Work:
    """One till's rows, packed."""

    till: str
    rows: Sequence[Row]
    batches: Sequence[bytes]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Work]:
    demo = HeadlessDemo(tmp_path_factory.mktemp("day"), seed=1, sales=SALES)
    try:
        demo.run()
        day = [(row.at_ns, row.kind, row.body) for row in demo.agent.journal.rows_after(0, 1_000_000)]
    finally:
        demo.close()
    return [_work(f"T{number}", day) for number in range(TILLS)]


def _work(till: str, day: Sequence[tuple[int, str, str]]) -> Work:
    rows: list[Row] = []
    previous = GENESIS
    for number in range(1, ROWS + 1):
        at_ns, kind, body = day[number % len(day)]
        digest = row_hash(till, number, at_ns, kind, body, previous)
        rows.append(Row(till, number, at_ns, kind, body, previous, digest))
        previous = digest
    return Work(till, rows, [encode(Batch(till, tuple(part))) for part in _parts(rows)])


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    part: list[Row] = []
    size = 0
    for row in rows:
        length = len(row.body.encode())
        if part and (len(part) == ROWS_MAX or size + length > BYTES_MAX):
            yield part
            part, size = [], 0
        part.append(row)
        size += length
    yield part


def _deliver(url: str, work: Work) -> None:
    headers = {"Authorization": f"Bearer {token_of(work.till)}", "Content-Encoding": "gzip"}
    with closing(HTTPConnection(url.removeprefix("http://"), timeout=60)) as line:
        for batch in work.batches:
            line.request("POST", "/v1/batches", batch, headers)
            answer = line.getresponse()
            told = answer.read()
            assert answer.status == 200, told


def _ingest(url: str, work: Sequence[Work]) -> float:
    started = time.perf_counter()
    with ThreadPoolExecutor(len(work)) as pool:
        list(pool.map(lambda one: _deliver(url, one), work))
    return time.perf_counter() - started


def _copy(db: psycopg.Connection[tuple[object, ...]], rows: bytes) -> float:
    db.execute("CHECKPOINT")
    started = time.perf_counter()
    with db.transaction(), db.cursor().copy(f"COPY plain_row ({LIST}) FROM STDIN") as copy:
        for at in range(0, len(rows), CHUNK_BYTES):
            copy.write(rows[at : at + CHUNK_BYTES])
    return time.perf_counter() - started


def _processor_s(root: int) -> float:
    """Of a process and of those below it, the ended ones too, as /proc tells."""
    parts: dict[int, tuple[int, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # It has just ended.
        parts[int(path.parent.name)] = int(fields[1]), sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    family = {root}
    while more := {child for child, (parent, _) in parts.items() if parent in family} - family:
        family |= more
    return sum(parts[one][1] for one in family)


def test_rows_over_http_against_plain_copy(
    benchmark: BenchmarkFixture, work: Sequence[Work], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rounds = 1 if benchmark.disabled else ROUNDS
    total = TILLS * ROWS
    shares: list[float] = []
    plain_s: list[float] = []
    used: dict[str, list[float]] = {"copy": [], "collector": [], "postgresql": []}
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with postgresql_server() as server, psycopg.connect(server.get_uri(), autocommit=True) as db:
        tills = [one.till for one in work]
        collector = CollectorProcess(tmp_path, server.get_uri(), tills, port, "--workers", str(WORKERS))
        collector.start()
        postgresql = int((Path(server.pgdata) / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        try:
            _ingest(collector.url, work)  # Warms both processes up, and makes the rows that COPY gets.
            with db.cursor().copy(f"COPY hq_row ({LIST}) TO STDOUT") as copy:
                rows = b"".join(bytes(part) for part in copy)
            db.execute("CREATE TABLE plain_row (LIKE hq_row INCLUDING ALL)")

            def prepare() -> None:
                db.execute("TRUNCATE plain_row")
                begun_s = time.process_time() + _processor_s(postgresql)
                plain_s.append(_copy(db, rows))
                used["copy"].append(time.process_time() + _processor_s(postgresql) - begun_s)
                db.execute("TRUNCATE hq_row, hq_till")
                db.execute("CHECKPOINT")

            def ingest() -> None:
                begun_s = _processor_s(collector.pid), _processor_s(postgresql)
                taken_s = _ingest(collector.url, work)
                shares.append(plain_s[-1] / taken_s)
                used["collector"].append(_processor_s(collector.pid) - begun_s[0])
                used["postgresql"].append(_processor_s(postgresql) - begun_s[1])

            benchmark.pedantic(ingest, setup=prepare, rounds=rounds)
            held = db.execute(
                "SELECT count(*), count(DISTINCT (till, number)), sum(length(body)) FROM hq_row"
            ).fetchone()
            wanted = db.execute("SELECT count(*), count(*), sum(length(body)) FROM plain_row").fetchone()
        finally:
            collector.stop()
    assert held == wanted
    assert held is not None and held[0] == total
    benchmark.extra_info.update(
        rows=total,
        copy_rows_per_s=round(total / statistics.median(plain_s)),
        ratio=round(statistics.median(shares), 2),
        ratio_target=RATIO_TARGET,
        workers=WORKERS,
        processor_us_per_row={who: round(statistics.median(all_s) / total * 1e6, 1) for who, all_s in used.items()},
    )
    with capsys.disabled():
        info = benchmark.extra_info
        print(f"\nplain COPY {info['copy_rows_per_s']} rows/s; over HTTP {info['ratio']} of it (target {RATIO_TARGET})")
        print(f"processor time a row, us: {info['processor_us_per_row']}")
