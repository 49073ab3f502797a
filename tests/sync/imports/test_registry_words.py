"""What the registry says: batches that come back half, exports that expire, statuses that go back."""

from __future__ import annotations

import datetime as dt
import io
import json
import random
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from operator_files import GTIN, in_lake
from sqlalchemy import insert

from hw_sim.http import serve
from hw_sim.inprocess import SimTransport
from hw_sim.ismpt import Account, Code, Ismpt, Shape
from hw_sim.ismpt.codes import INTRODUCED, RECEIVED, reintroduce, withdraw
from sync.hq.imports.ismpt_link import ExportLink
from sync.hq.imports.ledger import Ledger, State
from sync.hq.imports.records import Broken, Ended, Record, Records
from sync.hq.imports.registry_check import check_registry, codes_to_check
from sync.hq.imports.registry_export import import_export, import_export_file
from sync.hq.lake.layout import AGENT, to_arrow
from sync.hq.tables import exception
from sync.hq.witness import Line, Operation, day_of
from sync.ismpt.client import IsMptClient

NS = 1_000_000_000
NOON_NS = 1_784_088_000 * NS
TIN = "000000000000"


class Clock:
    at_ns = NOON_NS

    def now(self):
        return self.at_ns

    def monotonic(self):
        return self.at_ns / NS

    def sleep(self, seconds):
        self.at_ns += round(seconds * NS)


def ki(number):
    return f"01{GTIN}213{number:012}"


def sold(number, *, at=NOON_NS // 1000 - 60_000_000):
    return Line(
        day_of(at), ki(number), GTIN, Operation.SALE, at, "T1", "SWK1", 1, number, str(number), 1, 900, "journal", 1
    )


class Country:
    """The registry with ten codes, a client and an export link at it, and headquarters."""

    def __init__(self, hq, lake, folder):
        self.clock = Clock()
        self.codes = [Code(ki(number), GTIN, status=INTRODUCED) for number in range(10)]
        self.registry = Ismpt(self.clock.now, random.Random(1), self.codes, [Account("hq", "secret", tin=TIN)])
        self.transport = SimTransport(self.registry, self.clock.sleep)
        options = {"transport": self.transport, "now": self.clock.now, "monotonic": self.clock.monotonic}
        address = ("https://test.markirovka.kz", "hq", "secret")
        self.client = IsMptClient(*address, sleep=self.clock.sleep, rng=random.Random(2), **options)
        self.link = ExportLink(*address, sleep=self.clock.sleep, **options)
        self.hq, self.lake, self.folder = hq, lake, folder
        self.ledger = Ledger(hq, self.clock.now)

    def check(self, numbers=range(10), **more):
        codes = [ki(number) for number in numbers]
        return check_registry(self.client, codes, engine=self.hq, lake=self.lake, now=self.clock.now, **more)

    def export(self, **more):
        return import_export(
            self.link, GTIN, engine=self.hq, lake=self.lake, now=self.clock.now, sleep=self.clock.sleep,
            folder=self.folder, **more,
        )  # fmt: skip

    def said(self, *columns):
        return in_lake(self.lake, "registry", *(columns or ("ki", "status")))


@pytest.fixture
def country(hq, lake, tmp_path):
    made = Country(hq, lake, tmp_path)
    yield made
    made.client.close()
    made.link.close()


def test_sold_codes_and_open_cases_are_looked_at_and_lie_under_the_day_of_their_sale(country):
    yesterday = NOON_NS // 1000 - 86_400_000_000
    country.lake.write(AGENT, to_arrow([sold(1), sold(2, at=yesterday)]), "t")
    with country.hq.begin() as db:
        blank = {column.name: 0 if "INT" in str(column.type) else "" for column in exception.c if not column.nullable}
        case = {
            **blank,
            "id": 1,
            "kind": "sold-not-withdrawn",
            "state": "open",
            "ki": ki(3),
            "day": dt.date(2026, 7, 1),
        }
        db.execute(insert(exception).values(case))
    today = day_of(NOON_NS // 1000)
    codes = codes_to_check(country.hq, country.lake, [today])
    assert codes == [ki(1), ki(3)]
    withdraw(country.codes[1], country.clock.at_ns, "RETAIL", "x")
    found = country.check([1, 2, 3])
    assert (found.state, found.rows_read, found.taken) == (State.DONE, 3, 3)
    assert country.said() == [(ki(1), "WITHDRAWN"), (ki(2), "IN_CIRCULATION"), (ki(3), "IN_CIRCULATION")]
    assert country.lake.days("registry") == [day_of(yesterday), today]


@pytest.mark.parametrize("shape", list(Shape))
def test_a_code_left_out_of_an_answer_is_asked_once_more_before_it_is_not_found(country, shape):
    country.registry.shape = shape
    country.registry.faults.add("missing_code")
    found = country.check([*range(5), 99])
    assert found.state is State.DONE
    assert country.said() == [*((ki(number), "IN_CIRCULATION") for number in range(5)), (ki(99), "NOT_FOUND")]


def test_the_cap_of_a_batch_is_found_and_a_token_that_ends_in_the_middle_is_renewed(country):
    country.registry.batch_max = 3
    country.registry.faults.add("token_expired", skip=2)
    found = country.check()
    assert (found.state, found.taken) == (State.DONE, 10)


def test_half_a_batch_is_kept_and_the_rest_is_asked_when_the_check_is_begun_again(country):
    country.registry.batch_max = 4
    country.registry.faults.add("html_page", skip=4, count=20)
    half = country.check(chunk_codes=10)
    assert half.state is State.STOPPED
    assert 0 < half.taken < 10
    assert len(country.said()) == half.taken
    assert half.trouble
    country.registry.faults.clear()
    whole = country.check(chunk_codes=10)
    assert (whole.id, whole.state, whole.taken) == (half.id, State.DONE, 10)
    assert len(country.said()) == 10


def test_a_check_that_is_done_is_another_observation_the_next_time(country):
    first = country.check()
    country.clock.sleep(3600)
    second = country.check()
    assert first.id != second.id
    assert len(country.said()) == 20


def test_a_status_that_went_back_is_told_and_both_are_kept(country):
    withdraw(country.codes[4], country.clock.at_ns, "RETAIL", "x")
    country.check()
    country.clock.sleep(3600)
    reintroduce(country.codes[4], country.clock.at_ns, "RETAIL_RETURN", "y")
    country.codes[5].status = RECEIVED
    found = country.check()
    assert [(one.reason, one.detail, one.text, one.taken) for one in country.ledger.remarks(found.id)] == [
        ("status-went-back", "WITHDRAWN -> IN_CIRCULATION", ki(4), True),
        ("status-went-back", "IN_CIRCULATION -> ISSUED", ki(5), True),
    ]
    assert [status for code, status in country.said() if code == ki(4)] == ["IN_CIRCULATION", "WITHDRAWN"]


def test_an_export_is_ordered_awaited_fetched_and_read(country):
    withdraw(country.codes[0], country.clock.at_ns, "RETAIL", "x")
    country.codes[1].expiration_ns = NOON_NS
    shares = []
    found = country.export(progress=lambda told: shares.append(told.share))
    assert (found.state, found.rows_read, found.taken, found.refused) == (State.DONE, 10, 10, 0)
    rows = country.said("ki", "status", "gtin", "status_at", "expires_at")
    assert rows[0] == (ki(0), "WITHDRAWN", GTIN, NOON_NS // 1000, 0)
    assert rows[1] == (ki(1), "IN_CIRCULATION", GTIN, 0, NOON_NS // 1000)
    assert shares == [1.0]
    assert list(country.folder.glob("*.zip*")) == []


def test_over_real_sockets_an_export_arrives_too(hq, lake, tmp_path):
    country = Country(hq, lake, tmp_path)
    country.registry.exports.ready_s = 0.0
    with serve(country.registry) as server:
        clock = country.clock
        link = ExportLink(server.url, "hq", "secret", now=clock.now, monotonic=clock.monotonic, sleep=clock.sleep)
        country.link.close()
        country.link = link
        assert country.export().taken == 10
        link.close()
    country.client.close()


def test_an_export_that_expires_is_ordered_again_but_not_for_ever(country):
    country.registry.exports.expires_s = 3.0  # Before it is ready.
    found = country.export()
    assert (found.state, found.taken) == (State.STOPPED, 0)
    assert "3 orders, the last one EXPIRED" in found.trouble
    country.registry.exports.expires_s = 3600.0
    again = country.export()
    assert (again.id, again.state, again.taken) == (found.id, State.DONE, 10)


def test_an_outage_while_waiting_leaves_the_order_and_the_next_run_takes_it(country):
    country.registry.exports.ready_s = 7000.0
    country.registry.exports.expires_s = 90_000.0
    stopped = country.export()
    assert "asked after again" in stopped.trouble
    order = stopped.position["order"]
    country.clock.sleep(4000)
    found = country.export()
    assert (found.id, found.state, found.position["order"]) == (stopped.id, State.DONE, order)


def export_file(path, records, *, wrapped=True):
    content = json.dumps({"total": len(records), "results": records} if wrapped else records)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.json", content)
    return path


def record(number, **other):
    return {"codeData": {"code": ki(number), "status": "INTRODUCED", **other}, "productData": {"gtin": GTIN}}


def test_a_file_from_the_cabinet_is_read_once_and_odd_records_are_refused_each_by_its_row(country, monkeypatch):
    monkeypatch.setattr("sync.hq.imports.registry_export.CHUNK_ROWS", 7)
    odd = [{"codeData": {"code": "x"}}, 5, record(30, status="NEW-WORD"), record(31, status="\ud83d")]
    records = [*(record(number) for number in range(20)), *odd]
    path = export_file(country.folder / "export.zip", [one for one in records if one != 5])
    options = {"engine": country.hq, "lake": country.lake, "now": country.clock.now}
    found = import_export_file(path, **options)
    assert (found.state, found.rows_read, found.taken, found.refused) == (State.DONE, 23, 21, 2)
    assert [(one.row, one.reason) for one in country.ledger.remarks(found.id)] == [(21, "missing"), (23, "encoding")]
    assert (ki(30), "UNKNOWN") in country.said()
    assert import_export_file(path, **options).known
    broken = export_file(country.folder / "broken.zip", [record(1), 5], wrapped=False)
    found = import_export_file(broken, **options)
    assert (found.state, "something else than a record" in found.trouble) == (State.STOPPED, True)


def test_a_damaged_archive_stops_with_a_word(country):
    path = export_file(country.folder / "export.zip", [record(number) for number in range(500)])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    found = import_export_file(path, engine=country.hq, lake=country.lake, now=country.clock.now)
    assert found.state is State.STOPPED
    assert "damaged" in found.trouble


def events(data, sizes):
    records, found = Records(), []
    stream, pieces = io.BytesIO(data), iter(sizes)
    while True:
        event = records.next_event()
        if event is None:
            records.receive(stream.read(next(pieces, 7)))
        else:
            found.append(event)
            if isinstance(event, Ended | Broken):
                return found


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3), max_size=6), st.booleans(),
       st.lists(st.integers(1, 40), max_size=20))  # fmt: skip
def test_any_chunking_of_an_export_gives_its_records(values, wrapped, sizes):
    data = json.dumps({"results": values} if wrapped else values, ensure_ascii=False, indent=1).encode()
    assert events(data, sizes) == [*(Record(value) for value in values), Ended()]


@given(st.binary(max_size=120), st.sampled_from([b"", b"[", b'{"results":[', b"[{}"]), st.lists(st.integers(1, 9)))
def test_any_bytes_give_events_and_an_end(data, head, sizes):
    assert isinstance(events(head + data, sizes)[-1], Ended | Broken)
