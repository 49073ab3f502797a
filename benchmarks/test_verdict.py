"""One clean code, read, looked up among a million and judged, against biip plus one ORM look-up of the same data.

Run with `pytest benchmarks`. Nothing here is timed by an assert: the ratio is recorded, the machine is noisy.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import biip
import pysqlite3
import pytest
from sqlalchemy import BigInteger, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from marking.code import IdentificationCode, ReadContext
from marking.groups import standard
from marking.parse import parse
from marking.policy import Policy, policy_from
from marking.rules import judge
from marking.statuses import CodeStatus, Status
from marking.verdict import Decision, Evidence, Purpose, Verdict
from pos_agent.cache import Cache

CODES = 1_000_000
NOW_NS = 1_795_435_200 * 10**9  # 2026-11-23
GTIN = "04870000000104"
TAIL = b"\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
TRIES = 2_000


class Base(DeclarativeBase):
    pass


class Code(Base):
    """What the ORM side looks up: the same codes in a table of the usual make."""

    __tablename__ = "code"
    ki: Mapped[str] = mapped_column(String, primary_key=True)
    status: Mapped[str] = mapped_column(String)
    at_ns: Mapped[int] = mapped_column(BigInteger)


def key_of(number: int) -> str:
    return f"01{GTIN}213{hashlib.blake2b(number.to_bytes(4, 'big'), digest_size=6).hexdigest()}"


@dataclass(frozen=True)
class Shop:
    cache: Cache
    session: Session
    policy: Policy
    context: ReadContext
    scans: list[bytes]
    build_s: float

    def ours(self, scan: bytes) -> Verdict:
        """What the agent does between the last byte of a scan and the verdict."""
        code = parse(scan, self.context)
        assert isinstance(code, IdentificationCode)
        assert code.ki is not None
        assert code.gtin is not None
        status = self.cache.status(code.ki)
        assert status is not None
        product = self.cache.product(code.gtin)
        evidence = Evidence(code, Purpose.SALE, product, {}, {code.ki: status}, None, NOW_NS)
        return judge(evidence, self.policy)

    def theirs(self, scan: bytes) -> str:
        """The least that does the same with a ready-made parser and an ORM: parse, and fetch the row."""
        message = biip.parse(scan.decode("ascii")).gs1_message
        assert message is not None
        serial = message.element_strings.get(ai="21")
        gtin = message.element_strings.get(ai="01")
        assert serial is not None
        assert gtin is not None
        self.session.expunge_all()  # A till scans a unit once: every look-up meets a row the session has not seen.
        row = self.session.get(Code, f"01{gtin.value}21{serial.value}")
        assert row is not None
        return row.status


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("verdict")
    started = time.perf_counter()
    keys = sorted(map(key_of, range(CODES)))
    cache = Cache(folder / "cache.sqlite")
    cache.put_statuses(
        CodeStatus(ki, Status.IN_CIRCULATION, NOW_NS - 3600 * 10**9, "INTRODUCED", gtin=GTIN) for ki in keys
    )
    build_s = time.perf_counter() - started
    _goods(cache, folder)
    engine = create_engine(f"sqlite:///{folder / 'orm.sqlite'}", module=pysqlite3)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO code (ki, status, at_ns) VALUES (?, ?, ?)", [(ki, "IN_CIRCULATION", NOW_NS) for ki in keys]
        )
    scans = [ki.encode() + TAIL for ki in (key_of(number * 397 % CODES) for number in range(TRIES))]
    session = Session(engine)
    policy = policy_from({}, standard())
    yield Shop(cache, session, policy, ReadContext(catalogue=cache.catalogue), scans, build_s)
    session.close()
    engine.dispose()
    cache.close()


def _goods(cache: Cache, folder: Path) -> None:
    from pos_agent.cache.importing import import_file
    from pos_agent.cache.rows import Context

    path = folder / "goods.jsonl"
    row = {"gtin": GTIN, "name_ru": "Кеды", "unit": 796, "vat": "base", "group": "shoes", "price": 15000}
    path.write_text(json.dumps(row), encoding="utf-8")
    with path.open("rb") as source:
        assert import_file(cache, source, Context(standard(), NOW_NS)).written == 1


def around(scans: list[bytes], work: Callable[[bytes], Any]) -> Callable[[], Any]:
    """Each call takes another code, so that no page and no object stays warm by accident."""
    endless = iter(scans * 1_000)
    return lambda: work(next(endless))


@pytest.mark.benchmark(group="one clean code among a million")
def test_parse_look_up_and_judge(benchmark: Any, shop: Shop) -> None:
    verdict = benchmark.pedantic(around(shop.scans, shop.ours), rounds=20, iterations=500, warmup_rounds=2)
    assert verdict.decision is Decision.ALLOW
    benchmark.extra_info["codes"] = CODES
    benchmark.extra_info["build_s"] = round(shop.build_s, 1)


@pytest.mark.benchmark(group="one clean code among a million")
def test_biip_and_one_orm_look_up(benchmark: Any, shop: Shop) -> None:
    status = benchmark.pedantic(around(shop.scans, shop.theirs), rounds=20, iterations=100, warmup_rounds=2)
    assert status == "IN_CIRCULATION"
    benchmark.extra_info["codes"] = CODES


@pytest.mark.benchmark(group="ratio")
def test_how_many_times_faster(benchmark: Any, shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """Both sides in turn, in one run, best of several: the ratio that the noise of the machine leaves alone."""
    ours, theirs = around(shop.scans, shop.ours), around(shop.scans, shop.theirs)
    best = {"ours": float("inf"), "theirs": float("inf")}
    for _ in range(10):
        best["ours"] = min(best["ours"], _seconds(ours, 500))
        best["theirs"] = min(best["theirs"], _seconds(theirs, 100))
    ratio = best["theirs"] / best["ours"]
    benchmark.extra_info.update(
        ours_us=round(best["ours"] * 1e6, 1), theirs_us=round(best["theirs"] * 1e6, 1), ratio=round(ratio, 1)
    )
    with capsys.disabled():
        print(f"\none code: {best['ours'] * 1e6:.1f} us against {best['theirs'] * 1e6:.1f} us, ratio {ratio:.1f}")
    benchmark.pedantic(ours, rounds=5, iterations=100)


def _seconds(work: Callable[[], Any], times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - started) / times
