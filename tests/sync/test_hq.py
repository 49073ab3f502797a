from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import StaticPool

from sync.batch import Batch, Entry, encode, tombstone
from sync.hq.app import create_app
from sync.hq.engine import DatabaseUnfit, open_engine
from sync.hq.inprocess import CollectorTransport
from sync.hq.judge import Refusal, RefusalKind
from sync.hq.store import Ack, Collector
from sync.wire import GENESIS, Row

TOKENS = {name: hashlib.sha256(f"token of {name}".encode()).hexdigest() for name in ("T1", "T2")}
READERS = {"office": hashlib.sha256(b"office").hexdigest()}


def _now() -> int:
    return 1_000_000_000_000


def _packed(*entries: Entry, till: str = "T1") -> bytes:
    return encode(Batch(till, entries))


def _journal(new_journal: Any, rows: int) -> Sequence[Row]:
    journal = new_journal()
    return [journal.add(n=number) for number in range(rows)]


def test_rows_are_kept_once_whatever_is_repeated_and_however_it_is_divided(engine: Engine, new_journal: Any) -> None:
    rows = _journal(new_journal, 9)
    collector = Collector(engine, _now)
    for first, last in [(0, 4), (0, 4), (2, 3), (1, 7), (0, 9), (8, 9)]:
        assert collector.accept("T1", _packed(*rows[first:last])) == Ack("T1", last, rows[last - 1].hash)
    held = Collector(engine, _now).rows("T1")
    assert [(row.number, row.hash, row.body, row.arrival) for row in held] == [
        (row.number, row.hash, row.body, row.number) for row in rows
    ]


def test_parallel_deliveries_of_the_same_rows_store_them_once(engine: Engine, new_journal: Any) -> None:
    rows = _journal(new_journal, 40)
    collectors = [Collector(engine, _now), Collector(engine, _now)]
    for start in range(0, 40, 8):
        together = threading.Barrier(2)

        def send(collector: Collector, start: int = start, together: threading.Barrier = together) -> Ack | Refusal:
            together.wait(10)
            return collector.accept("T1", _packed(*rows[start : start + 8]))

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(send, collectors))
        assert answers == [Ack("T1", start + 8, rows[start + 7].hash)] * 2
    assert [row.arrival for row in collectors[0].rows("T1")] == list(range(1, 41))


def test_two_collectors_may_start_on_an_empty_database_at_once(engine: Engine) -> None:
    with ThreadPoolExecutor(2) as pool:
        for collector in pool.map(lambda _: Collector(engine, _now), range(2)):
            collector.ping()


def test_a_gap_is_refused_and_names_what_is_expected(engine: Engine, new_journal: Any) -> None:
    rows = _journal(new_journal, 5)
    collector = Collector(engine, _now)
    collector.accept("T1", _packed(*rows[:2]))
    answer = collector.accept("T1", _packed(*rows[3:]))
    assert isinstance(answer, Refusal)
    assert answer.kind is RefusalKind.GAP
    assert answer.expected is not None
    assert (answer.expected.number, answer.expected.previous) == (3, rows[1].hash)


def test_a_fork_is_refused_and_the_alarm_survives(engine: Engine, new_journal: Any) -> None:
    rows = _journal(new_journal, 3)
    other = new_journal()
    forged = [other.add(n=number) for number in (0, 7, 8)]
    collector = Collector(engine, _now)
    collector.accept("T1", _packed(*rows))
    for _ in range(2):
        answer = collector.accept("T1", _packed(*forged))
        assert isinstance(answer, Refusal)
        assert answer.kind is RefusalKind.FORK
    (state,) = Collector(engine, _now).tills()
    assert [(alarm.number, alarm.kind, alarm.stored) for alarm in state.alarms] == [(2, "fork", rows[1].hash)]
    assert [row.hash for row in collector.rows("T1")] == [row.hash for row in rows]


def test_a_row_that_does_not_follow_is_refused_with_an_alarm(engine: Engine, new_journal: Any) -> None:
    rows = _journal(new_journal, 3)
    other = new_journal()
    foreign = [other.add(n=number) for number in (0, 7, 8)]
    collector = Collector(engine, _now)
    collector.accept("T1", _packed(*rows[:2]))
    answer = collector.accept("T1", _packed(foreign[2]))
    assert isinstance(answer, Refusal)
    assert answer.kind is RefusalKind.CHAIN
    assert [alarm.number for state in collector.tills() for alarm in state.alarms] == [3]


def test_bad_rows_are_named_and_nothing_of_the_batch_is_kept(engine: Engine, new_journal: Any) -> None:
    rows = _journal(new_journal, 3)
    changed = dataclasses.replace(rows[1], body='{"n":9}')
    collector = Collector(engine, _now)
    answer = collector.accept("T1", _packed(rows[0], changed, rows[2]))
    assert isinstance(answer, Refusal)
    assert answer.kind is RefusalKind.BAD_ROWS
    assert [number for number, _ in answer.rows] == [2]
    assert collector.cursor("T1").through == 0


def test_a_tombstone_keeps_the_chain_and_takes_its_content_later_once(engine: Engine, new_journal: Any) -> None:
    rows = _journal(new_journal, 3)
    collector = Collector(engine, _now)
    collector.accept("T1", _packed(rows[0], tombstone(rows[1], "poison"), rows[2]))
    assert collector.cursor("T1").missing == (2,)
    for _ in range(2):
        assert collector.accept("T1", _packed(rows[1])) == Ack("T1", 2, rows[1].hash)
    assert [(row.number, row.body, row.arrival) for row in collector.rows("T1")] == [
        (1, rows[0].body, 1),
        (2, rows[1].body, 3),
        (3, rows[2].body, 2),
    ]
    assert collector.cursor("T1").missing == ()


def test_a_batch_of_another_till_is_refused(sqlite: Engine, new_journal: Any) -> None:
    answer = Collector(sqlite, _now).accept("T2", _packed(*_journal(new_journal, 1)))
    assert isinstance(answer, Refusal)
    assert answer.kind is RefusalKind.WRONG_TILL


def test_any_engine_will_do_for_a_demonstration(new_journal: Any) -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    collector = Collector(engine, _now)
    rows = _journal(new_journal, 2)
    assert collector.accept("T1", _packed(*rows)) == Ack("T1", 2, rows[1].hash)
    engine.dispose()


def test_sqlite_is_opened_to_survive_a_power_cut(sqlite: Engine) -> None:
    with sqlite.connect() as db:
        assert db.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert db.execute(text("PRAGMA synchronous")).scalar() == 2


def test_a_database_of_a_newer_collector_is_left_alone(sqlite: Engine) -> None:
    Collector(sqlite, _now)
    with sqlite.begin() as db:
        db.execute(text("UPDATE hq_version SET version = 99"))
    with pytest.raises(DatabaseUnfit, match="newer"):
        Collector(sqlite, _now)


def _client(collector: Collector) -> httpx.Client:
    return httpx.Client(transport=CollectorTransport(collector, TOKENS, READERS), base_url="http://hq")


def _as(name: str) -> dict[str, str]:
    token = name if name == "office" else f"token of {name}"
    return {"Authorization": f"Bearer {token}", "Content-Encoding": "gzip"}


def test_a_token_speaks_for_its_own_till_only(sqlite: Engine, new_journal: Any) -> None:
    collector = Collector(sqlite, _now)
    rows = _journal(new_journal, 3)
    with _client(collector) as client:
        assert client.post("/v1/batches", content=_packed(*rows), headers=_as("T2")).status_code == 403
        assert client.post("/v1/batches", content=_packed(*rows), headers=_as("T1")).json() == {
            "till": "T1",
            "through": 3,
            "hash": rows[2].hash.hex(),
        }
        (other,) = client.get("/v1/tills", headers=_as("T2")).json()["tills"]
        assert (other["till"], other["last"], [alarm["kind"] for alarm in other["alarms"]]) == ("T2", 0, ["wrong-till"])
        till, _ = client.get("/v1/tills", headers=_as("office")).json()["tills"]
        assert (till["till"], till["last"], till["age_s"], till["alarms"]) == ("T1", 3, 0.0, [])
        assert client.get("/v1/tills/T1/rows", headers=_as("T2")).status_code == 403
        page = client.get("/v1/tills/T1/rows?after=1&limit=1", headers=_as("T1")).json()
        assert [row["number"] for row in page["rows"]] == [2]
        assert client.get("/v1/cursor", headers=_as("T2")).json()["hash"] == GENESIS.hex()
        assert client.post("/v1/batches", content=b"", headers=_as("office")).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "kind"),
    [
        ("GET", "/v1/tills", {}, 401, "token"),
        ("GET", "/v1/tills", {"Authorization": "Bearer wrong"}, 401, "token"),
        ("GET", "/v1/tills", {"Authorization": "Basic " + "token of T1"}, 401, "token"),
        ("GET", "/v1/batches", {}, 405, "method"),
        ("GET", "/nowhere", {}, 404, "not-found"),
        ("GET", "/v1/tills/T1/rows?limit=0", _as("T1"), 400, "query"),
        ("GET", "/v1/tills/T1/rows?after=x", _as("T1"), 400, "query"),
        ("POST", "/v1/batches", {**_as("T1"), "Content-Length": str(2 << 20)}, 413, "too-large"),
        ("POST", "/v1/batches", {"Authorization": "Bearer token of T1"}, 415, "encoding"),
        ("POST", "/v1/batches", _as("T1"), 400, "malformed"),
    ],
)
def test_errors_are_problem_details(
    sqlite: Engine, method: str, path: str, headers: dict[str, str], status: int, kind: str
) -> None:
    with _client(Collector(sqlite, _now)) as client:
        answer = client.request(method, path, headers=headers)
    assert (answer.status_code, answer.json()["kind"]) == (status, kind)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_database_that_fails_is_not_acknowledged(tmp_path: Path, new_journal: Any) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'hq.sqlite'}")
    collector = Collector(engine, _now)
    with engine.begin() as db:
        db.execute(text("DROP TABLE hq_row"))
    with _client(collector) as client:
        answer = client.post("/v1/batches", content=_packed(*_journal(new_journal, 1)), headers=_as("T1"))
    assert (answer.status_code, answer.json()["kind"]) == (503, "storage")
    engine.dispose()


def test_the_same_answers_come_over_a_real_socket(sqlite: Engine, new_journal: Any) -> None:
    rows = _journal(new_journal, 2)
    collector = Collector(sqlite, _now)
    config = uvicorn.Config(create_app(collector, TOKENS), port=0, log_level="critical", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        pause = threading.Event()
        while not server.started and thread.is_alive():
            pause.wait(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            assert client.get("/healthz").json() == {"status": "ok"}
            assert client.get("/v1/tills").status_code == 401
            stored = client.post("/v1/batches", content=_packed(*rows), headers=_as("T1"))
            assert stored.json()["through"] == 2
            endless = client.post("/v1/batches", content=iter([bytes(1 << 20)] * 2), headers=_as("T1"))
            assert endless.status_code == 413
            page = client.get("/v1/tills/T1/rows?after=1", headers=_as("T1"))
            assert [json.loads(row["body"]) for row in page.json()["rows"]] == [{"n": 1}]
    finally:
        server.should_exit = True
        thread.join(10)
