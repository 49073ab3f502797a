"""What later sources added to the simulated ATOL registers: payments by parts, tags of items, sums of the shift."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from atol_host import OK, Host, bcd, item
from atol_web import Client, sell

from hw_sim.device.simulated import Simulated

CODE = b"04870249811936t1Xrb-xQWhpeGhG"


def tag(number: int, value: bytes) -> bytes:
    """A tag with its value, low bytes first."""
    return number.to_bytes(2, "little") + len(value).to_bytes(2, "little") + value


def value(answer: bytes) -> int:
    assert answer[:2] == b"\x55\0"
    return int(answer[2:].hex())


def begun(host: Host, *prices: int) -> None:
    assert host.do(0x92, b"\0\x01") == OK
    for price in prices:
        assert host.do(0xEA, b"\0\x01\0") == OK
        assert host.do(0xEB, item(price)) == OK


def test_a_receipt_is_paid_in_two_ways_and_tells_what_is_left(host: Host) -> None:
    begun(host, 90_000)
    assert host.do(0x99, b"\0\x02" + bcd(50_000, 5)) == OK + bcd(40_000, 5) + bcd(0, 5)
    assert host.do(0x4A, b"\0\x01" + bcd(50_000, 5)) == OK
    (document,) = host.memory.documents
    assert dict(document.payments) == {1: Decimal(500), 2: Decimal(500)}
    assert document.change == Decimal(100)
    assert host.memory.cash_tiyn == 40_000


@pytest.mark.parametrize(("kind", "given", "code"), [(2, 90_001, 0x71), (99, 100, 0x7E)])
def test_a_wrong_payment_by_parts_is_refused(host: Host, kind: int, given: int, code: int) -> None:
    begun(host, 90_000)
    assert host.do(0x99, b"\0" + bcd(kind, 1) + bcd(given, 5)) == bytes((0x55, code, 0))
    assert host.do(0x4A, b"\0\x01" + bcd(0, 5)) == OK
    assert host.memory.cash_tiyn == 90_000


def test_a_payment_does_not_keep_a_receipt_from_being_cancelled(host: Host) -> None:
    begun(host, 90_000)
    host.do(0x99, b"\0\x01" + bcd(90_000, 5))
    assert host.do(0x59) == OK
    assert (host.memory.documents, host.memory.cash_tiyn) == ([], 0)


@pytest.mark.parametrize("tags", [tag(1162, CODE), tag(1163, tag(1306, CODE))])
def test_a_tag_of_an_item_is_its_marking_code(host: Host, tags: bytes) -> None:
    assert host.do(0x92, b"\0\x01") == OK
    assert host.do(0xEA, b"\0\x01\0") == OK
    assert host.do(0xE8, b"\0\x01\0" + tags) == OK
    assert host.do(0xEB, item(90_000)) == OK
    assert host.do(0xEA, b"\0\x01\0") == OK
    assert host.do(0xEB, item(10_000)) == OK
    assert host.do(0x4A, b"\0\x01" + bcd(0, 5)) == OK
    (document,) = host.memory.documents
    assert document.marks == (CODE.decode(),)
    assert [row["mark"] for row in document.positions] == [CODE.decode(), ""]


@pytest.mark.parametrize("params", [b"\0\x02\0" + tag(1162, CODE), b"\0\x01\x01" + tag(1162, CODE), b"\0\x01\0\x8a"])
def test_a_tag_in_several_blocks_or_cut_short_is_refused(host: Host, params: bytes) -> None:
    host.do(0x92, b"\0\x01")
    host.do(0xEA, b"\0\x01\0")
    assert host.do(0xE8, params)[1] != 0


def test_registers_tell_what_the_shift_came_to(host: Host) -> None:
    host.sell(90_000, 5_000)
    host.sell(1_000)
    host.do(0x49, b"\0" + bcd(20_000, 5))
    host.do(0x4F, b"\0" + bcd(3_000, 5))
    asked = [(0x01, 1), (0x06, 1), (0x01, 2), (0x06, 2), (0x04, 0), (0x05, 0), (0x08, 0), (0x09, 0)]
    told = [value(host.do(0x91, bytes((*register, 0)))) for register in asked]
    assert told == [96_000, 2, 0, 0, 20_000, 3_000, 1, 1]
    host.enter(3)
    assert host.do(0x5A) == OK
    host.heard(10.0)
    assert [value(host.do(0x91, bytes((*register, 0)))) for register in asked] == [0] * 8


def test_a_model_may_not_have_these_registers(build: Callable[..., Simulated], connect: Callable[..., Host]) -> None:
    host = connect(build(shift_registers=False))
    assert host.do(0x91, b"\x01\x01\0") == b"\x55\x6c\0"
    assert host.do(0x91, b"\x34\0\0")[:2] == b"\x55\0"


def test_the_driver_tells_the_same_sums(client: Client) -> None:
    client.result(sell(900.0))
    client.result({"type": "cashIn", "cashSum": 100.5})
    totals = client.result({"type": "getShiftTotals"})["shiftTotals"]
    assert totals["receipts"]["sell"] == {"count": 1, "sum": 900}
    assert totals["receipts"]["sellReturn"] == {"count": 0, "sum": 0}
    assert (totals["income"], totals["outcome"]) == ({"count": 1, "sum": 100.5}, {"count": 0, "sum": 0})
    assert totals["cashDrawer"] == {"sum": 1000.5}


def test_the_driver_reads_a_document_of_the_storage(client: Client) -> None:
    made = client.result(sell(900.0))["fiscalParams"]
    tags = client.result({"type": "getFnDocument", "fiscalDocumentNumber": made["fiscalDocumentNumber"]})["documentTLV"]
    assert (tags["fiscalDocumentType"], tags["1054"], tags["1020"], tags["1042"]) == ("receipt", 1, 900, 1)
    assert int(tags["1077"], 16) == int(made["fiscalDocumentSign"])
    assert tags["qr"].startswith("t=20260715T1030&s=900.00&fn=")
    opened = client.result({"type": "getFnDocument", "fiscalDocumentNumber": 1})["documentTLV"]
    assert (opened["fiscalDocumentType"], opened["1038"]) == ("openShift", 1)


def test_the_driver_has_no_document_of_a_number_that_was_not_given(client: Client) -> None:
    assert client.code({"type": "getFnDocument", "fiscalDocumentNumber": 99}) == 123


def test_what_the_ofd_has_not_is_told_over_the_web_server(client: Client) -> None:
    assert client.result({"type": "ofdExchangeStatus"})["status"]["notSentCount"] == 0
    client.do(sell(100.0))
    client.sim.server.register.kkm.fn.cut_ofd()
    client.do(sell(100.0))
    client.do(sell(100.0))
    told = client.result({"type": "ofdExchangeStatus"})
    assert (told["status"]["notSentCount"], told["status"]["notSentFirstDocNumber"]) == (2, 3)
    assert told["status"]["notSentFirstDocDateTime"].startswith("2026-07-15T10:30:")
    client.sim.server.register.kkm.fn.mend_ofd()
    assert client.result({"type": "ofdExchangeStatus"})["warnings"] == {"dataForSendIsEmpty": True}
