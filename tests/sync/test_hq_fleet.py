"""Heartbeats: what headquarters keeps of them, and what they tell of two machines, old copies and wrong clocks."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from sync.batch import Batch, encode
from sync.credential import Bearer
from sync.heartbeat import BYTES_MAX, Heartbeat, HeartbeatInvalid, Trouble, decode
from sync.heartbeat import encode as encode_heartbeat
from sync.hq.dispute import Alarm
from sync.hq.fleet.standing import FleetState, Heard, Thresholds, standing
from sync.hq.inprocess import CollectorTransport
from sync.hq.store import Collector
from sync.pulse import HeartbeatWorker

S = 1_000_000_000
NOW = 1_800_000_000 * S
PLAIN = Heartbeat("T1", "run-a", 1, NOW, "0.1.0", "abc", 0, bytes(32))
TOKENS = {name: hashlib.sha256(f"token of {name}".encode()).hexdigest() for name in ("T1", "T2")}
READERS = {"office": hashlib.sha256(b"office").hexdigest()}


class Clock:
    def __init__(self) -> None:
        self.at_ns = NOW

    def __call__(self) -> int:
        return self.at_ns


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def collector(engine: Engine, clock: Clock) -> Collector:
    return Collector(engine, clock)


def _deliver(collector: Collector, journal: Any) -> None:
    collector.accept("T1", encode(Batch("T1", tuple(journal.rows))))


def _kinds(collector: Collector) -> set[str]:
    return {alarm.kind for state in collector.tills() for alarm in state.alarms if alarm.is_open}


def _beat(collector: Collector, **facts: Any) -> bool:
    return collector.fleet.beat("T1", dataclasses.replace(PLAIN, **facts))


def test_the_newest_heartbeat_is_kept_with_the_offset_of_the_clock(collector: Collector, clock: Clock) -> None:
    assert _beat(collector, at_ns=NOW + 90 * S)
    clock.at_ns += 60 * S
    assert _beat(collector, count=2, at_ns=NOW + 150 * S, shift=7, register={"reachable": True})
    (heard,) = collector.fleet.heard().values()
    assert (heard.offset_ns, heard.received_ns, heard.heartbeat.shift) == (90 * S, clock.at_ns, 7)
    told = [(kept.change.what, kept.change.before, kept.change.after) for kept in collector.fleet.changes("T1")]
    assert told[:2] == [("register", "unknown", "reachable"), ("shift", "closed", "7")]
    assert ("version", "", "0.1.0") in told


def test_a_heartbeat_that_is_repeated_changes_nothing(collector: Collector, clock: Clock) -> None:
    _beat(collector, count=5, shift=7)
    before, changes = collector.fleet.heard(), collector.fleet.changes("T1")
    clock.at_ns += 3_600 * S
    assert not _beat(collector, count=5)
    assert not _beat(collector, count=4, version="9")
    assert (collector.fleet.heard(), collector.fleet.changes("T1")) == (before, changes)


def test_a_restart_is_no_second_machine_and_its_old_heartbeats_are_old(collector: Collector) -> None:
    _beat(collector, count=9)
    assert _beat(collector, run="run-b")
    assert not _beat(collector, count=9)
    assert _beat(collector, count=10)  # Held up on the line while the agent was started again: once, no more.
    assert _beat(collector, run="run-b", count=2)
    assert _kinds(collector) == set()


def test_two_agents_that_speak_in_turn_are_a_clone(collector: Collector) -> None:
    for count in range(1, 4):
        _beat(collector, run="run-a", count=count)
        _beat(collector, run="run-b", count=count)
    assert _kinds(collector) == {"clone"}


def test_a_journal_shorter_than_what_is_held_is_an_old_copy_and_heals(collector: Collector, new_journal: Any) -> None:
    journal = new_journal()
    for number in range(9):
        journal.add(n=number)
    _beat(collector, head=9)
    _deliver(collector, journal)
    _beat(collector, count=2, head=8)  # Made before the rows were written, heard after: nothing is concluded yet.
    assert _kinds(collector) == set()
    _beat(collector, count=3, head=8)
    assert _kinds(collector) == {"behind"}
    _beat(collector, count=4, head=12)
    assert _kinds(collector) == set()


def test_another_journal_is_known_by_its_name_alone(collector: Collector, new_journal: Any) -> None:
    journal = new_journal()
    journal.add("journal_created", till="T1", epoch="abc", version=1)
    _deliver(collector, journal)
    _beat(collector, head=1)
    assert _kinds(collector) == set()
    _beat(collector, run="run-b", head=1, epoch="xyz")
    assert _kinds(collector) == {"epoch"}


def test_the_history_of_a_till_is_bounded(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.hq.fleet.store.CHANGES_MAX", 10)
    for count in range(1, 40):
        _beat(collector, count=count, shift=count)
    kept = collector.fleet.changes("T1")
    assert [change.change.after for change in kept if change.change.what == "shift"][:2] == ["39", "38"]
    assert len(kept) == 10


def _worker(collector: Collector, clock: Clock, who: str = "token of T1", **facts: Any) -> HeartbeatWorker:
    return HeartbeatWorker(
        "http://hq",
        Bearer(who),
        lambda: dataclasses.replace(PLAIN, **facts),
        till="T1",
        now=clock,
        monotonic=lambda: clock.at_ns / S,
        rng=random.Random(1),
        transport=CollectorTransport(collector, TOKENS, READERS),
    )


def test_a_till_is_seen_with_its_heartbeat_and_its_standing(collector: Collector, clock: Clock) -> None:
    worker = _worker(collector, clock, unsent=3, oldest_age_s=5, problems=(Trouble("scanner", "counter: offline"),))
    beat = worker.step()
    assert (beat.sent, beat.text) == (True, "")
    assert 54 <= beat.next_in_s <= 66
    with httpx.Client(transport=CollectorTransport(collector, TOKENS, READERS), base_url="http://hq") as client:
        as_office = {"Authorization": "Bearer office"}
        (till,) = client.get("/v1/tills", headers=as_office).json()["tills"]
        assert (till["state"], till["heartbeat"]["unsent"], till["heartbeat"]["clock_offset_s"]) == ("late", 3, 0.0)
        assert till["reasons"] == [{"state": "late", "kind": "scanner", "text": "counter: offline"}]
        clock.at_ns += 7_200 * S
        (till,) = client.get("/v1/tills", headers=as_office).json()["tills"]
        assert (till["state"], till["heartbeat"]["age_s"]) == ("silent", 7_200.0)
    worker.close()


def test_a_heartbeat_without_a_link_is_lost_and_the_next_one_heard(collector: Collector, clock: Clock) -> None:
    line = CollectorTransport(collector, TOKENS)
    worker = HeartbeatWorker(
        "http://hq",
        Bearer("token of T1"),
        lambda: PLAIN,
        till="T1",
        now=clock,
        monotonic=lambda: 0.0,
        rng=random.Random(1),
        transport=line,
    )
    line.link_down = True
    beat = worker.step()
    assert (beat.sent, beat.next_in_s > 50) == (False, True)
    assert "the link is down" in beat.text
    line.link_down = False
    assert worker.step().sent
    assert collector.fleet.heard()["T1"].heartbeat.count == 2
    worker.close()


def test_a_refusal_does_not_show_the_token(collector: Collector, clock: Clock) -> None:
    assert "403" in _worker(collector, clock, who="token of T2").step().text
    assert _worker(collector, clock, who="nobody's").step().text == (
        "headquarters answers 401: a known bearer token or key is needed"
    )


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "not JSON"),
        (b"[]", "protocol"),
        (b'{"protocol":2}', "protocol"),
        (b"{" * 10_000, "not JSON"),
        (bytes(BYTES_MAX + 1), "at most"),
        (encode_heartbeat(PLAIN).replace(b'"count":1', b'"count":true'), "count"),
        (encode_heartbeat(PLAIN).replace(b'"abc"', b'"a\\nb"'), "epoch"),
        (encode_heartbeat(PLAIN).replace(b'"head_hash":"0', b'"head_hash":"G'), "head_hash"),
        (encode_heartbeat(PLAIN).replace(b'"register":null', b'"register":[]'), "register"),
        (encode_heartbeat(PLAIN).replace(b'"problems":[]', b'"problems":[{"kind":"a"}]'), "text"),
    ],
)
def test_what_is_no_heartbeat_is_refused_with_its_place(body: bytes, place: str) -> None:
    with pytest.raises(HeartbeatInvalid, match=place):
        decode(body)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_heartbeat_or_invalid(data: bytes) -> None:
    with pytest.raises(HeartbeatInvalid):
        decode(data)


def test_a_heartbeat_comes_out_as_it_went_in() -> None:
    full = dataclasses.replace(
        PLAIN,
        shift=3,
        shift_opened_ns=NOW - S,
        register={"reachable": False, "paper": "out", "text": "Қағаз \ud83d жоқ"},
        oldest_age_s=9,
        cache_age_s=0,
        problems=(Trouble("undecided", "sale k3"),),
    )
    assert decode(encode_heartbeat(full)) == full
    assert json.loads(encode_heartbeat(full))["protocol"] == 1


def _alarm(kind: str, **values: Any) -> Alarm:
    plain = Alarm("T1", 3, kind, bytes(32), bytes(32), NOW - 30 * S, NOW - 30 * S, None, None, None)
    return dataclasses.replace(plain, **values)


@pytest.mark.parametrize(
    ("facts", "state", "kinds"),
    [
        ({}, FleetState.OK, []),
        ({"oldest_age_s": 901}, FleetState.LATE, ["queue"]),
        ({"cache_age_s": 90_000}, FleetState.LATE, ["cache"]),
        ({"shift": 1, "shift_opened_ns": NOW - 90_000 * S}, FleetState.LATE, ["shift"]),
        ({"delivery": "conflict"}, FleetState.ALARM, ["delivery"]),
        ({"delivery": "waiting"}, FleetState.OK, []),
        ({"problems": (Trouble("printer", "x"),)}, FleetState.LATE, ["printer"]),
        ({"problems": (Trouble("printer", "x"), Trouble("journal", "y"))}, FleetState.ALARM, ["journal", "printer"]),
    ],
)
def test_what_a_till_tells_decides_its_standing(facts: dict[str, Any], state: FleetState, kinds: list[str]) -> None:
    found = standing(NOW, Heard(NOW, 0, dataclasses.replace(PLAIN, **facts)))
    assert (found.state, [reason.kind for reason in found.reasons]) == (state, kinds)


@pytest.mark.parametrize(
    ("age_s", "offset_s", "rows_age_s", "alarms", "state"),
    [
        (180, 0, None, (), FleetState.OK),
        (181, 0, None, (), FleetState.LATE),
        (3_601, 0, None, (), FleetState.SILENT),
        (3_601, 0, 5, (), FleetState.LATE),  # Rows come: it is not silent, only its heartbeat is.
        (5, -121, None, (), FleetState.LATE),
        (5, 43_201, None, (), FleetState.ALARM),
        (5, 0, None, (_alarm("gap"),), FleetState.LATE),
        (5, 0, None, (_alarm("gap", first_ns=NOW - 601 * S),), FleetState.ALARM),
        (5, 0, None, (_alarm("fork"),), FleetState.ALARM),
        (5, 0, None, (_alarm("fork", cleared_ns=NOW),), FleetState.OK),
        (5, 0, None, (_alarm("fork", cleared_ns=NOW - 31 * S),), FleetState.ALARM),
    ],
)
def test_silence_clock_and_alarms_decide_the_standing(
    age_s: int, offset_s: int, rows_age_s: int | None, alarms: tuple[Alarm, ...], state: FleetState
) -> None:
    rows_ns = None if rows_age_s is None else NOW - rows_age_s * S
    heard = Heard(NOW - age_s * S, offset_s * S, PLAIN)
    assert standing(NOW, heard, rows_heard_ns=rows_ns, alarms=alarms).state is state


def test_thresholds_are_the_chains_own() -> None:
    heard = Heard(NOW - 20 * S, 0, PLAIN)
    assert standing(NOW, heard, thresholds=Thresholds(late_s=10, silent_s=15)).state is FleetState.SILENT
    assert standing(NOW, None).reasons[0].kind == "never"
    assert standing(NOW, heard, missing=2).state is FleetState.LATE
